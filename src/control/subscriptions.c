/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/subscriptions.h"

#include "core/error.h"

/* Clients that want to be told something now and then, until they leave the bus. */
struct _DispSubscriptions
{
  DispClock *clock; /* (owned) */
  DispSubscriptionDue due;
  gpointer user_data;
  GHashTable *subscribers; /* (owned) (element-type utf8 Subscriber, both owned) by unique name */
};

typedef struct
{
  DispSubscriptions *all;      /* (unowned) */
  GDBusConnection *connection; /* (owned) */
  char *name;                  /* (owned) */
  gint64 interval;
  gint64 next;    /* when it is due, on the scale of the clock */
  GSource *timer; /* (owned) */
  guint watch;
} Subscriber;

static void wait (Subscriber *self);

static void
subscriber_free (gpointer data)
{
  Subscriber *self = data;

  disp_clock_clear_timer (&self->timer);
  g_bus_unwatch_name (self->watch);
  g_object_unref (self->connection);
  g_free (self->name);
  g_free (self);
}

static gboolean
on_due (gpointer user_data)
{
  Subscriber *self = user_data;
  const DispSubscriptions *all = self->all;

  /* After a time in which nothing could be sent, what was due meanwhile is left out. */
  self->next = MAX (self->next, disp_clock_now (all->clock)) + self->interval;
  wait (self);
  all->due (self->connection, self->name, all->user_data);
  return G_SOURCE_REMOVE;
}

static void
wait (Subscriber *self)
{
  disp_clock_clear_timer (&self->timer);
  self->timer = disp_clock_add_timer (self->all->clock, self->next, "subscription", on_due, self);
}

static void
on_vanished (G_GNUC_UNUSED GDBusConnection *connection, const char *name, gpointer user_data)
{
  disp_subscriptions_remove (user_data, name);
}

/**
 * disp_subscriptions_new:
 * @clock: the clock
 * @due: called on the thread-default context for each subscriber each time
 * @user_data: for @due
 *
 * Returns: (transfer full): subscriptions, of nobody
 */
DispSubscriptions *
disp_subscriptions_new (DispClock *clock, DispSubscriptionDue due, gpointer user_data)
{
  DispSubscriptions *self = g_new0 (DispSubscriptions, 1);

  self->clock = g_object_ref (clock);
  self->due = due;
  self->user_data = user_data;
  self->subscribers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, subscriber_free);
  return self;
}

/**
 * disp_subscriptions_free:
 * @self: (transfer full): subscriptions
 *
 * Ends them all.
 */
void
disp_subscriptions_free (DispSubscriptions *self)
{
  g_hash_table_unref (self->subscribers);
  g_object_unref (self->clock);
  g_free (self);
}

/**
 * disp_subscriptions_add:
 * @self: the subscriptions
 * @connection: the connection with the bus
 * @subscriber: the unique name of a client there
 * @interval: the time between two, in microseconds
 * @error: %DISP_ERROR_INVALID_VALUE if that is too short, %DISP_ERROR_FAILED if there are too many
 *   subscribers
 *
 * Tells the client now and then, first in @interval.  If it has subscribed already, that is
 * replaced.
 *
 * Returns: whether it will be told
 */
gboolean
disp_subscriptions_add (DispSubscriptions *self, GDBusConnection *connection,
                        const char *subscriber, guint64 interval, GError **error)
{
  Subscriber *added;

  if (interval < DISP_SUBSCRIPTIONS_SHORTEST)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "an interval of %" G_GUINT64_FORMAT " us, expected at least %" G_GUINT64_FORMAT,
                   interval, (guint64) DISP_SUBSCRIPTIONS_SHORTEST);
      return FALSE;
    }
  if (g_hash_table_size (self->subscribers) >= DISP_SUBSCRIPTIONS_MAX
      && !g_hash_table_contains (self->subscribers, subscriber))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                   "%u clients have subscribed already, which is as many as can be",
                   (guint) DISP_SUBSCRIPTIONS_MAX);
      return FALSE;
    }
  added = g_new0 (Subscriber, 1);
  added->all = self;
  added->connection = g_object_ref (connection);
  added->name = g_strdup (subscriber);
  added->interval = (gint64) MIN (interval, (guint64) DISP_SUBSCRIPTIONS_LONGEST);
  added->next = disp_clock_now (self->clock) + added->interval;
  added->watch = g_bus_watch_name_on_connection (
      connection, subscriber, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_vanished, self, NULL);
  wait (added);
  g_hash_table_replace (self->subscribers, added->name, added);
  return TRUE;
}

/**
 * disp_subscriptions_remove:
 * @self: the subscriptions
 * @subscriber: the unique name of a client
 *
 * Tells it nothing more.
 */
void
disp_subscriptions_remove (DispSubscriptions *self, const char *subscriber)
{
  g_hash_table_remove (self->subscribers, subscriber);
}

/**
 * disp_subscriptions_clear:
 * @self: the subscriptions
 *
 * Ends them all: the bus has gone, and with it the names of the clients.
 */
void
disp_subscriptions_clear (DispSubscriptions *self)
{
  g_hash_table_remove_all (self->subscribers);
}
