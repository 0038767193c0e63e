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

/* Ranks those of a kind that meet the target by their load, and those that are to be tried first;
 * all others come last.  Returns whether there is one. */
static gboolean
rank (Kind kind, double target, DispContainer *const *candidates, const guint *places,
      guint n_places, const double *costs, const double *loads, double *ranks)
{
  gboolean found = FALSE;

  for (guint i = 0; i < n_places; i++)
    {
      ranks[i] = G_MAXDOUBLE;
      if (costs[i] <= target && kind_of (candidates[places[i]]) == kind)
        {
          ranks[i] = costs[i] < 0 ? costs[i] : loads[i];
          found = TRUE;
        }
    }
  return found;
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
  double ranks[DISP_CHOICE_SCAN];
  guint n_places;

  if (target <= 0)
    return disp_estimates_select (self->estimates, candidates, n_candidates, random);
  n_places = sample (candidates, n_candidates, random, places);
  disp_estimates_weigh (self->estimates, candidates, places, n_places, costs, loads);
  for (Kind kind = 0; kind < N_KINDS; kind++)
    if (rank (kind, target, candidates, places, n_places, costs, loads, ranks))
      {
        guint chosen = disp_estimates_choose (self->estimates, candidates, places, n_places, ranks,
                                              random);

        /* Other threads may have gone to try all that were found. */
        if (ranks[chosen] < G_MAXDOUBLE)
          return places[chosen];
      }
  return places[disp_estimates_choose (self->estimates, candidates, places, n_places, costs,
                                       random)];
}

/* Only those that have a rank take part. */
static void
share_ranks (const double *ranks, guint n_ranks, double *chances)
{
  g_autofree guint *found = g_new (guint, n_ranks);
  g_autofree double *costs = g_new (double, n_ranks);
  g_autofree double *shares = g_new (double, n_ranks);
  guint n_found = 0;

  for (guint i = 0; i < n_ranks; i++)
    {
      chances[i] = 0;
      if (ranks[i] < G_MAXDOUBLE)
        {
          costs[n_found] = ranks[i];
          found[n_found++] = i;
        }
    }
  disp_choice_get_chances (costs, n_found, shares);
  for (guint i = 0; i < n_found; i++)
    chances[found[i]] = shares[i];
}

/* A GPU is left to others as long as a CPU that is not free would meet the target too. */
static gboolean
sla_accepts (DispPolicy *policy, DispContainer *const *containers, guint n_containers, guint index,
             guint n_before, gint64 waited)
{
  DispSla *self = DISP_SLA (policy);
  double target = atomic_load_explicit (&self->target, memory_order_relaxed);

  if (disp_estimates_is_claimed (self->estimates, containers[index]))
    return TRUE;
  if (target > 0 && kind_of (containers[index]) == KIND_CPU
      && disp_estimates_would_meet (self->estimates, containers[index], 0, 0,
                                    target - (double) waited))
    return TRUE;
  for (guint i = 0; target > 0 && i < n_containers; i++)
    if (kind_of (containers[i]) < kind_of (containers[index])
        && disp_estimates_would_meet (self->estimates, containers[i], n_before, waited, target))
      return FALSE;
  return disp_estimates_accept (self->estimates, containers, n_containers, index, n_before, waited);
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
  g_autofree double *ranks = g_new (double, n_candidates);

  for (guint i = 0; i < n_candidates; i++)
    places[i] = i;
  disp_estimates_weigh (self->estimates, candidates, places, n_candidates, costs, loads);
  for (Kind kind = 0; target > 0 && kind < N_KINDS; kind++)
    if (rank (kind, target, candidates, places, n_candidates, costs, loads, ranks))
      {
        share_ranks (ranks, n_candidates, chances);
        return;
      }
  disp_choice_get_chances (costs, n_candidates, chances);
}

static void
sla_get_times (DispPolicy *policy, DispContainer *const *containers, guint n_containers,
               double *times)
{
  disp_estimates_get_times (DISP_SLA (policy)->estimates, containers, n_containers, times);
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
  iface->accepts = sla_accepts;
  iface->get_chances = sla_get_chances;
  iface->get_times = sla_get_times;
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
