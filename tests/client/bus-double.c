/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus-interfaces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * bus-double ADDRESS STORE [refuse]: stands on the session bus as the interfaces of dbus/ ask for,
 * with a small fleet, and does what it is told, or refuses to.  What HTTP serves is elsewhere.
 */

#define ROOT "/org/dispatcherd/Dispatcher1"

typedef struct
{
  DispBusDispatcher1 *root;         /* (owned) */
  DispBusModel1 *model;             /* (owned) */
  DispBusContainer1 *containers[3]; /* (owned) */
  GDBusObjectManagerServer *tree;   /* (owned) */
  gboolean refuse;
  guint64 n_requests;
  guint timer; /* 0 = nobody has subscribed */
} Double;

static gboolean
allow (Double *self, GDBusMethodInvocation *invocation)
{
  if (!self->refuse)
    return TRUE;
  g_dbus_method_invocation_return_dbus_error (invocation, "org.dispatcherd.Error.NotAuthorized",
                                              "you may not change anything");
  return FALSE;
}

static gboolean
on_set_policy (DispBusDispatcher1 *root, GDBusMethodInvocation *invocation, const char *policy,
               GVariant *options, gpointer user_data)
{
  if (!allow (user_data, invocation))
    return TRUE;
  disp_bus_dispatcher1_set_policy (root, policy);
  disp_bus_dispatcher1_set_policy_options (root, options);
  disp_bus_dispatcher1_complete_set_policy (root, invocation);
  return TRUE;
}

static gboolean
on_set_model_policy (DispBusModel1 *model, GDBusMethodInvocation *invocation, const char *policy,
                     GVariant *options, gpointer user_data)
{
  if (!allow (user_data, invocation))
    return TRUE;
  disp_bus_model1_set_policy (model, policy);
  disp_bus_model1_set_policy_options (model, options);
  disp_bus_model1_set_own_policy (model, TRUE);
  disp_bus_model1_complete_set_policy (model, invocation);
  return TRUE;
}

static gboolean
on_reset_policy (DispBusModel1 *model, GDBusMethodInvocation *invocation, gpointer user_data)
{
  Double *self = user_data;

  disp_bus_model1_set_policy (model, disp_bus_dispatcher1_get_policy (self->root));
  disp_bus_model1_set_own_policy (model, FALSE);
  disp_bus_model1_complete_reset_policy (model, invocation);
  return TRUE;
}

static gboolean
on_refresh (DispBusDispatcher1 *root, GDBusMethodInvocation *invocation, gpointer user_data)
{
  if (allow (user_data, invocation))
    disp_bus_dispatcher1_complete_refresh (root, invocation);
  return TRUE;
}

static gboolean
on_reload (G_GNUC_UNUSED DispBusDispatcher1 *root, GDBusMethodInvocation *invocation,
           gpointer user_data)
{
  if (allow (user_data, invocation))
    g_dbus_method_invocation_return_dbus_error (invocation, "org.dispatcherd.Error.InvalidConfig",
                                                "[server] port: there is no such key");
  return TRUE;
}

static gboolean
on_reset (DispBusDispatcher1 *root, GDBusMethodInvocation *invocation, gpointer user_data)
{
  if (!allow (user_data, invocation))
    return TRUE;
  disp_bus_dispatcher1_set_policy (root, disp_bus_dispatcher1_get_configured_policy (root));
  disp_bus_dispatcher1_complete_reset (root, invocation);
  return TRUE;
}

static gboolean
on_explain (DispBusDispatcher1 *root, GDBusMethodInvocation *invocation,
            G_GNUC_UNUSED const char *model, gpointer user_data)
{
  Double *self = user_data;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < G_N_ELEMENTS (self->containers); i++)
    {
      DispBusContainer1 *container = self->containers[i];
      gboolean eligible = disp_bus_container1_get_eligible (container);

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add_parsed (&builder, "{'container', <%s>}",
                                    disp_bus_container1_get_name (container));
      g_variant_builder_add_parsed (&builder, "{'version', <@x 1>}");
      g_variant_builder_add_parsed (&builder, "{'eligible', <%b>}", eligible);
      g_variant_builder_add_parsed (&builder, "{'reason', <%s>}", eligible ? "" : "drained");
      g_variant_builder_add_parsed (&builder, "{'chance', <%d>}", eligible ? 0.5 : 0.0);
      g_variant_builder_add_parsed (
          &builder, "{'path', <%o>}",
          g_dbus_interface_skeleton_get_object_path (G_DBUS_INTERFACE_SKELETON (container)));
      g_variant_builder_close (&builder);
    }
  disp_bus_dispatcher1_complete_explain (root, invocation, disp_bus_dispatcher1_get_policy (root),
                                         g_variant_builder_end (&builder));
  return TRUE;
}

/* Ten requests more each time. */
static GVariant *
make_statistics (Double *self)
{
  GVariantBuilder containers;

  self->n_requests += 10;
  g_variant_builder_init (&containers, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < G_N_ELEMENTS (self->containers); i++)
    g_variant_builder_add_value (
        &containers,
        g_variant_new_parsed (
            "{'path': <%o>, 'container': <%s>, 'requests': <%t>, 'in-flight': <@u 1>, 'quota': "
            "<%d>, 'eligible': <%b>, 'latencies': <[(@t 2000, %t)]>}",
            g_dbus_interface_skeleton_get_object_path (
                G_DBUS_INTERFACE_SKELETON (self->containers[i])),
            disp_bus_container1_get_name (self->containers[i]), self->n_requests,
            disp_bus_container1_get_quota (self->containers[i]),
            disp_bus_container1_get_eligible (self->containers[i]), self->n_requests));
  return g_variant_new_parsed (
      "{'time': <%t>, 'uptime': <%t>, 'requests': <%t>, 'succeeded': <%t>, 'in-flight': <@u 3>, "
      "'latencies': <[(@t 2000, %t)]>, 'containers': <%@aa{sv}>}",
      (guint64) g_get_monotonic_time (), (guint64) g_get_monotonic_time (), self->n_requests,
      self->n_requests, self->n_requests, g_variant_builder_end (&containers));
}

static gboolean
on_get_statistics (DispBusDispatcher1 *root, GDBusMethodInvocation *invocation, gpointer user_data)
{
  disp_bus_dispatcher1_complete_get_statistics (root, invocation, make_statistics (user_data));
  return TRUE;
}

static gboolean
on_timer (gpointer user_data)
{
  Double *self = user_data;

  disp_bus_dispatcher1_emit_statistics (self->root, make_statistics (self));
  return G_SOURCE_CONTINUE;
}

static gboolean
on_subscribe (DispBusDispatcher1 *root, GDBusMethodInvocation *invocation, guint64 interval,
              gpointer user_data)
{
  Double *self = user_data;

  disp_bus_dispatcher1_complete_subscribe (root, invocation);
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add ((guint) (interval / 1000), on_timer, self);
  on_timer (self);
  return TRUE;
}

static gboolean
on_drain (DispBusContainer1 *container, GDBusMethodInvocation *invocation, gpointer user_data)
{
  if (!allow (user_data, invocation))
    return TRUE;
  disp_bus_container1_set_drained (container, TRUE);
  disp_bus_container1_set_eligible (container, FALSE);
  disp_bus_container1_complete_drain (container, invocation);
  return TRUE;
}

static gboolean
on_resume (DispBusContainer1 *container, GDBusMethodInvocation *invocation, gpointer user_data)
{
  if (!allow (user_data, invocation))
    return TRUE;
  disp_bus_container1_set_drained (container, FALSE);
  disp_bus_container1_set_eligible (container, TRUE);
  disp_bus_container1_complete_resume (container, invocation);
  return TRUE;
}

static gboolean
on_reset_quota (DispBusContainer1 *container, GDBusMethodInvocation *invocation, gpointer user_data)
{
  if (!allow (user_data, invocation))
    return TRUE;
  disp_bus_container1_set_quota (container, disp_bus_container1_get_source_quota (container));
  disp_bus_container1_complete_reset_quota (container, invocation);
  return TRUE;
}

static void
on_quota (GObject *container, G_GNUC_UNUSED GParamSpec *property, G_GNUC_UNUSED gpointer user_data)
{
  DispBusContainer1 *self = DISP_BUS_CONTAINER1 (container);

  disp_bus_container1_set_own_quota (self, disp_bus_container1_get_quota (self)
                                               != disp_bus_container1_get_source_quota (self));
}

static void
export_object (Double *self, const char *path, gpointer interface)
{
  g_autoptr (GDBusObjectSkeleton) object = g_dbus_object_skeleton_new (path);

  g_dbus_object_skeleton_add_interface (object, interface);
  g_dbus_object_manager_server_export (self->tree, object);
}

static void
add_container (Double *self, guint i, const char *name, const char *path, const char *endpoint)
{
  DispBusContainer1 *container = disp_bus_container1_skeleton_new ();

  g_object_set (container, "name", name, "endpoint", endpoint, "node", "127.0.0.1", "device", "gpu",
                "models", g_variant_new_parsed ("[('all', @x 0)]"), "source-quota", 5.0, "quota",
                5.0, "active", TRUE, "healthy", TRUE, "eligible", TRUE, "id", i == 0 ? "id-0" : "",
                NULL);
  g_signal_connect (container, "handle-drain", G_CALLBACK (on_drain), self);
  g_signal_connect (container, "handle-resume", G_CALLBACK (on_resume), self);
  g_signal_connect (container, "handle-reset-quota", G_CALLBACK (on_reset_quota), self);
  g_signal_connect (container, "notify::quota", G_CALLBACK (on_quota), self);
  self->containers[i] = container;
  export_object (self, path, container);
}

static void
add_model (Double *self)
{
  const char *const paths[] = { ROOT "/container/gpu_2d0", ROOT "/container/x_401", NULL };

  self->model = disp_bus_model1_skeleton_new ();
  g_object_set (self->model, "name", "half_plus_two", "versions", g_variant_new_parsed ("[@x 1]"),
                "targets", g_variant_new_parsed ("@a(xt) [(1, 1000000)]"), "containers", paths,
                "policy", "round-robin", "policy-options", g_variant_new_parsed ("@a{sv} {}"),
                NULL);
  g_signal_connect (self->model, "handle-set-policy", G_CALLBACK (on_set_model_policy), self);
  g_signal_connect (self->model, "handle-reset-policy", G_CALLBACK (on_reset_policy), self);
  export_object (self, ROOT "/model/half_5fplus_5ftwo", self->model);
}

static void
add_root (Double *self, const char *address, const char *store)
{
  const char *const policies[] = { "round-robin", "random", "probabilities", NULL };
  const char *const addresses[] = { address, NULL };
  const char *const stores[] = { *store != '\0' ? store : NULL, NULL };

  self->root = disp_bus_dispatcher1_skeleton_new ();
  g_object_set (self->root, "version", "0.1.0", "status", "running", "problem", "", "policy",
                "round-robin", "configured-policy", "round-robin", "policy-options",
                g_variant_new_parsed ("@a{sv} {}"), "policies", policies, "workers", 2u,
                "addresses", addresses, "store-addresses", stores, "fleet-source", "fleet.yaml",
                "reload-problem", "", NULL);
  g_signal_connect (self->root, "handle-set-policy", G_CALLBACK (on_set_policy), self);
  g_signal_connect (self->root, "handle-refresh", G_CALLBACK (on_refresh), self);
  g_signal_connect (self->root, "handle-reload", G_CALLBACK (on_reload), self);
  g_signal_connect (self->root, "handle-reset", G_CALLBACK (on_reset), self);
  g_signal_connect (self->root, "handle-explain", G_CALLBACK (on_explain), self);
  g_signal_connect (self->root, "handle-get-statistics", G_CALLBACK (on_get_statistics), self);
  g_signal_connect (self->root, "handle-subscribe", G_CALLBACK (on_subscribe), self);
}

static void
on_name (G_GNUC_UNUSED GDBusConnection *connection, const char *name,
         G_GNUC_UNUSED gpointer user_data)
{
  printf ("is %s\n", name);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GError) error = NULL;
  Double self = { .refuse = argc > 3 };

  if (argc < 3)
    return EXIT_FAILURE;
  bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (bus == NULL)
    g_error ("%s", error->message);
  self.tree = g_dbus_object_manager_server_new (ROOT);
  add_root (&self, argv[1], argv[2]);
  add_container (&self, 0, "gpu-0", ROOT "/container/gpu_2d0", "http://127.0.0.1:1");
  add_container (&self, 1, "twin", ROOT "/container/x_401", "http://127.0.0.1:2");
  add_container (&self, 2, "twin", ROOT "/container/x_402", "http://127.0.0.1:3");
  add_model (&self);
  g_dbus_object_manager_server_set_connection (self.tree, bus);
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self.root), bus, ROOT, &error))
    g_error ("%s", error->message);
  g_bus_own_name_on_connection (bus, "org.dispatcherd.Dispatcher1", G_BUS_NAME_OWNER_FLAGS_NONE,
                                on_name, NULL, NULL, NULL);
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}
