/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/store.h"

#include "core/error.h"

G_DEFINE_INTERFACE (DispStore, disp_store, G_TYPE_OBJECT)

static void
disp_store_default_init (G_GNUC_UNUSED DispStoreInterface *iface)
{
}

/**
 * disp_store_append_batch:
 * @self: a store
 * @records: (array length=n_records): records, in the order in which they were pushed
 * @n_records: how many
 * @n_taken: (out): how many of the first are settled and must not be offered again, also when it
 *   failed
 * @n_refused: (out): how many of these the store refused for good, so that they are not stored
 * @cancellable: (nullable): gives up early
 * @error: %DISP_ERROR_STORE: why the first record that was not taken could not be;
 *   %G_IO_ERROR_CANCELLED
 *
 * Stores records, one row per id: a later state takes the place of an earlier one.  May wait.  To
 * offer again a record that is already stored changes nothing.
 *
 * Returns: whether all are settled
 */
gboolean
disp_store_append_batch (DispStore *self, DispRecord *const *records, guint n_records,
                         guint *n_taken, guint *n_refused, GCancellable *cancellable,
                         GError **error)
{
  *n_taken = 0;
  *n_refused = 0;
  return DISP_STORE_GET_IFACE (self)->append_batch (self, records, n_records, n_taken, n_refused,
                                                    cancellable, error);
}

/**
 * disp_store_clear:
 * @self: a store
 * @error: %DISP_ERROR_STORE
 *
 * Forgets all records.  May wait.
 *
 * Returns: whether they are gone
 */
gboolean
disp_store_clear (DispStore *self, GError **error)
{
  DispStoreInterface *iface = DISP_STORE_GET_IFACE (self);

  if (iface->clear != NULL)
    return iface->clear (self, error);
  g_set_error (error, DISP_ERROR, DISP_ERROR_STORE, "the records in %s cannot be cleared from here",
               disp_store_describe (self));
  return FALSE;
}

/**
 * disp_store_tidy:
 * @self: a store
 * @now_real: the time, in microseconds since the epoch
 *
 * Does a piece of the upkeep that the store needs, such as removing what is too old: a few
 * milliseconds of it, so that new records need not wait long.  A failure is the store's to report.
 *
 * Returns: in how many microseconds there is more to do; %DISP_STORE_TIDY = not before more records
 *   come
 */
gint64
disp_store_tidy (DispStore *self, gint64 now_real)
{
  DispStoreInterface *iface = DISP_STORE_GET_IFACE (self);

  return iface->tidy != NULL ? iface->tidy (self, now_real) : DISP_STORE_TIDY;
}

/**
 * disp_store_close:
 * @self: a store
 * @patience: how long it may take, in microseconds
 *
 * Delivers what is still to be delivered elsewhere, for as long as it makes progress, and ends.
 * Nothing may be appended after that.  What is not delivered stays on disk.
 */
void
disp_store_close (DispStore *self, gint64 patience)
{
  DispStoreInterface *iface = DISP_STORE_GET_IFACE (self);

  if (iface->close != NULL)
    iface->close (self, patience);
}

/**
 * disp_store_read:
 * @self: a store
 * @values: (out caller-allocates): its counters
 */
void
disp_store_read (DispStore *self, DispStoreValues *values)
{
  DispStoreInterface *iface = DISP_STORE_GET_IFACE (self);

  *values = (DispStoreValues){ 0 };
  if (iface->read != NULL)
    iface->read (self, values);
}

/**
 * disp_store_dup_problem:
 * @self: a store
 *
 * Returns: (transfer full) (nullable): why what it took cannot be delivered now; %NULL = it can
 */
char *
disp_store_dup_problem (DispStore *self)
{
  DispStoreInterface *iface = DISP_STORE_GET_IFACE (self);

  return iface->dup_problem != NULL ? iface->dup_problem (self) : NULL;
}

/**
 * disp_store_describe:
 * @self: a store
 *
 * Returns: (transfer none): what it is and where, for people:
 * "sqlite:/var/lib/dispatcherd/records.db"
 */
const char *
disp_store_describe (DispStore *self)
{
  return DISP_STORE_GET_IFACE (self)->describe (self);
}

/**
 * disp_store_add_heartbeats:
 * @self: a store that is not closed
 * @heartbeats: (element-type DispHeartbeat): gets those of the threads that it has of its own, a
 *   reference each
 */
void
disp_store_add_heartbeats (DispStore *self, GPtrArray *heartbeats)
{
  DispStoreInterface *iface = DISP_STORE_GET_IFACE (self);

  if (iface->add_heartbeats != NULL)
    iface->add_heartbeats (self, heartbeats);
}
