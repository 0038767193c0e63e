/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/sqlite-file.h"

const DispSqliteLayout *disp_sqlite_schema_get_layout (void);
