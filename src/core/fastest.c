/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/fastest.h"

#include "core/choice.h"
#include "core/estimates.h"

/*
 * The container that would be done first with one request more: the attempts in flight there, of
 * all models, and the one that would come, times what this model takes there.
 */
struct _DispFastest
{
  GObject parent_instance;
  DispEstimates *estimates; /* (owned) */
};

static guint
fastest_select (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                G_GNUC_UNUSED const DispRequest *request, GRand *random)
{
  return disp_estimates_select (DISP_FASTEST (policy)->estimates, candidates, n_candidates, random);
}

static gboolean
fastest_accepts (DispPolicy *policy, DispContainer *const *containers, guint n_containers,
                 guint index, guint n_before, gint64 waited)
{
  return disp_estimates_accept (DISP_FASTEST (policy)->estimates, containers, n_containers, index,
                                n_before, waited);
}

static void
fastest_get_chances (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                     double *chances)
{
  DispFastest *self = DISP_FASTEST (policy);
  g_autofree guint *places = g_new (guint, n_candidates);
  g_autofree double *costs = g_new (double, n_candidates);
  g_autofree double *loads = g_new (double, n_candidates);

  for (guint i = 0; i < n_candidates; i++)
    places[i] = i;
  disp_estimates_weigh (self->estimates, candidates, places, n_candidates, costs, loads);
  disp_choice_get_chances (costs, n_candidates, chances);
}

static void
fastest_get_times (DispPolicy *policy, DispContainer *const *containers, guint n_containers,
                   double *times)
{
  disp_estimates_get_times (DISP_FASTEST (policy)->estimates, containers, n_containers, times);
}

static void
fastest_request_started (DispPolicy *policy, const DispContainer *container)
{
  disp_estimates_started (DISP_FASTEST (policy)->estimates, container);
}

static void
fastest_request_finished (DispPolicy *policy, const DispContainer *container, DispOutcome outcome,
                          gint64 duration)
{
  disp_estimates_finished (DISP_FASTEST (policy)->estimates, container, outcome, duration);
}

static void
fastest_fleet_changed (DispPolicy *policy, const DispRoute *route)
{
  disp_estimates_set_route (DISP_FASTEST (policy)->estimates, route);
}

static void
fastest_iface_init (DispPolicyInterface *iface)
{
  iface->select = fastest_select;
  iface->accepts = fastest_accepts;
  iface->get_chances = fastest_get_chances;
  iface->get_times = fastest_get_times;
  iface->request_started = fastest_request_started;
  iface->request_finished = fastest_request_finished;
  iface->fleet_changed = fastest_fleet_changed;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispFastest, disp_fastest, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, fastest_iface_init))

static void
disp_fastest_finalize (GObject *object)
{
  disp_estimates_free (DISP_FASTEST (object)->estimates);
  G_OBJECT_CLASS (disp_fastest_parent_class)->finalize (object);
}

static void
disp_fastest_class_init (DispFastestClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_fastest_finalize;
}

static void
disp_fastest_init (DispFastest *self)
{
  self->estimates = disp_estimates_new ();
}

/**
 * disp_fastest_new:
 *
 * Returns: (transfer full): the policy "fastest", which knows nothing yet
 */
DispPolicy *
disp_fastest_new (void)
{
  return g_object_new (DISP_TYPE_FASTEST, NULL);
}
