/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/acceptor.h"

#include "core/error.h"
#include "core/event.h"
#include "front/turn-away.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

/* How many connections are accepted in one turn of the loop, so that those which are open get
 * theirs. */
#define MAX_ACCEPTS 64
/* How long accepting pauses when file descriptors or memory have run out, in microseconds. */
#define PAUSE (100 * G_TIME_SPAN_MILLISECOND)
/* How long accepting has to go well until it is told so, in microseconds: clients that fill what is
 * free again and again do not fill the log too. */
#define CALM (10 * G_TIME_SPAN_SECOND)

/* A client that is silent is asked after so many seconds whether it is still there, and then again
 * in such a distance, so often. */
#define KEEPALIVE_IDLE 60
#define KEEPALIVE_INTERVAL 15
#define KEEPALIVE_COUNT 4
/* A client that takes nothing of what it was sent for so long is gone, in milliseconds. */
#define USER_TIMEOUT 30000
/* How much the system keeps of what a client has not been sent yet, in bytes: enough for the
 * network never to wait.  A slow reader is seen by that, and takes no megabytes (on loopback, 2.5).
 */
#define MAX_UNSENT (128 * 1024)

struct _DispAcceptor
{
  DispPoll poll;
  DispPoller *poller;       /* (unowned) */
  GSocket *socket;          /* (owned) listening, non-blocking */
  DispClock *clock;         /* (owned) */
  DispReception *reception; /* (owned) */
  DispCrewMember *member;   /* (unowned) */
  DispTerms *terms;         /* (owned) */
  DispMakeRoom make_room;
  gpointer user_data;
  GSource *pause; /* (owned) (nullable) while pausing */
  int reserve;    /* (owned) a descriptor to give up for one client when there is none; -1: none */
  gint64 failed;  /* when accepting failed last, on the scale of the clock */
  gboolean is_short;
};

/* What became of one accept(). */
typedef enum
{
  WENT_ON, /* somebody came, or gave up while it waited: there may be more */
  NOBODY,  /* nobody waits */
  SHORT,   /* there is nothing to accept with */
} Outcome;

typedef struct
{
  struct sockaddr_storage storage;
  socklen_t length;
} Address;

/* Sets an option that accepted sockets inherit, unless whoever made the socket has set it. */
static void
set_default (int fd, int level, int option, int value)
{
  int present = 0;
  socklen_t length = sizeof present;

  if (getsockopt (fd, level, option, &present, &length) == 0 && present == 0)
    setsockopt (fd, level, option, &value, sizeof value);
}

/* Linux gives all of these to each connection, which saves as many calls for it. */
static void
set_options (int fd)
{
  int keepalive = 0;
  socklen_t length = sizeof keepalive;

  set_default (fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_default (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT);
  set_default (fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, MAX_UNSENT);
  getsockopt (fd, SOL_SOCKET, SO_KEEPALIVE, &keepalive, &length);
  if (keepalive != 0)
    return;
  setsockopt (fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){ KEEPALIVE_IDLE }, sizeof (int));
  setsockopt (fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){ KEEPALIVE_INTERVAL }, sizeof (int));
  setsockopt (fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){ KEEPALIVE_COUNT }, sizeof (int));
  setsockopt (fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof (int));
}

static int
open_reserve (void)
{
  return open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
note_failure (DispAcceptor *self, const char *reason)
{
  self->failed = disp_clock_now (self->clock);
  if (!self->is_short)
    {
      g_autofree char *address = disp_listener_describe (self->socket);

      disp_event_log (
          DISP_EVENT_ACCEPT_PAUSED, &(DispEventFields){ .address = address, .reason = reason },
          "no more connections can be accepted on %s, those that come wait: %s", address, reason);
    }
  self->is_short = TRUE;
}

static void
note_success (DispAcceptor *self)
{
  if (self->is_short && disp_clock_now (self->clock) - self->failed >= CALM)
    {
      g_autofree char *address = disp_listener_describe (self->socket);

      disp_event_log (DISP_EVENT_ACCEPT_RESUMED, &(DispEventFields){ .address = address },
                      "connections are accepted again on %s", address);
      self->is_short = FALSE;
    }
}

static int
accept_next (DispAcceptor *self, Address *address)
{
  address->length = sizeof address->storage;
  return accept4 (self->poll.fd, (struct sockaddr *) &address->storage, &address->length,
                  SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* A client that begins with TLS would not understand an answer without. */
static void
turn_away (DispAcceptor *self, int fd, const GError *error)
{
  const gboolean is_plain = self->terms->certificate == NULL
                            || g_socket_get_family (self->socket) == G_SOCKET_FAMILY_UNIX;

  disp_turn_away (fd, is_plain ? error : NULL);
}

/* Lets a connection in, or sends it away. */
static void
receive (DispAcceptor *self, int fd, const Address *address)
{
  const struct sockaddr *native = (const struct sockaddr *) &address->storage;
  g_autoptr (GError) error = NULL;
  gboolean is_full;
  DispPeer *peer = disp_reception_admit (self->reception, self->terms, native, address->length,
                                         &is_full, &error);

  if (is_full && self->make_room (self->user_data))
    {
      g_clear_error (&error);
      peer = disp_reception_admit (self->reception, self->terms, native, address->length, &is_full,
                                   &error);
    }
  if (peer != NULL)
    {
      disp_crew_pass (self->member, fd, peer);
      return;
    }
  if (is_full)
    disp_reception_turned_away (self->reception, self->terms, error);
  turn_away (self, fd, error);
}

/* Whoever waits learns that there is nothing to be had, so that balancers look elsewhere; the
 * others go on waiting. */
static void
shed_one (DispAcceptor *self)
{
  g_autoptr (GError) error = g_error_new (DISP_ERROR, DISP_ERROR_TOO_MANY_CONNECTIONS,
                                          "no more connections can be accepted at the moment");
  Address address;
  int fd;

  if (self->reserve >= 0)
    {
      close (self->reserve);
      fd = accept_next (self, &address);
      if (fd >= 0)
        turn_away (self, fd, error);
    }
  self->reserve = open_reserve ();
}

/* What went wrong with the one connection that was to be accepted, see accept(2). */
static gboolean
is_of_connection (int number)
{
  switch (number)
    {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
is_shortage (int number)
{
  return number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS;
}

/* Linux looks for a descriptor first, and then whether there is anybody to give it to. */
static gboolean
does_anybody_wait (DispAcceptor *self)
{
  struct pollfd poll_fd = { .fd = self->poll.fd, .events = POLLIN };

  return poll (&poll_fd, 1, 0) > 0;
}

static Outcome
accept_one (DispAcceptor *self)
{
  Address address;
  int fd = accept_next (self, &address);
  int number = fd < 0 ? errno : 0;

  if (is_shortage (number) && !does_anybody_wait (self))
    return NOBODY;
  if (is_shortage (number) && self->make_room (self->user_data))
    {
      fd = accept_next (self, &address);
      number = fd < 0 ? errno : 0;
    }
  if (number == 0)
    {
      note_success (self);
      receive (self, fd, &address);
      return WENT_ON;
    }
  if (number == EAGAIN)
    return NOBODY;
  if (is_of_connection (number))
    return WENT_ON;
  note_failure (self, g_strerror (number));
  if (is_shortage (number))
    shed_one (self);
  return SHORT;
}

static gboolean on_pause_over (gpointer user_data);

static void
pause_for_a_while (DispAcceptor *self)
{
  self->pause = disp_clock_add_timer (self->clock, disp_clock_now (self->clock) + PAUSE,
                                      "accept pause", on_pause_over, self);
}

/* When even for that there is no memory it tries again. */
static void
watch (DispAcceptor *self)
{
  if (disp_poller_add_listening (self->poller, &self->poll))
    return;
  note_failure (self, g_strerror (errno));
  pause_for_a_while (self);
}

static gboolean
on_pause_over (gpointer user_data)
{
  DispAcceptor *self = user_data;

  disp_clock_clear_timer (&self->pause);
  watch (self);
  return G_SOURCE_REMOVE;
}

static void
on_ready (DispPoll *poll)
{
  DispAcceptor *self = (DispAcceptor *) poll;
  Outcome outcome = WENT_ON;

  for (guint i = 0; i < MAX_ACCEPTS && outcome == WENT_ON; i++)
    outcome = accept_one (self);
  if (outcome != SHORT)
    return;
  disp_poller_remove (poll);
  pause_for_a_while (self);
}

/**
 * disp_acceptor_new:
 * @socket: a listening socket
 * @settings: what it is given; copied
 *
 * Accepts connections on the thread-default context, until it is freed, whatever happens: when file
 * descriptors or memory run out, one client after the other is told so, ten in a second, while the
 * others wait; and it goes on.
 *
 * Returns: (transfer full): the acceptor
 */
DispAcceptor *
disp_acceptor_new (GSocket *socket, const DispAcceptorSettings *settings)
{
  DispAcceptor *self = g_new0 (DispAcceptor, 1);

  self->socket = g_object_ref (socket);
  self->poller = settings->poller;
  self->clock = g_object_ref (settings->clock);
  self->reception = disp_reception_ref (settings->reception);
  self->member = settings->member;
  self->terms = disp_terms_ref (settings->terms);
  self->make_room = settings->make_room;
  self->user_data = settings->user_data;
  self->reserve = open_reserve ();
  self->poll.ready = on_ready;
  self->poll.fd = g_socket_get_fd (socket);
  if (g_socket_get_family (socket) != G_SOCKET_FAMILY_UNIX)
    set_options (self->poll.fd);
  watch (self);
  return self;
}

/**
 * disp_acceptor_free:
 * @self: (transfer full): an acceptor
 *
 * Takes what still waits to be accepted, so that nobody whom the kernel let in is turned away
 * without a word, and closes the socket.  Of an adopted socket the rest is left to whoever listens
 * there next.
 */
void
disp_acceptor_free (DispAcceptor *self)
{
  Outcome outcome = disp_listener_is_adopted (self->socket) ? NOBODY : WENT_ON;

  disp_poller_remove (&self->poll);
  disp_clock_clear_timer (&self->pause);
  /* Others may go on connecting for as long as the socket is open. */
  for (guint i = 0; i < DISP_LISTENER_BACKLOG + MAX_ACCEPTS && outcome != NOBODY; i++)
    outcome = accept_one (self);
  g_socket_close (self->socket, NULL);
  if (self->reserve >= 0)
    close (self->reserve);
  g_object_unref (self->socket);
  g_object_unref (self->clock);
  disp_reception_unref (self->reception);
  disp_terms_unref (self->terms);
  g_free (self);
}

/**
 * disp_acceptor_set_terms:
 * @self: an acceptor
 * @terms: (transfer none): on what terms clients are admitted from now on
 */
void
disp_acceptor_set_terms (DispAcceptor *self, DispTerms *terms)
{
  disp_terms_ref (terms);
  disp_terms_unref (self->terms);
  self->terms = terms;
}
