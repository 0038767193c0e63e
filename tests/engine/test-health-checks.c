/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/checks-rig.h"
#include "engine/rig.h"
#include "support/fixtures.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC
#define MISSING "{\"error\":\"Could not find any versions of model %s\"}"

static DispContainer *
new_container (const char *name, const char *model)
{
  return fixture_container (name, model, 1, DISP_DEVICE_CPU, 1);
}

static DispFleet *
two_containers (DispFleet *previous)
{
  return fixture_fleet (previous, NULL, new_container ("a", "m"), new_container ("b", "m"), NULL);
}

/* Each is checked at once, and then again and again, at intervals of which few are alike. */
static void
test_intervals (void)
{
  ChecksRig rig;
  gint64 shortest = G_MAXINT64;
  gint64 longest = 0;

  checks_rig_init (&rig, NULL);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_run (&rig, 10 * 1000);
  g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), ==, 1);
  g_assert_cmpuint (checks_rig_count (&rig, "b", "m"), ==, 1);
  g_assert_cmpstr (checks_rig_get_path (&rig, "a", "m"), ==, "/v1/models/m/versions/1");
  checks_rig_run (&rig, 600 * SECOND);
  g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), >=, 100);
  g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), <=, 134);
  for (guint i = 1; i < 100; i++)
    {
      const gint64 interval = checks_rig_get_time (&rig, "a", "m", i)
                              - checks_rig_get_time (&rig, "a", "m", i - 1);

      shortest = MIN (shortest, interval);
      longest = MAX (longest, interval);
    }
  g_assert_cmpint (shortest, >=, 9 * SECOND / 2);
  g_assert_cmpint (shortest, <, 47 * SECOND / 10);
  g_assert_cmpint (longest, >, 58 * SECOND / 10);
  /* Now and then the other one is just being started. */
  g_assert_cmpint (longest, <=, 6 * SECOND + 2000);
  g_assert_false (checks_rig_is_out (&rig, "a", "m"));
  checks_rig_clear (&rig);
}

/* What a container says of a model counts at once, and both ways. */
static void
test_loading (void)
{
  ChecksRig rig;
  g_autofree char *log = NULL;

  checks_rig_init (&rig, NULL);
  checks_rig_script (&rig, "a", REACT_ANSWER, 200, LOADING);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  g_free (rig_take_log ());
  checks_rig_run (&rig, 10 * 1000);
  g_assert_true (checks_rig_is_out (&rig, "a", "m"));
  g_assert_false (checks_rig_is_out (&rig, "b", "m"));
  checks_rig_run (&rig, 20 * SECOND);
  /* It is looked at each second, and logged once. */
  g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), >=, 17);
  g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), <=, 23);
  g_assert_cmpuint (checks_rig_count (&rig, "b", "m"), <=, 6);
  log = rig_take_log ();
  g_assert_cmpstr (log, ==,
                   "message: container a does not serve model m now: its state is LOADING\n");
  checks_rig_script (&rig, "a", REACT_ANSWER, 200, AVAILABLE);
  checks_rig_run (&rig, 12 * SECOND / 10);
  g_assert_false (checks_rig_is_out (&rig, "a", "m"));
  g_free (log);
  log = rig_take_log ();
  g_assert_cmpstr (log, ==, "message: container a serves model m\n");
  checks_rig_clear (&rig);
}

/* Each thing that the log says ends there too, though another has come between. */
static void
test_loading_and_lost (void)
{
  ChecksRig rig;
  g_autofree char *log = NULL;

  g_free (rig_take_log ());
  checks_rig_init (&rig, NULL);
  checks_rig_script (&rig, "a", REACT_ANSWER, 200, LOADING);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_run (&rig, 3 * SECOND);
  checks_rig_script (&rig, "a", REACT_REFUSE, 0, NULL);
  checks_rig_run (&rig, 3 * SECOND);
  checks_rig_script (&rig, "a", REACT_ANSWER, 200, LOADING);
  checks_rig_run (&rig, 3 * SECOND);
  g_assert_true (checks_rig_is_out (&rig, "a", "m"));
  checks_rig_script (&rig, "a", REACT_ANSWER, 200, AVAILABLE);
  checks_rig_run (&rig, 3 * SECOND);
  g_assert_false (checks_rig_is_out (&rig, "a", "m"));
  log = rig_take_log ();
  g_assert_cmpstr (log, ==,
                   "message: container a does not serve model m now: its state is LOADING\n"
                   "warning: container a gets no requests until it answers a check: it could not "
                   "be reached\n"
                   "message: container a answers checks again\n"
                   "message: container a serves model m\n");
  checks_rig_clear (&rig);
}

/* Where nothing of a model is left, what comes first is seen in well under a second. */
static void
test_deserted (void)
{
  ChecksRig rig;
  gint64 out;

  checks_rig_init (&rig, NULL);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_run (&rig, SECOND);
  checks_rig_script (&rig, "a", REACT_REFUSE, 0, NULL);
  checks_rig_script (&rig, "b", REACT_REFUSE, 0, NULL);
  checks_rig_run (&rig, 8 * SECOND);
  g_assert_true (checks_rig_is_out (&rig, "a", "m"));
  g_assert_true (checks_rig_is_out (&rig, "b", "m"));
  for (guint i = 0; i < 20; i++)
    {
      const guint before = checks_rig_count (&rig, "a", "m");
      const guint others = checks_rig_count (&rig, "b", "m");

      checks_rig_run (&rig, 310 * 1000);
      g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), >, before);
      g_assert_cmpuint (checks_rig_count (&rig, "b", "m"), >, others);
    }
  out = disp_clock_now (DISP_CLOCK (rig.clock));
  checks_rig_script (&rig, "b", REACT_ANSWER, 200, AVAILABLE);
  while (checks_rig_is_out (&rig, "b", "m"))
    checks_rig_run (&rig, 1000);
  g_assert_cmpint (disp_clock_now (DISP_CLOCK (rig.clock)) - out, <=, 310 * 1000);
  /* The other one is checked each second now. */
  checks_rig_run (&rig, SECOND);
  out = checks_rig_count (&rig, "a", "m");
  checks_rig_run (&rig, 10 * SECOND);
  g_assert_cmpint (checks_rig_count (&rig, "a", "m") - out, <=, 12);
  g_assert_cmpint (checks_rig_count (&rig, "a", "m") - out, >=, 8);
  checks_rig_clear (&rig);
}

/* One lost check takes nothing out, two in a row do, and the first good one ends it. */
static void
test_lost (void)
{
  const React reacts[] = { REACT_REFUSE, REACT_BREAK, REACT_HANG };

  for (guint i = 0; i < G_N_ELEMENTS (reacts); i++)
    {
      ChecksRig rig;
      guint n;
      g_autofree char *log = NULL;

      checks_rig_init (&rig, NULL);
      checks_rig_set_fleet (&rig, two_containers (NULL));
      checks_rig_run (&rig, SECOND);
      g_free (rig_take_log ());
      for (guint j = 0; j < 3; j++)
        {
          n = checks_rig_count (&rig, "a", "m");
          checks_rig_script (&rig, "a", reacts[i], 0, NULL);
          while (checks_rig_count (&rig, "a", "m") == n)
            checks_rig_run (&rig, 1000);
          checks_rig_script (&rig, "a", REACT_ANSWER, 200, AVAILABLE);
          checks_rig_run (&rig, 4 * SECOND);
          g_assert_false (checks_rig_is_out (&rig, "a", "m"));
        }
      log = rig_take_log ();
      g_assert_cmpstr (log, ==, "");
      g_clear_pointer (&log, g_free);

      checks_rig_script (&rig, "a", reacts[i], 0, NULL);
      checks_rig_run (&rig, 12 * SECOND);
      g_assert_true (checks_rig_is_out (&rig, "a", "m"));
      g_assert_false (checks_rig_is_out (&rig, "b", "m"));
      log = rig_take_log ();
      g_assert_true (g_str_has_prefix (
          log, "warning: container a gets no requests until it answers a check: "));
      g_assert_cmpint (strchr (log, '\n')[1], ==, '\0');
      g_clear_pointer (&log, g_free);

      checks_rig_script (&rig, "a", REACT_ANSWER, 200, AVAILABLE);
      checks_rig_run (&rig, 4 * SECOND);
      g_assert_false (checks_rig_is_out (&rig, "a", "m"));
      log = rig_take_log ();
      g_assert_cmpstr (log, ==, "message: container a answers checks again\n");
      checks_rig_script (&rig, "a", REACT_HANG, 0, NULL);
      checks_rig_clear (&rig);
    }
}

/* What a server without that path does; none of it may take one out. */
static void
test_predictions_only (void)
{
  static const struct
  {
    React react;
    guint status;
    const char *body;
    const char *log;
  } cases[] = {
    { REACT_ANSWER, 404, "{\"error\":\"Not Found\"}", "it answered 404" },
    { REACT_ANSWER, 404, "", "it answered 404" },
    { REACT_ANSWER, 405, "{\"error\":\"POST only\"}", "it answered 405" },
    { REACT_ANSWER, 400, "{\"error\":\"Malformed request: GET /v1/models/m\"}", "it answered 400" },
    { REACT_ANSWER, 501, "", "it answered 501" },
    { REACT_ANSWER, 200, "<html/>", "its answer is no model status" },
    { REACT_ANSWER, 500, "", NULL },
    { REACT_ANSWER, 503, "", NULL },
    { REACT_BREAK, 0, NULL, NULL },
    { REACT_HANG, 0, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ChecksRig rig;
      g_autofree char *log = NULL;

      g_free (rig_take_log ());
      checks_rig_init (&rig, NULL);
      checks_rig_script (&rig, "a", cases[i].react, cases[i].status, cases[i].body);
      checks_rig_set_fleet (&rig, fixture_fleet (NULL, NULL, new_container ("a", "m"), NULL));
      for (guint j = 0; j < 60; j++)
        {
          checks_rig_run (&rig, SECOND);
          g_assert_false (checks_rig_is_out (&rig, "a", "m"));
        }
      g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), >=, 8);
      log = rig_take_log ();
      if (cases[i].log == NULL)
        g_assert_cmpstr (log, ==, "");
      else
        {
          g_assert_true (g_str_has_prefix (log, "info: container a does not tell the status"));
          g_assert_nonnull (strstr (log, cases[i].log));
          g_assert_cmpint (strchr (log, '\n')[1], ==, '\0');
        }
      checks_rig_clear (&rig);
    }
}

/* Such a server is out while it takes no connections, and not longer. */
static void
test_predictions_only_gone (void)
{
  ChecksRig rig;

  checks_rig_init (&rig, NULL);
  checks_rig_script (&rig, "a", REACT_HANG, 0, NULL);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_run (&rig, 10 * SECOND);
  checks_rig_script (&rig, "a", REACT_REFUSE, 0, NULL);
  checks_rig_run (&rig, 12 * SECOND);
  g_assert_true (checks_rig_is_out (&rig, "a", "m"));
  checks_rig_script (&rig, "a", REACT_HANG, 0, NULL);
  checks_rig_run (&rig, 4 * SECOND);
  g_assert_false (checks_rig_is_out (&rig, "a", "m"));
  checks_rig_clear (&rig);
}

/* A server that is so busy that it lets checks wait, but answers requests, is not lost. */
static void
test_busy (void)
{
  ChecksRig rig;

  checks_rig_init (&rig, NULL);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_run (&rig, SECOND);
  checks_rig_script (&rig, "a", REACT_HANG, 0, NULL);
  for (guint i = 0; i < 60; i++)
    {
      DispStats *stats = checks_rig_get_container (&rig, "a")->stats;

      disp_stats_begin (stats);
      disp_stats_end (stats, DISP_OUTCOME_SUCCESS, 1000);
      checks_rig_run (&rig, SECOND);
      g_assert_false (checks_rig_is_out (&rig, "a", "m"));
    }
  checks_rig_run (&rig, 12 * SECOND);
  g_assert_true (checks_rig_is_out (&rig, "a", "m"));
  checks_rig_clear (&rig);
}

/* What fails for requests is looked at in a second, not in five. */
static void
test_failing (void)
{
  ChecksRig rig;
  DispStats *stats;
  guint n;

  checks_rig_init (&rig, NULL);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_run (&rig, 10 * 1000);
  stats = checks_rig_get_container (&rig, "a")->stats;
  n = checks_rig_count (&rig, "a", "m");
  disp_stats_begin (stats);
  disp_stats_end (stats, DISP_OUTCOME_FAILURE, 1000);
  disp_switchboard_touch (rig.switchboard);
  checks_rig_run (&rig, 13 * SECOND / 10);
  g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), ==, n + 1);
  checks_rig_run (&rig, 3 * SECOND);
  g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), >=, n + 3);
  g_assert_cmpuint (checks_rig_count (&rig, "b", "m"), ==, 1);
  g_assert_false (checks_rig_is_out (&rig, "a", "m"));
  checks_rig_clear (&rig);
}

/* A container that serves all models is asked for each. */
static void
test_all_models (void)
{
  ChecksRig rig;
  g_autofree char *missing = g_strdup_printf (MISSING, "n");
  g_autofree char *log = NULL;

  g_free (rig_take_log ());
  checks_rig_init (&rig, NULL);
  checks_rig_script (&rig, "gpu/n", REACT_ANSWER, 404, missing);
  checks_rig_set_fleet (&rig, fixture_fleet (NULL, "m:1 n:2", new_container ("gpu", DISP_MODEL_ALL),
                                             new_container ("cpu", "m"), NULL));
  checks_rig_run (&rig, SECOND / 10);
  g_assert_cmpstr (checks_rig_get_path (&rig, "gpu", "m"), ==, "/v1/models/m/versions/1");
  g_assert_cmpstr (checks_rig_get_path (&rig, "gpu", "n"), ==, "/v1/models/n/versions/2");
  g_assert_cmpuint (checks_rig_count (&rig, "cpu", "n"), ==, 0);
  g_assert_false (checks_rig_is_out (&rig, "gpu", "m"));
  g_assert_true (checks_rig_is_out (&rig, "gpu", "n"));
  /* When it is lost that is said of it once. */
  g_free (rig_take_log ());
  checks_rig_script (&rig, "gpu/n", REACT_REFUSE, 0, NULL);
  checks_rig_script (&rig, "gpu", REACT_REFUSE, 0, NULL);
  while (!checks_rig_is_out (&rig, "gpu", "m"))
    checks_rig_run (&rig, 1000);
  g_assert_true (checks_rig_is_out (&rig, "gpu", "n"));
  log = rig_take_log ();
  g_assert_cmpstr (log, ==,
                   "warning: container gpu gets no requests until it answers a check: it could not "
                   "be reached\n");
  /* And when it is back, all models are soon. */
  checks_rig_script (&rig, "gpu/n", REACT_ANSWER, 200,
                     "{\"model_version_status\":[{\"version\":\"2\",\"state\":\"AVAILABLE\"}]}");
  checks_rig_script (&rig, "gpu", REACT_ANSWER, 200, AVAILABLE);
  while (checks_rig_is_out (&rig, "gpu", "m") && checks_rig_is_out (&rig, "gpu", "n"))
    checks_rig_run (&rig, 1000);
  checks_rig_run (&rig, 10 * 1000);
  g_assert_false (checks_rig_is_out (&rig, "gpu", "m"));
  g_assert_false (checks_rig_is_out (&rig, "gpu", "n"));
  checks_rig_clear (&rig);
}

/* Its versions are one subject: it is asked for all of them, and one is enough. */
static void
test_versions (void)
{
  ChecksRig rig;

  checks_rig_init (&rig, NULL);
  checks_rig_set_fleet (
      &rig, fixture_fleet (NULL, "m:1 m:2", new_container ("gpu", DISP_MODEL_ALL), NULL));
  checks_rig_run (&rig, SECOND);
  g_assert_cmpuint (checks_rig_count (&rig, "gpu", NULL), ==, 1);
  g_assert_cmpstr (checks_rig_get_path (&rig, "gpu", "m"), ==, "/v1/models/m");
  g_assert_false (checks_rig_is_out (&rig, "gpu", "m"));
  /* It has version 1. */
  checks_rig_set_fleet (
      &rig, fixture_fleet (rig.fleet, "m:2", new_container ("gpu", DISP_MODEL_ALL), NULL));
  checks_rig_run (&rig, SECOND / 10);
  g_assert_cmpuint (checks_rig_count (&rig, "gpu", NULL), ==, 2);
  g_assert_cmpstr (checks_rig_get_path (&rig, "gpu", "m"), ==, "/v1/models/m/versions/2");
  g_assert_true (checks_rig_is_out (&rig, "gpu", "m"));
  rig.settings.version_path = DISP_VERSION_PATH_LATEST;
  checks_rig_apply (&rig);
  checks_rig_run (&rig, SECOND / 10);
  g_assert_cmpstr (checks_rig_get_path (&rig, "gpu", "m"), ==, "/v1/models/m");
  g_assert_false (checks_rig_is_out (&rig, "gpu", "m"));
  rig.settings.version_path = DISP_VERSION_PATH_ORIGINAL;
  checks_rig_apply (&rig);
  checks_rig_run (&rig, SECOND / 10);
  g_assert_cmpstr (checks_rig_get_path (&rig, "gpu", "m"), ==, "/v2/models/m");
  checks_rig_clear (&rig);
}

/* Only what may be used is checked; what the fleet has no longer is forgotten. */
static void
test_fleet (void)
{
  ChecksRig rig;
  DispContainer *idle;
  DispContainer *drained;
  guint n;

  checks_rig_init (&rig, NULL);
  idle = new_container ("idle", "m");
  idle->active = FALSE;
  drained = new_container ("drained", "m");
  drained->drained = TRUE;
  checks_rig_script (&rig, "b", REACT_HANG, 0, NULL);
  checks_rig_set_fleet (
      &rig, fixture_fleet (NULL, NULL, new_container ("a", "m"), new_container ("b", "m"), idle,
                           drained, fixture_container ("none", "m", 1, DISP_DEVICE_CPU, 0), NULL));
  checks_rig_run (&rig, SECOND);
  g_assert_cmpuint (rig.times->len, ==, 2);
  g_assert_cmpuint (fake_transport_count_open (rig.transport), ==, 1);
  /* What stays is not disturbed, what goes is given up, what comes is checked at once. */
  checks_rig_set_fleet (&rig, fixture_fleet (rig.fleet, NULL, new_container ("a", "m"),
                                             new_container ("idle", "m"), NULL));
  checks_rig_run (&rig, SECOND / 10);
  g_assert_cmpuint (fake_transport_count_open (rig.transport), ==, 0);
  g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), ==, 1);
  g_assert_cmpuint (checks_rig_count (&rig, "idle", "m"), ==, 1);
  for (guint i = 0; i < 100; i++)
    {
      checks_rig_set_fleet (&rig, fixture_fleet (rig.fleet, NULL, new_container ("a", "m"),
                                                 new_container ("idle", "m"), NULL));
      checks_rig_run (&rig, SECOND / 10);
    }
  n = checks_rig_count (&rig, "a", "m");
  g_assert_cmpuint (n, >=, 2);
  g_assert_cmpuint (n, <=, 4);
  g_assert_cmpuint (checks_rig_count (&rig, "b", "m"), ==, 1);
  checks_rig_clear (&rig);
}

/* What is checked no longer is not out any more. */
static void
test_forgotten (void)
{
  ChecksRig rig;

  checks_rig_init (&rig, NULL);
  checks_rig_script (&rig, "a", REACT_ANSWER, 200, LOADING);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_run (&rig, SECOND / 10);
  g_assert_true (checks_rig_is_out (&rig, "a", "m"));
  rig.settings.health_interval = 0;
  checks_rig_apply (&rig);
  checks_rig_run (&rig, SECOND / 10);
  g_assert_false (checks_rig_is_out (&rig, "a", "m"));
  g_assert_cmpuint (fake_clock_count_timers (rig.clock), ==, 0);
  checks_rig_run (&rig, 100 * SECOND);
  g_assert_cmpuint (checks_rig_count (&rig, "a", "m"), ==, 1);
  /* And on again. */
  rig.settings.health_interval = 60 * SECOND;
  checks_rig_apply (&rig);
  checks_rig_run (&rig, SECOND / 10);
  g_assert_true (checks_rig_is_out (&rig, "a", "m"));
  g_assert_cmpuint (checks_rig_count (&rig, "b", "m"), ==, 2);
  /* A shorter interval counts at once. */
  rig.settings.health_interval = SECOND;
  checks_rig_apply (&rig);
  checks_rig_run (&rig, 10 * SECOND);
  g_assert_cmpuint (checks_rig_count (&rig, "b", "m"), >=, 9);
  checks_rig_clear (&rig);
}

/* At a path of the operator's the status counts, and silence too. */
static void
test_own_path (void)
{
  ChecksRig rig;

  checks_rig_init (&rig, "/healthz");
  checks_rig_script (&rig, "a", REACT_ANSWER, 204, "");
  checks_rig_script (&rig, "b", REACT_ANSWER, 404, "");
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_run (&rig, SECOND / 10);
  g_assert_cmpstr (checks_rig_get_path (&rig, "a", "m"), ==, "/healthz");
  g_assert_false (checks_rig_is_out (&rig, "a", "m"));
  g_assert_true (checks_rig_is_out (&rig, "b", "m"));
  checks_rig_script (&rig, "a", REACT_HANG, 0, NULL);
  checks_rig_run (&rig, 14 * SECOND);
  g_assert_true (checks_rig_is_out (&rig, "a", "m"));
  /* Back to the status, which these servers do not tell. */
  checks_rig_script (&rig, "b", REACT_BREAK, 0, NULL);
  rig.settings.health_path = NULL;
  checks_rig_apply (&rig);
  checks_rig_run (&rig, 14 * SECOND);
  g_assert_false (checks_rig_is_out (&rig, "a", "m"));
  g_assert_false (checks_rig_is_out (&rig, "b", "m"));
  checks_rig_clear (&rig);
}

static DispFleet *
large_fleet (guint n_containers)
{
  GPtrArray *containers = g_ptr_array_new ();

  for (guint i = 0; i < n_containers; i++)
    {
      g_autofree char *name = g_strdup_printf ("c-%u", i);

      g_ptr_array_add (containers, new_container (name, "m"));
    }
  return fixture_fleet_new (NULL, NULL, containers);
}

/* However many hang, there are so many at once and no more, and each has its turn. */
static void
test_at_once (void)
{
  ChecksRig rig;

  checks_rig_init (&rig, NULL);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("c-%u", i);

      checks_rig_script (&rig, name, REACT_HANG, 0, NULL);
    }
  checks_rig_set_fleet (&rig, large_fleet (100));
  checks_rig_run (&rig, 9 * SECOND);
  g_assert_cmpuint (rig.n_most, ==, 32);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("c-%u", i);

      g_assert_cmpuint (checks_rig_count (&rig, name, "m"), >=, 1);
    }
  checks_rig_clear (&rig);
}

/* A fleet that is too large to be checked so often is checked less often, each as often as others.
 */
static void
test_large_fleet (void)
{
  ChecksRig rig;

  checks_rig_init (&rig, NULL);
  checks_rig_set_fleet (&rig, large_fleet (4000));
  checks_rig_run (&rig, 20 * SECOND);
  g_assert_cmpuint (rig.times->len, >=, 9900);
  g_assert_cmpuint (rig.times->len, <=, 10001);
  for (guint i = 0; i < 4000; i += 97)
    {
      g_autofree char *name = g_strdup_printf ("c-%u", i);

      g_assert_cmpuint (checks_rig_count (&rig, name, "m"), >=, 2);
      g_assert_cmpuint (checks_rig_count (&rig, name, "m"), <=, 3);
    }
  checks_rig_clear (&rig);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *status = user_data;
  g_autoptr (DispReply) reply = disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result);

  g_assert_cmpuint (*status, ==, 0);
  *status = reply->answer->status;
}

/* A request that waits gets the place of a container that serves again, and does not wait for one
 * that serves no longer. */
static void
test_waiting (void)
{
  ChecksRig rig;
  FakeTransport *transport = fake_transport_new ();
  DispDispatcher *dispatcher;
  guint status[3] = { 0 };

  checks_rig_init (&rig, NULL);
  rig.settings.max_in_flight = 1;
  dispatcher = disp_dispatcher_new (rig.switchboard, DISP_TRANSPORT (transport),
                                    g_rand_new_with_seed (1));
  checks_rig_script (&rig, "b", REACT_ANSWER, 200, LOADING);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_apply (&rig);
  checks_rig_run (&rig, SECOND);
  for (guint i = 0; i < G_N_ELEMENTS (status); i++)
    {
      g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1]");

      disp_dispatcher_dispatch_async (dispatcher, request, NULL, on_reply, &status[i]);
    }
  checks_rig_run (&rig, 0);
  g_assert_cmpuint (fake_transport_count_calls (transport), ==, 1);
  g_assert_cmpstr (fake_transport_get_call (transport, 0)->container->name, ==, "a");
  checks_rig_script (&rig, "b", REACT_ANSWER, 200, AVAILABLE);
  checks_rig_run (&rig, 2 * SECOND);
  g_assert_cmpuint (fake_transport_count_calls (transport), ==, 2);
  g_assert_cmpstr (fake_transport_get_call (transport, 1)->container->name, ==, "b");
  checks_rig_script (&rig, "a", REACT_ANSWER, 200, LOADING);
  checks_rig_script (&rig, "b", REACT_ANSWER, 200, LOADING);
  checks_rig_run (&rig, 7 * SECOND);
  g_assert_cmpuint (status[2], ==, 503);
  fake_transport_answer (transport, 0, 200, "{}");
  fake_transport_answer (transport, 1, 200, "{}");
  checks_rig_run (&rig, 0);
  g_assert_cmpuint (status[0], ==, 200);
  g_assert_cmpuint (status[1], ==, 200);
  g_assert_finalize_object (dispatcher);
  g_assert_finalize_object (transport);
  checks_rig_clear (&rig);
}

static gboolean
count_news (gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
  return G_SOURCE_CONTINUE;
}

/* Who watches hears of what changes, and of nothing else. */
static void
test_told (void)
{
  ChecksRig rig;
  guint n = 0;

  checks_rig_init (&rig, NULL);
  checks_rig_set_fleet (&rig, two_containers (NULL));
  checks_rig_run (&rig, 20 * SECOND);
  disp_switchboard_watch (rig.switchboard, count_news, &n);
  checks_rig_run (&rig, 20 * SECOND);
  g_assert_cmpuint (n, ==, 0);
  checks_rig_script (&rig, "a", REACT_ANSWER, 200, LOADING);
  checks_rig_run (&rig, 20 * SECOND);
  g_assert_cmpuint (n, ==, 1);
  checks_rig_script (&rig, "a", REACT_ANSWER, 200, AVAILABLE);
  checks_rig_run (&rig, 20 * SECOND);
  g_assert_cmpuint (n, ==, 2);
  disp_switchboard_unwatch (rig.switchboard, &n);
  checks_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  g_test_add_func ("/engine/health-checks/intervals", test_intervals);
  g_test_add_func ("/engine/health-checks/loading", test_loading);
  g_test_add_func ("/engine/health-checks/loading-and-lost", test_loading_and_lost);
  g_test_add_func ("/engine/health-checks/deserted", test_deserted);
  g_test_add_func ("/engine/health-checks/lost", test_lost);
  g_test_add_func ("/engine/health-checks/predictions-only", test_predictions_only);
  g_test_add_func ("/engine/health-checks/predictions-only-gone", test_predictions_only_gone);
  g_test_add_func ("/engine/health-checks/busy", test_busy);
  g_test_add_func ("/engine/health-checks/failing", test_failing);
  g_test_add_func ("/engine/health-checks/all-models", test_all_models);
  g_test_add_func ("/engine/health-checks/versions", test_versions);
  g_test_add_func ("/engine/health-checks/fleet", test_fleet);
  g_test_add_func ("/engine/health-checks/forgotten", test_forgotten);
  g_test_add_func ("/engine/health-checks/own-path", test_own_path);
  g_test_add_func ("/engine/health-checks/at-once", test_at_once);
  g_test_add_func ("/engine/health-checks/large-fleet", test_large_fleet);
  g_test_add_func ("/engine/health-checks/waiting", test_waiting);
  g_test_add_func ("/engine/health-checks/told", test_told);
  return g_test_run ();
}
