/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-retention.h"

#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/sqlite-probe.h"
#include "records/store-fixture.h"
#include "records/sqlite-store.h"

#include <glib/gstdio.h>

/* Record 0 of the fixture came then, and each next one a microsecond later. */
#define FIRST_TIME G_GINT64_CONSTANT (1566830435109377)
#define MINUTE (G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define MIB (1024 * 1024)

static void
set_up (StoreFixture *fixture, gconstpointer data)
{
  log_news_forget ();
  store_fixture_set_up (fixture, data);
}

static void
open_store (StoreFixture *fixture, gint64 max_age, gint64 max_size)
{
  const DispSqliteStoreSettings settings = { .max_age = max_age, .max_size = max_size };

  store_fixture_open (fixture, &settings);
}

/* Tidies up until there is no more to do.  Returns how many calls did something. */
static guint
tidy_up (StoreFixture *fixture, gint64 now, gint64 expected_wait)
{
  guint n_pieces = 0;
  gint64 wait;

  while ((wait = disp_store_tidy (fixture->store, now)) == 0)
    g_assert_cmpuint (++n_pieces, <, 10000);
  g_assert_cmpint (wait, ==, expected_wait);
  return n_pieces;
}

static gint64
query_int (StoreFixture *fixture, const char *sql)
{
  g_autofree char *text = probe_query (fixture->path, sql);

  return g_ascii_strtoll (text, NULL, 10);
}

static gint64
get_used (StoreFixture *fixture)
{
  return query_int (fixture, "SELECT 4096 * (page_count - freelist_count)"
                             " FROM pragma_page_count, pragma_freelist_count");
}

static void
append_at (StoreFixture *fixture, guint first, guint n, gint64 ts_in)
{
  g_autoptr (GPtrArray) batch = fixture_records (first, n, DISP_RECORD_COMPLETED);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    ((DispRecord *) g_ptr_array_index (batch, i))->ts_in = ts_in;
  fixture_append (fixture->store, batch, &error);
  g_assert_no_error (error);
}

/* Under full batches, with one call between each two: the size stays at the limit. */
static void
test_size_under_load (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const guint n_batches = 40;

  open_store (fixture, 0, 2 * MIB);
  for (guint i = 0; i < n_batches; i++)
    {
      fixture_append_some (fixture->store, i * 2000, 2000);
      disp_store_tidy (fixture->store, 0);
      g_assert_cmpint (get_used (fixture), <=, 2 * MIB);
    }
  g_assert_cmpint (get_used (fixture), >, 2 * MIB - 100000);
  g_assert_cmpint (query_int (fixture, "SELECT max (seq) FROM records"), ==, n_batches * 2000);
  g_assert_cmpint (query_int (fixture, "SELECT max (seq) - min (seq) + 1 - count (*) FROM records"),
                   ==, 0);
  probe_check (fixture->path, "PRAGMA integrity_check", "ok");
  store_fixture_close (fixture);
  g_assert_cmpint (query_int (fixture, "SELECT 4096 * page_count FROM pragma_page_count"), <,
                   8 * MIB);
}

/* Only created, then ended in the next batch: what is removed meanwhile comes back as a new row. */
static void
test_size_below_a_batch (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture, 0, 100000);
  for (guint i = 0; i < 5; i++)
    {
      fixture_append_some (fixture->store, 0, 2000);
      tidy_up (fixture, 0, DISP_STORE_TIDY);
      g_assert_cmpint (get_used (fixture), <=, 100000);
    }
  g_assert_cmpint (query_int (fixture, "SELECT count (*) FROM records"), >, 50);
}

/* A limit below what even an empty file takes does not have it try for ever. */
static void
test_size_impossible (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture, 0, 1);
  fixture_append_some (fixture->store, 0, 100);
  tidy_up (fixture, 0, DISP_STORE_TIDY);
  probe_check (fixture->path, "SELECT count (*) FROM records", "0");
}

/* A limit that was lowered, over a restart or while the store is used: what is too much goes in
 * pieces, and so does its space. */
static void
test_size_lowered (StoreFixture *fixture, gconstpointer data)
{
  open_store (fixture, 0, 0);
  for (guint i = 0; i < 20; i++)
    {
      fixture_append_some (fixture->store, i * 2000, 2000);
      g_assert_cmpint (disp_store_tidy (fixture->store, 0), ==, DISP_STORE_TIDY);
    }
  g_assert_cmpint (get_used (fixture), >, 9 * MIB);
  if (data != NULL)
    disp_sqlite_store_set_limits (DISP_SQLITE_STORE (fixture->store), 0, MIB);
  else
    {
      store_fixture_close (fixture);
      open_store (fixture, 0, MIB);
    }
  g_assert_cmpuint (tidy_up (fixture, 0, DISP_STORE_TIDY), >, 100);
  g_assert_cmpint (get_used (fixture), <=, MIB);
  store_fixture_close (fixture);
  g_assert_cmpint (query_int (fixture, "SELECT 4096 * page_count FROM pragma_page_count"), <,
                   6 * MIB);
  probe_check (fixture->path, "PRAGMA integrity_check", "ok");
}

/* Long bodies: a piece is bounded by bytes too. */
static void
test_large_records (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture, 0, 0);
  for (guint i = 0; i < 20; i++)
    {
      DispRecord *record = fixture_record (i, DISP_RECORD_COMPLETED);
      g_autoptr (GBytes) body = g_bytes_new_take (g_strnfill (500000, 'x'), 500000);

      disp_record_set_response (record, body, -1);
      fixture_append_one (fixture->store, record);
    }
  store_fixture_close (fixture);
  open_store (fixture, 0, MIB);
  g_assert_cmpint (disp_store_tidy (fixture->store, 0), ==, 0);
  probe_check (fixture->path, "SELECT count (*) FROM records", "17");
  tidy_up (fixture, 0, DISP_STORE_TIDY);
  probe_check (fixture->path, "SELECT count (*), min (seq) FROM records", "2|19");
}

static void
test_age (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture, HOUR, 0);
  fixture_append_some (fixture->store, 0, 3000);
  tidy_up (fixture, FIRST_TIME + HOUR, MINUTE);
  probe_check (fixture->path, "SELECT count (*) FROM records", "3000");
  tidy_up (fixture, FIRST_TIME + HOUR + MINUTE + 10, MINUTE);
  probe_check (fixture->path, "SELECT count (*) FROM records", "0");
}

/* What is just too old goes, and what is just not stays. */
static void
test_age_to_the_microsecond (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture, HOUR, 0);
  fixture_append_some (fixture->store, 0, 3000);
  tidy_up (fixture, FIRST_TIME + HOUR + 1200, MINUTE);
  probe_check (fixture->path, "SELECT count (*), min (seq) FROM records", "1800|1201");
}

/* It is looked for once a second, though there is a call after each batch. */
static void
test_age_now_and_then (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 now = FIRST_TIME + HOUR;

  open_store (fixture, HOUR, 0);
  tidy_up (fixture, now, MINUTE);
  fixture_append_some (fixture->store, 0, 100);
  tidy_up (fixture, now + G_USEC_PER_SEC - 1, MINUTE);
  probe_check (fixture->path, "SELECT count (*) FROM records", "100");
  tidy_up (fixture, now + G_USEC_PER_SEC, MINUTE);
  probe_check (fixture->path, "SELECT count (*) FROM records", "0");
}

/* Old ones come as fast as others: one call after each batch is enough. */
static void
test_age_under_load (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 now = FIRST_TIME;

  open_store (fixture, 10 * G_USEC_PER_SEC, 0);
  for (guint i = 0; i < 60; i++, now += G_USEC_PER_SEC)
    {
      append_at (fixture, i * 1000, 1000, now);
      disp_store_tidy (fixture->store, now);
      g_assert_cmpint (query_int (fixture, "SELECT count (*) FROM records"), <=, 13000);
    }
  tidy_up (fixture, now, MINUTE);
  probe_check (fixture->path, "SELECT count (*) FROM records", "10000");
}

/* Records of the future stand in front: those behind are found all the same, in time. */
static void
test_age_behind_the_future (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 now = FIRST_TIME + 2 * HOUR;

  open_store (fixture, HOUR, 0);
  append_at (fixture, 0, 2000, now + 1000 * HOUR);
  append_at (fixture, 2000, 2000, FIRST_TIME);
  append_at (fixture, 4000, 2000, now);
  for (guint i = 0; i < 10; i++)
    tidy_up (fixture, now + i * MINUTE, MINUTE);
  probe_check (fixture->path, "SELECT count (*), min (seq), max (seq) FROM records", "4000|1|6000");
}

static void
test_age_unknown (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture, HOUR, 0);
  append_at (fixture, 0, 10, 0);
  append_at (fixture, 10, 10, FIRST_TIME);
  tidy_up (fixture, FIRST_TIME + 2 * HOUR, MINUTE);
  probe_check (fixture->path, "SELECT count (*), min (seq), max (seq) FROM records", "10|1|10");
}

/* The clock of the machine was set back: it is looked again at once. */
static void
test_clock_set_back (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture, HOUR, 0);
  tidy_up (fixture, FIRST_TIME + 1000 * HOUR, MINUTE);
  fixture_append_some (fixture->store, 0, 10);
  tidy_up (fixture, FIRST_TIME + 2 * HOUR, MINUTE);
  probe_check (fixture->path, "SELECT count (*) FROM records", "0");
}

/* A file that cannot give pages back uses them again. */
static void
test_cannot_shrink (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture, 0, 0);
  store_fixture_close (fixture);
  probe_execute (fixture->path, "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM");
  probe_check (fixture->path, "PRAGMA auto_vacuum", "0");
  open_store (fixture, 0, MIB);
  for (guint i = 0; i < 10; i++)
    {
      fixture_append_some (fixture->store, i * 2000, 2000);
      tidy_up (fixture, 0, DISP_STORE_TIDY);
      g_assert_cmpint (get_used (fixture), <=, MIB);
    }
  g_assert_cmpint (query_int (fixture, "SELECT 4096 * page_count FROM pragma_page_count"), <,
                   4 * MIB);
}

/* The upkeep fails and goes on failing: that is said once, and so is its end; records are taken. */
static void
test_fails (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture, HOUR, 0);
  fixture_append_some (fixture->store, 0, 10);
  probe_execute (fixture->path, "CREATE TRIGGER trap BEFORE DELETE ON records WHEN OLD.seq = 5 "
                                "BEGIN SELECT RAISE (ABORT, 'the trap'); END");
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (disp_store_tidy (fixture->store, FIRST_TIME + 2 * HOUR), >, 0);
      fixture_append_some (fixture->store, 10 + i, 1);
    }
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning *old records cannot be removed*the trap*");
  probe_check (fixture->path, "SELECT count (*) FROM records", "13");

  probe_execute (fixture->path, "DROP TRIGGER trap");
  tidy_up (fixture, FIRST_TIME + 2 * HOUR, MINUTE);
  g_assert_cmpuint (log_news_count (), ==, 2);
  log_news_check (1, "message *tidied up again*");
  probe_check (fixture->path, "SELECT count (*) FROM records", "0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();
#define ADD(name, test)                                                                            \
  g_test_add ("/records/sqlite-retention/" name, StoreFixture, NULL, set_up, test,                 \
              store_fixture_tear_down)
  ADD ("size-under-load", test_size_under_load);
  ADD ("size-below-a-batch", test_size_below_a_batch);
  ADD ("size-impossible", test_size_impossible);
  ADD ("size-lowered", test_size_lowered);
  g_test_add ("/records/sqlite-retention/size-lowered-in-use", StoreFixture, "in use", set_up,
              test_size_lowered, store_fixture_tear_down);
  ADD ("large-records", test_large_records);
  ADD ("age", test_age);
  ADD ("age-to-the-microsecond", test_age_to_the_microsecond);
  ADD ("age-now-and-then", test_age_now_and_then);
  ADD ("age-under-load", test_age_under_load);
  ADD ("age-behind-the-future", test_age_behind_the_future);
  ADD ("age-unknown", test_age_unknown);
  ADD ("clock-set-back", test_clock_set_back);
  ADD ("cannot-shrink", test_cannot_shrink);
  ADD ("fails", test_fails);
#undef ADD
  return g_test_run ();
}
