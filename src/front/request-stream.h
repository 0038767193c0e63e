/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#define DISP_TYPE_REQUEST_STREAM (disp_request_stream_get_type ())
G_DECLARE_FINAL_TYPE (DispRequestStream, disp_request_stream, DISP, REQUEST_STREAM, GIOStream)

/* The longest head of a request, in bytes. */
#define DISP_MAX_HEAD_SIZE 16384

/**
 * DispRequestStreamEvents:
 * @closed: the reader has closed its stream; @exhausted tells whether exactly one whole request was
 *     read, so that what follows on the socket is another
 * @head_too_large: the head is longer than %DISP_MAX_HEAD_SIZE; its reader gets no more.  Told from
 *     inside a read: the reader must not be called.
 *
 * What a stream tells its owner, each at most once.
 */
typedef struct
{
  void (*closed) (gboolean exhausted, gpointer user_data);
  void (*head_too_large) (gpointer user_data);
} DispRequestStreamEvents;

DispRequestStream *disp_request_stream_new (GSocket *socket, GOutputStream *output,
                                            const DispRequestStreamEvents *events,
                                            gpointer user_data);
void disp_request_stream_expect_body (DispRequestStream *self, goffset length);
gboolean disp_request_stream_is_exhausted (DispRequestStream *self);
void disp_request_stream_forget (DispRequestStream *self);
gboolean disp_request_stream_is_at_end (GSocket *socket);
