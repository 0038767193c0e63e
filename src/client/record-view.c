/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/record-view.h"

#include "client/format.h"
#include "client/properties.h"
#include "core/error.h"
#include "wire/record-document.h"

#include <glib/gi18n.h>

static void
append_parameter (GString *path, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_string_append_printf (path, "&%s=", name);
  g_string_append_uri_escaped (path, value, NULL, FALSE);
}

/**
 * disp_records_get_path:
 * @flags: which records are wanted
 * @only_model: whether to leave out what a record does not have from its beginning
 * @first: the name of another parameter
 * @value: its value
 *
 * Returns: (transfer full): the path at the Requests Store
 */
char *
disp_records_get_path (const DispFlags *flags, gboolean only_model, const char *first,
                       const char *value)
{
  GString *path = g_string_new ("/requests?");

  g_string_append_printf (path, "%s=", first);
  g_string_append_uri_escaped (path, value, NULL, FALSE);
  append_parameter (path, "model", flags->model);
  if (!only_model)
    {
      append_parameter (path, "container", flags->container);
      append_parameter (path, "node", flags->node);
      append_parameter (path, "state", flags->state);
    }
  return g_string_free (path, FALSE);
}

static GVariant *
get_addresses (const DispDaemon *daemon, GError **error)
{
  g_autoptr (GVariant) answer = disp_daemon_call (
      daemon, DISP_DAEMON_PATH, "org.freedesktop.DBus.Properties", "GetAll",
      g_variant_new ("(s)", DISP_DAEMON_NAME), "(a{sv})", error);
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GVariant) addresses = NULL;

  if (answer == NULL)
    return NULL;
  g_variant_get (answer, "(@a{sv})", &properties);
  addresses = disp_properties_value (properties, "StoreAddresses", "as");
  if (g_variant_n_children (addresses) > 0)
    return g_steal_pointer (&addresses);
  g_set_error_literal (
      error, DISP_ERROR, DISP_ERROR_STORE,
      _ ("the daemon does not serve its records; have it do so with "
         "\"requests-store-listen=127.0.0.1:5002\" under [embedded] in dispatcherd.conf and a "
         "restart, or read records.db in its state directory with sqlite3"));
  return NULL;
}

/**
 * disp_records_ask:
 * @daemon: the daemon
 * @path: at its Requests Store
 * @answer: (out caller-allocates): a good answer; set only on success
 * @error: %DISP_ERROR_STORE when it serves no records, %DISP_ERROR_UNKNOWN_RECORD, others
 *
 * Returns: whether there is one
 */
gboolean
disp_records_ask (const DispDaemon *daemon, const char *path, DispHttpAnswer *answer,
                  GError **error)
{
  g_autoptr (GVariant) value = get_addresses (daemon, error);
  g_autofree const char **addresses = value != NULL ? g_variant_get_strv (value, NULL) : NULL;
  g_auto (DispHttpAnswer) got = { 0 };
  g_autofree char *problem = NULL;
  const DispHttpQuestion question = { .method = "GET", .path = path };

  if (value == NULL || !disp_http_ask (addresses, &question, &got, error))
    return FALSE;
  problem = disp_http_get_problem (&got);
  if (problem == NULL)
    {
      *answer = got;
      got = (DispHttpAnswer){ 0 };
      return TRUE;
    }
  g_set_error (error, DISP_ERROR, got.status == 404 ? DISP_ERROR_UNKNOWN_RECORD : DISP_ERROR_FAILED,
               _ ("the records cannot be read: %s"), problem);
  return FALSE;
}

/**
 * disp_records_read:
 * @daemon: the daemon
 * @path: at its Requests Store
 * @error: as of disp_records_ask()
 *
 * Returns: (transfer full) (nullable) (element-type DispRecord): the records there
 */
GPtrArray *
disp_records_read (const DispDaemon *daemon, const char *path, GError **error)
{
  g_auto (DispHttpAnswer) answer = { 0 };
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (
      (GDestroyNotify) disp_record_unref);
  gsize length;
  const char *text;

  if (!disp_records_ask (daemon, path, &answer, error))
    return NULL;
  text = g_bytes_get_data (answer.body, &length);
  return disp_record_document_parse (text, length, records, error) ? g_steal_pointer (&records)
                                                                   : NULL;
}

static void
add_state (DispTable *table, const DispRecord *record)
{
  static const struct
  {
    const char *name;
    DispStyle style;
  } states[] = {
    [DISP_RECORD_CREATED] = { NC_ ("a record", "created"), DISP_STYLE_POOR },
    [DISP_RECORD_WAITING] = { NC_ ("a record", "waiting"), DISP_STYLE_POOR },
    [DISP_RECORD_COMPLETED] = { NC_ ("a record", "completed"), DISP_STYLE_GOOD },
    [DISP_RECORD_ERROR] = { NC_ ("a record", "error"), DISP_STYLE_BAD },
  };

  disp_table_add_styled (table, states[record->state].style,
                         g_dpgettext2 (NULL, "a record", states[record->state].name));
}

static void
add_record (DispTable *table, const DispRecord *record)
{
  gint64 time = record->ts_out > record->ts_in ? record->ts_out - record->ts_in : 0;

  disp_table_take (table, DISP_STYLE_PLAIN, disp_format_time (record->ts_in));
  add_state (table, record);
  disp_table_take (table, DISP_STYLE_PLAIN,
                   record->status > 0 ? disp_format_count (record->status)
                                      : g_strdup (DISP_NO_NUMBER));
  disp_table_take (table, DISP_STYLE_PLAIN, disp_format_latency ((guint64) time));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_latency ((guint64) MAX (record->queue_time, 0)));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   record->n_attempts != DISP_RECORD_UNKNOWN
                       ? disp_format_count ((guint64) record->n_attempts)
                       : g_strdup (DISP_NO_NUMBER));
  disp_table_add (table, record->model);
  disp_table_take (table, DISP_STYLE_PLAIN,
                   record->version > 0 ? disp_format_count ((guint64) record->version)
                                       : g_strdup (DISP_NO_NUMBER));
  disp_table_add (table, record->container != NULL ? record->container->name : DISP_NO_NUMBER);
  disp_table_add_styled (table, DISP_STYLE_FAINT, record->id);
}

static void
print_lines (GPtrArray *records)
{
  for (guint i = 0; i < records->len; i++)
    {
      g_auto (DispJsonWriter) writer = { 0 };

      disp_json_writer_init (&writer);
      disp_record_document_write (&writer, NULL, records->pdata[i]);
      disp_invocation_print_json (&writer);
    }
}

/**
 * disp_records_print:
 * @self: an invocation
 * @records: (element-type DispRecord): records
 * @titles: whether they are the first
 *
 * Prints a row of a table for each; with --json a line, which is a document by itself.
 */
void
disp_records_print (const DispInvocation *self, GPtrArray *records, gboolean titles)
{
  const DispColumn columns[] = {
    { _ ("TIME"), FALSE, 23 },  { _ ("STATE"), FALSE, 9 },  { _ ("STATUS"), TRUE, 0 },
    { _ ("LATENCY"), TRUE, 7 }, { _ ("QUEUED"), TRUE, 7 },  { _ ("ATTEMPTS"), TRUE, 0 },
    { _ ("MODEL"), FALSE, 16 }, { _ ("VERSION"), TRUE, 0 }, { _ ("CONTAINER"), FALSE, 16 },
    { _ ("RECORD"), FALSE, 0 },
  };
  g_autoptr (DispTable) table = NULL;
  g_autofree char *text = NULL;

  if (self->flags.json)
    {
      print_lines (records);
      return;
    }
  table = disp_table_new (columns, G_N_ELEMENTS (columns));
  for (guint i = 0; i < records->len; i++)
    add_record (table, records->pdata[i]);
  text = disp_table_to_text (table, self->colours, 0);
  g_print ("%s", titles ? text : strchr (text, '\n') + 1);
}
