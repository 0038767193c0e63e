/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/request-log.h"

#include "core/error.h"
#include "records/fault-fixture.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/sqlite-probe.h"
#include "records/sqlite-store.h"

#include <stdatomic.h>

/* A request log over a store on a disk whose Nth write, or sync, fails, for each N: who waits for a
 * record hears of it when it is stored, and not before, and no other record is lost either. */

#define N_GROUPS 3
#define GROUP 10
#define N_RECORDS (N_GROUPS * GROUP)

/* --- a clock for those who should not wait ----------------------------------------------- */

/* Each look at it takes longer than the log ever waits. */
#define HASTE (10 * G_USEC_PER_SEC)

#define TYPE_HASTY_CLOCK (hasty_clock_get_type ())
G_DECLARE_FINAL_TYPE (HastyClock, hasty_clock, HASTY, CLOCK, GObject)

struct _HastyClock
{
  GObject parent_instance;
  _Atomic (gint64) now; /* (atomic) */
};

static gint64
hasty_clock_now (DispClock *clock)
{
  return atomic_fetch_add (&HASTY_CLOCK (clock)->now, HASTE);
}

/* Before the records of the fixture came, so that none is old. */
static gint64
hasty_clock_now_real (G_GNUC_UNUSED DispClock *clock)
{
  return G_USEC_PER_SEC;
}

static void
hasty_clock_iface_init (DispClockInterface *iface)
{
  iface->now = hasty_clock_now;
  iface->now_real = hasty_clock_now_real;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (HastyClock, hasty_clock, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_CLOCK, hasty_clock_iface_init))

static void
hasty_clock_class_init (G_GNUC_UNUSED HastyClockClass *klass)
{
}

static void
hasty_clock_init (G_GNUC_UNUSED HastyClock *self)
{
}

/* --- rounds ------------------------------------------------------------------------------ */

/* One life of a log on a failing disk. */
typedef struct
{
  FaultFixture *fixture; /* (unowned) */
  const FaultCase *fault;
  FaultLedger *ledger;  /* (owned) */
  DispStore *store;     /* (owned) */
  DispClock *clock;     /* (owned) */
  DispRequestLog *log;  /* (owned) */
  DispRecordSink *sink; /* (unowned) the log */
  guint n_waiting;      /* who has not heard yet */
  guint n_failed;       /* who heard of an error */
  gboolean cleared;     /* who waited for a clear heard that all is gone */
} Round;

/* One who waits for a record. */
typedef struct
{
  Round *round;
  guint number;
} Waiter;

static void
round_begin (Round *self, FaultFixture *fixture, const FaultCase *fault, gboolean is_committed)
{
  const DispSqliteStoreSettings settings = { .committed = is_committed, .max_age = AN_HOUR };
  g_autoptr (GError) error = NULL;

  *self = (Round){ .fixture = fixture, .fault = fault };
  self->ledger = fault_ledger_new (N_RECORDS);
  self->store = disp_sqlite_store_new (fixture->path, &settings, &error);
  g_assert_no_error (error);
  self->clock = g_object_new (TYPE_HASTY_CLOCK, NULL);
  self->log = disp_request_log_new (self->store, self->clock, NULL, &log_flushes_never);
  self->sink = DISP_RECORD_SINK (self->log);
}

/* Waits until all have heard, or the disk is at fault and does not become well by itself. */
static void
wait_for_all (Round *self)
{
  while (self->n_waiting > 0
         && (self->fault->end == FAULT_PASSES || faulty_vfs_count_failed (self->fixture->vfs) == 0))
    g_main_context_iteration (NULL, TRUE);
}

static void
note_answer (Round *self, const GError *error)
{
  self->n_waiting--;
  if (error == NULL)
    return;
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  self->n_failed++;
}

static void
on_committed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Waiter *self = user_data;
  g_autoptr (GError) error = NULL;

  if (disp_record_sink_commit_finish (DISP_RECORD_SINK (source), result, &error))
    fault_ledger_note (self->round->ledger, self->number, 1, DISP_RECORD_COMPLETED);
  note_answer (self->round, error);
}

/* Nobody waits for the first record of a request, but it is as the second says. */
static void
push_group (Round *self, guint group)
{
  for (guint i = group * GROUP; i < (group + 1) * GROUP; i++)
    {
      Waiter *waiter = g_new (Waiter, 1);

      *waiter = (Waiter){ .round = self, .number = i };
      self->n_waiting++;
      disp_record_sink_push (self->sink, fixture_record (i, DISP_RECORD_CREATED));
      disp_record_sink_commit_async (self->sink, fixture_record (i, DISP_RECORD_COMPLETED),
                                     on_committed, waiter);
    }
}

/* Mends the disk under the log, or after its end.  All have heard then. */
static void
round_end (Round *self)
{
  gboolean is_closed = self->fault->end == FAULT_CLOSED;
  guint64 n_lost;

  if (!is_closed)
    faulty_vfs_heal (self->fixture->vfs);
  while (!is_closed && self->n_waiting > 0)
    g_main_context_iteration (NULL, TRUE);
  n_lost = disp_request_log_close (self->log, is_closed ? 0 : PATIENT);
  while (self->n_waiting > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (n_lost, >=, is_closed ? self->n_failed : 0);
  g_assert_cmpuint (n_lost, <=, is_closed ? 2 * N_RECORDS : 0);
  g_assert_finalize_object (self->log);
  g_assert_finalize_object (self->store);
  g_assert_finalize_object (self->clock);
  faulty_vfs_heal (self->fixture->vfs);
  fault_ledger_check (self->ledger, self->fixture->path);
  /* However long it lasts: its beginning, its end, and the same of the upkeep. */
  g_assert_cmpuint (log_news_count (), <=, 4 + (n_lost > 0));
}

/* The file can be used again. */
static void
check_well (Round *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispStore) store = disp_sqlite_store_new (self->fixture->path, NULL, &error);

  g_assert_no_error (error);
  fixture_append_some (store, 0, N_RECORDS);
  fault_ledger_note (self->ledger, 0, N_RECORDS, DISP_RECORD_COMPLETED);
  fault_ledger_check (self->ledger, self->fixture->path);
  fault_ledger_free (self->ledger);
}

static void
check_commits (FaultFixture *fixture, const FaultCase *fault, gboolean is_committed)
{
  while (fault_fixture_next (fixture))
    {
      Round round;

      round_begin (&round, fixture, fault, is_committed);
      fault_fixture_arm (fixture, fault);
      for (guint group = 0; group < N_GROUPS; group++)
        {
          push_group (&round, group);
          wait_for_all (&round);
        }
      round_end (&round);
      g_assert_true (round.n_failed == 0 || fault->end == FAULT_CLOSED);
      check_well (&round);
    }
}

static void
test_relaxed (FaultFixture *fixture, const FaultCase *fault)
{
  check_commits (fixture, fault, FALSE);
}

static void
test_committed (FaultFixture *fixture, const FaultCase *fault)
{
  check_commits (fixture, fault, TRUE);
}

static void
on_cleared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Round *self = user_data;
  g_autoptr (GError) error = NULL;

  self->cleared = disp_record_sink_clear_finish (DISP_RECORD_SINK (source), result, &error);
  note_answer (self, error);
}

/* A clear is carried out in its turn or not at all, and what comes behind it is kept. */
static void
test_clear (FaultFixture *fixture, const FaultCase *fault)
{
  static const char count_first[] = "SELECT count(*) FROM records WHERE id < '0000000a'";

  while (fault_fixture_next (fixture))
    {
      Round round;
      g_autofree char *n_first = NULL;

      round_begin (&round, fixture, fault, FALSE);
      push_group (&round, 0);
      wait_for_all (&round);
      fault_ledger_forget (round.ledger);
      fault_fixture_arm (fixture, fault);
      round.n_waiting++;
      disp_record_sink_clear_async (round.sink, on_cleared, &round);
      push_group (&round, 1);
      wait_for_all (&round);
      round_end (&round);
      n_first = probe_query (fixture->path, count_first);
      if (round.cleared || !g_str_equal (n_first, "10"))
        g_assert_cmpstr (n_first, ==, "0");
      check_well (&round);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();
#define ADD(name, test) fault_fixture_add ("/records/log-faults/" name, test)
  ADD ("relaxed", test_relaxed);
  ADD ("committed", test_committed);
  ADD ("clear", test_clear);
#undef ADD
  return g_test_run ();
}
