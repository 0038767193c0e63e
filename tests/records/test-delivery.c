/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/delivery.h"

#include "core/error.h"
#include "records/fake-remote.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/spool-inlet.h"
#include "records/sqlite-probe.h"
#include "support/fake-clock.h"

#include <string.h>

/* How a delivery is made, and with what the remote answers at times. */
typedef struct
{
  gboolean coalesces;
  guint n_posts;
  guint status;
} Options;

static const Options one_by_one = { FALSE, 1, 0 };
static const Options many = { FALSE, 8, 0 };
static const Options coalescing = { TRUE, 8, 0 };
/* 0 = it resets the connection */
static const Options failures[] = { { FALSE, 1, 0 },   { FALSE, 1, 302 }, { FALSE, 1, 408 },
                                    { FALSE, 1, 429 }, { FALSE, 1, 500 }, { FALSE, 1, 503 },
                                    { FALSE, 1, 600 } };
static const Options refusals[]
    = { { FALSE, 8, 400 }, { FALSE, 8, 401 }, { FALSE, 8, 404 }, { FALSE, 8, 422 } };

typedef struct
{
  char *directory; /* (owned) */
  char *path;      /* (owned) */
  FakeRemote *remote;
  FakeClock *clock;
  DispSpool *spool;
  DispSpoolInlet *inlet;
  DispSpoolOutlet *outlet;
  DispDelivery *delivery;
  const Options *options;
} Fixture;

static void
open_delivery (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispHttpPoster) poster = NULL;

  fixture->outlet = disp_spool_outlet_new (fixture->spool, &error);
  g_assert_no_error (error);
  poster = disp_http_poster_new (fake_remote_get_address (fixture->remote),
                                 DISP_CLOCK (fixture->clock), fixture->options->n_posts, &error);
  g_assert_no_error (error);
  fixture->delivery = disp_delivery_new (fixture->outlet, poster, DISP_CLOCK (fixture->clock), NULL,
                                         fixture->options->coalesces, fixture->options->n_posts,
                                         NULL);
  disp_delivery_wake (fixture->delivery);
}

static void
close_delivery (Fixture *fixture)
{
  disp_delivery_abort (fixture->delivery);
  while (!disp_delivery_has_ended (fixture->delivery))
    g_main_context_iteration (NULL, TRUE);
  g_clear_pointer (&fixture->delivery, disp_delivery_free);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_pointer (&fixture->outlet, disp_spool_outlet_free);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  log_news_forget ();
  fixture->options = data;
  fixture->directory = fixture_directory ();
  fixture->path = g_build_filename (fixture->directory, "spool.db", NULL);
  fixture->remote = fake_remote_new ();
  fixture->clock = fake_clock_new ();
  fixture->spool = disp_spool_new (fixture->path, G_MAXINT64, &error);
  g_assert_no_error (error);
  fixture->inlet = disp_spool_inlet_new (fixture->spool, FALSE, FALSE, &error);
  g_assert_no_error (error);
  open_delivery (fixture);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  close_delivery (fixture);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
  g_clear_pointer (&fixture->inlet, disp_spool_inlet_free);
  g_clear_pointer (&fixture->spool, disp_spool_free);
  g_clear_pointer (&fixture->remote, fake_remote_free);
  g_free (fixture->path);
  fixture_remove_directory (fixture->directory);
}

/* Puts the records 0 to @n - 1 into the spool, in all of these states. */
static void
append (Fixture *fixture, guint first, guint n, const char *states)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (
      (GDestroyNotify) disp_record_unref);
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  for (; *states != '\0'; states++)
    for (guint i = first; i < first + n; i++)
      g_ptr_array_add (records, fixture_record (i, (DispRecordState) (*states - '0')));
  disp_spool_inlet_append (fixture->inlet, (DispRecord *const *) records->pdata, records->len,
                           &n_taken, &n_refused, &error);
  g_assert_no_error (error);
  disp_delivery_wake (fixture->delivery);
}

/* Lets everything happen that happens without the clock: then nothing is on its way but what the
 * remote holds. */
static void
settle (Fixture *fixture)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  while (disp_delivery_count_posts (fixture->delivery) != fake_remote_count_held (fixture->remote))
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_for_accepted (Fixture *fixture, guint n)
{
  while (fake_remote_count_accepted (fixture->remote) < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_for_posts (Fixture *fixture, guint n)
{
  while (fake_remote_count_posts (fixture->remote) < n)
    g_main_context_iteration (NULL, TRUE);
}

/* Moves the clock until so many letters are in the spool, but not so fast that posts would take too
 * long. */
static void
wait_for_spool (Fixture *fixture, guint64 n)
{
  while (disp_spool_count (fixture->spool) != n)
    {
      settle (fixture);
      fake_clock_advance (fixture->clock, G_USEC_PER_SEC / 10);
    }
}

static void
test_in_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append (fixture, 0, 3, "02");
  wait_for_accepted (fixture, 6);
  fake_remote_check_accepted (fixture->remote, "0:0 0:2 1:0 1:2 2:0 2:2");
  g_assert_cmpuint (fake_remote_count_connections (fixture->remote), ==, 1);
}

/* On several connections at once; the remote sees to it that no two posts are of one id. */
static void
test_at_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append (fixture, 0, 1500, "0");
  append (fixture, 0, 200, "2");
  wait_for_accepted (fixture, 20);
  fake_remote_hold (fixture->remote, TRUE);
  settle (fixture);
  g_assert_cmpuint (fake_remote_get_most (fixture->remote), ==, 8);
  fake_remote_hold (fixture->remote, FALSE);
  wait_for_accepted (fixture, 1700);
  g_assert_cmpuint (fake_remote_count_connections (fixture->remote), ==, 8);
  wait_for_spool (fixture, 0);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 1700);
}

static void
test_coalesces (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append (fixture, 0, 100, "02");
  wait_for_accepted (fixture, 100);
  fake_remote_check_each_once (fixture->remote, 100, "2");
  wait_for_spool (fixture, 0);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 100);
}

/* What is on its way is not called back. */
static void
test_coalesces_late (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_remote_hold (fixture->remote, TRUE);
  append (fixture, 0, 1, "0");
  wait_for_posts (fixture, 1);
  append (fixture, 0, 1, "12");
  settle (fixture);
  fake_remote_hold (fixture->remote, FALSE);
  wait_for_accepted (fixture, 2);
  fake_remote_check_accepted (fixture->remote, "0:0 0:2");
}

/* Delivered letters are removed together, and then nothing is left to be done. */
static void
test_removed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append (fixture, 0, 10, "0");
  wait_for_accepted (fixture, 10);
  settle (fixture);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 10);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC / 10);
  settle (fixture);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 0);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

/* A store that fails is left alone for a while, and then gets what it did not take. */
static void
test_fails (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const guint status = fixture->options->status;
  const RemoteStep steps[] = { { 0, 200, SCRIPTED_KEEP, NULL },
                               { 3, status, status == 0 ? SCRIPTED_RESET : SCRIPTED_KEEP, NULL },
                               { status == 0 ? 5 : 4, 200, SCRIPTED_KEEP, NULL } };
  guint n_failing = steps[2].from - steps[1].from;

  fake_remote_set_steps (fixture->remote, steps, G_N_ELEMENTS (steps));
  append (fixture, 0, 3, "02");
  wait_for_posts (fixture, 3 + n_failing);
  settle (fixture);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 3 + n_failing);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC / 10);
  wait_for_accepted (fixture, 5);
  settle (fixture);
  /* The one that failed has to wait a little longer than the others. */
  fake_remote_check_accepted (fixture->remote, "0:0 0:2 1:0 2:0 2:2");
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  wait_for_accepted (fixture, 6);
  fake_remote_check_each_once (fixture->remote, 3, "02");
  wait_for_spool (fixture, 0);
  /* One failure is no news. */
  g_assert_cmpuint (log_news_count (), ==, 0);
}

static void
test_retry_after (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep steps[] = { { 0, 429, SCRIPTED_KEEP, "Retry-After: 7\r\n" },
                                      { 1, 200, SCRIPTED_KEEP, NULL } };

  fake_remote_set_steps (fixture->remote, steps, G_N_ELEMENTS (steps));
  append (fixture, 0, 3, "0");
  wait_for_posts (fixture, 1);
  settle (fixture);
  fake_clock_advance (fixture->clock, 7 * G_USEC_PER_SEC - 1);
  settle (fixture);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 1);
  fake_clock_advance (fixture->clock, 1);
  wait_for_accepted (fixture, 3);
}

/* While a store is away there is a probe now and then, and one word of it in the log. */
static void
test_away (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep failing[] = { { 0, 500, SCRIPTED_KEEP, NULL } };
  static const RemoteStep well[] = { { 0, 200, SCRIPTED_KEEP, NULL } };
  g_autofree char *problem = NULL;
  g_autofree char *over = NULL;
  guint n_posts;

  fake_remote_set_steps (fixture->remote, failing, 1);
  append (fixture, 0, 50, "02");
  for (guint i = 0; i < 600; i++)
    {
      settle (fixture);
      fake_clock_advance (fixture->clock, G_USEC_PER_SEC / 10);
    }
  settle (fixture);
  n_posts = fake_remote_count_posts (fixture->remote);
  /* Up to five seconds it doubles from a tenth, then it stays there. */
  g_assert_cmpuint (n_posts, >=, 14);
  g_assert_cmpuint (n_posts, <=, 36);
  g_assert_cmpuint (fake_remote_get_most (fixture->remote), ==, 1);
  problem = disp_delivery_dup_problem (fixture->delivery);
  g_assert_nonnull (problem);
  g_assert_nonnull (strstr (problem, "answered HTTP status 500"));
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning records cannot be stored, *HTTP status 500, expected 2xx");

  fake_remote_set_steps (fixture->remote, well, 1);
  fake_clock_advance (fixture->clock, 5 * G_USEC_PER_SEC);
  wait_for_accepted (fixture, 100 - 2);
  fake_clock_advance (fixture->clock, 2 * G_USEC_PER_SEC);
  wait_for_accepted (fixture, 100);
  wait_for_spool (fixture, 0);
  fake_remote_check_each_once (fixture->remote, 50, "02");
  over = disp_delivery_dup_problem (fixture->delivery);
  g_assert_null (over);
  g_assert_cmpuint (log_news_count (), ==, 2);
  log_news_check (1, "message records are stored again in http*");
}

/* A record that is refused is offered three times, further and further apart, and is then a dead
 * letter.  The others do not wait for it. */
static void
test_refuses (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint status = fixture->options->status;
  g_autofree char *dead = g_strdup_printf ("1|0|%u|{\"an\":\"answer\"}", status);

  fake_remote_dislike (fixture->remote, 1, status);
  append (fixture, 0, 3, "0");
  wait_for_posts (fixture, 3);
  settle (fixture);
  g_assert_cmpuint (fake_remote_count_accepted (fixture->remote), ==, 2);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC - 1);
  settle (fixture);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 3);
  fake_clock_advance (fixture->clock, 1);
  wait_for_posts (fixture, 4);
  settle (fixture);
  fake_clock_advance (fixture->clock, 4 * G_USEC_PER_SEC - 1);
  settle (fixture);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 4);
  g_assert_cmpuint (disp_delivery_count_refused (fixture->delivery), ==, 0);
  fake_clock_advance (fixture->clock, 1);
  wait_for_posts (fixture, 5);
  wait_for_spool (fixture, 0);
  g_assert_cmpuint (disp_delivery_count_refused (fixture->delivery), ==, 1);
  probe_check (fixture->path,
               "SELECT CAST (substr (id, 1, 8) AS INTEGER), state, status, reason"
               " FROM dead_letters",
               dead);
  probe_check (fixture->path, "SELECT refused_at > 1000000000000000 FROM dead_letters", "1");
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning the Requests Store * refused record 00000001-* with HTTP status *");
  settle (fixture);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

/* What was merged into it is gone, and does not count. */
static void
test_refuses_merged (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_remote_dislike (fixture->remote, 0, 422);
  append (fixture, 0, 2, "02");
  wait_for_accepted (fixture, 1);
  wait_for_spool (fixture, 0);
  g_assert_cmpuint (disp_delivery_count_refused (fixture->delivery), ==, 1);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 4);
  probe_check (fixture->path, "SELECT state FROM dead_letters", "2");
}

/* Many refusals are one word in the log. */
static void
test_refuses_all (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep steps[] = { { 0, 404, SCRIPTED_KEEP, NULL } };

  fake_remote_set_steps (fixture->remote, steps, 1);
  append (fixture, 0, 100, "0");
  wait_for_spool (fixture, 0);
  g_assert_cmpuint (disp_delivery_count_refused (fixture->delivery), ==, 100);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 300);
  probe_check (fixture->path, "SELECT count(*) FROM dead_letters", "100");
  g_assert_cmpuint (log_news_count (), ==, 1);
}

/* What stands before a store may know nothing of it for a while.  That costs some records, which
 * are kept, but not all. */
static void
test_refuses_at_all (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep failing[] = { { 0, 404, SCRIPTED_KEEP, NULL } };
  static const RemoteStep well[] = { { 0, 200, SCRIPTED_KEEP, NULL } };
  g_autofree char *problem = NULL;

  fake_remote_set_steps (fixture->remote, failing, 1);
  append (fixture, 0, 150, "0");
  wait_for_spool (fixture, 50);
  for (guint i = 0; i < 600; i++)
    {
      settle (fixture);
      fake_clock_advance (fixture->clock, G_USEC_PER_SEC / 10);
    }
  settle (fixture);
  g_assert_cmpuint (disp_delivery_count_refused (fixture->delivery), ==, 100);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), <, 300 + 150 + 40);
  problem = disp_delivery_dup_problem (fixture->delivery);
  g_assert_nonnull (problem);
  g_assert_nonnull (strstr (problem, "answered HTTP status 404"));

  fake_remote_set_steps (fixture->remote, well, 1);
  wait_for_spool (fixture, 0);
  g_assert_cmpuint (fake_remote_count_accepted (fixture->remote), ==, 50);
  g_assert_cmpuint (disp_delivery_count_refused (fixture->delivery), ==, 100);
}

/* While all connections are busy there is nothing that a timer could do: it would fire on and on.
 */
static void
test_no_timer (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_remote_dislike (fixture->remote, 0, 422);
  append (fixture, 0, 1, "0");
  wait_for_posts (fixture, 1);
  settle (fixture);
  fake_remote_hold (fixture->remote, TRUE);
  append (fixture, 1, 1, "0");
  wait_for_posts (fixture, 2);
  fake_clock_advance (fixture->clock, 2 * G_USEC_PER_SEC);
  settle (fixture);
  /* That of the post which is on its way. */
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
  fake_remote_hold (fixture->remote, FALSE);
  wait_for_posts (fixture, 3);
}

/* A store may refuse by mistake. */
static void
test_refuses_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep steps[] = { { 0, 404, SCRIPTED_KEEP, NULL },
                                      { 1, 200, SCRIPTED_KEEP, NULL } };

  fake_remote_set_steps (fixture->remote, steps, G_N_ELEMENTS (steps));
  append (fixture, 0, 1, "02");
  wait_for_spool (fixture, 0);
  g_assert_cmpuint (disp_delivery_count_refused (fixture->delivery), ==, 0);
  fake_remote_check_accepted (fixture->remote, "0:0 0:2");
}

/* A store that fails at one record, always, does not fail: the others pass. */
static void
test_fails_at_one (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_posts;

  fake_remote_dislike (fixture->remote, 3, 500);
  append (fixture, 0, 20, "0");
  wait_for_spool (fixture, 1);
  g_assert_cmpuint (fake_remote_count_accepted (fixture->remote), ==, 19);
  append (fixture, 20, 20, "0");
  for (guint i = 0; i < 600; i++)
    {
      settle (fixture);
      fake_clock_advance (fixture->clock, G_USEC_PER_SEC / 10);
    }
  g_assert_cmpuint (fake_remote_count_accepted (fixture->remote), ==, 39);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 1);
  /* It is tried like a store that fails, when there is nothing else to try. */
  n_posts = fake_remote_count_posts (fixture->remote) - 39;
  g_assert_cmpuint (n_posts, >=, 5);
  g_assert_cmpuint (n_posts, <=, 40);
  fake_remote_dislike (fixture->remote, 3, 200);
  wait_for_spool (fixture, 0);
  fake_remote_check_each_once (fixture->remote, 40, "0");
}

static void
wait_for_end (Fixture *fixture)
{
  while (!disp_delivery_has_ended (fixture->delivery))
    g_main_context_iteration (NULL, TRUE);
}

static void
test_end (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append (fixture, 0, 600, "02");
  disp_delivery_end (fixture->delivery);
  wait_for_end (fixture);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 0);
  fake_remote_check_each_once (fixture->remote, 600, "02");
}

/* A store that fails has one more chance, and what it does not take stays. */
static void
test_end_while_away (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep steps[] = { { 0, 500, SCRIPTED_KEEP, NULL } };
  static const RemoteStep back[] = { { 0, 200, SCRIPTED_KEEP, NULL } };

  fake_remote_set_steps (fixture->remote, steps, 1);
  append (fixture, 0, 10, "0");
  wait_for_posts (fixture, 1);
  settle (fixture);
  disp_delivery_end (fixture->delivery);
  wait_for_end (fixture);
  g_assert_cmpuint (fake_remote_count_posts (fixture->remote), ==, 2);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 10);

  close_delivery (fixture);
  open_delivery (fixture);
  wait_for_posts (fixture, 3);
  settle (fixture);
  fake_remote_set_steps (fixture->remote, back, 1);
  disp_delivery_end (fixture->delivery);
  wait_for_end (fixture);
  /* Also the one that would have to wait because it failed. */
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 0);
  fake_remote_check_each_once (fixture->remote, 10, "0");
}

/* What has to wait is not waited for. */
static void
test_end_with_refused (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_remote_dislike (fixture->remote, 1, 422);
  append (fixture, 0, 3, "0");
  disp_delivery_end (fixture->delivery);
  wait_for_end (fixture);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 1);
  g_assert_cmpuint (fake_remote_count_accepted (fixture->remote), ==, 2);
}

static void
test_abort (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append (fixture, 0, 20, "0");
  wait_for_accepted (fixture, 5);
  fake_remote_hold (fixture->remote, TRUE);
  settle (fixture);
  disp_delivery_end (fixture->delivery);
  settle (fixture);
  g_assert_false (disp_delivery_has_ended (fixture->delivery));
  disp_delivery_abort (fixture->delivery);
  wait_for_end (fixture);
  g_assert_cmpuint (disp_spool_count (fixture->spool), >, 0);
  g_assert_cmpuint (disp_spool_count (fixture->spool), <=, 15);
}

/* The next one goes on where the last one was stopped; only what was on its way may come twice. */
static void
test_restart (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append (fixture, 0, 100, "02");
  for (guint i = 1; i <= 4; i++)
    {
      wait_for_accepted (fixture, i * 40);
      close_delivery (fixture);
      open_delivery (fixture);
    }
  wait_for_spool (fixture, 0);
  fake_remote_check_each_reached (fixture->remote, 100, '0');
  fake_remote_check_each_reached (fixture->remote, 100, '2');
  g_assert_cmpuint (fake_remote_count_accepted (fixture->remote), <=, 200 + 4 * 8);
}

/* While nothing can be removed from the spool it is said, and later it is done. */
static void
test_spool_fails (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *problem = NULL;
  g_autofree char *over = NULL;
  sqlite3 *db;

  append (fixture, 0, 10, "0");
  wait_for_accepted (fixture, 10);
  g_assert_cmpint (sqlite3_open (fixture->path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  settle (fixture);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  problem = disp_delivery_dup_problem (fixture->delivery);
  g_assert_nonnull (problem);
  g_assert_nonnull (strstr (problem, "the spool"));
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 10);
  g_assert_cmpint (sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 0);
  over = disp_delivery_dup_problem (fixture->delivery);
  g_assert_null (over);
  settle (fixture);
  fake_remote_check_each_once (fixture->remote, 10, "0");
}

static void
add (const char *name, const Options *options, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strconcat ("/records/delivery/", name, NULL);

  g_test_add (path, Fixture, options, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();

  add ("in-order", &one_by_one, test_in_order);
  add ("at-once", &many, test_at_once);
  add ("coalesces", &coalescing, test_coalesces);
  add ("coalesces/late", &coalescing, test_coalesces_late);
  add ("removed", &many, test_removed);
  add ("retry-after", &many, test_retry_after);
  add ("away", &many, test_away);
  add ("refuses/merged", &coalescing, test_refuses_merged);
  add ("refuses/all", &many, test_refuses_all);
  add ("refuses/at-all", &many, test_refuses_at_all);
  add ("refuses/once", &many, test_refuses_once);
  add ("no-timer", &one_by_one, test_no_timer);
  add ("fails-at-one", &many, test_fails_at_one);
  add ("end", &many, test_end);
  add ("end/while-away", &many, test_end_while_away);
  add ("end/with-refused", &many, test_end_with_refused);
  add ("abort", &many, test_abort);
  add ("restart", &many, test_restart);
  add ("spool-fails", &many, test_spool_fails);
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autofree char *name = g_strdup_printf ("fails/%u", failures[i].status);

      add (name, &failures[i], test_fails);
    }
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *name = g_strdup_printf ("refuses/%u", refusals[i].status);

      add (name, &refusals[i], test_refuses);
    }
  return g_test_run ();
}
