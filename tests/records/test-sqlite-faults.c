/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-store.h"

#include "records/fault-fixture.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/sqlite-probe.h"

/* The store on a disk whose Nth write, or sync, fails, for each N: nothing that it has acknowledged
 * is lost, nothing is torn, and it recovers by itself. */

/* Record 0 of the fixture came then, and each next one a microsecond later. */
#define FIRST_TIME G_GINT64_CONSTANT (1566830435109377)
#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

/* What a tidying says when it failed, and when nothing is left to do but to look at ages. */
#define RETRY (5 * G_USEC_PER_SEC)
#define PAUSE (60 * G_USEC_PER_SEC)

/* As many free pages are kept. */
#define RESERVED_PAGES 1024

#define BATCH 30
/* The first batch stands in the file when a round begins, one more comes at its end. */
#define N_BATCHES 2
#define FIRST_OLD ((N_BATCHES + 2) * BATCH)
#define N_OLD 20

static const DispSqliteStoreSettings relaxed = { .max_age = HOUR };
static const DispSqliteStoreSettings committed = { .committed = TRUE, .max_age = HOUR };

/* One life of a store on a failing disk. */
typedef struct
{
  FaultFixture *fixture; /* (unowned) */
  const FaultCase *fault;
  const DispSqliteStoreSettings *settings;
  FaultLedger *ledger; /* (owned) */
  DispStore *store;    /* (owned) (nullable) */
} Round;

static void
open_store (Round *self)
{
  g_autoptr (GError) error = NULL;

  self->store = disp_sqlite_store_new (self->fixture->path, self->settings, &error);
  g_assert_no_error (error);
}

static void
close_store (Round *self)
{
  g_assert_finalize_object (self->store);
  self->store = NULL;
}

static void
round_begin (Round *self, FaultFixture *fixture, const FaultCase *fault,
             const DispSqliteStoreSettings *settings)
{
  *self = (Round){ .fixture = fixture, .fault = fault, .settings = settings };
  self->ledger = fault_ledger_new (FIRST_OLD + N_OLD);
  fault_ledger_note (self->ledger, 0, BATCH, DISP_RECORD_COMPLETED);
  open_store (self);
  fault_fixture_arm (fixture, fault);
}

static gboolean
offer (Round *self, guint batch, DispRecordState state)
{
  return fault_ledger_append (self->ledger, self->fixture, self->store, batch * BATCH, BATCH,
                              state);
}

/* Offers a batch as the log does: again when it fails. */
static void
insist (Round *self, guint batch, DispRecordState state)
{
  guint tries = fault_count_tries (self->fault);
  gboolean taken;

  while (!(taken = offer (self, batch, state)) && tries > 0)
    tries--;
  g_assert_true (taken || self->fault->end != FAULT_PASSES);
}

/* Cuts the power before the disk is mended: then only what was committed so is certain.  Of the two
 * files either, both or none may have reached the disk. */
static void
round_cut_power (Round *self)
{
  faulty_vfs_cut_power (self->fixture->vfs);
  close_store (self);
  faulty_vfs_restore_power (self->fixture->vfs, self->fixture->nth);
  if (!self->settings->committed)
    {
      fault_ledger_forget (self->ledger);
      fault_ledger_note (self->ledger, 0, BATCH, DISP_RECORD_COMPLETED);
    }
  fault_ledger_check (self->ledger, self->fixture->path);
  open_store (self);
}

/* Mends the disk, under a store that is still there, or after one that is gone. */
static void
round_mend (Round *self)
{
  if (self->fault->end == FAULT_CLOSED)
    close_store (self);
  faulty_vfs_heal (self->fixture->vfs);
  fault_ledger_check (self->ledger, self->fixture->path);
  if (self->store == NULL)
    open_store (self);
}

static void
round_end (Round *self)
{
  close_store (self);
  fault_ledger_check (self->ledger, self->fixture->path);
  fault_ledger_free (self->ledger);
}

/* On a disk that is well everything is taken at once, also by another store. */
static void
offer_all (Round *self)
{
  for (guint batch = 1; batch <= N_BATCHES; batch++)
    for (guint state = DISP_RECORD_CREATED; state <= DISP_RECORD_COMPLETED; state++)
      g_assert_true (offer (self, batch, state));
  close_store (self);
  open_store (self);
  g_assert_true (offer (self, N_BATCHES + 1, DISP_RECORD_COMPLETED));
}

/* Lets each round begin with a file that has the first batch. */
static void
keep_first_batch (FaultFixture *fixture)
{
  Round round = { .fixture = fixture };

  open_store (&round);
  fixture_append_some (round.store, 0, BATCH);
  close_store (&round);
  fault_fixture_keep (fixture);
}

static void
check_batches (FaultFixture *fixture, const FaultCase *fault,
               const DispSqliteStoreSettings *settings)
{
  Round round;

  keep_first_batch (fixture);
  while (fault_fixture_next (fixture))
    {
      round_begin (&round, fixture, fault, settings);
      for (guint batch = 1; batch <= N_BATCHES; batch++)
        {
          insist (&round, batch, DISP_RECORD_CREATED);
          insist (&round, batch, DISP_RECORD_COMPLETED);
          disp_store_tidy (round.store, FIRST_TIME);
        }
      if (fault->end == FAULT_CLOSED)
        round_cut_power (&round);
      round_mend (&round);
      offer_all (&round);
      round_end (&round);
    }
}

static void
test_relaxed (FaultFixture *fixture, const FaultCase *fault)
{
  check_batches (fixture, fault, &relaxed);
}

static void
test_committed (FaultFixture *fixture, const FaultCase *fault)
{
  check_batches (fixture, fault, &committed);
}

/* Tidies up from a moment on until nothing is left to do, or it fails too often. */
static void
tidy_up (Round *self, gint64 now, guint n_failures)
{
  gint64 wait;

  while ((wait = disp_store_tidy (self->store, now)) == 0 || (wait == RETRY && n_failures > 0))
    {
      n_failures -= wait == RETRY ? 1 : 0;
      now += wait;
    }
  g_assert_true (wait == PAUSE || wait == RETRY);
  g_assert_true (wait == PAUSE || faulty_vfs_count_failed (self->fixture->vfs) > 0);
}

/* Makes an empty file with pages so small that little is needed to fill many. */
static void
make_small_pages (FaultFixture *fixture)
{
  Round round = { .fixture = fixture };

  open_store (&round);
  close_store (&round);
  fault_fixture_shrink_pages (fixture);
}

static void
append_large (DispStore *store, guint number, gint64 ts_in, gsize size, int filling)
{
  DispRecord *record = fixture_record (number, DISP_RECORD_COMPLETED);
  g_autoptr (GBytes) body = g_bytes_new_take (g_strnfill (size, (char) filling), size);

  disp_record_set_response (record, body, -1);
  record->ts_in = ts_in;
  fixture_append_one (store, record);
}

/* A write-ahead log that is to be copied back, by the next upkeep. */
static void
test_checkpoint (FaultFixture *fixture, const FaultCase *fault)
{
  Round round = { .fixture = fixture };

  make_small_pages (fixture);
  open_store (&round);
  fixture_append_some (round.store, 0, BATCH);
  for (int filling = '!'; filling <= '~'; filling++)
    for (gsize size = 10000; size < 10002; size++)
      append_large (round.store, 0, FIRST_TIME, size, filling);
  fault_fixture_keep (fixture);
  close_store (&round);
  while (fault_fixture_next (fixture))
    {
      round_begin (&round, fixture, fault, &relaxed);
      /* Only by a batch does the store come to know how long the log is. */
      faulty_vfs_heal (fixture->vfs);
      g_assert_true (offer (&round, 1, DISP_RECORD_CREATED));
      fault_fixture_arm (fixture, fault);
      tidy_up (&round, FIRST_TIME, fault_count_tries (fault));
      round_mend (&round);
      offer_all (&round);
      round_end (&round);
    }
}

static gint64
query_int (Round *self, const char *sql)
{
  g_autofree char *text = probe_query (self->fixture->path, sql);

  return g_ascii_strtoll (text, NULL, 10);
}

/* What is old goes, its room is given back, and nothing else goes. */
static void
test_retention (FaultFixture *fixture, const FaultCase *fault)
{
  Round round = { .fixture = fixture };

  make_small_pages (fixture);
  open_store (&round);
  for (guint i = 0; i < N_OLD; i++)
    append_large (round.store, FIRST_OLD + i, FIRST_TIME - 2 * HOUR, 30000, 'x');
  fixture_append_some (round.store, 0, BATCH);
  close_store (&round);
  fault_fixture_keep (fixture);
  while (fault_fixture_next (fixture))
    {
      round_begin (&round, fixture, fault, &relaxed);
      tidy_up (&round, FIRST_TIME, fault_count_tries (fault));
      round_mend (&round);
      tidy_up (&round, FIRST_TIME + PAUSE, 0);
      g_assert_cmpint (query_int (&round, "SELECT count(*) FROM records"), ==, BATCH);
      g_assert_cmpint (query_int (&round, "PRAGMA freelist_count"), <=, RESERVED_PAGES);
      round_end (&round);
    }
}

static gboolean
try_to_clear (Round *self)
{
  g_autoptr (GError) error = NULL;

  if (disp_store_clear (self->store, &error))
    return TRUE;
  fault_check_error (self->fixture, error);
  return FALSE;
}

/* All is gone, for good, or all is there: of a clear that fails nobody knows which. */
static void
test_clear (FaultFixture *fixture, const FaultCase *fault)
{
  static const char count_first[] = "SELECT count(*) FROM records WHERE id < '0000001e'";
  Round round;

  keep_first_batch (fixture);
  while (fault_fixture_next (fixture))
    {
      guint tries = fault_count_tries (fault);
      gboolean cleared;

      round_begin (&round, fixture, fault, &relaxed);
      fault_ledger_forget (round.ledger);
      while (!(cleared = try_to_clear (&round)) && tries > 0)
        tries--;
      g_assert_true (cleared || fault->end != FAULT_PASSES);
      insist (&round, 1, DISP_RECORD_CREATED);
      tidy_up (&round, FIRST_TIME, fault_count_tries (fault));
      round_mend (&round);
      if (cleared || query_int (&round, count_first) != BATCH)
        g_assert_cmpint (query_int (&round, count_first), ==, 0);

      fault_ledger_forget (round.ledger);
      g_assert_true (try_to_clear (&round));
      g_assert_cmpint (query_int (&round, "SELECT count(*) FROM records"), ==, 0);
      tidy_up (&round, FIRST_TIME + PAUSE, 0);
      g_assert_cmpint (query_int (&round, "SELECT count(*) FROM sqlite_schema"
                                          " WHERE type = 'table'"),
                       ==, 1);
      round_end (&round);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();
#define ADD(name, test) fault_fixture_add ("/records/sqlite-faults/" name, test)
  ADD ("relaxed", test_relaxed);
  ADD ("committed", test_committed);
  ADD ("checkpoint", test_checkpoint);
  ADD ("retention", test_retention);
  ADD ("clear", test_clear);
#undef ADD
  return g_test_run ();
}
