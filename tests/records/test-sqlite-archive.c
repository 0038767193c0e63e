/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-archive.h"

#include "core/error.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/sqlite-probe.h"
#include "records/sqlite-store.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#define WINDOW DISP_SQLITE_ARCHIVE_WINDOW

typedef struct
{
  char *directory;            /* (owned) */
  char *path;                 /* (owned) */
  char *log;                  /* (owned) the path of the write-ahead log */
  DispStore *store;           /* (owned) */
  DispRecordArchive *archive; /* (owned) */
  DispRecordFilter filter;    /* (owned) of the next reading */
  DispRecordScan scan;        /* (owned) */
  GPtrArray *records;         /* (owned) (element-type DispRecord) what was read */
  guint n_calls;              /* how many calls that took */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  log_news_forget ();
  fixture->directory = fixture_directory ();
  fixture->path = g_build_filename (fixture->directory, "records.db", NULL);
  fixture->log = g_strconcat (fixture->path, "-wal", NULL);
  fixture->store = disp_sqlite_store_new (fixture->path, NULL, &error);
  g_assert_no_error (error);
  fixture->archive = disp_sqlite_archive_new (fixture->path, &error);
  g_assert_no_error (error);
  disp_record_filter_init (&fixture->filter);
  fixture->records = fixture_records (0, 0, DISP_RECORD_CREATED);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_record_filter_clear (&fixture->filter);
  disp_record_scan_clear (&fixture->scan);
  g_ptr_array_unref (fixture->records);
  g_assert_finalize_object (fixture->archive);
  g_assert_finalize_object (fixture->store);
  g_assert_false (g_file_test (fixture->log, G_FILE_TEST_EXISTS));
  g_free (fixture->path);
  g_free (fixture->log);
  fixture_remove_directory (fixture->directory);
}

static void
begin (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  disp_record_scan_clear (&fixture->scan);
  g_ptr_array_set_size (fixture->records, 0);
  fixture->n_calls = 0;
  disp_record_archive_begin (fixture->archive, &fixture->filter, &fixture->scan, &error);
  g_assert_no_error (error);
  g_assert_null (fixture->filter.model);
  g_assert_null (fixture->filter.after);
}

static void
next (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->n_calls++;
  disp_record_archive_next (fixture->archive, &fixture->scan, fixture->records, &error);
  g_assert_no_error (error);
}

static void
read_rest (Fixture *fixture)
{
  while (!disp_record_scan_is_over (&fixture->scan))
    next (fixture);
}

static void
read_all (Fixture *fixture)
{
  begin (fixture);
  read_rest (fixture);
}

/* So many records were read, and their numbers begin so and have so much between them. */
static void
check_read (Fixture *fixture, guint n, guint first, guint step)
{
  char id[DISP_ID_SIZE];

  g_assert_cmpuint (fixture->records->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      const DispRecord *record = g_ptr_array_index (fixture->records, i);

      fixture_id (first + i * step, id);
      g_assert_cmpstr (record->id, ==, id);
    }
}

static void
test_empty (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  read_all (fixture);
  check_read (fixture, 0, 0, 0);
}

/* In the order in which they were first stored, whatever became of them later. */
static void
test_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture_append_some (fixture->store, 0, 2 * WINDOW + 1);
  fixture_append_some (fixture->store, 10, 20);
  read_all (fixture);
  check_read (fixture, 2 * WINDOW + 1, 0, 1);
  g_assert_cmpuint (fixture->n_calls, ==, 3);
}

/* What comes after the beginning is no part of it. */
static void
test_later (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture_append_some (fixture->store, 0, WINDOW + 10);
  begin (fixture);
  fixture_append_some (fixture->store, WINDOW + 10, 10);
  next (fixture);
  fixture_append_some (fixture->store, WINDOW + 20, 10);
  read_rest (fixture);
  check_read (fixture, WINDOW + 10, 0, 1);
}

static void
test_limit (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gint64 limits[] = { 0, 1, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW };

  fixture_append_some (fixture->store, 0, WINDOW + 5);
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      fixture->filter.limit = limits[i];
      read_all (fixture);
      check_read (fixture, (guint) MIN (limits[i], WINDOW + 5), 0, 1);
    }
}

static void
test_last (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gint64 lasts[] = { 1, 2, WINDOW, WINDOW + 4, WINDOW + 5, 2 * WINDOW, G_MAXINT64 };

  fixture->filter.last = 3;
  read_all (fixture);
  check_read (fixture, 0, 0, 0);
  fixture_append_some (fixture->store, 0, WINDOW + 5);
  for (guint i = 0; i < G_N_ELEMENTS (lasts); i++)
    {
      guint n = (guint) MIN (lasts[i], WINDOW + 5);

      fixture->filter.last = lasts[i];
      read_all (fixture);
      check_read (fixture, n, WINDOW + 5 - n, 1);
    }
}

static void
test_after (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  char id[DISP_ID_SIZE];

  fixture_append_some (fixture->store, 0, 20);
  fixture_id (14, id);
  fixture->filter.after = g_strdup (id);
  read_all (fixture);
  check_read (fixture, 5, 15, 1);
  fixture_id (19, id);
  fixture->filter.after = g_strdup (id);
  read_all (fixture);
  check_read (fixture, 0, 0, 0);
}

static void
test_after_unknown (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture_append_some (fixture->store, 0, 2);
  fixture->filter.after = g_strdup ("nobody");
  g_assert_false (
      disp_record_archive_begin (fixture->archive, &fixture->filter, &fixture->scan, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_RECORD);
  g_assert_nonnull (strstr (error->message, "nobody"));
}

/* Every third record is of another model, node and container, and in another state. */
static void
append_various (Fixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      DispRecord *record = fixture_record (i, i % 3 == 0 ? DISP_RECORD_WAITING
                                                         : DISP_RECORD_COMPLETED);

      if (i % 3 == 0)
        {
          g_free (record->model);
          record->model = g_strdup ("third");
          g_free (record->container->node);
          record->container->node = g_strdup ("node-3");
          g_free (record->container->name);
          record->container->name = g_strdup ("container-3");
        }
      fixture_append_one (fixture->store, record);
    }
}

static void
test_filters (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append_various (fixture, 30);
  fixture->filter.model = g_strdup ("third");
  read_all (fixture);
  check_read (fixture, 10, 0, 3);
  fixture->filter.node = g_strdup ("node-3");
  read_all (fixture);
  check_read (fixture, 10, 0, 3);
  fixture->filter.container = g_strdup ("container-3");
  read_all (fixture);
  check_read (fixture, 10, 0, 3);
  fixture->filter.state = DISP_RECORD_WAITING;
  fixture->filter.limit = 4;
  read_all (fixture);
  check_read (fixture, 4, 0, 3);
  fixture->filter.model = g_strdup ("third");
  fixture->filter.state = DISP_RECORD_COMPLETED;
  read_all (fixture);
  check_read (fixture, 0, 0, 0);
}

/* A filter that lets nothing through looks at no more in one call than another. */
/* The last ones of those that are wanted. */
static void
test_last_filtered (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  append_various (fixture, 31);
  fixture->filter.model = g_strdup ("third");
  fixture->filter.last = 3;
  read_all (fixture);
  check_read (fixture, 3, 24, 3);
  fixture->filter.node = g_strdup ("nowhere");
  fixture->filter.last = 3;
  read_all (fixture);
  check_read (fixture, 0, 0, 0);
}

static void
test_nothing_wanted (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture_append_some (fixture->store, 0, 4 * WINDOW);
  fixture->filter.node = g_strdup ("nowhere");
  begin (fixture);
  for (guint i = 1; i <= 4; i++)
    {
      g_assert_false (disp_record_scan_is_over (&fixture->scan));
      next (fixture);
      g_assert_cmpint (fixture->scan.at, ==, i * WINDOW);
    }
  g_assert_true (disp_record_scan_is_over (&fixture->scan));
  check_read (fixture, 0, 0, 0);
}

/* Places without a record cost nothing. */
static void
test_gap (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture_append_some (fixture->store, 0, 20);
  probe_execute (fixture->path, "UPDATE records SET seq = seq + 1000000 WHERE seq <= 10;"
                                "UPDATE records SET seq = seq + 1000000000 WHERE seq <= 20;");
  read_all (fixture);
  g_assert_cmpuint (fixture->records->len, ==, 20);
  g_assert_cmpuint (fixture->n_calls, ==, 2);
}

static void
test_removed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture_append_some (fixture->store, 0, 3 * WINDOW);
  begin (fixture);
  next (fixture);
  probe_execute (fixture->path, "DELETE FROM records WHERE seq <= 1400");
  read_rest (fixture);
  g_assert_cmpuint (fixture->records->len, ==, WINDOW + 100);
}

static void
test_cleared (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture_append_some (fixture->store, 0, 2 * WINDOW);
  begin (fixture);
  next (fixture);
  g_assert_true (disp_store_clear (fixture->store, &error));
  read_rest (fixture);
  check_read (fixture, WINDOW, 0, 1);
  read_all (fixture);
  check_read (fixture, 0, 0, 0);
}

static void
test_brief (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispRecord *record = fixture_record (1, DISP_RECORD_COMPLETED);

  record->extra = g_strdup ("\"a\":1");
  fixture_append_one (fixture->store, record);
  fixture->filter.brief = TRUE;
  read_all (fixture);
  check_read (fixture, 1, 1, 1);
  record = g_ptr_array_index (fixture->records, 0);
  g_assert_null (record->instances.bytes);
  g_assert_cmpuint (record->instances.length, ==, 0);
  g_assert_null (record->response.bytes);
  g_assert_cmpuint (record->response.length, ==, 0);
  g_assert_null (record->extra);
  g_assert_cmpint (record->ts_out - record->ts_in, ==, 2000);
  g_assert_cmpstr (record->container->name, ==, "tfserving-gpu-0");
}

static DispRecord *
make_large (guint number, gsize size)
{
  DispRecord *record = fixture_record (number, DISP_RECORD_COMPLETED);
  g_autoptr (GBytes) body = g_bytes_new_take (g_strnfill (size, 'x'), size);

  disp_record_set_response (record, body, -1);
  return record;
}

/* Large records come a few at a time. */
static void
test_large (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 12; i++)
    fixture_append_one (fixture->store, make_large (i, 400000));
  begin (fixture);
  next (fixture);
  g_assert_cmpuint (fixture->records->len, ==, 3);
  read_rest (fixture);
  check_read (fixture, 12, 0, 1);
  g_assert_cmpuint (fixture->n_calls, ==, 4);
}

/* A reading that is half way is in the way of nothing: the write-ahead log is emptied under it. */
static void
test_holds_nothing (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture_append_some (fixture->store, 0, 2 * WINDOW);
  begin (fixture);
  next (fixture);
  fixture_append_some (fixture->store, 5000, 10);
  probe_check (fixture->path, "PRAGMA wal_checkpoint (TRUNCATE)", "0|0|0");
  read_rest (fixture);
  check_read (fixture, 2 * WINDOW, 0, 1);
}

static gint64
get_log_size (Fixture *fixture)
{
  GStatBuf status;

  g_assert_no_errno (g_stat (fixture->log, &status));
  return status.st_size;
}

/* Writes and reads in turn, far more than the write-ahead log may hold. */
static void
test_log_is_bounded (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 largest = 0;

  for (guint i = 0; i < 60; i++)
    {
      g_autoptr (GPtrArray) batch = fixture_records (0, 0, DISP_RECORD_CREATED);
      g_autoptr (GError) error = NULL;

      for (guint j = 0; j < 25; j++)
        g_ptr_array_add (batch, make_large (i * 25 + j, 60000));
      fixture_append (fixture->store, batch, &error);
      g_assert_no_error (error);
      if (i == 0)
        begin (fixture);
      if (!disp_record_scan_is_over (&fixture->scan))
        next (fixture);
      disp_store_tidy (fixture->store, 0);
      largest = MAX (largest, get_log_size (fixture));
    }
  g_test_message ("largest log: %" G_GINT64_FORMAT, largest);
  g_assert_cmpint (largest, >, 14 * 1024 * 1024);
  g_assert_cmpint (largest, <, 20 * 1024 * 1024);
}

/* Somebody reads one old state for long: the log has to grow, and writing goes on.  When he ends
 * the log is used from its beginning again. */
static void
test_long_reader (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  sqlite3_stmt *statement;
  sqlite3 *reader;
  gint64 size;

  fixture_append_some (fixture->store, 0, 2);
  g_assert_cmpint (sqlite3_open (fixture->path, &reader), ==, SQLITE_OK);
  sqlite3_prepare_v2 (reader, "SELECT id FROM records", -1, &statement, NULL);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  for (guint i = 0; i < 80; i++)
    {
      fixture_append_one (fixture->store, make_large (100 + i, 1000000));
      g_assert_cmpint (disp_store_tidy (fixture->store, 0), ==, DISP_STORE_TIDY);
    }
  size = get_log_size (fixture);
  g_assert_cmpint (size, >, 80 * 1000000);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  sqlite3_finalize (statement);
  sqlite3_close (reader);

  for (guint i = 0; i < 20; i++)
    {
      fixture_append_one (fixture->store, make_large (200 + i, 1000000));
      disp_store_tidy (fixture->store, 0);
    }
  g_assert_cmpint (get_log_size (fixture), <=, 64 * 1024 * 1024);
  g_assert_cmpuint (log_news_count (), ==, 0);
}

/* The file is deleted under store and archive: both go on with the new one. */
static void
test_deleted (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture_append_some (fixture->store, 0, 3 * WINDOW);
  begin (fixture);
  next (fixture);
  g_assert_no_errno (g_unlink (fixture->path));
  fixture_append_some (fixture->store, 10000, 20);
  read_rest (fixture);
  read_all (fixture);
  check_read (fixture, 20, 10000, 1);
  log_news_check (0, "warning *was moved or deleted*");
}

static void
test_no_file (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->directory, "none.db", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_sqlite_archive_new (path, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, path));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();
#define ADD(name, test)                                                                            \
  g_test_add ("/records/sqlite-archive/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("empty", test_empty);
  ADD ("order", test_order);
  ADD ("later", test_later);
  ADD ("limit", test_limit);
  ADD ("last", test_last);
  ADD ("last-filtered", test_last_filtered);
  ADD ("after", test_after);
  ADD ("after-unknown", test_after_unknown);
  ADD ("filters", test_filters);
  ADD ("nothing-wanted", test_nothing_wanted);
  ADD ("gap", test_gap);
  ADD ("removed", test_removed);
  ADD ("cleared", test_cleared);
  ADD ("brief", test_brief);
  ADD ("large", test_large);
  ADD ("holds-nothing", test_holds_nothing);
  ADD ("log-is-bounded", test_log_is_bounded);
  ADD ("long-reader", test_long_reader);
  ADD ("deleted", test_deleted);
  ADD ("no-file", test_no_file);
#undef ADD
  return g_test_run ();
}
