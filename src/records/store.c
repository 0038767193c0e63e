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
 * @n_appended: (out): how many of the first are safely stored, also when it failed
 * @cancellable: (nullable): gives up early
 * @error: why not all could be stored
 *
 * Stores records, one row per id: a later state takes the place of an earlier one.  May wait.
 *
 * Returns: whether all are stored
 */
gboolean
disp_store_append_batch (DispStore *self, DispRecord *const *records, guint n_records,
                         guint *n_appended, GCancellable *cancellable, GError **error)
{
  return DISP_STORE_GET_IFACE (self)->append_batch (self, records, n_records, n_appended,
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
