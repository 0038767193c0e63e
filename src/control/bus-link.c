/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/bus-link.h"

#include "core/backoff.h"
#include "core/event.h"

/* How long to wait before the bus is tried again, at first and at most, in microseconds. */
#define FIRST_WAIT (100 * G_TIME_SPAN_MILLISECOND)
#define LONGEST_WAIT (10 * G_TIME_SPAN_SECOND)

/* What RequestName answers, as the D-Bus specification numbers it. */
#define IN_QUEUE 2

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

/*
 * The connection with a message bus and our name there.  When the bus goes away the link waits for
 * it to return.  It emits "joined" with a new connection, before the name is asked for, so that
 * whoever sees the name finds all objects; "left" when that connection is over; and "tried" when it
 * is known how a try ended, with our name or without.
 *
 * Not g_bus_own_name(): giving its name back waits for the bus, which may hang.
 */
struct _DispBusLink
{
  GObject parent_instance;
  char *address;               /* (owned) */
  char *name;                  /* (owned) */
  DispClock *clock;            /* (owned) */
  GRand *random;               /* (owned) */
  GCancellable *cancellable;   /* (owned) (nullable) while it connects */
  GDBusConnection *connection; /* (owned) (nullable) */
  GSource *retry;              /* (owned) (nullable) while it waits for the next try */
  DispBackoff backoff;
  guint subscriptions[2];   /* those of the connection, 0 = none */
  gboolean is_absence_told; /* since the last connection */
  gboolean is_queue_told;   /* since the last time that the name was ours */
};

enum
{
  SIGNAL_JOINED,
  SIGNAL_LEFT,
  SIGNAL_TRIED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void try (DispBusLink *self);

G_DEFINE_FINAL_TYPE (DispBusLink, disp_bus_link, G_TYPE_OBJECT)

static void
disp_bus_link_dispose (GObject *object)
{
  disp_bus_link_stop (DISP_BUS_LINK (object));
  G_OBJECT_CLASS (disp_bus_link_parent_class)->dispose (object);
}

static void
disp_bus_link_finalize (GObject *object)
{
  DispBusLink *self = DISP_BUS_LINK (object);

  g_free (self->address);
  g_free (self->name);
  g_object_unref (self->clock);
  g_rand_free (self->random);
  G_OBJECT_CLASS (disp_bus_link_parent_class)->finalize (object);
}

static void
disp_bus_link_class_init (DispBusLinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = disp_bus_link_dispose;
  object_class->finalize = disp_bus_link_finalize;
  signals[SIGNAL_JOINED] = g_signal_new ("joined", DISP_TYPE_BUS_LINK, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_DBUS_CONNECTION);
  signals[SIGNAL_LEFT] = g_signal_new ("left", DISP_TYPE_BUS_LINK, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                       NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_TRIED] = g_signal_new ("tried", DISP_TYPE_BUS_LINK, G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 0);
}

static void
disp_bus_link_init (DispBusLink *self)
{
  self->random = g_rand_new ();
  disp_backoff_init (&self->backoff, FIRST_WAIT, LONGEST_WAIT);
}

/**
 * disp_bus_link_new:
 * @address: that of a message bus
 * @name: the name to own there
 * @clock: the clock
 *
 * Returns: (transfer full): a link, not started
 */
DispBusLink *
disp_bus_link_new (const char *address, const char *name, DispClock *clock)
{
  DispBusLink *self = g_object_new (DISP_TYPE_BUS_LINK, NULL);

  self->address = g_strdup (address);
  self->name = g_strdup (name);
  self->clock = g_object_ref (clock);
  return self;
}

static gboolean
on_retry (gpointer user_data)
{
  DispBusLink *self = user_data;

  disp_clock_clear_timer (&self->retry);
  try (self);
  return G_SOURCE_REMOVE;
}

static void
wait_for_bus (DispBusLink *self)
{
  gint64 wait = disp_backoff_next (&self->backoff, self->random);

  self->retry = disp_clock_add_timer (self->clock, disp_clock_now (self->clock) + wait, "bus",
                                      on_retry, self);
}

/* Ends what belongs to the connection.  The kernel tells the bus that it is over, and the bus gives
 * the name to who waits for it. */
static void
leave (DispBusLink *self)
{
  g_autoptr (GDBusConnection) connection = g_steal_pointer (&self->connection);

  if (connection == NULL)
    return;
  g_signal_handlers_disconnect_by_data (connection, self);
  for (guint i = 0; i < G_N_ELEMENTS (self->subscriptions); i++)
    {
      if (self->subscriptions[i] != 0)
        g_dbus_connection_signal_unsubscribe (connection, self->subscriptions[i]);
      self->subscriptions[i] = 0;
    }
  g_signal_emit (self, signals[SIGNAL_LEFT], 0);
  if (!g_dbus_connection_is_closed (connection))
    g_dbus_connection_close (connection, NULL, NULL, NULL);
}

static void
on_closed (G_GNUC_UNUSED GDBusConnection *connection, G_GNUC_UNUSED gboolean is_gone,
           const GError *error, gpointer user_data)
{
  DispBusLink *self = user_data;
  const char *reason = error != NULL ? error->message : "it closed the connection";

  disp_event_log (DISP_EVENT_BUS_LOST, &(DispEventFields){ .reason = reason },
                  "the message bus has gone (%s); serving without it until it returns", reason);
  self->is_absence_told = TRUE;
  leave (self);
  wait_for_bus (self);
}

/* NameAcquired or NameLost, which the bus sends for our name only to us. */
static void
on_name (G_GNUC_UNUSED GDBusConnection *connection, G_GNUC_UNUSED const char *sender,
         G_GNUC_UNUSED const char *path, G_GNUC_UNUSED const char *interface, const char *signal,
         G_GNUC_UNUSED GVariant *parameters, gpointer user_data)
{
  DispBusLink *self = user_data;

  if (g_str_equal (signal, "NameAcquired"))
    {
      disp_event_log (DISP_EVENT_BUS_JOINED, NULL, "on the message bus as %s", self->name);
      self->is_queue_told = FALSE;
    }
  else
    disp_event_log (DISP_EVENT_NAME_TAKEN, NULL, "the name %s was taken away on the message bus",
                    self->name);
}

/* What the bus answered to the request for the name. */
static void
look_at_outcome (DispBusLink *self, GVariant *reply, GError *error)
{
  guint32 outcome = 0;

  if (reply == NULL)
    {
      g_dbus_error_strip_remote_error (error);
      disp_event_log (DISP_EVENT_NAME_TAKEN, &(DispEventFields){ .reason = error->message },
                      "the message bus does not give us the name %s: %s", self->name,
                      error->message);
      return;
    }
  g_variant_get (reply, "(u)", &outcome);
  if (outcome == IN_QUEUE && !self->is_queue_told)
    {
      disp_event_log (DISP_EVENT_NAME_TAKEN, NULL,
                      "another dispatcherd has the name %s on the message bus; serving without it "
                      "until it is free",
                      self->name);
      self->is_queue_told = TRUE;
    }
}

static void
on_requested (GObject *connection, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (DispBusLink) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (connection),
                                                              result, &error);

  if (self->connection != G_DBUS_CONNECTION (connection)
      || g_dbus_connection_is_closed (self->connection))
    return;
  look_at_outcome (self, reply, error);
  g_signal_emit (self, signals[SIGNAL_TRIED], 0);
}

static void
request_name (DispBusLink *self)
{
  static const char *const names[] = { "NameAcquired", "NameLost" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    self->subscriptions[i] = g_dbus_connection_signal_subscribe (
        self->connection, BUS_NAME, BUS_NAME, names[i], BUS_PATH, self->name,
        G_DBUS_SIGNAL_FLAGS_NONE, on_name, self, NULL);
  g_dbus_connection_call (self->connection, BUS_NAME, BUS_PATH, BUS_NAME, "RequestName",
                          g_variant_new ("(su)", self->name, 0), G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_requested, g_object_ref (self));
}

static void
on_connected (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (DispBusLink) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_dbus_connection_new_for_address_finish (result,
                                                                                     &error);
  gboolean is_stopped = g_cancellable_is_cancelled (self->cancellable);

  g_clear_object (&self->cancellable);
  if (is_stopped)
    return;
  if (connection == NULL)
    {
      if (!self->is_absence_told)
        disp_event_log (DISP_EVENT_BUS_ABSENT, &(DispEventFields){ .reason = error->message },
                        "there is no message bus (%s); serving without it until there is",
                        error->message);
      self->is_absence_told = TRUE;
      wait_for_bus (self);
      g_signal_emit (self, signals[SIGNAL_TRIED], 0);
      return;
    }
  disp_backoff_reset (&self->backoff);
  self->is_absence_told = FALSE;
  self->connection = g_steal_pointer (&connection);
  g_signal_connect_object (self->connection, "closed", G_CALLBACK (on_closed), self, 0);
  g_signal_emit (self, signals[SIGNAL_JOINED], 0, self->connection);
  request_name (self);
}

static void
try (DispBusLink *self)
{
  self->cancellable = g_cancellable_new ();
  g_dbus_connection_new_for_address (self->address,
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                         | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                     NULL, self->cancellable, on_connected, g_object_ref (self));
}

/**
 * disp_bus_link_start:
 * @self: a link that was not started
 *
 * Joins the bus as soon as it is there, now and whenever it returns.  Signals come on the
 * thread-default context of the caller.  If another has the name, the link has it after that.
 */
void
disp_bus_link_start (DispBusLink *self)
{
  g_return_if_fail (self->cancellable == NULL && self->connection == NULL && self->retry == NULL);

  try (self);
}

/**
 * disp_bus_link_get_connection:
 * @self: a link
 *
 * Returns: (transfer none) (nullable): the connection, while there is one
 */
GDBusConnection *
disp_bus_link_get_connection (DispBusLink *self)
{
  return self->connection;
}

/**
 * disp_bus_link_stop:
 * @self: a link
 *
 * Leaves the bus, and with it the name, without waiting for it.  No signal comes after that of this
 * call.  Does nothing if the link is stopped.
 */
void
disp_bus_link_stop (DispBusLink *self)
{
  g_cancellable_cancel (self->cancellable);
  disp_clock_clear_timer (&self->retry);
  leave (self);
}
