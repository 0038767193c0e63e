/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "demo/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE (64 * 1024)

/* While a request is being answered no more than this is read ahead. */
#define READ_AHEAD (256 * 1024)

struct _DemoConnection
{
  int fd; /* (owned) */
  int epoll;
  guint32 interest;        /* the events that epoll waits for */
  const char *server_name; /* (not owned) */

  DemoHttpReader reader;
  gboolean busy;    /* a request waits for its answer */
  gboolean ended;   /* the client sends no more */
  gboolean closing; /* nothing is answered after what is in the output */
  gboolean mute;    /* nothing is answered any more, and the client is not told */
  gboolean broken;

  GString *output; /* (owned) */
  gsize written;   /* how much of it left */

  DemoRequestFunc request_func;
  gpointer user_data;
};

/**
 * demo_connection_new:
 * @fd: (transfer full): a connected, non-blocking socket
 * @epoll: the epoll instance that will report on it, with the connection as its data
 * @server_name: (transfer none): what the Server field says; must outlive the connection
 * @request_func: takes the requests, one at a time
 * @user_data: for @request_func
 *
 * Returns: (transfer full): a connection
 */
DemoConnection *
demo_connection_new (int fd, int epoll, const char *server_name, DemoRequestFunc request_func,
                     gpointer user_data)
{
  DemoConnection *self = g_new0 (DemoConnection, 1);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = self };

  self->fd = fd;
  self->epoll = epoll;
  self->interest = EPOLLIN;
  self->server_name = server_name;
  demo_http_reader_init (&self->reader);
  self->output = g_string_new (NULL);
  self->request_func = request_func;
  self->user_data = user_data;
  self->broken = epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &event) != 0;
  return self;
}

void
demo_connection_free (DemoConnection *self)
{
  close (self->fd);
  demo_http_reader_clear (&self->reader);
  g_string_free (self->output, TRUE);
  g_free (self);
}

static const char *
reason_phrase (guint status)
{
  switch (status)
    {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Not Implemented";
    }
}

static void
append_answer (DemoConnection *self, const DemoAnswer *answer)
{
  self->closing = !self->reader.keep_alive;
  g_string_append_printf (self->output,
                          "HTTP/1.1 %u %s\r\nServer: %s\r\nContent-Type: application/json\r\n"
                          "%s%sContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                          answer->status, reason_phrase (answer->status), self->server_name,
                          answer->status == 405 ? "Allow: GET, POST\r\n" : "",
                          self->closing ? "Connection: close\r\n" : "", answer->body->len);
  g_string_append_len (self->output, answer->body->str, answer->body->len);
}

/**
 * demo_connection_answer:
 * @self: a connection that gave out a request
 * @answer: the answer to it
 *
 * Call demo_connection_proceed() afterwards, unless this is within the #DemoRequestFunc.
 */
void
demo_connection_answer (DemoConnection *self, const DemoAnswer *answer)
{
  g_assert (self->busy);
  self->busy = FALSE;
  append_answer (self, answer);
}

/**
 * demo_connection_answer_half:
 * @self: a connection that gave out a request
 * @answer: the answer to it
 *
 * Sends the head of the answer and half of the body, and then nothing for as long as the client
 * waits.
 */
void
demo_connection_answer_half (DemoConnection *self, const DemoAnswer *answer)
{
  demo_connection_answer (self, answer);
  g_string_truncate (self->output, self->output->len - (answer->body->len + 1) / 2);
  self->closing = FALSE;
  self->mute = TRUE;
}

/**
 * demo_connection_end_after_answer:
 * @self: a connection that gave out a request
 *
 * Has the answer to it say that it is the last one on the connection.
 */
void
demo_connection_end_after_answer (DemoConnection *self)
{
  self->reader.keep_alive = FALSE;
}

/**
 * demo_connection_reset:
 * @self: a connection that gave out a request
 *
 * Has the connection end without an answer, by a reset, as soon as the #DemoRequestFunc returns.
 */
void
demo_connection_reset (DemoConnection *self)
{
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  self->busy = FALSE;
  self->mute = TRUE;
  self->broken = TRUE;
}

static void
refuse (DemoConnection *self)
{
  g_auto (DemoAnswer) answer;

  demo_answer_init (&answer);
  demo_answer_fail (&answer, self->reader.status, "%s", self->reader.reason);
  append_answer (self, &answer);
}

static void
receive (DemoConnection *self)
{
  GByteArray *input = self->reader.input;
  gsize before = input->len;
  gssize received;

  g_byte_array_set_size (input, before + READ_SIZE);
  do
    received = recv (self->fd, input->data + before, READ_SIZE, 0);
  while (received < 0 && errno == EINTR);
  if (received < 0 && errno != EAGAIN)
    self->broken = TRUE;
  if (received == 0)
    self->ended = TRUE;
  g_byte_array_set_size (input, before + MAX (received, 0));
}

static void
transmit (DemoConnection *self)
{
  while (self->written < self->output->len)
    {
      gssize sent = send (self->fd, self->output->str + self->written,
                          self->output->len - self->written, MSG_NOSIGNAL);

      if (sent < 0 && errno == EINTR)
        continue;
      if (sent < 0)
        {
          self->broken = self->broken || errno != EAGAIN;
          return;
        }
      self->written += sent;
    }
  if (self->output->allocated_len > READ_AHEAD)
    {
      g_string_free (self->output, TRUE);
      self->output = g_string_new (NULL);
    }
  g_string_truncate (self->output, 0);
  self->written = 0;
}

/* A client that does not take its answers is not read from, nor one that is far ahead. */
static void
update_interest (DemoConnection *self)
{
  gboolean pending = self->output->len > 0;
  gboolean ahead = self->busy && self->reader.input->len - self->reader.at > READ_AHEAD;
  guint32 interest = (pending ? EPOLLOUT : 0)
                     | (pending || ahead || self->ended || self->closing ? 0 : EPOLLIN);
  struct epoll_event event = { .events = interest, .data.ptr = self };

  if (interest == self->interest)
    return;
  self->interest = interest;
  if (epoll_ctl (self->epoll, EPOLL_CTL_MOD, self->fd, &event) != 0)
    self->broken = TRUE;
}

/* Gives out requests for as long as they are complete and answered at once.  Returns whether it
 * stopped only because the client has to take its answers first. */
static gboolean
give_out (DemoConnection *self)
{
  while (!self->busy && !self->closing && !self->mute)
    {
      DemoHttpResult result;

      if (self->output->len >= READ_AHEAD)
        return TRUE;
      result = demo_http_reader_next (&self->reader);
      if (result == DEMO_HTTP_MORE)
        {
          if (self->reader.wants_continue)
            g_string_append (self->output, "HTTP/1.1 100 Continue\r\n\r\n");
          self->reader.wants_continue = FALSE;
          return FALSE;
        }
      if (result == DEMO_HTTP_REFUSED)
        {
          refuse (self);
          return FALSE;
        }
      self->busy = TRUE;
      self->request_func (self, &self->reader, self->user_data);
    }
  return FALSE;
}

/**
 * demo_connection_proceed:
 * @self: a connection
 *
 * Gives out what requests are complete, and sends what can be sent.
 *
 * Returns: whether the connection goes on; otherwise free it
 */
gboolean
demo_connection_proceed (DemoConnection *self)
{
  gboolean more;

  do
    {
      more = give_out (self);
      transmit (self);
    }
  while (more && self->output->len == 0 && !self->broken);
  update_interest (self);
  if (self->broken)
    return FALSE;
  return self->busy || self->output->len > 0 || !(self->ended || self->closing);
}

/**
 * demo_connection_dispatch:
 * @self: a connection
 * @events: what epoll reported
 *
 * Returns: whether the connection goes on; otherwise free it
 */
gboolean
demo_connection_dispatch (DemoConnection *self, guint32 events)
{
  if (events & (EPOLLERR | EPOLLHUP))
    return FALSE;
  if (events & EPOLLIN)
    receive (self);
  return demo_connection_proceed (self);
}
