/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/request-log.h"

#include "core/tsan.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "support/fixtures.h"

#include <stdatomic.h>

/* What the thread of a log does beside storing, and that it does neither too much. */

/* Makes a log over a store whose upkeep answers with @waits. */
static void
set_up_tidy (LogFixture *fixture, const gint64 *waits, guint n_waits)
{
  log_news_forget ();
  fixture->clock = disp_system_clock_new ();
  fixture->notice = disp_notice_new ();
  fixture->store = fake_store_new ();
  fake_store_script_tidy (fixture->store, waits, n_waits);
  fixture->log = disp_request_log_new (DISP_STORE (fixture->store), fixture->clock, fixture->notice,
                                       &log_flushes_never);
  fixture->sink = DISP_RECORD_SINK (fixture->log);
}

static void
push_batch (LogFixture *fixture)
{
  log_fixture_push (fixture, 0, DISP_REQUEST_LOG_MAX_BATCH);
}

/* Checks how many batches had been offered at each of the first tidyings. */
static void
check_tidies (LogFixture *fixture, const guint *expected, guint n)
{
  g_autoptr (GArray) tidies = fake_store_copy_tidies (fixture->store, NULL);

  g_assert_cmpmem (tidies->data, MIN (tidies->len, n) * sizeof (guint), expected,
                   n * sizeof (guint));
}

/* A store that has nothing to do is asked at the start, and once after each batch. */
static void
test_nothing_to_tidy (void)
{
  static const guint expected[] = { 0, 1, 2 };
  g_autoptr (GArray) tidies = NULL;
  LogFixture fixture;
  gint64 before = g_get_real_time ();
  gint64 at;

  set_up_tidy (&fixture, NULL, 0);
  fake_store_wait_for_tidies (fixture.store, 1);
  push_batch (&fixture);
  fake_store_wait_for_tidies (fixture.store, 2);
  push_batch (&fixture);
  fake_store_wait_for_tidies (fixture.store, 3);
  check_tidies (&fixture, expected, 3);
  tidies = fake_store_copy_tidies (fixture.store, &at);
  g_assert_cmpuint (tidies->len, ==, 3);
  g_assert_cmpint (at, >=, before);
  g_assert_cmpint (at, <=, g_get_real_time ());
  log_fixture_tear_down (&fixture, NULL);
}

/* A store that wants more time gets it without any record: at once, or when it asked for it. */
static void
test_tidy_when_idle (void)
{
  static const gint64 waits[] = { 0, 0, G_TIME_SPAN_MILLISECOND, 0, G_TIME_SPAN_MILLISECOND, -1 };
  LogFixture fixture;

  set_up_tidy (&fixture, waits, G_N_ELEMENTS (waits));
  fake_store_wait_for_tidies (fixture.store, G_N_ELEMENTS (waits));
  log_fixture_tear_down (&fixture, NULL);
}

/* Also while a record waits for others. */
static void
test_tidy_while_collecting (void)
{
  gint64 waits[50];
  static const guint expected[G_N_ELEMENTS (waits) + 1] = { 0 };
  LogFixture fixture;

  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    waits[i] = i % 2 == 0 ? 0 : G_TIME_SPAN_MILLISECOND;
  set_up_tidy (&fixture, waits, G_N_ELEMENTS (waits));
  log_fixture_push (&fixture, 0, 1);
  fake_store_wait_for_tidies (fixture.store, G_N_ELEMENTS (waits) + 1);
  check_tidies (&fixture, expected, G_N_ELEMENTS (expected));
  g_assert_cmpuint (disp_request_log_close (fixture.log, PATIENT), ==, 0);
  log_fixture_check_stored (&fixture, 1);
  log_fixture_tear_down (&fixture, NULL);
}

/* A store that asked to be called later is not called after each batch. */
static void
test_tidy_later (void)
{
  static const gint64 waits[] = { AN_HOUR };
  static const guint expected[] = { 0 };
  LogFixture fixture;

  set_up_tidy (&fixture, waits, 1);
  fake_store_wait_for_tidies (fixture.store, 1);
  for (guint i = 1; i <= 3; i++)
    {
      push_batch (&fixture);
      fake_store_wait_for_records (fixture.store, i * DISP_REQUEST_LOG_MAX_BATCH);
    }
  g_assert_cmpuint (disp_request_log_close (fixture.log, PATIENT), ==, 0);
  check_tidies (&fixture, expected, 1);
  log_fixture_tear_down (&fixture, NULL);
}

/* While batches wait, the store gets one piece of its upkeep after each; then all the time it
 * wants. */
static void
test_tidy_under_load (void)
{
  static const gint64 waits[] = { -1, 0, 0, 0, 0, 0, 0, -1 };
  static const guint expected[] = { 0, 1, 2, 3, 4, 4, 4, 4 };
  LogFixture fixture;

  set_up_tidy (&fixture, waits, G_N_ELEMENTS (waits));
  fake_store_wait_for_tidies (fixture.store, 1);
  fake_store_hang (fixture.store, TRUE);
  for (guint i = 0; i < 4; i++)
    push_batch (&fixture);
  fake_store_wait_for_batches (fixture.store, 1);
  fake_store_hang (fixture.store, FALSE);
  fake_store_wait_for_tidies (fixture.store, G_N_ELEMENTS (waits));
  check_tidies (&fixture, expected, G_N_ELEMENTS (expected));
  log_fixture_tear_down (&fixture, NULL);
}

/* A store that is full may get well by its upkeep. */
static void
test_tidy_when_failing (void)
{
  static const guint expected[] = { 0, 1, 2, 3 };
  LogFixture fixture;

  set_up_tidy (&fixture, NULL, 0);
  fake_store_wait_for_tidies (fixture.store, 1);
  fake_store_fail (fixture.store, 2, 0);
  push_batch (&fixture);
  fake_store_wait_for_tidies (fixture.store, 4);
  check_tidies (&fixture, expected, G_N_ELEMENTS (expected));
  log_fixture_tear_down (&fixture, NULL);
}

/* At the end records come first: the store has its own end to tidy up in. */
static void
test_tidy_at_end (LogFixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  static const gint64 waits[] = { 0, 0, 0 };
  static const guint expected[] = { 0 };

  fake_store_wait_for_tidies (fixture->store, 1);
  fake_store_script_tidy (fixture->store, waits, G_N_ELEMENTS (waits));
  log_fixture_push (fixture, 0, 10);
  g_assert_cmpuint (disp_request_log_close (fixture->log, PATIENT), ==, 0);
  check_tidies (fixture, expected, 1);
  g_assert_cmpint (fake_store_get_patience (fixture->store), >, 0);
  g_assert_cmpint (fake_store_get_patience (fixture->store), <=, PATIENT);
}

/* Many threads, small limits, and a store that fails at random. */

#define N_THREADS 8
/* Records in two states, of each thread. */
#define N_PAIRS 200
#define MAX_RECORDS 40

typedef struct
{
  LogFixture log;
  DispRequestLogSettings settings;
  gsize record_size;     /* of the largest, in bytes */
  atomic_uint n_dropped; /* (atomic) */
  atomic_uint n_left;    /* (atomic) threads that push */
} Press;

static void
press (Press *self, guint number)
{
  for (guint i = 0; i < N_PAIRS;)
    {
      guint id = number * N_PAIRS + i;

      if (disp_record_sink_admit (self->log.sink, 2) != DISP_ADMISSION_RECORDED)
        {
          atomic_fetch_add (&self->n_dropped, 2);
          g_thread_yield ();
          continue;
        }
      disp_record_sink_push (self->log.sink, fixture_record (id, DISP_RECORD_CREATED));
      disp_record_sink_push (self->log.sink, fixture_record (id, DISP_RECORD_COMPLETED));
      i++;
    }
  atomic_fetch_sub (&self->n_left, 1);
}

/* Looks at the log all the while.  What each thread has in flight comes on top of the limit in
 * bytes. */
static void
watch (Press *self)
{
  const gsize max_bytes = self->settings.max_bytes + 2 * N_THREADS * self->record_size;
  DispRecordSinkValues values;

  while (atomic_load (&self->n_left) > 0)
    {
      disp_record_sink_read (self->log.sink, &values);
      g_assert_cmpuint (values.queued, <=, self->settings.max_records);
      g_assert_cmpuint (values.queued_bytes, <, max_bytes);
      g_assert_cmpuint (values.pushed, ==, values.stored + values.queued);
      g_thread_yield ();
    }
}

static void
run_press (guint number, gpointer user_data)
{
  Press *self = user_data;

  DISP_TSAN_ACQUIRE (self);
  if (number < N_THREADS)
    press (self, number);
  else
    watch (self);
}

/* What was admitted is stored, once and in order; what was not was counted. */
static void
test_press (gconstpointer max_records)
{
  g_autoptr (DispRecord) largest = fixture_record (0, DISP_RECORD_COMPLETED);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) records = NULL;
  DispRecordSinkValues values;
  Press self = { .n_left = N_THREADS, .record_size = disp_record_get_size (largest) };

  self.settings = log_flushes_never;
  self.settings.max_records = GPOINTER_TO_UINT (max_records);
  self.settings.max_bytes = MAX_RECORDS * self.record_size;
  log_fixture_set_up (&self.log, &self.settings);
  fake_store_fail_at_random (self.log.store, (guint32) g_test_rand_int ());
  DISP_TSAN_RELEASE (&self);
  fixture_run_threads (N_THREADS + 1, run_press, &self);
  g_assert_cmpuint (disp_request_log_close (self.log.log, PATIENT), ==, 0);

  records = fake_store_copy_records (self.log.store);
  g_assert_cmpuint (records->len, ==, 2 * N_THREADS * N_PAIRS);
  for (guint i = 0; i < records->len; i++)
    {
      DispRecord *record = g_ptr_array_index (records, i);
      gboolean first = g_hash_table_add (ids, record->id);

      g_assert_cmpint (record->state, ==, first ? DISP_RECORD_CREATED : DISP_RECORD_COMPLETED);
    }
  g_assert_cmpuint (g_hash_table_size (ids), ==, N_THREADS * N_PAIRS);
  disp_record_sink_read (self.log.sink, &values);
  g_assert_cmpuint (values.dropped, ==, atomic_load (&self.n_dropped));
  g_assert_cmpuint (values.dropped, >, 0);
  log_fixture_tear_down (&self.log, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();

  g_test_add_func ("/records/log-writer/nothing-to-tidy", test_nothing_to_tidy);
  g_test_add_func ("/records/log-writer/tidies-when-idle", test_tidy_when_idle);
  g_test_add_func ("/records/log-writer/tidies-while-collecting", test_tidy_while_collecting);
  g_test_add_func ("/records/log-writer/tidies-later", test_tidy_later);
  g_test_add_func ("/records/log-writer/tidies-under-load", test_tidy_under_load);
  g_test_add_func ("/records/log-writer/tidies-when-failing", test_tidy_when_failing);
  g_test_add ("/records/log-writer/tidies-not-at-end", LogFixture, &log_flushes_never,
              log_fixture_set_up, test_tidy_at_end, log_fixture_tear_down);
  g_test_add_data_func ("/records/log-writer/press-records", GUINT_TO_POINTER (MAX_RECORDS),
                        test_press);
  g_test_add_data_func ("/records/log-writer/press-bytes", GUINT_TO_POINTER (1000000), test_press);
  return g_test_run ();
}
