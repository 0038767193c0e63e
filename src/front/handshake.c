/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/handshake.h"

#include "core/error.h"
#include "front/refusal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The start of what a client of TLS says first (RFC 8446, sections 4, 4.1.2 and 5.1): a record with
 * a ClientHello, or the first part of one: its type, its length, and the newest version that the
 * client speaks, or 3.3 if that is newer than TLS 1.2. */
#define HEADER_SIZE 5
#define VERSION_OFFSET (HEADER_SIZE + 4)
#define PREFIX_SIZE (VERSION_OFFSET + 2)
#define TYPE_HANDSHAKE 22
#define MAJOR_VERSION 3
#define CLIENT_HELLO 1
#define MAX_RECORD 16384
#define OLDEST_MINOR_VERSION 3

/* How often those that keep a handshake waiting are looked at, in microseconds. */
#define PRESS_INTERVAL (100 * 1000)

/* What a client that speaks no TLS may send on while it is told so: how much is thrown away, in
 * bytes, and for how long, in microseconds. */
#define MAX_DISCARDED (1024 * 1024)
#define MAX_LINGER (2 * G_USEC_PER_SEC)
#define DISCARD_SIZE 16384

#define FROM_POLL(each)                                                                            \
  ((DispHandshake *) (gpointer) ((char *) (each) -G_STRUCT_OFFSET (DispHandshake, poll)))
#define FROM_DEADLINE(each)                                                                        \
  ((DispHandshake *) (gpointer) ((char *) (each) -G_STRUCT_OFFSET (DispHandshake, deadline)))

struct _DispHandshake
{
  DispPoll poll; /* its descriptor is owned while there is no job */
  DispDeadline deadline;
  DispHandshakeSettings settings; /* of which the terms are owned */
  gint64 end;                     /* when it is given up, in microseconds */
  DispHandshakeJob *job;          /* (owned) (nullable) once the first record is there */
  gboolean is_lingering;          /* the client speaks no TLS, and was told so */
  gsize discarded;                /* while it lingers, in bytes */
  DispHandshakeDone done;
  gpointer user_data;
};

/* Gives up what is there but for the socket of a job that is over. */
static void
handshake_free (DispHandshake *self)
{
  disp_deadline_clear (&self->deadline);
  disp_poller_remove (&self->poll);
  if (self->job != NULL)
    disp_handshake_job_cancel (self->job);
  else
    close (self->poll.fd);
  disp_terms_unref (self->settings.terms);
  g_free (self);
}

static void
fail (DispHandshake *self)
{
  DispHandshakeDone done = self->done;
  gpointer user_data = self->user_data;

  handshake_free (self);
  done (NULL, user_data);
}

static void
on_job_done (GTlsConnection *connection, gpointer user_data)
{
  DispHandshake *self = user_data;
  DispHandshakeDone done = self->done;
  gpointer done_data = self->user_data;
  int fd = self->poll.fd;

  disp_handshake_job_free (g_steal_pointer (&self->job));
  disp_deadline_clear (&self->deadline);
  disp_terms_unref (self->settings.terms);
  g_free (self);
  done (connection != NULL ? disp_channel_new_tls (connection, fd) : NULL, done_data);
}

/* Until the job is over or given up. */
static void
set_next_look (DispHandshake *self)
{
  disp_deadlines_set (
      self->settings.deadlines, &self->deadline,
      MIN (self->end, disp_deadlines_now (self->settings.deadlines) + PRESS_INTERVAL));
}

static void
begin_job (DispHandshake *self)
{
  disp_poller_remove (&self->poll);
  self->job = disp_handshake_queue_push (self->settings.queue, self->poll.fd, self->settings.terms,
                                         on_job_done, self);
  set_next_look (self);
}

static void
discard (DispHandshake *self)
{
  char bytes[DISCARD_SIZE];
  gssize n;

  do
    {
      n = recv (self->poll.fd, bytes, sizeof bytes, MSG_DONTWAIT);
      self->discarded += (gsize) MAX (n, 0);
    }
  while (n > 0 && self->discarded < MAX_DISCARDED);
  if (n >= 0 || errno != EAGAIN)
    fail (self);
}

/* Tells a client why it is not served, and waits for it to have seen that. */
static void
refuse (DispHandshake *self, const void *bytes, gsize size)
{
  self->is_lingering = TRUE;
  disp_deadlines_set (self->settings.deadlines, &self->deadline,
                      MIN (self->end, disp_deadlines_now (self->settings.deadlines) + MAX_LINGER));
  /* The buffer of a new connection has room for it; if not, the client is told nothing. */
  send (self->poll.fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown (self->poll.fd, SHUT_WR);
  discard (self);
}

/* Of a client that speaks no TLS, most likely it is HTTP. */
static void
refuse_plain (DispHandshake *self)
{
  g_autoptr (GError) error = g_error_new_literal (
      DISP_ERROR, DISP_ERROR_BAD_REQUEST,
      "what came is no TLS, which is spoken here: expected https://");
  g_autoptr (GBytes) response = disp_error_to_response (error);
  gsize size;
  const void *bytes = g_bytes_get_data (response, &size);

  refuse (self, bytes, size);
}

/* TLS 1.0 and 1.1 are not to be spoken any more (RFC 8996); GnuTLS would. */
static void
refuse_old (DispHandshake *self)
{
  /* A fatal alert: protocol_version. */
  static const guint8 alert[] = { 21, 3, 1, 0, 2, 2, 70 };

  refuse (self, alert, sizeof alert);
}

/* Whether all of the record is there whose header @prefix begins with. */
static gboolean
is_whole (int fd, const guint8 *prefix)
{
  int n = 0;

  return ioctl (fd, FIONREAD, &n) == 0 && n >= HEADER_SIZE + (prefix[3] << 8 | prefix[4]);
}

static gboolean
is_client_hello (const guint8 *prefix)
{
  const int length = prefix[3] << 8 | prefix[4];

  return prefix[1] == MAJOR_VERSION && length >= PREFIX_SIZE - HEADER_SIZE && length <= MAX_RECORD
         && prefix[HEADER_SIZE] == CLIENT_HELLO && prefix[VERSION_OFFSET] == MAJOR_VERSION;
}

/* Whether nothing will come of it: @n is what recv() said of the prefix. */
static gboolean
is_hopeless (DispHandshake *self, gssize n, gboolean is_hello)
{
  if (n < 0)
    return errno != EAGAIN && errno != EINTR;
  return (n == PREFIX_SIZE && !is_hello) || self->poll.is_hung_up || n == 0;
}

/* No thread waits for a client that has not said all that it can say by itself. */
static void
look (DispHandshake *self)
{
  guint8 prefix[PREFIX_SIZE];
  gssize n = recv (self->poll.fd, prefix, sizeof prefix, MSG_PEEK | MSG_DONTWAIT);
  gboolean is_hello = n == PREFIX_SIZE && is_client_hello (prefix);

  if (n > 0 && prefix[0] != TYPE_HANDSHAKE)
    refuse_plain (self);
  else if (is_hello && prefix[VERSION_OFFSET + 1] < OLDEST_MINOR_VERSION)
    refuse_old (self);
  else if (is_hello && is_whole (self->poll.fd, prefix))
    begin_job (self);
  else if (is_hopeless (self, n, is_hello))
    fail (self);
}

static void
on_ready (DispPoll *poll)
{
  DispHandshake *self = FROM_POLL (poll);

  if (self->is_lingering)
    discard (self);
  else
    look (self);
}

static void
on_due (DispDeadline *deadline)
{
  DispHandshake *self = FROM_DEADLINE (deadline);
  gint64 now = disp_deadlines_now (self->settings.deadlines);

  if (now >= self->end || self->job == NULL)
    {
      fail (self);
      return;
    }
  if (disp_handshake_job_is_waiting (self->job))
    disp_handshake_queue_press (self->settings.queue, now);
  set_next_look (self);
}

/**
 * disp_handshake_start:
 * @fd: (transfer full): a socket that was just accepted, non-blocking
 * @settings: what it is given; copied
 * @done: called once on this thread, unless it is cancelled before; never from inside this function
 * @user_data: for @done
 *
 * Makes TLS of a connection within the time that a head of a request has.  A client that speaks
 * something else is answered with 400, as HTTP has it.
 *
 * Returns: (transfer none): the handshake, until @done
 */
DispHandshake *
disp_handshake_start (int fd, const DispHandshakeSettings *settings, DispHandshakeDone done,
                      gpointer user_data)
{
  DispHandshake *self = g_new0 (DispHandshake, 1);

  self->settings = *settings;
  disp_terms_ref (self->settings.terms);
  self->done = done;
  self->user_data = user_data;
  self->poll.ready = on_ready;
  self->poll.fd = fd;
  self->deadline.due = on_due;
  self->end = disp_deadlines_now (settings->deadlines) + settings->terms->head_timeout;
  /* Without room for it, it fails at once. */
  if (!disp_poller_add (settings->poller, &self->poll))
    self->end = disp_deadlines_now (settings->deadlines);
  disp_deadlines_set (settings->deadlines, &self->deadline, self->end);
  return self;
}

/**
 * disp_handshake_cancel:
 * @self: a handshake that is not over
 *
 * Gives it up, and frees it.
 */
void
disp_handshake_cancel (DispHandshake *self)
{
  handshake_free (self);
}
