/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/sqlite-file.h"

gboolean disp_sqlite_upgrade_file (DispSqliteFile *self, GError **error);
gboolean disp_sqlite_upgrade_read_version (DispSqliteFile *self, gint64 *version, GError **error);
