/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/sticky.h"
#include "support/chi-square.h"
#include "support/fixtures.h"

#include <math.h>

#define N_KEYS 20000
#define N_THREADS 8

typedef struct
{
  DispPolicy *policy;     /* (owned) */
  DispFleet *fleet;       /* (owned) */
  const DispRoute *route; /* (owned by fleet) */
  GRand *random;          /* (owned) */
} Fixture;

static const double quotas[] = { 1000, 1000, 2000, 4000, 2000 };
#define N_CONTAINERS G_N_ELEMENTS (quotas)

static GVariant *
make_options (const char *text)
{
  return g_variant_ref_sink (g_variant_new_parsed (text));
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GVariant) options = make_options ("@a{sv} {}");
  GPtrArray *containers = g_ptr_array_new ();

  for (guint i = 0; i < N_CONTAINERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("c-%u", i);

      g_ptr_array_add (containers, fixture_container (name, "m", 1, DISP_DEVICE_CPU, quotas[i]));
    }
  fixture->policy = disp_sticky_new (options, "m");
  fixture->fleet = fixture_fleet_new (NULL, NULL, containers);
  fixture->route = fixture_find (fixture->fleet, "m", 1);
  fixture->random = g_rand_new_with_seed (1);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_finalize_object (fixture->policy);
  disp_fleet_unref (fixture->fleet);
  g_rand_free (fixture->random);
}

static DispRequest *
ask (const char *affinity, const char *instances)
{
  DispRequest *request = fixture_request ("m", 1, instances);

  request->affinity = g_strdup (affinity);
  return request;
}

static guint
pick_of (Fixture *fixture, DispContainer *const *candidates, guint n_candidates, guint key,
         GRand *random)
{
  g_autofree char *affinity = g_strdup_printf ("session %u", key);
  g_autoptr (DispRequest) request = ask (affinity, "[1.0]");
  guint index = disp_policy_select (fixture->policy, candidates, n_candidates, request, random);

  g_assert_cmpuint (index, <, n_candidates);
  return index;
}

static guint
pick (Fixture *fixture, guint key)
{
  return pick_of (fixture, fixture->route->eligible, N_CONTAINERS, key, fixture->random);
}

/* The same goes to the same, different things to all, in proportion to quota. */
static void
test_sticks (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint counts[N_CONTAINERS] = { 0 };
  double chances[N_CONTAINERS];

  for (guint key = 0; key < N_KEYS; key++)
    {
      guint index = pick (fixture, key);

      counts[index]++;
      g_assert_cmpuint (pick (fixture, key), ==, index);
    }
  disp_policy_get_chances (fixture->policy, fixture->route->eligible, N_CONTAINERS, chances);
  for (guint i = 0; i < N_CONTAINERS; i++)
    g_assert_cmpfloat_with_epsilon (chances[i], quotas[i] / 10000, 1e-12);
  assert_chi_square (counts, chances, N_CONTAINERS);
}

/* When one goes, as for a second try, only what went to it moves. */
static void
test_few_moves (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint gone = 0; gone < N_CONTAINERS; gone++)
    {
      DispContainer *left[N_CONTAINERS];
      guint n_left = 0;

      for (guint i = 0; i < N_CONTAINERS; i++)
        if (i != gone)
          left[n_left++] = fixture->route->eligible[i];
      for (guint key = 0; key < 2000; key++)
        {
          guint before = pick (fixture, key);
          guint after = pick_of (fixture, left, n_left, key, fixture->random);

          if (before != gone)
            g_assert_true (left[after] == fixture->route->eligible[before]);
        }
    }
}

/* A container of the fixture with another quota. */
static void
change_quota (Fixture *fixture, guint index, double quota)
{
  GPtrArray *containers = g_ptr_array_new ();

  for (guint i = 0; i < N_CONTAINERS; i++)
    g_ptr_array_add (containers, disp_container_copy (fixture->route->eligible[i],
                                                      i == index ? &quota : NULL, FALSE));
  disp_fleet_unref (fixture->fleet);
  fixture->fleet = fixture_fleet_new (NULL, NULL, containers);
  fixture->route = fixture_find (fixture->fleet, "m", 1);
}

/* When one gets more quota some keys move to it, and none between others; the same with the same.
 */
static void
test_quota_moves (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const guint grown = 1;
  guint before[N_KEYS];
  guint counts[2] = { 0 };

  for (guint key = 0; key < N_KEYS; key++)
    before[key] = pick (fixture, key);
  change_quota (fixture, grown, 3000);
  for (guint key = 0; key < N_KEYS; key++)
    {
      guint after = pick (fixture, key);

      counts[after == grown]++;
      if (after != before[key])
        g_assert_cmpuint (after, ==, grown);
    }
  assert_chi_square (counts, (double[]){ 9000.0 / 12000, 3000.0 / 12000 }, 2);
  change_quota (fixture, grown, 1000);
  for (guint key = 0; key < N_KEYS; key++)
    g_assert_cmpuint (pick (fixture, key), ==, before[key]);
}

/* Also where quotas differ a thousandfold, each gets its share. */
static void
test_extreme_quotas (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const double extremes[N_CONTAINERS] = { 1, 10, 100, 1000, 0.5 };
  guint counts[N_CONTAINERS] = { 0 };
  double chances[N_CONTAINERS];

  for (guint i = 0; i < N_CONTAINERS; i++)
    change_quota (fixture, i, extremes[i]);
  for (guint key = 0; key < 20 * N_KEYS; key++)
    counts[pick (fixture, key)]++;
  for (guint i = 0; i < N_CONTAINERS; i++)
    chances[i] = extremes[i] / 1111.5;
  assert_chi_square (counts, chances, N_CONTAINERS);
}

/* Whoever asks, and with whichever generator, a key is at the same place. */
static void
test_same_everywhere (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GVariant) options = make_options ("@a{sv} {}");
  g_autoptr (DispPolicy) other = disp_sticky_new (options, "m");
  g_autoptr (GRand) random = g_rand_new_with_seed (77);

  for (guint key = 0; key < 2000; key++)
    {
      g_autofree char *affinity = g_strdup_printf ("session %u", key);
      g_autoptr (DispRequest) request = ask (affinity, "[2.0]");

      g_assert_cmpuint (
          disp_policy_select (other, fixture->route->eligible, N_CONTAINERS, request, random), ==,
          pick (fixture, key));
    }
}

/* However popular one key is, nobody has more in flight than the factor allows; and it stays where
 * it is while there is room. */
static void
test_bounded (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint home = pick (fixture, 7);

  for (int total = 0; total < 1000; total++)
    {
      guint index = pick (fixture, 7);
      DispStats *stats = fixture->route->eligible[index]->stats;
      double room = 1.25 * (total + 1) * quotas[home] / 10000;

      if (disp_stats_get_in_flight (fixture->route->eligible[home]->stats) < room)
        g_assert_cmpuint (index, ==, home);
      disp_stats_begin (stats);
      g_assert_cmpint (disp_stats_get_in_flight (stats), <=,
                       (int) ceil (1.25 * (total + 1) * quotas[index] / 10000));
    }
}

/* Without the header field it is the instances, also long ones, and without those the body. */
static void
test_instances (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint counts[N_CONTAINERS] = { 0 };

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *digits = g_strnfill (i * 7, '1');
      g_autofree char *instances = g_strdup_printf ("[%u.0, %s2.0]", i, digits);
      g_autoptr (DispRequest) one = ask (NULL, instances);
      g_autoptr (DispRequest) same = ask (NULL, instances);
      g_autoptr (DispRequest) other = ask ("x", instances);
      guint index = disp_policy_select (fixture->policy, fixture->route->eligible, N_CONTAINERS,
                                        one, fixture->random);

      counts[index]++;
      g_assert_cmpuint (disp_policy_select (fixture->policy, fixture->route->eligible, N_CONTAINERS,
                                            same, fixture->random),
                        ==, index);
      one->instances.length = 0;
      g_assert_cmpuint (disp_policy_select (fixture->policy, fixture->route->eligible, N_CONTAINERS,
                                            one, fixture->random),
                        <, N_CONTAINERS);
      g_assert_cmpuint (disp_policy_select (fixture->policy, fixture->route->eligible, N_CONTAINERS,
                                            other, fixture->random),
                        ==,
                        disp_policy_select (fixture->policy, fixture->route->eligible, N_CONTAINERS,
                                            other, fixture->random));
    }
  for (guint i = 0; i < N_CONTAINERS; i++)
    g_assert_cmpuint (counts[i], >, 15);
}

/* What has no body has nothing alike. */
static void
test_no_body (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_STATUS, 0);
  guint counts[N_CONTAINERS] = { 0 };

  for (guint i = 0; i < 1000; i++)
    counts[disp_policy_select (fixture->policy, fixture->route->eligible, N_CONTAINERS, request,
                               fixture->random)]++;
  for (guint i = 0; i < N_CONTAINERS; i++)
    g_assert_cmpuint (counts[i], >, 50);
}

static void
press_in_thread (guint number, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);

  for (guint i = 0; i < 3000; i++)
    {
      guint index = pick_of (fixture, fixture->route->eligible, N_CONTAINERS, i % 10, random);
      DispStats *stats = fixture->route->eligible[index]->stats;

      disp_stats_begin (stats);
      g_assert_cmpint (disp_stats_get_in_flight (stats), <=, N_THREADS);
      disp_stats_end (stats, DISP_OUTCOME_SUCCESS, 1);
    }
}

static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint64 total = 0;

  fixture_run_threads (N_THREADS, press_in_thread, fixture);
  for (guint i = 0; i < N_CONTAINERS; i++)
    {
      DispStatsValues values;

      disp_stats_read (fixture->route->eligible[i]->stats, &values);
      g_assert_cmpint (values.in_flight, ==, 0);
      total += values.started;
    }
  g_assert_cmpuint (total, ==, N_THREADS * 3000);
}

static void
test_options (void)
{
  static const char *const good[] = { "@a{sv} {}", "{'header': <'X-Session-Id'>}",
                                      "{'load-factor': <1.0>}",
                                      "{'load-factor': <100.0>, 'header': <'a'>}" };
  static const struct
  {
    const char *options;
    const char *message;
  } bad[] = {
    { "{'header': <''>}", "*\"header\"*not the name of a header field*X-Session-Id*" },
    { "{'header': <'a b'>}", "*\"header\"*" },
    { "{'header': <'a:'>}", "*\"header\"*" },
    { "{'header': <1.0>}", "*\"header\"*" },
    { "{'load-factor': <0.99>}", "*\"load-factor\"*expected a number from 1 to 100" },
    { "{'load-factor': <101.0>}", "*\"load-factor\"*" },
    { "{'load-factor': <'2'>}", "*\"load-factor\"*" },
    { "{'Header': <'a'>}", "*no option \"Header\", expected header or load-factor" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GVariant) options = make_options (good[i]);
      g_autoptr (GError) error = NULL;

      g_assert_true (disp_sticky_check (options, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (disp_sticky_get_header (options), ==,
                       i == 1   ? "X-Session-Id"
                       : i == 3 ? "a"
                                : NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GVariant) options = make_options (bad[i].options);
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_sticky_check (options, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE);
      g_assert_true (g_pattern_match_simple (bad[i].message, error->message));
    }
}

#define ADD(path, function)                                                                        \
  g_test_add ("/core/sticky/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("sticks", test_sticks);
  ADD ("few-moves", test_few_moves);
  ADD ("quota-moves", test_quota_moves);
  ADD ("extreme-quotas", test_extreme_quotas);
  ADD ("same-everywhere", test_same_everywhere);
  ADD ("bounded", test_bounded);
  ADD ("instances", test_instances);
  ADD ("no-body", test_no_body);
  ADD ("threads", test_threads);
  g_test_add_func ("/core/sticky/options", test_options);
  return g_test_run ();
}
