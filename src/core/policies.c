/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/policies.h"

#include "core/tsan.h"

struct _DispPolicies
{
  DispPolicySpec *configured; /* (owned) */
  DispPolicySpec *common;     /* (owned) (nullable) what an operator set for all */
  GHashTable *own; /* (owned) (element-type utf8 DispPolicySpec, owned) what one set for a model */
  DispPolicySpec *configured_shadow; /* (owned) (nullable) */
  DispPolicySpec *own_shadow;        /* (owned) (nullable) what an operator set, if one did */
  gboolean has_own_shadow;           /* whether one did */
};

static DispPolicySpec *
ref_spec (DispPolicySpec *spec)
{
  return spec != NULL ? disp_policy_spec_ref (spec) : NULL;
}

static DispPolicies *
policies_new (DispPolicySpec *configured, DispPolicySpec *common)
{
  DispPolicies *self = g_atomic_rc_box_new0 (DispPolicies);

  self->configured = disp_policy_spec_ref (configured);
  self->common = ref_spec (common);
  self->own = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                     (GDestroyNotify) disp_policy_spec_unref);
  return self;
}

/**
 * disp_policies_new:
 * @configured: what the configuration says
 *
 * Returns: (transfer full): that policy for all models
 */
DispPolicies *
disp_policies_new (DispPolicySpec *configured)
{
  return policies_new (configured, NULL);
}

/**
 * disp_policies_ref:
 * @self: policies
 *
 * Returns: (transfer full): @self; any thread
 */
DispPolicies *
disp_policies_ref (DispPolicies *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
policies_clear (gpointer data)
{
  DispPolicies *self = data;

  DISP_TSAN_ACQUIRE (self);
  disp_policy_spec_unref (self->configured);
  g_clear_pointer (&self->common, disp_policy_spec_unref);
  g_hash_table_unref (self->own);
  g_clear_pointer (&self->configured_shadow, disp_policy_spec_unref);
  g_clear_pointer (&self->own_shadow, disp_policy_spec_unref);
}

/**
 * disp_policies_unref:
 * @self: (transfer full): policies
 *
 * Gives a reference up; whichever thread gives up the last frees them.
 */
void
disp_policies_unref (DispPolicies *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, policies_clear);
}

/* All of @self, but for the policy of all models. */
static DispPolicies *
copy_with (DispPolicies *self, DispPolicySpec *configured, DispPolicySpec *common)
{
  DispPolicies *copy = policies_new (configured, common);
  GHashTableIter iter;
  gpointer model;
  gpointer spec;

  g_hash_table_iter_init (&iter, self->own);
  while (g_hash_table_iter_next (&iter, &model, &spec))
    g_hash_table_insert (copy->own, g_strdup (model), disp_policy_spec_ref (spec));
  copy->configured_shadow = ref_spec (self->configured_shadow);
  copy->own_shadow = ref_spec (self->own_shadow);
  copy->has_own_shadow = self->has_own_shadow;
  return copy;
}

/**
 * disp_policies_configure:
 * @self: policies
 * @configured: what the configuration says from now on
 *
 * Returns: (transfer full): the same with that; what an operator set stays
 */
DispPolicies *
disp_policies_configure (DispPolicies *self, DispPolicySpec *configured)
{
  return copy_with (self, configured, self->common);
}

/**
 * disp_policies_set:
 * @self: policies
 * @model: (nullable): the name of a model, which need not be known; %NULL = all that have none of
 *   their own
 * @spec: (nullable): what an operator sets; %NULL = nothing, what was set is forgotten
 *
 * A policy that is the same as the one that chose before, with the same options, is that one, so
 * that its turns go on.
 *
 * Returns: (transfer full): the same with that
 */
DispPolicies *
disp_policies_set (DispPolicies *self, const char *model, DispPolicySpec *spec)
{
  DispPolicySpec *before = disp_policies_get (self, model);
  DispPolicies *copy;

  if (spec != NULL && disp_policy_spec_equal (spec, before))
    spec = before;
  copy = copy_with (self, self->configured, model != NULL ? self->common : spec);
  if (model != NULL && spec != NULL)
    g_hash_table_insert (copy->own, g_strdup (model), disp_policy_spec_ref (spec));
  else if (model != NULL)
    g_hash_table_remove (copy->own, model);
  return copy;
}

/* @before if it is the same as @spec, so that what was made of it goes on. */
static DispPolicySpec *
find_equal (DispPolicySpec *spec, DispPolicySpec *before)
{
  return spec != NULL && before != NULL && disp_policy_spec_equal (spec, before) ? before : spec;
}

/**
 * disp_policies_configure_shadow:
 * @self: policies
 * @configured: (nullable): the shadow that the configuration says from now on; %NULL = none
 *
 * Returns: (transfer full): the same with that; what an operator set stays over it
 */
DispPolicies *
disp_policies_configure_shadow (DispPolicies *self, DispPolicySpec *configured)
{
  DispPolicies *copy = copy_with (self, self->configured, self->common);
  DispPolicySpec *before = copy->configured_shadow;

  copy->configured_shadow = ref_spec (find_equal (configured, before));
  g_clear_pointer (&before, disp_policy_spec_unref);
  return copy;
}

/**
 * disp_policies_set_shadow:
 * @self: policies
 * @spec: (nullable): the shadow that an operator sets, instead of the configured one; %NULL = none
 *
 * A shadow that is the same as before goes on, with what it counted.
 *
 * Returns: (transfer full): the same with that
 */
DispPolicies *
disp_policies_set_shadow (DispPolicies *self, DispPolicySpec *spec)
{
  DispPolicies *copy = copy_with (self, self->configured, self->common);

  g_clear_pointer (&copy->own_shadow, disp_policy_spec_unref);
  copy->own_shadow = ref_spec (find_equal (spec, disp_policies_get_shadow (self)));
  copy->has_own_shadow = TRUE;
  return copy;
}

/**
 * disp_policies_reset:
 * @self: policies
 *
 * Returns: (transfer full): only what the configuration says of it
 */
DispPolicies *
disp_policies_reset (DispPolicies *self)
{
  DispPolicies *copy = policies_new (self->configured, NULL);

  copy->configured_shadow = ref_spec (self->configured_shadow);
  return copy;
}

/**
 * disp_policies_get_shadow:
 * @self: policies
 *
 * Returns: (transfer none) (nullable): the policy that decides beside those of all models, without
 *   effect; %NULL = none does
 */
DispPolicySpec *
disp_policies_get_shadow (const DispPolicies *self)
{
  return self->has_own_shadow ? self->own_shadow : self->configured_shadow;
}

/**
 * disp_policies_get_header:
 * @self: policies
 * @model: the name of a model
 *
 * Returns: (transfer none) (nullable): the header field of requests for @model that is their
 *   affinity: what its policy wants to know, else what the shadow does, if the policy does not heed
 *   it; valid as long as @self
 */
const char *
disp_policies_get_header (const DispPolicies *self, const char *model)
{
  const DispPolicySpec *policy = disp_policies_get (self, model);
  const DispPolicySpec *shadow = disp_policies_get_shadow (self);

  if (shadow == NULL || disp_policy_spec_heeds_affinity (policy))
    return disp_policy_spec_get_header (policy);
  return disp_policy_spec_get_header (shadow);
}

/**
 * disp_policies_has_own_shadow:
 * @self: policies
 *
 * Returns: whether an operator set which shadow there is, or that there is none
 */
gboolean
disp_policies_has_own_shadow (const DispPolicies *self)
{
  return self->has_own_shadow;
}

/**
 * disp_policies_get_configured:
 * @self: policies
 *
 * Returns: (transfer none): what the configuration says
 */
DispPolicySpec *
disp_policies_get_configured (const DispPolicies *self)
{
  return self->configured;
}

/**
 * disp_policies_get_own:
 * @self: policies
 * @model: (nullable): the name of a model; %NULL = all that have none of their own
 *
 * Returns: (transfer none) (nullable): what an operator set for just that
 */
DispPolicySpec *
disp_policies_get_own (const DispPolicies *self, const char *model)
{
  return model != NULL ? g_hash_table_lookup (self->own, model) : self->common;
}

/**
 * disp_policies_get:
 * @self: policies
 * @model: (nullable): the name of a model; %NULL = all that have none of their own
 *
 * Returns: (transfer none): the policy that chooses for it
 */
DispPolicySpec *
disp_policies_get (const DispPolicies *self, const char *model)
{
  DispPolicySpec *own = model != NULL ? g_hash_table_lookup (self->own, model) : NULL;

  if (own != NULL)
    return own;
  return self->common != NULL ? self->common : self->configured;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/**
 * disp_policies_list_models:
 * @self: policies
 *
 * Returns: (transfer container) (element-type utf8): the names of the models that have a policy of
 *   their own, in order; they live as long as @self
 */
GPtrArray *
disp_policies_list_models (const DispPolicies *self)
{
  GPtrArray *models = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer model;

  g_hash_table_iter_init (&iter, self->own);
  while (g_hash_table_iter_next (&iter, &model, NULL))
    g_ptr_array_add (models, model);
  g_ptr_array_sort (models, compare_names);
  return models;
}
