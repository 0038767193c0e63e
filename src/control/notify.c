/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/notify.h"

#include "core/error.h"
#include "core/event.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* How long a message may wait for room in the queue of the supervisor, in seconds. */
#define SEND_PATIENCE 1

struct _DispNotify
{
  int fd; /* (owned) */
  struct sockaddr_un address;
  socklen_t address_size;
  gboolean is_failing; /* the last message could not be sent */
};

/* A path, or with "@" a name outside the file system, where a zero byte stands for that. */
static gboolean
parse_address (DispNotify *self, const char *text)
{
  gsize length = strlen (text);

  if ((*text != '/' && *text != '@') || length < 2 || length >= sizeof self->address.sun_path)
    return FALSE;
  self->address.sun_family = AF_UNIX;
  memcpy (self->address.sun_path, text, length);
  self->address_size = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + length);
  if (*text == '@')
    self->address.sun_path[0] = '\0';
  else
    self->address_size++;
  return TRUE;
}

/**
 * disp_notify_new:
 * @address: what the environment variable NOTIFY_SOCKET says: a path, or "@" and a name
 * @error: %DISP_ERROR_FAILED: it is neither, or there can be no socket
 *
 * Returns: (transfer full) (nullable): the way to whoever listens there; nothing is sent yet
 */
DispNotify *
disp_notify_new (const char *address, GError **error)
{
  static const struct timeval patience = { .tv_sec = SEND_PATIENCE };
  g_autoptr (DispNotify) self = g_new0 (DispNotify, 1);

  self->fd = -1;
  if (!parse_address (self, address))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                   "NOTIFY_SOCKET is \"%s\", expected an absolute path, or @ and a name", address);
      return NULL;
    }
  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (self->fd < 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED, "there is no socket for NOTIFY_SOCKET: %s",
                   g_strerror (errno));
      return NULL;
    }
  setsockopt (self->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return g_steal_pointer (&self);
}

/**
 * disp_notify_free:
 * @self: (transfer full): a way to a supervisor
 */
void
disp_notify_free (DispNotify *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

/* Every message is one datagram. */
static void
send_text (DispNotify *self, const char *text)
{
  gboolean sent = sendto (self->fd, text, strlen (text), MSG_NOSIGNAL,
                          (const struct sockaddr *) &self->address, self->address_size)
                  >= 0;

  if (!sent && !self->is_failing)
    {
      const char *reason = g_strerror (errno);

      disp_event_log (
          DISP_EVENT_NOTIFY_FAILED, &(DispEventFields){ .reason = reason },
          "the supervisor that NOTIFY_SOCKET names cannot be told how the daemon is: %s", reason);
    }
  self->is_failing = !sent;
}

static void
send_with_status (DispNotify *self, const char *before, const char *status)
{
  g_autofree char *line = g_strdup (status);
  g_autofree char *text = NULL;

  if (self == NULL)
    return;
  /* A line break would begin another variable. */
  for (char *p = line; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  text = g_strdup_printf ("%sSTATUS=%s", before, line);
  send_text (self, text);
}

/**
 * disp_notify_ready:
 * @self: (nullable): a way to a supervisor
 * @status: how the daemon is, in one line
 *
 * Says that the start, or a reload, is over.
 */
void
disp_notify_ready (DispNotify *self, const char *status)
{
  send_with_status (self, "READY=1\n", status);
}

/**
 * disp_notify_reloading:
 * @self: (nullable): a way to a supervisor
 * @now: the time on the monotonic clock, in microseconds
 *
 * Says that a reload has begun; disp_notify_ready() must follow.
 */
void
disp_notify_reloading (DispNotify *self, gint64 now)
{
  g_autofree char *text = NULL;

  if (self == NULL)
    return;
  text = g_strdup_printf ("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, now);
  send_text (self, text);
}

/**
 * disp_notify_stopping:
 * @self: (nullable): a way to a supervisor
 * @status: how the daemon is, in one line
 *
 * Says that the daemon has begun to stop.
 */
void
disp_notify_stopping (DispNotify *self, const char *status)
{
  send_with_status (self, "STOPPING=1\n", status);
}

/**
 * disp_notify_status:
 * @self: (nullable): a way to a supervisor
 * @status: how the daemon is, in one line
 */
void
disp_notify_status (DispNotify *self, const char *status)
{
  send_with_status (self, "", status);
}

/**
 * disp_notify_extend:
 * @self: (nullable): a way to a supervisor
 * @time: how long, in microseconds
 *
 * Asks that the start or the stop, whichever is under way, is not given up for so long from now.
 */
void
disp_notify_extend (DispNotify *self, gint64 time)
{
  g_autofree char *text = NULL;

  if (self == NULL)
    return;
  text = g_strdup_printf ("EXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT, time);
  send_text (self, text);
}

/**
 * disp_notify_alive:
 * @self: (nullable): a way to a supervisor
 *
 * Feeds the watchdog of the supervisor.
 */
void
disp_notify_alive (DispNotify *self)
{
  if (self != NULL)
    send_text (self, "WATCHDOG=1");
}
