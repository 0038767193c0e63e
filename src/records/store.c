/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/store.h"

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
