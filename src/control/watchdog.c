/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/watchdog.h"

#include "core/event.h"

/* While threads are well they are looked at so many times within the limit. */
#define LOOKS_WHEN_WELL 2
/* And else, so that one that goes on just in time is seen. */
#define LOOKS_WHEN_STALLED 16

struct _DispWatchdog
{
  DispNotify *notify;    /* (unowned) */
  DispClock *clock;      /* (owned) */
  gint64 limit;          /* microseconds */
  GPtrArray *heartbeats; /* (owned) (element-type DispHeartbeat, owned) */
  GHashTable *stalled;   /* (owned) (element-type DispHeartbeat, unowned) those the log told of */
  GSource *timer;        /* (owned) */
};

static void plan_look (DispWatchdog *self);

static void
tell (DispEvent event, const DispHeartbeat *heartbeat, const char *what)
{
  const char *name = disp_heartbeat_get_name (heartbeat);

  disp_event_log (event, &(DispEventFields){ .thread = name }, "the thread %s %s", name, what);
}

/* Each change is told once. */
static gboolean
check (DispWatchdog *self, DispHeartbeat *heartbeat)
{
  if (disp_heartbeat_is_well (heartbeat))
    {
      if (g_hash_table_remove (self->stalled, heartbeat))
        tell (DISP_EVENT_NOT_STALLED, heartbeat, "makes progress again");
      return TRUE;
    }
  if (g_hash_table_add (self->stalled, heartbeat))
    tell (DISP_EVENT_STALLED, heartbeat,
          "makes no progress; the watchdog is not fed until it does");
  return FALSE;
}

static void
ask_all (DispWatchdog *self)
{
  for (guint i = 0; i < self->heartbeats->len; i++)
    disp_heartbeat_ask (g_ptr_array_index (self->heartbeats, i));
}

static gboolean
on_look (gpointer user_data)
{
  DispWatchdog *self = user_data;

  for (guint i = 0; i < self->heartbeats->len; i++)
    check (self, g_ptr_array_index (self->heartbeats, i));
  if (g_hash_table_size (self->stalled) == 0)
    {
      disp_notify_alive (self->notify);
      ask_all (self);
    }
  plan_look (self);
  return G_SOURCE_REMOVE;
}

static void
plan_look (DispWatchdog *self)
{
  int n = g_hash_table_size (self->stalled) == 0 ? LOOKS_WHEN_WELL : LOOKS_WHEN_STALLED;

  disp_clock_clear_timer (&self->timer);
  self->timer = disp_clock_add_timer (self->clock, disp_clock_now (self->clock) + self->limit / n,
                                      "watchdog", on_look, self);
}

/**
 * disp_watchdog_new:
 * @notify: where to the supervisor is told; outlives the watchdog
 * @clock: the clock
 * @limit: after how long without a sign of life the supervisor ends the daemon, in microseconds
 * @heartbeats: (element-type DispHeartbeat): those of all threads but the calling one
 *
 * Twice within @limit it looks whether each thread has answered since the look before; if so, and
 * only then, the supervisor gets its sign of life, and each thread is asked again.  The calling
 * thread is well when it gets here.
 *
 * Returns: (transfer full): a watchdog on the thread-default context
 */
DispWatchdog *
disp_watchdog_new (DispNotify *notify, DispClock *clock, gint64 limit, GPtrArray *heartbeats)
{
  DispWatchdog *self = g_new0 (DispWatchdog, 1);

  self->notify = notify;
  self->clock = g_object_ref (clock);
  self->limit = limit;
  self->heartbeats = g_ptr_array_ref (heartbeats);
  self->stalled = g_hash_table_new (NULL, NULL);
  ask_all (self);
  plan_look (self);
  return self;
}

/**
 * disp_watchdog_free:
 * @self: (transfer full): a watchdog
 */
void
disp_watchdog_free (DispWatchdog *self)
{
  disp_clock_clear_timer (&self->timer);
  g_hash_table_unref (self->stalled);
  g_ptr_array_unref (self->heartbeats);
  g_object_unref (self->clock);
  g_free (self);
}
