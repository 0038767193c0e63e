/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/spool.h"

#include "records/fault-fixture.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/spool-inlet.h"
#include "records/spool-outlet.h"
#include "records/sqlite-probe.h"

#include <string.h>

/* The spool on a disk whose Nth write, or sync, fails, for each N: every letter that was taken
 * waits in it until it is removed, and then does not come again. */

#define LIMIT (64 * 1024 * 1024)
#define N_BATCHES 2
#define BATCH 20
/* The first batch waits in the file when a round begins. */
#define N_RECORDS ((N_BATCHES + 1) * BATCH)
#define N_LARGE 20

/* What the spool has told of the letter of one record in one state. */
typedef struct
{
  gboolean taken;
  gboolean removed;
  guint n_listed;
} Fate;

/* One life of a spool on a failing disk. */
typedef struct
{
  FaultFixture *fixture; /* (unowned) */
  const FaultCase *fault;
  gboolean committed;
  DispSpool *spool;        /* (owned) (nullable) */
  DispSpoolInlet *inlet;   /* (owned) (nullable) */
  DispSpoolOutlet *outlet; /* (owned) (nullable) */
  GPtrArray *letters;      /* (owned) (element-type DispLetter) listed and not removed */
  Fate fates[N_RECORDS][DISP_RECORD_ERROR + 1];
} Round;

static gboolean
try_to_open (Round *self, gboolean committed)
{
  g_autoptr (GError) error = NULL;

  self->spool = disp_spool_new (self->fixture->path, LIMIT, &error);
  g_assert_no_error (error);
  self->inlet = disp_spool_inlet_new (self->spool, FALSE, committed, &error);
  if (self->inlet != NULL)
    self->outlet = disp_spool_outlet_new (self->spool, &error);
  if (self->outlet == NULL)
    fault_check_error (self->fixture, error);
  return self->outlet != NULL;
}

static void
close_spool (Round *self)
{
  g_clear_pointer (&self->inlet, disp_spool_inlet_free);
  g_clear_pointer (&self->outlet, disp_spool_outlet_free);
  g_clear_pointer (&self->spool, disp_spool_free);
}

static Fate *
find_fate (Round *self, const DispLetter *letter)
{
  guint64 number = g_ascii_strtoull (letter->id, NULL, 16);

  g_assert_cmpuint (number, <, N_RECORDS);
  return &self->fates[number][letter->state];
}

static gboolean
try_to_append (Round *self, guint batch, DispRecordState state)
{
  g_autoptr (GPtrArray) records = fixture_records (batch * BATCH, BATCH, state);
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;
  gboolean taken = disp_spool_inlet_append (self->inlet, (DispRecord *const *) records->pdata,
                                            BATCH, &n_taken, &n_refused, &error);

  g_assert_cmpuint (n_taken, ==, taken ? BATCH : 0);
  g_assert_cmpuint (n_refused, ==, 0);
  if (!taken)
    fault_check_error (self->fixture, error);
  for (guint i = batch * BATCH; taken && i < (batch + 1) * BATCH; i++)
    self->fates[i][state].taken = TRUE;
  return taken;
}

/* What was listed before a failure counts. */
static gboolean
try_to_list (Round *self, guint max)
{
  g_autoptr (GError) error = NULL;
  guint n = self->letters->len;
  gboolean listed = disp_spool_outlet_list (self->outlet, max, self->letters, &error);

  if (!listed)
    fault_check_error (self->fixture, error);
  for (; n < self->letters->len; n++)
    find_fate (self, g_ptr_array_index (self->letters, n))->n_listed++;
  return listed;
}

static gboolean
try_to_remove (Round *self)
{
  g_autoptr (GError) error = NULL;

  if (!disp_spool_outlet_remove (self->outlet, self->letters, &error))
    {
      fault_check_error (self->fixture, error);
      return FALSE;
    }
  for (guint i = 0; i < self->letters->len; i++)
    find_fate (self, g_ptr_array_index (self->letters, i))->removed = TRUE;
  g_ptr_array_set_size (self->letters, 0);
  return TRUE;
}

/* A document that waits can be read, also while nothing can be written. */
static void
read_first (Round *self)
{
  g_autoptr (GError) error = NULL;
  GBytes *document = NULL;

  if (self->letters->len == 0)
    return;
  if (disp_spool_outlet_read (self->outlet, g_ptr_array_index (self->letters, 0), &document,
                              &error))
    g_assert_nonnull (document);
  else
    fault_check_error (self->fixture, error);
  g_clear_pointer (&document, g_bytes_unref);
}

static void
tidy (Round *self)
{
  gboolean more = TRUE;
  guint n_pieces = 0;

  disp_spool_inlet_tidy (self->inlet);
  while (more && disp_spool_outlet_tidy (self->outlet, &more, NULL))
    g_assert_cmpuint (++n_pieces, <, 1000);
}

/* Appends a batch while letters of the one before go out, and tries again what fails. */
static void
live (Round *self, guint batch)
{
  guint tries = fault_count_tries (self->fault);

  for (guint state = DISP_RECORD_CREATED; state <= DISP_RECORD_COMPLETED; state += 2)
    while (!try_to_append (self, batch, state) && tries > 0)
      tries--;
  while (!try_to_list (self, BATCH) && tries > 0)
    tries--;
  read_first (self);
  while (!try_to_remove (self) && tries > 0)
    tries--;
  tidy (self);
}

static void
round_begin (Round *self, FaultFixture *fixture, const FaultCase *fault, gboolean committed)
{
  *self = (Round){ .fixture = fixture, .fault = fault, .committed = committed };
  for (guint i = 0; i < BATCH; i++)
    self->fates[i][DISP_RECORD_COMPLETED].taken = TRUE;
  self->letters = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_letter_free);
  g_assert_true (try_to_open (self, committed));
  fault_fixture_arm (fixture, fault);
}

/* Takes all letters out, and checks that none was missing and none came again.  Of what was not
 * taken, and of what was not removed, that is not known once the spool was opened anew. */
static void
check_letters (Round *self)
{
  gboolean anew = self->fault->end == FAULT_CLOSED;

  g_assert_true (try_to_list (self, G_MAXINT));
  for (guint i = 0; i < N_RECORDS; i++)
    for (guint state = 0; state <= DISP_RECORD_ERROR; state++)
      {
        const Fate *fate = &self->fates[i][state];

        g_assert_cmpuint (fate->n_listed, >=, fate->taken ? 1 : 0);
        g_assert_cmpuint (fate->n_listed, <=, anew ? 2 : fate->taken ? 1 : 0);
      }
  g_assert_true (try_to_remove (self));
  g_assert_cmpuint (disp_spool_count (self->spool), ==, 0);
}

/* Forgets what one who dies forgets: letters that were listed are listed again.  Where that is to
 * be survived, it dies of a power cut. */
static void
open_anew (Round *self)
{
  if (self->committed)
    faulty_vfs_cut_power (self->fixture->vfs);
  close_spool (self);
  faulty_vfs_heal (self->fixture->vfs);
  if (self->committed)
    faulty_vfs_restore_power (self->fixture->vfs, self->fixture->nth);
  for (guint i = 0; i < self->letters->len; i++)
    find_fate (self, g_ptr_array_index (self->letters, i))->n_listed--;
  g_ptr_array_set_size (self->letters, 0);
  g_assert_true (try_to_open (self, FALSE));
}

static void
round_end (Round *self)
{
  if (self->fault->end == FAULT_CLOSED)
    open_anew (self);
  faulty_vfs_heal (self->fixture->vfs);
  for (guint batch = 1; batch <= N_BATCHES; batch++)
    for (guint state = DISP_RECORD_CREATED; state <= DISP_RECORD_COMPLETED; state += 2)
      if (!self->fates[batch * BATCH][state].taken)
        g_assert_true (try_to_append (self, batch, state));
  check_letters (self);
  tidy (self);
  close_spool (self);
  g_ptr_array_unref (self->letters);
  probe_check (self->fixture->path,
               "SELECT integrity_check, letters, dead_bytes FROM pragma_integrity_check, totals",
               "ok|0|0");
}

/* Lets each round begin with a file in which a batch waits. */
static void
keep_first_batch (FaultFixture *fixture)
{
  Round round = { .fixture = fixture };

  g_assert_true (try_to_open (&round, FALSE));
  g_assert_true (try_to_append (&round, 0, DISP_RECORD_COMPLETED));
  close_spool (&round);
  fault_fixture_keep (fixture);
}

static void
check_spool (FaultFixture *fixture, const FaultCase *fault, gboolean committed)
{
  Round round;

  keep_first_batch (fixture);
  while (fault_fixture_next (fixture))
    {
      round_begin (&round, fixture, fault, committed);
      for (guint batch = 1; batch <= N_BATCHES; batch++)
        live (&round, batch);
      round_end (&round);
    }
}

static void
test_relaxed (FaultFixture *fixture, const FaultCase *fault)
{
  check_spool (fixture, fault, FALSE);
}

static void
test_committed (FaultFixture *fixture, const FaultCase *fault)
{
  check_spool (fixture, fault, TRUE);
}

/* What is acknowledged is on the disk itself if that was asked for, and waits for the disk only
 * then. */
static void
test_synced (FaultFixture *fixture, const FaultCase *fault)
{
  if (fault->fault.calls != FAULTY_SYNC)
    return;
  for (guint committed = FALSE; committed <= TRUE; committed++)
    {
      Round round;

      fixture->nth = 0;
      g_assert_true (fault_fixture_next (fixture));
      round_begin (&round, fixture, fault, committed != FALSE);
      /* The log has to have a beginning first. */
      faulty_vfs_heal (fixture->vfs);
      g_assert_true (try_to_append (&round, 0, DISP_RECORD_CREATED));
      fault_fixture_arm (fixture, fault);
      g_assert_cmpint (try_to_append (&round, 1, DISP_RECORD_CREATED), ==, committed == FALSE);
      faulty_vfs_heal (fixture->vfs);
      close_spool (&round);
      g_ptr_array_unref (round.letters);
    }
}

/* Letters that were refused become dead ones, all of them or none. */
static void
test_bury (FaultFixture *fixture, const FaultCase *fault)
{
  Round round;

  keep_first_batch (fixture);
  while (fault_fixture_next (fixture))
    {
      guint tries = fault_count_tries (fault);

      round_begin (&round, fixture, fault, FALSE);
      while (!try_to_list (&round, BATCH) && tries > 0)
        tries--;
      for (guint i = 0; i < round.letters->len; i++)
        disp_letter_refuse (g_ptr_array_index (round.letters, i), 422, "no", 1);
      while (!try_to_remove (&round) && tries > 0)
        tries--;
      close_spool (&round);
      g_ptr_array_unref (round.letters);
      faulty_vfs_heal (fixture->vfs);
      probe_check (fixture->path,
                   "SELECT (SELECT count(*) FROM letters) + (SELECT count(*) FROM dead_letters),"
                   " (SELECT count(*) FROM letters) = letters,"
                   " (SELECT total(length(document)) FROM dead_letters) = dead_bytes FROM totals",
                   "20|1|1");
    }
}

/* The room of many large letters that have gone is given back. */
static void
test_shrink (FaultFixture *fixture, const FaultCase *fault)
{
  Round round = { .fixture = fixture };

  g_assert_true (try_to_open (&round, FALSE));
  close_spool (&round);
  fault_fixture_shrink_pages (fixture);
  probe_execute (fixture->path,
                 "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 19)"
                 " INSERT INTO letters (id, state, document)"
                 " SELECT printf ('%08x-', i), 2, zeroblob (40000) FROM n");
  fault_fixture_keep (fixture);
  while (fault_fixture_next (fixture))
    {
      round_begin (&round, fixture, fault, FALSE);
      g_assert_true (try_to_list (&round, BATCH) || fault->fault.calls == FAULTY_READ);
      for (guint tries = fault_count_tries (fault) + 1; tries > 0; tries--)
        if (try_to_remove (&round))
          tidy (&round);
      round_end (&round);
      probe_check (fixture->path, "SELECT freelist_count <= 1280 FROM pragma_freelist_count", "1");
    }
}

/* Opening fails clearly, and leaves nothing in the way. */
static void
test_open (FaultFixture *fixture, const FaultCase *fault)
{
  while (fault_fixture_next (fixture))
    {
      Round round = { .fixture = fixture };
      gboolean opened;

      fault_fixture_arm (fixture, fault);
      opened = try_to_open (&round, TRUE);
      close_spool (&round);
      faulty_vfs_heal (fixture->vfs);
      g_assert_true (opened || faulty_vfs_count_failed (fixture->vfs) > 0);
      g_assert_true (try_to_open (&round, TRUE));
      g_assert_true (try_to_append (&round, 0, DISP_RECORD_COMPLETED));
      close_spool (&round);
      probe_check (fixture->path, "SELECT letters FROM totals", G_STRINGIFY (BATCH));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();
#define ADD(name, test) fault_fixture_add ("/records/spool-faults/" name, test)
  ADD ("relaxed", test_relaxed);
  ADD ("committed", test_committed);
  ADD ("synced", test_synced);
  ADD ("bury", test_bury);
  ADD ("shrink", test_shrink);
  ADD ("open", test_open);
#undef ADD
  return g_test_run ();
}
