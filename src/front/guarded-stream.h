/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/http-head.h"

#include <gio/gio.h>

#define DISP_TYPE_GUARDED_STREAM (disp_guarded_stream_get_type ())
G_DECLARE_FINAL_TYPE (DispGuardedStream, disp_guarded_stream, DISP, GUARDED_STREAM, GIOStream)

/**
 * DispGuardedStreamEvents:
 * @write: takes @n bytes of the answer; returns whether somebody can have them still
 * @closed: the stream was closed: the answer is written, or given up; called at most once
 *
 * Where the answer goes.
 */
typedef struct
{
  gboolean (*write) (const void *bytes, gsize n, gpointer user_data);
  void (*closed) (gpointer user_data);
} DispGuardedStreamEvents;

GIOStream *disp_guarded_stream_new (const DispHttpHead *head, const DispGuardedStreamEvents *events,
                                    gpointer user_data);
void disp_guarded_stream_forget (DispGuardedStream *self);
