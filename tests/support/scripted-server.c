/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/scripted-server.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

/* An HTTP server on loopback that answers with whatever bytes its script writes, right or wrong. */

struct _ScriptedServer
{
  ScriptedScript script;
  gpointer user_data;
  GSocket *socket;    /* (owned) */
  GThread *thread;    /* (owned) accepts */
  GCancellable *stop; /* (owned) */
  GPtrArray *threads; /* (owned) (element-type GThread) of the accepting thread, until it ends */
  atomic_uint connections; /* (atomic) */
  atomic_uint requests;    /* (atomic) */
  atomic_uint ended;       /* (atomic) */
};

typedef struct
{
  ScriptedServer *server; /* (unowned) outlives its connections */
  GSocket *socket;        /* (owned) */
  guint number;
} Connection;

/* Reads until @buffer holds @length bytes, or, with 0, a whole head.  FALSE at the end of the
 * connection. */
static gboolean
fill (Connection *connection, GByteArray *buffer, gsize length)
{
  char bytes[65536];

  while (length > 0 ? buffer->len < length
                    : buffer->len == 0 || memmem (buffer->data, buffer->len, "\r\n\r\n", 4) == NULL)
    {
      gssize n = g_socket_receive (connection->socket, bytes, sizeof bytes,
                                   connection->server->stop, NULL);

      if (n <= 0)
        return FALSE;
      g_byte_array_append (buffer, (const guint8 *) bytes, (guint) n);
    }
  return TRUE;
}

static gsize
content_length (const char *head)
{
  const char *field = strcasestr (head, "\r\ncontent-length:");

  return field != NULL ? (gsize) g_ascii_strtoull (field + strlen ("\r\ncontent-length:"), NULL, 10)
                       : 0;
}

static gboolean
read_request (Connection *connection, GByteArray *buffer, ScriptedRequest *request)
{
  const char *end;
  gsize head_length;
  gsize body_length;

  if (!fill (connection, buffer, 0))
    return FALSE;
  end = memmem (buffer->data, buffer->len, "\r\n\r\n", 4);
  head_length = (gsize) (end - (const char *) buffer->data) + 4;
  request->head = g_strndup ((const char *) buffer->data, head_length);
  body_length = content_length (request->head);
  if (body_length > 0 && !fill (connection, buffer, head_length + body_length))
    {
      g_clear_pointer (&request->head, g_free);
      return FALSE;
    }
  request->body = g_bytes_new (buffer->data + head_length, body_length);
  g_byte_array_remove_range (buffer, 0, (guint) (head_length + body_length));
  request->connection = connection->number;
  request->number = atomic_fetch_add (&connection->server->requests, 1);
  return TRUE;
}

static gboolean
send_all (Connection *connection, const GString *answer)
{
  gsize sent = 0;

  while (sent < answer->len)
    {
      gssize n = g_socket_send (connection->socket, answer->str + sent, answer->len - sent,
                                connection->server->stop, NULL);

      if (n <= 0)
        return FALSE;
      sent += (gsize) n;
    }
  return TRUE;
}

static void
finish (Connection *connection, ScriptedAction action)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };
  char byte;

  if (action == SCRIPTED_HANG)
    while (g_socket_receive (connection->socket, &byte, 1, connection->server->stop, NULL) > 0)
      ;
  if (action == SCRIPTED_RESET)
    setsockopt (g_socket_get_fd (connection->socket), SOL_SOCKET, SO_LINGER, &linger,
                sizeof linger);
  g_socket_close (connection->socket, NULL);
}

static gpointer
serve_connection (gpointer data)
{
  Connection *connection = data;
  g_autoptr (GByteArray) buffer = g_byte_array_new ();
  ScriptedAction action = SCRIPTED_KEEP;

  while (action == SCRIPTED_KEEP)
    {
      ScriptedRequest request = { 0 };
      g_autoptr (GString) answer = g_string_new (NULL);

      if (!read_request (connection, buffer, &request))
        break;
      action = connection->server->script (&request, answer, connection->server->user_data);
      g_free (request.head);
      g_bytes_unref (request.body);
      if (!send_all (connection, answer))
        break;
    }
  finish (connection, action);
  atomic_fetch_add (&connection->server->ended, 1);
  g_main_context_wakeup (NULL);
  g_object_unref (connection->socket);
  g_free (connection);
  return NULL;
}

static gpointer
accept_connections (gpointer data)
{
  ScriptedServer *self = data;
  GSocket *socket;

  while ((socket = g_socket_accept (self->socket, self->stop, NULL)) != NULL)
    {
      Connection *connection = g_new0 (Connection, 1);

      connection->server = self;
      connection->socket = socket;
      connection->number = atomic_fetch_add (&self->connections, 1);
      g_ptr_array_add (self->threads,
                       g_thread_new ("scripted-connection", serve_connection, connection));
    }
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));
  return NULL;
}

/**
 * scripted_server_new:
 * @script: writes the answers
 * @user_data: for @script
 *
 * Returns: (transfer full): a server that listens on a free port of 127.0.0.1
 */
ScriptedServer *
scripted_server_new (ScriptedScript script, gpointer user_data)
{
  ScriptedServer *self = g_new0 (ScriptedServer, 1);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;

  self->script = script;
  self->user_data = user_data;
  self->stop = g_cancellable_new ();
  self->threads = g_ptr_array_new ();
  self->socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                               &error);
  g_assert_no_error (error);
  g_socket_bind (self->socket, address, TRUE, &error);
  g_assert_no_error (error);
  /* GLib's own 10 would let a test that opens more at once see some of them reset */
  g_socket_set_listen_backlog (self->socket, 128);
  g_socket_listen (self->socket, &error);
  g_assert_no_error (error);
  self->thread = g_thread_new ("scripted-server", accept_connections, self);
  return self;
}

/**
 * scripted_server_free:
 * @self: (transfer full): the server
 *
 * Closes its port and every connection.
 */
void
scripted_server_free (ScriptedServer *self)
{
  g_cancellable_cancel (self->stop);
  g_thread_join (self->thread);
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_object_unref (self->stop);
  g_ptr_array_unref (self->threads);
  g_free (self);
}

/**
 * scripted_server_get_port:
 * @self: the server
 *
 * Returns: the port that it listens on
 */
guint16
scripted_server_get_port (ScriptedServer *self)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (self->socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

/**
 * scripted_server_count_connections:
 * @self: the server
 *
 * Returns: how many connections it has accepted
 */
guint
scripted_server_count_connections (ScriptedServer *self)
{
  return atomic_load (&self->connections);
}

/**
 * scripted_server_count_requests:
 * @self: the server
 *
 * Returns: how many whole requests it has read
 */
guint
scripted_server_count_requests (ScriptedServer *self)
{
  return atomic_load (&self->requests);
}

/**
 * scripted_server_count_ended:
 * @self: the server
 *
 * The default main context is woken up whenever one ends.
 *
 * Returns: how many of its connections have ended
 */
guint
scripted_server_count_ended (ScriptedServer *self)
{
  return atomic_load (&self->ended);
}

/**
 * scripted_append_json:
 * @answer: where to write
 * @status: an HTTP status
 * @json: the body
 *
 * Writes a well-formed answer with a JSON body and its length.
 */
void
scripted_append_json (GString *answer, guint status, const char *json)
{
  g_string_append_printf (answer,
                          "HTTP/1.1 %u Scripted\r\nContent-Type: application/json\r\n"
                          "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
                          status, strlen (json), json);
}
