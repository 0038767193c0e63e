/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/authority.h"

#include "control/private-bus.h"
#include "core/error.h"

#include <unistd.h>

#define PATH "/org/example/Door1"
#define INTERFACE "org.example.Door1"
#define NOBODY 65534
#define POLKIT "org.freedesktop.PolicyKit1"

/* An object whose one method asks the authority, a client that calls it, and perhaps a polkit. */
typedef struct
{
  PrivateBus bus;
  GDBusConnection *server;  /* (owned) */
  GDBusConnection *client;  /* (owned) */
  GDBusConnection *polkit;  /* (owned) (nullable) */
  DispAuthority *authority; /* (owned) */
  guint n_answers;
  GVariant *asked;                /* (owned) (nullable) what polkit was asked last */
  GDBusMethodInvocation *pending; /* (nullable) what it has not answered */
  gboolean is_slow;               /* whether polkit waits for the test */
  gboolean is_authorized;
  gboolean is_challenge;
} Fixture;

static const char door_xml[] = "<node><interface name='" INTERFACE
                               "'><method name='Open'/></interface></node>";
static const char polkit_xml[]
    = "<node><interface name='" POLKIT ".Authority'><method name='CheckAuthorization'>"
      "<arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/>"
      "<arg type='a{ss}' direction='in'/><arg type='u' direction='in'/>"
      "<arg type='s' direction='in'/><arg type='(bba{ss})' direction='out'/>"
      "</method></interface></node>";

static void
on_checked (GObject *authority, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  Fixture *fixture = g_dbus_method_invocation_get_user_data (invocation);
  g_autoptr (GError) error = NULL;

  fixture->n_answers++;
  if (disp_authority_check_finish (DISP_AUTHORITY (authority), result, &error))
    {
      g_dbus_method_invocation_return_value (invocation, NULL);
      return;
    }
  g_assert_error (error, DISP_ERROR, DISP_ERROR_NOT_AUTHORIZED);
  g_dbus_method_invocation_return_dbus_error (invocation, "org.example.Refused", error->message);
}

static void
open_door (G_GNUC_UNUSED GDBusConnection *connection, G_GNUC_UNUSED const char *sender,
           G_GNUC_UNUSED const char *path, G_GNUC_UNUSED const char *interface,
           G_GNUC_UNUSED const char *method, G_GNUC_UNUSED GVariant *parameters,
           GDBusMethodInvocation *invocation, gpointer user_data)
{
  Fixture *fixture = user_data;

  disp_authority_check_async (fixture->authority, invocation, on_checked, invocation);
}

static void
answer_polkit (Fixture *fixture, GDBusMethodInvocation *invocation)
{
  g_dbus_method_invocation_return_value (
      invocation,
      g_variant_new ("((bba{ss}))", fixture->is_authorized, fixture->is_challenge, NULL));
}

static void
check_authorization (G_GNUC_UNUSED GDBusConnection *connection, G_GNUC_UNUSED const char *sender,
                     G_GNUC_UNUSED const char *path, G_GNUC_UNUSED const char *interface,
                     G_GNUC_UNUSED const char *method, GVariant *parameters,
                     GDBusMethodInvocation *invocation, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_clear_pointer (&fixture->asked, g_variant_unref);
  fixture->asked = g_variant_ref (parameters);
  if (fixture->is_slow)
    fixture->pending = invocation;
  else
    answer_polkit (fixture, invocation);
}

static const GDBusInterfaceVTable door_vtable = { .method_call = open_door };
static const GDBusInterfaceVTable polkit_vtable = { .method_call = check_authorization };

static void
export_object (Fixture *fixture, GDBusConnection *connection, const char *path, const char *xml,
               const GDBusInterfaceVTable *vtable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, &error);

  g_assert_no_error (error);
  g_dbus_connection_register_object (connection, path, node->interfaces[0], vtable, fixture, NULL,
                                     &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  private_bus_init (&fixture->bus);
  fixture->server = private_bus_join (&fixture->bus);
  export_object (fixture, fixture->server, PATH, door_xml, &door_vtable);
}

static void
start_polkit (Fixture *fixture)
{
  g_autoptr (GVariant) reply = NULL;

  fixture->polkit = private_bus_join (&fixture->bus);
  export_object (fixture, fixture->polkit, "/org/freedesktop/PolicyKit1/Authority", polkit_xml,
                 &polkit_vtable);
  reply = bus_call (fixture->polkit, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                    "org.freedesktop.DBus.RequestName", g_variant_new ("(su)", POLKIT, 0), NULL);
  g_assert_nonnull (reply);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  if (fixture->client != NULL)
    private_bus_leave (fixture->client);
  if (fixture->polkit != NULL)
    private_bus_leave (fixture->polkit);
  private_bus_leave (fixture->server);
  g_clear_pointer (&fixture->asked, g_variant_unref);
  g_assert_finalize_object (fixture->authority);
  private_bus_clear (&fixture->bus);
}

/* Only root can become somebody else. */
static gboolean
join_as_nobody (Fixture *fixture)
{
  if (geteuid () != 0)
    {
      g_test_skip ("only root can join a bus as another user");
      return FALSE;
    }
  fixture->client = private_bus_join_as (&fixture->bus, NOBODY);
  return TRUE;
}

static GVariant *
call (Fixture *fixture, GError **error)
{
  return bus_call (fixture->client, g_dbus_connection_get_unique_name (fixture->server), PATH,
                   INTERFACE ".Open", NULL, error);
}

static void
assert_permitted (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  G_GNUC_UNUSED g_autoptr (GVariant) reply = call (fixture, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (fixture->n_answers, ==, 1);
}

static void
assert_refused (Fixture *fixture, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = call (fixture, &error);

  bus_assert_error (reply, error, "org.example.Refused", "root and the user of dispatcherd");
  bus_assert_error (reply, error, "org.example.Refused", words);
  g_assert_cmpuint (fixture->n_answers, ==, 1);
}

static void
test_owner (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  fixture->authority = disp_authority_new (getuid (), FALSE);
  fixture->client = private_bus_join (&fixture->bus);
  assert_permitted (fixture);
}

static void
test_other_owner (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  fixture->authority = disp_authority_new (NOBODY, FALSE);
  if (join_as_nobody (fixture))
    assert_permitted (fixture);
}

static void
test_root (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  fixture->authority = disp_authority_new (NOBODY, TRUE);
  start_polkit (fixture);
  fixture->client = private_bus_join (&fixture->bus);
  if (geteuid () == 0)
    assert_permitted (fixture);
  else
    assert_refused (fixture, "polkit does not allow");
  g_assert_true (geteuid () != 0 || fixture->asked == NULL);
}

static void
test_stranger (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  fixture->authority = disp_authority_new (getuid (), FALSE);
  if (!join_as_nobody (fixture))
    return;
  start_polkit (fixture);
  fixture->is_authorized = TRUE;
  assert_refused (fixture, "on this bus, others may not");
  g_assert_null (fixture->asked);
}

static void
test_no_polkit (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  fixture->authority = disp_authority_new (getuid (), TRUE);
  if (join_as_nobody (fixture))
    assert_refused (fixture, "polkit, which could allow it to others, is not there");
}

static void
test_polkit_allows (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *expected = NULL;
  g_autofree char *asked = NULL;

  fixture->authority = disp_authority_new (getuid (), TRUE);
  if (!join_as_nobody (fixture))
    return;
  start_polkit (fixture);
  fixture->is_authorized = TRUE;
  assert_permitted (fixture);
  expected = g_strdup_printf (
      "(('system-bus-name', {'name': <'%s'>}), 'org.dispatcherd.manage', {}, "
      "0, '')",
      g_dbus_connection_get_unique_name (fixture->client));
  asked = g_variant_print (fixture->asked, FALSE);
  g_assert_cmpstr (asked, ==, expected);
}

static void
test_polkit_refuses (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  fixture->authority = disp_authority_new (getuid (), TRUE);
  if (!join_as_nobody (fixture))
    return;
  start_polkit (fixture);
  assert_refused (fixture, "polkit does not allow org.dispatcherd.manage");
}

static void
test_polkit_would_ask (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  fixture->authority = disp_authority_new (getuid (), TRUE);
  if (!join_as_nobody (fixture))
    return;
  start_polkit (fixture);
  fixture->is_challenge = TRUE;
  assert_refused (fixture, "the call does not allow interactive authorization");
}

static void
keep_reply (G_GNUC_UNUSED GObject *connection, GAsyncResult *result, gpointer reply)
{
  *(GAsyncResult **) reply = g_object_ref (result);
}

static void
test_interactive (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;
  guint flags = 0;

  fixture->authority = disp_authority_new (getuid (), TRUE);
  if (!join_as_nobody (fixture))
    return;
  start_polkit (fixture);
  fixture->is_slow = TRUE;
  g_dbus_connection_call (
      fixture->client, g_dbus_connection_get_unique_name (fixture->server), PATH, INTERFACE, "Open",
      NULL, NULL, G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, -1, NULL, keep_reply, &result);
  spin_until (fixture->pending != NULL);
  g_variant_get_child (fixture->asked, 3, "u", &flags);
  g_assert_cmpuint (flags, ==, 1);
  g_assert_null (result);
  fixture->is_authorized = TRUE;
  answer_polkit (fixture, g_steal_pointer (&fixture->pending));
  spin_until (result != NULL);
  reply = g_dbus_connection_call_finish (fixture->client, result, &error);
  g_assert_no_error (error);
}

/* Nothing is lost but the answer. */
static void
test_caller_leaves (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  fixture->authority = disp_authority_new (getuid (), TRUE);
  if (!join_as_nobody (fixture))
    return;
  start_polkit (fixture);
  fixture->is_slow = TRUE;
  g_dbus_connection_call (fixture->client, g_dbus_connection_get_unique_name (fixture->server),
                          PATH, INTERFACE, "Open", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          NULL, NULL);
  spin_until (fixture->pending != NULL);
  private_bus_leave (g_steal_pointer (&fixture->client));
  g_assert_cmpuint (fixture->n_answers, ==, 0);
  answer_polkit (fixture, g_steal_pointer (&fixture->pending));
  spin_until (fixture->n_answers == 1);
}

static void
test_polkit_dies (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  fixture->authority = disp_authority_new (getuid (), TRUE);
  if (!join_as_nobody (fixture))
    return;
  start_polkit (fixture);
  fixture->is_slow = TRUE;
  g_dbus_connection_call (fixture->client, g_dbus_connection_get_unique_name (fixture->server),
                          PATH, INTERFACE, "Open", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          NULL, NULL);
  spin_until (fixture->pending != NULL);
  g_clear_object (&fixture->pending);
  private_bus_leave (g_steal_pointer (&fixture->polkit));
  spin_until (fixture->n_answers == 1);
  fixture->n_answers = 0;
  assert_refused (fixture, "polkit, which could allow it to others, is not there");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/control/authority/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("owner", test_owner);
  ADD ("other-owner", test_other_owner);
  ADD ("root", test_root);
  ADD ("stranger", test_stranger);
  ADD ("no-polkit", test_no_polkit);
  ADD ("polkit-allows", test_polkit_allows);
  ADD ("polkit-refuses", test_polkit_refuses);
  ADD ("polkit-would-ask", test_polkit_would_ask);
  ADD ("interactive", test_interactive);
  ADD ("caller-leaves", test_caller_leaves);
  ADD ("polkit-dies", test_polkit_dies);
  return g_test_run ();
}
