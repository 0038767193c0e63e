/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/log-queue.h"

#include "records/fixture.h"
#include "records/log-fixture.h"
#include "support/watcher.h"

/* How many records are pushed without an admission; then the limit has no meaning. */
#define MANY 5000

static const DispRequestLogSettings refusing = { .max_records = 8, .max_bytes = G_MAXSIZE };
static const DispRequestLogSettings dropping
    = { .max_records = 8, .max_bytes = G_MAXSIZE, .drop = TRUE };

/* A queue, and the thread's side of it. */
typedef struct
{
  Watcher watcher;
  DispLogQueue *queue; /* (owned) */
  GPtrArray *taken;    /* (owned) (element-type DispLogEntry, owned) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer settings)
{
  log_news_forget ();
  watcher_init (&fixture->watcher, NULL);
  fixture->queue = disp_log_queue_new (settings, fixture->watcher.notice);
  fixture->taken = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_log_entry_free);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_ptr_array_unref (fixture->taken);
  disp_log_queue_free (fixture->queue);
  watcher_clear (&fixture->watcher);
}

/* Pushes an entry, and returns whether the queue became due by it. */
static gboolean
push_entry (Fixture *fixture, DispLogEntryKind kind, DispRecord *record, GTask *task)
{
  gboolean due;

  g_assert_true (
      disp_log_queue_push (fixture->queue, disp_log_entry_new (kind, record, task), &due));
  return due;
}

static gboolean
push (Fixture *fixture, guint number)
{
  return push_entry (fixture, DISP_LOG_ENTRY_RECORD, fixture_record (number, DISP_RECORD_CREATED),
                     NULL);
}

static void
admit (Fixture *fixture, guint n_records, DispAdmission expected)
{
  g_assert_cmpint (disp_log_queue_admit (fixture->queue, n_records), ==, expected);
}

/* Admits and pushes records. */
static void
fill (Fixture *fixture, guint n)
{
  admit (fixture, n, DISP_ADMISSION_RECORDED);
  for (guint i = 0; i < n; i++)
    push (fixture, i);
}

/* Has the store take the first records. */
static void
settle (Fixture *fixture, guint n, guint n_refused)
{
  disp_log_queue_take (fixture->queue, fixture->taken, n);
  g_assert_cmpuint (fixture->taken->len, ==, n);
  disp_log_queue_settle (fixture->queue, (DispLogEntry *const *) fixture->taken->pdata, n,
                         n_refused);
  g_ptr_array_set_size (fixture->taken, 0);
}

static DispRecordSinkValues
read_values (Fixture *fixture)
{
  DispRecordSinkValues values;

  disp_log_queue_read (fixture->queue, &values);
  return values;
}

/* What was admitted counts from its admission until it is settled. */
static void
test_limit (Fixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  admit (fixture, 5, DISP_ADMISSION_RECORDED);
  admit (fixture, 4, DISP_ADMISSION_REFUSED);
  admit (fixture, 3, DISP_ADMISSION_RECORDED);
  admit (fixture, 1, DISP_ADMISSION_REFUSED);
  for (guint i = 0; i < 8; i++)
    {
      push (fixture, i);
      admit (fixture, 1, DISP_ADMISSION_REFUSED);
    }
  disp_log_queue_take (fixture->queue, fixture->taken, 2);
  admit (fixture, 1, DISP_ADMISSION_REFUSED);
  disp_log_queue_settle (fixture->queue, (DispLogEntry *const *) fixture->taken->pdata, 2, 0);
  admit (fixture, 3, DISP_ADMISSION_REFUSED);
  admit (fixture, 2, DISP_ADMISSION_RECORDED);
  g_assert_cmpuint (read_values (fixture).queued, ==, 6);
  g_assert_cmpuint (read_values (fixture).stored, ==, 2);
  g_assert_cmpuint (read_values (fixture).dropped, ==, 4 + 1 + 8 + 1 + 3);
}

/* More at once than there may ever be come in when nothing else waits, or they never would. */
static void
test_above_limit (Fixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  admit (fixture, 1, DISP_ADMISSION_RECORDED);
  admit (fixture, 9, DISP_ADMISSION_REFUSED);
  push (fixture, 0);
  admit (fixture, 9, DISP_ADMISSION_REFUSED);
  settle (fixture, 1, 0);
  admit (fixture, 9, DISP_ADMISSION_RECORDED);
  admit (fixture, 1, DISP_ADMISSION_REFUSED);
  for (guint i = 0; i < 9; i++)
    push (fixture, i);
  g_assert_cmpuint (read_values (fixture).queued, ==, 9);
  settle (fixture, 9, 0);
  admit (fixture, 8, DISP_ADMISSION_RECORDED);
}

/* A place that was reserved is used up by one push, and a push without one is taken above the
 * limit. */
static void
test_not_admitted (Fixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  for (guint i = 0; i < 20; i++)
    push (fixture, i);
  g_assert_cmpuint (read_values (fixture).queued, ==, 20);
  admit (fixture, 1, DISP_ADMISSION_REFUSED);
  settle (fixture, 20, 3);
  g_assert_cmpuint (read_values (fixture).queued, ==, 0);
  g_assert_cmpuint (read_values (fixture).queued_bytes, ==, 0);
  g_assert_cmpuint (read_values (fixture).stored, ==, 17);
  g_assert_cmpuint (read_values (fixture).refused, ==, 3);
  admit (fixture, 8, DISP_ADMISSION_RECORDED);
}

/* The limit in bytes is looked at before a record comes, so that the last one may exceed it. */
static void
test_bytes (void)
{
  g_autoptr (DispRecord) record = fixture_record (0, DISP_RECORD_CREATED);
  const gsize size = disp_record_get_size (record);
  const DispRequestLogSettings settings = { .max_records = 100, .max_bytes = 4 * size - 1 };
  Fixture fixture;

  set_up (&fixture, &settings);
  fill (&fixture, 3);
  g_assert_cmpuint (read_values (&fixture).queued_bytes, ==, 3 * size);
  fill (&fixture, 2);
  g_assert_cmpuint (read_values (&fixture).queued_bytes, ==, 5 * size);
  admit (&fixture, 1, DISP_ADMISSION_REFUSED);
  settle (&fixture, 1, 0);
  admit (&fixture, 1, DISP_ADMISSION_REFUSED);
  settle (&fixture, 1, 0);
  admit (&fixture, 1, DISP_ADMISSION_RECORDED);
  g_assert_cmpuint (log_news_count (), ==, 1);
  settle (&fixture, 1, 0);
  g_assert_cmpuint (log_news_count (), ==, 2);
  tear_down (&fixture, NULL);
}

/* However often there is room for one more at the limit, it is told once that there is none, and
 * once that a quarter is free. */
static void
test_news (Fixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autofree char *problem = NULL;

  fill (fixture, 8);
  g_assert_cmpuint (log_news_count (), ==, 0);
  g_assert_cmpuint (watcher_take (&fixture->watcher), ==, 0);
  g_assert_null (disp_log_queue_dup_problem (fixture->queue));
  for (guint i = 0; i < 5; i++)
    {
      admit (fixture, 2, DISP_ADMISSION_REFUSED);
      settle (fixture, 1, 0);
      fill (fixture, 1);
    }
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning there is no room for more records, 8 wait to be stored "
                     "(* bytes): predictions are refused");
  g_assert_cmpuint (watcher_take (&fixture->watcher), ==, 1);
  problem = disp_log_queue_dup_problem (fixture->queue);
  g_assert_cmpstr (problem, ==, "there is no room for more records: predictions are refused");

  /* Of the quarter, one place is reserved. */
  settle (fixture, 1, 0);
  admit (fixture, 1, DISP_ADMISSION_RECORDED);
  settle (fixture, 1, 0);
  g_assert_cmpuint (log_news_count (), ==, 1);
  settle (fixture, 1, 0);
  g_assert_cmpuint (log_news_count (), ==, 2);
  log_news_check (1, "message there is room for records again; there was none for 10");
  g_assert_cmpuint (watcher_take (&fixture->watcher), ==, 1);
  g_assert_null (disp_log_queue_dup_problem (fixture->queue));

  admit (fixture, 9, DISP_ADMISSION_REFUSED);
  settle (fixture, 5, 0);
  g_assert_cmpuint (log_news_count (), ==, 4);
  log_news_check (3, "message there is room for records again; there was none for 9");
}

static void
test_drop (Fixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autofree char *problem = NULL;

  fill (fixture, 7);
  admit (fixture, 2, DISP_ADMISSION_DROPPED);
  admit (fixture, 2, DISP_ADMISSION_DROPPED);
  g_assert_cmpuint (read_values (fixture).dropped, ==, 4);
  g_assert_cmpuint (read_values (fixture).pushed, ==, 7);
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning there is no room*: predictions leave no records");
  problem = disp_log_queue_dup_problem (fixture->queue);
  g_assert_cmpstr (problem, ==, "there is no room for more records: predictions leave none");
}

/* A closed queue takes nothing, which is nothing to tell. */
static void
test_closed (Fixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  g_autoptr (DispLogEntry) late = disp_log_entry_new (
      DISP_LOG_ENTRY_RECORD, fixture_record (4, DISP_RECORD_CREATED), NULL);
  gboolean due;

  fill (fixture, 3);
  g_assert_false (disp_log_queue_is_closed (fixture->queue));
  disp_log_queue_close (fixture->queue);
  g_assert_true (disp_log_queue_is_closed (fixture->queue));
  admit (fixture, 1, DISP_ADMISSION_REFUSED);
  g_assert_cmpuint (log_news_count (), ==, 0);
  g_assert_false (disp_log_queue_push (fixture->queue, late, &due));
  g_assert_cmpuint (read_values (fixture).pushed, ==, 4);
  g_assert_cmpuint (read_values (fixture).lost, ==, 1);
  g_assert_cmpuint (read_values (fixture).queued, ==, 3);

  disp_log_queue_take (fixture->queue, fixture->taken, G_MAXUINT);
  g_assert_cmpuint (fixture->taken->len, ==, 4);
  g_assert_cmpuint (
      disp_log_queue_lose (fixture->queue, (DispLogEntry *const *) fixture->taken->pdata, 4), ==,
      3);
  g_assert_cmpuint (read_values (fixture).lost, ==, 4);
  g_assert_cmpuint (read_values (fixture).queued, ==, 0);
  g_assert_cmpuint (read_values (fixture).queued_bytes, ==, 0);
}

/* The thread is woken by the entry that makes the queue due, and by no other. */
static void
test_due (void)
{
  static const DispRequestLogSettings wide = { .max_records = G_MAXUINT, .max_bytes = G_MAXSIZE };
  Fixture fixture;

  set_up (&fixture, &wide);
  g_assert_false (disp_log_queue_is_due (fixture.queue));
  for (guint i = 1; i <= MANY; i++)
    g_assert_cmpint (push (&fixture, i), ==, i == DISP_REQUEST_LOG_MAX_BATCH - 1);
  g_assert_true (disp_log_queue_is_due (fixture.queue));
  settle (&fixture, MANY - DISP_REQUEST_LOG_MAX_BATCH + 1, 0);
  g_assert_true (disp_log_queue_is_due (fixture.queue));
  settle (&fixture, 1, 0);
  g_assert_false (disp_log_queue_is_due (fixture.queue));
  g_assert_true (push (&fixture, 0));
  tear_down (&fixture, NULL);
}

/* Half of a small limit is a batch, and so is half of the limit in bytes. */
static void
test_due_by_limits (void)
{
  g_autoptr (DispRecord) record = fixture_record (0, DISP_RECORD_CREATED);
  const DispRequestLogSettings few = { .max_records = 8, .max_bytes = G_MAXSIZE };
  const DispRequestLogSettings small = { .max_records = 1000,
                                         .max_bytes = 8 * disp_record_get_size (record) };
  Fixture fixture;

  set_up (&fixture, &few);
  for (guint i = 1; i <= 6; i++)
    g_assert_cmpint (push (&fixture, 0), ==, i == 3);
  tear_down (&fixture, NULL);
  set_up (&fixture, &small);
  for (guint i = 1; i <= 6; i++)
    g_assert_cmpint (push (&fixture, 0), ==, i == 4);
  tear_down (&fixture, NULL);
}

static GTask *
new_task (void)
{
  GTask *task = g_task_new (NULL, NULL, NULL, NULL);

  g_task_return_boolean (task, TRUE);
  return task;
}

static void
test_due_by_task (Fixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  DispLogEntry *entry;

  g_assert_null (disp_log_queue_pop (fixture->queue, 0));
  g_assert_false (push (fixture, 0));
  g_assert_true (push_entry (fixture, DISP_LOG_ENTRY_CLEAR, NULL, new_task ()));
  g_assert_false (push_entry (fixture, DISP_LOG_ENTRY_RECORD,
                              fixture_record (1, DISP_RECORD_CREATED), new_task ()));
  entry = disp_log_queue_pop (fixture->queue, -1);
  g_assert_cmpint (entry->kind, ==, DISP_LOG_ENTRY_RECORD);
  disp_log_entry_free (entry);
  entry = disp_log_queue_pop (fixture->queue, 0);
  g_assert_cmpint (entry->kind, ==, DISP_LOG_ENTRY_CLEAR);
  disp_log_entry_free (entry);
  g_assert_true (disp_log_queue_is_due (fixture->queue));
  disp_log_queue_take (fixture->queue, fixture->taken, 1);
  g_assert_false (disp_log_queue_is_due (fixture->queue));
  g_assert_null (disp_log_queue_pop (fixture->queue, G_TIME_SPAN_MILLISECOND));
}

/* A clear is the last of what is taken at once. */
static void
test_take (Fixture *fixture, G_GNUC_UNUSED gconstpointer settings)
{
  static const guint lengths[] = { 3, 1, 1, 2 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      for (guint j = 1; j < lengths[i]; j++)
        push (fixture, j);
      push_entry (fixture, DISP_LOG_ENTRY_CLEAR, NULL, new_task ());
    }
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      const DispLogEntry *last;

      disp_log_queue_take (fixture->queue, fixture->taken, 100);
      disp_log_queue_take (fixture->queue, fixture->taken, 100);
      g_assert_cmpuint (fixture->taken->len, ==, lengths[i]);
      last = g_ptr_array_index (fixture->taken, lengths[i] - 1);
      g_assert_cmpint (last->kind, ==, DISP_LOG_ENTRY_CLEAR);
      g_ptr_array_set_size (fixture->taken, 0);
    }
  disp_log_queue_take (fixture->queue, fixture->taken, 100);
  g_assert_cmpuint (fixture->taken->len, ==, 0);
}

/* What waits stays; what comes has the new limits, and what was full has room again. */
static void
test_other_settings (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispRequestLogSettings other = { .max_records = 100, .max_bytes = G_MAXSIZE, .drop = TRUE };
  DispRecordSinkValues values;

  fill (fixture, 8);
  admit (fixture, 2, DISP_ADMISSION_REFUSED);
  disp_log_queue_set_settings (fixture->queue, &other);
  g_assert_null (disp_log_queue_dup_problem (fixture->queue));
  fill (fixture, 92);
  admit (fixture, 1, DISP_ADMISSION_DROPPED);
  other.max_records = 4;
  other.drop = FALSE;
  disp_log_queue_set_settings (fixture->queue, &other);
  admit (fixture, 1, DISP_ADMISSION_REFUSED);
  disp_log_queue_read (fixture->queue, &values);
  g_assert_cmpuint (values.queued, ==, 100);
  g_assert_true (disp_log_queue_is_due (fixture->queue));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();

#define ADD(name, settings, test)                                                                  \
  g_test_add ("/records/log-queue/" name, Fixture, settings, set_up, test, tear_down)
  ADD ("limit", &refusing, test_limit);
  ADD ("above-limit", &refusing, test_above_limit);
  ADD ("not-admitted", &refusing, test_not_admitted);
  ADD ("tells-once", &refusing, test_news);
  ADD ("drops", &dropping, test_drop);
  ADD ("closed", &refusing, test_closed);
  ADD ("other-settings", &refusing, test_other_settings);
  ADD ("due-when-waited-for", &refusing, test_due_by_task);
  ADD ("takes-up-to-a-clear", &refusing, test_take);
#undef ADD
  g_test_add_func ("/records/log-queue/limit-in-bytes", test_bytes);
  g_test_add_func ("/records/log-queue/due-with-a-batch", test_due);
  g_test_add_func ("/records/log-queue/due-at-half-a-limit", test_due_by_limits);
  return g_test_run ();
}
