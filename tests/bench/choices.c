/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/place.h"
#include "core/policy-registry.h"
#include "support/fixtures.h"

#include <stdlib.h>

/*
 * choices [KIND COUNT]: has a policy choose among 16 containers COUNT times, or for the kinds that
 * begin with "places" has these listed.  Without arguments it prints the kinds.  Valgrind's
 * callgrind counts what disp_policy_select() or disp_place_list() executes; bench_choice.py starts
 * it so.
 */
#define N_CANDIDATES 16

typedef struct
{
  const char *name;
  const char *policy;
  const char *options;
  guint n_gpus;         /* of the containers, the last ones */
  double sla;           /* milliseconds; 0 = none */
  gint64 duration;      /* what a CPU takes, in microseconds; 0 = nothing is known of any */
  gboolean even;        /* whether all have the same quota */
  gboolean loaded;      /* whether they differ in what they have in flight */
  const char *affinity; /* NULL = the instances tell what is alike */
} Kind;

#define NAMED                                                                                      \
  "{'m': <{'c-0': 0.1, 'c-1': 0.1, 'c-2': 0.1, 'c-3': 0.1, 'c-4': 0.05, 'c-5': 0.05, "             \
  "'c-6': 0.05, 'c-7': 0.05, 'c-8': 0.05, 'c-9': 0.05, 'c-10': 0.05, 'c-11': 0.05, "               \
  "'c-12': 0.05, 'c-13': 0.05, 'c-14': 0.05, 'c-15': 0.05}>}"

static const Kind kinds[] = {
  { "round-robin", "round-robin", "{}", 0, 0, 0, TRUE, FALSE, NULL },
  { "random", "random", "{}", 0, 0, 0, TRUE, FALSE, NULL },
  { "probabilities: by quota", "probabilities", "{}", 0, 0, 0, FALSE, FALSE, NULL },
  { "probabilities: named", "probabilities", NAMED, 0, 0, 0, TRUE, FALSE, NULL },
  { "least-loaded: all alike", "least-loaded", "{}", 0, 0, 0, TRUE, FALSE, NULL },
  { "least-loaded: all differ", "least-loaded", "{}", 0, 0, 0, FALSE, TRUE, NULL },
  { "fastest: all alike", "fastest", "{}", 0, 0, 4000, TRUE, FALSE, NULL },
  { "fastest: all differ", "fastest", "{}", 0, 0, 4000, FALSE, TRUE, NULL },
  { "fastest: nothing known", "fastest", "{}", 0, 0, 0, TRUE, FALSE, NULL },
  { "sla: no target", "sla", "{}", 8, 0, 4000, FALSE, TRUE, NULL },
  { "sla: all CPUs meet it", "sla", "{}", 0, 10000, 4000, TRUE, FALSE, NULL },
  { "sla: 8 CPUs meet it", "sla", "{}", 8, 10000, 4000, FALSE, TRUE, NULL },
  { "sla: 8 GPUs meet it", "sla", "{}", 8, 3, 4000, FALSE, FALSE, NULL },
  { "sla: nobody meets it", "sla", "{}", 8, 0.001, 4000, FALSE, TRUE, NULL },
  { "sla: nothing known", "sla", "{}", 8, 10, 0, FALSE, FALSE, NULL },
  { "sticky: equal quotas", "sticky", "{}", 0, 0, 0, TRUE, FALSE, NULL },
  { "sticky: unequal quotas", "sticky", "{}", 0, 0, 0, FALSE, FALSE, NULL },
  { "sticky: many are full", "sticky", "{'load-factor': <1.0>}", 0, 0, 0, FALSE, TRUE, NULL },
  { "sticky: by a header", "sticky", "{}", 0, 0, 0, FALSE, FALSE, "4f3c0d9e-session-" },
};

/* Of how many of the containers all attempts fail. */
static const struct
{
  const char *name;
  guint n_failing;
} listings[] = {
  { "places: all are well", 0 },
  { "places: one is ejected", 1 },
  { "places: half are ejected", N_CANDIDATES / 2 },
};

static DispFleet *
make_fleet (const Kind *kind)
{
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  DispModel *model = disp_model_new ("m", 1);

  model->sla = kind->sla;
  g_ptr_array_add (models, model);
  for (guint i = 0; i < N_CANDIDATES; i++)
    {
      g_autofree char *name = g_strdup_printf ("c-%u", i);
      DispDevice device = i < N_CANDIDATES - kind->n_gpus ? DISP_DEVICE_CPU : DISP_DEVICE_GPU;

      g_ptr_array_add (
          containers,
          fixture_container (name, "m", 1, device, kind->even ? 1000 : 1000 + 100 * (i * 5 % 16)));
    }
  return disp_fleet_new (models, containers, NULL);
}

/* Has each container serve one request, and leaves some in flight. */
static void
prepare (const Kind *kind, DispPolicy *policy, const DispRoute *route)
{
  for (guint i = 0; i < route->n_eligible; i++)
    {
      DispContainer *container = route->eligible[i];
      gint64 duration = container->device == DISP_DEVICE_CPU ? kind->duration : kind->duration / 2;

      disp_policy_request_started (policy, container);
      if (duration > 0)
        disp_policy_request_finished (policy, container, DISP_OUTCOME_SUCCESS, duration);
      for (guint j = 0; kind->loaded && j < i * 7 % 5; j++)
        disp_stats_begin (container->stats);
    }
}

static DispRequest *
make_request (const Kind *kind, guint number)
{
  g_autofree char *filling = g_strnfill (400, '1');
  g_autofree char *instances = g_strdup_printf ("[%u, %s]", number, filling);
  DispRequest *request = fixture_request ("m", 1, instances);

  if (kind->affinity != NULL)
    request->affinity = g_strdup_printf ("%s%u", kind->affinity, number);
  return request;
}

static void
choose (const Kind *kind, guint count)
{
  g_autoptr (GVariant) options = g_variant_ref_sink (g_variant_new_parsed (
      *kind->options == '{' && kind->options[1] == '}' ? "@a{sv} {}" : kind->options));
  g_autoptr (DispPolicySpec) spec = disp_policy_spec_new (kind->policy, options, NULL);
  g_autoptr (DispPolicy) policy = disp_policy_spec_create (spec, "m");
  g_autoptr (DispFleet) fleet = make_fleet (kind);
  const DispRoute *route = fixture_find (fleet, "m", 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  disp_policy_fleet_changed (policy, route);
  prepare (kind, policy, route);
  for (guint i = 0; i < count; i++)
    {
      g_autoptr (DispRequest) request = make_request (kind, i);
      guint index = disp_policy_select (policy, route->eligible, route->n_eligible, request,
                                        random);

      g_assert_cmpuint (index, <, N_CANDIDATES);
    }
}

static void
use (const DispRoute *route, guint index, const DispPlaceQuery *query, DispOutcome outcome)
{
  DispPlace place;

  g_assert_true (disp_place_take (&place, route, index, query));
  disp_place_give (&place, route, outcome, 1000, query->now);
}

static void
list (guint n_failing, guint count)
{
  static const Kind kind = { .even = TRUE };
  g_autoptr (DispFleet) fleet = make_fleet (&kind);
  const DispRoute *route = fixture_find (fleet, "m", 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  const DispPlaceQuery query = { .max_in_flight = DISP_CAPACITY_AUTO, .now = 1, .random = random };
  DispPlaceCounts counts;
  guint indices[N_CANDIDATES];

  for (guint i = 0; i < n_failing; i++)
    for (guint j = 0; j < DISP_HEALTH_MAX_FAILURES; j++)
      use (route, i, &query, DISP_OUTCOME_FAILURE);
  for (guint i = 0; i < count; i++)
    {
      disp_place_list (route, &query, indices, &counts);
      g_assert_cmpuint (counts.n_free, ==, N_CANDIDATES - n_failing);
      use (route, indices[0], &query, DISP_OUTCOME_SUCCESS);
    }
}

int
main (int argc, char **argv)
{
  if (argc != 3)
    {
      for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
        g_print ("%s\n", kinds[i].name);
      for (guint i = 0; i < G_N_ELEMENTS (listings); i++)
        g_print ("%s\n", listings[i].name);
      return argc == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i].name, argv[1]))
      {
        choose (&kinds[i], (guint) strtoul (argv[2], NULL, 10));
        return EXIT_SUCCESS;
      }
  for (guint i = 0; i < G_N_ELEMENTS (listings); i++)
    if (g_str_equal (listings[i].name, argv[1]))
      {
        list (listings[i].n_failing, (guint) strtoul (argv[2], NULL, 10));
        return EXIT_SUCCESS;
      }
  g_printerr ("choices: there is no kind \"%s\"\n", argv[1]);
  return EXIT_FAILURE;
}
