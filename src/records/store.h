/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"

#include <gio/gio.h>

#define DISP_TYPE_STORE (disp_store_get_type ())
G_DECLARE_INTERFACE (DispStore, disp_store, DISP, STORE, GObject)

/**
 * DispStoreInterface:
 * @append_batch: see disp_store_append_batch()
 * @describe: see disp_store_describe()
 *
 * Where records are kept.  One thread at a time may use a store: while a request log has it, only
 * the thread of the log.
 */
struct _DispStoreInterface
{
  GTypeInterface parent;
  gboolean (*append_batch) (DispStore *self, DispRecord *const *records, guint n_records,
                            guint *n_taken, guint *n_refused, GCancellable *cancellable,
                            GError **error);
  const char *(*describe) (DispStore *self);
};

gboolean disp_store_append_batch (DispStore *self, DispRecord *const *records, guint n_records,
                                  guint *n_taken, guint *n_refused, GCancellable *cancellable,
                                  GError **error);
const char *disp_store_describe (DispStore *self);
