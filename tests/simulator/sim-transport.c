/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/sim-transport.h"

#include "core/error.h"

/* A transport that reaches simulated devices, by the names of their containers. */
struct _SimTransport
{
  GObject parent_instance;
  GHashTable *devices; /* (owned) (element-type utf8 SimDevice, both unowned) */
  SimWitness witness;
  GBytes *body; /* (owned) of all answers */
};

/* One attempt. */
typedef struct
{
  DispContainer *container; /* (owned) */
  DispRequest *request;     /* (owned) */
  SimWork *work;            /* (unowned) (nullable) until it has ended */
  gulong cancelled_id;
} SimCall;

static void
call_free (gpointer data)
{
  SimCall *call = data;

  disp_container_unref (call->container);
  disp_request_unref (call->request);
  g_free (call);
}

static GTask *
finish_call (GTask *task, int status)
{
  const SimTransport *self = g_task_get_source_object (task);
  SimCall *call = g_task_get_task_data (task);

  call->work = NULL;
  if (status >= 0 && call->cancelled_id != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (task), call->cancelled_id);
  self->witness.ended (call->container, call->request, status, self->witness.user_data);
  return task;
}

static void
on_work_ended (guint status, gpointer user_data)
{
  g_autoptr (GTask) task = finish_call (user_data, (int) status);
  const SimTransport *self = g_task_get_source_object (task);

  if (status == SIM_REFUSED)
    g_task_return_new_error (task, DISP_ERROR, DISP_ERROR_UNREACHABLE, "connection refused");
  else if (status == SIM_BROKEN)
    g_task_return_new_error (task, DISP_ERROR, DISP_ERROR_UPSTREAM, "connection reset");
  else
    g_task_return_pointer (task,
                           disp_answer_new (status, "application/json", g_bytes_ref (self->body)),
                           (GDestroyNotify) disp_answer_free);
}

static gboolean
on_cancel_seen (gpointer user_data)
{
  GTask *task = user_data;

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
  return G_SOURCE_REMOVE;
}

/* As with a real one, the end does not come from inside the cancel. */
static void
on_cancelled (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  const SimCall *call = g_task_get_task_data (task);
  g_autoptr (GSource) source = g_idle_source_new ();

  if (call->work == NULL)
    return;
  sim_work_abandon (call->work);
  finish_call (task, -1);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_cancel_seen, task, g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

/**
 * sim_transport_count_instances:
 * @request: a request whose instances are written as "[1,1,1]", with one digit each
 *
 * Returns: how many they are
 */
guint
sim_transport_count_instances (const DispRequest *request)
{
  return (guint) (request->instances.length / 2);
}

static void
sim_transport_send_async (DispTransport *transport, DispContainer *container, DispRequest *request,
                          G_GNUC_UNUSED const char *path, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  SimTransport *self = SIM_TRANSPORT (transport);
  SimDevice *device = g_hash_table_lookup (self->devices, container->name);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  SimCall *call = g_new0 (SimCall, 1);

  g_assert_nonnull (device);
  g_task_set_source_tag (task, sim_transport_send_async);
  g_task_set_task_data (task, call, call_free);
  call->container = disp_container_ref (container);
  call->request = disp_request_ref (request);
  self->witness.sent (container, request, self->witness.user_data);
  call->work = sim_device_begin (device, sim_transport_count_instances (request), on_work_ended,
                                 task);
  if (cancellable != NULL)
    call->cancelled_id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled),
                                           task);
}

static DispAnswer *
sim_transport_send_finish (DispTransport *transport, GAsyncResult *result, GError **error)
{
  g_assert_true (g_task_is_valid (result, transport));
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
sim_transport_iface_init (DispTransportInterface *iface)
{
  iface->send_async = sim_transport_send_async;
  iface->send_finish = sim_transport_send_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SimTransport, sim_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_TRANSPORT,
                                                      sim_transport_iface_init))

static void
sim_transport_finalize (GObject *object)
{
  SimTransport *self = SIM_TRANSPORT (object);

  g_hash_table_unref (self->devices);
  g_bytes_unref (self->body);
  G_OBJECT_CLASS (sim_transport_parent_class)->finalize (object);
}

static void
sim_transport_class_init (SimTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sim_transport_finalize;
}

static void
sim_transport_init (SimTransport *self)
{
  static const char body[] = "{\"predictions\":[1]}";

  self->devices = g_hash_table_new (g_str_hash, g_str_equal);
  self->body = g_bytes_new_static (body, sizeof body - 1);
}

/**
 * sim_transport_new:
 * @witness: who sees what it does; copied
 *
 * Returns: (transfer full): a transport that reaches no device yet
 */
SimTransport *
sim_transport_new (const SimWitness *witness)
{
  SimTransport *self = g_object_new (TYPE_SIM_TRANSPORT, NULL);

  self->witness = *witness;
  return self;
}

/**
 * sim_transport_add_device:
 * @self: a transport
 * @device: a device that lives as long as the last attempt there
 */
void
sim_transport_add_device (SimTransport *self, SimDevice *device)
{
  g_hash_table_insert (self->devices, (gpointer) sim_device_get_spec (device)->name, device);
}
