/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/fake-operations.h"

#include "core/error.h"

/* Operations that note what they are called for.  Policies they really switch; whatever else was
 * asked for the test does itself. */
struct _FakeOperations
{
  GObject parent_instance;
  DispSwitchboard *switchboard; /* (owned) */
  GString *calls;               /* (owned) */
  GTask *waiting;               /* (owned) (nullable) a refresh or reload */
  GError *failure;              /* (owned) (nullable) what the next operation fails with */
};

static void implement_operations (DispOperationsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeOperations, fake_operations, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_OPERATIONS, implement_operations))

static gboolean G_GNUC_PRINTF (3, 4)
    note (DispOperations *operations, GError **error, const char *format, ...)
{
  FakeOperations *self = FAKE_OPERATIONS (operations);
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (self->calls, format, arguments);
  va_end (arguments);
  g_string_append_c (self->calls, '\n');
  if (self->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->failure));
  return FALSE;
}

static gboolean
set_policy (DispOperations *operations, const char *model, const char *policy, GVariant *options,
            GError **error)
{
  FakeOperations *self = FAKE_OPERATIONS (operations);
  g_autofree char *text = options != NULL ? g_variant_print (options, FALSE) : g_strdup ("none");
  g_autoptr (DispPolicySpec) spec = NULL;

  if (!note (operations, error, "set policy of %s: %s %s", model != NULL ? model : "all", policy,
             text))
    return FALSE;
  spec = disp_policy_spec_new (policy, options, error);
  if (spec == NULL)
    return FALSE;
  disp_switchboard_set_policy (self->switchboard, model, spec);
  return TRUE;
}

static gboolean
reset_policy (DispOperations *operations, const char *model, GError **error)
{
  if (!note (operations, error, "reset policy of %s", model != NULL ? model : "all"))
    return FALSE;
  disp_switchboard_set_policy (FAKE_OPERATIONS (operations)->switchboard, model, NULL);
  return TRUE;
}

static gboolean
set_shadow (DispOperations *operations, const char *policy, GVariant *options, GError **error)
{
  FakeOperations *self = FAKE_OPERATIONS (operations);
  g_autofree char *text = options != NULL ? g_variant_print (options, FALSE) : g_strdup ("none");
  g_autoptr (DispPolicies) old = disp_switchboard_ref_policies (self->switchboard);
  g_autoptr (DispPolicies) policies = NULL;
  g_autoptr (DispPolicySpec) spec = NULL;

  if (!note (operations, error, "set shadow: %s %s", policy != NULL ? policy : "none", text))
    return FALSE;
  if (policy != NULL)
    {
      spec = disp_policy_spec_new (policy, options, error);
      if (spec == NULL)
        return FALSE;
    }
  policies = disp_policies_set_shadow (old, spec);
  disp_switchboard_set_policies (self->switchboard, policies);
  return TRUE;
}

static gboolean
set_quota (DispOperations *operations, const DispContainer *container, double quota, GError **error)
{
  return note (operations, error, "set quota of %s: %g", container->name, quota);
}

static gboolean
reset_quota (DispOperations *operations, const DispContainer *container, GError **error)
{
  return note (operations, error, "reset quota of %s", container->name);
}

static gboolean
set_drained (DispOperations *operations, const DispContainer *container, gboolean is_drained,
             GError **error)
{
  return note (operations, error, "%s %s", is_drained ? "drain" : "resume", container->name);
}

static gboolean
reset (DispOperations *operations, GError **error)
{
  return note (operations, error, "reset");
}

static void
begin (DispOperations *operations, const char *what, GAsyncReadyCallback callback,
       gpointer user_data)
{
  FakeOperations *self = FAKE_OPERATIONS (operations);

  g_assert_null (self->waiting);
  g_string_append_printf (self->calls, "%s\n", what);
  self->waiting = g_task_new (self, NULL, callback, user_data);
}

static void
refresh_async (DispOperations *operations, GAsyncReadyCallback callback, gpointer user_data)
{
  begin (operations, "refresh", callback, user_data);
}

static void
reload_async (DispOperations *operations, GAsyncReadyCallback callback, gpointer user_data)
{
  begin (operations, "reload", callback, user_data);
}

static gboolean
finish (G_GNUC_UNUSED DispOperations *operations, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
stop (DispOperations *operations)
{
  note (operations, NULL, "stop");
}

static void
implement_operations (DispOperationsInterface *iface)
{
  iface->set_policy = set_policy;
  iface->reset_policy = reset_policy;
  iface->set_shadow = set_shadow;
  iface->set_quota = set_quota;
  iface->reset_quota = reset_quota;
  iface->set_drained = set_drained;
  iface->reset = reset;
  iface->refresh_async = refresh_async;
  iface->refresh_finish = finish;
  iface->reload_async = reload_async;
  iface->reload_finish = finish;
  iface->stop = stop;
}

static void
fake_operations_finalize (GObject *object)
{
  FakeOperations *self = FAKE_OPERATIONS (object);

  g_assert_null (self->waiting);
  g_object_unref (self->switchboard);
  g_string_free (self->calls, TRUE);
  g_clear_error (&self->failure);
  G_OBJECT_CLASS (fake_operations_parent_class)->finalize (object);
}

static void
fake_operations_class_init (FakeOperationsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_operations_finalize;
}

static void
fake_operations_init (FakeOperations *self)
{
  self->calls = g_string_new (NULL);
}

/**
 * fake_operations_new:
 * @switchboard: whose policy is switched
 *
 * Returns: (transfer full): operations
 */
FakeOperations *
fake_operations_new (DispSwitchboard *switchboard)
{
  FakeOperations *self = g_object_new (TYPE_FAKE_OPERATIONS, NULL);

  self->switchboard = g_object_ref (switchboard);
  return self;
}

/**
 * fake_operations_take_calls:
 * @self: the operations
 *
 * Returns: (transfer full): what was called since the last time, a line each
 */
char *
fake_operations_take_calls (FakeOperations *self)
{
  char *calls = g_strdup (self->calls->str);

  g_string_truncate (self->calls, 0);
  return calls;
}

/**
 * fake_operations_fail:
 * @self: the operations
 * @code: a #DispError
 * @message: why
 *
 * Has the next operation fail, or the refresh or reload that waits.
 */
void
fake_operations_fail (FakeOperations *self, int code, const char *message)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->waiting);

  if (task != NULL)
    g_task_return_new_error (task, DISP_ERROR, code, "%s", message);
  else
    self->failure = g_error_new_literal (DISP_ERROR, code, message);
}

/**
 * fake_operations_finish:
 * @self: the operations
 *
 * Has the refresh or reload that waits succeed.
 */
void
fake_operations_finish (FakeOperations *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->waiting);

  g_assert_nonnull (task);
  g_task_return_boolean (task, TRUE);
}
