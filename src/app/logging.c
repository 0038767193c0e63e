/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/logging.h"

#include "app/log-limit.h"
#include "core/event.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The one state of the whole process that is not handed down: GLib's log writer is such a thing
 * itself. */
static struct
{
  atomic_bool verbose; /* (atomic) */
  gboolean journal;
  DispLogLimit limit; /* clients can make libraries complain */
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
is_wanted (GLogLevelFlags level, const char *domain, gint64 now)
{
  gboolean ours = g_strcmp0 (domain, G_LOG_DOMAIN) == 0;

  if ((level & G_LOG_LEVEL_INFO) != 0 && ours && atomic_load (&logging.verbose))
    return TRUE;
  if ((level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG)) != 0)
    return !g_log_writer_default_would_drop (level, domain);
  /* Of the last word before the end there is only one. */
  if (ours || (level & G_LOG_LEVEL_ERROR) != 0)
    return TRUE;
  return disp_log_limit_admit (&logging.limit, domain != NULL ? domain : "unknown", now);
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

/* What comes from a client must not look like a line of the log. */
static void
write_line (const char *domain, GLogLevelFlags level, const char *message)
{
  g_autofree char *line = g_strdup_printf ("%s: %s%s", domain, name_level (level), message);

  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c) && *c != '\t')
      *c = ' ';
  fprintf (stderr, "%s\n", line);
  fflush (stderr);
}

/* With the name that "journalctl -t" asks for, which GLib leaves out. */
static gboolean
write_to_journal (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  g_autofree GLogField *all = g_new (GLogField, n_fields + 1);

  memcpy (all, fields, n_fields * sizeof *all);
  all[n_fields] = (GLogField){ "SYSLOG_IDENTIFIER", G_LOG_DOMAIN, -1 };
  return g_log_writer_journald (level, all, n_fields + 1, NULL) == G_LOG_WRITER_HANDLED;
}

static void
write_entry (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  const char *domain = find_field (fields, n_fields, "GLIB_DOMAIN");
  const char *message = find_field (fields, n_fields, "MESSAGE");

  if (!logging.journal || !write_to_journal (level, fields, n_fields))
    write_line (domain != NULL ? domain : G_LOG_DOMAIN, level, message != NULL ? message : "");
}

/* Not by disp_event_log(): GLib does not come here from inside of here. */
static void
tell_left_out (const char *domain, guint64 n_left_out)
{
  const DispEvent event = DISP_EVENT_MESSAGES_LEFT_OUT;
  g_autofree char *count = g_strdup_printf ("%" G_GUINT64_FORMAT, n_left_out);
  g_autofree char *message = g_strdup_printf (
      "%s more messages of \"%s\" came within ten seconds and were left out", count, domain);
  const GLogField fields[] = {
    { "MESSAGE", message, -1 }, { "MESSAGE_ID", disp_event_get_id (event), -1 },
    { "PRIORITY", "4", -1 },    { "GLIB_DOMAIN", G_LOG_DOMAIN, -1 },
    { "DOMAIN", domain, -1 },   { "COUNT", count, -1 },
  };

  write_entry (disp_event_get_level (event), fields, G_N_ELEMENTS (fields));
}

/* What was left out is told with the first message after its window, whosever that is. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           G_GNUC_UNUSED gpointer user_data)
{
  gint64 now = g_get_monotonic_time ();
  char domain[DISP_LOG_DOMAIN_SIZE];
  guint64 n_left_out;

  while ((n_left_out = disp_log_limit_take_left_out (&logging.limit, now, domain)) > 0)
    tell_left_out (domain, n_left_out);
  if (is_wanted (level, find_field (fields, n_fields, "GLIB_DOMAIN"), now))
    write_entry (level, fields, n_fields);
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
