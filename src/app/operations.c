/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/operations.h"

#include "app/policy-file.h"
#include "core/error.h"
#include "core/event.h"

#define FILE_NAME "policies"

/* What an operator changes while the daemon runs, done by the parts that it is about. */
struct _DispAppOperations
{
  GObject parent_instance;
  DispSwitchboard *switchboard; /* (owned) */
  DispFleetFeed *feed;          /* (unowned) */
  DispReload *reload;           /* (unowned) */
  char *path;                   /* (owned) (nullable) of the file of policies */
  GSourceFunc stop;
  gpointer user_data;
};

/* Policies. */

/* Brings @policies into force, after they are written. */
static gboolean
set_policies (DispAppOperations *self, DispPolicies *policies, GError **error)
{
  if (self->path != NULL && !disp_policy_file_save (self->path, policies, error))
    return FALSE;
  disp_switchboard_set_policies (self->switchboard, policies);
  return TRUE;
}

/* A model that is not in the fleet may still have a policy to take back. */
static gboolean
check_model (const char *model, DispFleet *fleet, DispPolicies *policies, GError **error)
{
  const DispVersion any = { .kind = DISP_VERSION_LATEST };

  if (model == NULL || disp_policies_get_own (policies, model) != NULL
      || (fleet != NULL && disp_fleet_find (fleet, model, &any, NULL) != NULL))
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_MODEL, "the fleet has no model \"%s\"", model);
  return FALSE;
}

static void
tell_policy (DispEvent event, const char *model, const DispPolicySpec *spec)
{
  const char *name = disp_policy_spec_get_name (spec);
  const DispEventFields fields = { .policy = name, .model = model };

  if (event == DISP_EVENT_POLICY_SET)
    disp_event_log (event, &fields, "policy of %s%s set to %s",
                    model != NULL ? "model " : "all models", model != NULL ? model : "", name);
  else
    disp_event_log (event, &fields, "policy of %s%s is the configured one again: %s",
                    model != NULL ? "model " : "all models", model != NULL ? model : "", name);
}

static gboolean
operations_set_policy (DispOperations *operations, const char *model, const char *policy,
                       GVariant *options, GError **error)
{
  DispAppOperations *self = DISP_APP_OPERATIONS (operations);
  g_autoptr (GVariant) taken = options != NULL ? g_variant_ref_sink (options) : NULL;
  g_autoptr (DispPolicySpec) spec = disp_policy_spec_new (policy, taken, error);
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (self->switchboard);
  g_autoptr (DispPolicies) old = disp_switchboard_ref_policies (self->switchboard);
  g_autoptr (DispPolicies) policies = NULL;
  DispFleet *fleet = routing != NULL ? disp_routing_get_fleet (routing) : NULL;
  DispPolicySpec *own = disp_policies_get_own (old, model);

  if (spec == NULL || !check_model (model, fleet, old, error)
      || (fleet != NULL && !disp_policy_spec_check_fleet (spec, fleet, error)))
    return FALSE;
  /* It goes on with its turns. */
  if (own != NULL && disp_policy_spec_equal (own, spec))
    return TRUE;
  policies = disp_policies_set (old, model, spec);
  if (!set_policies (self, policies, error))
    return FALSE;
  tell_policy (DISP_EVENT_POLICY_SET, model, spec);
  return TRUE;
}

static gboolean
operations_reset_policy (DispOperations *operations, const char *model, GError **error)
{
  DispAppOperations *self = DISP_APP_OPERATIONS (operations);
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (self->switchboard);
  g_autoptr (DispPolicies) old = disp_switchboard_ref_policies (self->switchboard);
  g_autoptr (DispPolicies) policies = NULL;

  if (!check_model (model, routing != NULL ? disp_routing_get_fleet (routing) : NULL, old, error))
    return FALSE;
  if (disp_policies_get_own (old, model) == NULL)
    return TRUE;
  policies = disp_policies_set (old, model, NULL);
  if (!set_policies (self, policies, error))
    return FALSE;
  tell_policy (DISP_EVENT_POLICY_RESET, model, disp_policies_get (policies, model));
  return TRUE;
}

static gboolean
operations_set_shadow (DispOperations *operations, const char *policy, GVariant *options,
                       GError **error)
{
  DispAppOperations *self = DISP_APP_OPERATIONS (operations);
  g_autoptr (GVariant) taken = options != NULL ? g_variant_ref_sink (options) : NULL;
  g_autoptr (DispPolicySpec) spec = NULL;
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (self->switchboard);
  g_autoptr (DispPolicies) old = disp_switchboard_ref_policies (self->switchboard);
  g_autoptr (DispPolicies) policies = NULL;
  const char *name = policy != NULL ? policy : DISP_NO_SHADOW;

  if (policy != NULL)
    {
      spec = disp_policy_spec_new (policy, taken, error);
      if (spec == NULL
          || (routing != NULL
              && !disp_policy_spec_check_fleet (spec, disp_routing_get_fleet (routing), error)))
        return FALSE;
    }
  policies = disp_policies_set_shadow (old, spec);
  if (!set_policies (self, policies, error))
    return FALSE;
  disp_event_log (DISP_EVENT_POLICY_SET, &(DispEventFields){ .policy = name },
                  "shadow policy set to %s", name);
  return TRUE;
}

/* Containers. */

/* The one that is meant, for the editor; nothing in it is owned. */
static DispQuotaChange
name_container (const DispContainer *container, double quota)
{
  return (DispQuotaChange){ .container_id = container->id,
                            .container = container->name,
                            .endpoint = container->endpoint,
                            .quota = quota };
}

static gboolean
operations_set_quota (DispOperations *operations, const DispContainer *container, double quota,
                      GError **error)
{
  const DispAppOperations *self = DISP_APP_OPERATIONS (operations);
  const DispQuotaChange change = name_container (container, quota);
  g_autoptr (DispContainer) changed = NULL;

  if (!(quota >= 0) || quota > G_MAXDOUBLE)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "quota: expected a finite number from 0 up, found %g", quota);
      return FALSE;
    }
  changed = disp_fleet_editor_set_quota (disp_fleet_feed_get_editor (self->feed), &change, error);
  return changed != NULL;
}

static gboolean
operations_reset_quota (DispOperations *operations, const DispContainer *container, GError **error)
{
  const DispAppOperations *self = DISP_APP_OPERATIONS (operations);
  const DispQuotaChange which = name_container (container, 0);
  g_autoptr (DispContainer) changed = disp_fleet_editor_reset_quota (
      disp_fleet_feed_get_editor (self->feed), &which, error);

  return changed != NULL;
}

static gboolean
operations_set_drained (DispOperations *operations, const DispContainer *container,
                        gboolean is_drained, GError **error)
{
  const DispAppOperations *self = DISP_APP_OPERATIONS (operations);
  const DispQuotaChange which = name_container (container, 0);
  g_autoptr (DispContainer) changed = disp_fleet_editor_set_drained (
      disp_fleet_feed_get_editor (self->feed), &which, is_drained, error);

  return changed != NULL;
}

/* Both files or none: that of the policies is written back when the other cannot be written. */
static gboolean
forget_all (DispAppOperations *self, DispPolicies *old, DispPolicies *policies, GError **error)
{
  if (self->path != NULL && !disp_policy_file_save (self->path, policies, error))
    return FALSE;
  if (disp_fleet_editor_reset (disp_fleet_feed_get_editor (self->feed), error))
    return TRUE;
  if (self->path != NULL)
    disp_policy_file_save (self->path, old, NULL);
  return FALSE;
}

static gboolean
operations_reset (DispOperations *operations, GError **error)
{
  DispAppOperations *self = DISP_APP_OPERATIONS (operations);
  g_autoptr (DispPolicies) old = disp_switchboard_ref_policies (self->switchboard);
  g_autoptr (DispPolicies) policies = disp_policies_reset (old);

  if (!forget_all (self, old, policies, error))
    return FALSE;
  disp_switchboard_set_policies (self->switchboard, policies);
  disp_event_log (DISP_EVENT_CHANGES_RESET, NULL,
                  "all policies, quotas and drains that were set are forgotten");
  return TRUE;
}

/* What is read again. */

static void
operations_refresh_async (DispOperations *operations, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  const DispAppOperations *self = DISP_APP_OPERATIONS (operations);
  GTask *task = g_task_new (operations, NULL, callback, user_data);

  g_task_set_source_tag (task, operations_refresh_async);
  disp_fleet_feed_refresh (self->feed, task);
}

static gboolean
operations_refresh_finish (DispOperations *operations, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, operations), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
operations_reload_async (DispOperations *operations, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  disp_reload_async (DISP_APP_OPERATIONS (operations)->reload, operations, callback, user_data);
}

static gboolean
operations_reload_finish (DispOperations *operations, GAsyncResult *result, GError **error)
{
  return disp_reload_finish (operations, result, error);
}

static void
operations_stop (DispOperations *operations)
{
  const DispAppOperations *self = DISP_APP_OPERATIONS (operations);

  /* Who asked for it is answered first. */
  g_idle_add (self->stop, self->user_data);
}

static void
implement_operations (DispOperationsInterface *iface)
{
  iface->set_policy = operations_set_policy;
  iface->reset_policy = operations_reset_policy;
  iface->set_shadow = operations_set_shadow;
  iface->set_quota = operations_set_quota;
  iface->reset_quota = operations_reset_quota;
  iface->set_drained = operations_set_drained;
  iface->reset = operations_reset;
  iface->refresh_async = operations_refresh_async;
  iface->refresh_finish = operations_refresh_finish;
  iface->reload_async = operations_reload_async;
  iface->reload_finish = operations_reload_finish;
  iface->stop = operations_stop;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispAppOperations, disp_app_operations, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_OPERATIONS, implement_operations))

static void
disp_app_operations_finalize (GObject *object)
{
  DispAppOperations *self = DISP_APP_OPERATIONS (object);

  g_object_unref (self->switchboard);
  g_free (self->path);
  G_OBJECT_CLASS (disp_app_operations_parent_class)->finalize (object);
}

static void
disp_app_operations_class_init (DispAppOperationsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_app_operations_finalize;
}

static void
disp_app_operations_init (G_GNUC_UNUSED DispAppOperations *self)
{
}

static gboolean
load (DispAppOperations *self, GError **error)
{
  g_autoptr (DispPolicies) configured = disp_switchboard_ref_policies (self->switchboard);
  g_autoptr (DispPolicies) policies = disp_policy_file_load (self->path, configured, error);

  if (policies == NULL)
    return FALSE;
  if (policies != configured)
    disp_switchboard_set_policies (self->switchboard, policies);
  return TRUE;
}

/**
 * disp_app_operations_new:
 * @parts: what they are done by
 * @error: %DISP_ERROR_FAILED if the file of policies is there and cannot be read, or is damaged or
 *   of a newer version, saying what to do
 *
 * Brings the policies into force that operators set before, if they are kept; quotas and drains are
 * kept by the source of the fleet.  Main thread.
 *
 * Returns: (transfer full) (nullable): the operations
 */
DispOperations *
disp_app_operations_new (const DispOperationsParts *parts, GError **error)
{
  g_autoptr (DispAppOperations) self = g_object_new (DISP_TYPE_APP_OPERATIONS, NULL);

  self->switchboard = g_object_ref (parts->switchboard);
  self->feed = parts->feed;
  self->reload = parts->reload;
  self->stop = parts->stop;
  self->user_data = parts->user_data;
  if (parts->state_dir != NULL)
    {
      self->path = g_build_filename (parts->state_dir, FILE_NAME, NULL);
      if (!load (self, error))
        return NULL;
    }
  return DISP_OPERATIONS (g_steal_pointer (&self));
}
