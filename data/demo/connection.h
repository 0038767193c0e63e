/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "demo/http-reader.h"
#include "demo/inference.h"

typedef struct _DemoConnection DemoConnection;

/**
 * DemoRequestFunc:
 *
 * Takes the request that @reader found.  It must lead to demo_connection_answer(), once: at once or
 * later.
 */
typedef void (*DemoRequestFunc) (DemoConnection *connection, const DemoHttpReader *reader,
                                 gpointer user_data);

DemoConnection *demo_connection_new (int fd, int epoll, const char *server_name,
                                     DemoRequestFunc request_func, gpointer user_data);
void demo_connection_free (DemoConnection *self);
gboolean demo_connection_dispatch (DemoConnection *self, guint32 events);
void demo_connection_answer (DemoConnection *self, const DemoAnswer *answer);
void demo_connection_answer_half (DemoConnection *self, const DemoAnswer *answer);
void demo_connection_end_after_answer (DemoConnection *self);
void demo_connection_reset (DemoConnection *self);
gboolean demo_connection_proceed (DemoConnection *self);
