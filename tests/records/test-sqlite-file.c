/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-file.h"

#include "core/error.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/sqlite-probe.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const steps[] = {
  "CREATE TABLE notes (seq INTEGER PRIMARY KEY, note TEXT); INSERT INTO notes VALUES (1, 'a')",
  "ALTER TABLE notes ADD COLUMN colour TEXT; UPDATE notes SET colour = 'red'",
  "CREATE INDEX notes_by_colour ON notes (colour)",
};

/* The second half of its last step fails. */
static const char *const faulty_steps[] = {
  "CREATE TABLE notes (seq INTEGER PRIMARY KEY, note TEXT)",
  "ALTER TABLE notes ADD COLUMN colour TEXT; UPDATE notes SET colour = 'blue'",
  "DELETE FROM notes; CREATE INDEX notes_by_colour ON nothing (colour)",
};

#define LAYOUT(n, table)                                                                           \
  {                                                                                                \
    .noun = "the notebook", .application_id = 4711, .steps = (table), .n_steps = (n),              \
    .settings = "PRAGMA journal_mode = WAL",                                                       \
  }

static const DispSqliteLayout layout_1 = LAYOUT (1, steps);
static const DispSqliteLayout layout_3 = LAYOUT (3, steps);
static const DispSqliteLayout faulty_3 = LAYOUT (3, faulty_steps);

typedef struct
{
  char *directory; /* (owned) */
  char *path;      /* (owned) where nothing is yet */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  log_news_forget ();
  fixture->directory = fixture_directory ();
  fixture->path = g_build_filename (fixture->directory, "deep", "down", "notes.db", NULL);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_free (fixture->path);
  fixture_remove_directory (fixture->directory);
}

static DispSqliteFile *
open_file (Fixture *fixture, const DispSqliteLayout *layout)
{
  g_autoptr (GError) error = NULL;
  DispSqliteFile *file = disp_sqlite_file_open (fixture->path, layout, &error);

  g_assert_no_error (error);
  return file;
}

static void
make_file (Fixture *fixture, const DispSqliteLayout *layout)
{
  disp_sqlite_file_close (open_file (fixture, layout));
}

static void
check_refused (Fixture *fixture, const DispSqliteLayout *layout, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispSqliteFile) file = disp_sqlite_file_open (fixture->path, layout, &error);

  g_assert_null (file);
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, fixture->path));
  g_assert_nonnull (strstr (error->message, "the notebook"));
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_creates (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  make_file (fixture, &layout_3);
  probe_check (fixture->path, "SELECT * FROM notes", "1|a|red");
  probe_check (fixture->path, "PRAGMA user_version", "3");
  probe_check (fixture->path, "PRAGMA application_id", "4711");
  probe_check (fixture->path, "PRAGMA auto_vacuum", "2");
  probe_check (fixture->path, "PRAGMA journal_mode", "wal");
}

static void
test_upgrades (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  make_file (fixture, &layout_1);
  probe_execute (fixture->path, "INSERT INTO notes VALUES (2, 'b')");
  make_file (fixture, &layout_3);
  log_news_check (0, "message *from version 1*to version 3");
  probe_check (fixture->path, "SELECT * FROM notes", "1|a|red\n2|b|red");
  probe_check (fixture->path, "PRAGMA user_version", "3");
  make_file (fixture, &layout_3);
  g_assert_cmpuint (log_news_count (), ==, 1);
}

/* A file from before pages were given back learns it with the upgrade, if it is not too large. */
static void
test_learns_to_shrink (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);

  g_assert_no_errno (g_mkdir_with_parents (directory, 0700));
  probe_execute (fixture->path, steps[0]);
  probe_execute (fixture->path, "PRAGMA application_id = 4711; PRAGMA user_version = 1");
  probe_check (fixture->path, "PRAGMA auto_vacuum", "0");
  make_file (fixture, &layout_3);
  probe_check (fixture->path, "PRAGMA auto_vacuum", "2");
  probe_check (fixture->path, "SELECT * FROM notes", "1|a|red");
}

static void
test_upgrade_fails (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize length_before;
  gsize length_after;

  make_file (fixture, &layout_1);
  g_assert_true (g_file_get_contents (fixture->path, &before, &length_before, NULL));
  check_refused (fixture, &faulty_3, "nothing");
  g_assert_true (g_file_get_contents (fixture->path, &after, &length_after, NULL));
  g_assert_cmpmem (before, length_before, after, length_after);
  make_file (fixture, &layout_3);
  probe_check (fixture->path, "SELECT * FROM notes", "1|a|red");
}

static void
test_newer (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  make_file (fixture, &layout_3);
  check_refused (fixture, &layout_1, "version 3");
  check_refused (fixture, &layout_1, "no version above 1");
}

static void
test_reader (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispSqliteFile) reader = NULL;
  g_autoptr (GError) error = NULL;
  gint64 n_notes;

  g_assert_null (disp_sqlite_file_open_reader (fixture->path, &layout_3, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
  g_clear_error (&error);

  make_file (fixture, &layout_1);
  g_assert_null (disp_sqlite_file_open_reader (fixture->path, &layout_3, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, "version 1"));
  g_clear_error (&error);

  reader = disp_sqlite_file_open_reader (fixture->path, &layout_1, &error);
  g_assert_no_error (error);
  g_assert_true (disp_sqlite_file_read_int (reader, "SELECT count(*) FROM notes", &n_notes, NULL));
  g_assert_cmpint (n_notes, ==, 1);
  g_assert_false (disp_sqlite_file_execute (reader, "DELETE FROM notes", &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
}

static void
test_moved (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispSqliteFile) file = open_file (fixture, &layout_3);
  g_autofree char *elsewhere = g_strconcat (fixture->path, ".old", NULL);

  g_assert_false (disp_sqlite_file_has_moved (file));
  g_assert_no_errno (g_rename (fixture->path, elsewhere));
  g_assert_true (disp_sqlite_file_has_moved (file));
  make_file (fixture, &layout_3);
  g_assert_true (disp_sqlite_file_has_moved (file));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();
#define ADD(name, test)                                                                            \
  g_test_add ("/records/sqlite-file/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("creates", test_creates);
  ADD ("upgrades", test_upgrades);
  ADD ("learns-to-shrink", test_learns_to_shrink);
  ADD ("upgrade-fails", test_upgrade_fails);
  ADD ("newer", test_newer);
  ADD ("reader", test_reader);
  ADD ("moved", test_moved);
#undef ADD
  return g_test_run ();
}
