/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"

DispRecord *fixture_record (guint number, DispRecordState state);
void fixture_id (guint number, char id[DISP_ID_SIZE]);
char *fixture_directory (void);
void fixture_remove_directory (char *directory);
