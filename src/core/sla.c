/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sla.h"

#include "core/choice.h"
#include "core/estimates.h"

#include <stdatomic.h>

/*
 * The cheapest device that is fast enough, so that GPUs stay free for what needs them: of the
 * containers on CPUs that would be done within the response-time target of the model the least
 * loaded; if there is none, of those on GPUs; else whichever would be done first.
 */
struct _DispSla
{
  GObject parent_instance;
  DispEstimates *estimates; /* (owned) */
  _Atomic double target;    /* (atomic) in microseconds; 0 = none */
};

/* The cheapest first. */
typedef enum
{
  KIND_CPU,
  KIND_GPU,
  N_KINDS,
} Kind;

static Kind
kind_of (const DispContainer *container)
{
  return container->device == DISP_DEVICE_CPU ? KIND_CPU : KIND_GPU;
}

/* Takes all if they are few, else two of each kind, or as many as there are. */
static guint
sample (DispContainer *const *candidates, guint n_candidates, GRand *random, guint *places)
{
  guint n_places = 0;

  if (n_candidates <= DISP_CHOICE_SCAN)
    return disp_choice_sample (n_candidates, random, places);
  for (Kind kind = 0; kind < N_KINDS; kind++)
    {
      guint kept[2];
      guint n_seen = 0;

      /* Each has the same chance to be kept (J. S. Vitter, "Random Sampling with a Reservoir",
       * 1985, algorithm R). */
      for (guint i = 0; i < n_candidates; i++)
        if (kind_of (candidates[i]) == kind)
          {
            guint slot = n_seen < 2 ? n_seen
                                    : (guint) g_rand_int_range (random, 0, (gint32) n_seen + 1);

            n_seen++;
            if (slot < 2)
              kept[slot] = i;
          }
      for (guint i = 0; i < MIN (n_seen, 2); i++)
        places[n_places++] = kept[i];
    }
  return n_places;
}

/* Finds those of each kind that meet the target or are to be tried. */
static void
sort (double target, DispContainer *const *candidates, const guint *places, guint n_places,
      const double *costs, guint *const *found, guint *n_found)
{
  for (guint i = 0; i < n_places; i++)
    if (costs[i] <= target)
      {
        Kind kind = kind_of (candidates[places[i]]);

        found[kind][n_found[kind]++] = i;
      }
}

/* Turns indices of places into places, and takes the loads of those. */
static void
take (const guint *places, const double *costs, const double *loads, guint *found, guint n_found,
      double *taken)
{
  for (guint i = 0; i < n_found; i++)
    {
      taken[i] = costs[found[i]] < 0 ? costs[found[i]] : loads[found[i]];
      found[i] = places[found[i]];
    }
}

static guint
sla_select (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
            G_GNUC_UNUSED const DispRequest *request, GRand *random)
{
  DispSla *self = DISP_SLA (policy);
  double target = atomic_load_explicit (&self->target, memory_order_relaxed);
  guint places[DISP_CHOICE_SCAN];
  double costs[DISP_CHOICE_SCAN];
  double loads[DISP_CHOICE_SCAN];
  double taken[DISP_CHOICE_SCAN];
  guint cpus[DISP_CHOICE_SCAN];
  guint gpus[DISP_CHOICE_SCAN];
  guint *const found[N_KINDS] = { cpus, gpus };
  guint n_found[N_KINDS] = { 0 };
  guint n_places;

  if (target <= 0)
    return disp_estimates_select (self->estimates, candidates, n_candidates, random);
  n_places = sample (candidates, n_candidates, random, places);
  disp_estimates_weigh (self->estimates, candidates, places, n_places, costs, loads);
  sort (target, candidates, places, n_places, costs, found, n_found);
  for (Kind kind = 0; kind < N_KINDS; kind++)
    if (n_found[kind] > 0)
      {
        guint chosen;

        take (places, costs, loads, found[kind], n_found[kind], taken);
        chosen = disp_estimates_choose (self->estimates, candidates, found[kind], n_found[kind],
                                        taken, random);
        /* Other threads may have gone to try all that were found. */
        if (taken[chosen] < G_MAXDOUBLE)
          return found[kind][chosen];
      }
  return places[disp_estimates_choose (self->estimates, candidates, places, n_places, costs,
                                       random)];
}

/* Of more than DISP_CHOICE_SCAN it is near the truth: as if whoever meets the target were seen. */
static void
sla_get_chances (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                 double *chances)
{
  DispSla *self = DISP_SLA (policy);
  double target = atomic_load_explicit (&self->target, memory_order_relaxed);
  g_autofree guint *places = g_new (guint, n_candidates);
  g_autofree double *costs = g_new (double, n_candidates);
  g_autofree double *loads = g_new (double, n_candidates);
  g_autofree double *taken = g_new (double, n_candidates);
  g_autofree double *shares = g_new (double, n_candidates);
  g_autofree guint *cpus = g_new (guint, n_candidates);
  g_autofree guint *gpus = g_new (guint, n_candidates);
  guint *const found[N_KINDS] = { cpus, gpus };
  guint n_found[N_KINDS] = { 0 };
  Kind kind;

  for (guint i = 0; i < n_candidates; i++)
    places[i] = i;
  disp_estimates_weigh (self->estimates, candidates, places, n_candidates, costs, loads);
  if (target > 0)
    sort (target, candidates, places, n_candidates, costs, found, n_found);
  if (n_found[KIND_CPU] + n_found[KIND_GPU] == 0)
    {
      disp_choice_get_chances (costs, n_candidates, chances);
      return;
    }
  kind = n_found[KIND_CPU] > 0 ? KIND_CPU : KIND_GPU;
  take (places, costs, loads, found[kind], n_found[kind], taken);
  disp_choice_get_chances (taken, n_found[kind], shares);
  for (guint i = 0; i < n_candidates; i++)
    chances[i] = 0;
  for (guint i = 0; i < n_found[kind]; i++)
    chances[found[kind][i]] = shares[i];
}

static void
sla_request_started (DispPolicy *policy, const DispContainer *container)
{
  disp_estimates_started (DISP_SLA (policy)->estimates, container);
}

static void
sla_request_finished (DispPolicy *policy, const DispContainer *container, DispOutcome outcome,
                      gint64 duration)
{
  disp_estimates_finished (DISP_SLA (policy)->estimates, container, outcome, duration);
}

static void
sla_fleet_changed (DispPolicy *policy, const DispRoute *route)
{
  DispSla *self = DISP_SLA (policy);

  atomic_store_explicit (&self->target, route->sla * 1000, memory_order_relaxed);
  disp_estimates_set_route (self->estimates, route);
}

static void
sla_iface_init (DispPolicyInterface *iface)
{
  iface->select = sla_select;
  iface->get_chances = sla_get_chances;
  iface->request_started = sla_request_started;
  iface->request_finished = sla_request_finished;
  iface->fleet_changed = sla_fleet_changed;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispSla, disp_sla, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, sla_iface_init))

static void
disp_sla_finalize (GObject *object)
{
  disp_estimates_free (DISP_SLA (object)->estimates);
  G_OBJECT_CLASS (disp_sla_parent_class)->finalize (object);
}

static void
disp_sla_class_init (DispSlaClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_sla_finalize;
}

static void
disp_sla_init (DispSla *self)
{
  self->estimates = disp_estimates_new ();
}

/**
 * disp_sla_new:
 *
 * Returns: (transfer full): the policy "sla", which knows no target yet, and no pace
 */
DispPolicy *
disp_sla_new (void)
{
  return g_object_new (DISP_TYPE_SLA, NULL);
}
