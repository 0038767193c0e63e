/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

sqlite3 *disp_sqlite_schema_open (const char *path, GError **error);
void disp_sqlite_schema_set_error (GError **error, sqlite3 *db, int code, const char *path);
