/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/record-archive.h"

#define DISP_TYPE_SQLITE_ARCHIVE (disp_sqlite_archive_get_type ())
G_DECLARE_FINAL_TYPE (DispSqliteArchive, disp_sqlite_archive, DISP, SQLITE_ARCHIVE, GObject)

/* A reading looks at so many records at once, at most. */
#define DISP_SQLITE_ARCHIVE_WINDOW 500

DispRecordArchive *disp_sqlite_archive_new (const char *path, GError **error);
