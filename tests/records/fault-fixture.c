/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/fault-fixture.h"

#include "core/error.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/sqlite-probe.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* Each call up to this one fails in a round of its own, and then every few: not always those of one
 * kind, since for each page SQLite makes two. */
#define EACH (g_test_thorough () ? 1000 : 25)
#define STRIDE 5

#define FULL_CALLS (FAULTY_WRITE | FAULTY_TRUNCATE | FAULTY_CREATE | FAULTY_GROW)
#define BROKEN_CALLS (FULL_CALLS | FAULTY_DELETE)

#define ONCE(calls, error) { calls, error, .times = 1 }, FAULT_PASSES
#define IN_A_ROW(calls, error) { calls, error, .times = 4 }, FAULT_PASSES
#define UNTIL_HEALED(calls, error) { calls, error, .times = G_MAXUINT }, FAULT_HEALED
#define UNTIL_CLOSED(calls, error) { calls, error, .times = G_MAXUINT }, FAULT_CLOSED

static const FaultCase cases[] = {
  { "full/once", ONCE (FULL_CALLS, ENOSPC) },
  { "full/until-healed", UNTIL_HEALED (FULL_CALLS, ENOSPC) },
  { "full/until-closed", UNTIL_CLOSED (FULL_CALLS, ENOSPC) },
  { "torn/once", { FAULTY_WRITE, ENOSPC, TRUE, 1 }, FAULT_PASSES },
  { "torn/until-closed", { FAULTY_WRITE, ENOSPC, TRUE, G_MAXUINT }, FAULT_CLOSED },
  { "broken/once", ONCE (BROKEN_CALLS, EIO) },
  { "broken/in-a-row", IN_A_ROW (BROKEN_CALLS, EIO) },
  { "broken/until-healed", UNTIL_HEALED (BROKEN_CALLS, EIO) },
  { "broken/until-closed", UNTIL_CLOSED (BROKEN_CALLS, EIO) },
  { "sync/once", ONCE (FAULTY_SYNC, EIO) },
  { "sync/until-healed", UNTIL_HEALED (FAULTY_SYNC, EIO) },
  { "sync/until-closed", UNTIL_CLOSED (FAULTY_SYNC, EIO) },
  { "unreadable/once", ONCE (FAULTY_READ, EIO) },
  { "unreadable/until-healed", UNTIL_HEALED (FAULTY_READ, EIO) },
};

static const char *const suffixes[FAULT_N_SEEDS] = { "", "-wal" };

static void
fault_fixture_set_up (FaultFixture *self, G_GNUC_UNUSED gconstpointer fault)
{
  log_news_forget ();
  self->directory = fixture_directory ();
  self->path = g_build_filename (self->directory, "records.db", NULL);
  self->vfs = faulty_vfs_new ();
}

static void
fault_fixture_tear_down (FaultFixture *self, G_GNUC_UNUSED gconstpointer fault)
{
  for (guint i = 0; i < FAULT_N_SEEDS; i++)
    g_clear_pointer (&self->seeds[i], g_bytes_unref);
  faulty_vfs_free (self->vfs);
  g_free (self->path);
  fixture_remove_directory (self->directory);
}

/**
 * fault_fixture_add:
 * @path: the path of a test
 * @test: the test
 *
 * Adds the test once for each kind of fault.  Needs log_news_catch().
 */
void
fault_fixture_add (const char *path, FaultTest test)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *case_path = g_strdup_printf ("%s/%s", path, cases[i].name);

      g_test_add_vtable (case_path, sizeof (FaultFixture), &cases[i],
                         (GTestFixtureFunc) fault_fixture_set_up, (GTestFixtureFunc) test,
                         (GTestFixtureFunc) fault_fixture_tear_down);
    }
}

/**
 * fault_fixture_shrink_pages:
 * @self: a fixture
 *
 * Gives the file that is there, which nobody uses, pages so small that little is needed to fill
 * many.
 */
void
fault_fixture_shrink_pages (FaultFixture *self)
{
  probe_execute (self->path, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM;");
}

/**
 * fault_count_tries:
 * @fault: a kind of fault
 *
 * Returns: how often something may have to be tried again until it is well by itself
 */
guint
fault_count_tries (const FaultCase *fault)
{
  return fault->end == FAULT_PASSES ? fault->fault.times : 0;
}

/**
 * fault_fixture_keep:
 * @self: a fixture
 *
 * Lets each round begin with what is at the path now.
 */
void
fault_fixture_keep (FaultFixture *self)
{
  for (guint i = 0; i < FAULT_N_SEEDS; i++)
    {
      g_autofree char *path = g_strconcat (self->path, suffixes[i], NULL);
      char *contents;
      gsize length;

      if (g_file_get_contents (path, &contents, &length, NULL))
        self->seeds[i] = g_bytes_new_take (contents, length);
    }
}

static void
remove_files (FaultFixture *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->directory, name, NULL);

      g_assert_no_errno (g_unlink (path));
    }
}

static void
write_seed (FaultFixture *self, guint i)
{
  g_autofree char *path = g_strconcat (self->path, suffixes[i], NULL);
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *bytes = g_bytes_get_data (self->seeds[i], &length);

  g_file_set_contents_full (path, bytes, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
}

/**
 * fault_fixture_next:
 * @self: a fixture
 *
 * Begins the next round, in which nothing fails yet, and the files are as they were kept.
 *
 * Returns: whether there is one: %FALSE when nothing failed in the last one
 */
gboolean
fault_fixture_next (FaultFixture *self)
{
  if (self->nth > 0 && faulty_vfs_heal (self->vfs) == 0)
    {
      g_test_message ("no fault at call %u", self->nth);
      return FALSE;
    }
  faulty_vfs_arm (self->vfs, NULL, 0);
  self->nth += self->nth < EACH ? 1 : STRIDE;
  if (g_test_verbose ())
    g_test_message ("call %u", self->nth);
  log_news_forget ();
  remove_files (self);
  for (guint i = 0; i < FAULT_N_SEEDS; i++)
    if (self->seeds[i] != NULL)
      write_seed (self, i);
  faulty_vfs_forget_files (self->vfs);
  return TRUE;
}

/**
 * fault_fixture_arm:
 * @self: a fixture
 * @fault: what shall fail, from the call of this round on
 */
void
fault_fixture_arm (FaultFixture *self, const FaultCase *fault)
{
  faulty_vfs_arm (self->vfs, &fault->fault, self->nth);
}

/**
 * fault_check_error:
 * @self: a fixture
 * @error: why the file could not be used
 *
 * Checks that it is an error for people.
 */
void
fault_check_error (FaultFixture *self, const GError *error)
{
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, self->path));
  g_assert_nonnull (strstr (error->message, "; "));
  g_assert_null (strchr (error->message, '\n'));
}

/**
 * fault_ledger_forget:
 * @self: a ledger
 *
 * Expects nothing any more of what was acknowledged until now.
 */
void
fault_ledger_forget (FaultLedger *self)
{
  memset (self->states, -1, self->n);
}

/**
 * fault_ledger_new:
 * @n: how many records there will be
 *
 * Returns: (transfer full): a ledger without an acknowledgement
 */
FaultLedger *
fault_ledger_new (guint n)
{
  FaultLedger *self = g_new0 (FaultLedger, 1);

  self->n = n;
  self->states = g_new (gint8, n);
  fault_ledger_forget (self);
  return self;
}

/**
 * fault_ledger_free:
 * @self: (transfer full): a ledger
 */
void
fault_ledger_free (FaultLedger *self)
{
  g_free (self->states);
  g_free (self);
}

/**
 * fault_ledger_note:
 * @self: a ledger
 * @first: the number of a record
 * @n: how many
 * @state: in which state they were acknowledged
 */
void
fault_ledger_note (FaultLedger *self, guint first, guint n, DispRecordState state)
{
  g_assert_cmpuint (first + n, <=, self->n);
  for (guint i = first; i < first + n; i++)
    self->states[i] = MAX (self->states[i], (gint8) state);
}

/**
 * fault_ledger_append:
 * @self: a ledger
 * @fixture: a fixture
 * @store: a store
 * @first: the number of the first record
 * @n: how many
 * @state: in which state
 *
 * Offers a batch to the store, and notes it when it is taken.
 *
 * Returns: whether it was
 */
gboolean
fault_ledger_append (FaultLedger *self, FaultFixture *fixture, DispStore *store, guint first,
                     guint n, DispRecordState state)
{
  g_autoptr (GPtrArray) batch = fixture_records (first, n, state);
  g_autoptr (GError) error = NULL;

  if (fixture_append (store, batch, &error))
    {
      fault_ledger_note (self, first, n, state);
      return TRUE;
    }
  fault_check_error (fixture, error);
  return FALSE;
}

/**
 * fault_ledger_check:
 * @self: a ledger
 * @path: the file of the store
 *
 * Fails unless the file is sound and has each record once, none in a state before that which was
 * acknowledged.
 */
void
fault_ledger_check (FaultLedger *self, const char *path)
{
  g_autofree gint8 *found = g_new (gint8, self->n);
  g_autofree char *text = probe_query (path, "SELECT * FROM pragma_integrity_check UNION ALL "
                                             "SELECT id || ' ' || state FROM records");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  g_assert_cmpstr (lines[0], ==, "ok");
  memset (found, -1, self->n);
  for (guint i = 1; lines[i] != NULL; i++)
    {
      guint64 number = g_ascii_strtoull (lines[i], NULL, 16);

      g_assert_cmpuint (number, <, self->n);
      g_assert_cmpint (found[number], ==, -1);
      found[number] = (gint8) g_ascii_digit_value (lines[i][strlen (lines[i]) - 1]);
    }
  for (guint i = 0; i < self->n; i++)
    g_assert_cmpint (found[i], >=, self->states[i]);
}
