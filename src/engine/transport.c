/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/transport.h"

#include "core/error.h"
#include "wire/error-body.h"

G_DEFINE_INTERFACE (DispTransport, disp_transport, G_TYPE_OBJECT)

static void
disp_transport_default_init (G_GNUC_UNUSED DispTransportInterface *iface)
{
}

/**
 * disp_transport_send_async:
 * @self: a transport
 * @container: where to send it
 * @request: what to send: its slices as the body of a POST, or a GET without one
 * @path: the path to ask for
 * @cancellable: (nullable): gives the attempt up, and closes its connection
 * @callback: called on the thread-default context, once, never from inside this call, also after a
 * cancel
 * @user_data: for @callback
 *
 * Sends a request to a container and reads the whole answer.  Keeps @self, @container and @request
 * alive until
 * @callback.  It tries once; a connection that turns out to have been closed by the container while
 * it was idle is no try, unless @request must not be made twice.
 */
void
disp_transport_send_async (DispTransport *self, DispContainer *container, DispRequest *request,
                           const char *path, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  DISP_TRANSPORT_GET_IFACE (self)->send_async (self, container, request, path, cancellable,
                                               callback, user_data);
}

/**
 * disp_transport_send_finish:
 * @self: the transport
 * @result: what the callback was given
 * @error: %DISP_ERROR_UNREACHABLE when nothing was sent, %DISP_ERROR_UPSTREAM when no whole answer
 *   came, %DISP_ERROR_BAD_ANSWER when one came that cannot be passed on, or
 *   %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full) (nullable): the answer, whatever its status
 */
DispAnswer *
disp_transport_send_finish (DispTransport *self, GAsyncResult *result, GError **error)
{
  return DISP_TRANSPORT_GET_IFACE (self)->send_finish (self, result, error);
}

/**
 * disp_answer_new:
 * @status: an HTTP status
 * @content_type: (nullable): the type of the body
 * @body: (transfer full): the body
 *
 * Returns: (transfer full): an answer
 */
DispAnswer *
disp_answer_new (guint status, const char *content_type, GBytes *body)
{
  DispAnswer *self = g_new0 (DispAnswer, 1);

  self->status = status;
  self->content_type = g_strdup (content_type);
  self->body = body;
  return self;
}

/**
 * disp_answer_new_for_error:
 * @error: what went wrong
 *
 * Returns: (transfer full): the answer that says so: the status of its code, and its message as
 * JSON
 */
DispAnswer *
disp_answer_new_for_error (const GError *error)
{
  int code = error->domain == DISP_ERROR ? error->code : DISP_ERROR_FAILED;

  return disp_answer_new (disp_error_http_status (code), "application/json",
                          disp_error_body_new (error->message));
}

void
disp_answer_free (DispAnswer *self)
{
  g_free (self->content_type);
  g_free (self->content_encoding);
  g_free (self->retry_after);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self);
}
