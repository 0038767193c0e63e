/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define DISP_RECORD_HEADER 5

/**
 * DispRecordWatch:
 *
 * Sees what records of TLS come after a handshake.  All zero at the start, which is where a record
 * begins.
 */
typedef struct
{
  /*< private >*/
  guint8 header[DISP_RECORD_HEADER];
  gsize n_header; /* how much of it has come, in bytes */
  gsize left;     /* of the record, in bytes */
} DispRecordWatch;

gboolean disp_record_watch_see (DispRecordWatch *self, const guint8 *bytes, gsize n);
