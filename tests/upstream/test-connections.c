/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-clock.h"
#include "support/fixtures.h"
#include "upstream/peer.h"

#include <string.h>

/* Which connections requests go over, and when one is sent again. */

#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
#define FIRST HEAD "\r\n[]"
#define SECOND HEAD "\r\n{}"
#define CUT "closed the connection before its whole answer came"

static void
test_reuse (void)
{
  enum
  {
    N = 50
  };
  Step steps[N];
  Caller caller;
  Peer *peer;

  for (guint i = 0; i < N; i++)
    steps[i] = (Step){ FIRST, SCRIPTED_KEEP };
  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, N);
  for (guint i = 0; i < N; i++)
    caller_call (&caller, peer, "[]");
  g_assert_cmpuint (peer_count_requests (peer), ==, N);
  g_assert_cmpuint (peer_count_connections (peer), ==, 1);
  peer_free (peer);
  caller_clear (&caller);
}

/* Sends one request after the other, each from inside the end of the one before. */
typedef struct
{
  Caller *caller;           /* (unowned) */
  DispContainer *container; /* (owned) */
  guint n_left;
} Chain;

static void send_next (Chain *chain);

static void
on_link (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Chain *chain = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DispAnswer) answer = disp_transport_send_finish (DISP_TRANSPORT (source), result,
                                                              &error);

  g_assert_no_error (error);
  g_assert_cmpuint (answer->status, ==, 200);
  chain->n_left--;
  if (chain->n_left > 0)
    send_next (chain);
}

static void
send_next (Chain *chain)
{
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1.0]");

  disp_transport_send_async (chain->caller->transport, chain->container, request, "/x", NULL,
                             on_link, chain);
}

static void
test_reuse_at_once (void)
{
  enum
  {
    N = 50
  };
  Step steps[N];
  Caller caller;
  Peer *peer;
  Chain chain = { .caller = &caller, .n_left = N };

  for (guint i = 0; i < N; i++)
    steps[i] = (Step){ FIRST, SCRIPTED_KEEP };
  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, N);
  chain.container = fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1);
  fixture_container_set_port (chain.container, peer_get_port (peer));
  send_next (&chain);
  WAIT_UNTIL (chain.n_left == 0);
  g_assert_cmpuint (peer_count_requests (peer), ==, N);
  g_assert_cmpuint (peer_count_connections (peer), ==, 1);
  disp_container_unref (chain.container);
  peer_free (peer);
  caller_clear (&caller);
}

/* Sends @n requests at once and waits for all. */
static void
call_together (Caller *caller, Peer *peer, guint n)
{
  g_autofree Sent **sent = g_new (Sent *, n);

  for (guint i = 0; i < n; i++)
    sent[i] = caller_send_to (caller, peer_get_port (peer));
  for (guint i = 0; i < n; i++)
    {
      sent_assert_answer (sent[i], 200, "[]");
      sent_free (sent[i]);
    }
}

static void
test_parallel (void)
{
  enum
  {
    N = 16
  };
  Step steps[3 * N];
  guint n;
  Caller caller;
  Peer *peer;

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    steps[i] = (Step){ FIRST, SCRIPTED_KEEP };
  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, G_N_ELEMENTS (steps));
  call_together (&caller, peer, N);
  n = peer_count_connections (peer);
  g_assert_cmpuint (n, ==, N);
  call_together (&caller, peer, N);
  for (guint i = 0; i < N; i++)
    caller_call (&caller, peer, "[]");
  g_assert_cmpuint (peer_count_connections (peer), ==, n);
  /* one after the other they all go over the one that was used last */
  for (guint i = 2 * N; i < 3 * N; i++)
    g_assert_cmpuint (peer_get (peer, i)->connection, ==, peer_get (peer, 2 * N)->connection);
  peer_free (peer);
  caller_clear (&caller);
}

/* No request waits for the answer to another one. */
static void
test_parallel_held (void)
{
  enum
  {
    N = 32
  };
  Step steps[N];
  Sent *sent[N];
  Caller caller;
  Peer *peer;

  for (guint i = 0; i < N; i++)
    steps[i] = (Step){ "", SCRIPTED_HANG };
  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, N);
  for (guint i = 0; i < N; i++)
    sent[i] = caller_send_to (&caller, peer_get_port (peer));
  peer_wait_requests (peer, N);
  g_assert_cmpuint (peer_count_connections (peer), ==, N);
  for (guint i = 0; i < N; i++)
    g_cancellable_cancel (sent[i]->cancellable);
  for (guint i = 0; i < N; i++)
    {
      sent_wait (sent[i]);
      g_assert_error (sent[i]->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      sent_free (sent[i]);
    }
  peer_wait_ended (peer, N);
  peer_free (peer);
  caller_clear (&caller);
}

/* What comes to a second request over the connection that the first one left. */
typedef struct
{
  const char *name;
  Step steps[3];
  guint n_requests; /* that reach the container in all */
  guint n_connections;
  const char *text; /* the body of the second answer, or why it fails */
  int code;         /* of its failure; 0 = it does not fail */
} Case;

static const Case cases[] = {
  { "kept", { { FIRST, SCRIPTED_KEEP }, { SECOND, SCRIPTED_KEEP } }, 2, 1, "{}", 0 },
  { "closed", { { FIRST, SCRIPTED_CLOSE }, { SECOND, SCRIPTED_KEEP } }, 2, 2, "{}", 0 },
  { "reset", { { FIRST, SCRIPTED_RESET }, { SECOND, SCRIPTED_KEEP } }, 2, 2, "{}", 0 },
  { "closing",
    { { HEAD "Connection: close\r\n\r\n[]", SCRIPTED_HANG }, { SECOND, SCRIPTED_KEEP } },
    2,
    2,
    "{}",
    0 },
  { "old",
    { { "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]", SCRIPTED_HANG },
      { SECOND, SCRIPTED_KEEP } },
    2,
    2,
    "{}",
    0 },
  /* what was not asked for answers nobody */
  { "two-answers",
    { { FIRST HEAD "\r\n99", SCRIPTED_KEEP }, { SECOND, SCRIPTED_KEEP } },
    2,
    2,
    "{}",
    0 },
  { "unasked",
    { { FIRST "HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n", SCRIPTED_CLOSE },
      { SECOND, SCRIPTED_KEEP } },
    2,
    2,
    "{}",
    0 },
  { "two-lengths",
    { { "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 2\r\n\r\n[]{}", SCRIPTED_KEEP },
      { SECOND, SCRIPTED_KEEP } },
    2,
    2,
    "{}",
    0 },
  { "trailer",
    { { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\nX: y\r\n"
        "\r\n",
        SCRIPTED_KEEP },
      { SECOND, SCRIPTED_KEEP } },
    2,
    2,
    "{}",
    0 },
  /* closed in the moment in which it was used: once more */
  { "stale",
    { { FIRST, SCRIPTED_KEEP }, { "", SCRIPTED_CLOSE }, { SECOND, SCRIPTED_KEEP } },
    3,
    2,
    "{}",
    0 },
  { "stale-reset",
    { { FIRST, SCRIPTED_KEEP }, { "", SCRIPTED_RESET }, { SECOND, SCRIPTED_KEEP } },
    3,
    2,
    "{}",
    0 },
  { "stale-twice",
    { { FIRST, SCRIPTED_KEEP }, { "", SCRIPTED_CLOSE }, { "", SCRIPTED_CLOSE } },
    3,
    2,
    CUT,
    DISP_ERROR_UPSTREAM },
  { "stale-then-reset",
    { { FIRST, SCRIPTED_KEEP }, { "", SCRIPTED_CLOSE }, { "", SCRIPTED_RESET } },
    3,
    2,
    "",
    DISP_ERROR_UPSTREAM },
  { "stale-then-half",
    { { FIRST, SCRIPTED_KEEP }, { "", SCRIPTED_CLOSE }, { HEAD "\r\n{", SCRIPTED_CLOSE } },
    3,
    2,
    CUT,
    DISP_ERROR_UPSTREAM },
  /* but not if a byte of an answer has come */
  { "byte",
    { { FIRST, SCRIPTED_KEEP }, { "H", SCRIPTED_CLOSE } },
    2,
    1,
    "",
    DISP_ERROR_BAD_ANSWER },
  { "half-line",
    { { FIRST, SCRIPTED_KEEP }, { "HTTP/1.1 20", SCRIPTED_CLOSE } },
    2,
    1,
    "",
    DISP_ERROR_BAD_ANSWER },
  { "half-head",
    { { FIRST, SCRIPTED_KEEP }, { HEAD, SCRIPTED_CLOSE } },
    2,
    1,
    "",
    DISP_ERROR_UPSTREAM },
  { "half-head-reset",
    { { FIRST, SCRIPTED_KEEP }, { HEAD, SCRIPTED_RESET } },
    2,
    1,
    "",
    DISP_ERROR_UPSTREAM },
  { "continue",
    { { FIRST, SCRIPTED_KEEP }, { "HTTP/1.1 100 Continue\r\n\r\n", SCRIPTED_CLOSE } },
    2,
    1,
    "",
    DISP_ERROR_UPSTREAM },
  { "garbage",
    { { FIRST, SCRIPTED_KEEP }, { "220 mail\r\n\r\n", SCRIPTED_CLOSE } },
    2,
    1,
    "gave an answer that is not HTTP",
    DISP_ERROR_BAD_ANSWER },
  { "half-body",
    { { FIRST, SCRIPTED_KEEP }, { HEAD "\r\n{", SCRIPTED_CLOSE } },
    2,
    1,
    CUT,
    DISP_ERROR_UPSTREAM },
};

static void
test_case (gconstpointer data)
{
  const Case *row = data;
  Caller caller;
  Peer *peer;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  peer = peer_new (row->steps, G_N_ELEMENTS (row->steps));
  caller_call (&caller, peer, "[]");
  if (row->steps[0].action == SCRIPTED_CLOSE || row->steps[0].action == SCRIPTED_RESET)
    peer_wait_ended (peer, 1);
  sent = caller_send_to (&caller, peer_get_port (peer));
  if (row->code != 0)
    sent_assert_failed (sent, row->code, row->text);
  else
    sent_assert_answer (sent, 200, row->text);
  sent_free (sent);
  g_assert_cmpuint (peer_count_requests (peer), ==, row->n_requests);
  g_assert_cmpuint (peer_count_connections (peer), ==, row->n_connections);
  peer_free (peer);
  caller_clear (&caller);
}

/* What must not be made twice is not: the container may have read it before it closed. */
static void
test_once (void)
{
  static const Step steps[] = {
    { FIRST, SCRIPTED_KEEP },
    { "", SCRIPTED_CLOSE },
    { SECOND, SCRIPTED_KEEP },
  };
  DispContainer *container = fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1);
  DispRequest *request = fixture_request ("m", 1, "[1]");
  Caller caller;
  Peer *peer;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, G_N_ELEMENTS (steps));
  caller_call (&caller, peer, "[]");
  fixture_container_set_port (container, peer_get_port (peer));
  request->once = TRUE;
  sent = caller_send (&caller, container, request, "/once");
  sent_assert_failed (sent, DISP_ERROR_UPSTREAM, CUT);
  sent_free (sent);
  g_assert_cmpuint (peer_count_requests (peer), ==, 2);
  peer_free (peer);
  caller_clear (&caller);
}

/* What is sent again is the very same. */
static void
test_resent_bytes (void)
{
  static const Step steps[] = {
    { FIRST, SCRIPTED_KEEP },
    { "", SCRIPTED_CLOSE },
    { SECOND, SCRIPTED_KEEP },
  };
  const gsize length = 3 * 1024 * 1024;
  g_autofree char *instances = g_strnfill (length, '1');
  DispContainer *container = fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1);
  Caller caller;
  Peer *peer;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, G_N_ELEMENTS (steps));
  caller_call (&caller, peer, "[]");
  fixture_container_set_port (container, peer_get_port (peer));
  sent = caller_send (&caller, container, fixture_request ("m", 1, instances), "/big");
  sent_assert_answer (sent, 200, "{}");
  sent_free (sent);
  g_assert_cmpstr (peer_get (peer, 1)->head, ==, peer_get (peer, 2)->head);
  g_assert_true (g_bytes_equal (peer_get (peer, 1)->body, peer_get (peer, 2)->body));
  g_assert_cmpuint (g_bytes_get_size (peer_get (peer, 2)->body), >, length);
  peer_free (peer);
  caller_clear (&caller);
}

/* A failure takes its own connection along and no other. */
static void
test_after_failure (void)
{
  static const Step steps[] = {
    { FIRST, SCRIPTED_KEEP }, { FIRST, SCRIPTED_KEEP }, { "x\r\n\r\n", SCRIPTED_CLOSE },
    { FIRST, SCRIPTED_KEEP }, { FIRST, SCRIPTED_KEEP },
  };
  Caller caller;
  Peer *peer;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, G_N_ELEMENTS (steps));
  call_together (&caller, peer, 2);
  sent = caller_send_to (&caller, peer_get_port (peer));
  sent_assert_failed (sent, DISP_ERROR_BAD_ANSWER, "gave an answer that is not HTTP");
  sent_free (sent);
  caller_call (&caller, peer, "[]");
  caller_call (&caller, peer, "[]");
  g_assert_cmpuint (peer_count_connections (peer), ==, 2);
  g_assert_cmpuint (peer_get (peer, 3)->connection, !=, peer_get (peer, 2)->connection);
  peer_free (peer);
  caller_clear (&caller);
}

/* A connection that nobody uses is closed after its time. */
static void
test_idle (void)
{
  static const Step steps[] = { { FIRST, SCRIPTED_KEEP }, { FIRST, SCRIPTED_KEEP } };
  DispUpstreamSettings settings = caller_settings;
  Caller caller;
  Peer *peer;

  settings.idle_timeout = 1;
  caller_init (&caller, &settings);
  peer = peer_new (steps, G_N_ELEMENTS (steps));
  caller_call (&caller, peer, "[]");
  peer_wait_ended (peer, 1);
  caller_call (&caller, peer, "[]");
  g_assert_cmpuint (peer_count_connections (peer), ==, 2);
  peer_free (peer);
  caller_clear (&caller);
}

/* Each endpoint has its own connections, and each container that shares one shares them. */
static void
test_endpoints (void)
{
  static const Step steps[] = { { FIRST, SCRIPTED_KEEP }, { FIRST, SCRIPTED_KEEP } };
  Caller caller;
  Peer *peers[3];

  caller_init (&caller, &caller_settings);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peers[i] = peer_new (steps, G_N_ELEMENTS (steps));
  for (guint i = 0; i < 2 * G_N_ELEMENTS (peers); i++)
    caller_call (&caller, peers[i % G_N_ELEMENTS (peers)], "[]");
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_assert_cmpuint (peer_count_connections (peers[i]), ==, 1);
      g_assert_cmpuint (peer_count_requests (peers[i]), ==, 2);
      peer_free (peers[i]);
    }
  caller_clear (&caller);
}

/* The connections to an endpoint that no request goes to any more are let go when another one comes
 * into use. */
static void
test_vanished (void)
{
  static const Step steps[] = { { FIRST, SCRIPTED_KEEP }, { FIRST, SCRIPTED_KEEP } };
  FakeClock *clock = fake_clock_new ();
  Caller caller;
  Peer *peers[3];

  caller_init_with_clock (&caller, DISP_CLOCK (clock), &caller_settings);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peers[i] = peer_new (steps, G_N_ELEMENTS (steps));
  caller_call (&caller, peers[0], "[]");
  fake_clock_advance (clock, caller_settings.idle_timeout * G_USEC_PER_SEC);
  caller_call (&caller, peers[1], "[]");
  caller_call (&caller, peers[0], "[]");
  g_assert_cmpuint (peer_count_connections (peers[0]), ==, 1);
  fake_clock_advance (clock, 1);
  caller_call (&caller, peers[1], "[]");
  fake_clock_advance (clock, caller_settings.idle_timeout * G_USEC_PER_SEC);
  caller_call (&caller, peers[2], "[]");
  peer_wait_ended (peers[0], 1);
  caller_call (&caller, peers[2], "[]");
  g_assert_cmpuint (peer_count_requests (peers[1]), ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_assert_cmpuint (peer_count_connections (peers[i]), ==, 1);
      peer_free (peers[i]);
    }
  caller_clear (&caller);
}

int
main (int argc, char **argv)
{
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/upstream/connections/reuse", test_reuse);
  g_test_add_func ("/upstream/connections/reuse-at-once", test_reuse_at_once);
  g_test_add_func ("/upstream/connections/parallel", test_parallel);
  g_test_add_func ("/upstream/connections/parallel-held", test_parallel_held);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/upstream/connections/second/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/upstream/connections/once", test_once);
  g_test_add_func ("/upstream/connections/resent-bytes", test_resent_bytes);
  g_test_add_func ("/upstream/connections/after-failure", test_after_failure);
  g_test_add_func ("/upstream/connections/idle", test_idle);
  g_test_add_func ("/upstream/connections/endpoints", test_endpoints);
  g_test_add_func ("/upstream/connections/vanished", test_vanished);
  return g_test_run ();
}
