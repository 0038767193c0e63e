/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/listener.h"

#include "core/event.h"
#include "front/accept-share.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/* How many connections are accepted in one turn of the loop, so that those which are open get
 * theirs. */
#define MAX_ACCEPTS 64
/* How long accepting pauses when file descriptors or memory have run out, in microseconds. */
#define PAUSE (100 * 1000)
/* How long accepting has to go well until it is told so, in microseconds: clients that fill what is
 * free again and again do not fill the log too. */
#define CALM (10 * G_USEC_PER_SEC)

/* All workers wake up for a connection to a socket that they share.  One that has more than the
 * others lets these go first for so long, in microseconds, but takes it if they are busy. */
#define COURTESY 1000

struct _DispListener
{
  GSocket *socket;  /* (owned) listening, non-blocking */
  DispClock *clock; /* (owned) */
  DispAccepted accepted;
  gpointer user_data;
  GSource *source;        /* (owned) (nullable) while accepting */
  GSource *pause;         /* (owned) (nullable) while pausing */
  DispAcceptShare *share; /* (owned) (nullable) of a socket that others accept from too */
  gboolean was_courteous; /* the others went first, and did not take what waits */
  gint64 failed;          /* when accepting failed last, on the scale of the clock */
  gboolean is_short;
};

static void watch (DispListener *self);

static gboolean
on_pause_over (gpointer user_data)
{
  DispListener *self = user_data;

  disp_clock_clear_timer (&self->pause);
  watch (self);
  return G_SOURCE_REMOVE;
}

static void
unwatch (DispListener *self)
{
  disp_clock_clear_timer (&self->source);
}

static void
note_failure (DispListener *self, const GError *error)
{
  self->failed = disp_clock_now (self->clock);
  if (!self->is_short)
    {
      g_autofree char *address = disp_listener_describe (self->socket);

      disp_event_log (DISP_EVENT_ACCEPT_PAUSED,
                      &(DispEventFields){ .address = address, .reason = error->message },
                      "no more connections can be accepted on %s, those that come wait: %s",
                      address, error->message);
    }
  self->is_short = TRUE;
}

static void
note_success (DispListener *self)
{
  if (self->is_short && disp_clock_now (self->clock) - self->failed >= CALM)
    {
      g_autofree char *address = disp_listener_describe (self->socket);

      disp_event_log (DISP_EVENT_ACCEPT_RESUMED, &(DispEventFields){ .address = address },
                      "connections are accepted again on %s", address);
      self->is_short = FALSE;
    }
}

static void
accept_failed (DispListener *self, const GError *error)
{
  /* A peer that gave up while it waited is no failure of ours. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    return;
  note_failure (self, error);
  unwatch (self);
  self->pause = disp_clock_add_timer (self->clock, disp_clock_now (self->clock) + PAUSE,
                                      "accept pause", on_pause_over, self);
}

static void
accept_waiting (DispListener *self, guint max)
{
  for (guint i = 0; i < max; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocket) connected = g_socket_accept (self->socket, NULL, &error);

      if (connected == NULL)
        {
          accept_failed (self, error);
          return;
        }
      note_success (self);
      g_socket_set_blocking (connected, FALSE);
      if (g_socket_get_family (connected) != G_SOCKET_FAMILY_UNIX)
        g_socket_set_option (connected, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
      if (self->share != NULL)
        disp_accept_share_add (self->share, connected);
      self->accepted (connected, self->user_data);
    }
}

static gboolean
on_incoming (G_GNUC_UNUSED GSocket *socket, G_GNUC_UNUSED GIOCondition condition,
             gpointer user_data)
{
  DispListener *self = user_data;

  if (self->share == NULL)
    accept_waiting (self, MAX_ACCEPTS);
  else if (self->was_courteous || !disp_accept_share_is_exceeded (self->share))
    {
      self->was_courteous = FALSE;
      accept_waiting (self, 1);
    }
  else
    {
      self->was_courteous = TRUE;
      unwatch (self);
      self->pause = disp_clock_add_timer (self->clock, disp_clock_now (self->clock) + COURTESY,
                                          "accept courtesy", on_pause_over, self);
    }
  return G_SOURCE_CONTINUE;
}

static void
watch (DispListener *self)
{
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_static_name (self->source, "listener");
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_incoming), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

/**
 * disp_listener_new:
 * @socket: a listening socket
 * @clock: the clock
 * @accepted: takes each new connection
 * @user_data: for @accepted
 *
 * Accepts connections on the thread-default context, until it is freed, whatever happens: when file
 * descriptors run out it pauses and goes on.
 *
 * Returns: (transfer full): the listener
 */
DispListener *
disp_listener_new (GSocket *socket, DispClock *clock, DispAccepted accepted, gpointer user_data)
{
  DispListener *self = g_new0 (DispListener, 1);

  self->socket = g_object_ref (socket);
  self->clock = g_object_ref (clock);
  self->accepted = accepted;
  self->user_data = user_data;
  if (disp_accept_share_of_socket (socket) != NULL)
    self->share = disp_accept_share_ref (disp_accept_share_of_socket (socket));
  watch (self);
  return self;
}

/**
 * disp_listener_free:
 * @self: (transfer full): a listener
 *
 * Takes what still waits to be accepted, so that nobody who was let in by the kernel is turned
 * away, and closes the socket.  Of an adopted socket the rest is left to whoever listens there
 * next.
 */
void
disp_listener_free (DispListener *self)
{
  unwatch (self);
  disp_clock_clear_timer (&self->pause);
  /* Others may go on connecting for as long as the socket is open. */
  if (self->share == NULL)
    accept_waiting (self, DISP_LISTENER_BACKLOG + MAX_ACCEPTS);
  disp_clock_clear_timer (&self->pause);
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_object_unref (self->clock);
  g_clear_pointer (&self->share, disp_accept_share_unref);
  g_free (self);
}
