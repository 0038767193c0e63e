/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/peer.h"

#include "core/error.h"
#include "core/tsan.h"
#include "support/fixtures.h"

#include <string.h>

/* The two ends of a call: a container that does as it is told, and a transport. */

struct _Peer
{
  ScriptedServer *server; /* (owned) */
  const Step *steps;      /* (unowned) */
  guint n_steps;
  GMutex lock;
  GPtrArray *got; /* (owned) (element-type Got, owned) (locked-by lock) */
};

const DispUpstreamSettings caller_settings = {
  .connect_timeout = 10 * G_USEC_PER_SEC,
  .idle_timeout = 30,
  .answer_limit = CALLER_ANSWER_LIMIT,
};

static void
got_free (gpointer data)
{
  Got *got = data;

  g_free (got->head);
  g_bytes_unref (got->body);
  g_free (got);
}

static ScriptedAction
play (const ScriptedRequest *request, GString *answer, gpointer user_data)
{
  Peer *self = user_data;
  Got *got = g_new (Got, 1);
  const Step *step;

  got->connection = request->connection;
  got->head = g_strdup (request->head);
  got->body = g_bytes_ref (request->body);
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  g_ptr_array_add (self->got, got);
  g_assert_cmpuint (self->got->len, <=, self->n_steps);
  step = &self->steps[self->got->len - 1];
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  g_string_append (answer, step->answer);
  g_main_context_wakeup (NULL);
  return step->action;
}

/**
 * peer_new:
 * @steps: (array length=n_steps): what to say to the requests, in the order in which they come
 * @n_steps: how many requests may come
 *
 * Returns: (transfer full): a container on loopback
 */
Peer *
peer_new (const Step *steps, guint n_steps)
{
  Peer *self = g_new0 (Peer, 1);

  self->steps = steps;
  self->n_steps = n_steps;
  g_mutex_init (&self->lock);
  self->got = g_ptr_array_new_with_free_func (got_free);
  self->server = scripted_server_new (play, self);
  return self;
}

/**
 * peer_free:
 * @self: (transfer full): a peer
 */
void
peer_free (Peer *self)
{
  scripted_server_free (self->server);
  g_ptr_array_unref (self->got);
  g_mutex_clear (&self->lock);
  g_free (self);
}

guint16
peer_get_port (Peer *self)
{
  return scripted_server_get_port (self->server);
}

guint
peer_count_connections (Peer *self)
{
  return scripted_server_count_connections (self->server);
}

guint
peer_count_requests (Peer *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  n = self->got->len;
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  return n;
}

/**
 * peer_get:
 * @self: a peer
 * @index: which request, from 0
 *
 * Returns: (transfer none): what it got, which has to be there
 */
const Got *
peer_get (Peer *self, guint index)
{
  const Got *got;

  g_assert_cmpuint (index, <, peer_count_requests (self));
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  got = g_ptr_array_index (self->got, index);
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  return got;
}

/**
 * peer_wait_requests:
 * @self: a peer
 * @n: how many
 *
 * Runs the default context until that many requests have come.
 */
void
peer_wait_requests (Peer *self, guint n)
{
  WAIT_UNTIL (peer_count_requests (self) >= n);
}

/**
 * peer_wait_ended:
 * @self: a peer
 * @n: how many
 *
 * Runs the default context until that many connections have ended.
 */
void
peer_wait_ended (Peer *self, guint n)
{
  WAIT_UNTIL (scripted_server_count_ended (self->server) >= n);
}

/* How many sockets this process has open. */
static guint
count_sockets (void)
{
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (directory);
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      n += target != NULL && g_str_has_prefix (target, "socket:") ? 1 : 0;
    }
  return n;
}

/**
 * caller_init:
 * @self: (out caller-allocates): a caller
 * @settings: for its transport
 */
void
caller_init (Caller *self, const DispUpstreamSettings *settings)
{
  caller_init_with_clock (self, disp_system_clock_new (), settings);
}

/**
 * caller_init_with_clock:
 * @self: (out caller-allocates): a caller
 * @clock: (transfer full): its clock
 * @settings: for its transport
 */
void
caller_init_with_clock (Caller *self, DispClock *clock, const DispUpstreamSettings *settings)
{
  self->n_sockets = count_sockets ();
  self->clock = clock;
  self->limits = disp_upstream_limits_new (settings);
  self->transport = disp_soup_transport_new (clock, self->limits);
}

/**
 * caller_clear:
 * @self: a caller that waits for nothing; the peers are gone
 *
 * Frees it, and checks that nobody keeps a part of it and that no connection is left.
 */
void
caller_clear (Caller *self)
{
  g_assert_finalize_object (self->transport);
  disp_upstream_limits_unref (self->limits);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (self->clock);
  g_assert_cmpuint (count_sockets (), ==, self->n_sockets);
}

static void
on_end (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Sent *sent = user_data;

  sent->n_ends++;
  g_assert_cmpuint (sent->n_ends, ==, 1);
  sent->answer = disp_transport_send_finish (DISP_TRANSPORT (source), result, &sent->error);
  g_assert_true ((sent->answer == NULL) == (sent->error != NULL));
}

/**
 * caller_send:
 * @self: a caller
 * @container: (transfer full): where to
 * @request: (transfer full): what
 * @path: the path
 *
 * Returns: (transfer full): what will become of it
 */
Sent *
caller_send (Caller *self, DispContainer *container, DispRequest *request, const char *path)
{
  Sent *sent = g_new0 (Sent, 1);

  sent->cancellable = g_cancellable_new ();
  disp_transport_send_async (self->transport, container, request, path, sent->cancellable, on_end,
                             sent);
  g_assert_cmpuint (sent->n_ends, ==, 0);
  disp_container_unref (container);
  disp_request_unref (request);
  return sent;
}

/**
 * caller_send_to:
 * @self: a caller
 * @port: a port of loopback
 *
 * Returns: (transfer full): what will become of a prediction that is sent there
 */
Sent *
caller_send_to (Caller *self, guint16 port)
{
  DispContainer *container = fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1);

  fixture_container_set_port (container, port);
  return caller_send (self, container, fixture_request ("m", 1, "[1.0]"),
                      "/v1/models/m/versions/1:predict");
}

/**
 * caller_call:
 * @self: a caller
 * @peer: where to
 * @expected: the body that has to come back with the status 200
 *
 * Sends a prediction, and waits for its answer.
 */
void
caller_call (Caller *self, Peer *peer, const char *expected)
{
  g_autoptr (Sent) sent = caller_send_to (self, peer_get_port (peer));

  sent_assert_answer (sent, 200, expected);
}

/**
 * sent_wait:
 * @self: a request
 *
 * Runs the default context until it has ended.
 */
void
sent_wait (Sent *self)
{
  WAIT_UNTIL (self->n_ends > 0);
}

/**
 * sent_free:
 * @self: (transfer full): a request that has ended
 */
void
sent_free (Sent *self)
{
  g_assert_cmpuint (self->n_ends, ==, 1);
  g_clear_pointer (&self->answer, disp_answer_free);
  g_clear_error (&self->error);
  g_object_unref (self->cancellable);
  g_free (self);
}

/**
 * sent_assert_answer:
 * @self: a request
 * @status: the status
 * @body: the body
 *
 * Waits for its end, which has to be this answer.
 */
void
sent_assert_answer (Sent *self, guint status, const char *body)
{
  sent_wait (self);
  g_assert_no_error (self->error);
  g_assert_cmpuint (self->answer->status, ==, status);
  g_assert_cmpmem (g_bytes_get_data (self->answer->body, NULL),
                   g_bytes_get_size (self->answer->body), body, strlen (body));
}

/**
 * sent_assert_failed:
 * @self: a request to container "a"
 * @code: which kind of failure it is
 * @why: what the error says of it
 *
 * Waits for its end, which has to be a failure of the container.
 */
void
sent_assert_failed (Sent *self, int code, const char *why)
{
  g_autofree char *start = g_strconcat ("container \"a\" ", why, NULL);

  sent_wait (self);
  if (self->error != NULL)
    g_test_message ("%s", self->error->message);
  g_assert_error (self->error, DISP_ERROR, code);
  if (!g_str_has_prefix (self->error->message, start))
    g_assert_cmpstr (self->error->message, ==, start);
}
