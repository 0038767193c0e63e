/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/event.h"

#include <string.h>

/* What the log writer got last. */
static struct
{
  GLogLevelFlags level;
  GHashTable *fields; /* (owned) (element-type utf8 utf8) */
  guint n_fields;
} seen;

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           G_GNUC_UNUSED gpointer user_data)
{
  seen.level = level;
  seen.n_fields = (guint) n_fields;
  g_hash_table_remove_all (seen.fields);
  for (gsize i = 0; i < n_fields; i++)
    g_hash_table_insert (seen.fields, g_strdup (fields[i].key), g_strdup (fields[i].value));
  return G_LOG_WRITER_HANDLED;
}

static void
assert_field (const char *key, const char *value)
{
  g_assert_cmpstr (g_hash_table_lookup (seen.fields, key), ==, value);
}

static void
test_ids (void)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < DISP_N_EVENTS; i++)
    {
      const char *id = disp_event_get_id (i);

      g_assert_cmpuint (strlen (id), ==, 32);
      g_assert_cmpuint (strspn (id, "0123456789abcdef"), ==, 32);
      /* A random UUID, as sd-id128(3) asks for. */
      g_assert_cmpint (id[12], ==, '4');
      g_assert_nonnull (strchr ("89ab", id[16]));
      g_assert_true (g_hash_table_add (ids, (gpointer) id));
    }
}

/* Nothing is logged as critical that is not a mistake of ours, nor as debug that has an id. */
static void
test_levels (void)
{
  for (guint i = 0; i < DISP_N_EVENTS; i++)
    {
      GLogLevelFlags level = disp_event_get_level (i);

      g_assert_true (level == G_LOG_LEVEL_WARNING || level == G_LOG_LEVEL_MESSAGE
                     || level == G_LOG_LEVEL_INFO);
    }
  g_assert_cmpint (disp_event_get_level (DISP_EVENT_REQUEST_ENDED), ==, G_LOG_LEVEL_INFO);
  g_assert_cmpint (disp_event_get_level (DISP_EVENT_CHANGE_DENIED), ==, G_LOG_LEVEL_INFO);
}

static void
test_fields (void)
{
  const double quota = 0.1;

  disp_event_log (DISP_EVENT_QUOTA_SET,
                  &(DispEventFields){ .container = "gpu", .node = "10.0.0.6", .quota = &quota },
                  "quota of \"%s\" is %s", "gpu", "low");
  g_assert_cmpint (seen.level, ==, G_LOG_LEVEL_MESSAGE);
  g_assert_cmpuint (seen.n_fields, ==, 7);
  assert_field ("MESSAGE", "quota of \"gpu\" is low");
  assert_field ("MESSAGE_ID", disp_event_get_id (DISP_EVENT_QUOTA_SET));
  assert_field ("PRIORITY", "5");
  assert_field ("GLIB_DOMAIN", "dispatcherd");
  assert_field ("CONTAINER", "gpu");
  assert_field ("NODE", "10.0.0.6");
  assert_field ("QUOTA", "0.1");
}

static void
test_all_fields (void)
{
  const double quota = 0;

  disp_event_log (DISP_EVENT_REQUEST_ENDED,
                  &(DispEventFields){ .request_id = "a",
                                      .client_request_id = "b",
                                      .model = "c",
                                      .version = "d",
                                      .container = "e",
                                      .node = "f",
                                      .status = 200,
                                      .reason = "g",
                                      .policy = "h",
                                      .quota = &quota,
                                      .source = "i",
                                      .store = "j",
                                      .path = "k",
                                      .address = "l",
                                      .setting = "o",
                                      .thread = "p",
                                      .domain = "q",
                                      .caller = "r",
                                      .count = G_MAXUINT64 },
                  "all");
  g_assert_cmpuint (seen.n_fields, ==, 23);
  assert_field ("PRIORITY", "6");
  assert_field ("REQUEST_ID", "a");
  assert_field ("CLIENT_REQUEST_ID", "b");
  assert_field ("MODEL", "c");
  assert_field ("VERSION", "d");
  assert_field ("CONTAINER", "e");
  assert_field ("NODE", "f");
  assert_field ("STATUS", "200");
  assert_field ("REASON", "g");
  assert_field ("POLICY", "h");
  assert_field ("QUOTA", "0");
  assert_field ("SOURCE", "i");
  assert_field ("STORE", "j");
  assert_field ("PATH", "k");
  assert_field ("ADDRESS", "l");
  assert_field ("SETTING", "o");
  assert_field ("THREAD", "p");
  assert_field ("DOMAIN", "q");
  assert_field ("CALLER", "r");
  assert_field ("COUNT", "18446744073709551615");
}

/* What is not there makes no field, rather than an empty one. */
static void
test_no_empty_field (void)
{
  disp_event_log (DISP_EVENT_STOPPED, &(DispEventFields){ .reason = "", .model = NULL }, "end");
  g_assert_cmpint (seen.level, ==, G_LOG_LEVEL_MESSAGE);
  g_assert_cmpuint (seen.n_fields, ==, 4);
  disp_event_log (DISP_EVENT_FLEET_MISSING, NULL, "none");
  g_assert_cmpint (seen.level, ==, G_LOG_LEVEL_WARNING);
  assert_field ("PRIORITY", "4");
  g_assert_cmpuint (seen.n_fields, ==, 4);
}

/* The event is logged nevertheless; it is our mistake, and known as such. */
static void
test_lacking_field (void)
{
  if (g_test_subprocess ())
    {
      disp_event_log (DISP_EVENT_FLEET, NULL, "a fleet from somewhere");
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*a fleet from somewhere*CRITICAL*lacks fields*");
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  seen.fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (!g_test_subprocess ())
    g_log_set_writer_func (write_log, NULL, NULL);
  g_test_add_func ("/core/event/ids", test_ids);
  g_test_add_func ("/core/event/levels", test_levels);
  g_test_add_func ("/core/event/fields", test_fields);
  g_test_add_func ("/core/event/all-fields", test_all_fields);
  g_test_add_func ("/core/event/no-empty-field", test_no_empty_field);
  g_test_add_func ("/core/event/lacking-field", test_lacking_field);
  status = g_test_run ();
  g_hash_table_unref (seen.fields);
  return status;
}
