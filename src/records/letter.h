/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"

/**
 * DispLetter:
 *
 * A record in the spool that waits to be delivered, without its document.
 */
typedef struct
{
  gint64 seq; /* its place in the spool; grows with each letter */
  char *id;   /* (owned) of the request */
  DispRecordState state;
  guint status;      /* 0 = delivered, else with which HTTP status it was refused for good */
  char *reason;      /* (owned) (nullable) what else was said when it was refused */
  gint64 refused_at; /* microseconds since the epoch */
} DispLetter;

DispLetter *disp_letter_new (gint64 seq, const char *id, DispRecordState state);
void disp_letter_free (DispLetter *self);
void disp_letter_refuse (DispLetter *self, guint status, const char *reason, gint64 now_real);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispLetter, disp_letter_free)
