/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* threaded-server SERVICE-TIME PER-INSTANCE: a model server as many are: a thread for each
 * connection, and one device, which the threads take turns at, in whatever order the kernel wakes
 * them.  An inference takes so many milliseconds, and so many more for each instance.  The demo
 * model server serves strictly in the order of arrival instead, and loses no time between
 * inferences. */
#include "demo/catalogue.h"
#include "demo/http-reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 1024
#define READ_SIZE (16 * 1024)

typedef struct
{
  double service_time; /* in milliseconds */
  double per_instance;
  GPtrArray *models; /* (owned) (element-type DemoModel) */
  GMutex device;     /* locked during an inference */
} Server;

typedef struct
{
  Server *server; /* (not owned) */
  int fd;         /* (owned) */
} Connection;

static void
infer (Server *self, guint n_instances)
{
  gint64 nanoseconds = (gint64) ((self->service_time + self->per_instance * n_instances) * 1e6);
  struct timespec rest = { nanoseconds / 1000000000, nanoseconds % 1000000000 };

  g_mutex_lock (&self->device);
  while (clock_nanosleep (CLOCK_MONOTONIC, 0, &rest, &rest) != 0)
    continue;
  g_mutex_unlock (&self->device);
}

static gboolean
transmit (int fd, const GString *bytes)
{
  for (gsize at = 0; at < bytes->len;)
    {
      gssize sent = send (fd, bytes->str + at, bytes->len - at, MSG_NOSIGNAL);

      if (sent < 0)
        return FALSE;
      at += sent;
    }
  return TRUE;
}

/* Returns whether the connection goes on. */
static gboolean
answer_request (Connection *self, const DemoHttpReader *reader)
{
  g_autoptr (GString) bytes = g_string_new (NULL);
  g_auto (DemoAnswer) answer;

  demo_answer_init (&answer);
  demo_catalogue_answer (self->server->models, reader->method, reader->target, reader->body,
                         reader->body_length, &answer);
  if (answer.n_instances > 0)
    infer (self->server, answer.n_instances);
  g_string_printf (bytes,
                   "HTTP/1.1 %u Answer\r\nContent-Type: application/json\r\n"
                   "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
                   answer.status, answer.body->len, answer.body->str);
  return transmit (self->fd, bytes) && reader->keep_alive;
}

static gboolean
receive (Connection *self, DemoHttpReader *reader)
{
  gsize before = reader->input->len;
  gssize received;

  g_byte_array_set_size (reader->input, before + READ_SIZE);
  received = recv (self->fd, reader->input->data + before, READ_SIZE, 0);
  g_byte_array_set_size (reader->input, before + MAX (received, 0));
  return received > 0;
}

static gpointer
serve (gpointer data)
{
  g_autofree Connection *self = data;
  DemoHttpReader reader;
  gboolean goes_on = TRUE;

  demo_http_reader_init (&reader);
  while (goes_on)
    {
      DemoHttpResult result = demo_http_reader_next (&reader);

      if (result == DEMO_HTTP_MORE)
        goes_on = receive (self, &reader);
      else
        goes_on = result == DEMO_HTTP_REQUEST && answer_request (self, &reader);
    }
  demo_http_reader_clear (&reader);
  close (self->fd);
  return NULL;
}

/* Returns a socket that listens on a port that the system chooses, or -1. */
static int
listen_somewhere (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (bind (fd, (struct sockaddr *) &address, length) != 0 || listen (fd, BACKLOG) != 0
      || getsockname (fd, (struct sockaddr *) &address, &length) != 0)
    return -1;
  printf ("listening on 127.0.0.1:%d\n", ntohs (address.sin_port));
  fflush (stdout);
  return fd;
}

int
main (int argc, char **argv)
{
  Server server = { 0 };
  int listening;
  int fd;

  if (argc != 3)
    {
      fprintf (stderr, "usage: threaded-server SERVICE-TIME PER-INSTANCE\n");
      return EX_USAGE;
    }
  server.service_time = g_ascii_strtod (argv[1], NULL);
  server.per_instance = g_ascii_strtod (argv[2], NULL);
  server.models = demo_catalogue_new ("half_plus_two,half_plus_three", NULL);
  g_mutex_init (&server.device);
  listening = listen_somewhere ();
  while ((fd = accept4 (listening, NULL, NULL, SOCK_CLOEXEC)) >= 0 || errno == ECONNABORTED)
    if (fd >= 0)
      {
        const int on = 1;
        Connection *connection = g_new (Connection, 1);

        setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        *connection = (Connection){ &server, fd };
        g_thread_unref (g_thread_new ("connection", serve, connection));
      }
  return EX_OSERR;
}
