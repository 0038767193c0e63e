/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/manager-source.h"

#include "core/backoff.h"
#include "core/error.h"
#include "sources/source-log.h"
#include "support/fake-clock.h"
#include "support/scripted-server.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#define INTERVAL (5 * G_USEC_PER_SEC)
#define SEED 7

/* How a question is answered. */
typedef enum
{
  GOOD,
  EMPTY, /* a valid list of nothing */
  STATUS_500,
  GARBAGE,
  OTHER_TYPE, /* JSON, but no list */
  HALF,
  REDIRECT,
  HANG,
  WAIT, /* good, but only when the test says so */
  N_MOODS,
} Mood;

/* A Containers Manager at "/base" and a source that asks it. */
typedef struct
{
  atomic_int models;        /* (atomic) a Mood */
  atomic_int containers;    /* (atomic) a Mood */
  atomic_uint n_containers; /* (atomic) of a good answer */
  atomic_uint n_rounds;     /* (atomic) how often the models were asked for */
  sem_t go;                 /* posted for each WAIT */
  ScriptedServer *server;   /* (owned) */
  char *url;                /* (owned) */
  FakeClock *clock;         /* (owned) */
  GRand *random;            /* (owned) in the state in which the source got it */
  DispSource *source;       /* (owned) (nullable) */
  SourceLog *log;           /* (owned) (nullable) of the source */
} Fixture;

static char *
write_containers (guint n_containers)
{
  GString *text = g_string_new ("[");

  for (guint i = 0; i < n_containers; i++)
    g_string_append_printf (text,
                            "%s{\"model\":\"all\",\"version\":1,\"container\":\"gpu-%u\","
                            "\"container_id\":null,\"active\":true,\"device\":1,"
                            "\"node\":\"127.0.0.1\",\"port\":%u,"
                            "\"endpoint\":\"http://127.0.0.1:%u\",\"quota\":1}",
                            i > 0 ? "," : "", i, 8500 + i, 8500 + i);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static ScriptedAction
answer_in_mood (Mood mood, const char *good, GString *answer)
{
  switch (mood)
    {
    case EMPTY:
      scripted_append_json (answer, 200, "[]");
      return SCRIPTED_KEEP;
    case STATUS_500:
      scripted_append_json (answer, 500, "[]");
      return SCRIPTED_KEEP;
    case GARBAGE:
      scripted_append_json (answer, 200, "<html>starting</html>");
      return SCRIPTED_KEEP;
    case OTHER_TYPE:
      scripted_append_json (answer, 200, "{\"status\":\"running\"}");
      return SCRIPTED_KEEP;
    case HALF:
      scripted_append_json (answer, 200, good);
      g_string_truncate (answer, answer->len - 1);
      return SCRIPTED_CLOSE;
    case REDIRECT:
      g_string_append (answer, "HTTP/1.1 302 Away\r\nLocation: /good\r\n\r\n");
      return SCRIPTED_CLOSE;
    case HANG:
      return SCRIPTED_HANG;
    default:
      scripted_append_json (answer, 200, good);
      return SCRIPTED_KEEP;
    }
}

static ScriptedAction
answer (const ScriptedRequest *request, GString *text, gpointer user_data)
{
  Fixture *fixture = user_data;
  gboolean models = g_str_has_prefix (request->head, "GET /base/models HTTP/1.1\r\n");
  g_autofree char *containers = write_containers (atomic_load (&fixture->n_containers));
  Mood mood = atomic_load (models ? &fixture->models : &fixture->containers);

  if (models)
    atomic_fetch_add (&fixture->n_rounds, 1);
  else
    g_assert_true (g_str_has_prefix (request->head, "GET /base/containers HTTP/1.1\r\n"));
  g_main_context_wakeup (NULL);
  if (mood == WAIT)
    while (sem_wait (&fixture->go) != 0)
      ;
  return answer_in_mood (
      mood, models ? "[{\"name\":\"half_plus_two\",\"version\":1,\"sla\":1000}]" : containers,
      text);
}

static void
set_moods (Fixture *fixture, Mood models, Mood containers)
{
  atomic_store (&fixture->models, models);
  atomic_store (&fixture->containers, containers);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  atomic_store (&fixture->n_containers, 2);
  sem_init (&fixture->go, 0, 0);
  fixture->server = scripted_server_new (answer, fixture);
  fixture->url = g_strdup_printf ("http://127.0.0.1:%u/base",
                                  scripted_server_get_port (fixture->server));
  fixture->clock = fake_clock_new ();
  fixture->random = g_rand_new_with_seed (SEED);
  fixture->source = disp_manager_source_new (fixture->url, INTERVAL, DISP_CLOCK (fixture->clock),
                                             fixture->random, &error);
  g_assert_no_error (error);
  fixture->log = source_log_new (fixture->source);
}

static void
drop_source (Fixture *fixture)
{
  gpointer witness = fixture->source;

  disp_source_stop (fixture->source);
  disp_source_stop (fixture->source);
  g_object_add_weak_pointer (witness, &witness);
  g_clear_pointer (&fixture->log, source_log_free);
  g_clear_object (&fixture->source);
  g_assert_null (witness);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  if (fixture->source != NULL)
    drop_source (fixture);
  for (guint i = 0; i < 16; i++)
    sem_post (&fixture->go);
  scripted_server_free (fixture->server);
  /* what was cancelled says so, and lets go of what it held */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (fixture->clock);
  g_rand_free (fixture->random);
  g_free (fixture->url);
  sem_destroy (&fixture->go);
}

static void
start (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_source_start (fixture->source, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
}

static void
wait_for_requests (Fixture *fixture, guint n_requests)
{
  while (scripted_server_count_requests (fixture->server) < n_requests)
    wait_for_event ();
  g_assert_cmpuint (scripted_server_count_requests (fixture->server), ==, n_requests);
}

/* Nothing is asked within @microseconds from now, and something right after. */
static void
expect_round_in (Fixture *fixture, gint64 microseconds)
{
  guint n_rounds = atomic_load (&fixture->n_rounds);

  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
  fake_clock_advance (fixture->clock, microseconds - 1);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
  g_assert_cmpuint (atomic_load (&fixture->n_rounds), ==, n_rounds);
  fake_clock_advance (fixture->clock, 1);
}

static void
expect_containers (Fixture *fixture, guint n_containers)
{
  g_autoptr (DispFleet) fleet = source_log_take_fleet (fixture->log);

  g_assert_cmpuint (count_containers (fleet), ==, n_containers);
}

static void
expect_failed (Fixture *fixture, int code, const char *message)
{
  g_autoptr (GError) error = source_log_take_failed (fixture->log);

  g_assert_error (error, DISP_ERROR, code);
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, fixture->url));
  assert_contains (error->message, message);
}

static DispStats *
stats_of_first (DispFleet *fleet)
{
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);

  g_assert_cmpuint (n_containers, >, 0);
  return containers[0]->stats;
}

static void
test_reads (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *description = g_strconcat ("containers-manager ", fixture->url, NULL);
  g_autoptr (DispFleet) fleet = NULL;
  DispModel *const *models;
  guint n_models;

  g_assert_cmpstr (disp_source_describe (fixture->source), ==, description);
  start (fixture);
  fleet = source_log_take_fleet (fixture->log);
  g_assert_cmpuint (count_containers (fleet), ==, 2);
  models = disp_fleet_get_models (fleet, &n_models);
  g_assert_cmpuint (n_models, ==, 1);
  g_assert_cmpstr (models[0]->name, ==, "half_plus_two");
  g_assert_cmpuint (scripted_server_count_requests (fixture->server), ==, 2);
}

static void
test_interval (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  start (fixture);
  expect_containers (fixture, 2);
  for (guint n_containers = 3; n_containers < 6; n_containers++)
    {
      atomic_store (&fixture->n_containers, n_containers);
      expect_round_in (fixture, INTERVAL);
      expect_containers (fixture, n_containers);
    }
}

/* The interval counts from the end of the round before. */
static void
test_interval_after_slow_round (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  set_moods (fixture, WAIT, WAIT);
  start (fixture);
  wait_for_requests (fixture, 2);
  fake_clock_advance (fixture->clock, INTERVAL - 1);
  sem_post (&fixture->go);
  sem_post (&fixture->go);
  expect_containers (fixture, 2);
  set_moods (fixture, GOOD, GOOD);
  expect_round_in (fixture, INTERVAL);
  expect_containers (fixture, 2);
}

static void
test_counters (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) first = NULL;
  g_autoptr (DispFleet) second = NULL;

  start (fixture);
  first = source_log_take_fleet (fixture->log);
  set_moods (fixture, GOOD, STATUS_500);
  disp_source_refresh (fixture->source);
  expect_failed (fixture, DISP_ERROR_FAILED, "500");
  set_moods (fixture, GOOD, GOOD);
  disp_source_refresh (fixture->source);
  second = source_log_take_fleet (fixture->log);
  g_assert_true (first != second);
  g_assert_true (stats_of_first (first) == stats_of_first (second));
}

/* Also from one source to another. */
static void
test_inherit (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) first = NULL;
  g_autoptr (DispFleet) second = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autoptr (DispSource) other = disp_manager_source_new (
      fixture->url, INTERVAL, DISP_CLOCK (fixture->clock), random, NULL);
  g_autoptr (SourceLog) log = source_log_new (other);

  start (fixture);
  first = source_log_take_fleet (fixture->log);
  disp_source_inherit (other, first);
  g_assert_true (disp_source_start (other, NULL));
  second = source_log_take_fleet (log);
  g_assert_true (stats_of_first (first) == stats_of_first (second));
  disp_source_stop (other);
}

/* A list of nothing is an answer like any other. */
static void
test_empty (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  start (fixture);
  expect_containers (fixture, 2);
  set_moods (fixture, EMPTY, EMPTY);
  expect_round_in (fixture, INTERVAL);
  expect_containers (fixture, 0);
}

typedef struct
{
  const char *name;
  Mood mood;
  int code;
  const char *message; /* what the error says */
} Failure;

static const Failure failures[] = {
  { "status-500", STATUS_500, DISP_ERROR_FAILED, "answered 500" },
  { "garbage", GARBAGE, DISP_ERROR_INVALID_DOCUMENT, "expected" },
  { "other-type", OTHER_TYPE, DISP_ERROR_INVALID_DOCUMENT, "expected" },
  { "half", HALF, DISP_ERROR_FAILED, "ended after" },
  { "redirect", REDIRECT, DISP_ERROR_FAILED, "answered 302" },
};

/* Whichever of the two answers is wrong, however the other is, there is one failure and no fleet.
 */
static void
test_failure (Fixture *fixture, gconstpointer data)
{
  const Failure *failure = data;
  const Mood others[] = { GOOD, EMPTY, HANG };

  start (fixture);
  expect_containers (fixture, 2);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      set_moods (fixture, failure->mood, others[i]);
      disp_source_refresh (fixture->source);
      expect_failed (fixture, failure->code, "/models: ");
      set_moods (fixture, others[i], failure->mood);
      disp_source_refresh (fixture->source);
      expect_failed (fixture, failure->code, "/containers: ");
    }
  set_moods (fixture, failure->mood, failure->mood);
  disp_source_refresh (fixture->source);
  expect_failed (fixture, failure->code, failure->message);
  set_moods (fixture, GOOD, GOOD);
  disp_source_refresh (fixture->source);
  expect_containers (fixture, 2);
}

static void
test_refused (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  scripted_server_free (g_steal_pointer (&fixture->server));
  start (fixture);
  expect_failed (fixture, DISP_ERROR_FAILED, "Connection refused");
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  expect_failed (fixture, DISP_ERROR_FAILED, "Connection refused");
  fixture->server = scripted_server_new (answer, fixture);
}

static void
test_deadline (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  set_moods (fixture, GOOD, HANG);
  start (fixture);
  wait_for_requests (fixture, 2);
  fake_clock_advance (fixture->clock, INTERVAL - 1);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
  fake_clock_advance (fixture->clock, 1);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 1);
  expect_failed (fixture, DISP_ERROR_DEADLINE, "within 5000 ms");
  set_moods (fixture, GOOD, GOOD);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  expect_containers (fixture, 2);
}

typedef struct
{
  gint64 interval;
  gint64 deadline;
} Deadline;

/* A round has between 2 and 10 seconds, whatever the interval. */
static void
test_deadline_bounds (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  const Deadline rows[] = {
    { 1, 2 * G_USEC_PER_SEC },
    { 3 * G_USEC_PER_SEC, 3 * G_USEC_PER_SEC },
    { 1000 * G_USEC_PER_SEC, 10 * G_USEC_PER_SEC },
  };

  set_moods (fixture, HANG, HANG);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      drop_source (fixture);
      fixture->source = disp_manager_source_new (
          fixture->url, rows[i].interval, DISP_CLOCK (fixture->clock), fixture->random, &error);
      g_assert_no_error (error);
      fixture->log = source_log_new (fixture->source);
      start (fixture);
      fake_clock_advance (fixture->clock, rows[i].deadline - 1);
      g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
      fake_clock_advance (fixture->clock, 1);
      expect_failed (fixture, DISP_ERROR_DEADLINE, "no whole answer");
      g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
    }
}

static void
test_backoff (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispBackoff mirror;

  disp_backoff_init (&mirror, G_USEC_PER_SEC, 30 * G_USEC_PER_SEC);
  set_moods (fixture, STATUS_500, GOOD);
  start (fixture);
  for (guint i = 0; i < 8; i++)
    {
      gint64 wait = disp_backoff_next (&mirror, fixture->random);
      gint64 longest = MIN (1 << i, 30) * G_USEC_PER_SEC;

      g_assert_cmpint (wait, >=, longest / 2);
      g_assert_cmpint (wait, <=, longest);
      expect_failed (fixture, DISP_ERROR_FAILED, "500");
      g_assert_cmpuint (atomic_load (&fixture->n_rounds), ==, i + 1);
      expect_round_in (fixture, wait);
    }
  expect_failed (fixture, DISP_ERROR_FAILED, "500");

  set_moods (fixture, GOOD, GOOD);
  disp_source_refresh (fixture->source);
  expect_containers (fixture, 2);
  set_moods (fixture, STATUS_500, GOOD);
  expect_round_in (fixture, INTERVAL);
  expect_failed (fixture, DISP_ERROR_FAILED, "500");
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  expect_failed (fixture, DISP_ERROR_FAILED, "500");
}

/* However often one asks meanwhile, one round follows. */
static void
test_refresh_during_round (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  set_moods (fixture, WAIT, WAIT);
  start (fixture);
  wait_for_requests (fixture, 2);
  disp_source_refresh (fixture->source);
  disp_source_refresh (fixture->source);
  atomic_store (&fixture->n_containers, 3);
  set_moods (fixture, GOOD, GOOD);
  sem_post (&fixture->go);
  sem_post (&fixture->go);
  expect_containers (fixture, 2);
  expect_containers (fixture, 3);
  expect_round_in (fixture, INTERVAL);
  expect_containers (fixture, 3);
  g_assert_cmpuint (scripted_server_count_requests (fixture->server), ==, 6);
}

static void
test_refresh_after_failure (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  set_moods (fixture, WAIT, GARBAGE);
  start (fixture);
  disp_source_refresh (fixture->source); /* while the first round runs */
  expect_failed (fixture, DISP_ERROR_INVALID_DOCUMENT, "/containers: ");
  set_moods (fixture, GOOD, GOOD);
  expect_containers (fixture, 2);
}

static void
test_stop_in_round (Fixture *fixture, gconstpointer mood)
{
  set_moods (fixture, GPOINTER_TO_INT (mood), GPOINTER_TO_INT (mood));
  start (fixture);
  wait_for_requests (fixture, 2);
  disp_source_stop (fixture->source);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  disp_source_refresh (fixture->source);
  fake_clock_advance (fixture->clock, 1000 * G_USEC_PER_SEC);
  sem_post (&fixture->go);
  sem_post (&fixture->go);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
  g_assert_cmpuint (scripted_server_count_requests (fixture->server), ==, 2);
  drop_source (fixture);
}

static void
test_start_again (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  start (fixture);
  disp_source_stop (fixture->source);
  start (fixture);
  expect_containers (fixture, 2);
  expect_round_in (fixture, INTERVAL);
  expect_containers (fixture, 2);
}

static void
drop_in_signal (DispSource *source, G_GNUC_UNUSED gpointer what, gpointer user_data)
{
  DispSource **held = user_data;

  g_assert_true (source == *held);
  g_clear_object (held);
}

/* @data is the signal in which the last reference is dropped. */
static void
test_dropped_in_signal (Fixture *fixture, gconstpointer data)
{
  gpointer witness = fixture->source;

  set_moods (fixture, g_str_equal (data, "fleet") ? GOOD : STATUS_500, GOOD);
  g_clear_pointer (&fixture->log, source_log_free);
  g_assert_true (disp_source_start (fixture->source, NULL));
  g_object_add_weak_pointer (witness, &witness);
  g_signal_connect (fixture->source, data, G_CALLBACK (drop_in_signal), &fixture->source);
  while (witness != NULL)
    wait_for_event ();
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

typedef struct
{
  const char *url;
  const char *description; /* (nullable) NULL when it is refused */
} Url;

static const Url urls[] = {
  { "http://127.0.0.1:5001", "containers-manager http://127.0.0.1:5001" },
  { "http://127.0.0.1:5001/", "containers-manager http://127.0.0.1:5001" },
  { "HTTP://manager.example/a/b//", "containers-manager http://manager.example/a/b" },
  { "https://[::1]:5001", "containers-manager https://[::1]:5001" },
  { "", NULL },
  { "127.0.0.1:5001", NULL },
  { "localhost:5001", NULL },
  { "/models", NULL },
  { "http:", NULL },
  { "http://", NULL },
  { "http://:5001", NULL },
  { "http://h:0", NULL },
  { "http://h:65536", NULL },
  { "http://h:port", NULL },
  { "ftp://h", NULL },
  { "file:///etc/passwd", NULL },
  { "http://user:secret@h", NULL },
  { "http://h/?all", NULL },
  { "http://h/#all", NULL },
};

static void
test_urls (void)
{
  g_autoptr (FakeClock) clock = fake_clock_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DispSource) source = disp_manager_source_new (urls[i].url, INTERVAL,
                                                               DISP_CLOCK (clock), random, &error);

      g_test_message ("%s", urls[i].url);
      if (urls[i].description != NULL)
        {
          g_assert_no_error (error);
          g_assert_cmpstr (disp_source_describe (source), ==, urls[i].description);
          continue;
        }
      g_assert_null (source);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      assert_contains (error->message, urls[i].url);
      assert_contains (error->message, "expected http://HOST[:PORT]");
    }
}

static void
add (const char *name, gconstpointer data, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_autofree char *path = g_strconcat ("/sources/manager-source/", name, NULL);

  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sources/manager-source/urls", test_urls);
  add ("reads", NULL, test_reads);
  add ("interval", NULL, test_interval);
  add ("interval-after-slow-round", NULL, test_interval_after_slow_round);
  add ("counters", NULL, test_counters);
  add ("inherit", NULL, test_inherit);
  add ("empty", NULL, test_empty);
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    add (failures[i].name, &failures[i], test_failure);
  add ("refused", NULL, test_refused);
  add ("deadline", NULL, test_deadline);
  add ("deadline-bounds", NULL, test_deadline_bounds);
  add ("backoff", NULL, test_backoff);
  add ("refresh-during-round", NULL, test_refresh_during_round);
  add ("refresh-after-failure", NULL, test_refresh_after_failure);
  add ("stop-while-hanging", GINT_TO_POINTER (HANG), test_stop_in_round);
  add ("stop-while-waiting", GINT_TO_POINTER (WAIT), test_stop_in_round);
  add ("start-again", NULL, test_start_again);
  add ("dropped-in-fleet", "fleet", test_dropped_in_signal);
  add ("dropped-in-failed", "failed", test_dropped_in_signal);
  return g_test_run ();
}
