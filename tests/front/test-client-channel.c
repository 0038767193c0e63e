/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/client-channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A channel over one end of a connection of TCP, and the other end, which blocks. */
typedef struct
{
  DispChannel *channel; /* (owned) (nullable) once it is closed */
  int peer;             /* (owned) -1 once it is closed */
} Fixture;

static int
listen_locally (struct sockaddr_in *address)
{
  socklen_t length = sizeof *address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  *address = (struct sockaddr_in){ .sin_family = AF_INET };
  address->sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (bind (fd, (struct sockaddr *) address, sizeof *address), ==, 0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) address, &length), ==, 0);
  return fd;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  struct sockaddr_in address;
  int listening = listen_locally (&address);
  int accepted;

  fixture->peer = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (connect (fixture->peer, (struct sockaddr *) &address, sizeof address), ==, 0);
  accepted = accept4 (listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  g_assert_cmpint (accepted, >=, 0);
  close (listening);
  fixture->channel = disp_channel_new_plain (accepted);
  g_assert_cmpint (disp_channel_get_fd (fixture->channel), ==, accepted);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  if (fixture->channel != NULL)
    disp_channel_close (fixture->channel, FALSE);
  if (fixture->peer >= 0)
    close (fixture->peer);
}

static void
wait_readable (Fixture *fixture)
{
  GPollFD poll_fd = { .fd = disp_channel_get_fd (fixture->channel), .events = G_IO_IN };

  g_assert_cmpint (g_poll (&poll_fd, 1, 5000), ==, 1);
}

static gssize
write_string (Fixture *fixture, const char *string)
{
  const GOutputVector vector = { string, strlen (string) };

  return disp_channel_write (fixture->channel, &vector, 1);
}

static void
test_read (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  char buffer[16];

  g_assert_false (disp_channel_is_tls (fixture->channel));
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer, sizeof buffer), ==,
                   DISP_CHANNEL_WAIT);
  g_assert_cmpint (send (fixture->peer, "ping", 4, 0), ==, 4);
  wait_readable (fixture);
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer, 3), ==, 3);
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer + 3, sizeof buffer - 3), ==, 1);
  g_assert_cmpmem (buffer, 4, "ping", 4);
  g_assert_false (disp_channel_is_pending (fixture->channel));
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer, sizeof buffer), ==,
                   DISP_CHANNEL_WAIT);
  g_assert_cmpint (shutdown (fixture->peer, SHUT_WR), ==, 0);
  wait_readable (fixture);
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer, sizeof buffer), ==,
                   DISP_CHANNEL_END);
}

static void
test_write (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const GOutputVector vectors[] = { { "one", 3 }, { NULL, 0 }, { "two", 3 } };
  char buffer[16];

  g_assert_cmpint (disp_channel_write (fixture->channel, vectors, G_N_ELEMENTS (vectors)), ==, 6);
  g_assert_cmpint (recv (fixture->peer, buffer, 6, MSG_WAITALL), ==, 6);
  g_assert_cmpmem (buffer, 6, "onetwo", 6);
}

/* More vectors than the system takes at once are no error. */
static void
test_many_vectors (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree GOutputVector *vectors = g_new (GOutputVector, 5000);

  for (guint i = 0; i < 5000; i++)
    vectors[i] = (GOutputVector){ "x", 1 };
  g_assert_cmpint (disp_channel_write (fixture->channel, vectors, 5000), >, 0);
}

static void
test_full (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gsize size = 32 * 1024 * 1024;
  g_autofree char *bytes = g_malloc0 (size);
  const GOutputVector vector = { bytes, size };
  gssize first = disp_channel_write (fixture->channel, &vector, 1);
  gssize written = 0;

  g_assert_cmpint (first, >, 0);
  g_assert_cmpint (first, <, size);
  /* The peer's side takes some more until both are full. */
  for (guint i = 0; i < 10000 && written >= 0; i++)
    written = disp_channel_write (fixture->channel, &vector, 1);
  g_assert_cmpint (written, ==, DISP_CHANNEL_WAIT);
}

static void
test_shutdown (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  char buffer[16];

  g_assert_cmpint (write_string (fixture, "bye"), ==, 3);
  disp_channel_shutdown (fixture->channel);
  g_assert_cmpint (recv (fixture->peer, buffer, 4, MSG_WAITALL), ==, 3);
  g_assert_cmpint (recv (fixture->peer, buffer, 4, 0), ==, 0);
  /* The other direction is still there. */
  g_assert_cmpint (send (fixture->peer, "more", 4, 0), ==, 4);
  wait_readable (fixture);
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer, sizeof buffer), ==, 4);
}

static void
test_close (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  char buffer[16];

  g_assert_cmpint (write_string (fixture, "bye"), ==, 3);
  disp_channel_close (g_steal_pointer (&fixture->channel), FALSE);
  g_assert_cmpint (recv (fixture->peer, buffer, 4, MSG_WAITALL), ==, 3);
}

static void
test_reset (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  char buffer[16];

  disp_channel_close (g_steal_pointer (&fixture->channel), TRUE);
  g_assert_cmpint (recv (fixture->peer, buffer, sizeof buffer, 0), ==, -1);
  g_assert_cmpint (errno, ==, ECONNRESET);
}

/* A broken connection is no signal that ends the process. */
static void
test_broken (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
  char buffer[16];

  setsockopt (fixture->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close (fixture->peer);
  fixture->peer = -1;
  wait_readable (fixture);
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer, sizeof buffer), ==,
                   DISP_CHANNEL_BROKEN);
  g_assert_cmpint (write_string (fixture, "x"), ==, DISP_CHANNEL_BROKEN);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                        \
  g_test_add ("/front/client-channel/plain/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("read", test_read);
  ADD ("write", test_write);
  ADD ("many-vectors", test_many_vectors);
  ADD ("full", test_full);
  ADD ("shutdown", test_shutdown);
  ADD ("close", test_close);
  ADD ("reset", test_reset);
  ADD ("broken", test_broken);
#undef ADD
  return g_test_run ();
}
