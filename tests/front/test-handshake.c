/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/handshake.h"

#include "front/tls-fixture.h"
#include "support/fake-clock.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* As many as are more than threads. */
#define N_STALLED 20

/* A connection, of which a server makes one of TLS. */
typedef struct
{
  TlsFixture *tls;          /* (owned) */
  FakeClock *clock;         /* (owned) */
  DispPoller *poller;       /* (owned) */
  DispDeadlines *deadlines; /* (owned) */
  DispHandshake *handshake; /* (unowned) */
  DispChannel *channel;     /* (owned) (nullable) what came of it */
  guint n_done;
  int far; /* (owned) -1: another owns it */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->tls = tls_fixture_new ();
  fixture->clock = fake_clock_new ();
  fixture->poller = disp_poller_new ();
  fixture->deadlines = disp_deadlines_new (DISP_CLOCK (fixture->clock));
  fixture->far = -1;
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  if (fixture->channel != NULL)
    disp_channel_close (fixture->channel, FALSE);
  if (fixture->far >= 0)
    close (fixture->far);
  disp_deadlines_free (fixture->deadlines);
  disp_poller_free (fixture->poller);
  g_object_unref (fixture->clock);
  tls_fixture_free (fixture->tls);
}

static void
on_done (DispChannel *channel, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_done++;
  if (channel == NULL)
    return;
  g_assert_null (fixture->channel);
  fixture->channel = channel;
}

static DispHandshake *
start (Fixture *fixture, int near)
{
  const DispHandshakeSettings settings = {
    .poller = fixture->poller,
    .deadlines = fixture->deadlines,
    .queue = fixture->tls->queue,
    .terms = fixture->tls->terms,
  };

  return disp_handshake_start (near, &settings, on_done, fixture);
}

static void
begin (Fixture *fixture)
{
  int near;

  tls_make_sockets (&near, &fixture->far);
  fixture->handshake = start (fixture, near);
}

static TlsClient *
begin_client (Fixture *fixture, const Certificate *certificate)
{
  begin (fixture);
  return tls_client_new (fixture->tls, fixture->far, certificate);
}

static void
wait_done (Fixture *fixture, guint n)
{
  while (fixture->n_done < n)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (fixture->n_done, ==, n);
}

/* What is ready is looked at; nothing else happens. */
static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
on_heard (G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* The server speaks TLS, of which the first record has a handshake. */
static void
wait_server_hello (Fixture *fixture)
{
  gboolean is_heard = FALSE;
  char byte;

  g_unix_fd_add (fixture->far, G_IO_IN, on_heard, &is_heard);
  while (!is_heard)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (recv (fixture->far, &byte, 1, 0), ==, 1);
  g_assert_cmpint (byte, ==, 22);
}

static gboolean
on_tick (gpointer user_data)
{
  fake_clock_advance (user_data, 10 * 1000);
  return G_SOURCE_CONTINUE;
}

/* The server has closed; by a reset if it had not read all. */
static void
assert_closed (Fixture *fixture)
{
  char byte;

  g_assert_cmpint (recv (fixture->far, &byte, 1, 0), <=, 0);
}

static void
test_good (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  TlsClient *client = begin_client (fixture, NULL);
  GTlsConnection *connection = G_TLS_CONNECTION (client->connection);

  fixture->far = -1;
  wait_done (fixture, 1);
  g_assert_true (tls_client_join (client));
  g_assert_nonnull (fixture->channel);
  g_assert_true (disp_channel_is_tls (fixture->channel));
  g_assert_cmpint (g_tls_connection_get_protocol_version (connection), >=,
                   G_TLS_PROTOCOL_VERSION_TLS_1_2);
  g_assert_cmpstr (g_tls_connection_get_negotiated_protocol (connection), ==, "http/1.1");
  tls_client_free (client);
}

static void
test_plain (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  char response[1024] = "";
  gssize n;

  begin (fixture);
  g_assert_cmpint (send (fixture->far, request, strlen (request), 0), ==, strlen (request));
  settle ();
  n = recv (fixture->far, response, sizeof response - 1, MSG_WAITALL);
  g_assert_cmpint (n, >, 0);
  g_assert_true (g_str_has_prefix (response, "HTTP/1.1 400 Bad Request\r\n"));
  g_assert_nonnull (strstr (response, "\r\nConnection: close\r\n"));
  g_assert_nonnull (strstr (response, "{\"error\":"));
  g_assert_nonnull (strstr (response, "expected https://"));
  /* It goes on reading, so that the response is not lost. */
  g_assert_cmpuint (fixture->n_done, ==, 0);
  g_assert_cmpint (send (fixture->far, request, strlen (request), 0), ==, strlen (request));
  close (fixture->far);
  fixture->far = -1;
  wait_done (fixture, 1);
  g_assert_null (fixture->channel);
}

/* One that goes on sending is not listened to for ever. */
static void
test_plain_flood (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char bytes[65536] = "POST";
  gsize sent = 0;

  begin (fixture);
  for (gssize n = 0; n >= 0 && sent < 64 * 1024 * 1024; sent += (gsize) MAX (n, 0))
    {
      n = send (fixture->far, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && fixture->n_done == 0)
        {
          g_main_context_iteration (NULL, TRUE);
          n = 0;
        }
    }
  g_assert_cmpuint (sent, <, 64 * 1024 * 1024);
  wait_done (fixture, 1);
}

static void
test_plain_linger (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  begin (fixture);
  g_assert_cmpint (send (fixture->far, "x", 1, 0), ==, 1);
  settle ();
  g_assert_cmpuint (fixture->n_done, ==, 0);
  fake_clock_advance (fixture->clock, 2 * G_USEC_PER_SEC + G_USEC_PER_SEC / 5);
  wait_done (fixture, 1);
}

/* What is no ClientHello takes no thread. */
static void
test_nonsense (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const prefixes[] = {
    "\x16\x02\x01\x01\x01\x01\x01\x01\x01\x03\x03", /* another version of records */
    "\x16\x03\x01\x01\x01\x02\x01\x01\x01\x03\x03", /* another message */
    "\x16\x03\x01\x50\x01\x01\x01\x01\x01\x03\x03", /* too long */
    "\x16\x03\x01\x00\x05\x01\x01\x01\x01\x03\x03", /* too short */
    "\x16\x03\x01\x01\x01\x01\x01\x01\x01\x02\x03", /* another version */
  };

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      begin (fixture);
      g_assert_cmpint (send (fixture->far, prefixes[i], 11, 0), ==, 11);
      wait_done (fixture, i + 1);
      g_assert_null (fixture->channel);
      close (fixture->far);
    }
  fixture->far = -1;
}

/* A client that speaks nothing newer is told so, in its language. */
static void
test_old (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char alert[] = { 21, 3, 1, 0, 2, 2, 70 };
  char received[16];

  for (char minor = 0; minor < 3; minor++)
    {
      char hello[] = "\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x00";

      hello[10] = minor;
      begin (fixture);
      g_assert_cmpint (send (fixture->far, hello, sizeof hello, 0), ==, sizeof hello);
      settle ();
      g_assert_cmpmem (received, recv (fixture->far, received, sizeof received, MSG_WAITALL), alert,
                       sizeof alert);
      close (fixture->far);
      wait_done (fixture, (guint) minor + 1);
    }
  fixture->far = -1;
  g_assert_null (fixture->channel);
}

/* It begins as it should, and is no TLS nevertheless: the thread notices. */
static void
test_wrong_hello (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  char record[5 + 64] = "\x16\x03\x01";

  record[4] = 64;
  memset (record + 5, 'x', 64);
  memcpy (record + 5, "\x01\x00\x00\x3c\x03\x03", 6);
  begin (fixture);
  g_assert_cmpint (send (fixture->far, record, sizeof record, 0), ==, sizeof record);
  wait_done (fixture, 1);
  g_assert_null (fixture->channel);
}

/* Each prefix of what a client says first waits, until the time is over. */
static void
test_half (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, 3, 5, 6, 10, 11, 50 };
  g_autoptr (GBytes) hello = tls_make_client_hello ();
  const char *bytes = g_bytes_get_data (hello, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      begin (fixture);
      g_assert_cmpint (send (fixture->far, bytes, sizes[i], 0), ==, sizes[i]);
      settle ();
      fake_clock_advance (fixture->clock, fixture->tls->terms->head_timeout - 1);
      settle ();
      g_assert_cmpuint (fixture->n_done, ==, i);
      fake_clock_advance (fixture->clock, G_USEC_PER_SEC / 5);
      wait_done (fixture, i + 1);
      assert_closed (fixture);
      close (fixture->far);
    }
  fixture->far = -1;
}

/* Byte by byte it is as good as at once. */
static void
test_slow_hello (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GBytes) hello = tls_make_client_hello ();
  gsize size;
  const char *bytes = g_bytes_get_data (hello, &size);

  begin (fixture);
  for (gsize i = 0; i < size; i++)
    {
      g_assert_cmpint (send (fixture->far, bytes + i, 1, 0), ==, 1);
      settle ();
    }
  wait_server_hello (fixture);
  disp_handshake_cancel (fixture->handshake);
}

static void
test_gone (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
  g_autoptr (GBytes) hello = tls_make_client_hello ();
  gsize size;
  const char *bytes = g_bytes_get_data (hello, &size);

  for (guint i = 0; i < 3; i++)
    {
      begin (fixture);
      send (fixture->far, bytes, i * size / 2, 0);
      if (i == 2)
        setsockopt (fixture->far, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      close (fixture->far);
      wait_done (fixture, i + 1);
      g_assert_null (fixture->channel);
    }
  fixture->far = -1;
}

/* At each stage it can be given up, and leaves nothing behind. */
static void
test_cancel (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GBytes) hello = tls_make_client_hello ();
  gsize size;
  const char *bytes = g_bytes_get_data (hello, &size);
  char buffer[16384];

  for (guint i = 0; i < 3; i++)
    {
      begin (fixture);
      send (fixture->far, bytes, i * size / 2, 0);
      settle ();
      if (i == 2)
        wait_server_hello (fixture);
      disp_handshake_cancel (fixture->handshake);
      while (recv (fixture->far, buffer, sizeof buffer, 0) > 0)
        ;
      close (fixture->far);
    }
  fixture->far = -1;
  settle ();
  g_assert_cmpuint (fixture->n_done, ==, 0);
}

/* Clients that go no further than their first message keep nobody from his turn for long, and
 * without others have all their time. */
static void
test_stalled (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GBytes) hello = tls_make_client_hello ();
  gsize size;
  const char *bytes = g_bytes_get_data (hello, &size);
  int far[N_STALLED];
  guint tick;
  TlsClient *client;
  gint64 begun;

  for (guint i = 0; i < N_STALLED; i++)
    {
      int near;

      tls_make_sockets (&near, &far[i]);
      start (fixture, near);
      g_assert_cmpint (send (far[i], bytes, size, 0), ==, size);
    }
  settle ();
  begun = disp_clock_now (DISP_CLOCK (fixture->clock));
  client = begin_client (fixture, NULL);
  fixture->far = -1;
  tick = g_timeout_add (10, on_tick, fixture->clock);
  while (fixture->channel == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (tls_client_join (client));
  g_assert_cmpint (disp_clock_now (DISP_CLOCK (fixture->clock)) - begun, <,
                   fixture->tls->terms->head_timeout);
  g_source_remove (tick);
  /* All others are given up in the end. */
  fake_clock_advance (fixture->clock, fixture->tls->terms->head_timeout + G_USEC_PER_SEC / 5);
  wait_done (fixture, N_STALLED + 1);
  tls_client_free (client);
  for (guint i = 0; i < N_STALLED; i++)
    close (far[i]);
}

static void
test_stalled_alone (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GBytes) hello = tls_make_client_hello ();
  gsize size;
  const char *bytes = g_bytes_get_data (hello, &size);

  begin (fixture);
  g_assert_cmpint (send (fixture->far, bytes, size, 0), ==, size);
  wait_server_hello (fixture);
  for (guint i = 0; i < 90; i++)
    {
      fake_clock_advance (fixture->clock, fixture->tls->terms->head_timeout / 100);
      settle ();
    }
  g_assert_cmpuint (fixture->n_done, ==, 0);
  fake_clock_advance (fixture->clock, fixture->tls->terms->head_timeout / 9);
  wait_done (fixture, 1);
}

static void
trust_clients (Fixture *fixture, gboolean is_needed)
{
  g_set_object (&fixture->tls->terms->client_authorities, fixture->tls->trusted);
  fixture->tls->terms->needs_client_certificate = is_needed;
}

static void
test_client_certificate (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Certificate) strange = certificate_new (fixture->tls->directory, "strange", 10, NULL);
  const struct
  {
    gboolean is_needed;
    const Certificate *certificate;
    gboolean is_good;
  } rows[] = {
    { TRUE, fixture->tls->client, TRUE },  { TRUE, NULL, FALSE }, { TRUE, strange, FALSE },
    { FALSE, fixture->tls->client, TRUE }, { FALSE, NULL, TRUE }, { FALSE, strange, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      TlsClient *client;

      trust_clients (fixture, rows[i].is_needed);
      client = begin_client (fixture, rows[i].certificate);
      fixture->far = -1;
      wait_done (fixture, i + 1);
      g_assert_cmpint (fixture->channel != NULL, ==, rows[i].is_good);
      if (fixture->channel != NULL)
        disp_channel_close (g_steal_pointer (&fixture->channel), FALSE);
      tls_client_free (client);
    }
}

/* Nothing is left open, however it went. */
static void
test_fds (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_fds = 0;

  for (guint i = 0; i < 40; i++)
    {
      TlsClient *client;

      /* Threads of GLib that are made once have descriptors of their own. */
      if (i == 10)
        n_fds = tls_count_fds ();
      client = begin_client (fixture, NULL);
      fixture->far = -1;
      if (i % 2 == 0)
        {
          wait_done (fixture, i / 2 + 1);
          disp_channel_close (g_steal_pointer (&fixture->channel), i % 4 == 0);
        }
      else
        {
          settle ();
          disp_handshake_cancel (fixture->handshake);
        }
      tls_client_free (client);
    }
  /* What was given up is closed by the thread that was at work on it. */
  for (gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
       tls_count_fds () > n_fds && g_get_monotonic_time () < end;)
    settle ();
  g_assert_cmpuint (tls_count_fds (), <=, n_fds);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                        \
  g_test_add ("/front/handshake/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("good", test_good);
  ADD ("plain", test_plain);
  ADD ("plain-flood", test_plain_flood);
  ADD ("plain-linger", test_plain_linger);
  ADD ("nonsense", test_nonsense);
  ADD ("old", test_old);
  ADD ("wrong-hello", test_wrong_hello);
  ADD ("half", test_half);
  ADD ("slow-hello", test_slow_hello);
  ADD ("gone", test_gone);
  ADD ("cancel", test_cancel);
  ADD ("stalled", test_stalled);
  ADD ("stalled-alone", test_stalled_alone);
  ADD ("client-certificate", test_client_certificate);
  ADD ("fds", test_fds);
#undef ADD
  return g_test_run ();
}
