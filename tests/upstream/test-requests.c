/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "support/fixtures.h"
#include "upstream/peer.h"

#include <stdlib.h>
#include <string.h>

/* What a container gets, byte for byte, and what of its answer comes back. */

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
#define BIG (10 * 1024 * 1024)

typedef struct
{
  Caller caller;
  Peer *peer; /* (owned) */
} Fixture;

static const Step ok_steps[] = { { OK, SCRIPTED_KEEP }, { OK, SCRIPTED_KEEP } };

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  caller_init (&fixture->caller, &caller_settings);
  fixture->peer = peer_new (ok_steps, G_N_ELEMENTS (ok_steps));
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  peer_free (fixture->peer);
  caller_clear (&fixture->caller);
}

static DispContainer *
container_at (const char *node, guint16 port)
{
  DispContainer *container = fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1);

  g_free (container->node);
  container->node = g_strdup (node);
  fixture_container_set_port (container, port);
  return container;
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The fields of a head in alphabetical order: libsoup has an order of its own. */
static char *
sort_fields (const char *head)
{
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);

  qsort (lines + 1, g_strv_length (lines) - 1, sizeof *lines, compare_lines);
  return g_strjoinv ("\n", lines);
}

/* Sends a request and checks that the container got this; @fields are those that tell of the body,
 * which "Host" and "X-..." stand around. */
static void
assert_sent (Fixture *fixture, DispRequest *request, const char *line, const char *fields,
             const char *body)
{
  const guint16 port = peer_get_port (fixture->peer);
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  g_autofree char *expected = g_strdup_printf (
      "%s\n\n\nConnection: Keep-Alive\n%sHost: 127.0.0.1:%u\nX-Dispatch-Id: %s%s%s", line, fields,
      port, request->id, request->request_id != NULL ? "\nX-Request-Id: " : "",
      request->request_id != NULL ? request->request_id : "");
  g_autoptr (Sent) sent = caller_send (&fixture->caller, container_at ("127.0.0.1", port), request,
                                       words[1]);
  g_autofree char *head = NULL;
  const Got *got;

  sent_assert_answer (sent, 200, "{}");
  got = peer_get (fixture->peer, 0);
  head = sort_fields (got->head);
  g_assert_cmpstr (head, ==, expected);
  g_assert_cmpmem (g_bytes_get_data (got->body, NULL), g_bytes_get_size (got->body), body,
                   strlen (body));
}

static void
test_post (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  assert_sent (fixture, fixture_request ("m", 1, "[1.0,NaN]"),
               "POST /v1/models/m/versions/1:predict HTTP/1.1",
               "Content-Length: 23\nContent-Type: application/json\n", "{\"instances\":[1.0,NaN]}");
}

/* All that a client's request may have beside its model. */
static void
test_post_all (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispRequest *request = disp_request_new (DISP_VERB_PREDICT, 0);

  request->model = g_strdup ("m");
  request->body = g_bytes_new_static ("0123456789", 10);
  request->slices[0] = (DispSlice){ 9, 1 };
  request->slices[1] = (DispSlice){ 0, 0 };
  request->slices[2] = (DispSlice){ 2, 3 };
  request->n_slices = 3;
  request->content_type = g_strdup ("application/json; charset=utf-8");
  request->content_encoding = g_strdup ("gzip");
  disp_request_set_request_id (request, "of-the-client");
  assert_sent (fixture, request, "POST /v1/models/a%20b%2Fc:predict HTTP/1.1",
               "Content-Encoding: gzip\nContent-Length: 4\n"
               "Content-Type: application/json; charset=utf-8\n",
               "9234");
}

static void
test_post_empty (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispRequest *request = disp_request_new (DISP_VERB_PREDICT, 0);

  request->body = g_bytes_new_static ("", 0);
  assert_sent (fixture, request, "POST /v1/models/m:predict HTTP/1.1",
               "Content-Length: 0\nContent-Type: application/json\n", "");
}

static void
test_get (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  assert_sent (fixture, disp_request_new (DISP_VERB_STATUS, 0), "GET /v1/models/m HTTP/1.1", "",
               "");
}

/* A name as the node of a container. */
static void
test_localhost (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const guint16 port = peer_get_port (fixture->peer);
  g_autofree char *host = g_strdup_printf ("\r\nHost: localhost:%u\r\n", port);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (Sent) sent = caller_send (&fixture->caller, container_at ("localhost", port),
                                           fixture_request ("m", 1, "[]"), "/x");

      sent_assert_answer (sent, 200, "{}");
      g_assert_nonnull (strstr (peer_get (fixture->peer, i)->head, host));
    }
  g_assert_cmpuint (peer_count_connections (fixture->peer), ==, 1);
}

/* The environment of whoever started the daemon names proxies; containers are reached without. */
static void
test_no_proxy (void)
{
  Fixture fixture;

  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_setenv ("HTTP_PROXY", "http://127.0.0.1:1", TRUE);
  g_setenv ("all_proxy", "socks://127.0.0.1:1", TRUE);
  g_unsetenv ("no_proxy");
  set_up (&fixture, NULL);
  caller_call (&fixture.caller, fixture.peer, "{}");
  g_assert_true (g_str_has_prefix (peer_get (fixture.peer, 0)->head, "POST /v1/"));
  tear_down (&fixture, NULL);
}

static void
test_no_proxy_apart (void)
{
  if (g_test_subprocess ())
    {
      test_no_proxy ();
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

/* What of an answer comes back beside its body: these, and nothing decoded. */
static void
test_answer_fields (void)
{
  static const Step steps[] = {
    { "HTTP/1.1 503 Busy\r\nContent-Type: application/json; x=\"y\"\r\nContent-Encoding: gzip\r\n"
      "Retry-After: 7\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08{}",
      SCRIPTED_KEEP },
    { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", SCRIPTED_KEEP },
  };
  Caller caller;
  Peer *peer;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, G_N_ELEMENTS (steps));
  sent = caller_send_to (&caller, peer_get_port (peer));
  sent_assert_answer (sent, 503, "\x1f\x8b\x08{}");
  g_assert_cmpstr (sent->answer->content_type, ==, "application/json; x=\"y\"");
  g_assert_cmpstr (sent->answer->content_encoding, ==, "gzip");
  g_assert_cmpstr (sent->answer->retry_after, ==, "7");
  sent_free (sent);
  sent = caller_send_to (&caller, peer_get_port (peer));
  sent_assert_answer (sent, 200, "1");
  g_assert_null (sent->answer->content_type);
  g_assert_null (sent->answer->content_encoding);
  g_assert_null (sent->answer->retry_after);
  sent_free (sent);
  g_assert_null (strcasestr (peer_get (peer, 1)->head, "cookie"));
  g_assert_null (strcasestr (peer_get (peer, 1)->head, "accept-encoding"));
  peer_free (peer);
  caller_clear (&caller);
}

/* Bytes that no shift, cut or doubling leaves as they are. */
static char *
make_noise (gsize length)
{
  char *noise = g_malloc (length + 1);
  guint32 state = 1;

  for (gsize i = 0; i < length; i++)
    {
      state = state * 1664525 + 1013904223;
      noise[i] = (char) ('0' + (state >> 16) % 64);
    }
  noise[length] = '\0';
  return noise;
}

static void
test_big (gconstpointer data)
{
  const gboolean chunked = data != NULL;
  g_autofree char *noise = make_noise (BIG);
  g_autofree char *expected = g_strdup_printf ("{\"instances\":%s}", noise);
  g_autofree char *plain = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n%s", BIG,
                                            noise);
  g_autofree char *chunks = g_strdup_printf ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                             "%x\r\n%.*s\r\n%x\r\n%s\r\n0\r\n\r\n",
                                             BIG / 3, BIG / 3, noise, BIG - BIG / 3,
                                             noise + BIG / 3);
  const Step steps[] = { { chunked ? chunks : plain, SCRIPTED_KEEP }, { OK, SCRIPTED_KEEP } };
  Caller caller;
  Peer *peer;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, G_N_ELEMENTS (steps));
  sent = caller_send (&caller, container_at ("127.0.0.1", peer_get_port (peer)),
                      fixture_request ("m", 1, noise), "/big");
  sent_wait (sent);
  g_assert_no_error (sent->error);
  g_assert_cmpuint (g_bytes_get_size (sent->answer->body), ==, BIG);
  g_assert_true (memcmp (g_bytes_get_data (sent->answer->body, NULL), noise, BIG) == 0);
  sent_free (sent);
  g_assert_cmpuint (g_bytes_get_size (peer_get (peer, 0)->body), ==, strlen (expected));
  g_assert_true (
      memcmp (g_bytes_get_data (peer_get (peer, 0)->body, NULL), expected, strlen (expected)) == 0);
  caller_call (&caller, peer, "{}");
  g_assert_cmpuint (peer_count_connections (peer), ==, 1);
  peer_free (peer);
  caller_clear (&caller);
}

/* An endpoint that leads nowhere is an error of the request, whatever is wrong with it. */
static void
test_unusable (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char *const endpoints[] = {
    "",
    "nonsense",
    "http://",
    "http://:80",
    "http:///x",
    "http://[::1",

    "http://127.0.0.1:99999",
    "ftp://127.0.0.1:1",
    "127.0.0.1:1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++)
    {
      DispContainer *container = container_at ("127.0.0.1", 1);
      g_autofree char *why = g_strdup_printf ("has no usable endpoint: \"%s\"", endpoints[i]);
      g_autoptr (Sent) sent = NULL;

      g_free (container->endpoint);
      container->endpoint = g_strdup (endpoints[i]);
      sent = caller_send (&fixture->caller, container, fixture_request ("m", 1, "[]"), "/x");
      sent_assert_failed (sent, DISP_ERROR_UNREACHABLE, why);
    }
}

/* The transport lives as long as a call, and so does what the call was given. */
static void
test_kept_alive (void)
{
  static const Step steps[] = { { OK, SCRIPTED_KEEP } };
  Peer *peer = peer_new (steps, 1);
  Caller caller;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  sent = caller_send_to (&caller, peer_get_port (peer));
  g_object_add_weak_pointer (G_OBJECT (caller.transport), (gpointer *) &caller.transport);
  g_object_unref (caller.transport);
  g_assert_nonnull (caller.transport);
  sent_assert_answer (sent, 200, "{}");
  sent_free (sent);
  WAIT_UNTIL (caller.transport == NULL);
  peer_wait_ended (peer, 1);
  peer_free (peer);
  disp_upstream_limits_unref (caller.limits);
  g_assert_finalize_object (caller.clock);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/upstream/requests/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  ADD ("post", test_post);
  ADD ("post-all", test_post_all);
  ADD ("post-empty", test_post_empty);
  ADD ("get", test_get);
  ADD ("localhost", test_localhost);
  ADD ("unusable", test_unusable);
  g_test_add_func ("/upstream/requests/no-proxy", test_no_proxy_apart);
  g_test_add_func ("/upstream/requests/answer-fields", test_answer_fields);
  g_test_add_data_func ("/upstream/requests/big", NULL, test_big);
  g_test_add_data_func ("/upstream/requests/big-chunked", "chunked", test_big);
  g_test_add_func ("/upstream/requests/kept-alive", test_kept_alive);
  return g_test_run ();
}
