/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "support/fixtures.h"
#include "upstream/peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Calls that do not come to their end by themselves. */

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
#define N_FILLERS 16

/* A port that neither takes nor refuses connections: nobody accepts, and its queue is full. */
typedef struct
{
  int listening;
  int fillers[N_FILLERS];
  guint16 port;
} DeafPort;

static int
new_socket (void)
{
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

static void
deaf_port_init (DeafPort *self)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
  socklen_t length = sizeof address;

  self->listening = new_socket ();
  g_assert_no_errno (bind (self->listening, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (self->listening, 0));
  g_assert_no_errno (getsockname (self->listening, (struct sockaddr *) &address, &length));
  self->port = ntohs (address.sin_port);
  for (guint i = 0; i < N_FILLERS; i++)
    {
      self->fillers[i] = new_socket ();
      if (connect (self->fillers[i], (struct sockaddr *) &address, sizeof address) != 0)
        g_assert_cmpint (errno, ==, EINPROGRESS);
    }
}

static void
deaf_port_clear (DeafPort *self)
{
  for (guint i = 0; i < N_FILLERS; i++)
    close (self->fillers[i]);
  close (self->listening);
}

static void
test_connect_timeout (void)
{
  DispUpstreamSettings settings = caller_settings;
  gint64 begun;
  DeafPort deaf;
  Caller caller;
  Sent *sent;

  settings.connect_timeout = G_USEC_PER_SEC / 10;
  deaf_port_init (&deaf);
  caller_init (&caller, &settings);
  begun = g_get_monotonic_time ();
  sent = caller_send_to (&caller, deaf.port);
  sent_assert_failed (sent, DISP_ERROR_UNREACHABLE, "could not be reached within 0.1 s");
  g_assert_cmpint (g_get_monotonic_time () - begun, >=, settings.connect_timeout);
  sent_free (sent);
  caller_clear (&caller);
  deaf_port_clear (&deaf);
}

/* The limit is on opening a connection, not on the answer. */
static void
test_connect_timeout_is_over (void)
{
  static const Step step = { "", SCRIPTED_HANG };
  DispUpstreamSettings settings = caller_settings;
  Peer *peer;
  DeafPort deaf;
  Caller caller;
  Sent *slow;
  Sent *deafened;

  settings.connect_timeout = G_USEC_PER_SEC / 10;
  deaf_port_init (&deaf);
  caller_init (&caller, &settings);
  peer = peer_new (&step, 1);
  slow = caller_send_to (&caller, peer_get_port (peer));
  peer_wait_requests (peer, 1);
  deafened = caller_send_to (&caller, deaf.port);
  sent_assert_failed (deafened, DISP_ERROR_UNREACHABLE, "could not be reached within 0.1 s");
  g_assert_cmpuint (slow->n_ends, ==, 0);
  g_cancellable_cancel (slow->cancellable);
  sent_wait (slow);
  sent_free (slow);
  sent_free (deafened);
  peer_wait_ended (peer, 1);
  peer_free (peer);
  caller_clear (&caller);
  deaf_port_clear (&deaf);
}

static void
test_refused (void)
{
  static const Step step = { OK, SCRIPTED_KEEP };
  Peer *peer;
  guint16 port;
  Caller caller;

  caller_init (&caller, &caller_settings);
  peer = peer_new (&step, 1);
  port = peer_get_port (peer);
  peer_free (peer);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (Sent) sent = caller_send_to (&caller, port);

      sent_assert_failed (sent, DISP_ERROR_UNREACHABLE, "could not be reached: ");
      g_assert_nonnull (strstr (sent->error->message, "Connection refused"));
    }
  caller_clear (&caller);
}

static void
assert_cancelled (Sent *sent)
{
  sent_wait (sent);
  g_assert_error (sent->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Cancels, and checks that the end comes later. */
static void
cancel (Sent *sent)
{
  g_assert_cmpuint (sent->n_ends, ==, 0);
  g_cancellable_cancel (sent->cancellable);
  g_assert_cmpuint (sent->n_ends, ==, 0);
  assert_cancelled (sent);
}

static void
test_cancel_connecting (void)
{
  DeafPort deaf;
  Caller caller;
  Sent *sent;

  deaf_port_init (&deaf);
  caller_init (&caller, &caller_settings);
  sent = caller_send_to (&caller, deaf.port);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  cancel (sent);
  sent_free (sent);
  caller_clear (&caller);
  deaf_port_clear (&deaf);
}

/* In the same turn as the call, before anything was done for it. */
static void
test_cancel_at_once (void)
{
  static const Step step = { OK, SCRIPTED_KEEP };
  Peer *peer;
  Caller caller;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  peer = peer_new (&step, 1);
  sent = caller_send_to (&caller, peer_get_port (peer));
  cancel (sent);
  sent_free (sent);
  g_assert_cmpuint (peer_count_requests (peer), ==, 0);
  peer_free (peer);
  caller_clear (&caller);
}

static void
keep_result (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **kept = user_data;

  g_assert_null (*kept);
  *kept = g_object_ref (result);
}

/* Even before the call. */
static void
test_cancel_before (void)
{
  static const Step step = { OK, SCRIPTED_KEEP };
  Peer *peer;
  DispContainer *container = fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1);
  DispRequest *request = fixture_request ("m", 1, "[]");
  GCancellable *cancellable = g_cancellable_new ();
  GAsyncResult *result = NULL;
  GError *error = NULL;
  Caller caller;

  caller_init (&caller, &caller_settings);
  peer = peer_new (&step, 1);
  fixture_container_set_port (container, peer_get_port (peer));
  g_cancellable_cancel (cancellable);
  disp_transport_send_async (caller.transport, container, request, "/x", cancellable, keep_result,
                             &result);
  g_assert_null (result);
  WAIT_UNTIL (result != NULL);
  g_assert_null (disp_transport_send_finish (caller.transport, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_error_free (error);
  g_object_unref (result);
  g_object_unref (cancellable);
  disp_request_unref (request);
  disp_container_unref (container);
  g_assert_cmpuint (peer_count_requests (peer), ==, 0);
  peer_free (peer);
  caller_clear (&caller);
}

/* The container sees that its answer is not wanted any more, and the next call works.  @data is how
 * far the answer comes before. */
static void
test_cancel_waiting (gconstpointer data)
{
  const Step steps[] = { { data, SCRIPTED_HANG }, { OK, SCRIPTED_KEEP } };
  Peer *peer;
  Caller caller;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, G_N_ELEMENTS (steps));
  sent = caller_send_to (&caller, peer_get_port (peer));
  peer_wait_requests (peer, 1);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  cancel (sent);
  peer_wait_ended (peer, 1);
  sent_free (sent);
  caller_call (&caller, peer, "{}");
  g_assert_cmpuint (peer_count_connections (peer), ==, 2);
  peer_free (peer);
  caller_clear (&caller);
}

/* Also on a connection that was used before; it is not taken for a stale one. */
static void
test_cancel_reused (void)
{
  static const Step steps[] = {
    { OK, SCRIPTED_KEEP },
    { "", SCRIPTED_HANG },
    { OK, SCRIPTED_KEEP },
  };
  Peer *peer;
  Caller caller;
  Sent *sent;

  caller_init (&caller, &caller_settings);
  peer = peer_new (steps, G_N_ELEMENTS (steps));
  caller_call (&caller, peer, "{}");
  sent = caller_send_to (&caller, peer_get_port (peer));
  peer_wait_requests (peer, 2);
  cancel (sent);
  peer_wait_ended (peer, 1);
  sent_free (sent);
  g_assert_cmpuint (peer_count_requests (peer), ==, 2);
  caller_call (&caller, peer, "{}");
  peer_free (peer);
  caller_clear (&caller);
}

/* In the middle of sending a body that the container does not read. */
static void
test_cancel_sending (void)
{
  const gsize length = 64 * 1024 * 1024;
  g_autofree char *instances = g_strnfill (length, '1');
  DispContainer *container = fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;
  GSocket *listening;
  GSocket *accepted;
  char buffer[65536];
  Caller caller;
  Sent *sent;
  gssize n;

  caller_init (&caller, &caller_settings);
  listening = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                            NULL);
  g_assert_true (g_socket_bind (listening, address, TRUE, NULL));
  g_assert_true (g_socket_listen (listening, NULL));
  bound = g_socket_get_local_address (listening, NULL);
  fixture_container_set_port (container,
                              g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  sent = caller_send (&caller, container, fixture_request ("m", 1, instances), "/x");
  WAIT_UNTIL (g_socket_condition_check (listening, G_IO_IN) != 0);
  accepted = g_socket_accept (listening, NULL, NULL);
  WAIT_UNTIL (g_socket_condition_check (accepted, G_IO_IN) != 0);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  cancel (sent);
  sent_free (sent);
  /* what is left of the body ends before the body does */
  for (gsize total = 0; (n = g_socket_receive (accepted, buffer, sizeof buffer, NULL, NULL)) > 0;)
    {
      total += (gsize) n;
      g_assert_cmpuint (total, <, length);
    }
  g_object_unref (accepted);
  g_object_unref (listening);
  caller_clear (&caller);
}

/* Answers once the gate is open. */
static ScriptedAction
wait_at_gate (G_GNUC_UNUSED const ScriptedRequest *request, GString *answer, gpointer user_data)
{
  GMutex *gate = user_data;

  g_main_context_wakeup (NULL);
  g_mutex_lock (gate);
  g_mutex_unlock (gate);
  g_string_append (answer, OK);
  return SCRIPTED_CLOSE;
}

/* When the answer is there already and nobody has read it, a cancel still means that nobody wants
 * it. */
static void
test_cancel_answered (void)
{
  ScriptedServer *server;
  GMutex gate;
  Caller caller;
  Sent *sent;

  g_mutex_init (&gate);
  g_mutex_lock (&gate);
  caller_init (&caller, &caller_settings);
  server = scripted_server_new (wait_at_gate, &gate);
  sent = caller_send_to (&caller, scripted_server_get_port (server));
  WAIT_UNTIL (scripted_server_count_requests (server) == 1);
  g_mutex_unlock (&gate);
  while (scripted_server_count_ended (server) == 0)
    g_thread_yield ();
  cancel (sent);
  sent_free (sent);
  scripted_server_free (server);
  caller_clear (&caller);
  g_mutex_clear (&gate);
}

int
main (int argc, char **argv)
{
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/upstream/cancels/connect-timeout", test_connect_timeout);
  g_test_add_func ("/upstream/cancels/connect-timeout-is-over", test_connect_timeout_is_over);
  g_test_add_func ("/upstream/cancels/refused", test_refused);
  g_test_add_func ("/upstream/cancels/connecting", test_cancel_connecting);
  g_test_add_func ("/upstream/cancels/at-once", test_cancel_at_once);
  g_test_add_func ("/upstream/cancels/before", test_cancel_before);
  g_test_add_data_func ("/upstream/cancels/waiting", "", test_cancel_waiting);
  g_test_add_data_func ("/upstream/cancels/in-head", "HTTP/1.1 200 OK\r\nConte",
                        test_cancel_waiting);
  g_test_add_data_func ("/upstream/cancels/after-head",
                        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", test_cancel_waiting);
  g_test_add_data_func ("/upstream/cancels/in-body",
                        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1,", test_cancel_waiting);
  g_test_add_data_func ("/upstream/cancels/in-chunks",
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n",
                        test_cancel_waiting);
  g_test_add_func ("/upstream/cancels/reused", test_cancel_reused);
  g_test_add_func ("/upstream/cancels/sending", test_cancel_sending);
  g_test_add_func ("/upstream/cancels/answered", test_cancel_answered);
  return g_test_run ();
}
