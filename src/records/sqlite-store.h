/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/store.h"

#define DISP_TYPE_SQLITE_STORE (disp_sqlite_store_get_type ())
G_DECLARE_FINAL_TYPE (DispSqliteStore, disp_sqlite_store, DISP, SQLITE_STORE, GObject)

DispStore *disp_sqlite_store_new (const char *path, GError **error);
