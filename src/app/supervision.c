/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/supervision.h"

#include "control/status-feed.h"
#include "control/watchdog.h"
#include "core/event.h"

#include <unistd.h>

struct _DispSupervision
{
  DispNotify *notify;     /* (owned) (nullable) NULL without a supervisor that wants to be told */
  DispStatusFeed *status; /* (owned) (nullable) from when the daemon is ready, with notify */
  DispWatchdog *watchdog; /* (owned) (nullable) as status, if the supervisor has one */
  gint64 limit;           /* the time of the watchdog in microseconds; 0 = there is none */
};

/* That of another process, which left it in the environment, is none of ours. */
static gint64
take_limit (void)
{
  const char *text = g_getenv ("WATCHDOG_USEC");
  const char *pid = g_getenv ("WATCHDOG_PID");
  guint64 limit = 0;
  guint64 number;

  if (pid == NULL
      || (g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT32, &number, NULL)
          && number == (guint64) getpid ()))
    if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &limit, NULL))
      disp_event_log (DISP_EVENT_NOTIFY_FAILED, &(DispEventFields){ .reason = text },
                      "the watchdog is not fed: WATCHDOG_USEC is \"%s\", expected microseconds",
                      text);
  g_unsetenv ("WATCHDOG_USEC");
  g_unsetenv ("WATCHDOG_PID");
  return (gint64) limit;
}

/**
 * disp_supervision_new:
 *
 * Reads what the supervisor wants to be told from the environment, and takes it out of that.  To be
 * called before the first thread starts.  Without NOTIFY_SOCKET everything here does nothing.
 *
 * Returns: (transfer full): the supervision
 */
DispSupervision *
disp_supervision_new (void)
{
  DispSupervision *self = g_new0 (DispSupervision, 1);
  const char *address = g_getenv ("NOTIFY_SOCKET");
  g_autoptr (GError) error = NULL;

  self->limit = take_limit ();
  if (address == NULL || *address == '\0')
    return self;
  self->notify = disp_notify_new (address, &error);
  if (self->notify == NULL)
    disp_event_log (DISP_EVENT_NOTIFY_FAILED, &(DispEventFields){ .reason = error->message }, "%s",
                    error->message);
  g_unsetenv ("NOTIFY_SOCKET");
  return self;
}

/**
 * disp_supervision_free:
 * @self: (transfer full): the supervision
 */
void
disp_supervision_free (DispSupervision *self)
{
  g_clear_pointer (&self->watchdog, disp_watchdog_free);
  g_clear_pointer (&self->status, disp_status_feed_free);
  g_clear_pointer (&self->notify, disp_notify_free);
  g_free (self);
}

/**
 * disp_supervision_fail:
 * @self: the supervision
 * @error: why the daemon cannot start
 */
void
disp_supervision_fail (DispSupervision *self, const GError *error)
{
  disp_notify_status (self->notify, error->message);
}

/**
 * disp_supervision_ready:
 * @self: the supervision
 * @switchboard: knows how the daemon is
 * @heartbeats: (element-type DispHeartbeat): those of all threads but this one
 *
 * Says that everything serves, and from now on how the daemon is; and feeds the watchdog.
 */
void
disp_supervision_ready (DispSupervision *self, DispSwitchboard *switchboard, GPtrArray *heartbeats)
{
  if (self->notify == NULL)
    return;
  self->status = disp_status_feed_new (self->notify, switchboard);
  if (self->limit > 0)
    self->watchdog = disp_watchdog_new (self->notify, disp_switchboard_get_clock (switchboard),
                                        self->limit, heartbeats);
}

/**
 * disp_supervision_begin_reload:
 * @self: the supervision
 *
 * Says that a reload has begun.
 */
void
disp_supervision_begin_reload (DispSupervision *self)
{
  if (self->status != NULL)
    disp_status_feed_begin_reload (self->status);
}

/**
 * disp_supervision_end_reload:
 * @self: the supervision
 *
 * Says that the reload is over, done or refused.
 */
void
disp_supervision_end_reload (DispSupervision *self)
{
  if (self->status != NULL)
    disp_status_feed_end_reload (self->status);
}

/**
 * disp_supervision_stop:
 * @self: the supervision
 * @patience: how long the stop may take in all, in microseconds
 *
 * Says that the daemon stops, and goes on asking for the time that this takes.
 */
void
disp_supervision_stop (DispSupervision *self, gint64 patience)
{
  if (self->status != NULL)
    disp_status_feed_stop (self->status, patience);
}
