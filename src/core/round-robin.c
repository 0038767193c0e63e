/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/round-robin.h"

#include <stdatomic.h>

/*
 * Each candidate in its turn.  All workers draw from one counter, so the turns are exact across
 * them: after k·n picks among n candidates each was picked k times.
 */
struct _DispRoundRobin
{
  GObject parent_instance;
  atomic_ullong turn; /* (atomic) */
};

static guint
round_robin_select (DispPolicy *policy, G_GNUC_UNUSED DispContainer *const *candidates,
                    guint n_candidates, G_GNUC_UNUSED const DispRequest *request,
                    G_GNUC_UNUSED GRand *random)
{
  DispRoundRobin *self = DISP_ROUND_ROBIN (policy);

  return (guint) (atomic_fetch_add_explicit (&self->turn, 1, memory_order_relaxed) % n_candidates);
}

static void
round_robin_get_chances (DispPolicy *policy, G_GNUC_UNUSED DispContainer *const *candidates,
                         guint n_candidates, double *chances)
{
  DispRoundRobin *self = DISP_ROUND_ROBIN (policy);
  guint next = (guint) (atomic_load_explicit (&self->turn, memory_order_relaxed) % n_candidates);

  for (guint i = 0; i < n_candidates; i++)
    chances[i] = i == next ? 1 : 0;
}

static void
round_robin_iface_init (DispPolicyInterface *iface)
{
  iface->select = round_robin_select;
  iface->get_chances = round_robin_get_chances;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispRoundRobin, disp_round_robin, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, round_robin_iface_init))

static void
disp_round_robin_class_init (G_GNUC_UNUSED DispRoundRobinClass *klass)
{
}

static void
disp_round_robin_init (G_GNUC_UNUSED DispRoundRobin *self)
{
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
