/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/server.h"

#include "front/front-fixture.h"
#include "front/listener-sockets.h"
#include "front/predictions-site.h"
#include "front/raw-client.h"
#include "front/serve.h"

#include <string.h>

#define STATUS_REQUEST "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define CALL_PATH "/v1/models/half:predict"

static void
read_status (RawClient *client, guint status, const char *connection)
{
  g_autoptr (RawAnswer) answer = raw_client_read (client);

  g_assert_cmpuint (answer->status, ==, status);
  raw_answer_assert_field (answer, "Connection", connection);
}

static void
count_drained (gpointer user_data)
{
  (*(guint *) user_data)++;
}

static void
drain (Front *front, guint *n_drained)
{
  disp_switchboard_set_draining (front->switchboard);
  disp_server_drain (front->server, count_drained, n_drained);
  g_assert_cmpuint (*n_drained, ==, 0);
}

static void
assert_drained (guint *n_drained)
{
  FRONT_WAIT (*n_drained > 0);
  front_settle ();
  g_assert_cmpuint (*n_drained, ==, 1);
}

static void
test_drain_nothing (void)
{
  g_autoptr (Front) front = front_new (NULL);
  guint n_drained = 0;

  drain (front, &n_drained);
  assert_drained (&n_drained);
}

static void
test_drain_idle (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) fresh = raw_client_new (front->address);
  g_autoptr (RawClient) used = raw_client_new (front->address);
  guint n_drained = 0;

  raw_client_send (used, STATUS_REQUEST, -1);
  read_status (used, 200, NULL);
  front_wait_connections (front, 2);
  drain (front, &n_drained);
  g_assert_cmpuint (disp_server_count_connections (front->server), ==, 0);
  raw_client_assert_end (fresh);
  raw_client_assert_end (used);
  assert_drained (&n_drained);
}

static void
test_drain_busy (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawClient) idle = raw_client_new (front->address);
  guint n_drained = 0;

  front_hold (front);
  raw_client_post (client, CALL_PATH, "{}");
  FRONT_WAIT (front->sent->len == 1);
  front_wait_connections (front, 2);
  drain (front, &n_drained);
  raw_client_assert_end (idle);
  front_settle ();
  g_assert_cmpuint (n_drained, ==, 0);
  g_assert_false (front_get_sent (front, 0)->cancelled);
  front_release (front, 0, 200, "[]");
  read_status (client, 200, "close");
  raw_client_assert_end (client);
  assert_drained (&n_drained);
}

/* What has begun may end: a head and a body that are on their way. */
static void
test_drain_half_sent (void)
{
  static const char whole[] = "POST " CALL_PATH
                              " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n[1,2]";

  for (gsize cut = 1; cut < sizeof whole - 1; cut++)
    {
      g_autoptr (Front) front = front_new (NULL);
      g_autoptr (RawClient) client = raw_client_new (front->address);
      guint n_drained = 0;

      raw_client_send (client, whole, (gssize) cut);
      front_wait_connections (front, 1);
      front_settle ();
      drain (front, &n_drained);
      front_settle ();
      g_assert_cmpuint (n_drained, ==, 0);
      raw_client_send (client, whole + cut, -1);
      read_status (client, 200, "close");
      raw_client_assert_end (client);
      assert_drained (&n_drained);
    }
}

/* Requests that have come, on connections that the server has not looked at yet: on idle ones, and
 * on ones that wait to be accepted. */
static void
test_drain_waiting (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) known = raw_client_new (front->address);
  g_autoptr (GPtrArray) waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_client_free);
  guint n_drained = 0;

  raw_client_send (known, STATUS_REQUEST, -1);
  read_status (known, 200, NULL);
  raw_client_send (known, STATUS_REQUEST, -1);
  for (guint i = 0; i < 100; i++)
    {
      RawClient *client = raw_client_new (front->address);

      raw_client_send (client, STATUS_REQUEST, -1);
      g_ptr_array_add (waiting, client);
    }
  drain (front, &n_drained);
  read_status (known, 200, "close");
  for (guint i = 0; i < waiting->len; i++)
    {
      read_status (g_ptr_array_index (waiting, i), 200, "close");
      raw_client_assert_end (g_ptr_array_index (waiting, i));
    }
  assert_drained (&n_drained);
}

/* A server on a socket that stays open, as that of a supervisor does. */
static GPtrArray *
replace_by_adopting (Front *front)
{
  GPtrArray *handed_down = disp_listener_open ("127.0.0.1:0", 1, NULL);
  g_autoptr (DispSite) site = disp_predictions_site_new (front->dispatcher);
  g_autoptr (GPtrArray) sockets = disp_listener_adopt (
      g_socket_get_fd (g_ptr_array_index (handed_down, 0)), 1, NULL);

  g_object_unref (front->server);
  front->server = serve_site (site, DISP_CLOCK (front->clock), sockets,
                              serve_terms_new (FRONT_BODY_LIMIT));
  g_free (front->address);
  front->address = disp_listener_describe (g_ptr_array_index (handed_down, 0));
  return handed_down;
}

/* Who was let in and has sent nothing yet gets a second for the first request; who had one does
 * not; and who comes later waits for the next server. */
static void
test_drain_adopted (void)
{
  g_autoptr (Front) front = front_new (NULL);
  G_GNUC_UNUSED g_autoptr (GPtrArray) handed_down = replace_by_adopting (front);
  g_autoptr (RawClient) used = raw_client_new (front->address);
  g_autoptr (RawClient) late = raw_client_new (front->address);
  g_autoptr (RawClient) silent = raw_client_new (front->address);
  g_autoptr (RawClient) next = NULL;
  guint n_drained = 0;

  raw_client_send (used, STATUS_REQUEST, -1);
  read_status (used, 200, NULL);
  front_wait_connections (front, 3);
  drain (front, &n_drained);
  next = raw_client_new (front->address);
  raw_client_send (next, STATUS_REQUEST, -1);
  raw_client_assert_end (used);
  g_assert_cmpuint (disp_server_count_connections (front->server), ==, 2);
  fake_clock_advance (front->clock, G_USEC_PER_SEC - 1);
  raw_client_send (late, STATUS_REQUEST, -1);
  read_status (late, 200, "close");
  raw_client_assert_end (late);
  g_assert_cmpuint (disp_server_count_connections (front->server), ==, 1);
  g_assert_cmpuint (n_drained, ==, 0);
  fake_clock_advance (front->clock, 1);
  raw_client_assert_end (silent);
  assert_drained (&n_drained);
  g_assert_cmpuint (next->in->len, ==, 0);
  g_assert_false (next->at_end);
}

/* After its answer a connection ends, however much follows. */
static void
test_drain_pipeline (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  guint n_drained = 0;

  front_hold (front);
  raw_client_post (client, CALL_PATH, "{}");
  raw_client_post (client, CALL_PATH, "{}");
  FRONT_WAIT (front->sent->len == 1);
  drain (front, &n_drained);
  front_release (front, 0, 200, "[]");
  read_status (client, 200, "close");
  FRONT_WAIT (client->at_end);
  g_assert_cmpuint (client->in->len, ==, 0);
  raw_client_shutdown (client);
  assert_drained (&n_drained);
  g_assert_cmpuint (front->sent->len, ==, 1);
}

static void
test_drain_hang_up (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  guint n_drained = 0;

  front_hold (front);
  raw_client_post (client, CALL_PATH, "{}");
  FRONT_WAIT (front->sent->len == 1);
  drain (front, &n_drained);
  raw_client_shutdown (client);
  assert_drained (&n_drained);
  g_assert_cmpuint (front_get_record (front, 1)->status, ==, 499);
}

/* One that reads its refusal slowly is waited for, but not longer than the lingering takes. */
static void
test_drain_lingering (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  guint n_drained = 0;

  raw_client_send (client, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n", -1);
  read_status (client, 413, "close");
  drain (front, &n_drained);
  front_settle ();
  g_assert_cmpuint (n_drained, ==, 0);
  fake_clock_advance (front->clock, 2 * G_USEC_PER_SEC);
  assert_drained (&n_drained);
}

static void
test_drain_refuses_new (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (GSocketClient) late = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  guint n_drained = 0;

  front_hold (front);
  raw_client_post (client, CALL_PATH, "{}");
  FRONT_WAIT (front->sent->len == 1);
  drain (front, &n_drained);
  connection = g_socket_client_connect_to_host (late, front->address, 0, NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  front_release (front, 0, 200, "[]");
  assert_drained (&n_drained);
}

/* A connection in each of its states when the server is freed without having been drained. */
static void
test_free (gconstpointer data)
{
  const char *bytes = data;
  Front *front = front_new (NULL);
  RawClient *client = raw_client_new (front->address);

  front_hold (front);
  front_wait_connections (front, 1);
  raw_client_send (client, bytes, -1);
  front_settle ();
  front_free (front);
  FRONT_WAIT (client->at_end);
  raw_client_free (client);
}

static void
test_free_while_answering (void)
{
  Front *front = front_new (NULL);
  RawClient *client = raw_client_new (front->address);
  g_autofree char *body = g_strnfill (20 * 1000 * 1000, 'a');

  front_set_answer (front, 200, "text/plain", body);
  raw_client_post (client, CALL_PATH, "{}");
  FRONT_WAIT (client->in->len > 100000);
  front_free (front);
  FRONT_WAIT (client->at_end);
  g_assert_cmpuint (client->in->len, <, 20 * 1000 * 1000);
  raw_client_free (client);
}

static void
test_count (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_client_free);

  for (guint i = 0; i < 300; i++)
    g_ptr_array_add (clients, raw_client_new (front->address));
  front_wait_connections (front, 300);
  g_ptr_array_set_size (clients, 100);
  front_wait_connections (front, 100);
}

/* A connection that is idle makes room for another, but not before its client is likely to have
 * nothing to say. */
static void
test_make_room (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (DispTerms) terms = serve_terms_new (FRONT_BODY_LIMIT);
  g_autoptr (RawClient) first = raw_client_new (front->address);
  g_autoptr (RawClient) second = raw_client_new (front->address);
  g_autoptr (RawClient) refused = NULL;
  g_autoptr (RawClient) next = NULL;

  terms->max_connections = 2;
  disp_server_set_terms (front->server, terms);
  front_wait_connections (front, 2);
  fake_clock_advance (front->clock, 10);
  raw_client_send (first, STATUS_REQUEST, -1);
  read_status (first, 200, NULL);
  fake_clock_advance (front->clock, G_TIME_SPAN_SECOND - 11);
  refused = raw_client_new (front->address);
  read_status (refused, 503, "close");
  raw_client_assert_end (refused);
  fake_clock_advance (front->clock, 1);
  next = raw_client_new (front->address);
  raw_client_send (next, STATUS_REQUEST, -1);
  read_status (next, 200, NULL);
  raw_client_assert_end (second);
  raw_client_send (first, STATUS_REQUEST, -1);
  read_status (first, 200, NULL);
  front_wait_connections (front, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/server/count", test_count);
  g_test_add_func ("/front/server/make-room", test_make_room);
  g_test_add_func ("/front/server/drain/nothing", test_drain_nothing);
  g_test_add_func ("/front/server/drain/idle", test_drain_idle);
  g_test_add_func ("/front/server/drain/busy", test_drain_busy);
  g_test_add_func ("/front/server/drain/half-sent", test_drain_half_sent);
  g_test_add_func ("/front/server/drain/waiting", test_drain_waiting);
  g_test_add_func ("/front/server/drain/adopted", test_drain_adopted);
  g_test_add_func ("/front/server/drain/pipeline", test_drain_pipeline);
  g_test_add_func ("/front/server/drain/hang-up", test_drain_hang_up);
  g_test_add_func ("/front/server/drain/lingering", test_drain_lingering);
  g_test_add_func ("/front/server/drain/refuses-new", test_drain_refuses_new);
  g_test_add_data_func ("/front/server/free/idle", "", test_free);
  g_test_add_data_func ("/front/server/free/half-head", "GET / HT", test_free);
  g_test_add_data_func ("/front/server/free/half-body",
                        "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n[",
                        test_free);
  g_test_add_data_func ("/front/server/free/waiting-for-container",
                        "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]",
                        test_free);
  g_test_add_data_func ("/front/server/free/lingering",
                        "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n",
                        test_free);
  g_test_add_func ("/front/server/free/answering", test_free_while_answering);
  return g_test_run ();
}
