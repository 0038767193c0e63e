/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/sqlite-file.h"

const DispSqliteLayout *disp_sqlite_schema_get_layout (void);
gboolean disp_sqlite_schema_set_aside (DispSqliteFile *file, GError **error);
gboolean disp_sqlite_schema_dup_aside (DispSqliteFile *file, char **name, GError **error);
