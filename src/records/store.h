/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"

#include <gio/gio.h>

#define DISP_TYPE_STORE (disp_store_get_type ())
G_DECLARE_INTERFACE (DispStore, disp_store, DISP, STORE, GObject)

/* What disp_store_tidy() says when there is nothing to be done before more records come. */
#define DISP_STORE_TIDY (-1)

/**
 * DispStoreValues:
 * @spooled: records on disk that wait to be delivered elsewhere
 * @refused: records that were taken, but then refused for good elsewhere, since the start
 *
 * What disp_store_read() copies out.
 */
typedef struct
{
  guint64 spooled;
  guint64 refused;
} DispStoreValues;

/**
 * DispStoreInterface:
 * @append_batch: see disp_store_append_batch()
 * @clear: (nullable): see disp_store_clear()
 * @tidy: (nullable): see disp_store_tidy()
 * @close: (nullable): see disp_store_close()
 * @read: (nullable): see disp_store_read()
 * @dup_problem: (nullable): see disp_store_dup_problem()
 * @describe: see disp_store_describe()
 * @add_heartbeats: (nullable): see disp_store_add_heartbeats()
 *
 * Where records are kept.  One thread at a time may use a store: while a request log has it, only
 * the thread of the log.  Any thread may call @read, @dup_problem and @describe.
 */
struct _DispStoreInterface
{
  GTypeInterface parent;
  gboolean (*append_batch) (DispStore *self, DispRecord *const *records, guint n_records,
                            guint *n_taken, guint *n_refused, GCancellable *cancellable,
                            GError **error);
  gboolean (*clear) (DispStore *self, GError **error);
  gint64 (*tidy) (DispStore *self, gint64 now_real);
  void (*close) (DispStore *self, gint64 patience);
  void (*read) (DispStore *self, DispStoreValues *values);
  char *(*dup_problem) (DispStore *self);
  const char *(*describe) (DispStore *self);
  void (*add_heartbeats) (DispStore *self, GPtrArray *heartbeats);
};

gboolean disp_store_append_batch (DispStore *self, DispRecord *const *records, guint n_records,
                                  guint *n_taken, guint *n_refused, GCancellable *cancellable,
                                  GError **error);
gboolean disp_store_clear (DispStore *self, GError **error);
gint64 disp_store_tidy (DispStore *self, gint64 now_real);
void disp_store_close (DispStore *self, gint64 patience);
void disp_store_read (DispStore *self, DispStoreValues *values);
char *disp_store_dup_problem (DispStore *self);
const char *disp_store_describe (DispStore *self);
void disp_store_add_heartbeats (DispStore *self, GPtrArray *heartbeats);
