/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/store.h"

#define DISP_TYPE_SQLITE_STORE (disp_sqlite_store_get_type ())
G_DECLARE_FINAL_TYPE (DispSqliteStore, disp_sqlite_store, DISP, SQLITE_STORE, GObject)

/**
 * DispSqliteStoreSettings:
 *
 * All zero is what a store has without settings.
 */
typedef struct
{
  gboolean committed; /* what was taken outlives a power cut, not only the end of this process */
  gint64 max_age;     /* remove requests that came before that, in microseconds; 0 = never */
  gint64 max_size;    /* remove the oldest when the records take more, in bytes; 0 = never */
} DispSqliteStoreSettings;

DispStore *disp_sqlite_store_new (const char *path, const DispSqliteStoreSettings *settings,
                                  GError **error);
void disp_sqlite_store_set_limits (DispSqliteStore *self, gint64 max_age, gint64 max_size);
