/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/gate.h"

#include "core/error.h"
#include "core/event.h"

/* Where calls that change something wait until it is known whether they may.  Its signal "changed"
 * comes after each that did, before its answer. */
struct _DispGate
{
  GObject parent_instance;
  DispAuthority *authority;     /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
};

/* A call that waits. */
typedef struct
{
  DispGate *gate;                    /* (owned) */
  GObject *object;                   /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) (nullable) until it is handed on */
  DispGatedChange change;            /* (nullable) */
  DispGatedStart start;              /* (nullable) unless change is */
} Caller;

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (DispGate, disp_gate, G_TYPE_OBJECT)

static void
disp_gate_finalize (GObject *object)
{
  DispGate *self = DISP_GATE (object);

  g_object_unref (self->authority);
  g_object_unref (self->switchboard);
  G_OBJECT_CLASS (disp_gate_parent_class)->finalize (object);
}

static void
disp_gate_class_init (DispGateClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_gate_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", DISP_TYPE_GATE, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

static void
disp_gate_init (G_GNUC_UNUSED DispGate *self)
{
}

/**
 * disp_gate_new:
 * @authority: decides who may pass
 * @switchboard: when it says that the daemon is stopping, nobody passes any more
 *
 * Returns: (transfer full): a gate
 */
DispGate *
disp_gate_new (DispAuthority *authority, DispSwitchboard *switchboard)
{
  DispGate *self = g_object_new (DISP_TYPE_GATE, NULL);

  self->authority = g_object_ref (authority);
  self->switchboard = g_object_ref (switchboard);
  return self;
}

/**
 * disp_gate_fail:
 * @invocation: (transfer full): a call
 * @error: why it fails
 *
 * Answers with an error of the bus: of ours by its own name, of others as a failure.
 */
void
disp_gate_fail (GDBusMethodInvocation *invocation, const GError *error)
{
  int code = error->domain == DISP_ERROR ? error->code : DISP_ERROR_FAILED;
  /* It may name a file, whose name may be anything. */
  g_autofree char *message = g_utf8_make_valid (error->message, -1);

  g_dbus_method_invocation_return_dbus_error (invocation, disp_error_bus_name (code), message);
}

/**
 * disp_gate_answer:
 * @self: the gate
 * @invocation: (transfer full): a call that changes something
 * @error: (nullable): why it did not
 *
 * Answers the call, if it did change something after those who have to know of it.
 */
void
disp_gate_answer (DispGate *self, GDBusMethodInvocation *invocation, const GError *error)
{
  if (error != NULL)
    {
      disp_gate_fail (invocation, error);
      return;
    }
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
pass (Caller *caller)
{
  GDBusMethodInvocation *invocation = g_steal_pointer (&caller->invocation);
  g_autoptr (GError) error = NULL;

  if (disp_switchboard_get_status (caller->gate->switchboard, NULL) == DISP_STATUS_DRAINING)
    {
      error = g_error_new_literal (DISP_ERROR, DISP_ERROR_DRAINING, "the daemon is stopping");
      disp_gate_fail (invocation, error);
      return;
    }
  if (caller->start != NULL)
    {
      caller->start (caller->object, invocation);
      return;
    }
  caller->change (caller->object, g_dbus_method_invocation_get_parameters (invocation), &error);
  disp_gate_answer (caller->gate, invocation, error);
}

/* What somebody else may not do is no fault of ours, but an operator may wonder why it did not
 * work. */
static void
tell_denied (GDBusMethodInvocation *invocation, const GError *error)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);

  disp_event_log (
      DISP_EVENT_CHANGE_DENIED,
      &(DispEventFields){ .caller = sender != NULL ? sender : "a peer", .reason = error->message },
      "%s may not call %s of %s: %s", sender != NULL ? sender : "a peer",
      g_dbus_method_invocation_get_method_name (invocation),
      g_dbus_method_invocation_get_object_path (invocation), error->message);
}

static void
on_checked (GObject *authority, GAsyncResult *result, gpointer user_data)
{
  Caller *caller = user_data;
  g_autoptr (GError) error = NULL;

  if (disp_authority_check_finish (DISP_AUTHORITY (authority), result, &error))
    pass (caller);
  else
    {
      tell_denied (caller->invocation, error);
      disp_gate_fail (g_steal_pointer (&caller->invocation), error);
    }
  g_object_unref (caller->object);
  g_object_unref (caller->gate);
  g_free (caller);
}

static void
wait_for_verdict (DispGate *self, const Caller *caller)
{
  Caller *copy = g_memdup2 (caller, sizeof *caller);

  g_object_ref (copy->gate);
  g_object_ref (copy->object);
  disp_authority_check_async (self->authority, copy->invocation, on_checked, copy);
}

/**
 * disp_gate_change:
 * @self: the gate
 * @object: the object that was called; kept until the call was answered
 * @invocation: (transfer full): the call, which has no result but that it is done
 * @change: does what it asks for
 *
 * Does that and answers when it is known that the caller may.
 */
void
disp_gate_change (DispGate *self, gpointer object, GDBusMethodInvocation *invocation,
                  DispGatedChange change)
{
  wait_for_verdict (self, &(Caller){ self, object, invocation, change, NULL });
}

/**
 * disp_gate_start:
 * @self: the gate
 * @object: the object that was called; kept until @start returned
 * @invocation: (transfer full): the call
 * @start: begins what it asks for, and answers it in the end, mostly by disp_gate_answer()
 *
 * As disp_gate_change(), for what takes longer.
 */
void
disp_gate_start (DispGate *self, gpointer object, GDBusMethodInvocation *invocation,
                 DispGatedStart start)
{
  wait_for_verdict (self, &(Caller){ self, object, invocation, NULL, start });
}
