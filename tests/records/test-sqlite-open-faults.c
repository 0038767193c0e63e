/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-upgrade.h"

#include "records/fault-fixture.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/sqlite-probe.h"
#include "records/sqlite-store.h"
#include "records/version-1.h"

/* A file that is opened, made or upgraded on a disk whose Nth write, or sync, fails, for each N: it
 * is refused with one clear error, and no fault leaves anything behind that stands in the way. */

static DispStore *
try_to_open (FaultFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  DispStore *store = disp_sqlite_store_new (fixture->path, NULL, &error);

  if (store == NULL)
    fault_check_error (fixture, error);
  else
    g_assert_no_error (error);
  return store;
}

/* Opens the file, again as long as the fault may last, and closes it. */
static void
open_and_close (FaultFixture *fixture, const FaultCase *fault)
{
  guint tries = fault_count_tries (fault);
  DispStore *store;

  fault_fixture_arm (fixture, fault);
  while ((store = try_to_open (fixture)) == NULL && tries > 0)
    tries--;
  g_assert_true (store != NULL || fault->end != FAULT_PASSES);
  g_clear_object (&store);
  faulty_vfs_heal (fixture->vfs);
}

/* Opens the file when all is well, and adds records to those that it has. */
static void
check_well (FaultFixture *fixture, const char *expected)
{
  g_autoptr (DispStore) store = try_to_open (fixture);

  g_assert_nonnull (store);
  fixture_append_some (store, 0, 10);
  g_clear_object (&store);
  probe_check (fixture->path,
               "SELECT integrity_check, user_version, auto_vacuum, (SELECT count(*) FROM records)"
               " FROM pragma_integrity_check, pragma_user_version, pragma_auto_vacuum",
               expected);
}

static void
test_new (FaultFixture *fixture, const FaultCase *fault)
{
  while (fault_fixture_next (fixture))
    {
      open_and_close (fixture, fault);
      check_well (fixture, "ok|3|2|10");
    }
}

/* A file with something in its write-ahead log, as a process that was killed leaves it. */
static void
test_left (FaultFixture *fixture, const FaultCase *fault)
{
  g_autoptr (DispStore) store = try_to_open (fixture);

  fixture_append_some (store, 100, 50);
  fault_fixture_keep (fixture);
  g_clear_object (&store);
  while (fault_fixture_next (fixture))
    {
      open_and_close (fixture, fault);
      check_well (fixture, "ok|3|2|60");
    }
}

/* Either all of the upgrade was done, or nothing.  Of a transaction whose last sync fails nobody
 * knows which. */
static void
check_whole (FaultFixture *fixture)
{
  g_autofree char *found = probe_query (
      fixture->path,
      "SELECT integrity_check, user_version, (SELECT count(*) FROM records),"
      " (SELECT group_concat (name) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'),"
      " (SELECT count(*) FROM pragma_table_info ('records')),"
      " (SELECT count(*) FROM pragma_table_info ('requests'))"
      " FROM pragma_integrity_check, pragma_user_version");

  if (!g_str_equal (found, "ok|1|102|records,requests|18|18"))
    g_assert_cmpstr (found, ==, "ok|3|102|records,requests|21|21");
}

static void
test_upgrade (FaultFixture *fixture, const FaultCase *fault)
{
  version_1_make (fixture->path);
  probe_execute (
      fixture->path,
      "WITH RECURSIVE n (i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 199)"
      " INSERT INTO records SELECT i, 'id-' || i, NULL, 'm', 1, '[1]', 3, NULL, NULL,"
      " NULL, NULL, 5000000, NULL, NULL, zeroblob (200), 200, 2, 200 FROM n");
  fault_fixture_keep (fixture);
  while (fault_fixture_next (fixture))
    {
      open_and_close (fixture, fault);
      check_whole (fixture);
      check_well (fixture, "ok|3|2|112");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();
#define ADD(name, test) fault_fixture_add ("/records/sqlite-open-faults/" name, test)
  ADD ("new", test_new);
  ADD ("left-by-another", test_left);
  ADD ("upgrade", test_upgrade);
#undef ADD
  return g_test_run ();
}
