/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/http-poster.h"

#include "core/error.h"
#include "records/fake-remote.h"
#include "records/fixture.h"
#include "support/fake-clock.h"
#include "wire/record-document.h"

#include <string.h>

#define N_CONNECTIONS 4

typedef struct
{
  FakeRemote *remote;
  FakeClock *clock;
  DispHttpPoster *poster;
} Fixture;

/* What became of a post. */
typedef struct
{
  gboolean done;
  guint status; /* 0 = there was no answer */
  char *text;   /* (owned) (nullable) */
  gint64 retry_after;
  GError *error; /* (owned) (nullable) */
} Outcome;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->remote = fake_remote_new ();
  fixture->clock = fake_clock_new ();
  fixture->poster = disp_http_poster_new (fake_remote_get_address (fixture->remote),
                                          DISP_CLOCK (fixture->clock), N_CONNECTIONS, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->poster);
  g_assert_finalize_object (fixture->clock);
  g_clear_pointer (&fixture->remote, fake_remote_free);
}

static void
on_posted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;
  g_autoptr (DispPostAnswer) answer = disp_http_poster_post_finish (DISP_HTTP_POSTER (source),
                                                                    result, &outcome->error);

  g_assert_false (outcome->done);
  g_assert_cmpint (answer != NULL, ==, outcome->error == NULL);
  outcome->done = TRUE;
  if (answer == NULL)
    return;
  outcome->status = answer->status;
  outcome->retry_after = answer->retry_after;
  outcome->text = g_strdup (answer->text);
}

static void
outcome_clear (Outcome *outcome)
{
  g_clear_error (&outcome->error);
  g_free (outcome->text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
begin (Fixture *fixture, guint number, GCancellable *cancellable, Outcome *outcome)
{
  g_autoptr (DispRecord) record = fixture_record (number, DISP_RECORD_CREATED);
  g_auto (DispJsonWriter) writer = { 0 };
  g_autoptr (GBytes) body = NULL;

  disp_json_writer_init (&writer);
  disp_record_document_write (&writer, NULL, record);
  body = disp_json_writer_steal_bytes (&writer);
  disp_http_poster_post_async (fixture->poster, body, cancellable, on_posted, outcome);
  g_assert_false (outcome->done);
}

static void
wait_for (Outcome *outcome)
{
  while (!outcome->done)
    g_main_context_iteration (NULL, TRUE);
}

static void
post (Fixture *fixture, guint number, Outcome *outcome)
{
  begin (fixture, number, NULL, outcome);
  wait_for (outcome);
}

static void
post_well (Fixture *fixture, guint number)
{
  g_auto (Outcome) outcome = { 0 };

  post (fixture, number, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (outcome.status, ==, 200);
}

static void
post_badly (Fixture *fixture, guint number, const char *words)
{
  g_auto (Outcome) outcome = { 0 };

  post (fixture, number, &outcome);
  g_assert_error (outcome.error, DISP_ERROR, DISP_ERROR_STORE);
  g_test_message ("%s", outcome.error->message);
  g_assert_nonnull (strstr (outcome.error->message, "cannot post"));
  g_assert_nonnull (strstr (outcome.error->message, words));
  g_assert_nonnull (strstr (outcome.error->message, "http://127.0.0.1:"));
}

static void
test_keeps_connection (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 50; i++)
    post_well (fixture, i);
  fake_remote_check_each_once (fixture->remote, 50, "0");
  g_assert_cmpuint (fake_remote_count_connections (fixture->remote), ==, 1);
}

/* As many at once as there are connections, and the others after them. */
static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  Outcome outcomes[100] = { 0 };

  fake_remote_hold (fixture->remote, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    begin (fixture, i, NULL, &outcomes[i]);
  while (fake_remote_count_posts (fixture->remote) < N_CONNECTIONS)
    g_main_context_iteration (NULL, FALSE);
  fake_remote_hold (fixture->remote, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      wait_for (&outcomes[i]);
      g_assert_cmpuint (outcomes[i].status, ==, 200);
      outcome_clear (&outcomes[i]);
    }
  fake_remote_check_each_once (fixture->remote, 100, "0");
  g_assert_cmpuint (fake_remote_get_most (fixture->remote), ==, N_CONNECTIONS);
  g_assert_cmpuint (fake_remote_count_connections (fixture->remote), ==, N_CONNECTIONS);
}

static void
test_answer (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep steps[] = { { 0, 429, SCRIPTED_KEEP, "Retry-After: 7\r\n" },
                                      { 1, 302, SCRIPTED_KEEP, "Location: /elsewhere\r\n" },
                                      { 2, 401, SCRIPTED_KEEP, "WWW-Authenticate: Basic\r\n" } };

  fake_remote_set_steps (fixture->remote, steps, G_N_ELEMENTS (steps));
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_auto (Outcome) outcome = { 0 };

      post (fixture, i, &outcome);
      g_assert_no_error (outcome.error);
      g_assert_cmpuint (outcome.status, ==, steps[i].status);
      g_assert_cmpstr (outcome.text, ==, "{\"an\":\"answer\"}");
      g_assert_cmpint (outcome.retry_after, ==, i == 0 ? 7 * G_USEC_PER_SEC : 0);
    }
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, G_N_ELEMENTS (steps));
  g_assert_cmpuint (fake_remote_count_connections (fixture->remote), ==, 1);
}

static void
test_resets (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep steps[] = { { 0, 0, SCRIPTED_RESET, NULL },
                                      { 1, 200, SCRIPTED_KEEP, NULL } };

  fake_remote_set_steps (fixture->remote, steps, G_N_ELEMENTS (steps));
  post_badly (fixture, 0, "Connection reset");
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 1);
  post_well (fixture, 0);
}

/* A connection that the server gave up between two posts costs a post more, but no failure. */
static void
test_stale_connection (Fixture *fixture, gconstpointer data)
{
  const RemoteStep steps[] = { { 0, 200, SCRIPTED_KEEP, NULL },
                               { 1, 0, GPOINTER_TO_INT (data), NULL },
                               { 2, 200, SCRIPTED_KEEP, NULL } };

  fake_remote_set_steps (fixture->remote, steps, G_N_ELEMENTS (steps));
  for (guint i = 0; i < 3; i++)
    post_well (fixture, i);
  fake_remote_check_accepted (fixture->remote, "0:0 1:0 2:0");
  g_assert_cmpuint (fake_remote_count_connections (fixture->remote), ==, 2);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 4);
}

/* It is posted once more, not again and again. */
static void
test_resent_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep steps[] = { { 0, 200, SCRIPTED_KEEP, NULL },
                                      { 1, 0, SCRIPTED_CLOSE, NULL } };

  fake_remote_set_steps (fixture->remote, steps, G_N_ELEMENTS (steps));
  post_well (fixture, 0);
  post_badly (fixture, 1, "cannot post");
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 3);
}

static ScriptedAction
answer_half_a_head (const ScriptedRequest *request, GString *answer,
                    G_GNUC_UNUSED gpointer user_data)
{
  if (request->number == 0)
    {
      scripted_append_json (answer, 200, "{}");
      return SCRIPTED_KEEP;
    }
  g_string_append (answer, "HTTP/1.1 200 OK\r\nA");
  return SCRIPTED_CLOSE;
}

/* Once a part of an answer came the connection was not stale, and so it is not posted again. */
static void
test_cut_short (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (answer_half_a_head, NULL);
  g_autofree char *address = g_strdup_printf ("http://127.0.0.1:%u/requests",
                                              scripted_server_get_port (server));
  Fixture fixture = { .clock = fake_clock_new () };

  fixture.poster = disp_http_poster_new (address, DISP_CLOCK (fixture.clock), 1, NULL);
  post_well (&fixture, 0);
  post_badly (&fixture, 1, "cannot post");
  g_assert_cmpuint (scripted_server_count_requests (server), ==, 2);
  g_assert_finalize_object (fixture.poster);
  g_assert_finalize_object (fixture.clock);
}

/* Of the third request nothing comes back, as of one on a stale connection. */
static ScriptedAction
answer_authorized (const ScriptedRequest *request, GString *answer,
                   G_GNUC_UNUSED gpointer user_data)
{
  g_assert_nonnull (strstr (request->head, "\r\nAuthorization: Bearer a.b-c\r\n"));
  if (request->number == 2)
    return SCRIPTED_CLOSE;
  scripted_append_json (answer, 200, "{}");
  return SCRIPTED_KEEP;
}

/* The secret comes with each post, also with one that is sent again. */
static void
test_authorization (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (answer_authorized, NULL);
  g_autofree char *address = g_strdup_printf ("http://127.0.0.1:%u/requests",
                                              scripted_server_get_port (server));
  Fixture fixture = { .clock = fake_clock_new () };

  fixture.poster = disp_http_poster_new (address, DISP_CLOCK (fixture.clock), 1, NULL);
  disp_http_poster_set_authorization (fixture.poster, "Bearer a.b-c");
  for (guint i = 0; i < 4; i++)
    post_well (&fixture, i);
  g_assert_cmpuint (scripted_server_count_requests (server), ==, 5);
  g_assert_finalize_object (fixture.poster);
  g_assert_finalize_object (fixture.clock);
}

/* A server that closes after each answer costs a connection each time and nothing else. */
static void
test_closes_always (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep steps[] = { { 0, 200, SCRIPTED_CLOSE, NULL } };

  fake_remote_set_steps (fixture->remote, steps, 1);
  for (guint i = 0; i < 50; i++)
    post_well (fixture, i);
  fake_remote_check_each_once (fixture->remote, 50, "0");
}

static ScriptedAction
answer_hugely (G_GNUC_UNUSED const ScriptedRequest *request, GString *answer, gpointer user_data)
{
  g_autofree char *much = g_strnfill (GPOINTER_TO_UINT (user_data), 'x');

  g_string_append (answer, "HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n");
  g_string_append (answer, much);
  return SCRIPTED_HANG;
}

/* The head says that the record is stored: the rest of a huge answer is not waited for. */
static void
test_huge_answer (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (answer_hugely,
                                                           GUINT_TO_POINTER (6 * 1024 * 1024));
  g_autofree char *address = g_strdup_printf ("http://127.0.0.1:%u/requests",
                                              scripted_server_get_port (server));
  Fixture fixture = { .clock = fake_clock_new () };

  fixture.poster = disp_http_poster_new (address, DISP_CLOCK (fixture.clock), 1, NULL);
  for (guint i = 0; i < 3; i++)
    post_well (&fixture, i);
  g_assert_cmpuint (scripted_server_count_connections (server), ==, 3);
  g_assert_finalize_object (fixture.poster);
  g_assert_finalize_object (fixture.clock);
}

/* Nor is the rest of one that does not come. */
static void
test_slow_answer (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (answer_hugely, GUINT_TO_POINTER (10));
  g_autofree char *address = g_strdup_printf ("http://127.0.0.1:%u/requests",
                                              scripted_server_get_port (server));
  Fixture fixture = { .clock = fake_clock_new () };
  g_auto (Outcome) outcome = { 0 };

  fixture.poster = disp_http_poster_new (address, DISP_CLOCK (fixture.clock), 1, NULL);
  begin (&fixture, 0, NULL, &outcome);
  while (scripted_server_count_requests (server) == 0)
    g_main_context_iteration (NULL, TRUE);
  fake_clock_advance (fixture.clock, 31 * G_USEC_PER_SEC);
  wait_for (&outcome);
  if (outcome.error != NULL)
    g_assert_nonnull (strstr (outcome.error->message, "takes too long"));
  else
    g_assert_cmpstr (outcome.text, ==, "xxxxxxxxxx");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (fixture.poster);
  g_assert_finalize_object (fixture.clock);
}

static void
wait_for_post (Fixture *fixture, guint n)
{
  while (fake_remote_count_posts (fixture->remote) < n)
    g_main_context_iteration (NULL, FALSE);
}

static void
test_takes_too_long (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_auto (Outcome) outcome = { 0 };

  fake_remote_hold (fixture->remote, TRUE);
  begin (fixture, 0, NULL, &outcome);
  wait_for_post (fixture, 1);
  fake_clock_advance (fixture->clock, 30 * G_USEC_PER_SEC);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_false (outcome.done);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  wait_for (&outcome);
  g_assert_error (outcome.error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (outcome.error->message, "takes too long"));
}

/* Five seconds of silence are enough, by the clock of the machine. */
static void
test_hangs (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 before = g_get_monotonic_time ();

  fake_remote_hold (fixture->remote, TRUE);
  post_badly (fixture, 0, "timed out");
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 4 * G_USEC_PER_SEC);
}

/* A store that is silent may be at work: it does not get the same again on another connection. */
static void
test_hangs_when_used (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  post_well (fixture, 0);
  fake_remote_hold (fixture->remote, TRUE);
  post_badly (fixture, 1, "timed out");
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 2);
}

static void
test_cancelled (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Outcome) early = { 0 };
  g_auto (Outcome) late = { 0 };

  fake_remote_hold (fixture->remote, TRUE);
  begin (fixture, 0, cancellable, &late);
  wait_for_post (fixture, 1);
  g_cancellable_cancel (cancellable);
  begin (fixture, 1, cancellable, &early);
  wait_for (&late);
  wait_for (&early);
  g_assert_error (late.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error (early.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fake_remote_hold (fixture->remote, FALSE);
  post_well (fixture, 2);
}

/* What is on its way is not held up by that, and the next goes on another connection. */
static void
test_renewed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_auto (Outcome) outcome = { 0 };

  fake_remote_hold (fixture->remote, TRUE);
  begin (fixture, 0, NULL, &outcome);
  wait_for_post (fixture, 1);
  disp_http_poster_renew (fixture->poster);
  fake_remote_hold (fixture->remote, FALSE);
  wait_for (&outcome);
  g_assert_cmpuint (outcome.status, ==, 200);
  post_well (fixture, 1);
  g_assert_cmpuint (fake_remote_count_connections (fixture->remote), ==, 2);
}

static void
test_nobody_listens (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  /* The connection that was kept is gone for certain when the next post looks for one. */
  post_well (fixture, 0);
  g_clear_pointer (&fixture->remote, fake_remote_free);
  post_badly (fixture, 1, "Connection refused");
  post_badly (fixture, 1, "Connection refused");
}

/* The daemon's own settings for a proxy are for others. */
static void
test_no_proxy (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_cmpstr (g_getenv ("http_proxy"), ==, "http://127.0.0.1:1");
  post_well (fixture, 0);
}

int
main (int argc, char **argv)
{
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_test_init (&argc, &argv, NULL);

#define ADD(name, data, test)                                                                      \
  g_test_add ("/records/http-poster/" name, Fixture, GINT_TO_POINTER (data), set_up, test,         \
              tear_down)
  ADD ("keeps-connection", 0, test_keeps_connection);
  ADD ("many", 0, test_many);
  ADD ("answer", 0, test_answer);
  ADD ("resets", 0, test_resets);
  ADD ("stale-connection/closed", SCRIPTED_CLOSE, test_stale_connection);
  ADD ("stale-connection/reset", SCRIPTED_RESET, test_stale_connection);
  ADD ("resent-once", 0, test_resent_once);
  ADD ("closes-always", 0, test_closes_always);
  ADD ("takes-too-long", 0, test_takes_too_long);
  ADD ("hangs", 0, test_hangs);
  ADD ("hangs/when-used", 0, test_hangs_when_used);
  ADD ("cancelled", 0, test_cancelled);
  ADD ("renewed", 0, test_renewed);
  ADD ("nobody-listens", 0, test_nobody_listens);
  ADD ("no-proxy", 0, test_no_proxy);
#undef ADD
  g_test_add_func ("/records/http-poster/authorization", test_authorization);
  g_test_add_func ("/records/http-poster/cut-short", test_cut_short);
  g_test_add_func ("/records/http-poster/huge-answer", test_huge_answer);
  g_test_add_func ("/records/http-poster/slow-answer", test_slow_answer);
  return g_test_run ();
}
