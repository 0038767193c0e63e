/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/policy-registry.h"

#include "core/error.h"
#include "core/fastest.h"
#include "core/least-loaded.h"
#include "core/probabilities.h"
#include "core/random.h"
#include "core/round-robin.h"
#include "core/sla.h"
#include "core/sticky.h"
#include "core/tsan.h"

#include <glib/gi18n.h>

/* What the registry knows of a policy.  The checks are NULL where a policy takes no options, and
 * get_header where it needs no header field of requests. */
typedef struct
{
  const char *name;
  const char *summary;
  gboolean (*check) (GVariant *options, GError **error);
  gboolean (*check_fleet) (GVariant *options, DispFleet *fleet, GError **error);
  DispPolicy *(*create) (GVariant *options, const char *model);
  const char *(*get_header) (GVariant *options);
} PolicyRow;

static DispPolicy *
create_round_robin (G_GNUC_UNUSED GVariant *options, G_GNUC_UNUSED const char *model)
{
  return disp_round_robin_new ();
}

static DispPolicy *
create_random (G_GNUC_UNUSED GVariant *options, G_GNUC_UNUSED const char *model)
{
  return disp_random_new ();
}

static DispPolicy *
create_least_loaded (G_GNUC_UNUSED GVariant *options, G_GNUC_UNUSED const char *model)
{
  return disp_least_loaded_new ();
}

static DispPolicy *
create_fastest (G_GNUC_UNUSED GVariant *options, G_GNUC_UNUSED const char *model)
{
  return disp_fastest_new ();
}

static DispPolicy *
create_sla (G_GNUC_UNUSED GVariant *options, G_GNUC_UNUSED const char *model)
{
  return disp_sla_new ();
}

/* One line for each policy; the first is the default. */
static const PolicyRow policy_rows[] = {
  { "round-robin", N_ ("each container in its turn"), NULL, NULL, create_round_robin, NULL },
  { "random", N_ ("any container, all equally likely"), NULL, NULL, create_random, NULL },
  { "probabilities", N_ ("each container with its probability, or in proportion to quota"),
    disp_probabilities_check, disp_probabilities_check_fleet, disp_probabilities_new, NULL },
  { "least-loaded", N_ ("the container with the fewest requests in flight for its quota"), NULL,
    NULL, create_least_loaded, NULL },
  { "fastest", N_ ("the container that would be done first, by what its answers took"), NULL, NULL,
    create_fastest, NULL },
  { "sla", N_ ("a CPU while one meets the response-time target, then a GPU, else the fastest"),
    NULL, NULL, create_sla, NULL },
  { "sticky", N_ ("what is alike to the same container, while that has not too much"),
    disp_sticky_check, NULL, disp_sticky_new, disp_sticky_get_header },
};

struct _DispPolicySpec
{
  const PolicyRow *row;
  GVariant *options; /* (owned) a{sv} */
};

static const PolicyRow *
find_row (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (policy_rows); i++)
    if (g_str_equal (policy_rows[i].name, name))
      return &policy_rows[i];
  return NULL;
}

/**
 * disp_policy_get_names:
 *
 * Returns: (transfer none) (array zero-terminated=1): the names of all policies, the default first
 */
const char *const *
disp_policy_get_names (void)
{
  static const char *names[G_N_ELEMENTS (policy_rows) + 1];
  static gsize once;

  if (g_once_init_enter (&once))
    {
      for (guint i = 0; i < G_N_ELEMENTS (policy_rows); i++)
        names[i] = policy_rows[i].name;
      DISP_TSAN_RELEASE (&once);
      g_once_init_leave (&once, 1);
    }
  DISP_TSAN_ACQUIRE (&once);
  return names;
}

/**
 * disp_policy_get_summary:
 * @name: the name of a policy
 *
 * Returns: (transfer none) (nullable): what it does, in half a line, for people; in English, to be
 * translated where it is shown
 */
const char *
disp_policy_get_summary (const char *name)
{
  const PolicyRow *row = find_row (name);

  return row != NULL ? row->summary : NULL;
}

/**
 * disp_policy_spec_new:
 * @name: the name of a policy
 * @options: (type a{sv}) (nullable): its options, floating or not; %NULL = none
 * @error: %DISP_ERROR_UNKNOWN_POLICY, naming the known ones, or %DISP_ERROR_INVALID_VALUE
 *
 * Which policy is wanted, and with which options.  Immutable; any thread may use it.
 *
 * Returns: (transfer full) (nullable): what disp_policy_spec_create() makes policies of
 */
DispPolicySpec *
disp_policy_spec_new (const char *name, GVariant *options, GError **error)
{
  const PolicyRow *row = find_row (name);
  g_autoptr (GVariant) taken = NULL;
  DispPolicySpec *self;

  g_return_val_if_fail (options == NULL || g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT),
                        NULL);

  taken = g_variant_ref_sink (options != NULL ? options : g_variant_new ("a{sv}", NULL));
  if (row == NULL)
    {
      g_autofree char *known = g_strjoinv (", ", (char **) disp_policy_get_names ());

      g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_POLICY,
                   "there is no policy \"%s\", expected one of: %s", name, known);
      return NULL;
    }
  if (row->check == NULL && g_variant_n_children (taken) > 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "the policy \"%s\" takes no options", name);
      return NULL;
    }
  if (row->check != NULL && !row->check (taken, error))
    return NULL;
  self = g_atomic_rc_box_new0 (DispPolicySpec);
  self->row = row;
  self->options = g_steal_pointer (&taken);
  return self;
}

/**
 * disp_policy_spec_ref:
 * @self: a spec
 *
 * Returns: (transfer full): @self; any thread
 */
DispPolicySpec *
disp_policy_spec_ref (DispPolicySpec *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
spec_clear (gpointer data)
{
  DispPolicySpec *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_variant_unref (self->options);
}

/**
 * disp_policy_spec_unref:
 * @self: (transfer full): a spec
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_policy_spec_unref (DispPolicySpec *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, spec_clear);
}

/**
 * disp_policy_spec_get_name:
 * @self: a spec
 *
 * Returns: (transfer none): the name of the policy, which is never freed
 */
const char *
disp_policy_spec_get_name (const DispPolicySpec *self)
{
  return self->row->name;
}

/**
 * disp_policy_spec_get_options:
 * @self: a spec
 *
 * Returns: (transfer none) (type a{sv}): the options of the policy, not floating
 */
GVariant *
disp_policy_spec_get_options (const DispPolicySpec *self)
{
  return self->options;
}

/**
 * disp_policy_spec_get_header:
 * @self: a spec
 *
 * Returns: (transfer none) (nullable): the header field of requests that the policy wants to know
 *   as their affinity; valid as long as @self
 */
const char *
disp_policy_spec_get_header (const DispPolicySpec *self)
{
  return self->row->get_header != NULL ? self->row->get_header (self->options) : NULL;
}

/**
 * disp_policy_spec_heeds_affinity:
 * @self: a spec
 *
 * Returns: whether the policy looks at the affinity of requests
 */
gboolean
disp_policy_spec_heeds_affinity (const DispPolicySpec *self)
{
  return self->row->get_header != NULL;
}

/**
 * disp_policy_spec_equal:
 * @self: a spec
 * @other: another
 *
 * Returns: whether both are of one policy with the same options, in the same order
 */
gboolean
disp_policy_spec_equal (const DispPolicySpec *self, const DispPolicySpec *other)
{
  return self->row == other->row && g_variant_equal (self->options, other->options);
}

/**
 * disp_policy_spec_check_fleet:
 * @self: a spec
 * @fleet: a fleet
 * @error: %DISP_ERROR_INVALID_VALUE, naming what the fleet does not have
 *
 * Returns: whether all that the options name is in the fleet
 */
gboolean
disp_policy_spec_check_fleet (const DispPolicySpec *self, DispFleet *fleet, GError **error)
{
  return self->row->check_fleet == NULL || self->row->check_fleet (self->options, fleet, error);
}

/**
 * disp_policy_spec_create:
 * @self: a spec
 * @model: the model to choose for
 *
 * Returns: (transfer full): an instance for one route
 */
DispPolicy *
disp_policy_spec_create (const DispPolicySpec *self, const char *model)
{
  return self->row->create (self->options, model);
}
