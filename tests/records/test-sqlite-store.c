/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-store.h"

#include "core/error.h"
#include "records/fixture.h"
#include "records/sqlite-probe.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  char *directory;  /* (owned) */
  char *path;       /* (owned) where nothing is yet */
  DispStore *store; /* (owned) (nullable) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->directory = fixture_directory ();
  fixture->path = g_build_filename (fixture->directory, "state", "records.db", NULL);
}

static void
close_store (Fixture *fixture)
{
  if (fixture->store != NULL)
    g_assert_finalize_object (fixture->store);
  fixture->store = NULL;
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  close_store (fixture);
  g_free (fixture->path);
  fixture_remove_directory (fixture->directory);
}

static void
open_store (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->store = disp_sqlite_store_new (fixture->path, &error);
  g_assert_no_error (error);
}

static gboolean
append (DispStore *store, GPtrArray *records, GError **error)
{
  guint n_taken;
  guint n_refused;
  gboolean stored = disp_store_append_batch (store, (DispRecord *const *) records->pdata,
                                             records->len, &n_taken, &n_refused, NULL, error);

  g_assert_cmpuint (n_taken, ==, stored ? records->len : 0);
  g_assert_cmpuint (n_refused, ==, 0);
  return stored;
}

static GPtrArray *
make_batch (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
}

static void
append_one (DispStore *store, DispRecord *record)
{
  g_autoptr (GPtrArray) batch = make_batch ();
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (batch, record);
  append (store, batch, &error);
  g_assert_no_error (error);
}

static GPtrArray *
make_records (guint first, guint n, DispRecordState state)
{
  GPtrArray *batch = make_batch ();

  for (guint i = first; i < first + n; i++)
    g_ptr_array_add (batch, fixture_record (i, state));
  return batch;
}

static void
check_query (Fixture *fixture, const char *sql, const char *expected)
{
  probe_check (fixture->path, sql, expected);
}

static void
check_permissions (const char *path, guint expected)
{
  GStatBuf status;

  g_assert_no_errno (g_stat (path, &status));
  g_assert_cmphex (status.st_mode & 0777, ==, expected);
}

static void
test_creates (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  g_autofree char *description = g_strconcat ("sqlite:", fixture->path, NULL);

  open_store (fixture);
  g_assert_cmpstr (disp_store_describe (fixture->store), ==, description);
  append_one (fixture->store, fixture_record (1, DISP_RECORD_CREATED));
  check_permissions (directory, 0700);
  check_permissions (fixture->path, 0600);
  check_permissions (log, 0600);
  check_query (fixture, "PRAGMA user_version", "1");
  check_query (fixture, "PRAGMA journal_mode", "wal");
}

static void
test_columns (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture);
  append_one (fixture->store, fixture_record (1, DISP_RECORD_COMPLETED));
  append_one (fixture->store, fixture_record (2, DISP_RECORD_CREATED));
  check_query (fixture, "SELECT * FROM records ORDER BY seq",
               "1|00000001-0000-4000-8000-000000000000|of-the-client|half_plus_two|1|[1.0, NaN]|10|"
               "192.168.99.103|tfserving-gpu-0|0058c1|1|1566830435109378|1566830435109478|"
               "1566830435111378|{\"predictions\":[2.5]}|21|2|200\n"
               "2|00000002-0000-4000-8000-000000000000|of-the-client|half_plus_two|1|[1.0, NaN]|10|"
               "NULL|NULL|NULL|NULL|1566830435109379|NULL|NULL|NULL|0|0|NULL");
  check_query (fixture,
               "SELECT ts_in, ts_wait, ts_out, process_time, resp_time, state FROM requests "
               "ORDER BY seq",
               "1566830435.10938|1566830435.10948|1566830435.11138|0.0019|0.002|2\n"
               "1566830435.10938|NULL|NULL|NULL|NULL|0");
}

/* What is not known is NULL; a body that was not kept leaves its length. */
static void
test_unknown (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispRecord *record = fixture_record (1, DISP_RECORD_ERROR);
  g_autoptr (GBytes) answer = g_bytes_new_static ("0123456789", 10);

  g_clear_pointer (&record->request_id, g_free);
  g_clear_pointer (&record->container->id, g_free);
  record->version = 0;
  disp_record_set_response (record, answer, 9);
  open_store (fixture);
  append_one (fixture->store, record);
  check_query (fixture,
               "SELECT request_id, version, container_id, response, response_bytes, status "
               "FROM records",
               "NULL|NULL|NULL|NULL|10|502");
}

static void
test_bodies (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
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

  open_store (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DispRecord *record = fixture_record (i, DISP_RECORD_COMPLETED);
      g_autoptr (GBytes) body = g_bytes_new_static (rows[i].body, rows[i].length);
      g_autofree char *sql = g_strdup_printf ("SELECT typeof (response), response_bytes, "
                                              "hex (response) FROM records WHERE seq = %u",
                                              i + 1);

      disp_record_set_response (record, body, -1);
      append_one (fixture->store, record);
      check_query (fixture, sql, rows[i].expected);
    }
}

/* Every pair of states, in one batch and in two: the later one stays, and the first end stays. */
static void
test_states (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint number = 0;

  open_store (fixture);
  for (guint first = DISP_RECORD_CREATED; first <= DISP_RECORD_ERROR; first++)
    for (guint second = DISP_RECORD_CREATED; second <= DISP_RECORD_ERROR; second++)
      for (guint together = 0; together < 2; together++)
        {
          g_autoptr (GPtrArray) batch = make_records (number, 1, first);
          g_autoptr (GError) error = NULL;
          g_autofree char *sql = g_strdup_printf ("SELECT seq, state, ts_out IS NULL FROM records "
                                                  "WHERE id LIKE '%08x%%'",
                                                  number);
          guint state = first >= DISP_RECORD_COMPLETED ? first : MAX (first, second);
          g_autofree char *expected = g_strdup_printf ("%u|%u|%d", number + 1, state,
                                                       state < DISP_RECORD_COMPLETED);

          if (together)
            g_ptr_array_add (batch, fixture_record (number, second));
          append (fixture->store, batch, &error);
          g_assert_no_error (error);
          if (!together)
            append_one (fixture->store, fixture_record (number, second));
          check_query (fixture, sql, expected);
          number++;
        }
}

static void
test_empty_batch (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = make_batch ();
  g_autoptr (GError) error = NULL;

  open_store (fixture);
  append (fixture->store, batch, &error);
  g_assert_no_error (error);
  check_query (fixture, "SELECT count(*) FROM records", "0");
}

static void
test_cancelled (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = make_records (0, 3, DISP_RECORD_CREATED);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  open_store (fixture);
  g_cancellable_cancel (cancellable);
  g_assert_false (disp_store_append_batch (fixture->store, (DispRecord *const *) batch->pdata, 3,
                                           &n_taken, &n_refused, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (n_taken, ==, 0);
  check_query (fixture, "SELECT count(*) FROM records", "0");
}

static void
test_reopens (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);

  for (guint i = 0; i < 3; i++)
    {
      open_store (fixture);
      append_one (fixture->store, fixture_record (i, DISP_RECORD_CREATED));
      close_store (fixture);
      g_assert_false (g_file_test (log, G_FILE_TEST_EXISTS));
    }
  open_store (fixture);
  append_one (fixture->store, fixture_record (0, DISP_RECORD_COMPLETED));
  check_query (fixture, "SELECT seq, state FROM records ORDER BY seq", "1|2\n2|0\n3|0");
}

/* Two processes, or two stores of one, may write the same file in turn. */
static void
test_shared (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispStore) other = NULL;
  g_autoptr (GError) error = NULL;

  open_store (fixture);
  other = disp_sqlite_store_new (fixture->path, &error);
  g_assert_no_error (error);
  append_one (fixture->store, fixture_record (1, DISP_RECORD_CREATED));
  append_one (other, fixture_record (1, DISP_RECORD_COMPLETED));
  append_one (fixture->store, fixture_record (2, DISP_RECORD_CREATED));
  check_query (fixture, "SELECT seq, state FROM records ORDER BY seq", "1|2\n2|0");
}

/* Every batch whose append returned outlives a SIGKILL. */
static void
test_killed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  int status;
  pid_t child = fork ();

  g_assert_no_errno (child);
  if (child == 0)
    {
      DispStore *store = disp_sqlite_store_new (fixture->path, NULL);

      for (guint i = 0; store != NULL && i < 20; i++)
        {
          GPtrArray *batch = make_records (i * 100, 100, DISP_RECORD_COMPLETED);

          if (!append (store, batch, NULL))
            _exit (1);
        }
      kill (getpid (), SIGKILL);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));

  open_store (fixture);
  check_query (fixture, "PRAGMA integrity_check", "ok");
  check_query (fixture, "SELECT count(*), count (DISTINCT id) FROM records WHERE state = 2",
               "2000|2000");
}

static void
test_locked (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = make_records (0, 5, DISP_RECORD_CREATED);
  g_autoptr (GError) error = NULL;
  sqlite3 *other;

  open_store (fixture);
  g_assert_cmpint (sqlite3_open (fixture->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_false (append (fixture->store, batch, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, fixture->path));
  g_assert_nonnull (strstr (error->message, "another process"));
  g_clear_error (&error);

  g_assert_cmpint (sqlite3_exec (other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  append (fixture->store, batch, &error);
  g_assert_no_error (error);
  check_query (fixture, "SELECT count(*) FROM records", "5");
}

/* A reader in the middle of its work holds nobody up. */
static void
test_read_meanwhile (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  sqlite3_stmt *statement;
  sqlite3 *reader;

  open_store (fixture);
  append_one (fixture->store, fixture_record (1, DISP_RECORD_CREATED));
  append_one (fixture->store, fixture_record (2, DISP_RECORD_CREATED));
  g_assert_cmpint (sqlite3_open (fixture->path, &reader), ==, SQLITE_OK);
  sqlite3_prepare_v2 (reader, "SELECT id FROM records", -1, &statement, NULL);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  append_one (fixture->store, fixture_record (3, DISP_RECORD_CREATED));
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  sqlite3_finalize (statement);
  sqlite3_close (reader);
}

/* A statement that fails in the middle of a batch undoes those before it. */
static void
test_undone (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = make_records (0, 5, DISP_RECORD_CREATED);
  g_autoptr (GError) error = NULL;

  open_store (fixture);
  probe_execute (fixture->path, "CREATE TRIGGER trap BEFORE INSERT ON records "
                                "WHEN NEW.id LIKE '00000003%' "
                                "BEGIN SELECT RAISE (ABORT, 'the trap'); END");
  g_assert_false (append (fixture->store, batch, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, "the trap"));
  g_clear_error (&error);
  check_query (fixture, "SELECT count(*) FROM records", "0");

  probe_execute (fixture->path, "DROP TRIGGER trap");
  append (fixture->store, batch, &error);
  g_assert_no_error (error);
  check_query (fixture, "SELECT count(*) FROM records", "5");
}

/* A file that may not grow stands for a full disk: the write fails in the middle of a batch. */
static void
test_no_room (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = make_records (0, 2000, DISP_RECORD_COMPLETED);
  g_autoptr (GError) error = NULL;
  struct rlimit limit;
  struct rlimit small;
  gboolean stored;

  signal (SIGXFSZ, SIG_IGN);
  open_store (fixture);
  append_one (fixture->store, fixture_record (5000, DISP_RECORD_CREATED));
  g_assert_no_errno (getrlimit (RLIMIT_FSIZE, &limit));
  small = limit;
  small.rlim_cur = 128 * 1024;
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &small));
  stored = append (fixture->store, batch, &error);
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &limit));
  g_assert_false (stored);
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  check_query (fixture, "SELECT count(*) FROM records", "1");

  append (fixture->store, batch, &error);
  g_assert_no_error (error);
  check_query (fixture, "SELECT count(*) FROM records", "2001");
  check_query (fixture, "PRAGMA integrity_check", "ok");
}

static void
check_refused (const char *path, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispStore) store = disp_sqlite_store_new (path, &error);

  g_assert_null (store);
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_null (strchr (error->message, '\n'));
}

static void
write_file (const char *path, gsize offset, const char *bytes, gsize length)
{
  FILE *file = g_fopen (path, offset > 0 ? "r+" : "w");

  g_assert_nonnull (file);
  g_assert_no_errno (fseek (file, (long) offset, SEEK_SET));
  g_assert_cmpuint (fwrite (bytes, 1, length, file), ==, length);
  g_assert_no_errno (fclose (file));
}

static void
test_not_a_database (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char text[] = "This is a letter, not a database, and it is longer than any magic.";
  g_autofree char *path = g_build_filename (fixture->directory, "letter", NULL);
  g_autofree char *contents = NULL;

  write_file (path, 0, text, strlen (text));
  check_refused (path, path);
  check_refused (path, "move it away");
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, text);
}

/* Each page but the first overwritten in turn: none goes unnoticed. */
static void
test_damaged (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = make_records (0, 200, DISP_RECORD_COMPLETED);
  g_autofree char *contents = NULL;
  g_autofree char *damage = g_malloc (4096);
  gsize length;

  memset (damage, 0xa5, 4096);
  open_store (fixture);
  append (fixture->store, batch, NULL);
  close_store (fixture);
  g_assert_true (g_file_get_contents (fixture->path, &contents, &length, NULL));
  g_assert_cmpuint (length, >, 10 * 4096);
  for (gsize offset = 4096; offset < length; offset += 4096)
    {
      write_file (fixture->path, offset, damage, 4096);
      check_refused (fixture->path, "damaged");
      write_file (fixture->path, 0, contents, length);
    }
  g_assert_no_errno (truncate (fixture->path, (off_t) length / 2));
  check_refused (fixture->path, "damaged");
  write_file (fixture->path, 0, contents, length);
  open_store (fixture);
}

static void
test_newer (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_store (fixture);
  close_store (fixture);
  probe_execute (fixture->path, "PRAGMA user_version = 7");
  check_refused (fixture->path, "version 7");
  check_refused (fixture->path, fixture->path);
  check_query (fixture, "PRAGMA user_version", "7");
}

static void
test_other_program (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->directory, "other.db", NULL);
  g_autofree char *rows = NULL;

  write_file (path, 0, "", 0);
  probe_execute (path, "CREATE TABLE treasure (gold)");
  check_refused (path, "another program");
  rows = probe_query (path, "SELECT name FROM sqlite_schema");
  g_assert_cmpstr (rows, ==, "treasure");
}

static void
test_wrong_place (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->directory, "file", NULL);
  g_autofree char *below = g_build_filename (file, "records.db", NULL);
  g_autofree char *deep = g_build_filename (file, "deep", "records.db", NULL);
  g_autofree char *pipe = g_build_filename (fixture->directory, "pipe", NULL);

  write_file (file, 0, "", 0);
  g_assert_no_errno (mkfifo (pipe, 0600));
  check_refused (fixture->directory, "is a directory");
  check_refused (fixture->directory, fixture->directory);
  check_refused (below, file);
  check_refused (deep, file);
  check_refused (pipe, "something special");
  check_refused ("/proc/dispatcherd/records.db", "/proc/dispatcherd");
  check_refused ("/proc/records.db", "/proc/records.db");
  check_refused ("/dev/null", "something special");
}

/* An existing file that may not be written, and a new one where none may be made. */
static void
check_read_only (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *new_file = g_build_filename (directory, "new.db", NULL);

  check_refused (path, "must be writable");
  check_refused (new_file, "Permission denied");
}

static void
set_modes (const char *path, guint file_mode, guint directory_mode)
{
  g_autofree char *directory = g_path_get_dirname (path);

  g_assert_no_errno (chmod (path, file_mode));
  g_assert_no_errno (chmod (directory, directory_mode));
}

/* Root may write everywhere, so that a child which is nobody (65534) has to try for it. */
static void
test_read_only (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  int status;
  pid_t child;

  open_store (fixture);
  close_store (fixture);
  g_assert_no_errno (chmod (fixture->directory, 0755));
  set_modes (fixture->path, 0444, 0555);
  child = fork ();
  g_assert_no_errno (child);
  if (child == 0)
    {
      if (geteuid () == 0 && setuid (65534) != 0)
        _exit (2);
      check_read_only (fixture->path);
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  set_modes (fixture->path, 0644, 0755);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
  g_test_add ("/records/sqlite-store/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("creates", test_creates);
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
  ADD ("not-a-database", test_not_a_database);
  ADD ("damaged", test_damaged);
  ADD ("newer", test_newer);
  ADD ("other-program", test_other_program);
  ADD ("wrong-place", test_wrong_place);
  ADD ("read-only", test_read_only);
#undef ADD
  return g_test_run ();
}
