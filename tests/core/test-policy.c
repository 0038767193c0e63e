/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/policy.h"
#include "support/fixtures.h"

/* A policy that implements what it must, and one that also implements what it may. */

#define TYPE_PLAIN_POLICY (plain_policy_get_type ())
G_DECLARE_DERIVABLE_TYPE (PlainPolicy, plain_policy, PLAIN, POLICY, GObject)

struct _PlainPolicyClass
{
  GObjectClass parent_class;
};

static guint
select_last (G_GNUC_UNUSED DispPolicy *policy, G_GNUC_UNUSED DispContainer *const *candidates,
             guint n_candidates, G_GNUC_UNUSED const DispRequest *request,
             G_GNUC_UNUSED GRand *random)
{
  return n_candidates - 1;
}

static void
plain_policy_iface_init (DispPolicyInterface *iface)
{
  iface->select = select_last;
}

G_DEFINE_TYPE_WITH_CODE (PlainPolicy, plain_policy, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, plain_policy_iface_init))

static void
plain_policy_class_init (G_GNUC_UNUSED PlainPolicyClass *klass)
{
}

static void
plain_policy_init (G_GNUC_UNUSED PlainPolicy *self)
{
}

#define TYPE_NOSY_POLICY (nosy_policy_get_type ())
G_DECLARE_FINAL_TYPE (NosyPolicy, nosy_policy, NOSY, POLICY, PlainPolicy)

struct _NosyPolicy
{
  PlainPolicy parent_instance;
  const DispContainer *started;  /* (unowned) (nullable) */
  const DispContainer *finished; /* (unowned) (nullable) */
  DispOutcome outcome;
  gint64 duration;
  const DispRoute *route; /* (unowned) (nullable) */
};

static void
on_started (DispPolicy *policy, const DispContainer *container)
{
  NOSY_POLICY (policy)->started = container;
}

static void
on_finished (DispPolicy *policy, const DispContainer *container, DispOutcome outcome,
             gint64 duration)
{
  NosyPolicy *self = NOSY_POLICY (policy);

  self->finished = container;
  self->outcome = outcome;
  self->duration = duration;
}

static void
on_fleet_changed (DispPolicy *policy, const DispRoute *route)
{
  NOSY_POLICY (policy)->route = route;
}

static void
nosy_policy_iface_init (DispPolicyInterface *iface)
{
  iface->select = select_last;
  iface->request_started = on_started;
  iface->request_finished = on_finished;
  iface->fleet_changed = on_fleet_changed;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (NosyPolicy, nosy_policy, TYPE_PLAIN_POLICY,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, nosy_policy_iface_init))

static void
nosy_policy_class_init (G_GNUC_UNUSED NosyPolicyClass *klass)
{
}

static void
nosy_policy_init (G_GNUC_UNUSED NosyPolicy *self)
{
}

static void
test_select (void)
{
  g_autoptr (DispPolicy) policy = g_object_new (TYPE_PLAIN_POLICY, NULL);
  g_autoptr (DispContainer) container = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1);
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1.0]");
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  DispContainer *const candidates[] = { container, container, container };

  for (guint n = 1; n <= G_N_ELEMENTS (candidates); n++)
    g_assert_cmpuint (disp_policy_select (policy, candidates, n, request, random), ==, n - 1);
}

/* What a policy does not implement it is not bothered with. */
static void
test_optional (void)
{
  g_autoptr (DispPolicy) policy = g_object_new (TYPE_PLAIN_POLICY, NULL);
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, NULL, fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1), NULL);
  const DispRoute *route = fixture_find (fleet, "m", 1);

  disp_policy_fleet_changed (policy, route);
  disp_policy_request_started (policy, route->eligible[0]);
  disp_policy_request_finished (policy, route->eligible[0], DISP_OUTCOME_SUCCESS, 1);
  g_assert_cmpuint (G_OBJECT (policy)->ref_count, ==, 1);
}

static void
test_told (void)
{
  g_autoptr (DispPolicy) policy = g_object_new (TYPE_NOSY_POLICY, NULL);
  NosyPolicy *nosy = NOSY_POLICY (policy);
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, NULL, fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1), NULL);
  const DispRoute *route = fixture_find (fleet, "m", 1);

  disp_policy_fleet_changed (policy, route);
  g_assert_true (nosy->route == route);
  disp_policy_request_started (policy, route->eligible[0]);
  g_assert_true (nosy->started == route->eligible[0]);
  g_assert_null (nosy->finished);
  disp_policy_request_finished (policy, route->eligible[0], DISP_OUTCOME_CANCELLED, 77);
  g_assert_true (nosy->finished == route->eligible[0]);
  g_assert_cmpint (nosy->outcome, ==, DISP_OUTCOME_CANCELLED);
  g_assert_cmpint (nosy->duration, ==, 77);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/policy/select", test_select);
  g_test_add_func ("/core/policy/optional", test_optional);
  g_test_add_func ("/core/policy/told", test_told);
  return g_test_run ();
}
