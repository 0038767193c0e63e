/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-transport.h"

#include "core/error.h"

#include <string.h>

/* A transport that sends nothing: the test plays the containers.  One thread only. */
struct _FakeTransport
{
  GObject parent_instance;
  GPtrArray *calls; /* (owned) (element-type FakeCall, owned) */
  guint n_calls;    /* also those that answered at once, which are not kept */
  gboolean stubborn;
  char *immediate; /* (owned) (nullable) */
};

static void
fake_call_free (gpointer data)
{
  FakeCall *call = data;

  g_assert_null (call->task);
  disp_container_unref (call->container);
  disp_request_unref (call->request);
  g_free (call->path);
  g_clear_object (&call->cancellable);
  g_free (call);
}

/* From here on the call has its end, which its callback hears of when the loop turns. */
static GTask *
take_task (FakeCall *call)
{
  g_assert_nonnull (call->task);
  if (call->cancelled_id != 0)
    g_signal_handler_disconnect (call->cancellable, call->cancelled_id);
  call->cancelled_id = 0;
  return g_steal_pointer (&call->task);
}

static gboolean
end_cancelled (gpointer user_data)
{
  GTask *task = user_data;

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Operation was cancelled");
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

static void
end_soon (GTask *task, GSourceFunc callback)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, callback, task, NULL);
  g_source_attach (source, g_task_get_context (task));
}

/* As a real one: the end does not come from inside the cancel. */
static void
on_cancelled (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  end_soon (take_task (user_data), end_cancelled);
}

static gboolean
answer_immediately (gpointer user_data)
{
  GTask *task = user_data;
  const FakeTransport *self = g_task_get_source_object (task);

  g_task_return_pointer (
      task,
      disp_answer_new (200, "application/json",
                       g_bytes_new_static (self->immediate, strlen (self->immediate))),
      (GDestroyNotify) disp_answer_free);
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

static void
fake_transport_send_async (DispTransport *transport, DispContainer *container, DispRequest *request,
                           const char *path, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  FakeTransport *self = FAKE_TRANSPORT (transport);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  FakeCall *call;

  g_task_set_source_tag (task, fake_transport_send_async);
  self->n_calls++;
  if (self->immediate != NULL)
    {
      end_soon (task, answer_immediately);
      return;
    }
  call = g_new0 (FakeCall, 1);
  call->container = disp_container_ref (container);
  call->request = disp_request_ref (request);
  call->path = g_strdup (path);
  call->task = task;
  g_set_object (&call->cancellable, cancellable);
  g_ptr_array_add (self->calls, call);
  if (cancellable != NULL && self->stubborn)
    g_task_set_check_cancellable (task, FALSE);
  else if (cancellable != NULL)
    call->cancelled_id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled),
                                           call);
}

static DispAnswer *
fake_transport_send_finish (DispTransport *transport, GAsyncResult *result, GError **error)
{
  g_assert_true (g_task_is_valid (result, transport));
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_transport_iface_init (DispTransportInterface *iface)
{
  iface->send_async = fake_transport_send_async;
  iface->send_finish = fake_transport_send_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeTransport, fake_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_TRANSPORT,
                                                      fake_transport_iface_init))

static void
fake_transport_finalize (GObject *object)
{
  FakeTransport *self = FAKE_TRANSPORT (object);

  g_ptr_array_unref (self->calls);
  g_free (self->immediate);
  G_OBJECT_CLASS (fake_transport_parent_class)->finalize (object);
}

static void
fake_transport_class_init (FakeTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_transport_finalize;
}

static void
fake_transport_init (FakeTransport *self)
{
  self->calls = g_ptr_array_new_with_free_func (fake_call_free);
}

/**
 * fake_transport_new:
 *
 * Returns: (transfer full): a transport whose calls wait for the test to answer them
 */
FakeTransport *
fake_transport_new (void)
{
  return g_object_new (TYPE_FAKE_TRANSPORT, NULL);
}

/**
 * fake_transport_count_calls:
 * @self: a transport
 *
 * Returns: how many calls there ever were
 */
guint
fake_transport_count_calls (FakeTransport *self)
{
  return self->n_calls;
}

/**
 * fake_transport_count_open:
 * @self: a transport
 *
 * Returns: how many calls nobody has answered, failed or cancelled
 */
guint
fake_transport_count_open (FakeTransport *self)
{
  guint n = 0;

  for (guint i = 0; i < self->calls->len; i++)
    n += ((const FakeCall *) g_ptr_array_index (self->calls, i))->task != NULL ? 1 : 0;
  return n;
}

static FakeCall *
get_call (FakeTransport *self, guint index)
{
  g_assert_cmpuint (index, <, self->calls->len);
  return g_ptr_array_index (self->calls, index);
}

/**
 * fake_transport_get_call:
 * @self: a transport
 * @index: which call, from 0
 *
 * Returns: (transfer none): the call, which has to be there
 */
const FakeCall *
fake_transport_get_call (FakeTransport *self, guint index)
{
  return get_call (self, index);
}

/**
 * fake_transport_answer:
 * @self: a transport
 * @index: which call, from 0
 * @status: an HTTP status
 * @body: the body, as JSON
 *
 * Answers a call.  Its callback hears of it when the loop turns; if it is cancelled before, it ends
 * as cancelled all the same.
 */
void
fake_transport_answer (FakeTransport *self, guint index, guint status, const char *body)
{
  GTask *task = take_task (get_call (self, index));

  g_task_return_pointer (
      task, disp_answer_new (status, "application/json", g_bytes_new (body, strlen (body))),
      (GDestroyNotify) disp_answer_free);
  g_object_unref (task);
}

/**
 * fake_transport_fail:
 * @self: a transport
 * @index: which call, from 0
 * @message: what went wrong
 *
 * Lets a call fail as when a container breaks.
 */
void
fake_transport_fail (FakeTransport *self, guint index, const char *message)
{
  fake_transport_fail_with (self, index, DISP_ERROR_UPSTREAM, message);
}

/**
 * fake_transport_fail_with:
 * @self: a transport
 * @index: which call, from 0
 * @code: a #DispError
 * @message: what went wrong
 *
 * Lets a call fail in a certain way.
 */
void
fake_transport_fail_with (FakeTransport *self, guint index, int code, const char *message)
{
  GTask *task = take_task (get_call (self, index));

  g_task_return_new_error (task, DISP_ERROR, code, "%s", message);
  g_object_unref (task);
}

/**
 * fake_transport_set_stubborn:
 * @self: a transport
 * @stubborn: whether calls from now on do not hear of a cancel
 *
 * A stubborn transport gives the answer to a call that was cancelled, as when the answer was
 * already on its way.
 */
void
fake_transport_set_stubborn (FakeTransport *self, gboolean stubborn)
{
  self->stubborn = stubborn;
}

/**
 * fake_transport_set_immediate:
 * @self: a transport without calls
 * @body: the body of each answer, as JSON
 *
 * From now on each call is answered with 200 in the next turn of the loop, and not kept.
 */
void
fake_transport_set_immediate (FakeTransport *self, const char *body)
{
  self->immediate = g_strdup (body);
}
