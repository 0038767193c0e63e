/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/null-store.h"

/* For an operator who wants no records: takes them all and keeps none. */
struct _DispNullStore
{
  GObject parent_instance;
};

static gboolean
null_store_append_batch (G_GNUC_UNUSED DispStore *store, G_GNUC_UNUSED DispRecord *const *records,
                         guint n_records, guint *n_taken, guint *n_refused,
                         G_GNUC_UNUSED GCancellable *cancellable, G_GNUC_UNUSED GError **error)
{
  *n_taken = n_records;
  *n_refused = 0;
  return TRUE;
}

static gboolean
null_store_clear (G_GNUC_UNUSED DispStore *store, G_GNUC_UNUSED GError **error)
{
  return TRUE;
}

static const char *
null_store_describe (G_GNUC_UNUSED DispStore *store)
{
  return "none";
}

static void
null_store_iface_init (DispStoreInterface *iface)
{
  iface->append_batch = null_store_append_batch;
  iface->clear = null_store_clear;
  iface->describe = null_store_describe;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispNullStore, disp_null_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_STORE, null_store_iface_init))

static void
disp_null_store_class_init (G_GNUC_UNUSED DispNullStoreClass *klass)
{
}

static void
disp_null_store_init (G_GNUC_UNUSED DispNullStore *self)
{
}

/**
 * disp_null_store_new:
 *
 * Returns: (transfer full): a store that keeps nothing
 */
DispStore *
disp_null_store_new (void)
{
  return g_object_new (DISP_TYPE_NULL_STORE, NULL);
}
