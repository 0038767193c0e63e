/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/log-limit.h"

#include "core/tsan.h"

static void
lock (DispLogLimit *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
}

static void
unlock (DispLogLimit *self)
{
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

static DispLogCount *
find_count (DispLogLimit *self, const char *domain, gint64 now)
{
  char name[DISP_LOG_DOMAIN_SIZE];
  DispLogCount *count;

  g_strlcpy (name, domain, sizeof name);
  for (guint i = 0; i < self->n_counts; i++)
    if (g_str_equal (self->counts[i].domain, name))
      return &self->counts[i];
  if (self->n_counts == DISP_LOG_DOMAINS)
    return &self->counts[DISP_LOG_DOMAINS - 1];
  count = &self->counts[self->n_counts++];
  g_strlcpy (count->domain, self->n_counts < DISP_LOG_DOMAINS ? name : "others",
             sizeof count->domain);
  count->began = now;
  return count;
}

/**
 * disp_log_limit_admit:
 * @self: a limit
 * @domain: the domain of a message
 * @now: of the monotonic clock, in microseconds
 *
 * Counts a message.  A window begins with the first message after the one before.  What was left
 * out in that has to be taken first, or it is forgotten.  Any thread.
 *
 * Returns: whether it is logged
 */
gboolean
disp_log_limit_admit (DispLogLimit *self, const char *domain, gint64 now)
{
  DispLogCount *count;
  gboolean is_admitted;

  lock (self);
  count = find_count (self, domain, now);
  if (now - count->began >= DISP_LOG_WINDOW)
    {
      count->began = now;
      count->n_messages = 0;
    }
  is_admitted = ++count->n_messages <= DISP_LOG_LIMIT;
  unlock (self);
  return is_admitted;
}

/**
 * disp_log_limit_take_left_out:
 * @self: a limit
 * @now: of the monotonic clock, in microseconds
 * @domain: (out): a domain whose window is over, if messages of it were left out
 *
 * To be called until it returns 0.  Any thread.
 *
 * Returns: how many were left out; 0 = there is no such domain
 */
guint64
disp_log_limit_take_left_out (DispLogLimit *self, gint64 now, char domain[DISP_LOG_DOMAIN_SIZE])
{
  guint64 n_left_out = 0;

  lock (self);
  for (guint i = 0; i < self->n_counts && n_left_out == 0; i++)
    {
      DispLogCount *count = &self->counts[i];

      if (now - count->began >= DISP_LOG_WINDOW && count->n_messages > DISP_LOG_LIMIT)
        {
          n_left_out = count->n_messages - DISP_LOG_LIMIT;
          count->n_messages = 0;
          g_strlcpy (domain, count->domain, DISP_LOG_DOMAIN_SIZE);
        }
    }
  unlock (self);
  return n_left_out;
}
