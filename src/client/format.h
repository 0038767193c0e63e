/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/json-writer.h"

/* What stands in a table for a number that is not known. */
#define DISP_NO_NUMBER "-"

char *disp_format_count (guint64 count);
char *disp_format_number (double number);
char *disp_format_latency (guint64 microseconds);
void disp_format_write_latency (DispJsonWriter *writer, const char *key, guint64 microseconds);
char *disp_format_span (guint64 microseconds);
char *disp_format_rate (double per_second);
char *disp_format_percent (double fraction);
char *disp_format_time (gint64 microseconds);
