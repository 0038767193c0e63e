/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/request-log.h"

#include "core/error.h"
#include "core/tsan.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "support/fixtures.h"

/* Those who wait for the log: for a record to be stored, or for all to be cleared. */

/* One who waits. */
typedef struct
{
  gboolean (*finish) (DispRecordSink *sink, GAsyncResult *result, GError **error);
  GThread *thread; /* (unowned) where the callback has to come */
  guint n_calls;
  GError *error; /* (owned) (nullable) */
} Waiter;

static void
waiter_clear (Waiter *self)
{
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Waiter, waiter_clear)

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Waiter *self = user_data;
  gboolean done = self->finish (DISP_RECORD_SINK (source), result, &self->error);

  g_assert_true (self->thread == g_thread_self ());
  g_assert_cmpint (done, ==, self->error == NULL);
  self->n_calls++;
  g_assert_cmpuint (self->n_calls, ==, 1);
}

static void
commit (DispRecordSink *sink, DispRecord *record, Waiter *waiter)
{
  *waiter = (Waiter){ .finish = disp_record_sink_commit_finish, .thread = g_thread_self () };
  disp_record_sink_commit_async (sink, record, on_done, waiter);
  g_assert_cmpuint (waiter->n_calls, ==, 0);
}

static void
clear (DispRecordSink *sink, Waiter *waiter)
{
  *waiter = (Waiter){ .finish = disp_record_sink_clear_finish, .thread = g_thread_self () };
  disp_record_sink_clear_async (sink, on_done, waiter);
  g_assert_cmpuint (waiter->n_calls, ==, 0);
}

/* Waits until all were called. */
static void
wait_for (const Waiter *waiters, guint n)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  for (guint i = 0; i < n; i++)
    while (waiters[i].n_calls == 0)
      g_main_context_iteration (context, TRUE);
}

static void
check_failed (const Waiter *waiter, const char *message)
{
  g_assert_cmpuint (waiter->n_calls, ==, 1);
  g_assert_error (waiter->error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_cmpstr (waiter->error->message, ==, message);
}

/* A commit waits for no interval, and takes what was pushed before it along. */
static void
test_at_once (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autoptr (GArray) batches = NULL;
  g_auto (Waiter) waiter = { 0 };

  log_fixture_push (fixture, 0, 9);
  commit (fixture->sink, fixture_record (9, DISP_RECORD_CREATED), &waiter);
  wait_for (&waiter, 1);
  g_assert_no_error (waiter.error);
  log_fixture_check_stored (fixture, 10);
  log_fixture_check_values (fixture, 10, 10, 0, 0);
  batches = fake_store_copy_batches (fixture->store);
  g_assert_cmpuint (batches->len, ==, 1);
}

/* While one batch is written the commits of many gather for the next. */
static void
test_group (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autoptr (GArray) batches = NULL;
  Waiter waiters[100];

  fake_store_hang (fixture->store, TRUE);
  commit (fixture->sink, fixture_record (0, DISP_RECORD_CREATED), &waiters[0]);
  fake_store_wait_for_batches (fixture->store, 1);
  for (guint i = 1; i < G_N_ELEMENTS (waiters); i++)
    commit (fixture->sink, fixture_record (i, DISP_RECORD_CREATED), &waiters[i]);
  fake_store_hang (fixture->store, FALSE);
  wait_for (waiters, G_N_ELEMENTS (waiters));
  for (guint i = 0; i < G_N_ELEMENTS (waiters); i++)
    g_assert_no_error (waiters[i].error);
  batches = fake_store_copy_batches (fixture->store);
  g_assert_cmpuint (batches->len, ==, 2);
  g_assert_cmpuint (g_array_index (batches, guint, 1), ==, G_N_ELEMENTS (waiters) - 1);
}

/* Nobody hears anything while the store takes nothing. */
static void
test_failing (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_auto (Waiter) waiter = { 0 };

  fake_store_fail (fixture->store, G_MAXUINT, 0);
  commit (fixture->sink, fixture_record (0, DISP_RECORD_CREATED), &waiter);
  fake_store_wait_for_batches (fixture->store, 3);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (waiter.n_calls, ==, 0);
  fake_store_fail (fixture->store, 0, 0);
  wait_for (&waiter, 1);
  g_assert_no_error (waiter.error);
  log_fixture_check_stored (fixture, 1);
}

/* Of a batch that fails those hear whose records it took, and they hear it first. */
static void
test_half (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  Waiter waiters[10];
  guint n_called = 0;

  fake_store_hang (fixture->store, TRUE);
  commit (fixture->sink, fixture_record (0, DISP_RECORD_CREATED), &waiters[0]);
  fake_store_wait_for_batches (fixture->store, 1);
  for (guint i = 1; i < 10; i++)
    commit (fixture->sink, fixture_record (i, DISP_RECORD_CREATED), &waiters[i]);
  fake_store_fail (fixture->store, 3, 3);
  fake_store_hang (fixture->store, FALSE);
  while (n_called < 10)
    {
      g_autoptr (GPtrArray) records = NULL;

      g_main_context_iteration (NULL, TRUE);
      for (n_called = 0; n_called < 10 && waiters[n_called].n_calls > 0; n_called++)
        g_assert_no_error (waiters[n_called].error);
      for (guint i = n_called; i < 10; i++)
        g_assert_cmpuint (waiters[i].n_calls, ==, 0);
      records = fake_store_copy_records (fixture->store);
      g_assert_cmpuint (records->len, >=, n_called);
    }
  log_fixture_check_stored (fixture, 10);
}

static void
test_refused (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_auto (Waiter) refused = { 0 };
  g_auto (Waiter) taken = { 0 };

  fake_store_refuse (fixture->store, 1);
  log_fixture_push (fixture, 0, 1);
  commit (fixture->sink, fixture_record (1, DISP_RECORD_CREATED), &refused);
  wait_for (&refused, 1);
  check_failed (&refused, "fake: refused 1 of 2 records");
  commit (fixture->sink, fixture_record (2, DISP_RECORD_CREATED), &taken);
  wait_for (&taken, 1);
  g_assert_no_error (taken.error);
  log_fixture_check_values (fixture, 3, 2, 1, 0);
}

/* When the log is closed nobody waits for ever. */
static void
test_closed (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  Waiter waiters[4];

  fake_store_hang (fixture->store, TRUE);
  commit (fixture->sink, fixture_record (0, DISP_RECORD_CREATED), &waiters[0]);
  fake_store_wait_for_batches (fixture->store, 1);
  commit (fixture->sink, fixture_record (1, DISP_RECORD_CREATED), &waiters[1]);
  clear (fixture->sink, &waiters[2]);
  commit (fixture->sink, fixture_record (2, DISP_RECORD_CREATED), &waiters[3]);
  g_assert_cmpuint (disp_request_log_close (fixture->log, 0), ==, 3);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (waiters[i].n_calls, ==, 0);
  wait_for (waiters, 4);
  for (guint i = 0; i < 4; i++)
    {
      check_failed (&waiters[i], "the log of fake: was closed");
      waiter_clear (&waiters[i]);
    }

  commit (fixture->sink, fixture_record (3, DISP_RECORD_CREATED), &waiters[0]);
  clear (fixture->sink, &waiters[1]);
  wait_for (waiters, 2);
  for (guint i = 0; i < 2; i++)
    {
      check_failed (&waiters[i], "the log of fake: is closed");
      waiter_clear (&waiters[i]);
    }
  log_fixture_check_values (fixture, 4, 0, 0, 4);
}

static void
test_close_drains (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  Waiter waiters[3];

  fake_store_fail (fixture->store, 1, 0);
  commit (fixture->sink, fixture_record (0, DISP_RECORD_CREATED), &waiters[0]);
  clear (fixture->sink, &waiters[1]);
  commit (fixture->sink, fixture_record (0, DISP_RECORD_CREATED), &waiters[2]);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  wait_for (waiters, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_no_error (waiters[i].error);
  log_fixture_check_stored (fixture, 1);
}

/* A clear stands between the records before it and those after it, and no batch has both. */
static void
test_clear (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autoptr (GArray) batches = NULL;
  g_auto (Waiter) waiter = { 0 };

  log_fixture_push (fixture, 100, 30);
  clear (fixture->sink, &waiter);
  log_fixture_push (fixture, 0, 20);
  wait_for (&waiter, 1);
  g_assert_no_error (waiter.error);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  log_fixture_check_stored (fixture, 20);
  log_fixture_check_values (fixture, 50, 50, 0, 0);
  batches = fake_store_copy_batches (fixture->store);
  g_assert_cmpuint (batches->len, ==, 2);
  g_assert_cmpuint (g_array_index (batches, guint, 0), ==, 30);
}

static void
test_clear_again (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  Waiter waiters[2];

  fake_store_fail_clears (fixture->store, 2);
  log_fixture_push (fixture, 100, 30);
  clear (fixture->sink, &waiters[0]);
  clear (fixture->sink, &waiters[1]);
  log_fixture_push (fixture, 0, 20);
  wait_for (waiters, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_no_error (waiters[i].error);
  fake_store_wait_for_clears (fixture->store, 4);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  log_fixture_check_stored (fixture, 20);
}

/* A store that cannot clear keeps its records, and goes on with those that come. */
static void
test_clear_fails (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_auto (Waiter) waiter = { 0 };

  fake_store_fail_clears (fixture->store, G_MAXUINT);
  log_fixture_push (fixture, 0, 30);
  clear (fixture->sink, &waiter);
  log_fixture_push (fixture, 30, 20);
  wait_for (&waiter, 1);
  check_failed (&waiter, "the fake was told not to clear");
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  log_fixture_check_stored (fixture, 50);
  g_assert_cmpuint (log_news_count (), ==, 0);
}

#define N_THREADS 8
#define N_COMMITS 500

static void
commit_many (guint number, gpointer user_data)
{
  LogFixture *fixture = user_data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autofree Waiter *waiters = g_new0 (Waiter, N_COMMITS);

  DISP_TSAN_ACQUIRE (fixture);
  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_COMMITS; i++)
    {
      guint id = number * N_COMMITS + i;

      disp_record_sink_push (fixture->sink, fixture_record (id, DISP_RECORD_CREATED));
      commit (fixture->sink, fixture_record (id, DISP_RECORD_COMPLETED), &waiters[i]);
      if (i % 10 == 0)
        wait_for (waiters, i);
    }
  wait_for (waiters, N_COMMITS);
  for (guint i = 0; i < N_COMMITS; i++)
    g_assert_no_error (waiters[i].error);
  g_main_context_pop_thread_default (context);
}

/* Each is called on its own context, when its record is there. */
static void
test_threads (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) records = NULL;

  fake_store_fail (fixture->store, 2, 3);
  DISP_TSAN_RELEASE (fixture);
  fixture_run_threads (N_THREADS, commit_many, fixture);
  log_fixture_check_values (fixture, 2 * N_THREADS * N_COMMITS, 2 * N_THREADS * N_COMMITS, 0, 0);
  records = fake_store_copy_records (fixture->store);
  for (guint i = 0; i < records->len; i++)
    {
      DispRecord *record = g_ptr_array_index (records, i);
      gboolean first = g_hash_table_add (ids, record->id);

      g_assert_cmpint (record->state, ==, first ? DISP_RECORD_CREATED : DISP_RECORD_COMPLETED);
    }
  g_assert_cmpuint (g_hash_table_size (ids), ==, N_THREADS * N_COMMITS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();

#define ADD(name, test)                                                                            \
  g_test_add ("/records/log-commits/" name, LogFixture, &log_flushes_never, log_fixture_set_up,    \
              test, log_fixture_tear_down)
  ADD ("at-once", test_at_once);
  ADD ("group", test_group);
  ADD ("failing-store", test_failing);
  ADD ("half-a-batch", test_half);
  ADD ("refused", test_refused);
  ADD ("closed", test_closed);
  ADD ("close-drains", test_close_drains);
  ADD ("clear-in-its-turn", test_clear);
  ADD ("clear-again", test_clear_again);
  ADD ("clear-fails", test_clear_fails);
  ADD ("many-contexts", test_threads);
#undef ADD
  return g_test_run ();
}
