/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/connection.h"

#include "support/fake-clock.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How much of an answer a client must take in each of its times, in bytes, and how long those are,
 * in microseconds: what terms have that nobody has set. */
#define MIN_TAKEN 30000
#define WRITE_TIMEOUT (30 * G_USEC_PER_SEC)

/* How many pieces of 64 KiB an answer has that no socket takes at once. */
#define N_PIECES 64

/* A client that waits to be told to go on. */
#define HEAD "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"

/* A connection to which nothing can be sent, since its client has not read what was sent before. */
typedef struct
{
  FakeClock *clock;           /* (owned) */
  DispHall hall;              /* its parts are owned */
  DispConnection *connection; /* (owned) (nullable) until it is closed */
  DispHttpHead *head;         /* (owned) (nullable) of the request in progress */
  GIOStream *stream;          /* (owned) (nullable) of that */
  int client;                 /* (owned) its socket; -1: closed */
  guint n_requests;           /* those that came to their end */
  guint n_hung_up;
} Fixture;

static void
on_head (DispConnection *connection, DispHttpHead *head, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->head = head;
  disp_connection_expect_body (connection, head, 2, TRUE);
}

static void
on_hung_up (DispConnection *connection, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_hung_up++;
  disp_connection_close (connection);
}

/* Its answer takes a while. */
static void
on_request (DispConnection *connection, GBytes *body, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), "{}", 2);
  g_bytes_unref (body);
  fixture->n_requests++;
  fixture->stream = disp_connection_open_stream (connection, fixture->head);
  disp_connection_watch (connection, on_hung_up, fixture);
}

static GBytes *
on_refusal (G_GNUC_UNUSED DispConnection *connection, const GError *error,
            G_GNUC_UNUSED gpointer user_data)
{
  return g_bytes_new (error->message, strlen (error->message));
}

static void
on_ended (G_GNUC_UNUSED DispConnection *connection, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_clear_pointer (&fixture->head, disp_http_head_free);
}

static void
on_closed (G_GNUC_UNUSED DispConnection *connection, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_clear_pointer (&fixture->connection, disp_connection_unref);
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
open_hall (Fixture *fixture)
{
  const DispConnectionEvents events = { on_head, on_request, on_refusal, on_ended, on_closed };

  fixture->clock = fake_clock_new ();
  fixture->hall = (DispHall){
    .poller = disp_poller_new (),
    .deadlines = disp_deadlines_new (DISP_CLOCK (fixture->clock)),
    .reception = disp_reception_new (),
    .terms = disp_terms_new (),
    .events = events,
    .user_data = fixture,
  };
}

static void
fill (int socket)
{
  static const char filler[4096];

  while (send (socket, filler, sizeof filler, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
    ;
}

static gsize
drink (int socket, gsize n)
{
  char waste[4096];
  gsize drunk = 0;
  gssize part = 1;

  for (; drunk < n && part > 0; drunk += (gsize) MAX (part, 0))
    part = recv (socket, waste, MIN (sizeof waste, n - drunk), MSG_DONTWAIT);
  return drunk;
}

static void
say (Fixture *fixture, const char *text)
{
  g_assert_cmpint (send (fixture->client, text, strlen (text), MSG_NOSIGNAL), ==,
                   (gssize) strlen (text));
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const struct sockaddr_un address = { .sun_family = AF_UNIX };
  DispPeer *peer;
  int sockets[2];

  open_hall (fixture);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets), ==,
                   0);
  fixture->client = sockets[0];
  fill (sockets[1]);
  peer = disp_reception_admit (fixture->hall.reception, fixture->hall.terms,
                               (const struct sockaddr *) &address, sizeof address, NULL, NULL);
  fixture->connection = disp_connection_new (&fixture->hall, disp_channel_new_plain (sockets[1]),
                                             peer);
  say (fixture, HEAD);
  settle ();
  g_assert_nonnull (fixture->head);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  if (fixture->connection != NULL)
    disp_connection_close (fixture->connection);
  g_assert_null (fixture->connection);
  g_assert_null (fixture->head);
  g_clear_object (&fixture->stream);
  if (fixture->client >= 0)
    close (fixture->client);
  disp_deadlines_free (fixture->hall.deadlines);
  disp_poller_free (fixture->hall.poller);
  disp_reception_unref (fixture->hall.reception);
  disp_terms_unref (fixture->hall.terms);
  g_assert_finalize_object (fixture->clock);
}

/* The client reads, and sends its body, before the server looks: both come as one event. */
static void
test_reads_and_sends (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  drink (fixture->client, G_MAXSIZE);
  say (fixture, "{}");
  settle ();
  g_assert_cmpuint (fixture->n_requests, ==, 1);
}

/* The client sends its body without having been told to, and goes. */
static void
test_sends_and_goes (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  say (fixture, "{}");
  settle ();
  g_assert_cmpuint (fixture->n_requests, ==, 1);
  close (fixture->client);
  fixture->client = -1;
  settle ();
  g_assert_cmpuint (fixture->n_hung_up, ==, 1);
  g_assert_null (fixture->connection);
}

/* As SoupServer would: more than the system takes, and then the end. */
static void
write_answer (Fixture *fixture)
{
  static const char piece[65536];
  GOutputStream *output = g_io_stream_get_output_stream (fixture->stream);

  for (guint i = 0; i < N_PIECES; i++)
    g_assert_cmpint (g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output),
                                                                 piece, sizeof piece, NULL, NULL),
                     ==, sizeof piece);
  g_io_stream_close (fixture->stream, NULL, NULL);
}

/* The system tells of room only when there is a lot of it.  A client that is fast enough is not cut
 * off for that, and one that stops is. */
static void
test_reads_slowly (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  say (fixture, "{}");
  settle ();
  write_answer (fixture);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (drink (fixture->client, 2 * MIN_TAKEN), ==, 2 * MIN_TAKEN);
      fake_clock_advance (fixture->clock, WRITE_TIMEOUT + G_USEC_PER_SEC);
      settle ();
      g_assert_nonnull (fixture->connection);
    }
  fake_clock_advance (fixture->clock, WRITE_TIMEOUT + G_USEC_PER_SEC);
  settle ();
  g_assert_null (fixture->connection);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/front/connection-blocked/reads-and-sends", Fixture, NULL, set_up,
              test_reads_and_sends, tear_down);
  g_test_add ("/front/connection-blocked/sends-and-goes", Fixture, NULL, set_up,
              test_sends_and_goes, tear_down);
  g_test_add ("/front/connection-blocked/reads-slowly", Fixture, NULL, set_up, test_reads_slowly,
              tear_down);
  return g_test_run ();
}
