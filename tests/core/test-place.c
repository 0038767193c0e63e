/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/place.h"

#include "core/fleet.h"
#include "support/fixtures.h"

#define SECOND G_USEC_PER_SEC
#define MAX_CONTAINERS 8
#define N_THREADS 8

/* A fleet whose containers all serve two models. */
typedef struct
{
  DispFleet *fleet;       /* (owned) */
  const DispRoute *route; /* (unowned) of the one model */
  const DispRoute *other; /* (unowned) of the other */
  DispPlaceQuery query;
  DispPlaceCounts counts;
  guint indices[MAX_CONTAINERS];
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);

  for (guint i = 0; i < GPOINTER_TO_UINT (data); i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      g_ptr_array_add (containers, fixture_container (name, DISP_MODEL_ALL, 1, DISP_DEVICE_CPU, 1));
    }
  fixture->fleet = fixture_fleet_new (NULL, "m:1 o:1", containers);
  fixture->route = fixture_find (fixture->fleet, "m", 1);
  fixture->other = fixture_find (fixture->fleet, "o", 1);
  fixture->query = (DispPlaceQuery){ .max_in_flight = 100, .now = SECOND };
  g_assert_cmpuint (fixture->route->n_eligible, ==, GPOINTER_TO_UINT (data));
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < fixture->route->n_eligible; i++)
    g_assert_cmpuint (disp_capacity_get_taken (fixture->route->eligible[i]->capacity), ==, 0);
  disp_fleet_unref (fixture->fleet);
}

/* Which are listed now, as digits. */
static void
assert_listed (Fixture *fixture, const char *expected)
{
  g_autoptr (GString) listed = g_string_new ("");

  disp_place_list (fixture->route, &fixture->query, fixture->indices, &fixture->counts);
  for (guint i = 0; i < fixture->counts.n_free; i++)
    {
      g_assert_true (disp_place_may_take (fixture->route, fixture->indices[i], &fixture->query));
      g_string_append_printf (listed, "%u", fixture->indices[i]);
    }
  g_assert_cmpstr (listed->str, ==, expected);
}

static void
assert_counts (Fixture *fixture, guint n_usable, guint n_well, guint n_free, guint n_cooling)
{
  disp_place_list (fixture->route, &fixture->query, fixture->indices, &fixture->counts);
  g_assert_cmpuint (fixture->counts.n_usable, ==, n_usable);
  g_assert_cmpuint (fixture->counts.n_well, ==, n_well);
  g_assert_cmpuint (fixture->counts.n_free, ==, n_free);
  g_assert_cmpuint (fixture->counts.n_cooling, ==, n_cooling);
  g_assert_true ((fixture->counts.cool_at == G_MAXINT64) == (n_cooling == 0));
}

static DispPlace
take (Fixture *fixture, guint index)
{
  DispPlace place;

  g_assert_true (disp_place_take (&place, fixture->route, index, &fixture->query));
  return place;
}

static void
assert_not_taken (Fixture *fixture, guint index)
{
  DispPlace place;

  g_assert_false (disp_place_take (&place, fixture->route, index, &fixture->query));
  g_assert_null (place.container);
}

static DispVerdict
give (Fixture *fixture, DispPlace *place, DispOutcome outcome)
{
  return disp_place_give (place, fixture->route, outcome, 1000, fixture->query.now);
}

static DispVerdict
try_once (Fixture *fixture, guint index, DispOutcome outcome)
{
  DispPlace place = take (fixture, index);

  return give (fixture, &place, outcome);
}

/* For the model, until the last of five says what came of it. */
static DispVerdict
fail_often (Fixture *fixture, guint index)
{
  for (guint i = 1; i < DISP_HEALTH_MAX_FAILURES; i++)
    g_assert_cmpint (try_once (fixture, index, DISP_OUTCOME_FAILURE).kind, ==,
                     DISP_VERDICT_AS_BEFORE);
  return try_once (fixture, index, DISP_OUTCOME_FAILURE);
}

static void
eject (Fixture *fixture, guint index)
{
  DispVerdict verdict = fail_often (fixture, index);

  g_assert_cmpint (verdict.kind, ==, DISP_VERDICT_EJECTED);
  g_assert_false (verdict.for_model);
  g_assert_cmpuint (verdict.n_failures, ==, 5);
  g_assert_cmpint (verdict.duration, ==, 30 * SECOND);
}

static DispHealthState
get_state (Fixture *fixture, guint index)
{
  return disp_place_get_state (fixture->route, index, fixture->query.now, NULL);
}

static void
set_available (Fixture *fixture, guint index, gboolean available)
{
  disp_standing_set_available (fixture->route->standings[index], available, fixture->query.now);
}

static void
test_places (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispCapacity *tried[] = { fixture->route->eligible[1]->capacity };
  DispPlace places[3];

  fixture->query.max_in_flight = 2;
  assert_listed (fixture, "012");
  assert_counts (fixture, 3, 3, 3, 0);
  for (guint i = 0; i < 2; i++)
    places[i] = take (fixture, 0);
  g_assert_cmpuint (places[1].n_taken, ==, 2);
  g_assert_true (places[0].container == fixture->route->eligible[0]);
  g_assert_true (places[0].standing == fixture->route->standings[0]);
  assert_not_taken (fixture, 0);
  assert_listed (fixture, "12");
  assert_counts (fixture, 3, 3, 2, 0);
  g_assert_true (disp_place_may_take (fixture->route, 0, &fixture->query));
  fixture->query.tried = tried;
  fixture->query.n_tried = 1;
  assert_listed (fixture, "2");
  assert_counts (fixture, 2, 2, 1, 0);
  g_assert_false (disp_place_may_take (fixture->route, 1, &fixture->query));
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (give (fixture, &places[i], DISP_OUTCOME_SUCCESS).kind, ==,
                     DISP_VERDICT_AS_BEFORE);
  g_assert_null (places[0].container);
  assert_listed (fixture, "02");
}

/* One that is busy is left alone for a moment, then asked once, and then used again or not. */
static void
test_busy (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 cool_at;
  DispPlace place;

  g_assert_cmpint (try_once (fixture, 1, DISP_OUTCOME_BUSY).kind, ==, DISP_VERDICT_AS_BEFORE);
  g_assert_cmpint (get_state (fixture, 1), ==, DISP_HEALTH_BUSY);
  assert_listed (fixture, "02");
  assert_counts (fixture, 2, 2, 2, 1);
  cool_at = fixture->counts.cool_at;
  g_assert_cmpint (cool_at, >, fixture->query.now + 18000);
  g_assert_cmpint (cool_at, <=, fixture->query.now + 25000);
  g_assert_false (disp_place_may_take (fixture->route, 1, &fixture->query));
  assert_not_taken (fixture, 1);

  fixture->query.now = cool_at;
  assert_listed (fixture, "012");
  place = take (fixture, 1);
  assert_listed (fixture, "02");
  assert_not_taken (fixture, 1);
  fixture->query.now += 100;
  give (fixture, &place, DISP_OUTCOME_BUSY);
  assert_counts (fixture, 2, 2, 2, 1);
  g_assert_cmpint (fixture->counts.cool_at, >, fixture->query.now + 37000);

  fixture->query.now = fixture->counts.cool_at;
  place = take (fixture, 1);
  assert_listed (fixture, "02");
  give (fixture, &place, DISP_OUTCOME_SUCCESS);
  assert_listed (fixture, "012");
  g_assert_cmpint (get_state (fixture, 1), ==, DISP_HEALTH_WELL);
}

/* Who does not learn whether it is still busy lets the next one try. */
static void
test_busy_unknown (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispPlace place = take (fixture, 1);

  try_once (fixture, 1, DISP_OUTCOME_BUSY);
  assert_listed (fixture, "02");
  fixture->query.now = fixture->counts.cool_at;
  fixture->query.max_in_flight = 1;
  assert_not_taken (fixture, 1);
  fixture->query.max_in_flight = 2;
  assert_listed (fixture, "012");
  try_once (fixture, 1, DISP_OUTCOME_CANCELLED);
  assert_listed (fixture, "012");
  give (fixture, &place, DISP_OUTCOME_CANCELLED);
  fixture->query.max_in_flight = 100;
}

/* One that answers "busy" at once gets next to nothing. */
static void
test_busy_traffic (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_asked = 0;

  for (guint i = 0; i < 60000; i++, fixture->query.now += 1000)
    {
      disp_place_list (fixture->route, &fixture->query, fixture->indices, &fixture->counts);
      for (guint j = 0; j < fixture->counts.n_free; j++)
        if (fixture->indices[j] == 1)
          {
            try_once (fixture, 1, DISP_OUTCOME_BUSY);
            n_asked++;
          }
    }
  g_assert_cmpuint (n_asked, >=, 60);
  g_assert_cmpuint (n_asked, <=, 60 * 4 / 3 + 8);
}

/* While all cool down nobody is asked, and it is known when that ends. */
static void
test_all_busy (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  try_once (fixture, 1, DISP_OUTCOME_BUSY);
  fixture->query.now += 7000;
  try_once (fixture, 0, DISP_OUTCOME_BUSY);
  try_once (fixture, 2, DISP_OUTCOME_BUSY);
  assert_listed (fixture, "");
  assert_counts (fixture, 0, 0, 0, 3);
  fixture->query.now = fixture->counts.cool_at;
  assert_listed (fixture, "1");
  assert_counts (fixture, 1, 1, 1, 2);
}

/* Being busy neither counts as a failure nor makes failures forgotten; a cancel says nothing. */
static void
test_neither (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 1; i < DISP_HEALTH_MAX_FAILURES; i++)
    {
      try_once (fixture, 0, DISP_OUTCOME_FAILURE);
      fixture->query.now += SECOND;
      try_once (fixture, 0, DISP_OUTCOME_BUSY);
      fixture->query.now += SECOND;
      try_once (fixture, 0, DISP_OUTCOME_CANCELLED);
    }
  g_assert_cmpint (get_state (fixture, 0), ==, DISP_HEALTH_WELL);
  for (guint i = 0; i < 10; i++, fixture->query.now += SECOND)
    {
      try_once (fixture, 1, DISP_OUTCOME_BUSY);
      fixture->query.now += SECOND;
      try_once (fixture, 1, DISP_OUTCOME_CANCELLED);
    }
  g_assert_cmpint (get_state (fixture, 1), ==, DISP_HEALTH_WELL);
  g_assert_cmpint (try_once (fixture, 0, DISP_OUTCOME_FAILURE).kind, ==, DISP_VERDICT_EJECTED);
}

/* At most half are ejected, rounded down; when the others fail too, that counts for nothing. */
static void
test_half (Fixture *fixture, gconstpointer data)
{
  guint n = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < n / 2; i++)
    eject (fixture, i);
  for (guint i = n / 2; i < n; i++)
    for (guint j = 0; j < 3; j++)
      g_assert_cmpint (fail_often (fixture, i).kind, ==,
                       j == 0 ? DISP_VERDICT_FAILING : DISP_VERDICT_AS_BEFORE);
  disp_place_list (fixture->route, &fixture->query, fixture->indices, &fixture->counts);
  g_assert_cmpuint (fixture->counts.n_free, ==, n);
  g_assert_cmpuint (fixture->counts.n_well, ==, 0);
  for (guint i = 0; i < n; i++)
    g_assert_true (disp_place_may_take (fixture->route, i, &fixture->query));
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (get_state (fixture, i), ==,
                     i < n / 2 ? DISP_HEALTH_EJECTED : DISP_HEALTH_FAILING);
  g_assert_cmpint (try_once (fixture, n - 1, DISP_OUTCOME_SUCCESS).kind, ==,
                   DISP_VERDICT_RECOVERED);
  g_assert_cmpint (try_once (fixture, n - 1, DISP_OUTCOME_SUCCESS).kind, ==,
                   DISP_VERDICT_AS_BEFORE);
  g_assert_cmpint (get_state (fixture, n - 1), ==, DISP_HEALTH_WELL);
  disp_place_list (fixture->route, &fixture->query, fixture->indices, &fixture->counts);
  g_assert_cmpuint (fixture->counts.n_free, ==, n - n / 2);
  if (n > 1)
    assert_not_taken (fixture, 0);
}

/* One is not ejected when nobody is left who is available. */
static void
test_last (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  set_available (fixture, 0, FALSE);
  set_available (fixture, 2, FALSE);
  g_assert_cmpint (fail_often (fixture, 1).kind, ==, DISP_VERDICT_FAILING);
  assert_listed (fixture, "1");
  assert_counts (fixture, 1, 0, 1, 0);
  set_available (fixture, 2, TRUE);
  g_assert_cmpint (try_once (fixture, 1, DISP_OUTCOME_FAILURE).kind, ==, DISP_VERDICT_EJECTED);
}

/* While less than half are left, ejections count for nothing, but checks do. */
static void
test_panic (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  eject (fixture, 0);
  eject (fixture, 3);
  assert_listed (fixture, "12");
  assert_not_taken (fixture, 0);
  set_available (fixture, 1, FALSE);
  assert_listed (fixture, "023");
  assert_counts (fixture, 3, 1, 3, 0);
  assert_not_taken (fixture, 1);
  g_assert_false (disp_place_may_take (fixture->route, 1, &fixture->query));
  /* More than one at once, and failures do not make it longer. */
  for (guint i = 0; i < 10; i++)
    {
      DispPlace places[] = { take (fixture, 0), take (fixture, 0), take (fixture, 0) };

      for (guint j = 0; j < G_N_ELEMENTS (places); j++)
        g_assert_cmpint (give (fixture, &places[j], DISP_OUTCOME_FAILURE).kind, ==,
                         DISP_VERDICT_AS_BEFORE);
    }
  set_available (fixture, 2, FALSE);
  set_available (fixture, 1, TRUE);
  assert_listed (fixture, "013");
  set_available (fixture, 2, TRUE);
  assert_listed (fixture, "12");
  fixture->query.now += 30 * SECOND;
  assert_listed (fixture, "0123");
}

/* What does well while ejections count for nothing is back with that. */
static void
test_panic_return (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  eject (fixture, 0);
  set_available (fixture, 1, FALSE);
  set_available (fixture, 2, FALSE);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (try_once (fixture, 0, DISP_OUTCOME_SUCCESS).kind, ==, DISP_VERDICT_AS_BEFORE);
  g_assert_cmpint (try_once (fixture, 0, DISP_OUTCOME_SUCCESS).kind, ==, DISP_VERDICT_RETURNED);
  g_assert_cmpint (get_state (fixture, 0), ==, DISP_HEALTH_SLOW_START);
}

/* What a check found unavailable gets nothing, not even as the only one. */
static void
test_unavailable (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      set_available (fixture, i, FALSE);
      g_assert_cmpint (get_state (fixture, i), ==, DISP_HEALTH_UNAVAILABLE);
      assert_not_taken (fixture, i);
    }
  assert_counts (fixture, 0, 0, 0, 0);
  set_available (fixture, 2, TRUE);
  assert_listed (fixture, "2");
  assert_counts (fixture, 1, 1, 1, 0);
  g_assert_cmpint (get_state (fixture, 2), ==, DISP_HEALTH_SLOW_START);
  /* The other model was not said to be. */
  g_assert_cmpint (disp_place_get_state (fixture->other, 0, fixture->query.now, NULL), ==,
                   DISP_HEALTH_WELL);
}

/* It is known until when one is not asked. */
static void
test_until (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gint64 until = -1;

  disp_place_get_state (fixture->route, 0, SECOND, &until);
  g_assert_cmpint (until, ==, 0);
  try_once (fixture, 0, DISP_OUTCOME_BUSY);
  assert_listed (fixture, "12");
  g_assert_cmpint (disp_place_get_state (fixture->route, 0, SECOND, &until), ==, DISP_HEALTH_BUSY);
  g_assert_cmpint (until, ==, fixture->counts.cool_at);
  eject (fixture, 1);
  g_assert_cmpint (disp_place_get_state (fixture->route, 1, SECOND, &until), ==,
                   DISP_HEALTH_EJECTED);
  g_assert_cmpint (until, ==, 31 * SECOND);
  g_assert_cmpint (disp_place_get_state (fixture->route, 1, 31 * SECOND, &until), ==,
                   DISP_HEALTH_PROBING);
  g_assert_cmpint (until, ==, 0);
}

/* One probe at a time, until three were successful. */
static void
test_probes (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispPlace probe;

  eject (fixture, 0);
  fixture->query.now += 30 * SECOND - 1;
  assert_listed (fixture, "12");
  assert_not_taken (fixture, 0);
  fixture->query.now++;
  for (guint i = 1; i <= 3; i++)
    {
      assert_listed (fixture, "012");
      assert_counts (fixture, 3, 2, 3, 0);
      g_assert_cmpint (get_state (fixture, 0), ==, DISP_HEALTH_PROBING);
      probe = take (fixture, 0);
      assert_listed (fixture, "12");
      assert_counts (fixture, 2, 2, 2, 0);
      assert_not_taken (fixture, 0);
      g_assert_cmpint (give (fixture, &probe, DISP_OUTCOME_SUCCESS).kind, ==,
                       i < 3 ? DISP_VERDICT_AS_BEFORE : DISP_VERDICT_RETURNED);
    }
  g_assert_cmpint (get_state (fixture, 0), ==, DISP_HEALTH_SLOW_START);
  assert_listed (fixture, "012");
  assert_counts (fixture, 3, 3, 3, 0);
}

/* A probe that did not take place, was cancelled or found it busy lets the next one try. */
static void
test_probes_unknown (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispPlace place = take (fixture, 0);
  DispVerdict verdict;

  eject (fixture, 0);
  fixture->query.now += 30 * SECOND;
  fixture->query.max_in_flight = 1;
  assert_not_taken (fixture, 0);
  fixture->query.max_in_flight = 2;
  try_once (fixture, 0, DISP_OUTCOME_CANCELLED);
  try_once (fixture, 0, DISP_OUTCOME_BUSY);
  assert_listed (fixture, "12");
  fixture->query.now += SECOND;
  assert_listed (fixture, "012");
  verdict = try_once (fixture, 0, DISP_OUTCOME_FAILURE);
  g_assert_cmpint (verdict.kind, ==, DISP_VERDICT_EJECTED);
  g_assert_cmpuint (verdict.n_failures, ==, 6);
  g_assert_cmpint (verdict.duration, ==, 60 * SECOND);
  fixture->query.now += 60 * SECOND - 1;
  assert_listed (fixture, "12");
  fixture->query.now++;
  assert_listed (fixture, "012");
  /* Nor does one that began before the ejection tell anything. */
  give (fixture, &place, DISP_OUTCOME_FAILURE);
  assert_listed (fixture, "012");
  fixture->query.max_in_flight = 100;
}

/* How often one of them is listed, of ten thousand times. */
static guint
count_listed (Fixture *fixture, guint index)
{
  guint n_listed = 0;

  for (guint i = 0; i < 10000; i++)
    {
      disp_place_list (fixture->route, &fixture->query, fixture->indices, &fixture->counts);
      for (guint j = 0; j < fixture->counts.n_free; j++)
        n_listed += fixture->indices[j] == index;
    }
  return n_listed;
}

/* Who fails and cannot be spared has little as long as others have places, and nothing of what
 * failed once. */
static void
test_failing_share (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  DispCapacity *tried[] = { fixture->route->eligible[0]->capacity };
  DispPlace place;

  eject (fixture, 0);
  fail_often (fixture, 1);
  g_assert_cmpuint (count_listed (fixture, 1), ==, 10000);
  fixture->query.random = random;
  g_assert_cmpfloat_with_epsilon (count_listed (fixture, 1), 1000, 150);
  g_assert_cmpuint (count_listed (fixture, 2), ==, 10000);
  fixture->query.tried = tried;
  fixture->query.n_tried = G_N_ELEMENTS (tried);
  g_assert_cmpuint (count_listed (fixture, 1), ==, 0);
  g_assert_cmpuint (fixture->counts.n_usable, ==, 2);
  fixture->query.max_in_flight = 1;
  place = take (fixture, 2);
  g_assert_cmpuint (count_listed (fixture, 1), ==, 10000);
  give (fixture, &place, DISP_OUTCOME_FAILURE);
}

/* Who comes back is listed more and more often, and always when it is needed. */
static void
test_slow_start (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  DispPlace places[2];

  eject (fixture, 2);
  fixture->query.now += 30 * SECOND;
  for (guint i = 0; i < 3; i++)
    try_once (fixture, 2, DISP_OUTCOME_SUCCESS);
  g_assert_cmpuint (count_listed (fixture, 2), ==, 10000);
  fixture->query.random = random;
  g_assert_cmpfloat_with_epsilon (count_listed (fixture, 2), 1000, 150);
  g_assert_cmpuint (count_listed (fixture, 0), ==, 10000);
  g_assert_cmpuint (fixture->counts.n_usable, ==, 3);
  g_assert_cmpuint (fixture->counts.n_well, ==, 3);
  fixture->query.now += 5 * SECOND;
  g_assert_cmpfloat_with_epsilon (count_listed (fixture, 2), 5500, 250);
  fixture->query.now += 5 * SECOND - 1;
  g_assert_cmpuint (count_listed (fixture, 2), >, 9990);
  fixture->query.now++;
  g_assert_cmpuint (count_listed (fixture, 2), ==, 10000);
  fixture->query.now -= 10 * SECOND;
  fixture->query.max_in_flight = 1;
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    places[i] = take (fixture, i);
  g_assert_cmpuint (count_listed (fixture, 2), ==, 10000);
  give (fixture, &places[0], DISP_OUTCOME_SUCCESS);
  g_assert_cmpfloat_with_epsilon (count_listed (fixture, 2), 1000, 150);
  give (fixture, &places[1], DISP_OUTCOME_SUCCESS);
}

/* What fails for one model only is ejected for that only. */
static void
test_model (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispVerdict verdict;
  DispPlace other;

  for (guint i = 1; i <= DISP_HEALTH_MAX_FAILURES; i++)
    {
      g_assert_true (disp_place_take (&other, fixture->other, 0, &fixture->query));
      disp_place_give (&other, fixture->other, DISP_OUTCOME_SUCCESS, 1, fixture->query.now);
      verdict = try_once (fixture, 0, DISP_OUTCOME_FAILURE);
      g_assert_cmpint (verdict.kind, ==, i < 5 ? DISP_VERDICT_AS_BEFORE : DISP_VERDICT_EJECTED);
    }
  g_assert_true (verdict.for_model);
  assert_listed (fixture, "12");
  g_assert_cmpint (get_state (fixture, 0), ==, DISP_HEALTH_EJECTED);
  g_assert_cmpint (disp_place_get_state (fixture->other, 0, fixture->query.now, NULL), ==,
                   DISP_HEALTH_WELL);
  g_assert_true (disp_place_take (&other, fixture->other, 0, &fixture->query));
  fixture->query.now += 30 * SECOND;
  for (guint i = 1; i <= 3; i++)
    {
      verdict = try_once (fixture, 0, DISP_OUTCOME_SUCCESS);
      g_assert_cmpint (verdict.kind, ==, i < 3 ? DISP_VERDICT_AS_BEFORE : DISP_VERDICT_RETURNED);
    }
  g_assert_true (verdict.for_model);
  disp_place_give (&other, fixture->other, DISP_OUTCOME_SUCCESS, 1, fixture->query.now);
}

/* A model that has only what others had ejected uses it all the same. */
static void
test_other_route (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
  g_autoptr (DispFleet) fleet = NULL;

  eject (fixture, 0);
  g_ptr_array_add (containers, fixture_container ("c0", "m", 1, DISP_DEVICE_CPU, 1));
  fleet = fixture_fleet_new (fixture->fleet, "m:1", containers);
  assert_listed (fixture, "12");
  fixture->route = fixture_find (fleet, "m", 1);
  g_assert_cmpint (get_state (fixture, 0), ==, DISP_HEALTH_EJECTED);
  assert_listed (fixture, "0");
  for (guint i = 0; i < 3; i++)
    try_once (fixture, 0, DISP_OUTCOME_SUCCESS);
  g_assert_cmpint (get_state (fixture, 0), ==, DISP_HEALTH_SLOW_START);
  assert_listed (fixture, "0");
  fixture->route = fixture_find (fixture->fleet, "m", 1);
}

typedef struct
{
  DispPlace places[64];
  guint index[64];
  guint n;
  gboolean fails[MAX_CONTAINERS];
} Scene;

static guint
count_ejected (const DispRoute *route)
{
  guint n = 0;

  for (guint i = 0; i < route->n_eligible; i++)
    n += disp_health_is_ejected (&route->eligible[i]->standing->health)
         || disp_health_is_ejected (&route->standings[i]->health);
  return n;
}

static void
end_one (Fixture *fixture, Scene *scene, guint at)
{
  DispOutcome outcome = scene->fails[scene->index[at]] ? DISP_OUTCOME_FAILURE
                                                       : DISP_OUTCOME_SUCCESS;
  gint chance = g_test_rand_int_range (0, 20);

  give (fixture, &scene->places[at],
        chance == 0   ? DISP_OUTCOME_CANCELLED
        : chance == 1 ? DISP_OUTCOME_BUSY
                      : outcome);
  scene->n--;
  scene->places[at] = scene->places[scene->n];
  scene->index[at] = scene->index[scene->n];
}

static void
begin_one (Fixture *fixture, Scene *scene)
{
  guint index;

  disp_place_list (fixture->route, &fixture->query, fixture->indices, &fixture->counts);
  g_assert_cmpuint (fixture->counts.n_usable + fixture->counts.n_cooling, >, 0);
  g_assert_cmpuint (fixture->counts.n_free, <=, fixture->counts.n_usable);
  g_assert_cmpuint (fixture->counts.n_well, <=, fixture->counts.n_usable);
  if (fixture->counts.n_free == 0 || scene->n == G_N_ELEMENTS (scene->places))
    return;
  index = fixture->indices[g_test_rand_int_range (0, (gint) fixture->counts.n_free)];
  scene->index[scene->n] = index;
  scene->places[scene->n++] = take (fixture, index);
}

/* Whatever happens, at most half are ejected and somebody can be asked; and once nobody fails any
 * more all are well again in time. */
static void
test_anything (Fixture *fixture, gconstpointer data)
{
  const guint n = GPOINTER_TO_UINT (data);
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  guint n_probes[MAX_CONTAINERS];
  Scene scene = { 0 };

  fixture->query.random = random;
  for (guint i = 0; i < 100000; i++)
    {
      fixture->query.now += g_test_rand_int_range (0, i % 1000 == 0 ? 60 * SECOND : 20000);
      if (g_test_rand_int_range (0, 500) == 0)
        scene.fails[g_test_rand_int_range (0, (gint) n)] ^= TRUE;
      if (scene.n > 0 && g_test_rand_bit ())
        end_one (fixture, &scene, (guint) g_test_rand_int_range (0, (gint) scene.n));
      else
        begin_one (fixture, &scene);
      g_assert_cmpuint (count_ejected (fixture->route), <=, n / 2);
      memset (n_probes, 0, sizeof n_probes);
      for (guint j = 0; j < scene.n; j++)
        n_probes[scene.index[j]] += scene.places[j].probe != 0 || scene.places[j].probe_model != 0;
      for (guint j = 0; j < n; j++)
        g_assert_cmpuint (n_probes[j], <=, 1);
    }
  while (scene.n > 0)
    end_one (fixture, &scene, 0);
  memset (scene.fails, 0, sizeof scene.fails);
  fixture->query.now += 300 * SECOND;
  for (guint i = 0; i < 2000; i++, fixture->query.now += SECOND / 10)
    {
      begin_one (fixture, &scene);
      while (scene.n > 0)
        end_one (fixture, &scene, 0);
    }
  fixture->query.now += SECOND;
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (get_state (fixture, i), ==, DISP_HEALTH_WELL);
}

typedef struct
{
  Fixture *fixture;
  atomic_int n_probing[MAX_CONTAINERS]; /* (atomic) */
  atomic_int n_probes;                  /* (atomic) */
} Race;

static void
use_in_thread (guint number, gpointer user_data)
{
  Race *race = user_data;
  const DispRoute *route = race->fixture->route;
  g_autoptr (GRand) random = g_rand_new_with_seed (number);
  DispPlaceQuery query = { .max_in_flight = 4, .random = random };
  guint indices[MAX_CONTAINERS];
  DispPlaceCounts counts;
  DispPlace place;

  for (guint i = 0; i < 20000; i++)
    {
      guint index;

      query.now = SECOND + i * (SECOND / 50);
      disp_place_list (route, &query, indices, &counts);
      if (counts.n_free == 0)
        continue;
      index = indices[g_rand_int_range (random, 0, (gint32) counts.n_free)];
      if (!disp_place_take (&place, route, index, &query))
        continue;
      if (place.probe > 0)
        {
          g_assert_cmpint (atomic_fetch_add (&race->n_probing[index], 1), ==, 0);
          atomic_fetch_sub (&race->n_probing[index], 1);
          atomic_fetch_add (&race->n_probes, 1);
        }
      /* For ten seconds one fails, then the next. */
      disp_place_give (&place, route,
                       query.now / (10 * SECOND) % route->n_eligible == index
                           ? DISP_OUTCOME_FAILURE
                           : DISP_OUTCOME_SUCCESS,
                       100, query.now);
    }
}

/* Several threads use, eject, probe and bring back the same containers. */
static void
test_threads (Fixture *fixture, gconstpointer data)
{
  Race race = { .fixture = fixture };

  fixture_run_threads (N_THREADS, use_in_thread, &race);
  g_assert_cmpint (atomic_load (&race.n_probes), >, 0);
  g_assert_cmpuint (count_ejected (fixture->route), <=, GPOINTER_TO_UINT (data) / 2);
}

static void
fail_in_thread (guint number, gpointer user_data)
{
  Fixture *fixture = user_data;

  for (guint i = 0; i < DISP_HEALTH_MAX_FAILURES; i++)
    {
      DispPlace place;

      if (disp_place_take (&place, fixture->route, number, &fixture->query))
        give (fixture, &place, DISP_OUTCOME_FAILURE);
    }
}

/* When all fail at once, at most half are ejected all the same. */
static void
test_threads_half (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 200; i++)
    {
      fixture_run_threads (GPOINTER_TO_UINT (data), fail_in_thread, fixture);
      g_assert_cmpuint (count_ejected (fixture->route), <=, GPOINTER_TO_UINT (data) / 2);
      for (guint j = 0; j < GPOINTER_TO_UINT (data); j++)
        {
          disp_health_recover (&fixture->route->eligible[j]->standing->health, SECOND);
          disp_health_recover (&fixture->route->standings[j]->health, SECOND);
        }
    }
}

#define ADD(path, n, function)                                                                     \
  g_test_add ("/core/place/" path, Fixture, GUINT_TO_POINTER (n), set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("places", 3, test_places);
  ADD ("busy/one", 3, test_busy);
  ADD ("busy/unknown", 3, test_busy_unknown);
  ADD ("busy/traffic", 3, test_busy_traffic);
  ADD ("busy/all", 3, test_all_busy);
  ADD ("neither", 3, test_neither);
  ADD ("half/1", 1, test_half);
  ADD ("half/2", 2, test_half);
  ADD ("half/3", 3, test_half);
  ADD ("half/8", 8, test_half);
  ADD ("last", 3, test_last);
  ADD ("failing-share", 3, test_failing_share);
  ADD ("panic/4", 4, test_panic);
  ADD ("panic/return", 3, test_panic_return);
  ADD ("unavailable", 3, test_unavailable);
  ADD ("until", 3, test_until);
  ADD ("probes/three", 3, test_probes);
  ADD ("probes/unknown", 3, test_probes_unknown);
  ADD ("slow-start", 3, test_slow_start);
  ADD ("model", 3, test_model);
  ADD ("other-route", 3, test_other_route);
  ADD ("anything/1", 1, test_anything);
  ADD ("anything/2", 2, test_anything);
  ADD ("anything/3", 3, test_anything);
  ADD ("anything/8", 8, test_anything);
  ADD ("threads/use", 5, test_threads);
  ADD ("threads/half", 4, test_threads_half);
  return g_test_run ();
}
