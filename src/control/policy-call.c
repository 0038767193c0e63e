/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/policy-call.h"

/* How a policy is set, which is the same for all models and for one. */

/**
 * disp_policy_call_set:
 * @parts: what the object called stands on
 * @model: (nullable): the model that it is about; %NULL = all that have no policy of their own
 * @parameters: (type (sa{sv})): those of SetPolicy()
 * @error: as of disp_operations_set_policy()
 *
 * Returns: whether the policy is in force
 */
gboolean
disp_policy_call_set (const DispBusParts *parts, const char *model, GVariant *parameters,
                      GError **error)
{
  g_autoptr (GVariant) options = NULL;
  const char *policy;

  g_variant_get (parameters, "(&s@a{sv})", &policy, &options);
  return disp_operations_set_policy (parts->operations, model, policy, options, error);
}

/**
 * disp_policy_call_set_shadow:
 * @parts: what the object called stands on
 * @parameters: (type (sa{sv})): those of SetShadowPolicy()
 * @error: as of disp_operations_set_shadow()
 *
 * Returns: whether the policy decides beside the others, or none does
 */
gboolean
disp_policy_call_set_shadow (const DispBusParts *parts, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  const char *policy;

  g_variant_get (parameters, "(&s@a{sv})", &policy, &options);
  return disp_operations_set_shadow (parts->operations, *policy != '\0' ? policy : NULL, options,
                                     error);
}

/**
 * disp_policy_call_write:
 * @parts: what the object called stands on
 * @model: (nullable): as of disp_policy_call_set()
 * @parameters: (type (ssv)): those of org.freedesktop.DBus.Properties.Set for the property Policy,
 *   whose type GDBus has checked
 * @error: as of disp_operations_set_policy()
 *
 * Returns: whether the policy is in force, without options
 */
gboolean
disp_policy_call_write (const DispBusParts *parts, const char *model, GVariant *parameters,
                        GError **error)
{
  g_autoptr (GVariant) value = NULL;

  g_variant_get (parameters, "(&s&sv)", NULL, NULL, &value);
  return disp_operations_set_policy (parts->operations, model, g_variant_get_string (value, NULL),
                                     NULL, error);
}
