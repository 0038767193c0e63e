/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/logging.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What libraries say can be caused by clients, so of that at most so much is told in a window, in
 * microseconds. */
#define FOREIGN_LIMIT 10
#define FOREIGN_WINDOW (10 * G_USEC_PER_SEC)

/* The one state of the whole process that is not handed down: GLib's log writer is such a thing
 * itself. */
static struct
{
  atomic_bool verbose; /* (atomic) */
  gboolean journal;
  atomic_llong window;     /* (atomic) when it began */
  atomic_uint n_in_window; /* (atomic) */
} logging;

static const char *
find_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key))
      return fields[i].value;
  return NULL;
}

static gboolean
is_wanted (GLogLevelFlags level, const char *domain)
{
  gint64 now = g_get_monotonic_time ();
  gboolean ours = g_strcmp0 (domain, G_LOG_DOMAIN) == 0;

  if ((level & G_LOG_LEVEL_INFO) != 0 && ours && atomic_load (&logging.verbose))
    return TRUE;
  if ((level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG)) != 0)
    return !g_log_writer_default_would_drop (level, domain);
  if (ours)
    return TRUE;
  if (now - atomic_load (&logging.window) > FOREIGN_WINDOW)
    {
      atomic_store (&logging.window, now);
      atomic_store (&logging.n_in_window, 0);
    }
  return atomic_fetch_add (&logging.n_in_window, 1) < FOREIGN_LIMIT;
}

static const char *
name_level (GLogLevelFlags level)
{
  if ((level & G_LOG_LEVEL_ERROR) != 0)
    return "fatal: ";
  if ((level & G_LOG_LEVEL_CRITICAL) != 0)
    return "critical: ";
  if ((level & G_LOG_LEVEL_WARNING) != 0)
    return "warning: ";
  return "";
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           G_GNUC_UNUSED gpointer user_data)
{
  const char *domain = find_field (fields, n_fields, "GLIB_DOMAIN");
  const char *message = find_field (fields, n_fields, "MESSAGE");
  g_autofree char *line = NULL;

  if (!is_wanted (level, domain))
    return G_LOG_WRITER_HANDLED;
  if (logging.journal
      && g_log_writer_journald (level, fields, n_fields, NULL) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;
  line = g_strdup_printf ("%s: %s%s\n", domain != NULL ? domain : G_LOG_DOMAIN, name_level (level),
                          message != NULL ? message : "");
  fputs (line, stderr);
  fflush (stderr);
  return G_LOG_WRITER_HANDLED;
}

/**
 * disp_logging_set_verbose:
 * @verbose: whether to tell of each request, from now on
 *
 * Any thread.
 */
void
disp_logging_set_verbose (gboolean verbose)
{
  atomic_store (&logging.verbose, verbose);
}

/**
 * disp_logging_start:
 * @verbose: whether to tell of each request
 *
 * From now on messages go to the journal with their fields, if that is where standard error leads,
 * else as lines to standard error.  To be called once, before the first thread starts.
 */
void
disp_logging_start (gboolean verbose)
{
  disp_logging_set_verbose (verbose);
  logging.journal = g_log_writer_is_journald (fileno (stderr));
  g_log_set_writer_func (write_log, NULL, NULL);
}
