/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include "client/record-view.h"

#include <glib/gi18n.h>

static gboolean
check (const DispFlags *flags, GError **error)
{
  static const char *const states[] = { "created", "waiting", "completed", "error", NULL };
  static const char *const ends[] = { "completed", "error", NULL };

  if (flags->state == NULL)
    return TRUE;
  if (!g_strv_contains (states, flags->state))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("--state takes created, waiting, completed or error"));
  else if (flags->follow && !g_strv_contains (ends, flags->state))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("with --follow records are shown when they end, so that --state takes "
                            "completed or error"));
  else
    return TRUE;
  return FALSE;
}

/* The document is that of the store, as it came. */
static gboolean
print_document (DispInvocation *self, const char *path, GError **error)
{
  g_auto (DispHttpAnswer) answer = { 0 };
  g_auto (DispJsonWriter) writer = { 0 };
  gsize length;
  const char *text;

  if (!disp_records_ask (self->daemon, path, &answer, error))
    return FALSE;
  text = g_bytes_get_data (answer.body, &length);
  disp_json_writer_init (&writer);
  disp_json_writer_raw (&writer, NULL, text, length);
  disp_invocation_print_json (&writer);
  return TRUE;
}

gboolean
disp_command_records (DispInvocation *self, GError **error)
{
  g_autofree char *limit = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) records = NULL;

  if (!check (&self->flags, error))
    return FALSE;
  if (self->flags.follow)
    return disp_records_follow (self, error);
  limit = g_strdup_printf ("%" G_GINT64_FORMAT, self->flags.limit != DISP_NOT_GIVEN
                                                    ? self->flags.limit
                                                    : DISP_RECORDS_LIMIT);
  path = disp_records_get_path (&self->flags, FALSE, "last", limit);
  if (self->flags.json)
    return print_document (self, path, error);
  records = disp_records_read (self->daemon, path, error);
  if (records == NULL)
    return FALSE;
  if (records->len == 0)
    g_print ("%s\n", _ ("There are no such records."));
  else
    disp_records_print (self, records, TRUE);
  return TRUE;
}
