/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/connection.h"

/**
 * DispFraming:
 * @DISP_FRAMING_NONE: there is no body
 * @DISP_FRAMING_CHUNKS: it comes in chunks, and a last one says that it is whole
 * @DISP_FRAMING_END: it goes on to the end of the connection
 *
 * How a client sees where a body ends (RFC 9112, section 6).
 */
typedef enum
{
  DISP_FRAMING_NONE,
  DISP_FRAMING_CHUNKS,
  DISP_FRAMING_END,
} DispFraming;

/**
 * DispBodyWriterEvents:
 * @written: all that was appended has been handed to the system
 * @broken: the connection was closed before that, and the writer is no more
 *
 * What a writer tells its owner, on the thread-default context, until the owner gives it up.
 * @written is never called from inside a function of the writer.
 */
typedef struct
{
  void (*written) (gpointer user_data);
  void (*broken) (gpointer user_data);
} DispBodyWriterEvents;

typedef struct _DispBodyWriter DispBodyWriter;

DispBodyWriter *disp_body_writer_new (DispConnection *connection, SoupServerMessage *message,
                                      GBytes *head, DispFraming framing,
                                      const DispBodyWriterEvents *events, gpointer user_data);
gboolean disp_body_writer_wants_body (DispBodyWriter *self);
void disp_body_writer_append (DispBodyWriter *self, GBytes *piece);
void disp_body_writer_end (DispBodyWriter *self);
void disp_body_writer_break_off (DispBodyWriter *self);
