/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/status-feed.h"

#include "control/supervisor.h"
#include "support/fake-clock.h"
#include "support/fake-sink.h"
#include "support/fixtures.h"

#define QUIET "1/2 containers, random, 0 req/s, 0 records queued"

typedef struct
{
  FakeClock *clock;             /* (owned) */
  Supervisor *supervisor;       /* (owned) */
  DispNotify *notify;           /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispStatusFeed *feed;         /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const DispEngineSettings engine = { .timeout = G_TIME_SPAN_HOUR };
  g_autoptr (FakeSink) sink = fake_sink_new ();
  g_autoptr (DispPolicySpec) policy = disp_policy_spec_new ("random", NULL, NULL);
  g_autoptr (DispNotice) notice = disp_notice_new ();
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, NULL, fixture_container ("cpu-0", "half", 1, DISP_DEVICE_CPU, 1),
      fixture_container ("cpu-1", "half", 1, DISP_DEVICE_CPU, 0), NULL);

  fixture->clock = fake_clock_new ();
  fixture->supervisor = supervisor_new (FALSE);
  fixture->notify = disp_notify_new (fixture->supervisor->address, NULL);
  fixture->switchboard = disp_switchboard_new (DISP_CLOCK (fixture->clock), DISP_RECORD_SINK (sink),
                                               notice, policy, &engine);
  disp_switchboard_set_fleet (fixture->switchboard, fleet);
  disp_switchboard_set_serving (fixture->switchboard, 1);
  fixture->feed = disp_status_feed_new (fixture->notify, fixture->switchboard);
  supervisor_assert_next (fixture->supervisor, "READY=1\nSTATUS=" QUIET);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  supervisor_assert_silent (fixture->supervisor);
  disp_status_feed_free (fixture->feed);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  disp_notify_free (fixture->notify);
  supervisor_free (fixture->supervisor);
  g_assert_finalize_object (fixture->switchboard);
  g_assert_finalize_object (fixture->clock);
}

static void
begin_requests (Fixture *fixture, guint n)
{
  while (n-- > 0)
    disp_stats_begin (disp_switchboard_get_totals (fixture->switchboard));
}

/* Nothing is sent while nothing changes. */
static void
test_quiet (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 100; i++)
    fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
}

/* The rate is that of the last interval; a change within one waits for its end. */
static void
test_rate (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  begin_requests (fixture, 1204);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC / 2);
  supervisor_assert_silent (fixture->supervisor);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC / 2);
  supervisor_assert_next (fixture->supervisor,
                          "STATUS=1/2 containers, random, 1,204 req/s, 0 records queued");
  begin_requests (fixture, 1204);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  supervisor_assert_silent (fixture->supervisor);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  supervisor_assert_next (fixture->supervisor, "STATUS=" QUIET);
}

static void
test_degraded (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_switchboard_set_fleet_problem (fixture->switchboard, "fleet.yaml is wrong");
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  supervisor_assert_next (fixture->supervisor, "STATUS=degraded: fleet.yaml is wrong; " QUIET);
  disp_switchboard_set_fleet_problem (fixture->switchboard, NULL);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  supervisor_assert_next (fixture->supervisor, "STATUS=" QUIET);
}

static void
assert_reloading (Fixture *fixture)
{
  g_autofree char *expected = g_strdup_printf ("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
                                               disp_clock_now (DISP_CLOCK (fixture->clock)));

  disp_status_feed_begin_reload (fixture->feed);
  supervisor_assert_next (fixture->supervisor, expected);
}

/* A failure is told until a reload succeeds. */
static void
test_reload (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  assert_reloading (fixture);
  disp_switchboard_set_reload_problem (fixture->switchboard, "a.conf is wrong");
  disp_status_feed_end_reload (fixture->feed);
  supervisor_assert_next (fixture->supervisor,
                          "READY=1\nSTATUS=reload failed: a.conf is wrong; " QUIET);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  assert_reloading (fixture);
  disp_switchboard_set_reload_problem (fixture->switchboard, NULL);
  disp_status_feed_end_reload (fixture->feed);
  supervisor_assert_next (fixture->supervisor, "READY=1\nSTATUS=" QUIET);
}

/* More time is asked for until what the stop really needs is over. */
static void
test_stop (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  begin_requests (fixture, 3);
  disp_switchboard_set_draining (fixture->switchboard);
  disp_status_feed_stop (fixture->feed, 7 * G_USEC_PER_SEC);
  supervisor_assert_next (fixture->supervisor,
                          "STOPPING=1\nSTATUS=draining: 3 requests in flight, 0 records queued");
  supervisor_assert_next (fixture->supervisor, "EXTEND_TIMEOUT_USEC=5000000");
  for (guint left = 6; left > 0; left--)
    {
      g_autofree char *expected = g_strdup_printf ("EXTEND_TIMEOUT_USEC=%u000000", MIN (left, 5));

      fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
      supervisor_assert_next (fixture->supervisor, expected);
    }
  fake_clock_advance (fixture->clock, 10 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/control/status-feed/quiet", test_quiet },
    { "/control/status-feed/rate", test_rate },
    { "/control/status-feed/degraded", test_degraded },
    { "/control/status-feed/reload", test_reload },
    { "/control/status-feed/stop", test_stop },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
