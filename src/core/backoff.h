/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispBackoff:
 *
 * How long to wait before the next try of something that keeps failing.
 */
typedef struct
{
  gint64 first;   /* the first wait, in microseconds */
  gint64 longest; /* no wait is longer, in microseconds */
  guint failures; /* in a row */
} DispBackoff;

void disp_backoff_init (DispBackoff *self, gint64 first, gint64 longest);
gint64 disp_backoff_next (DispBackoff *self, GRand *random);
void disp_backoff_reset (DispBackoff *self);
