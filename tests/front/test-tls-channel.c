/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/client-channel.h"

#include "front/tls-fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BIG (5 * 1024 * 1024)

/* A channel of TLS, and its client. */
typedef struct
{
  TlsFixture *tls;            /* (owned) */
  DispChannel *channel;       /* (owned) (nullable) once it is closed */
  TlsClient *client;          /* (owned) */
  GTlsConnection *connection; /* (owned) (nullable) until the channel has it */
} Fixture;

static void
on_done (GTlsConnection *connection, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_nonnull (connection);
  fixture->connection = connection;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispHandshakeJob *job;
  int near, far;

  fixture->tls = tls_fixture_new ();
  tls_make_sockets (&near, &far);
  fixture->client = tls_client_new (fixture->tls, far, NULL);
  job = disp_handshake_queue_push (fixture->tls->queue, near, fixture->tls->terms, on_done,
                                   fixture);
  while (fixture->connection == NULL)
    g_main_context_iteration (NULL, TRUE);
  disp_handshake_job_free (job);
  fixture->channel = disp_channel_new_tls (g_steal_pointer (&fixture->connection), near);
  g_assert_true (tls_client_join (fixture->client));
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  if (fixture->channel != NULL)
    disp_channel_close (fixture->channel, FALSE);
  tls_client_free (fixture->client);
  tls_fixture_free (fixture->tls);
}

static GOutputStream *
get_output (Fixture *fixture)
{
  return g_io_stream_get_output_stream (fixture->client->connection);
}

static GInputStream *
get_input (Fixture *fixture)
{
  return g_io_stream_get_input_stream (fixture->client->connection);
}

static void
client_says (Fixture *fixture, const char *string)
{
  g_assert_true (
      g_output_stream_write_all (get_output (fixture), string, strlen (string), NULL, NULL, NULL));
}

static void
wait_ready (Fixture *fixture, GIOCondition condition)
{
  GPollFD poll = { .fd = disp_channel_get_fd (fixture->channel), .events = condition };

  g_assert_cmpint (g_poll (&poll, 1, 10000), ==, 1);
}

static gssize
read_waiting (Fixture *fixture, void *buffer, gsize size)
{
  gssize n;

  while ((n = disp_channel_read (fixture->channel, buffer, size)) == DISP_CHANNEL_WAIT)
    wait_ready (fixture, G_IO_IN);
  return n;
}

static void
test_read (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  char buffer[16];

  g_assert_true (disp_channel_is_tls (fixture->channel));
  /* It has to be asked once, whatever the socket says. */
  g_assert_true (disp_channel_is_pending (fixture->channel));
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer, sizeof buffer), ==,
                   DISP_CHANNEL_WAIT);
  g_assert_false (disp_channel_is_pending (fixture->channel));
  client_says (fixture, "ping");
  g_assert_cmpint (read_waiting (fixture, buffer, 3), ==, 3);
  /* The socket has nothing more; TLS has. */
  g_assert_true (disp_channel_is_pending (fixture->channel));
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer + 3, sizeof buffer - 3), ==, 1);
  g_assert_cmpmem (buffer, 4, "ping", 4);
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer, sizeof buffer), ==,
                   DISP_CHANNEL_WAIT);
  g_assert_false (disp_channel_is_pending (fixture->channel));
}

/* Only who says so has ended: whoever cuts the connection on its way cannot. */
static void
test_end (Fixture *fixture, gconstpointer data)
{
  const gboolean is_said = data == NULL;
  char buffer[16];

  if (is_said)
    g_assert_true (g_output_stream_close (get_output (fixture), NULL, NULL));
  else
    g_assert_true (g_socket_shutdown (fixture->client->socket, FALSE, TRUE, NULL));
  g_assert_cmpint (read_waiting (fixture, buffer, sizeof buffer), ==,
                   is_said ? DISP_CHANNEL_END : DISP_CHANNEL_BROKEN);
}

static void
test_nonsense (Fixture *fixture, gconstpointer data)
{
  char buffer[16];

  g_assert_cmpint (send (g_socket_get_fd (fixture->client->socket), data, 7, 0), ==, 7);
  g_assert_cmpint (read_waiting (fixture, buffer, sizeof buffer), ==, DISP_CHANNEL_BROKEN);
  g_assert_cmpint (disp_channel_read (fixture->channel, buffer, sizeof buffer), ==,
                   DISP_CHANNEL_BROKEN);
}

static void
test_write (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const GOutputVector vectors[] = { { NULL, 0 }, { "one", 3 }, { NULL, 0 }, { "two", 3 } };
  char buffer[7] = "";

  g_assert_cmpint (disp_channel_write (fixture->channel, vectors, 1), ==, 0);
  g_assert_cmpint (disp_channel_write (fixture->channel, vectors, G_N_ELEMENTS (vectors)), ==, 6);
  /* Small pieces are one record. */
  g_assert_cmpint (g_input_stream_read (get_input (fixture), buffer, 6, NULL, NULL), ==, 6);
  g_assert_cmpstr (buffer, ==, "onetwo");
}

static gpointer
read_big (gpointer data)
{
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guchar *buffer = g_malloc (65536);
  gsize total = 0;
  gssize n;

  while (total < BIG && (n = g_input_stream_read (data, buffer, 65536, NULL, NULL)) > 0)
    {
      g_checksum_update (checksum, buffer, n);
      total += (gsize) n;
    }
  return checksum;
}

static guchar *
make_big (void)
{
  guchar *bytes = g_malloc (BIG);

  for (gsize i = 0; i < BIG; i++)
    bytes[i] = (guchar) (i * 7 + i / 251);
  return bytes;
}

/* Much more than there is room for, of pieces of all sizes, arrives as it was. */
static void
test_big_write (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gsize sizes[] = { 1, 100, 16383, 16384, 16385, 70000 };
  g_autofree guchar *bytes = make_big ();
  g_autofree char *expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, BIG);
  GThread *reader = NULL;
  GChecksum *checksum;

  for (gsize offset = 0, i = 0; offset < BIG; i++)
    {
      gsize size = MIN (sizes[i % G_N_ELEMENTS (sizes)], BIG - offset);
      const GOutputVector vectors[] = { { bytes + offset, size },
                                        { bytes + offset + size, BIG - offset - size } };
      gssize n = disp_channel_write (fixture->channel, vectors, 2);

      if (n == DISP_CHANNEL_WAIT)
        {
          /* Not before, so that it has to wait. */
          if (reader == NULL)
            reader = g_thread_new ("reader", read_big, get_input (fixture));
          wait_ready (fixture, G_IO_OUT);
          continue;
        }
      g_assert_cmpint (n, >, 0);
      offset += (gsize) n;
    }
  g_assert_nonnull (reader);
  checksum = g_thread_join (reader);
  g_assert_cmpstr (g_checksum_get_string (checksum), ==, expected);
  g_checksum_free (checksum);
}

static gpointer
write_big (gpointer data)
{
  g_autofree guchar *bytes = make_big ();

  g_assert_true (g_output_stream_write_all (data, bytes, BIG, NULL, NULL, NULL));
  return NULL;
}

static void
test_big_read (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree guchar *expected = make_big ();
  g_autofree guchar *bytes = g_malloc (BIG);
  GThread *writer = g_thread_new ("writer", write_big, get_output (fixture));

  for (gsize offset = 0; offset < BIG;)
    {
      gssize n = read_waiting (fixture, bytes + offset, BIG - offset);

      g_assert_cmpint (n, >, 0);
      offset += (gsize) n;
    }
  g_thread_join (writer);
  g_assert_cmpmem (bytes, BIG, expected, BIG);
}

/* A record that is half on its way is not exchanged for another. */
static void
test_retraction (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *bytes = g_malloc0 (BIG);
  const GOutputVector all = { bytes, BIG };
  const GOutputVector less = { bytes, 1 };
  gssize n;

  do
    n = disp_channel_write (fixture->channel, &all, 1);
  while (n > 0);
  g_assert_cmpint (n, ==, DISP_CHANNEL_WAIT);
  g_assert_cmpint (disp_channel_write (fixture->channel, &less, 1), ==, DISP_CHANNEL_BROKEN);
}

/* The client knows that it has got all, and may still say something. */
static void
test_shutdown (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const GOutputVector bye = { "bye", 3 };
  g_autoptr (GError) error = NULL;
  char buffer[16];

  g_assert_cmpint (disp_channel_write (fixture->channel, &bye, 1), ==, 3);
  disp_channel_shutdown (fixture->channel);
  g_assert_cmpint (g_input_stream_read (get_input (fixture), buffer, 16, NULL, &error), ==, 3);
  g_assert_cmpint (g_input_stream_read (get_input (fixture), buffer, 16, NULL, &error), ==, 0);
  g_assert_no_error (error);
  client_says (fixture, "more");
  g_assert_cmpint (read_waiting (fixture, buffer, sizeof buffer), ==, 4);
}

static void
test_close (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  char buffer[16];

  disp_channel_close (g_steal_pointer (&fixture->channel), FALSE);
  g_assert_cmpint (g_input_stream_read (get_input (fixture), buffer, 16, NULL, &error), ==, 0);
  g_assert_no_error (error);
}

static void
test_reset (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  char buffer[16];

  disp_channel_close (g_steal_pointer (&fixture->channel), TRUE);
  g_assert_cmpint (g_input_stream_read (get_input (fixture), buffer, 16, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

/* Neither waits for a client that reads nothing. */
static void
test_stuck_close (Fixture *fixture, gconstpointer data)
{
  g_autofree char *bytes = g_malloc0 (BIG);
  const GOutputVector all = { bytes, BIG };
  const char *way = data;
  gssize n;

  do
    n = disp_channel_write (fixture->channel, &all, 1);
  while (n > 0);
  if (g_str_equal (way, "shutdown"))
    disp_channel_shutdown (fixture->channel);
  disp_channel_close (g_steal_pointer (&fixture->channel), g_str_equal (way, "reset"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, data, function)                                                                  \
  g_test_add ("/front/client-channel/tls/" name, Fixture, data, set_up, function, tear_down)
  ADD ("read", NULL, test_read);
  ADD ("end", NULL, test_end);
  ADD ("cut", "cut", test_end);
  ADD ("not-tls", "GET / H", test_nonsense);
  ADD ("forged-record", "\x17\x03\x03\x00\x02xx", test_nonsense);
  ADD ("another-handshake", "\x16\x03\x03\x00\x02xx", test_nonsense);
  ADD ("write", NULL, test_write);
  ADD ("big-write", NULL, test_big_write);
  ADD ("big-read", NULL, test_big_read);
  ADD ("retraction", NULL, test_retraction);
  ADD ("shutdown", NULL, test_shutdown);
  ADD ("close", NULL, test_close);
  ADD ("reset", NULL, test_reset);
  ADD ("stuck-close", "close", test_stuck_close);
  ADD ("stuck-shutdown", "shutdown", test_stuck_close);
  ADD ("stuck-reset", "reset", test_stuck_close);
#undef ADD
  return g_test_run ();
}
