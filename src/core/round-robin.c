/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/round-robin.h"

#include "core/paces.h"

/*
 * Each candidate in its turn.  All workers go by the same turns, which so are exact across them:
 * after k·n picks among the same n candidates each was picked k times, and when some are full the
 * others go on taking turns.
 */
struct _DispRoundRobin
{
  GObject parent_instance;
  DispPaces paces;    /* of which only the turns count */
  atomic_ullong turn; /* (atomic) for candidates that are not of the route */
};

/* Whose last turn is longest ago: of several the first; and the last turn of all. */
static DispPace *
find_longest_ago (const DispPaceTable *table, DispContainer *const *candidates, guint n_candidates,
                  guint *index, unsigned long long *turn, unsigned long long *last)
{
  DispPace *found = NULL;

  *last = 0;
  for (guint i = 0; i < n_candidates; i++)
    {
      DispPace *pace = disp_pace_table_find (table, candidates[i]->stats);
      unsigned long long own;

      if (pace == NULL)
        return NULL;
      own = atomic_load_explicit (&pace->turn, memory_order_relaxed);
      *last = MAX (*last, own);
      if (found == NULL || own < *turn)
        {
          found = pace;
          *turn = own;
          *index = i;
        }
    }
  return found;
}

/* Finds whose turn it is, and takes it if wanted.  So as long as the same are candidates each has
 * one turn after the other, whatever threads do: no thread can take a turn but the next one.
 * Returns @n_candidates if one of them is not of the route. */
static guint
find_turn (DispRoundRobin *self, DispContainer *const *candidates, guint n_candidates,
           gboolean is_taken)
{
  const DispPaceTable *table = disp_paces_enter (&self->paces);
  guint index = n_candidates;
  unsigned long long turn = 0;
  unsigned long long last;
  DispPace *pace;

  do
    pace = find_longest_ago (table, candidates, n_candidates, &index, &turn, &last);
  while (is_taken && pace != NULL
         && !atomic_compare_exchange_strong_explicit (&pace->turn, &turn, last + 1,
                                                      memory_order_relaxed, memory_order_relaxed));
  disp_paces_leave (&self->paces);
  return pace != NULL ? index : n_candidates;
}

static guint
round_robin_select (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                    G_GNUC_UNUSED const DispRequest *request, G_GNUC_UNUSED GRand *random)
{
  DispRoundRobin *self = DISP_ROUND_ROBIN (policy);
  guint index = find_turn (self, candidates, n_candidates, TRUE);

  if (index < n_candidates)
    return index;
  return (guint) (atomic_fetch_add_explicit (&self->turn, 1, memory_order_relaxed) % n_candidates);
}

static void
round_robin_get_chances (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                         double *chances)
{
  DispRoundRobin *self = DISP_ROUND_ROBIN (policy);
  guint next = find_turn (self, candidates, n_candidates, FALSE);

  if (next == n_candidates)
    next = (guint) (atomic_load_explicit (&self->turn, memory_order_relaxed) % n_candidates);
  for (guint i = 0; i < n_candidates; i++)
    chances[i] = i == next ? 1 : 0;
}

static void
round_robin_fleet_changed (DispPolicy *policy, const DispRoute *route)
{
  disp_paces_set_route (&DISP_ROUND_ROBIN (policy)->paces, route);
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
  disp_paces_clear (&DISP_ROUND_ROBIN (object)->paces);
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
  disp_paces_init (&self->paces);
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
