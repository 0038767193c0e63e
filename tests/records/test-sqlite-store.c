/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-store.h"

#include "core/error.h"
#include "records/fixture.h"
#include "records/sqlite-probe.h"
#include "records/store-fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void
check_permissions (const char *path, guint expected)
{
  GStatBuf status;

  g_assert_no_errno (g_stat (path, &status));
  g_assert_cmphex (status.st_mode & 0777, ==, expected);
}

static void
test_creates (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  g_autofree char *description = g_strconcat ("sqlite:", fixture->path, NULL);

  store_fixture_open (fixture, NULL);
  g_assert_cmpstr (disp_store_describe (fixture->store), ==, description);
  fixture_append_one (fixture->store, fixture_record (1, DISP_RECORD_CREATED));
  check_permissions (directory, 0700);
  check_permissions (fixture->path, 0600);
  check_permissions (log, 0600);
  store_fixture_check (fixture, "PRAGMA user_version", "3");
  store_fixture_check (fixture, "PRAGMA journal_mode", "wal");
}

/* Somebody may keep a store that was closed; its file is whole all the same. */
static void
test_close (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);

  store_fixture_open (fixture, NULL);
  fixture_append_one (fixture->store, fixture_record (1, DISP_RECORD_CREATED));
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));
  disp_store_close (fixture->store, 0);
  g_assert_false (g_file_test (log, G_FILE_TEST_EXISTS));
  store_fixture_check (fixture, "SELECT count(*) FROM records", "1");
}

static void
test_columns (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  store_fixture_open (fixture, NULL);
  fixture_append_one (fixture->store, fixture_record (1, DISP_RECORD_COMPLETED));
  fixture_append_one (fixture->store, fixture_record (2, DISP_RECORD_CREATED));
  store_fixture_check (
      fixture, "SELECT * FROM records ORDER BY seq",
      "1|00000001-0000-4000-8000-000000000000|of-the-client|half_plus_two|1|192.168.99.103|"
      "tfserving-gpu-0|0058c1|1|1566830435109378|1566830435109478|1566830435111378|2|200|"
      "100|2|10|21|[1.0, NaN]|{\"predictions\":[2.5]}|NULL\n"
      "2|00000002-0000-4000-8000-000000000000|of-the-client|half_plus_two|1|NULL|NULL|NULL|"
      "NULL|1566830435109379|NULL|NULL|0|NULL|NULL|NULL|10|0|[1.0, NaN]|NULL|NULL");
  store_fixture_check (
      fixture,
      "SELECT ts_in, ts_wait, ts_out, process_time, resp_time, queue_time, attempts, state FROM "
      "requests "
      "ORDER BY seq",
      "1566830435.10938|1566830435.10948|1566830435.11138|0.0019|0.002|0.0001|2|2\n"
      "1566830435.10938|NULL|NULL|NULL|NULL|NULL|NULL|0");
}

/* What is not known is NULL; a body that was not kept leaves its length. */
static void
test_unknown (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispRecord *record = fixture_record (1, DISP_RECORD_ERROR);
  g_autoptr (GBytes) answer = g_bytes_new_static ("0123456789", 10);

  g_clear_pointer (&record->request_id, g_free);
  g_clear_pointer (&record->container->id, g_free);
  record->version = 0;
  disp_record_set_response (record, answer, 9);
  store_fixture_open (fixture, NULL);
  fixture_append_one (fixture->store, record);
  store_fixture_check (fixture,
                       "SELECT request_id, version, container_id, response, response_bytes, status "
                       "FROM records",
                       "NULL|NULL|NULL|NULL|10|502");
}

static void
test_bodies (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const struct
  {
    const char *body;
    gsize length;
    const char *expected;
  } rows[] = {
    { "", 0, "text|0|" },
    { "caf\xc3\xa9", 5, "text|5|636166C3A9" },
    { "caf\xe9", 4, "blob|4|636166E9" },
    { "a\0b", 3, "blob|3|610062" },
    { "\xff\xd8\xff", 3, "blob|3|FFD8FF" },
  };

  store_fixture_open (fixture, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DispRecord *record = fixture_record (i, DISP_RECORD_COMPLETED);
      g_autoptr (GBytes) body = g_bytes_new_static (rows[i].body, rows[i].length);
      g_autofree char *sql = g_strdup_printf ("SELECT typeof (response), response_bytes, "
                                              "hex (response) FROM records WHERE seq = %u",
                                              i + 1);

      disp_record_set_response (record, body, -1);
      fixture_append_one (fixture->store, record);
      store_fixture_check (fixture, sql, rows[i].expected);
    }
}

/* Every pair of states, in one batch and in two: the later one stays. */
static void
test_states (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint number = 0;

  store_fixture_open (fixture, NULL);
  for (guint first = DISP_RECORD_CREATED; first <= DISP_RECORD_ERROR; first++)
    for (guint second = DISP_RECORD_CREATED; second <= DISP_RECORD_ERROR; second++)
      for (guint together = 0; together < 2; together++)
        {
          g_autoptr (GPtrArray) batch = fixture_records (number, 1, first);
          g_autoptr (GError) error = NULL;
          g_autofree char *sql = g_strdup_printf ("SELECT seq, state, ts_out IS NULL FROM records "
                                                  "WHERE id LIKE '%08x%%'",
                                                  number);
          guint state = MAX (first, second);
          g_autofree char *expected = g_strdup_printf ("%u|%u|%d", number + 1, state,
                                                       state < DISP_RECORD_COMPLETED);

          if (together)
            g_ptr_array_add (batch, fixture_record (number, second));
          fixture_append (fixture->store, batch, &error);
          g_assert_no_error (error);
          if (!together)
            fixture_append_one (fixture->store, fixture_record (number, second));
          store_fixture_check (fixture, sql, expected);
          number++;
        }
}

static void
test_empty_batch (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = fixture_records (0, 0, DISP_RECORD_CREATED);
  g_autoptr (GError) error = NULL;

  store_fixture_open (fixture, NULL);
  fixture_append (fixture->store, batch, &error);
  g_assert_no_error (error);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "0");
}

static void
test_cancelled (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = fixture_records (0, 3, DISP_RECORD_CREATED);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  store_fixture_open (fixture, NULL);
  g_cancellable_cancel (cancellable);
  g_assert_false (disp_store_append_batch (fixture->store, (DispRecord *const *) batch->pdata, 3,
                                           &n_taken, &n_refused, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (n_taken, ==, 0);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "0");
}

static void
test_reopens (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);

  for (guint i = 0; i < 3; i++)
    {
      store_fixture_open (fixture, NULL);
      fixture_append_one (fixture->store, fixture_record (i, DISP_RECORD_CREATED));
      store_fixture_close (fixture);
      g_assert_false (g_file_test (log, G_FILE_TEST_EXISTS));
    }
  store_fixture_open (fixture, NULL);
  fixture_append_one (fixture->store, fixture_record (0, DISP_RECORD_COMPLETED));
  store_fixture_check (fixture, "SELECT seq, state FROM records ORDER BY seq", "1|2\n2|0\n3|0");
}

/* Two processes, or two stores of one, may write the same file in turn. */
static void
test_shared (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispStore) other = NULL;
  g_autoptr (GError) error = NULL;

  store_fixture_open (fixture, NULL);
  other = disp_sqlite_store_new (fixture->path, NULL, &error);
  g_assert_no_error (error);
  fixture_append_one (fixture->store, fixture_record (1, DISP_RECORD_CREATED));
  fixture_append_one (other, fixture_record (1, DISP_RECORD_COMPLETED));
  fixture_append_one (fixture->store, fixture_record (2, DISP_RECORD_CREATED));
  store_fixture_check (fixture, "SELECT seq, state FROM records ORDER BY seq", "1|2\n2|0");
}

/* Every batch whose append returned outlives a SIGKILL. */
static void
test_killed (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  int status;
  pid_t child = fork ();

  g_assert_no_errno (child);
  if (child == 0)
    {
      DispStore *store = disp_sqlite_store_new (fixture->path, NULL, NULL);

      for (guint i = 0; store != NULL && i < 20; i++)
        {
          GPtrArray *batch = fixture_records (i * 100, 100, DISP_RECORD_COMPLETED);

          if (!fixture_append (store, batch, NULL))
            _exit (1);
        }
      kill (getpid (), SIGKILL);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));

  store_fixture_open (fixture, NULL);
  store_fixture_check (fixture, "PRAGMA integrity_check", "ok");
  store_fixture_check (fixture, "SELECT count(*), count (DISTINCT id) FROM records WHERE state = 2",
                       "2000|2000");
}

static void
test_locked (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = fixture_records (0, 5, DISP_RECORD_CREATED);
  g_autoptr (GError) error = NULL;
  sqlite3 *other;

  store_fixture_open (fixture, NULL);
  g_assert_cmpint (sqlite3_open (fixture->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_false (fixture_append (fixture->store, batch, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, fixture->path));
  g_assert_nonnull (strstr (error->message, "another process"));
  g_clear_error (&error);

  g_assert_cmpint (sqlite3_exec (other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  fixture_append (fixture->store, batch, &error);
  g_assert_no_error (error);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "5");
}

/* A reader in the middle of its work holds nobody up. */
static void
test_read_meanwhile (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  sqlite3_stmt *statement;
  sqlite3 *reader;

  store_fixture_open (fixture, NULL);
  fixture_append_one (fixture->store, fixture_record (1, DISP_RECORD_CREATED));
  fixture_append_one (fixture->store, fixture_record (2, DISP_RECORD_CREATED));
  g_assert_cmpint (sqlite3_open (fixture->path, &reader), ==, SQLITE_OK);
  sqlite3_prepare_v2 (reader, "SELECT id FROM records", -1, &statement, NULL);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  fixture_append_one (fixture->store, fixture_record (3, DISP_RECORD_CREATED));
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  sqlite3_finalize (statement);
  sqlite3_close (reader);
}

/* A statement that fails in the middle of a batch undoes those before it. */
static void
test_undone (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = fixture_records (0, 5, DISP_RECORD_CREATED);
  g_autoptr (GError) error = NULL;

  store_fixture_open (fixture, NULL);
  probe_execute (fixture->path, "CREATE TRIGGER trap BEFORE INSERT ON records "
                                "WHEN NEW.id LIKE '00000003%' "
                                "BEGIN SELECT RAISE (ABORT, 'the trap'); END");
  g_assert_false (fixture_append (fixture->store, batch, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, "the trap"));
  g_clear_error (&error);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "0");

  probe_execute (fixture->path, "DROP TRIGGER trap");
  fixture_append (fixture->store, batch, &error);
  g_assert_no_error (error);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "5");
}

/* A file that may not grow stands for a full disk: the write fails in the middle of a batch. */
static void
test_no_room (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = fixture_records (0, 2000, DISP_RECORD_COMPLETED);
  g_autoptr (GError) error = NULL;
  struct rlimit limit;
  struct rlimit small;
  gboolean stored;

  signal (SIGXFSZ, SIG_IGN);
  store_fixture_open (fixture, NULL);
  fixture_append_one (fixture->store, fixture_record (5000, DISP_RECORD_CREATED));
  g_assert_no_errno (getrlimit (RLIMIT_FSIZE, &limit));
  small = limit;
  small.rlim_cur = 128 * 1024;
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &small));
  stored = fixture_append (fixture->store, batch, &error);
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &limit));
  g_assert_false (stored);
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "1");

  fixture_append (fixture->store, batch, &error);
  g_assert_no_error (error);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "2001");
  store_fixture_check (fixture, "PRAGMA integrity_check", "ok");
}

/* The time, the file and the records of the tidying do not matter when there are no limits. */
static void
test_no_limits (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  store_fixture_open (fixture, NULL);
  fixture_append_some (fixture->store, 0, 100);
  g_assert_cmpint (disp_store_tidy (fixture->store, G_MAXINT64), ==, DISP_STORE_TIDY);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "100");
}

/* Offered again, as after an answer that did not arrive, a record changes nothing; a client that
 * writes it again with other contents changes them. */
static void
test_repeated (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispRecord *record = fixture_record (1, DISP_RECORD_COMPLETED);

  store_fixture_open (fixture, NULL);
  fixture_append_some (fixture->store, 0, 3);
  fixture_append_some (fixture->store, 0, 3);
  store_fixture_check (fixture, "SELECT count(*), min (seq), max (seq) FROM records", "3|1|3");
  record->status = 418;
  record->extra = g_strdup ("\"of\":\"another\"");
  fixture_append_one (fixture->store, record);
  store_fixture_check (fixture, "SELECT seq, status, extra FROM records ORDER BY seq",
                       "1|200|NULL\n2|418|\"of\":\"another\"\n3|200|NULL");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
  g_test_add ("/records/sqlite-store/" name, StoreFixture, NULL, store_fixture_set_up, test,       \
              store_fixture_tear_down)
  ADD ("creates", test_creates);
  ADD ("close", test_close);
  ADD ("columns", test_columns);
  ADD ("unknown-is-null", test_unknown);
  ADD ("bodies", test_bodies);
  ADD ("states", test_states);
  ADD ("empty-batch", test_empty_batch);
  ADD ("cancelled", test_cancelled);
  ADD ("reopens", test_reopens);
  ADD ("shared", test_shared);
  ADD ("killed", test_killed);
  ADD ("locked", test_locked);
  ADD ("read-meanwhile", test_read_meanwhile);
  ADD ("undone", test_undone);
  ADD ("no-room", test_no_room);
  ADD ("no-limits", test_no_limits);
  ADD ("repeated", test_repeated);
#undef ADD
  return g_test_run ();
}
