/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/round-robin.h"

#include "core/estimates.h"

#include <stdatomic.h>

/*
 * Each candidate in its turn.  All workers go by the same turns, which so are exact across them:
 * after k·n picks among the same n candidates each was picked k times, and when some are full the
 * others go on taking turns.
 */
struct _DispRoundRobin
{
  GObject parent_instance;
  DispEstimates *estimates; /* (owned) of which only the turns count */
  atomic_ullong turn;       /* (atomic) for candidates that are not of the route */
};

static guint
round_robin_select (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                    G_GNUC_UNUSED const DispRequest *request, G_GNUC_UNUSED GRand *random)
{
  DispRoundRobin *self = DISP_ROUND_ROBIN (policy);
  guint index = disp_estimates_find_turn (self->estimates, candidates, n_candidates, TRUE);

  if (index < n_candidates)
    return index;
  return (guint) (atomic_fetch_add_explicit (&self->turn, 1, memory_order_relaxed) % n_candidates);
}

static void
round_robin_get_chances (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                         double *chances)
{
  DispRoundRobin *self = DISP_ROUND_ROBIN (policy);
  guint next = disp_estimates_find_turn (self->estimates, candidates, n_candidates, FALSE);

  if (next == n_candidates)
    next = (guint) (atomic_load_explicit (&self->turn, memory_order_relaxed) % n_candidates);
  for (guint i = 0; i < n_candidates; i++)
    chances[i] = i == next ? 1 : 0;
}

static void
round_robin_fleet_changed (DispPolicy *policy, const DispRoute *route)
{
  disp_estimates_set_route (DISP_ROUND_ROBIN (policy)->estimates, route);
}

static void
round_robin_iface_init (DispPolicyInterface *iface)
{
  iface->select = round_robin_select;
  iface->get_chances = round_robin_get_chances;
  iface->fleet_changed = round_robin_fleet_changed;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispRoundRobin, disp_round_robin, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, round_robin_iface_init))

static void
disp_round_robin_finalize (GObject *object)
{
  disp_estimates_free (DISP_ROUND_ROBIN (object)->estimates);
  G_OBJECT_CLASS (disp_round_robin_parent_class)->finalize (object);
}

static void
disp_round_robin_class_init (DispRoundRobinClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_round_robin_finalize;
}

static void
disp_round_robin_init (DispRoundRobin *self)
{
  self->estimates = disp_estimates_new ();
}

/**
 * disp_round_robin_new:
 *
 * Returns: (transfer full): the policy "round-robin", at the first turn
 */
DispPolicy *
disp_round_robin_new (void)
{
  return g_object_new (DISP_TYPE_ROUND_ROBIN, NULL);
}
