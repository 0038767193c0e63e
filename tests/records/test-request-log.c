/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/request-log.h"

#include "core/tsan.h"
#include "records/fake-store.h"
#include "records/fixture.h"
#include "records/null-store.h"
#include "records/sqlite-store.h"

#include <sqlite3.h>

/* No test waits for it: whoever does would time out. */
#define AN_HOUR (3600 * G_TIME_SPAN_SECOND)
/* Enough for whatever has to be done. */
#define PATIENT (60 * G_TIME_SPAN_SECOND)

/* What was logged, as "level message". */
static GMutex news_lock;
static GPtrArray *news;

static GLogWriterOutput
note_news (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           G_GNUC_UNUSED gpointer user_data)
{
  g_mutex_lock (&news_lock);
  DISP_TSAN_ACQUIRE (&news_lock);
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      g_ptr_array_add (news, g_strdup_printf ("%s %s",
                                              level == G_LOG_LEVEL_WARNING   ? "warning"
                                              : level == G_LOG_LEVEL_MESSAGE ? "message"
                                                                             : "other",
                                              (const char *) fields[i].value));
  DISP_TSAN_RELEASE (&news_lock);
  g_mutex_unlock (&news_lock);
  return G_LOG_WRITER_HANDLED;
}

typedef struct
{
  DispClock *clock;    /* (owned) */
  FakeStore *store;    /* (owned) */
  DispRequestLog *log; /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer interval)
{
  g_ptr_array_set_size (news, 0);
  fixture->clock = disp_system_clock_new ();
  fixture->store = fake_store_new ();
  fixture->log = disp_request_log_new (DISP_STORE (fixture->store), fixture->clock,
                                       *(const gint64 *) interval);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  g_assert_finalize_object (fixture->log);
  g_assert_finalize_object (fixture->store);
  g_assert_finalize_object (fixture->clock);
}

static void
push (DispRequestLog *log, guint first, guint n)
{
  for (guint i = first; i < first + n; i++)
    disp_record_sink_push (DISP_RECORD_SINK (log), fixture_record (i, DISP_RECORD_CREATED));
}

/* Checks that the store has the records 0 to @n - 1, each once, in order. */
static void
check_stored (Fixture *fixture, guint n)
{
  g_autoptr (GPtrArray) records = fake_store_copy_records (fixture->store);

  g_assert_cmpuint (records->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      const DispRecord *record = g_ptr_array_index (records, i);
      char id[DISP_ID_SIZE];

      fixture_id (i, id);
      g_assert_cmpstr (record->id, ==, id);
    }
}

static void
check_values (Fixture *fixture, guint pushed, guint stored, guint refused, guint lost)
{
  DispRecordSinkValues values;

  disp_record_sink_read (DISP_RECORD_SINK (fixture->log), &values);
  g_assert_cmpuint (values.pushed, ==, pushed);
  g_assert_cmpuint (values.stored, ==, stored);
  g_assert_cmpuint (values.refused, ==, refused);
  g_assert_cmpuint (values.lost, ==, lost);
  g_assert_cmpuint (values.queued, ==, pushed - stored - refused - lost);
}

static void
check_news (guint number, const char *pattern)
{
  g_assert_cmpuint (news->len, >, number);
  if (!g_pattern_match_simple (pattern, g_ptr_array_index (news, number)))
    g_test_fail_printf ("\"%s\" is not like \"%s\"",
                        (const char *) g_ptr_array_index (news, number), pattern);
}

static void
test_flush (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  push (fixture->log, 0, 1);
  fake_store_wait_for_records (fixture->store, 1);
  push (fixture->log, 1, 1);
  fake_store_wait_for_records (fixture->store, 2);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  check_stored (fixture, 2);
  check_values (fixture, 2, 2, 0, 0);
  g_assert_cmpuint (news->len, ==, 0);
}

static void
test_full_batch (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  g_autoptr (GArray) batches = NULL;

  push (fixture->log, 0, 3 * DISP_REQUEST_LOG_MAX_BATCH);
  fake_store_wait_for_records (fixture->store, 3 * DISP_REQUEST_LOG_MAX_BATCH);
  batches = fake_store_copy_batches (fixture->store);
  g_assert_cmpuint (batches->len, ==, 3);
  for (guint i = 0; i < batches->len; i++)
    g_assert_cmpuint (g_array_index (batches, guint, i), ==, DISP_REQUEST_LOG_MAX_BATCH);
  check_stored (fixture, 3 * DISP_REQUEST_LOG_MAX_BATCH);
}

static void
test_close_drains (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  guint n = DISP_REQUEST_LOG_MAX_BATCH + 10;

  push (fixture->log, 0, n);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  check_stored (fixture, n);
  check_values (fixture, n, n, 0, 0);

  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  push (fixture->log, n, 3);
  check_values (fixture, n + 3, n, 0, 3);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 3);
  check_stored (fixture, n);
}

static void
test_close_empty (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  g_autoptr (GArray) batches = NULL;

  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  batches = fake_store_copy_batches (fixture->store);
  g_assert_cmpuint (batches->len, ==, 0);
}

static void
test_recovers (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  DispRecordSinkValues values;

  fake_store_fail (fixture->store, 3, 4);
  push (fixture->log, 0, 20);
  fake_store_wait_for_batches (fixture->store, 2);
  disp_record_sink_read (DISP_RECORD_SINK (fixture->log), &values);
  g_assert_cmpuint (values.queued, >, 0);
  push (fixture->log, 20, 5);
  fake_store_wait_for_records (fixture->store, 25);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  check_stored (fixture, 25);
  check_values (fixture, 25, 25, 0, 0);

  g_assert_cmpuint (news->len, ==, 2);
  check_news (0, "warning records cannot be stored*: the fake was told to fail");
  check_news (1, "message records are stored again in fake:, after * s");
}

/* While the store fails, the log says why; then it has nothing to say. */
static void
test_problem (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  DispRecordSink *sink = DISP_RECORD_SINK (fixture->log);
  g_autofree char *problem = NULL;

  g_assert_null (disp_record_sink_dup_problem (sink));
  fake_store_fail (fixture->store, G_MAXUINT, 0);
  push (fixture->log, 0, 20);
  fake_store_wait_for_batches (fixture->store, 2);
  problem = disp_record_sink_dup_problem (sink);
  g_assert_cmpstr (problem, ==, "the fake was told to fail");
  check_values (fixture, 20, 0, 0, 0);

  fake_store_fail (fixture->store, 0, 0);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  g_assert_null (disp_record_sink_dup_problem (sink));
  check_values (fixture, 20, 20, 0, 0);
}

static void
test_null_store (void)
{
  g_autoptr (DispClock) clock = disp_system_clock_new ();
  DispStore *store = disp_null_store_new ();
  DispRequestLog *log = disp_request_log_new (store, clock, AN_HOUR);
  DispRecordSinkValues values;

  push (log, 0, 20);
  g_assert_cmpuint (disp_request_log_close (log, PATIENT), ==, 0);
  disp_record_sink_read (DISP_RECORD_SINK (log), &values);
  g_assert_cmpuint (values.stored, ==, 20);
  g_assert_cmpstr (disp_store_describe (store), ==, "none");
  g_assert_finalize_object (log);
  g_assert_finalize_object (store);
}

static void
test_refused (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  fake_store_refuse (fixture->store, 2);
  push (fixture->log, 0, 10);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  check_values (fixture, 10, 8, 2, 0);
}

static void
test_dead_store (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  gint64 before = g_get_monotonic_time ();

  fake_store_fail (fixture->store, G_MAXUINT, 0);
  push (fixture->log, 0, 100);
  g_assert_cmpuint (disp_request_log_close (fixture->log, 20 * G_TIME_SPAN_MILLISECOND), ==, 100);
  g_assert_cmpint (g_get_monotonic_time () - before, <, PATIENT);
  check_values (fixture, 100, 0, 0, 100);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 100);

  g_assert_cmpuint (news->len, ==, 2);
  check_news (0, "warning records cannot be stored*");
  check_news (1, "warning 100 records could not be stored in fake: and are lost");
}

static void
test_hanging_store (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  fake_store_hang (fixture->store);
  push (fixture->log, 0, 100);
  fake_store_wait_for_batches (fixture->store, 1);
  push (fixture->log, 100, 5);
  g_assert_cmpuint (disp_request_log_close (fixture->log, 20 * G_TIME_SPAN_MILLISECOND), ==, 105);
  check_values (fixture, 105, 0, 0, 105);
  g_assert_cmpuint (news->len, ==, 1);
  check_news (0, "warning 105 records could not be stored*");
}

/* A log that rests between two tries, here for 200 ms at least, makes the next one when it is
 * closed: the patience need not outlast the rest. */
static void
test_close_hurries (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  fake_store_fail (fixture->store, 3, 0);
  push (fixture->log, 0, 7);
  fake_store_wait_for_batches (fixture->store, 3);
  g_assert_cmpuint (disp_request_log_close (fixture->log, 150 * G_TIME_SPAN_MILLISECOND), ==, 0);
  check_stored (fixture, 7);
}

static void
test_left_open (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
{
  fake_store_hang (fixture->store);
  push (fixture->log, 0, 2);
  g_assert_finalize_object (fixture->log);
  g_assert_cmpuint (news->len, ==, 1);
  check_news (0, "warning 2 records could not be stored*");
  fixture->log = disp_request_log_new (DISP_STORE (fixture->store), fixture->clock, AN_HOUR);
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
  DispStore *store = disp_sqlite_store_new (path, &error);
  DispRequestLog *log;
  DispRecordSinkValues values;

  g_assert_no_error (error);
  log = disp_request_log_new (store, clock, G_TIME_SPAN_MILLISECOND);
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
test_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer interval)
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
  static const gint64 soon = G_TIME_SPAN_MILLISECOND;
  static const gint64 never = AN_HOUR;
  int status;

  g_test_init (&argc, &argv, NULL);
  news = g_ptr_array_new_with_free_func (g_free);
  g_log_set_writer_func (note_news, NULL, NULL);

#define ADD(name, interval, test)                                                                  \
  g_test_add ("/records/request-log/" name, Fixture, interval, set_up, test, tear_down)
  ADD ("flushes-after-interval", &soon, test_flush);
  ADD ("full-batch-does-not-wait", &never, test_full_batch);
  ADD ("close-drains", &never, test_close_drains);
  ADD ("close-empty", &never, test_close_empty);
  ADD ("recovers-in-order", &soon, test_recovers);
  ADD ("tells-problem", &soon, test_problem);
  ADD ("counts-refused", &soon, test_refused);
  ADD ("dead-store", &soon, test_dead_store);
  ADD ("hanging-store", &soon, test_hanging_store);
  ADD ("close-hurries", &soon, test_close_hurries);
  ADD ("left-open", &never, test_left_open);
  ADD ("keeps-order-of-threads", &soon, test_order);
#undef ADD
  g_test_add_func ("/records/request-log/many-threads-into-sqlite", test_many_threads);
  g_test_add_func ("/records/request-log/null-store", test_null_store);
  status = g_test_run ();
  g_ptr_array_unref (news);
  return status;
}
