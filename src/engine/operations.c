/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/operations.h"

G_DEFINE_INTERFACE (DispOperations, disp_operations, G_TYPE_OBJECT)

static void
disp_operations_default_init (G_GNUC_UNUSED DispOperationsInterface *iface)
{
}

/**
 * disp_operations_set_policy:
 * @self: the operations
 * @model: (nullable): the model that gets a policy of its own; %NULL = all that have none
 * @policy: the name of a policy
 * @options: (type a{sv}) (nullable): its options, floating or not
 * @error: %DISP_ERROR_UNKNOWN_POLICY, %DISP_ERROR_UNKNOWN_MODEL, %DISP_ERROR_INVALID_VALUE if the
 *   options are wrong or name what the fleet does not have, %DISP_ERROR_FAILED if it could not be
 *   kept
 *
 * Switches a policy, for all workers at once, each between two requests.
 *
 * Returns: whether it is in force, and kept
 */
gboolean
disp_operations_set_policy (DispOperations *self, const char *model, const char *policy,
                            GVariant *options, GError **error)
{
  return DISP_OPERATIONS_GET_IFACE (self)->set_policy (self, model, policy, options, error);
}

/**
 * disp_operations_reset_policy:
 * @self: the operations
 * @model: (nullable): the model that gets the policy of all again; %NULL = those get the one that
 *   the configuration says
 * @error: as of disp_operations_set_policy()
 *
 * Returns: whether that is in force, and kept
 */
gboolean
disp_operations_reset_policy (DispOperations *self, const char *model, GError **error)
{
  return DISP_OPERATIONS_GET_IFACE (self)->reset_policy (self, model, error);
}

/**
 * disp_operations_set_shadow:
 * @self: the operations
 * @policy: (nullable): the name of a policy; %NULL = none
 * @options: (type a{sv}) (nullable): its options, floating or not
 * @error: as of disp_operations_set_policy()
 *
 * Has a policy decide beside those of all models, without effect, or none.
 *
 * Returns: whether that is in force, and kept
 */
gboolean
disp_operations_set_shadow (DispOperations *self, const char *policy, GVariant *options,
                            GError **error)
{
  return DISP_OPERATIONS_GET_IFACE (self)->set_shadow (self, policy, options, error);
}

/**
 * disp_operations_set_quota:
 * @self: the operations
 * @container: a container of the fleet in force
 * @quota: its quota from now on, until it is reset or the source of the fleet says another than now
 * @error: %DISP_ERROR_UNKNOWN_CONTAINER, %DISP_ERROR_INVALID_VALUE, %DISP_ERROR_FAILED if it could
 *   not be kept
 *
 * Returns: whether it is in force, and kept
 */
gboolean
disp_operations_set_quota (DispOperations *self, const DispContainer *container, double quota,
                           GError **error)
{
  return DISP_OPERATIONS_GET_IFACE (self)->set_quota (self, container, quota, error);
}

/**
 * disp_operations_reset_quota:
 * @self: the operations
 * @container: a container of the fleet in force
 * @error: as of disp_operations_set_quota()
 *
 * Lets the source of the fleet say the quota again.
 *
 * Returns: whether that is in force, and kept
 */
gboolean
disp_operations_reset_quota (DispOperations *self, const DispContainer *container, GError **error)
{
  return DISP_OPERATIONS_GET_IFACE (self)->reset_quota (self, container, error);
}

/**
 * disp_operations_set_drained:
 * @self: the operations
 * @container: a container of the fleet in force
 * @is_drained: whether it gets no new requests
 * @error: as of disp_operations_set_quota()
 *
 * Returns: whether that is in force, and kept
 */
gboolean
disp_operations_set_drained (DispOperations *self, const DispContainer *container,
                             gboolean is_drained, GError **error)
{
  return DISP_OPERATIONS_GET_IFACE (self)->set_drained (self, container, is_drained, error);
}

/**
 * disp_operations_reset:
 * @self: the operations
 * @error: %DISP_ERROR_FAILED if what is forgotten could not be written
 *
 * Forgets all policies, quotas and drains that were set while a daemon ran.
 *
 * Returns: whether that is done
 */
gboolean
disp_operations_reset (DispOperations *self, GError **error)
{
  return DISP_OPERATIONS_GET_IFACE (self)->reset (self, error);
}

/**
 * disp_operations_refresh_async:
 * @self: the operations
 * @callback: called on the thread-default context, exactly once, never from inside this call
 * @user_data: for @callback
 *
 * Has the fleet read again.  Keeps @self alive until @callback.
 */
void
disp_operations_refresh_async (DispOperations *self, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  DISP_OPERATIONS_GET_IFACE (self)->refresh_async (self, callback, user_data);
}

/**
 * disp_operations_refresh_finish:
 * @self: the operations
 * @result: what the callback was given
 * @error: why the fleet could not be read; the last good one stays
 *
 * Returns: whether a fleet that was read after the call is in force
 */
gboolean
disp_operations_refresh_finish (DispOperations *self, GAsyncResult *result, GError **error)
{
  return DISP_OPERATIONS_GET_IFACE (self)->refresh_finish (self, result, error);
}

/**
 * disp_operations_reload_async:
 * @self: the operations
 * @callback: called on the thread-default context, exactly once, never from inside this call
 * @user_data: for @callback
 *
 * Has the configuration and the fleet read again: both come into force, or neither.  Keeps @self
 * alive until @callback.
 */
void
disp_operations_reload_async (DispOperations *self, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  DISP_OPERATIONS_GET_IFACE (self)->reload_async (self, callback, user_data);
}

/**
 * disp_operations_reload_finish:
 * @self: the operations
 * @result: what the callback was given
 * @error: %DISP_ERROR_INVALID_CONFIG, or why the fleet could not be read; nothing has changed
 *
 * Returns: whether both are in force
 */
gboolean
disp_operations_reload_finish (DispOperations *self, GAsyncResult *result, GError **error)
{
  return DISP_OPERATIONS_GET_IFACE (self)->reload_finish (self, result, error);
}

/**
 * disp_operations_stop:
 * @self: the operations
 *
 * Stops the daemon as SIGTERM does, after this call.
 */
void
disp_operations_stop (DispOperations *self)
{
  DISP_OPERATIONS_GET_IFACE (self)->stop (self);
}
