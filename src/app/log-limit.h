/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How many messages of a domain are logged in a window, and how long that is, in microseconds. */
#define DISP_LOG_LIMIT 10
#define DISP_LOG_WINDOW (10 * G_USEC_PER_SEC)
/* How many domains have a limit of their own; all that come later share the last one. */
#define DISP_LOG_DOMAINS 8
/* The longest name of a domain, with its NUL; longer ones are cut. */
#define DISP_LOG_DOMAIN_SIZE 32

/**
 * DispLogCount:
 *
 * The messages of one domain in a window.
 */
typedef struct
{
  char domain[DISP_LOG_DOMAIN_SIZE];
  gint64 began;
  guint64 n_messages;
} DispLogCount;

/**
 * DispLogLimit:
 *
 * How much is logged of what libraries say.  One of static storage that is all zeros is ready.
 */
typedef struct
{
  GMutex lock;                           /* held for a few instructions */
  DispLogCount counts[DISP_LOG_DOMAINS]; /* (locked-by lock) */
  guint n_counts;                        /* (locked-by lock) */
} DispLogLimit;

gboolean disp_log_limit_admit (DispLogLimit *self, const char *domain, gint64 now);
guint64 disp_log_limit_take_left_out (DispLogLimit *self, gint64 now,
                                      char domain[DISP_LOG_DOMAIN_SIZE]);
