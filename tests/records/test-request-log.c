/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/request-log.h"

#include "records/fixture.h"
#include "records/log-fixture.h"
#include "support/watcher.h"
#include "records/null-store.h"
#include "records/sqlite-store.h"

#include <sqlite3.h>

static void
test_flush (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  log_fixture_push (fixture, 0, 1);
  fake_store_wait_for_records (fixture->store, 1);
  log_fixture_push (fixture, 1, 1);
  fake_store_wait_for_records (fixture->store, 2);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  log_fixture_check_stored (fixture, 2);
  log_fixture_check_values (fixture, 2, 2, 0, 0);
  g_assert_cmpuint (log_news_count (), ==, 0);
}

static void
test_full_batch (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autoptr (GArray) batches = NULL;

  log_fixture_push (fixture, 0, 3 * DISP_REQUEST_LOG_MAX_BATCH);
  fake_store_wait_for_records (fixture->store, 3 * DISP_REQUEST_LOG_MAX_BATCH);
  batches = fake_store_copy_batches (fixture->store);
  g_assert_cmpuint (batches->len, ==, 3);
  for (guint i = 0; i < batches->len; i++)
    g_assert_cmpuint (g_array_index (batches, guint, i), ==, DISP_REQUEST_LOG_MAX_BATCH);
  log_fixture_check_stored (fixture, 3 * DISP_REQUEST_LOG_MAX_BATCH);
}

static void
test_close_drains (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  guint n = DISP_REQUEST_LOG_MAX_BATCH + 10;

  log_fixture_push (fixture, 0, n);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  log_fixture_check_stored (fixture, n);
  log_fixture_check_values (fixture, n, n, 0, 0);

  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  log_fixture_push (fixture, n, 3);
  log_fixture_check_values (fixture, n + 3, n, 0, 3);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 3);
  log_fixture_check_stored (fixture, n);
}

static void
test_close_empty (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autoptr (GArray) batches = NULL;

  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  batches = fake_store_copy_batches (fixture->store);
  g_assert_cmpuint (batches->len, ==, 0);
}

static void
test_recovers (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  DispRecordSinkValues values;

  fake_store_fail (fixture->store, 3, 4);
  log_fixture_push (fixture, 0, 20);
  fake_store_wait_for_batches (fixture->store, 2);
  disp_record_sink_read (DISP_RECORD_SINK (fixture->log), &values);
  g_assert_cmpuint (values.queued, >, 0);
  log_fixture_push (fixture, 20, 5);
  fake_store_wait_for_records (fixture->store, 25);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  log_fixture_check_stored (fixture, 25);
  log_fixture_check_values (fixture, 25, 25, 0, 0);

  g_assert_cmpuint (log_news_count (), ==, 2);
  log_news_check (0, "warning records cannot be stored*: the fake was told to fail");
  log_news_check (1, "message records are stored again in fake:, after * s");
}

/* While the store fails, the log says why; then it has nothing to say. */
static void
test_problem (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  DispRecordSink *sink = DISP_RECORD_SINK (fixture->log);
  g_autofree char *problem = NULL;
  Watcher watcher;

  watcher_init (&watcher, fixture->notice);
  g_assert_null (disp_record_sink_dup_problem (sink));
  fake_store_fail (fixture->store, G_MAXUINT, 0);
  log_fixture_push (fixture, 0, 20);
  fake_store_wait_for_batches (fixture->store, 2);
  problem = disp_record_sink_dup_problem (sink);
  g_assert_cmpstr (problem, ==, "the fake was told to fail");
  log_fixture_check_values (fixture, 20, 0, 0, 0);
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);

  fake_store_fail (fixture->store, 0, 0);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  g_assert_null (disp_record_sink_dup_problem (sink));
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);
  log_fixture_check_values (fixture, 20, 20, 0, 0);
  watcher_clear (&watcher);
}

static void
test_null_store (void)
{
  g_autoptr (DispClock) clock = disp_system_clock_new ();
  DispStore *store = disp_null_store_new ();
  DispRequestLog *log = disp_request_log_new (store, clock, NULL, &log_flushes_never);
  DispRecordSinkValues values;

  for (guint i = 0; i < 20; i++)
    disp_record_sink_push (DISP_RECORD_SINK (log), fixture_record (i, DISP_RECORD_CREATED));
  g_assert_cmpuint (disp_request_log_close (log, PATIENT), ==, 0);
  disp_record_sink_read (DISP_RECORD_SINK (log), &values);
  g_assert_cmpuint (values.stored, ==, 20);
  g_assert_cmpstr (disp_store_describe (store), ==, "none");
  g_assert_finalize_object (log);
  g_assert_finalize_object (store);
}

static void
test_refused (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  fake_store_refuse (fixture->store, 2);
  log_fixture_push (fixture, 0, 10);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  log_fixture_check_values (fixture, 10, 8, 2, 0);
}

static void
test_dead_store (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  gint64 before = g_get_monotonic_time ();

  fake_store_fail (fixture->store, G_MAXUINT, 0);
  log_fixture_push (fixture, 0, 100);
  g_assert_cmpuint (disp_request_log_close (fixture->log, 20 * G_TIME_SPAN_MILLISECOND), ==, 100);
  g_assert_cmpint (g_get_monotonic_time () - before, <, PATIENT);
  log_fixture_check_values (fixture, 100, 0, 0, 100);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 100);

  g_assert_cmpuint (log_news_count (), ==, 2);
  log_news_check (0, "warning records cannot be stored*");
  log_news_check (1, "warning 100 records could not be stored in fake: and are lost");
}

static void
test_hanging_store (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  fake_store_hang (fixture->store, TRUE);
  log_fixture_push (fixture, 0, 100);
  fake_store_wait_for_batches (fixture->store, 1);
  log_fixture_push (fixture, 100, 5);
  g_assert_cmpuint (disp_request_log_close (fixture->log, 20 * G_TIME_SPAN_MILLISECOND), ==, 105);
  log_fixture_check_values (fixture, 105, 0, 0, 105);
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning 105 records could not be stored*");
}

/* A log that rests between two tries, here for 200 ms at least, makes the next one when it is
 * closed: the patience need not outlast the rest. */
static void
test_close_hurries (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  fake_store_fail (fixture->store, 3, 0);
  log_fixture_push (fixture, 0, 7);
  fake_store_wait_for_batches (fixture->store, 3);
  g_assert_cmpuint (disp_request_log_close (fixture->log, 150 * G_TIME_SPAN_MILLISECOND), ==, 0);
  log_fixture_check_stored (fixture, 7);
}

static void
test_left_open (LogFixture *fixture, gconstpointer settings)
{
  fake_store_hang (fixture->store, TRUE);
  log_fixture_push (fixture, 0, 2);
  g_assert_finalize_object (fixture->log);
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning 2 records could not be stored*");
  g_assert_cmpint (fake_store_get_patience (fixture->store), ==, 0);
  g_assert_finalize_object (fixture->store);
  disp_notice_unref (fixture->notice);
  g_assert_finalize_object (fixture->clock);
  log_fixture_set_up (fixture, settings);
}

/* What the store took but cannot deliver is no longer stored, and its problem is told after that of
 * the log itself. */
static void
test_delivery (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  const DispStoreValues some = { .spooled = 7, .refused = 3 };
  const DispStoreValues earlier = { .spooled = 7, .refused = 300 };
  DispRecordSinkValues values;
  char *problem;

  fake_store_set_delivery (fixture->store, &some, "nobody answers");
  problem = disp_record_sink_dup_problem (fixture->sink);
  g_assert_cmpstr (problem, ==, "nobody answers");
  g_free (problem);
  log_fixture_check_values (fixture, 0, 0, 0, 0);

  fake_store_refuse (fixture->store, 2);
  fake_store_fail (fixture->store, G_MAXUINT, 0);
  log_fixture_push (fixture, 0, 21);
  fake_store_wait_for_batches (fixture->store, 2);
  problem = disp_record_sink_dup_problem (fixture->sink);
  g_assert_cmpstr (problem, ==, "the fake was told to fail");
  g_free (problem);
  fake_store_fail (fixture->store, 0, 0);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  log_fixture_check_values (fixture, 21, 16, 5, 0);
  disp_record_sink_read (fixture->sink, &values);
  g_assert_cmpuint (values.spooled, ==, 7);

  /* Those of an earlier run do not count below nothing. */
  fake_store_set_delivery (fixture->store, &earlier, NULL);
  log_fixture_check_values (fixture, 21, 0, 21, 0);
  g_assert_null (disp_record_sink_dup_problem (fixture->sink));
}

/* Through the log too there is a limit. */
static void
test_limit (void)
{
  const DispRequestLogSettings settings
      = { .flush_interval = AN_HOUR, .max_records = 4, .max_bytes = G_MAXSIZE };
  LogFixture fixture;
  g_autofree char *problem = NULL;

  log_fixture_set_up (&fixture, &settings);
  fake_store_hang (fixture.store, TRUE);
  g_assert_cmpint (disp_record_sink_admit (fixture.sink, 4), ==, DISP_ADMISSION_RECORDED);
  log_fixture_push (&fixture, 0, 4);
  fake_store_wait_for_batches (fixture.store, 1);
  g_assert_cmpint (disp_record_sink_admit (fixture.sink, 1), ==, DISP_ADMISSION_REFUSED);
  problem = disp_record_sink_dup_problem (fixture.sink);
  g_assert_cmpstr (problem, ==, "there is no room for more records: predictions are refused");
  fake_store_hang (fixture.store, FALSE);
  while (disp_record_sink_admit (fixture.sink, 2) != DISP_ADMISSION_RECORDED)
    g_thread_yield ();
  log_fixture_push (&fixture, 4, 2);
  g_assert_cmpuint (disp_request_log_close (fixture.log, PATIENT), ==, 0);
  log_fixture_check_stored (&fixture, 6);
  log_fixture_tear_down (&fixture, NULL);
}

#define N_THREADS 8
#define N_PUSHES 10000

typedef struct
{
  DispRequestLog *log; /* (unowned) */
  guint first;
} Pusher;

static gpointer
push_both_states (gpointer data)
{
  const Pusher *pusher = data;

  for (guint i = 0; i < N_PUSHES / 2; i++)
    {
      disp_record_sink_push (DISP_RECORD_SINK (pusher->log),
                             fixture_record (pusher->first + i, DISP_RECORD_CREATED));
      disp_record_sink_push (DISP_RECORD_SINK (pusher->log),
                             fixture_record (pusher->first + i, DISP_RECORD_COMPLETED));
    }
  return NULL;
}

static guint
count_rows (const char *path, const char *condition)
{
  g_autofree char *sql = g_strconcat ("SELECT count(*) FROM records WHERE ", condition, NULL);
  sqlite3_stmt *statement;
  sqlite3 *db;
  guint n;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  n = (guint) sqlite3_column_int (statement, 0);
  sqlite3_finalize (statement);
  sqlite3_close (db);
  return n;
}

static void
push_from_threads (DispRequestLog *log)
{
  Pusher pushers[N_THREADS];
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    {
      pushers[i] = (Pusher){ .log = log, .first = i * N_PUSHES };
      threads[i] = g_thread_new ("pusher", push_both_states, &pushers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

static void
test_many_threads (void)
{
  g_autoptr (DispClock) clock = disp_system_clock_new ();
  char *directory = fixture_directory ();
  g_autofree char *path = g_build_filename (directory, "records.db", NULL);
  g_autoptr (GError) error = NULL;
  DispStore *store = disp_sqlite_store_new (path, NULL, &error);
  DispRequestLog *log;
  DispRecordSinkValues values;

  g_assert_no_error (error);
  log = disp_request_log_new (store, clock, NULL, &log_flushes_soon);
  push_from_threads (log);
  g_assert_cmpuint (disp_request_log_close (log, PATIENT), ==, 0);
  disp_record_sink_read (DISP_RECORD_SINK (log), &values);
  g_assert_cmpuint (values.pushed, ==, N_THREADS * N_PUSHES);
  g_assert_cmpuint (values.stored, ==, N_THREADS * N_PUSHES);
  g_assert_finalize_object (log);
  g_assert_finalize_object (store);
  g_assert_cmpuint (count_rows (path, "TRUE"), ==, N_THREADS * N_PUSHES / 2);
  g_assert_cmpuint (count_rows (path, "state = 2"), ==, N_THREADS * N_PUSHES / 2);
  fixture_remove_directory (directory);
}

/* The order in which one thread pushes is kept, whatever the others do. */
static void
test_order (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autoptr (GHashTable) states = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) records = NULL;

  fake_store_fail (fixture->store, 2, 17);
  push_from_threads (fixture->log);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  records = fake_store_copy_records (fixture->store);
  g_assert_cmpuint (records->len, ==, N_THREADS * N_PUSHES);
  for (guint i = 0; i < records->len; i++)
    {
      DispRecord *record = g_ptr_array_index (records, i);
      gboolean first = g_hash_table_insert (states, record->id, NULL);

      g_assert_cmpint (record->state, ==, first ? DISP_RECORD_CREATED : DISP_RECORD_COMPLETED);
    }
  g_assert_cmpuint (g_hash_table_size (states), ==, N_THREADS * N_PUSHES / 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();

#define ADD(name, settings, test)                                                                  \
  g_test_add ("/records/request-log/" name, LogFixture, &log_flushes_##settings,                   \
              log_fixture_set_up, test, log_fixture_tear_down)
  ADD ("flushes-after-interval", soon, test_flush);
  ADD ("full-batch-does-not-wait", never, test_full_batch);
  ADD ("close-drains", never, test_close_drains);
  ADD ("close-empty", never, test_close_empty);
  ADD ("recovers-in-order", soon, test_recovers);
  ADD ("tells-problem", soon, test_problem);
  ADD ("counts-refused", soon, test_refused);
  ADD ("dead-store", soon, test_dead_store);
  ADD ("hanging-store", soon, test_hanging_store);
  ADD ("close-hurries", soon, test_close_hurries);
  ADD ("left-open", never, test_left_open);
  ADD ("counts-deliveries", soon, test_delivery);
  ADD ("keeps-order-of-threads", soon, test_order);
#undef ADD
  g_test_add_func ("/records/request-log/many-threads-into-sqlite", test_many_threads);
  g_test_add_func ("/records/request-log/null-store", test_null_store);
  g_test_add_func ("/records/request-log/limit", test_limit);
  return g_test_run ();
}
