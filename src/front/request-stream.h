/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#define DISP_TYPE_REQUEST_STREAM (disp_request_stream_get_type ())
G_DECLARE_FINAL_TYPE (DispRequestStream, disp_request_stream, DISP, REQUEST_STREAM, GIOStream)

/**
 * DispRequestStreamClosed:
 * @exhausted: whether exactly one whole request was read, so that what follows on the socket is
 * another
 * @user_data: as given to disp_request_stream_new()
 *
 * The reader of a request has closed its stream.
 */
typedef void (*DispRequestStreamClosed) (gboolean exhausted, gpointer user_data);

DispRequestStream *disp_request_stream_new (GSocket *socket, GOutputStream *output,
                                            DispRequestStreamClosed closed, gpointer user_data);
void disp_request_stream_expect_body (DispRequestStream *self, goffset length);
void disp_request_stream_forget (DispRequestStream *self);
gboolean disp_request_stream_is_at_end (GSocket *socket);
