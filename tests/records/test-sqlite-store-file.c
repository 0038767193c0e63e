/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-store.h"

#include "core/error.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/sqlite-probe.h"
#include "records/store-fixture.h"

#include <glib/gstdio.h>

/* What becomes of the file of a store that is in use: cleared, deleted, moved and replaced. */

static void
set_up (StoreFixture *fixture, gconstpointer data)
{
  log_news_forget ();
  store_fixture_set_up (fixture, data);
}

static void
clear (StoreFixture *fixture)
{
  g_autoptr (GError) error = NULL;

  disp_store_clear (fixture->store, &error);
  g_assert_no_error (error);
}

static guint
tidy_up (StoreFixture *fixture)
{
  guint n_pieces = 0;

  while (disp_store_tidy (fixture->store, 0) == 0)
    n_pieces++;
  return n_pieces;
}

/* Gone at once, and again before what was there is removed; that goes in pieces, over a restart
 * too, and its pages go back to the file system. */
static void
test_clears (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GStatBuf status;

  store_fixture_open (fixture, NULL);
  for (guint i = 0; i < 15; i++)
    {
      fixture_append_some (fixture->store, i * 2000, 2000);
      tidy_up (fixture);
    }
  clear (fixture);
  store_fixture_check (fixture, "SELECT count(*) FROM requests", "0");
  fixture_append_some (fixture->store, 0, 500);
  store_fixture_check (fixture, "SELECT count(*), min (seq) FROM requests", "500|1");
  clear (fixture);
  clear (fixture);
  fixture_append_some (fixture->store, 7, 2);
  store_fixture_check (fixture, "SELECT count(*) FROM requests", "2");
  g_assert_cmpint (disp_store_tidy (fixture->store, 0), ==, 0);

  store_fixture_close (fixture);
  store_fixture_open (fixture, NULL);
  g_assert_cmpuint (tidy_up (fixture), >, 50);
  store_fixture_check (fixture, "SELECT count(*) FROM requests", "2");
  store_fixture_check (fixture, "SELECT name FROM sqlite_schema WHERE type = 'table'", "records");
  store_fixture_check (fixture, "PRAGMA integrity_check", "ok");
  store_fixture_close (fixture);
  g_assert_no_errno (g_stat (fixture->path, &status));
  g_assert_cmpint (status.st_size, <, 6 * 1024 * 1024);
}

/* A view of somebody else over the records goes on with the new ones. */
static void
test_clears_under_views (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  store_fixture_open (fixture, NULL);
  probe_execute (fixture->path, "CREATE VIEW mine AS SELECT count (*) FROM requests");
  probe_execute (fixture->path, "CREATE VIEW deep AS SELECT count (*) FROM records");
  fixture_append_some (fixture->store, 0, 3);
  clear (fixture);
  tidy_up (fixture);
  fixture_append_some (fixture->store, 0, 1);
  store_fixture_check (fixture, "SELECT * FROM mine", "1");
  store_fixture_check (fixture, "SELECT * FROM deep", "1");
}

static void
test_deleted (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  store_fixture_open (fixture, NULL);
  fixture_append_some (fixture->store, 0, 10);
  g_assert_no_errno (g_unlink (fixture->path));
  fixture_append_some (fixture->store, 10, 5);
  log_news_check (0, "warning *was moved or deleted*");
  store_fixture_check (fixture, "SELECT count(*) FROM records", "5");
  fixture_append_some (fixture->store, 15, 5);
  g_assert_cmpuint (log_news_count (), ==, 1);
  store_fixture_close (fixture);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "10");
  store_fixture_check (fixture, "PRAGMA integrity_check", "ok");
}

/* As somebody does who archives the file: it has all records of its time. */
static void
test_renamed (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *old = g_strconcat (fixture->path, ".old", NULL);

  store_fixture_open (fixture, NULL);
  fixture_append_some (fixture->store, 0, 10);
  g_assert_no_errno (g_rename (fixture->path, old));
  fixture_append_some (fixture->store, 10, 5);
  log_news_check (0, "warning *was moved or deleted*");
  probe_check (old, "SELECT count(*) FROM records", "10");
  store_fixture_check (fixture, "SELECT count(*) FROM records", "5");
}

/* Moved when it ends, and another in its place: the log of the one is not taken for the other's. */
static void
test_replaced_at_the_end (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *old = g_strconcat (fixture->path, ".old", NULL);
  g_autofree char *other = g_build_filename (fixture->directory, "other.db", NULL);
  g_autoptr (DispStore) others = disp_sqlite_store_new (other, NULL, NULL);

  fixture_append_some (others, 100, 3);
  g_clear_object (&others);
  store_fixture_open (fixture, NULL);
  fixture_append_some (fixture->store, 0, 10);
  g_assert_no_errno (g_rename (fixture->path, old));
  g_assert_no_errno (g_rename (other, fixture->path));
  store_fixture_close (fixture);
  probe_check (old, "SELECT count(*) FROM records", "10");
  store_fixture_check (fixture, "SELECT count(*) FROM records", "3");
}

/* The directory is gone, and comes back. */
static void
test_away (StoreFixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) batch = fixture_records (0, 5, DISP_RECORD_CREATED);
  g_autofree char *directory = g_path_get_dirname (fixture->path);
  g_autofree char *away = g_strconcat (directory, ".away", NULL);
  g_autoptr (GError) error = NULL;

  store_fixture_open (fixture, NULL);
  g_assert_no_errno (g_rename (directory, away));
  g_assert_true (g_file_set_contents (directory, "", 0, NULL));
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (fixture_append (fixture->store, batch, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
      g_assert_cmpint (disp_store_tidy (fixture->store, 0), >, 0);
      g_clear_error (&error);
    }
  log_news_check (0, "warning *was moved or deleted*");
  g_assert_no_errno (g_unlink (directory));
  g_assert_no_errno (g_rename (away, directory));
  fixture_append (fixture->store, batch, &error);
  g_assert_no_error (error);
  store_fixture_check (fixture, "SELECT count(*) FROM records", "5");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();
#define ADD(name, test)                                                                            \
  g_test_add ("/records/sqlite-store-file/" name, StoreFixture, NULL, set_up, test,                \
              store_fixture_tear_down)
  ADD ("clears", test_clears);
  ADD ("clears-under-views", test_clears_under_views);
  ADD ("deleted", test_deleted);
  ADD ("renamed", test_renamed);
  ADD ("replaced-at-the-end", test_replaced_at_the_end);
  ADD ("away", test_away);
#undef ADD
  return g_test_run ();
}
