/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/authority.h"

#include "core/error.h"

/* polkit's CheckAuthorizationFlags: it may ask the user for a password. */
#define ALLOW_USER_INTERACTION 1

/*
 * Who may change what the daemon does: root, the user of the daemon, and on a bus with polkit whom
 * polkit lets.  polkit is asked over the connection that the call came by, by its documented
 * interface rather than its library, which keeps a connection of its own that would end the daemon
 * together with the bus.
 */
struct _DispAuthority
{
  GObject parent_instance;
  uid_t owner;
  gboolean asks_polkit;
};

G_DEFINE_FINAL_TYPE (DispAuthority, disp_authority, G_TYPE_OBJECT)

static void
disp_authority_class_init (G_GNUC_UNUSED DispAuthorityClass *klass)
{
}

static void
disp_authority_init (G_GNUC_UNUSED DispAuthority *self)
{
}

/**
 * disp_authority_new:
 * @owner: the user that the daemon runs as
 * @asks_polkit: whether polkit decides about others, which it only can on the system bus
 *
 * Returns: (transfer full): an authority
 */
DispAuthority *
disp_authority_new (uid_t owner, gboolean asks_polkit)
{
  DispAuthority *self = g_object_new (DISP_TYPE_AUTHORITY, NULL);

  self->owner = owner;
  self->asks_polkit = asks_polkit;
  return self;
}

static void
refuse (GTask *task, const char *why)
{
  const DispAuthority *self = g_task_get_source_object (task);

  g_task_return_new_error (task, DISP_ERROR, DISP_ERROR_NOT_AUTHORIZED,
                           "not authorized: root and the user of dispatcherd (user id %u) may "
                           "change what it does; %s",
                           (guint) self->owner, why);
  g_object_unref (task);
}

static void
permit (GTask *task)
{
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static gboolean
may_ask_user (GTask *task)
{
  GDBusMessage *message = g_dbus_method_invocation_get_message (g_task_get_task_data (task));

  return (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)
         != 0;
}

/* Whether an error says that nobody has the name of polkit and nobody can be started for it. */
static gboolean
is_absence (const GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  return name != NULL
         && (g_str_equal (name, "org.freedesktop.DBus.Error.ServiceUnknown")
             || g_str_equal (name, "org.freedesktop.DBus.Error.NameHasNoOwner")
             || g_str_has_prefix (name, "org.freedesktop.DBus.Error.Spawn."));
}

static void
on_verdict (GObject *connection, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (connection),
                                                              result, &error);
  gboolean is_authorized = FALSE;
  gboolean is_challenge = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "((bba{ss}))", &is_authorized, &is_challenge, NULL);
  if (is_authorized)
    permit (task);
  else if (reply == NULL && is_absence (error))
    refuse (task, "polkit, which could allow it to others, is not there");
  else if (reply == NULL)
    {
      g_autofree char *why = NULL;

      g_dbus_error_strip_remote_error (error);
      why = g_strdup_printf ("polkit could not be asked: %s", error->message);
      refuse (task, why);
    }
  else if (is_challenge && !may_ask_user (task))
    refuse (task, "polkit would ask for a password for " DISP_AUTHORITY_ACTION
                  ", but the call does not allow interactive authorization");
  else
    refuse (task, "polkit does not allow " DISP_AUTHORITY_ACTION " to the caller");
}

static void
ask_polkit (GTask *task)
{
  GDBusMethodInvocation *invocation = g_task_get_task_data (task);
  gboolean is_interactive = may_ask_user (task);
  GVariantBuilder subject;

  g_variant_builder_init (&subject, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&subject, "{sv}", "name",
                         g_variant_new_string (g_dbus_method_invocation_get_sender (invocation)));
  /* Who has to type a password takes as long as it takes. */
  g_dbus_connection_call (g_dbus_method_invocation_get_connection (invocation),
                          "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                          "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization",
                          g_variant_new ("((sa{sv})sa{ss}us)", "system-bus-name", &subject,
                                         DISP_AUTHORITY_ACTION, NULL,
                                         is_interactive ? ALLOW_USER_INTERACTION : 0, ""),
                          G_VARIANT_TYPE ("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE,
                          is_interactive ? G_MAXINT : -1, NULL, on_verdict, task);
}

static void
on_user (GObject *connection, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const DispAuthority *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (connection),
                                                              result, &error);
  guint32 user = 0;

  if (reply == NULL)
    {
      g_autofree char *why = NULL;

      g_dbus_error_strip_remote_error (error);
      why = g_strdup_printf ("who asks could not be found out: %s", error->message);
      refuse (task, why);
      return;
    }
  g_variant_get (reply, "(u)", &user);
  if (user == 0 || user == self->owner)
    permit (task);
  else if (self->asks_polkit)
    ask_polkit (task);
  else
    refuse (task, "on this bus, others may not");
}

/**
 * disp_authority_check_async:
 * @self: the authority
 * @invocation: a call that came over a message bus; kept alive until @callback
 * @callback: called on the thread-default context, exactly once, never from inside this call
 * @user_data: for @callback
 *
 * Finds out whether the caller may change what the daemon does.  That can take as long as somebody
 * types a password, if the call allows to ask for one.  Keeps @self alive until @callback, which
 * also comes when the caller leaves the bus meanwhile.
 */
void
disp_authority_check_async (DispAuthority *self, GDBusMethodInvocation *invocation,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, disp_authority_check_async);
  g_task_set_task_data (task, g_object_ref (invocation), g_object_unref);
  g_dbus_connection_call (g_dbus_method_invocation_get_connection (invocation),
                          "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionUnixUser",
                          g_variant_new ("(s)", g_dbus_method_invocation_get_sender (invocation)),
                          G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_user, task);
}

/**
 * disp_authority_check_finish:
 * @self: the authority
 * @result: what the callback was given
 * @error: %DISP_ERROR_NOT_AUTHORIZED, with what would be needed
 *
 * Returns: whether the caller may
 */
gboolean
disp_authority_check_finish (DispAuthority *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
