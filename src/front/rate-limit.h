/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* As many buckets as are known at once, in less than 10 MiB. */
#define DISP_MAX_BUCKETS 65536

/**
 * DispRateLimit:
 *
 * How often each client may ask: a token bucket for each, found by a name (its address, or that of
 * its bearer token).  Counted by references; any thread.
 */
typedef struct _DispRateLimit DispRateLimit;

DispRateLimit *disp_rate_limit_new (void);
DispRateLimit *disp_rate_limit_ref (DispRateLimit *self);
void disp_rate_limit_unref (DispRateLimit *self);
gint64 disp_rate_limit_take (DispRateLimit *self, const char *client, double rate, guint burst,
                             gint64 now);
guint disp_rate_limit_count (DispRateLimit *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispRateLimit, disp_rate_limit_unref)
