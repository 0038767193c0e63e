/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/http-store.h"

#include "core/error.h"
#include "records/fake-remote.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/sqlite-probe.h"
#include "support/watcher.h"

#include <string.h>

#define MIB (1024 * 1024)

typedef struct
{
  char *directory; /* (owned) */
  char *spool;     /* (owned) path */
  FakeRemote *remote;
  DispClock *clock;
  DispStore *store;
  DispHttpStoreSettings settings;
} Fixture;

static void
open_store (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->store = disp_http_store_new (fake_remote_get_url (fixture->remote), &fixture->settings,
                                        fixture->clock, NULL, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  log_news_forget ();
  fixture->directory = fixture_directory ();
  fixture->spool = g_build_filename (fixture->directory, "state", "spool.db", NULL);
  fixture->remote = fake_remote_new ();
  fixture->clock = disp_system_clock_new ();
  fixture->settings = (DispHttpStoreSettings){ .spool_path = fixture->spool,
                                               .spool_limit = 1024 * MIB };
  open_store (fixture);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->store);
  g_assert_finalize_object (fixture->clock);
  fake_remote_free (fixture->remote);
  g_free (fixture->spool);
  fixture_remove_directory (fixture->directory);
}

/* Puts in the records 0 to @n - 1, each as created and then as completed. */
static void
append (Fixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      fixture_append_one (fixture->store, fixture_record (i, DISP_RECORD_CREATED));
      fixture_append_one (fixture->store, fixture_record (i, DISP_RECORD_COMPLETED));
    }
}

static void
check_letters (Fixture *fixture, const char *n)
{
  probe_check (fixture->spool, "SELECT count(*) FROM letters", n);
}

static guint64
count_spooled (Fixture *fixture)
{
  DispStoreValues values;

  disp_store_read (fixture->store, &values);
  return values.spooled;
}

static void
test_delivers (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append (fixture, 100);
  fake_remote_wait_for_accepted (fixture->remote, 200);
  disp_store_close (fixture->store, PATIENT);
  fake_remote_check_each_once (fixture->remote, 100, "02");
  g_assert_cmpuint (count_spooled (fixture), ==, 0);
  g_assert_cmpuint (log_news_count (), ==, 0);
  check_letters (fixture, "0");
}

/* Closing it delivers what is there still. */
static void
test_closed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append (fixture, 50);
  disp_store_close (fixture->store, PATIENT);
  fake_remote_check_each_once (fixture->remote, 50, "02");
  check_letters (fixture, "0");
  disp_store_close (fixture->store, PATIENT);
}

static void
test_coalesces (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep failing[] = { { 0, 500, SCRIPTED_KEEP, NULL } };
  static const RemoteStep well[] = { { 0, 200, SCRIPTED_KEEP, NULL } };

  g_assert_finalize_object (fixture->store);
  fixture->settings.coalesces = TRUE;
  fake_remote_set_steps (fixture->remote, failing, 1);
  open_store (fixture);
  append (fixture, 20);
  fake_remote_wait_for_posts (fixture->remote, 3);
  fake_remote_set_steps (fixture->remote, well, 1);
  fake_remote_wait_for_accepted (fixture->remote, 20);
  disp_store_close (fixture->store, PATIENT);
  fake_remote_check_each_once (fixture->remote, 20, "2");
  check_letters (fixture, "0");
}

/* What hangs holds up nothing but itself, and it is there after the next start. */
static void
test_hangs (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 before = g_get_monotonic_time ();

  fake_remote_hold (fixture->remote, TRUE);
  append (fixture, 20);
  fake_remote_wait_for_posts (fixture->remote, 1);
  disp_store_close (fixture->store, 10 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpint (g_get_monotonic_time () - before, <, 4 * G_TIME_SPAN_SECOND);
  g_assert_cmpuint (count_spooled (fixture), ==, 40);
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "message 40 records were not delivered to http*requests; they are in *");
  g_assert_finalize_object (fixture->store);
  check_letters (fixture, "40");

  fake_remote_hold (fixture->remote, FALSE);
  open_store (fixture);
  g_assert_cmpuint (count_spooled (fixture), <=, 40);
  disp_store_close (fixture->store, PATIENT);
  fake_remote_check_each_reached (fixture->remote, 20, '0');
  fake_remote_check_each_reached (fixture->remote, 20, '2');
  check_letters (fixture, "0");
}

/* To be closed without patience is to be stopped. */
static void
test_impatient (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_remote_hold (fixture->remote, TRUE);
  append (fixture, 2);
  disp_store_close (fixture->store, 0);
  check_letters (fixture, "4");
}

/* Records are taken while nobody listens, which is said; closing it does not wait then. */
static void
test_away (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 before = g_get_monotonic_time ();
  Watcher watcher;
  char *problem;

  watcher_init (&watcher, NULL);
  g_assert_finalize_object (fixture->store);
  fake_remote_free (g_steal_pointer (&fixture->remote));
  fixture->store = disp_http_store_new ("http://127.0.0.1:1", &fixture->settings, fixture->clock,
                                        watcher.notice, NULL);
  append (fixture, 10);
  while ((problem = disp_store_dup_problem (fixture->store)) == NULL)
    g_thread_yield ();
  g_assert_nonnull (strstr (problem, "Connection refused"));
  g_free (problem);
  /* It is touched just after that can be asked for. */
  while (watcher.n_calls == 0)
    g_main_context_iteration (NULL, TRUE);
  watcher_clear (&watcher);
  disp_store_close (fixture->store, PATIENT);
  g_assert_cmpint (g_get_monotonic_time () - before, <, PATIENT / 2);
  check_letters (fixture, "20");

  /* It may have another address by the next start. */
  g_assert_finalize_object (fixture->store);
  fixture->remote = fake_remote_new ();
  open_store (fixture);
  disp_store_close (fixture->store, PATIENT);
  fake_remote_check_each_once (fixture->remote, 10, "02");
}

static void
test_refused (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispStoreValues values;

  fake_remote_dislike (fixture->remote, 1, 422);
  fixture_append_some (fixture->store, 0, 3);
  /* It is offered three times. */
  fake_remote_wait_for_posts (fixture->remote, 2 + 3);
  do
    {
      g_thread_yield ();
      disp_store_read (fixture->store, &values);
    }
  while (values.refused < 1 || values.spooled > 0);
  g_assert_cmpuint (values.refused, ==, 1);
  g_assert_cmpuint (fake_remote_count_accepted (fixture->remote), ==, 2);
  probe_check (fixture->spool, "SELECT count(*) FROM dead_letters", "1");
}

static void
test_full (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
  g_autoptr (GBytes) response = g_bytes_new_take (g_strnfill (MIB / 4, 'x'), MIB / 4);
  g_autoptr (GError) error = NULL;
  DispRecord *record = fixture_record (0, DISP_RECORD_WAITING);
  guint n = 0;

  g_assert_finalize_object (fixture->store);
  fixture->settings.spool_limit = MIB;
  fake_remote_hold (fixture->remote, TRUE);
  open_store (fixture);
  disp_record_set_response (record, response, -1);
  g_ptr_array_add (batch, record);
  while (fixture_append (fixture->store, batch, &error))
    n++;
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, "is full"));
  g_assert_cmpuint (n, >=, 2);
  g_assert_cmpuint (n, <=, 3);
  fake_remote_hold (fixture->remote, FALSE);
  fake_remote_wait_for_accepted (fixture->remote, n);
  while (!fixture_append (fixture->store, batch, NULL))
    g_thread_yield ();
}

static void
test_second (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispStore) second = disp_http_store_new (
      fake_remote_get_url (fixture->remote), &fixture->settings, fixture->clock, NULL, &error);

  g_assert_null (second);
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, "another dispatcherd uses it"));
}

static void
test_cancelled (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = fixture_records (0, 1, DISP_RECORD_CREATED);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  g_cancellable_cancel (cancellable);
  g_assert_false (disp_store_append_batch (fixture->store, (DispRecord *const *) batch->pdata, 1,
                                           &n_taken, &n_refused, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (n_taken, ==, 0);
  g_assert_cmpuint (count_spooled (fixture), ==, 0);
}

/* The records of a Requests Store elsewhere are not ours to remove. */
static void
test_cleared (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_store_clear (fixture->store, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, "/base/requests"));
}

/* Behind a log, with failures of every kind on the way: each state arrives once. */
static void
test_recovers (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const RemoteStep steps[]
      = { { 0, 500, SCRIPTED_KEEP, NULL },   { 1, 200, SCRIPTED_KEEP, NULL },
          { 50, 0, SCRIPTED_RESET, NULL },   { 51, 200, SCRIPTED_KEEP, NULL },
          { 90, 503, SCRIPTED_CLOSE, NULL }, { 91, 429, SCRIPTED_KEEP, NULL },
          { 92, 200, SCRIPTED_KEEP, NULL } };
  DispRequestLog *log;
  DispRecordSinkValues values;

  fake_remote_set_steps (fixture->remote, steps, G_N_ELEMENTS (steps));
  log = disp_request_log_new (fixture->store, fixture->clock, NULL, &log_flushes_soon);
  for (guint i = 0; i < 100; i++)
    {
      disp_record_sink_push (DISP_RECORD_SINK (log), fixture_record (i, DISP_RECORD_CREATED));
      disp_record_sink_push (DISP_RECORD_SINK (log), fixture_record (i, DISP_RECORD_COMPLETED));
    }
  fake_remote_wait_for_accepted (fixture->remote, 200);
  g_assert_cmpuint (disp_request_log_close (log, PATIENT), ==, 0);
  disp_record_sink_read (DISP_RECORD_SINK (log), &values);
  g_assert_cmpuint (values.stored, ==, 200);
  g_assert_cmpuint (values.spooled, ==, 0);
  g_assert_finalize_object (log);
  fake_remote_check_each_once (fixture->remote, 100, "02");
}

static void
test_url (void)
{
  static const char *const good[][2] = {
    { "http://127.0.0.1:1", "http://127.0.0.1:1/requests" },
    { "http://127.0.0.1:1/", "http://127.0.0.1:1/requests" },
    { "https://[::1]:1/a/b//", "https://[::1]:1/a/b/requests" },
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
  g_autoptr (DispClock) clock = disp_system_clock_new ();
  char *directory = fixture_directory ();
  g_autofree char *spool = g_build_filename (directory, "spool.db", NULL);
  const DispHttpStoreSettings settings = { .spool_path = spool, .spool_limit = MIB };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DispStore) store = disp_http_store_new (good[i][0], &settings, clock, NULL,
                                                         &error);

      g_assert_no_error (error);
      g_assert_cmpstr (disp_store_describe (store), ==, good[i][1]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      if (disp_http_store_check_url (bad[i], &error))
        g_test_fail_printf ("\"%s\" was accepted", bad[i]);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_nonnull (strstr (error->message, "expected http://HOST"));
      g_assert_null (disp_http_store_new (bad[i], &settings, clock, NULL, NULL));
    }
  fixture_remove_directory (directory);
}

int
main (int argc, char **argv)
{
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();

#define ADD(name, test)                                                                            \
  g_test_add ("/records/http-store/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("delivers", test_delivers);
  ADD ("closed", test_closed);
  ADD ("coalesces", test_coalesces);
  ADD ("hangs", test_hangs);
  ADD ("impatient", test_impatient);
  ADD ("away", test_away);
  ADD ("refused", test_refused);
  ADD ("full", test_full);
  ADD ("second", test_second);
  ADD ("cancelled", test_cancelled);
  ADD ("cleared", test_cleared);
  ADD ("recovers-in-log", test_recovers);
#undef ADD
  g_test_add_func ("/records/http-store/url", test_url);
  return g_test_run ();
}
