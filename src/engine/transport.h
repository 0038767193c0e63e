/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"
#include "core/request.h"

#include <gio/gio.h>

/**
 * DispAnswer:
 *
 * What came back for a request: from a container, or from us when no container could answer.
 */
typedef struct
{
  guint status;           /* HTTP status */
  char *content_type;     /* (owned) (nullable) */
  char *content_encoding; /* (owned) (nullable) */
  char *retry_after;      /* (owned) (nullable) */
  GBytes *body;           /* (owned) */
} DispAnswer;

DispAnswer *disp_answer_new (guint status, const char *content_type, GBytes *body);
DispAnswer *disp_answer_new_for_error (const GError *error);
void disp_answer_free (DispAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispAnswer, disp_answer_free)

#define DISP_TYPE_TRANSPORT (disp_transport_get_type ())
G_DECLARE_INTERFACE (DispTransport, disp_transport, DISP, TRANSPORT, GObject)

/**
 * DispTransportInterface:
 * @send_async: see disp_transport_send_async()
 * @send_finish: see disp_transport_send_finish()
 *
 * The port through which the engine reaches containers.  A transport belongs to the thread that
 * made it.
 */
struct _DispTransportInterface
{
  GTypeInterface parent;
  void (*send_async) (DispTransport *self, DispContainer *container, DispRequest *request,
                      const char *path, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data);
  DispAnswer *(*send_finish) (DispTransport *self, GAsyncResult *result, GError **error);
};

void disp_transport_send_async (DispTransport *self, DispContainer *container, DispRequest *request,
                                const char *path, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
DispAnswer *disp_transport_send_finish (DispTransport *self, GAsyncResult *result, GError **error);
