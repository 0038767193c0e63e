/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include "client/format.h"
#include "client/http.h"
#include "client/properties.h"
#include "client/token.h"
#include "core/error.h"
#include "wire/predict-envelope.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* So much of standard input is read at once, in bytes. */
#define CHUNK 65536

static char *
read_standard_input (gsize *length, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char chunk[CHUNK];
  size_t n;

  while ((n = fread (chunk, 1, sizeof chunk, stdin)) > 0)
    g_string_append_len (text, chunk, (gssize) n);
  if (ferror (stdin))
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
                   _ ("standard input cannot be read: %s"), g_strerror (errno));
      return NULL;
    }
  *length = text->len;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* What the argument says, or the file that it names. */
static char *
read_text (const char *argument, gsize *length, GError **error)
{
  char *text;

  if (g_str_equal (argument, "-"))
    return read_standard_input (length, error);
  if (*argument == '@')
    return g_file_get_contents (argument + 1, &text, length, error) ? text : NULL;
  *length = strlen (argument);
  return g_strdup (argument);
}

/* The body of /predict around an array of instances. */
static GBytes *
wrap (const char *instances, gsize length, const char *model, gint64 version)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_string (&writer, "model", model);
  if (version != DISP_NOT_GIVEN)
    disp_json_writer_int (&writer, "version", version);
  disp_json_writer_raw (&writer, "instances", instances, length);
  disp_json_writer_end_object (&writer);
  return disp_json_writer_steal_bytes (&writer);
}

/* Where a body without a model goes: to the path that names it. */
static char *
serving_path (const char *model, gint64 version)
{
  g_autofree char *name = g_uri_escape_string (model, NULL, FALSE);

  if (version == DISP_NOT_GIVEN)
    return g_strdup_printf ("/v1/models/%s:predict", name);
  return g_strdup_printf ("/v1/models/%s/versions/%" G_GINT64_FORMAT ":predict", name, version);
}

/* An object that names a model is the body of /predict; then both have to mean the same. */
static gboolean
check_envelope (const DispEnvelope *envelope, const char *model, gint64 version, GError **error)
{
  if (!g_str_equal (envelope->model, model))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 _ ("the body is for the model \"%s\", not for \"%s\""), envelope->model, model);
  else if (version != DISP_NOT_GIVEN)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("a body that names its model takes no --model-version"));
  else
    return TRUE;
  return FALSE;
}

/* Makes the path and the body of the request. */
static GBytes *
make_request (const DispInvocation *self, char **path, GError **error)
{
  const char *model = self->arguments[0];
  gint64 version = self->flags.model_version;
  gsize length;
  g_autofree char *text = read_text (self->arguments[1], &length, error);
  g_auto (DispEnvelope) envelope = { 0 };
  gsize start = 0;

  if (text == NULL)
    return NULL;
  while (start < length && strchr (" \t\r\n", text[start]) != NULL)
    start++;
  if (start == length || (text[start] != '[' && text[start] != '{'))
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("JSON is expected: an array of instances or an object, @FILE, or - "
                              "for standard input"));
      return NULL;
    }
  *path = g_strdup ("/predict");
  if (text[start] == '[')
    return wrap (text, length, model, version);
  if (disp_envelope_scan (text, length, DISP_ENVELOPE_ROUTED, &envelope, NULL))
    {
      if (!check_envelope (&envelope, model, version, error))
        return NULL;
    }
  else
    {
      g_free (*path);
      *path = serving_path (model, version);
    }
  return g_bytes_new_take (g_steal_pointer (&text), length);
}

static void
write_timing (DispJsonWriter *writer, const char *key, gint64 microseconds)
{
  if (microseconds < 0)
    disp_json_writer_null (writer, key);
  else
    disp_json_writer_seconds (writer, key, microseconds);
}

static void
print_json (const DispHttpAnswer *answer)
{
  g_auto (DispJsonWriter) writer = { 0 };
  gsize length;
  const char *body = g_bytes_get_data (answer->body, &length);

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_int (&writer, "status", answer->status);
  disp_json_writer_string (&writer, "container", answer->container);
  disp_json_writer_string (&writer, "id", answer->id);
  write_timing (&writer, "queue", answer->queue);
  write_timing (&writer, "upstream", answer->upstream);
  write_timing (&writer, "time", answer->time);
  /* A model server may answer anything, NaN too: what is no JSON is a string. */
  if (length > 0 && disp_json_check (body, length, DISP_JSON_MAX_DEPTH, NULL))
    disp_json_writer_raw (&writer, "answer", body, length);
  else
    disp_json_writer_text (&writer, "answer", body != NULL ? body : "", length);
  disp_json_writer_end_object (&writer);
  disp_invocation_print_json (&writer);
}

static void
print_text (const DispHttpAnswer *answer)
{
  gsize length;
  const char *body = g_bytes_get_data (answer->body, &length);
  g_autofree char *time = disp_format_latency ((guint64) answer->time);
  g_autofree char *queue = disp_format_latency ((guint64) MAX (answer->queue, 0));
  g_autofree char *upstream = disp_format_latency ((guint64) MAX (answer->upstream, 0));

  fwrite (body, 1, length, stdout);
  if (length == 0 || body[length - 1] != '\n')
    fputc ('\n', stdout);
  fflush (stdout);
  if (isatty (STDERR_FILENO) && answer->container != NULL)
    g_printerr (_ ("%s answered; %s in all, %s until it was forwarded, %s there\n"),
                answer->container, time, queue, upstream);
}

gboolean
disp_command_predict (DispInvocation *self, GError **error)
{
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GVariant) document = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autofree const char **addresses = NULL;
  g_autofree char *path = NULL;
  g_autofree char *authorization = NULL;
  g_autofree char *problem = NULL;
  g_autoptr (GBytes) body = make_request (self, &path, error);
  g_auto (DispHttpAnswer) answer = { 0 };
  DispHttpQuestion question = { .method = "POST", .path = path, .body = body };

  if (body == NULL)
    return FALSE;
  if (self->flags.token_file != NULL)
    {
      authorization = disp_token_read (self->flags.token_file, error);
      if (authorization == NULL)
        return FALSE;
      question.authorization = authorization;
    }
  properties = disp_daemon_call (self->daemon, DISP_DAEMON_PATH, "org.freedesktop.DBus.Properties",
                                 "GetAll", g_variant_new ("(s)", DISP_DAEMON_NAME), "(a{sv})",
                                 error);
  if (properties == NULL)
    return FALSE;
  g_variant_get (properties, "(@a{sv})", &document);
  value = disp_properties_value (document, "Addresses", "as");
  addresses = g_variant_get_strv (value, NULL);
  if (!disp_http_ask (addresses, &question, &answer, error))
    return FALSE;
  problem = disp_http_get_problem (&answer);
  if (self->flags.json)
    print_json (&answer);
  else if (problem == NULL)
    print_text (&answer);
  if (problem == NULL)
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED, _ ("the answer has the status %u: %s"),
               answer.status, problem);
  return FALSE;
}
