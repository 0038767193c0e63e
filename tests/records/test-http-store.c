/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/http-store.h"

#include "core/error.h"
#include "core/tsan.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "support/scripted-server.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* What the server does with the posts from @from on, until the next step. */
typedef struct
{
  guint from;
  guint status; /* 0 = no answer at all */
  ScriptedAction action;
} Step;

typedef struct
{
  ScriptedServer *server; /* (owned) */
  DispStore *store;       /* (owned) */
  const Step *steps;      /* ordered; the first is from 0 */
  guint n_steps;
  GMutex lock;
  GCond asked;
  GPtrArray
      *answered;    /* (owned) (element-type utf8) (locked-by lock) "number:state", answered 2xx */
  guint n_warnings; /* (locked-by lock) */
} Fixture;

static Fixture *current;

static void
lock (Fixture *fixture)
{
  g_mutex_lock (&fixture->lock);
  DISP_TSAN_ACQUIRE (&fixture->lock);
}

static void
unlock (Fixture *fixture)
{
  DISP_TSAN_RELEASE (&fixture->lock);
  g_mutex_unlock (&fixture->lock);
}

static GLogWriterOutput
count_warnings (GLogLevelFlags level, G_GNUC_UNUSED const GLogField *fields,
                G_GNUC_UNUSED gsize n_fields, G_GNUC_UNUSED gpointer user_data)
{
  if (level != G_LOG_LEVEL_WARNING)
    return G_LOG_WRITER_HANDLED;
  lock (current);
  current->n_warnings++;
  unlock (current);
  return G_LOG_WRITER_HANDLED;
}

/* Checks that a post is one record and notes which, as "number:state". */
static char *
read_post (const ScriptedRequest *request)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *body = g_bytes_get_data (request->body, &length);
  g_autofree char *text = g_strndup (body, length);
  char *nan = strstr (text, "NaN");
  JsonObject *object;

  g_assert_true (g_str_has_prefix (request->head, "POST /base/requests HTTP/1.1\r\n"));
  g_assert_nonnull (strstr (request->head, "\r\nContent-Type: application/json\r\n"));
  /* The instances are the client's bytes, which may be more than JSON has. */
  g_assert_nonnull (nan);
  memcpy (nan, "0.0", 3);
  json_parser_load_from_data (parser, text, (gssize) length, &error);
  g_assert_no_error (error);
  object = json_node_get_object (json_parser_get_root (parser));
  g_assert_cmpstr (json_object_get_string_member (object, "model"), ==, "half_plus_two");
  g_assert_cmpstr (json_object_get_string_member (object, "request_id"), ==, "of-the-client");
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%d",
                          g_ascii_strtoull (json_object_get_string_member (object, "id"), NULL, 16),
                          (int) json_object_get_int_member (object, "state"));
}

static ScriptedAction
answer_post (const ScriptedRequest *request, GString *answer, gpointer user_data)
{
  Fixture *fixture = user_data;
  const Step *step = fixture->steps;
  char *post = read_post (request);

  for (guint i = 1; i < fixture->n_steps && fixture->steps[i].from <= request->number; i++)
    step = &fixture->steps[i];
  if (step->status != 0)
    scripted_append_json (answer, step->status, "{\"an\":\"answer\"}");
  lock (fixture);
  if (step->status >= 200 && step->status < 300)
    g_ptr_array_add (fixture->answered, post);
  else
    g_free (post);
  g_cond_broadcast (&fixture->asked);
  unlock (fixture);
  return step->action;
}

static const Step well[] = { { 0, 200, SCRIPTED_KEEP } };

static void
set_steps (Fixture *fixture, const Step *steps, guint n_steps)
{
  fixture->steps = steps;
  fixture->n_steps = n_steps;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *url = NULL;

  current = fixture;
  g_mutex_init (&fixture->lock);
  g_cond_init (&fixture->asked);
  fixture->answered = g_ptr_array_new_with_free_func (g_free);
  set_steps (fixture, well, 1);
  fixture->server = scripted_server_new (answer_post, fixture);
  url = g_strdup_printf ("http://127.0.0.1:%u/base/", scripted_server_get_port (fixture->server));
  fixture->store = disp_http_store_new (url, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->store);
  g_clear_pointer (&fixture->server, scripted_server_free);
  g_ptr_array_unref (fixture->answered);
  g_cond_clear (&fixture->asked);
  g_mutex_clear (&fixture->lock);
}

/* Offers the records 0 to @n - 1, each as created and then as completed, but for the first @done of
 * these; checks how many are taken and refused. */
static gboolean
append (Fixture *fixture, guint n, guint done, guint expect_taken, guint expect_refused,
        GError **error)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
  gboolean settled;
  guint n_taken;
  guint n_refused;

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (batch, fixture_record (i, DISP_RECORD_CREATED));
      g_ptr_array_add (batch, fixture_record (i, DISP_RECORD_COMPLETED));
    }
  if (done > 0)
    g_ptr_array_remove_range (batch, 0, done);
  settled = disp_store_append_batch (fixture->store, (DispRecord *const *) batch->pdata, batch->len,
                                     &n_taken, &n_refused, NULL, error);
  g_assert_cmpuint (n_taken, ==, expect_taken);
  g_assert_cmpuint (n_refused, ==, expect_refused);
  return settled;
}

static void
check_answered (Fixture *fixture, const char *expected)
{
  g_autofree char *found = NULL;

  lock (fixture);
  g_ptr_array_add (fixture->answered, NULL);
  found = g_strjoinv (" ", (char **) fixture->answered->pdata);
  g_ptr_array_remove_index (fixture->answered, fixture->answered->len - 1);
  unlock (fixture);
  g_assert_cmpstr (found, ==, expected);
}

/* Checks that both states of the records 0 to @n - 1 were answered 2xx, once each, in order. */
static void
check_all_answered (Fixture *fixture, guint n)
{
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (expected, "%s%u:0 %u:2", i > 0 ? " " : "", i, i);
  check_answered (fixture, expected->str);
}

static void
check_failed (GError *error, const char *words)
{
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "http://127.0.0.1:"));
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_in_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (append (fixture, 3, 0, 6, 0, &error));
  g_assert_true (append (fixture, 1, 0, 2, 0, &error));
  check_answered (fixture, "0:0 0:2 1:0 1:2 2:0 2:2 0:0 0:2");
  g_assert_cmpuint (scripted_server_count_connections (fixture->server), ==, 1);
}

static void
test_created_status (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const Step steps[] = { { 0, 201, SCRIPTED_KEEP } };
  g_autoptr (GError) error = NULL;

  set_steps (fixture, steps, 1);
  g_assert_true (append (fixture, 1, 0, 2, 0, &error));
  check_answered (fixture, "0:0 0:2");
}

/* A failure in the middle ends the batch there; what is left is offered again. */
static void
test_fails (Fixture *fixture, gconstpointer data)
{
  g_autofree char *words = g_strdup_printf ("status %u", GPOINTER_TO_UINT (data));
  const Step steps[] = { { 0, 200, SCRIPTED_KEEP },
                         { 3, GPOINTER_TO_UINT (data), SCRIPTED_KEEP },
                         { 4, 200, SCRIPTED_KEEP } };
  g_autoptr (GError) error = NULL;

  set_steps (fixture, steps, G_N_ELEMENTS (steps));
  g_assert_false (append (fixture, 3, 0, 3, 0, &error));
  check_failed (error, words);
  g_clear_error (&error);
  g_assert_true (append (fixture, 3, 3, 3, 0, &error));
  check_answered (fixture, "0:0 0:2 1:0 1:2 2:0 2:2");
}

static void
test_refuses (Fixture *fixture, gconstpointer data)
{
  const Step steps[] = { { 0, 200, SCRIPTED_KEEP },
                         { 2, GPOINTER_TO_UINT (data), SCRIPTED_KEEP },
                         { 5, 200, SCRIPTED_KEEP } };
  g_autoptr (GError) error = NULL;

  set_steps (fixture, steps, G_N_ELEMENTS (steps));
  g_assert_true (append (fixture, 3, 0, 6, 3, &error));
  check_answered (fixture, "0:0 0:2 2:2");
  g_assert_cmpuint (fixture->n_warnings, ==, 1);
}

static void
test_resets (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const Step steps[] = { { 0, 0, SCRIPTED_RESET }, { 1, 200, SCRIPTED_KEEP } };
  g_autoptr (GError) error = NULL;

  set_steps (fixture, steps, G_N_ELEMENTS (steps));
  g_assert_false (append (fixture, 1, 0, 0, 0, &error));
  check_failed (error, "cannot post");
  g_assert_cmpuint (scripted_server_count_requests (fixture->server), ==, 1);
  g_clear_error (&error);
  g_assert_true (append (fixture, 1, 0, 2, 0, &error));
  check_answered (fixture, "0:0 0:2");
}

/* A connection that the server gave up between two posts costs a post more, but no failure. */
static void
test_stale_connection (Fixture *fixture, gconstpointer data)
{
  const Step steps[]
      = { { 0, 200, SCRIPTED_KEEP }, { 1, 0, GPOINTER_TO_UINT (data) }, { 2, 200, SCRIPTED_KEEP } };
  g_autoptr (GError) error = NULL;

  set_steps (fixture, steps, G_N_ELEMENTS (steps));
  g_assert_true (append (fixture, 2, 0, 4, 0, &error));
  g_assert_no_error (error);
  check_answered (fixture, "0:0 0:2 1:0 1:2");
  g_assert_cmpuint (scripted_server_count_connections (fixture->server), ==, 2);
  g_assert_cmpuint (scripted_server_count_requests (fixture->server), ==, 5);
}

/* It is posted once more, not again and again. */
static void
test_resent_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const Step steps[] = { { 0, 200, SCRIPTED_KEEP }, { 1, 0, SCRIPTED_CLOSE } };
  g_autoptr (GError) error = NULL;

  set_steps (fixture, steps, G_N_ELEMENTS (steps));
  g_assert_false (append (fixture, 2, 0, 1, 0, &error));
  check_failed (error, "cannot post");
  g_assert_cmpuint (scripted_server_count_requests (fixture->server), ==, 3);
}

/* A server that closes after each answer costs a connection each time and nothing else. */
static void
test_closes_always (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const Step steps[] = { { 0, 200, SCRIPTED_CLOSE } };
  g_autoptr (GError) error = NULL;

  set_steps (fixture, steps, 1);
  g_assert_true (append (fixture, 100, 0, 200, 0, &error));
  g_assert_no_error (error);
  check_all_answered (fixture, 100);
}

static ScriptedAction
answer_hugely (G_GNUC_UNUSED const ScriptedRequest *request, GString *answer,
               G_GNUC_UNUSED gpointer user_data)
{
  g_autofree char *much = g_strnfill (6 * 1024 * 1024, ' ');

  g_string_append (answer, "HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n");
  g_string_append (answer, much);
  return SCRIPTED_HANG;
}

/* The head says that the record is stored: the rest of a huge answer is not waited for. */
static void
test_huge_answer (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (answer_hugely, NULL);
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u", scripted_server_get_port (server));
  Fixture fixture = { .store = disp_http_store_new (url, NULL) };
  g_autoptr (GError) error = NULL;

  g_assert_true (append (&fixture, 1, 0, 2, 0, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (scripted_server_count_connections (server), ==, 2);
  g_assert_finalize_object (fixture.store);
}

static void
test_nobody_listens (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&fixture->server, scripted_server_free);
  g_assert_false (append (fixture, 1, 0, 0, 0, &error));
  check_failed (error, "Connection refused");
}

/* The connection that was kept is gone for certain when the next post looks for one. */
static void
test_server_goes_away (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (append (fixture, 1, 0, 2, 0, &error));
  g_clear_pointer (&fixture->server, scripted_server_free);
  g_assert_false (append (fixture, 1, 0, 0, 0, &error));
  check_failed (error, "Connection refused");
}

/* The daemon's own settings for a proxy are for others. */
static void
test_no_proxy (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (g_getenv ("http_proxy"), ==, "http://127.0.0.1:1");
  g_assert_true (append (fixture, 1, 0, 2, 0, &error));
}

static DispRequestLog *
open_log (Fixture *fixture)
{
  g_autoptr (DispClock) clock = disp_system_clock_new ();

  return disp_request_log_new (fixture->store, clock, &log_flushes_soon);
}

static void
push (DispRequestLog *log, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      disp_record_sink_push (DISP_RECORD_SINK (log), fixture_record (i, DISP_RECORD_CREATED));
      disp_record_sink_push (DISP_RECORD_SINK (log), fixture_record (i, DISP_RECORD_COMPLETED));
    }
}

/* A server that never answers holds up nothing but its records; closing the log ends the wait. */
static void
test_hangs (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const Step steps[] = { { 0, 200, SCRIPTED_KEEP }, { 1, 0, SCRIPTED_HANG } };
  DispRequestLog *log;
  gint64 before = g_get_monotonic_time ();

  set_steps (fixture, steps, G_N_ELEMENTS (steps));
  log = open_log (fixture);
  push (log, 2);
  lock (fixture);
  while (scripted_server_count_requests (fixture->server) < 2)
    {
      DISP_TSAN_RELEASE (&fixture->lock);
      g_cond_wait (&fixture->asked, &fixture->lock);
      DISP_TSAN_ACQUIRE (&fixture->lock);
    }
  unlock (fixture);
  g_assert_cmpuint (disp_request_log_close (log, 10 * G_TIME_SPAN_MILLISECOND), ==, 3);
  g_assert_cmpint (g_get_monotonic_time () - before, <, 4 * G_TIME_SPAN_SECOND);
  g_assert_finalize_object (log);
  check_answered (fixture, "0:0");
}

/* On the thread of the log, with failures of every kind on the way: each state arrives once. */
static void
test_recovers (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const Step steps[] = { { 0, 500, SCRIPTED_KEEP },   { 1, 200, SCRIPTED_KEEP },
                                { 50, 0, SCRIPTED_RESET },   { 51, 200, SCRIPTED_KEEP },
                                { 90, 503, SCRIPTED_CLOSE }, { 91, 429, SCRIPTED_KEEP },
                                { 92, 200, SCRIPTED_KEEP } };
  DispRecordSinkValues values;
  DispRequestLog *log;

  set_steps (fixture, steps, G_N_ELEMENTS (steps));
  log = open_log (fixture);
  push (log, 100);
  g_assert_cmpuint (disp_request_log_close (log, PATIENT), ==, 0);
  disp_record_sink_read (DISP_RECORD_SINK (log), &values);
  g_assert_cmpuint (values.stored, ==, 200);
  g_assert_finalize_object (log);
  check_all_answered (fixture, 100);
}

static void
test_url (void)
{
  static const char *const good[][2] = {
    { "http://store:5002", "http://store:5002/requests" },
    { "http://store:5002/", "http://store:5002/requests" },
    { "https://[::1]/a/b//", "https://[::1]/a/b/requests" },
  };
  static const char *const bad[] = { "",
                                     "/",
                                     "store",
                                     "store:5002",
                                     "ftp://store",
                                     "sqlite:/a/b",
                                     "http://",
                                     "http:///requests",
                                     "http://store:99999",
                                     "http://me@store",
                                     "http://store/?a=b",
                                     "http://store/#a",
                                     "http://st ore/",
                                     "http://store%0d%0a/",
                                     "http://store:0" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DispStore) store = disp_http_store_new (good[i][0], &error);

      g_assert_no_error (error);
      g_assert_cmpstr (disp_store_describe (store), ==, good[i][1]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DispStore) store = disp_http_store_new (bad[i], &error);

      if (store != NULL)
        g_test_fail_printf ("\"%s\" was accepted", bad[i]);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_nonnull (strstr (error->message, "expected http://HOST"));
    }
}

int
main (int argc, char **argv)
{
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (count_warnings, NULL, NULL);

#define ADD(name, data, test)                                                                      \
  g_test_add ("/records/http-store/" name, Fixture, GUINT_TO_POINTER (data), set_up, test,         \
              tear_down)
  ADD ("in-order-on-one-connection", 0, test_in_order);
  ADD ("any-2xx-is-stored", 0, test_created_status);
  ADD ("fails/500", 500, test_fails);
  ADD ("fails/503", 503, test_fails);
  ADD ("fails/408", 408, test_fails);
  ADD ("fails/429", 429, test_fails);
  ADD ("fails/302", 302, test_fails);
  ADD ("refuses/400", 400, test_refuses);
  ADD ("refuses/401", 401, test_refuses);
  ADD ("refuses/404", 404, test_refuses);
  ADD ("refuses/422", 422, test_refuses);
  ADD ("resets", 0, test_resets);
  ADD ("stale-connection/closed", SCRIPTED_CLOSE, test_stale_connection);
  ADD ("stale-connection/reset", SCRIPTED_RESET, test_stale_connection);
  ADD ("resent-once", 0, test_resent_once);
  ADD ("closes-always", 0, test_closes_always);
  ADD ("nobody-listens", 0, test_nobody_listens);
  ADD ("server-goes-away", 0, test_server_goes_away);
  ADD ("no-proxy", 0, test_no_proxy);
  ADD ("hangs", 0, test_hangs);
  ADD ("recovers-in-log", 0, test_recovers);
#undef ADD
  g_test_add_func ("/records/http-store/huge-answer", test_huge_answer);
  g_test_add_func ("/records/http-store/url", test_url);
  return g_test_run ();
}
