/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-upgrade.h"

#include "core/error.h"
#include "records/fixture.h"
#include "records/sqlite-probe.h"
#include "records/sqlite-record.h"
#include "records/sqlite-schema.h"
#include "records/sqlite-store.h"
#include "records/version-1.h"
#include "records/version-2.h"
#include "wire/record-document.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  char *directory; /* (owned) */
  char *path;      /* (owned) where nothing is yet */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->directory = fixture_directory ();
  fixture->path = g_build_filename (fixture->directory, "state", "records.db", NULL);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_free (fixture->path);
  fixture_remove_directory (fixture->directory);
}

/* Lets a store open the file, upgrade it, and put so many records into it. */
static void
make_file (Fixture *fixture, guint n_records)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispStore) store = disp_sqlite_store_new (fixture->path, NULL, &error);

  g_assert_no_error (error);
  fixture_append_some (store, 0, n_records);
}

static void
check_refused (const char *path, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispSqliteFile) file = disp_sqlite_file_open (path, disp_sqlite_schema_get_layout (),
                                                           &error);

  g_assert_null (file);
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
  g_autofree char *contents = NULL;
  g_autofree char *damage = g_malloc (4096);
  gsize length;

  memset (damage, 0xa5, 4096);
  make_file (fixture, 200);
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
  make_file (fixture, 0);
}

static void
test_newer (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  make_file (fixture, 0);
  probe_execute (fixture->path, "PRAGMA user_version = 7");
  check_refused (fixture->path, "version 7");
  check_refused (fixture->path, fixture->path);
  probe_check (fixture->path, "PRAGMA user_version", "7");
}

static void
test_other_program (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->directory, "other.db", NULL);

  write_file (path, 0, "", 0);
  probe_execute (path, "CREATE TABLE treasure (gold)");
  check_refused (path, "another program");
  probe_check (path, "SELECT name FROM sqlite_schema", "treasure");
}

static void
make_directory (Fixture *fixture)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);

  g_assert_no_errno (g_mkdir_with_parents (directory, 0700));
}

static void
make_version_1 (Fixture *fixture, const char *more)
{
  make_directory (fixture);
  version_1_make (fixture->path);
  probe_execute (fixture->path, more);
}

static void
test_from_version_1 (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char view[]
      = "7|first|r|m|3|[1]|n|c|i|1|1.0|2.0|4.0|2.0|3.0|FF00|2|200|NULL\n"
        "9|second|NULL|m|NULL|NULL|NULL|NULL|NULL|NULL|5.0|NULL|NULL|NULL|NULL||0|NULL|NULL";

  make_version_1 (fixture, "SELECT 1");
  make_file (fixture, 3);
  probe_check (fixture->path, "PRAGMA user_version", "3");
  probe_check (fixture->path, "PRAGMA auto_vacuum", "2");
  probe_check (fixture->path, "PRAGMA integrity_check", "ok");
  probe_check (fixture->path,
               "SELECT seq, id, request_id, model, version, instances, node, container,"
               " container_id, device, ts_in, ts_wait, ts_out, process_time, resp_time,"
               " hex (response), state, status, extra FROM requests WHERE seq < 10 ORDER BY seq",
               view);
  probe_check (fixture->path,
               "SELECT instances_bytes, response_bytes, typeof (response) FROM records"
               " WHERE seq < 10 ORDER BY seq",
               "3|2|blob\n70000|0|null");
  probe_check (fixture->path, "SELECT min (seq), max (seq) FROM records WHERE seq > 9", "10|12");
  probe_check (fixture->path, "SELECT name FROM pragma_table_info ('records') WHERE cid > 17",
               "instances\nresponse\nextra");
}

/* What is in the file, as a document of the records. */
static void
check_documents (Fixture *fixture, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispSqliteFile) file = disp_sqlite_file_open (
      fixture->path, disp_sqlite_schema_get_layout (), &error);
  sqlite3_stmt *statement = disp_sqlite_file_prepare (file,
                                                      "SELECT " DISP_SQLITE_RECORD_COLUMNS
                                                      ", " DISP_SQLITE_RECORD_WIDE_COLUMNS
                                                      " FROM records ORDER BY seq",
                                                      &error);
  g_autoptr (GString) documents = g_string_new (NULL);

  g_assert_no_error (error);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      g_autoptr (DispRecord) record = disp_sqlite_record_read (statement, 0, FALSE);
      g_auto (DispJsonWriter) writer = { 0 };

      disp_json_writer_init (&writer);
      disp_record_document_write (&writer, NULL, record);
      g_string_append_printf (documents, "%s\n", writer.text->str);
    }
  sqlite3_finalize (statement);
  g_assert_cmpstr (documents->str, ==, expected);
}

/* What was stored stays, also what a poster of then called as we call a column now. */
static void
test_from_version_2 (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  make_directory (fixture);
  version_2_make (fixture->path);
  make_file (fixture, 0);
  probe_check (fixture->path, "PRAGMA user_version", "3");
  probe_check (fixture->path, "PRAGMA integrity_check", "ok");
  probe_check (fixture->path,
               "SELECT seq, id, process_time, resp_time, queue_time, attempts, hex (response),"
               " extra FROM requests ORDER BY seq",
               "7|first|2.0|3.0|NULL|NULL|FF00|NULL\n"
               "9|second|NULL|NULL|NULL|NULL||\"attempts\":\"many\",\"queue_time\":7");
  check_documents (
      fixture,
      "{\"id\":\"first\",\"request_id\":\"r\",\"model\":\"m\",\"version\":3,"
      "\"instances\":[1],\"node\":\"n\",\"container\":\"c\",\"container_id\":\"i\","
      "\"device\":1,\"ts_in\":1.000000,\"ts_wait\":2.000000,\"ts_out\":4.000000,"
      "\"process_time\":2.000000,\"resp_time\":3.000000,\"queue_time\":null,"
      "\"attempts\":null,\"response\":\"\357\277\275\\u0000\",\"state\":2,\"status\":200}\n"
      "{\"id\":\"second\",\"request_id\":null,\"model\":\"m\",\"version\":null,"
      "\"instances\":null,\"instances_bytes\":70000,\"node\":null,\"container\":null,"
      "\"container_id\":null,\"device\":null,\"ts_in\":5.000000,\"ts_wait\":null,"
      "\"ts_out\":null,\"process_time\":null,\"resp_time\":null,\"response\":null,"
      "\"state\":0,\"status\":null,\"attempts\":\"many\",\"queue_time\":7}\n");
}

/* A view that somebody made over ours is as it was afterwards. */
static void
test_own_views (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  make_version_1 (fixture, "CREATE VIEW mine AS SELECT count (*) FROM requests;"
                           "CREATE VIEW deep AS SELECT max (seq) FROM records");
  make_file (fixture, 0);
  probe_check (fixture->path, "SELECT * FROM mine", "2");
  probe_check (fixture->path, "SELECT * FROM deep", "9");
}

/* A table in the way of the upgrade: the file stays what it was, byte for byte. */
static void
test_upgrade_fails (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize length_before;
  gsize length_after;

  make_version_1 (fixture, "CREATE TABLE records_1 (x)");
  g_assert_true (g_file_get_contents (fixture->path, &before, &length_before, NULL));
  check_refused (fixture->path, "records_1");
  g_assert_true (g_file_get_contents (fixture->path, &after, &length_after, NULL));
  g_assert_cmpmem (before, length_before, after, length_after);
  probe_execute (fixture->path, "DROP TABLE records_1");
  make_file (fixture, 0);
  probe_check (fixture->path, "SELECT count(*) FROM requests", "2");
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

  make_file (fixture, 0);
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
  g_test_add ("/records/sqlite-upgrade/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("not-a-database", test_not_a_database);
  ADD ("damaged", test_damaged);
  ADD ("newer", test_newer);
  ADD ("other-program", test_other_program);
  ADD ("from-version-1", test_from_version_1);
  ADD ("from-version-2", test_from_version_2);
  ADD ("own-views", test_own_views);
  ADD ("upgrade-fails", test_upgrade_fails);
  ADD ("read-only", test_read_only);
#undef ADD
  return g_test_run ();
}
