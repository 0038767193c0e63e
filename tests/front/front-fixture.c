/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/front-fixture.h"

#include "core/policy-registry.h"
#include "front/listener-sockets.h"
#include "front/serve.h"
#include "front/predictions-site.h"
#include "support/fixtures.h"

#include <string.h>

/* A transport that writes down what goes to containers, and answers at once or when the test says.
 */
#define TYPE_HELD_TRANSPORT (held_transport_get_type ())
G_DECLARE_FINAL_TYPE (HeldTransport, held_transport, HELD, TRANSPORT, GObject)

struct _HeldTransport
{
  GObject parent_instance;
  Front *front; /* (unowned) */
};

static void
sent_free (gpointer data)
{
  FrontSent *sent = data;

  g_assert_null (sent->task);
  g_free (sent->container);
  g_free (sent->path);
  g_free (sent->content_type);
  g_free (sent->content_encoding);
  g_clear_pointer (&sent->body, g_bytes_unref);
  g_free (sent);
}

static GTask *
take_task (FrontSent *sent)
{
  g_signal_handler_disconnect (g_task_get_cancellable (sent->task), sent->cancelled_id);
  return g_steal_pointer (&sent->task);
}

static void
on_cancelled (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  FrontSent *sent = user_data;
  g_autoptr (GTask) task = take_task (sent);

  sent->cancelled = TRUE;
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
}

static GBytes *
join_slices (const DispRequest *request)
{
  GByteArray *joined = g_byte_array_new ();
  const guint8 *body = g_bytes_get_data (request->body, NULL);

  for (guint i = 0; i < request->n_slices; i++)
    g_byte_array_append (joined, body + request->slices[i].offset,
                         (guint) request->slices[i].length);
  return g_byte_array_free_to_bytes (joined);
}

static DispAnswer *
copy_answer (const DispAnswer *answer)
{
  DispAnswer *copy = disp_answer_new (answer->status, answer->content_type,
                                      g_bytes_ref (answer->body));

  copy->content_encoding = g_strdup (answer->content_encoding);
  copy->retry_after = g_strdup (answer->retry_after);
  return copy;
}

static void
held_transport_send_async (DispTransport *transport, DispContainer *container, DispRequest *request,
                           const char *path, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  Front *front = HELD_TRANSPORT (transport)->front;
  FrontSent *sent = g_new0 (FrontSent, 1);

  sent->container = g_strdup (container->name);
  sent->path = g_strdup (path);
  sent->body = request->body != NULL ? join_slices (request) : NULL;
  sent->content_type = g_strdup (request->content_type);
  sent->content_encoding = g_strdup (request->content_encoding);
  sent->task = g_task_new (transport, cancellable, callback, user_data);
  g_task_set_check_cancellable (sent->task, FALSE);
  sent->cancelled_id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), sent);
  g_ptr_array_add (front->sent, sent);
  if (front->answer != NULL)
    {
      g_autoptr (GTask) task = take_task (sent);

      g_task_return_pointer (task, copy_answer (front->answer), (GDestroyNotify) disp_answer_free);
    }
}

static DispAnswer *
held_transport_send_finish (G_GNUC_UNUSED DispTransport *transport, GAsyncResult *result,
                            GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
held_transport_iface_init (DispTransportInterface *iface)
{
  iface->send_async = held_transport_send_async;
  iface->send_finish = held_transport_send_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (HeldTransport, held_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_TRANSPORT,
                                                      held_transport_iface_init))

static void
held_transport_class_init (G_GNUC_UNUSED HeldTransportClass *klass)
{
}

static void
held_transport_init (G_GNUC_UNUSED HeldTransport *self)
{
}

/* Its policy is round robin and its deadline a minute. */
static void
make_engine (Front *self)
{
  const DispEngineSettings settings = {
    .timeout = 60 * G_USEC_PER_SEC,
    .retry_after = 5,
    .payload_limit = 64,
  };
  g_autoptr (DispPolicySpec) policy = disp_policy_spec_new ("round-robin", NULL, NULL);
  HeldTransport *transport = g_object_new (TYPE_HELD_TRANSPORT, NULL);

  transport->front = self;
  self->transport = DISP_TRANSPORT (transport);
  self->sink = fake_sink_new ();
  self->switchboard = disp_switchboard_new (DISP_CLOCK (self->clock), DISP_RECORD_SINK (self->sink),
                                            NULL, policy, &settings);
  self->dispatcher = disp_dispatcher_new (self->switchboard, self->transport,
                                          g_rand_new_with_seed (1));
}

static Front *
new_front (const char *address, DispFleet *fleet)
{
  Front *self = g_new0 (Front, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sockets = disp_listener_open (address, 1, &error);
  g_autoptr (DispSite) site = NULL;

  /* That a container fails is worth a warning, and no fault here. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_assert_no_error (error);
  self->clock = fake_clock_new ();
  self->sent = g_ptr_array_new_with_free_func (sent_free);
  make_engine (self);
  if (fleet != NULL)
    disp_switchboard_set_fleet (self->switchboard, fleet);
  disp_switchboard_set_serving (self->switchboard, 1);
  site = disp_predictions_site_new (self->dispatcher);
  self->server = serve_site (site, DISP_CLOCK (self->clock), sockets,
                             serve_terms_new (FRONT_BODY_LIMIT));
  self->address = disp_listener_describe (g_ptr_array_index (sockets, 0));
  front_set_answer (self, 200, "application/json", "{\"predictions\":[1]}");
  return self;
}

/**
 * front_new:
 * @address: (nullable): where to listen; %NULL for a free port
 *
 * Returns: (transfer full): a server on this thread, whose containers answer at once.  It knows the
 * model "half" in versions 1 and 2, and "odd name/ü" in version 1, at containers cpu-0 and cpu-1;
 * "idle" has a container without quota
 */
Front *
front_new (const char *address)
{
  g_autoptr (DispFleet) fleet = fixture_fleet (
      NULL, "half:1 half:2 idle:1", fixture_container ("cpu-0", "half", 1, DISP_DEVICE_CPU, 100000),
      fixture_container ("cpu-1", "half", 1, DISP_DEVICE_CPU, 100000),
      fixture_container ("cpu-2", "half", 2, DISP_DEVICE_CPU, 100000),
      fixture_container ("cpu-3", "odd name/\303\274", 1, DISP_DEVICE_CPU, 100000),
      fixture_container ("cpu-4", "idle", 1, DISP_DEVICE_CPU, 0), NULL);

  return new_front (address != NULL ? address : "127.0.0.1:0", fleet);
}

/**
 * front_new_without_fleet:
 *
 * Returns: (transfer full): a server that knows no fleet yet
 */
Front *
front_new_without_fleet (void)
{
  return new_front ("127.0.0.1:0", NULL);
}

/* Checks that nobody else holds what the fixture made. */
static void
end_object (gpointer object)
{
  gpointer watched = object;

  g_object_add_weak_pointer (G_OBJECT (object), &watched);
  g_object_unref (object);
  front_settle ();
  g_assert_null (watched);
}

/**
 * front_free:
 * @self: (transfer full): a fixture
 *
 * Ends it, whatever is in flight, and checks that nothing of it is left.
 */
void
front_free (Front *self)
{
  end_object (self->server);
  front_settle ();
  end_object (self->dispatcher);
  end_object (self->switchboard);
  end_object (self->transport);
  end_object (self->sink);
  g_assert_cmpuint (fake_clock_count_timers (self->clock), ==, 0);
  end_object (self->clock);
  g_ptr_array_unref (self->sent);
  g_clear_pointer (&self->answer, disp_answer_free);
  g_free (self->address);
  g_free (self);
}

/**
 * front_get_sent:
 * @self: a fixture
 * @index: which, from 0
 *
 * Returns: (transfer none): what a container was asked
 */
FrontSent *
front_get_sent (Front *self, guint index)
{
  g_assert_cmpuint (index, <, self->sent->len);
  return g_ptr_array_index (self->sent, index);
}

/**
 * front_count_records:
 * @self: a fixture
 *
 * Returns: how many records were pushed
 */
guint
front_count_records (Front *self)
{
  DispRecordSinkValues values;

  disp_record_sink_read (DISP_RECORD_SINK (self->sink), &values);
  return (guint) values.pushed;
}

/**
 * front_get_record:
 * @self: a fixture
 * @index: which, from 0
 *
 * Returns: (transfer none): a record, which is waited for
 */
const DispRecord *
front_get_record (Front *self, guint index)
{
  FRONT_WAIT (index < front_count_records (self));
  return fake_sink_get (self->sink, index);
}

/**
 * front_set_answer:
 * @self: a fixture
 * @status: an HTTP status
 * @content_type: (nullable): the type of the body
 * @body: the body
 *
 * What every container answers from now on, at once.
 */
void
front_set_answer (Front *self, guint status, const char *content_type, const char *body)
{
  g_clear_pointer (&self->answer, disp_answer_free);
  self->answer = disp_answer_new (status, content_type, g_bytes_new (body, strlen (body)));
}

/**
 * front_hold:
 * @self: a fixture
 *
 * Containers answer nothing from now on, until front_release().
 */
void
front_hold (Front *self)
{
  g_clear_pointer (&self->answer, disp_answer_free);
}

/**
 * front_release:
 * @self: a fixture whose containers hold their answers
 * @index: which, from 0
 * @status: an HTTP status
 * @body: the body
 *
 * Lets a container answer.
 */
void
front_release (Front *self, guint index, guint status, const char *body)
{
  FrontSent *sent = front_get_sent (self, index);
  g_autoptr (GTask) task = take_task (sent);

  g_task_return_pointer (
      task, disp_answer_new (status, "application/json", g_bytes_new (body, strlen (body))),
      (GDestroyNotify) disp_answer_free);
}

/**
 * front_settle:
 *
 * Runs the loop until nothing more happens by itself.
 */
void
front_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/**
 * front_wait_connections:
 * @self: a fixture
 * @n: how many
 *
 * Waits until so many connections are open.
 */
void
front_wait_connections (Front *self, guint n)
{
  FRONT_WAIT (disp_server_count_connections (self->server) == n);
}
