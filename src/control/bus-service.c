/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/bus-service.h"

#include "control/announcer.h"
#include "control/bus-link.h"

/* Health that changes with time alone is looked at no more often, in microseconds. */
#define MIN_WAIT G_USEC_PER_SEC

/* The daemon on a message bus: all its objects, whenever there is a bus.  They live as long as the
 * service, so a bus that returns finds them as they are. */
struct _DispBusService
{
  DispBusLink *link; /* (owned) */
  DispBusParts parts;
  DispAnnouncer *announcer;   /* (owned) */
  DispDispatcherObject *root; /* (owned) */
  DispObjectTree *tree;       /* (owned) the objects below the root */
  GSource *change;            /* (owned) (nullable) until the health of a container is another */
  DispBusTried tried;         /* (nullable) until it was called */
  gpointer tried_data;        /* (unowned) */
};

static void
on_joined (G_GNUC_UNUSED DispBusLink *link, GDBusConnection *connection, gpointer user_data)
{
  DispBusService *self = user_data;
  g_autoptr (GError) error = NULL;

  /* GDBus refuses only what is there already, and nothing is on a new connection. */
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->root), connection,
                                         DISP_BUS_PATH, &error))
    g_critical ("the root object cannot be exported: %s", error->message);
  disp_object_tree_set_connection (self->tree, connection);
}

static void
on_left (G_GNUC_UNUSED DispBusLink *link, gpointer user_data)
{
  DispBusService *self = user_data;

  disp_dispatcher_object_end_subscriptions (self->root);
  disp_object_tree_set_connection (self->tree, NULL);
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->root));
}

static void
on_tried (G_GNUC_UNUSED DispBusLink *link, gpointer user_data)
{
  DispBusService *self = user_data;
  const DispBusTried tried = self->tried;

  self->tried = NULL;
  if (tried != NULL)
    tried (self->tried_data);
}

static gboolean
on_change (gpointer user_data)
{
  disp_bus_service_look (user_data);
  return G_SOURCE_REMOVE;
}

/* The end of an ejection, for instance, is nothing that happens. */
static void
await_change (DispBusService *self)
{
  DispClock *clock = disp_switchboard_get_clock (self->parts.switchboard);
  gint64 next_change = G_MAXINT64;
  guint n_containers;
  DispContainerObject *const *containers = disp_object_tree_get_containers (self->tree,
                                                                            &n_containers);

  for (guint i = 0; i < n_containers; i++)
    disp_container_object_get_health (containers[i], &next_change);
  disp_clock_clear_timer (&self->change);
  if (next_change < G_MAXINT64)
    self->change = disp_clock_add_timer (clock,
                                         MAX (next_change, disp_clock_now (clock) + MIN_WAIT),
                                         "health of containers", on_change, self);
}

static gboolean
on_news (gpointer user_data)
{
  disp_bus_service_look (user_data);
  return G_SOURCE_CONTINUE;
}

/* What a call changed is seen before its answer. */
static void
on_changed (G_GNUC_UNUSED DispGate *gate, gpointer user_data)
{
  disp_bus_service_look (user_data);
}

/**
 * disp_bus_service_new:
 * @address: that of the message bus, which need not be there
 * @authority: decides who may change something
 * @switchboard: what is shown
 * @operations: what changes it
 * @settings: what is shown of the configuration; copied
 *
 * Shows the daemon on the bus, from now on and whenever the bus is there, and obeys.  Everything
 * happens on the thread-default context.
 *
 * Returns: (transfer full): the service
 */
DispBusService *
disp_bus_service_new (const char *address, DispAuthority *authority, DispSwitchboard *switchboard,
                      DispOperations *operations, const DispBusSettings *settings)
{
  DispBusService *self = g_new0 (DispBusService, 1);
  DispClock *clock = disp_switchboard_get_clock (switchboard);

  self->parts.switchboard = g_object_ref (switchboard);
  self->parts.operations = g_object_ref (operations);
  self->parts.gate = disp_gate_new (authority, switchboard);
  g_signal_connect (self->parts.gate, "changed", G_CALLBACK (on_changed), self);

  self->announcer = disp_announcer_new (clock);
  self->tree = disp_object_tree_new (&self->parts, self->announcer);
  disp_object_tree_update (self->tree);
  self->root = disp_dispatcher_object_new (&self->parts, self->tree, settings);
  disp_announcer_add (self->announcer, G_DBUS_INTERFACE_SKELETON (self->root));

  self->link = disp_bus_link_new (address, DISP_BUS_NAME, clock);
  g_signal_connect (self->link, "joined", G_CALLBACK (on_joined), self);
  g_signal_connect (self->link, "left", G_CALLBACK (on_left), self);
  g_signal_connect (self->link, "tried", G_CALLBACK (on_tried), self);
  disp_bus_link_start (self->link);
  disp_switchboard_watch (switchboard, on_news, self);
  return self;
}

/**
 * disp_bus_service_set_tried:
 * @self: a service that was just made
 * @tried: is called once
 * @user_data: for @tried; must live as long as the service
 *
 * Has @tried called when the daemon has its name on the bus, or it is known that it does not get it
 * now.  On the thread-default context.
 */
void
disp_bus_service_set_tried (DispBusService *self, DispBusTried tried, gpointer user_data)
{
  self->tried = tried;
  self->tried_data = user_data;
}

/**
 * disp_bus_service_set_fleet_source:
 * @self: the service
 * @fleet_source: (nullable): where the fleet comes from
 *
 * Shows what may have changed when the configuration was read again.
 */
void
disp_bus_service_set_fleet_source (DispBusService *self, const char *fleet_source)
{
  disp_dispatcher_object_set_fleet_source (self->root, fleet_source);
  disp_bus_service_look (self);
}

/**
 * disp_bus_service_look:
 * @self: the service
 *
 * Brings the bus up to date with the switchboard now; soon after a change it is brought so anyway.
 */
void
disp_bus_service_look (DispBusService *self)
{
  disp_object_tree_update (self->tree);
  disp_announcer_look (self->announcer);
  await_change (self);
}

/**
 * disp_bus_service_free:
 * @self: (transfer full): the service
 *
 * Leaves the bus, which gives the name to who waits for it.  Calls that still wait to be permitted
 * are answered or not, as the daemon goes on or ends.
 */
void
disp_bus_service_free (DispBusService *self)
{
  disp_switchboard_unwatch (self->parts.switchboard, self);
  disp_clock_clear_timer (&self->change);
  disp_bus_link_stop (self->link);
  g_signal_handlers_disconnect_by_data (self->link, self);
  g_signal_handlers_disconnect_by_data (self->parts.gate, self);
  g_object_unref (self->link);
  disp_object_tree_clear (self->tree);
  g_object_unref (self->tree);
  disp_announcer_free (self->announcer);
  g_object_unref (self->root);
  disp_bus_parts_clear (&self->parts);
  g_free (self);
}
