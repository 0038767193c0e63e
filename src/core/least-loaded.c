/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/least-loaded.h"

#include "core/choice.h"

/*
 * The container with the least to do for its quota.  What it has to do are the attempts in flight
 * there of all workers and all models, and the one that would come: so a container with twice the
 * quota has twice as many in flight, and of those that have nothing to do the largest is first.
 */
struct _DispLeastLoaded
{
  GObject parent_instance;
};

static guint
least_loaded_select (G_GNUC_UNUSED DispPolicy *policy, DispContainer *const *candidates,
                     guint n_candidates, G_GNUC_UNUSED const DispRequest *request, GRand *random)
{
  guint places[DISP_CHOICE_SCAN];
  double costs[DISP_CHOICE_SCAN];
  guint n_places = disp_choice_sample (n_candidates, random, places);

  for (guint i = 0; i < n_places; i++)
    costs[i] = disp_least_loaded_weigh (candidates[places[i]]);
  return places[disp_choice_lowest (costs, n_places, random)];
}

static void
least_loaded_get_chances (G_GNUC_UNUSED DispPolicy *policy, DispContainer *const *candidates,
                          guint n_candidates, double *chances)
{
  g_autofree double *costs = g_new (double, n_candidates);

  for (guint i = 0; i < n_candidates; i++)
    costs[i] = disp_least_loaded_weigh (candidates[i]);
  disp_choice_get_chances (costs, n_candidates, chances);
}

static void
least_loaded_iface_init (DispPolicyInterface *iface)
{
  iface->select = least_loaded_select;
  iface->get_chances = least_loaded_get_chances;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispLeastLoaded, disp_least_loaded, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, least_loaded_iface_init))

static void
disp_least_loaded_class_init (G_GNUC_UNUSED DispLeastLoadedClass *klass)
{
}

static void
disp_least_loaded_init (G_GNUC_UNUSED DispLeastLoaded *self)
{
}

/**
 * disp_least_loaded_new:
 *
 * Returns: (transfer full): the policy "least-loaded"
 */
DispPolicy *
disp_least_loaded_new (void)
{
  return g_object_new (DISP_TYPE_LEAST_LOADED, NULL);
}
