/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * ScriptedAction:
 * @SCRIPTED_KEEP: wait for the next request on the same connection
 * @SCRIPTED_CLOSE: close the connection in an orderly way
 * @SCRIPTED_RESET: reset the connection
 * @SCRIPTED_HANG: say nothing more until the client closes or the server is freed
 *
 * What a scripted server does after its answer.
 */
typedef enum
{
  SCRIPTED_KEEP,
  SCRIPTED_CLOSE,
  SCRIPTED_RESET,
  SCRIPTED_HANG,
} ScriptedAction;

/**
 * ScriptedRequest:
 *
 * A request as it came: numbers count from 0 over the life of the server.
 */
typedef struct
{
  guint connection; /* which connection it came on */
  guint number;     /* which request of all it is */
  char *head;       /* (owned) up to and with the empty line */
  GBytes *body;     /* (owned) */
} ScriptedRequest;

/**
 * ScriptedScript:
 * @request: the request
 * @answer: the raw bytes to send, empty at first
 * @user_data: as given to scripted_server_new()
 *
 * Writes the answer to a request.  Called on a thread of the server's, one for each connection.
 */
typedef ScriptedAction (*ScriptedScript) (const ScriptedRequest *request, GString *answer,
                                          gpointer user_data);

typedef struct _ScriptedServer ScriptedServer;

ScriptedServer *scripted_server_new (ScriptedScript script, gpointer user_data);
void scripted_server_free (ScriptedServer *self);
guint16 scripted_server_get_port (ScriptedServer *self);
guint scripted_server_count_connections (ScriptedServer *self);
guint scripted_server_count_requests (ScriptedServer *self);
guint scripted_server_count_ended (ScriptedServer *self);
void scripted_append_json (GString *answer, guint status, const char *json);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedServer, scripted_server_free)
