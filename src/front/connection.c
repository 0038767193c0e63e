/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/connection.h"

#include <glib-unix.h>
#include <sys/socket.h>
#include <poll.h>

/*
 * A client's connection, as the stream that SoupServer reads requests from.  It is there for what
 * SoupServer 3.2 does not do: it closes a kept-alive connection whose client has gone while nothing
 * was asked (SoupServer would keep its descriptor for ever), it notices a client that hangs up
 * while its request is being answered, and it can be found from a message.
 */
struct _DispConnection
{
  GIOStream parent_instance;
  GSocket *socket;     /* (owned) */
  GIOStream *base;     /* (owned) over socket */
  GInputStream *input; /* (owned) */
  GSocketAddress
      *address; /* (owned) of the peer, or a stand-in; leads from a message to its connection */
  DispConnectionEvent closed;
  gpointer closed_data;
  SoupServerMessage *last; /* (owned) (nullable) the message before, while none is in progress */
  GSource *close_source;   /* (owned) (nullable) */
  GSource *watch;          /* (owned) (nullable) while a request is being answered */
  DispConnectionEvent hung_up;
  gpointer hung_up_data;
};

G_DEFINE_FINAL_TYPE (DispConnection, disp_connection, G_TYPE_IO_STREAM)

static GQuark
connection_quark (void)
{
  return g_quark_from_static_string ("disp-connection");
}

static void on_idle_end (DispConnection *self);

/* The input half: what the socket says, but that the end of an idle connection goes to
 * on_idle_end(). */

#define TYPE_CONNECTION_INPUT (connection_input_get_type ())
G_DECLARE_FINAL_TYPE (ConnectionInput, connection_input, CONNECTION, INPUT, GInputStream)

struct _ConnectionInput
{
  GInputStream parent_instance;
  DispConnection *connection; /* (unowned) owns this */
};

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize size, GError **error)
{
  DispConnection *connection = CONNECTION_INPUT (stream)->connection;
  gssize n = g_socket_receive_with_blocking (connection->socket, buffer, size, FALSE, NULL, error);

  if (n > 0 || connection->last == NULL
      || (n < 0 && error != NULL && g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)))
    return n;
  on_idle_end (connection);
  g_clear_error (error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "the connection is being closed");
  return -1;
}

static gssize
input_read (GInputStream *stream, void *buffer, gsize size, GCancellable *cancellable,
            GError **error)
{
  return g_socket_receive_with_blocking (CONNECTION_INPUT (stream)->connection->socket, buffer,
                                         size, TRUE, cancellable, error);
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  return (g_socket_condition_check (CONNECTION_INPUT (stream)->connection->socket, G_IO_IN)
          & G_IO_IN)
         != 0;
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) source = g_socket_create_source (
      CONNECTION_INPUT (stream)->connection->socket, G_IO_IN, NULL);

  return g_pollable_source_new_full (stream, source, cancellable);
}

static void
input_pollable_iface_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ConnectionInput, connection_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      input_pollable_iface_init))

static void
connection_input_class_init (ConnectionInputClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
}

static void
connection_input_init (G_GNUC_UNUSED ConnectionInput *self)
{
}

/* The connection. */

static GInputStream *
connection_get_input_stream (GIOStream *stream)
{
  return DISP_CONNECTION (stream)->input;
}

static GOutputStream *
connection_get_output_stream (GIOStream *stream)
{
  return g_io_stream_get_output_stream (DISP_CONNECTION (stream)->base);
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Lets go of all that belongs to an open connection; the first time, tells that it is closed. */
static void
shut (DispConnection *self)
{
  DispConnectionEvent closed = g_steal_pointer (&self->closed);
  g_autoptr (SoupServerMessage) last = g_steal_pointer (&self->last);

  clear_source (&self->close_source);
  clear_source (&self->watch);
  if (self->address != NULL)
    g_object_set_qdata (G_OBJECT (self->address), connection_quark (), NULL);
  if (closed != NULL)
    closed (self, self->closed_data);
}

static gboolean
connection_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  DispConnection *self = DISP_CONNECTION (stream);

  shut (self);
  return g_io_stream_close (self->base, cancellable, error);
}

static void
disp_connection_finalize (GObject *object)
{
  DispConnection *self = DISP_CONNECTION (object);

  shut (self);
  g_object_unref (self->base);
  g_object_unref (self->input);
  g_object_unref (self->address);
  g_object_unref (self->socket);
  G_OBJECT_CLASS (disp_connection_parent_class)->finalize (object);
}

static void
disp_connection_class_init (DispConnectionClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  stream_class->get_input_stream = connection_get_input_stream;
  stream_class->get_output_stream = connection_get_output_stream;
  stream_class->close_fn = connection_close;
  G_OBJECT_CLASS (klass)->finalize = disp_connection_finalize;
}

static void
disp_connection_init (DispConnection *self)
{
  ConnectionInput *input = g_object_new (TYPE_CONNECTION_INPUT, NULL);

  input->connection = self;
  self->input = G_INPUT_STREAM (input);
}

/* Takes an idle connection away from SoupServer, which has no public way to have it closed, and
 * closes it. */
static gboolean
close_idle (gpointer user_data)
{
  g_autoptr (DispConnection) self = g_object_ref (user_data);
  g_autoptr (SoupServerMessage) last = g_steal_pointer (&self->last);
  g_autoptr (GIOStream) stolen = last != NULL ? soup_server_message_steal_connection (last) : NULL;

  g_io_stream_close (G_IO_STREAM (self), NULL, NULL);
  return G_SOURCE_REMOVE;
}

/* SoupServer is reading at this moment and must not be called: the connection is closed in the
 * loop's next turn. */
static void
on_idle_end (DispConnection *self)
{
  if (self->close_source != NULL)
    return;
  self->close_source = g_idle_source_new ();
  g_source_set_priority (self->close_source, G_PRIORITY_HIGH);
  g_source_set_static_name (self->close_source, "close idle connection");
  g_source_set_callback (self->close_source, close_idle, self, NULL);
  g_source_attach (self->close_source, g_main_context_get_thread_default ());
}

/**
 * disp_connection_new:
 * @socket: a connected, non-blocking socket
 * @closed: called once, when it is closed or freed
 * @user_data: for @closed
 *
 * Returns: (transfer full): the connection, for the thread-default context
 */
DispConnection *
disp_connection_new (GSocket *socket, DispConnectionEvent closed, gpointer user_data)
{
  DispConnection *self = g_object_new (DISP_TYPE_CONNECTION, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);

  self->socket = g_object_ref (socket);
  self->base = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  /* SoupServer takes every address for one of the internet, also that of a UNIX socket. */
  self->address = G_IS_INET_SOCKET_ADDRESS (remote)
                      ? g_steal_pointer (&remote)
                      : g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_object_set_qdata (G_OBJECT (self->address), connection_quark (), self);
  self->closed = closed;
  self->closed_data = user_data;
  return self;
}

/**
 * disp_connection_of_message:
 * @message: a message of a SoupServer that was given a connection with
 * disp_connection_get_address() as both its addresses
 *
 * Returns: (transfer none) (nullable): the connection that it came on; %NULL once that is closed
 */
DispConnection *
disp_connection_of_message (SoupServerMessage *message)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);

  return address != NULL ? g_object_get_qdata (G_OBJECT (address), connection_quark ()) : NULL;
}

/**
 * disp_connection_get_address:
 * @self: a connection
 *
 * Returns: (transfer none): the address to give to SoupServer along with it
 */
GSocketAddress *
disp_connection_get_address (DispConnection *self)
{
  return self->address;
}

/**
 * disp_connection_set_busy:
 * @self: a connection
 *
 * Says that the head of a request has come: its message is in progress.
 */
void
disp_connection_set_busy (DispConnection *self)
{
  g_clear_object (&self->last);
}

/**
 * disp_connection_set_idle:
 * @self: a connection
 * @message: the message that has ended on it, or whose head is still awaited
 *
 * Says that no message is in progress, so that the connection may end without harm.
 */
void
disp_connection_set_idle (DispConnection *self, SoupServerMessage *message)
{
  if (!g_io_stream_is_closed (G_IO_STREAM (self)))
    g_set_object (&self->last, message);
}

/**
 * disp_connection_close_if_idle:
 * @self: a connection
 *
 * Closes a connection on which no message is in progress, soon.
 *
 * Returns: whether it is so
 */
gboolean
disp_connection_close_if_idle (DispConnection *self)
{
  if (self->last == NULL)
    return FALSE;
  on_idle_end (self);
  return TRUE;
}

static gboolean
on_hung_up (G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  DispConnection *self = user_data;
  DispConnectionEvent hung_up = self->hung_up;

  disp_connection_unwatch (self);
  hung_up (self, self->hung_up_data);
  return G_SOURCE_REMOVE;
}

/**
 * disp_connection_watch:
 * @self: a connection whose message is paused
 * @hung_up: called at most once, when the client closes its side, be it in good order or not
 * @user_data: for @hung_up
 *
 * SoupServer polls nothing while a message is paused, so somebody else must.
 */
void
disp_connection_watch (DispConnection *self, DispConnectionEvent hung_up, gpointer user_data)
{
  g_return_if_fail (self->watch == NULL);

  self->hung_up = hung_up;
  self->hung_up_data = user_data;
  self->watch = g_unix_fd_source_new (g_socket_get_fd (self->socket), (GIOCondition) POLLRDHUP);
  g_source_set_static_name (self->watch, "client hang-up");
  g_source_set_callback (self->watch, G_SOURCE_FUNC (on_hung_up), self, NULL);
  g_source_attach (self->watch, g_main_context_get_thread_default ());
}

/**
 * disp_connection_unwatch:
 * @self: a connection
 *
 * Ends disp_connection_watch().
 */
void
disp_connection_unwatch (DispConnection *self)
{
  clear_source (&self->watch);
}

/**
 * disp_connection_shut_output:
 * @self: a connection that was taken away from SoupServer
 *
 * Tells the client that nothing more comes.
 *
 * Returns: whether that was possible
 */
gboolean
disp_connection_shut_output (DispConnection *self)
{
  return g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
}
