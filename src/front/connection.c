/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/connection.h"

#include "front/request-stream.h"

#include <glib-unix.h>
#include <poll.h>
#include <sys/socket.h>

/*
 * A client's connection.  It waits for requests by itself and hands each to SoupServer as a stream
 * of its own, which ends with the request while the socket goes on.  So SoupServer holds nothing of
 * an idle connection (version 3.2 would keep its descriptor for ever when the client goes), and
 * never reads into the next request.
 */
struct _DispConnection
{
  GObject parent_instance;
  GSocket *socket; /* (owned) */
  GIOStream *base; /* (owned) over socket */
  GSocketAddress
      *address; /* (owned) of the peer, or a stand-in; leads from a message to its connection */
  DispConnectionEvents events;
  gpointer user_data;
  DispRequestStream *stream;  /* (unowned) (nullable) while a request is in progress */
  SoupServerMessage *message; /* (unowned) (nullable) of the stream */
  GSource *refusal;           /* (owned) (nullable) when the head is too long */
  GSource *idle;              /* (owned) (nullable) while none is */
  GSource *watch;             /* (owned) (nullable) while a request is being answered */
  DispHungUp hung_up;
  gpointer hung_up_data;
  DispBroken broken; /* (nullable) while it is taken */
  gpointer broken_data;
  gboolean keep;    /* the request in progress leaves the connection usable */
  gboolean is_used; /* a request came */
  gboolean draining;
  gboolean closed;
};

G_DEFINE_FINAL_TYPE (DispConnection, disp_connection, G_TYPE_OBJECT)

static void wait_for_request (DispConnection *self);

static GQuark
connection_quark (void)
{
  return g_quark_from_static_string ("disp-connection");
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
disp_connection_finalize (GObject *object)
{
  DispConnection *self = DISP_CONNECTION (object);

  g_assert (self->closed && self->idle == NULL && self->watch == NULL);
  g_object_set_qdata (G_OBJECT (self->address), connection_quark (), NULL);
  g_object_unref (self->address);
  g_object_unref (self->base);
  g_object_unref (self->socket);
  G_OBJECT_CLASS (disp_connection_parent_class)->finalize (object);
}

static void
disp_connection_class_init (DispConnectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_connection_finalize;
}

static void
disp_connection_init (G_GNUC_UNUSED DispConnection *self)
{
}

/* The request in progress is no longer, or no longer SoupServer's. */
static void
end_request (DispConnection *self)
{
  self->stream = NULL;
  self->message = NULL;
  clear_source (&self->refusal);
  disp_connection_unwatch (self);
}

static gboolean
on_refusal (gpointer user_data)
{
  DispConnection *self = user_data;

  clear_source (&self->refusal);
  self->events.head_too_large (self, self->message, self->user_data);
  return G_SOURCE_REMOVE;
}

/* SoupServer is reading at this moment: the refusal waits for the next turn of the loop. */
static void
on_head_too_large (gpointer user_data)
{
  DispConnection *self = user_data;

  self->refusal = g_idle_source_new ();
  g_source_set_priority (self->refusal, G_PRIORITY_HIGH);
  g_source_set_static_name (self->refusal, "head too large");
  g_source_set_callback (self->refusal, on_refusal, self, NULL);
  g_source_attach (self->refusal, g_main_context_get_thread_default ());
}

/* The stream of a request was closed: the request is over, in good order or not. */
static void
on_stream_closed (gboolean exhausted, gpointer user_data)
{
  g_autoptr (DispConnection) self = g_object_ref (user_data);

  end_request (self);
  if (self->keep && exhausted && !self->draining)
    wait_for_request (self);
  else
    disp_connection_close (self);
}

static gboolean
on_readable (G_GNUC_UNUSED GSocket *socket, G_GNUC_UNUSED GIOCondition condition,
             gpointer user_data)
{
  static const DispRequestStreamEvents events = { on_stream_closed, on_head_too_large };
  g_autoptr (DispConnection) self = g_object_ref (user_data);
  g_autoptr (DispRequestStream) stream = NULL;

  clear_source (&self->idle);
  self->is_used = TRUE;
  if (disp_request_stream_is_at_end (self->socket))
    {
      disp_connection_close (self);
      return G_SOURCE_REMOVE;
    }
  stream = disp_request_stream_new (self->socket, g_io_stream_get_output_stream (self->base),
                                    &events, self);
  self->stream = stream;
  self->keep = FALSE;
  self->events.request (self, G_IO_STREAM (stream), self->user_data);
  return G_SOURCE_REMOVE;
}

static void
wait_for_request (DispConnection *self)
{
  self->idle = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_static_name (self->idle, "idle connection");
  g_source_set_callback (self->idle, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->idle, g_main_context_get_thread_default ());
}

/**
 * disp_connection_new:
 * @socket: a connected, non-blocking socket
 * @events: what to tell; copied
 * @user_data: for @events
 *
 * Waits for requests on the thread-default context from now on.
 *
 * Returns: (transfer full): the connection, to be kept until it is closed
 */
DispConnection *
disp_connection_new (GSocket *socket, const DispConnectionEvents *events, gpointer user_data)
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
  self->events = *events;
  self->user_data = user_data;
  wait_for_request (self);
  return self;
}

/**
 * disp_connection_of_message:
 * @message: a message of a SoupServer to which disp_connection_get_address() was given as both
 * addresses
 *
 * Returns: (transfer none) (nullable): the connection that it came on; %NULL once that is freed
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
 * Returns: (transfer none): the address to give to SoupServer along with a stream of it
 */
GSocketAddress *
disp_connection_get_address (DispConnection *self)
{
  return self->address;
}

/**
 * disp_connection_set_message:
 * @self: a connection
 * @message: the message that SoupServer has made for the request in progress
 */
void
disp_connection_set_message (DispConnection *self, SoupServerMessage *message)
{
  self->message = message;
}

/**
 * disp_connection_expect_body:
 * @self: a connection whose request has told its head
 * @length: how long the body is, in bytes, or %DISP_BODY_CHUNKED
 *
 * Lets the stream of the request give as much more.
 */
void
disp_connection_expect_body (DispConnection *self, goffset length)
{
  if (self->stream != NULL)
    disp_request_stream_expect_body (self->stream, length);
}

/**
 * disp_connection_keep:
 * @self: a connection whose request has been answered in full
 *
 * Says that the connection can carry another request after this one.
 */
void
disp_connection_keep (DispConnection *self)
{
  self->keep = TRUE;
}

/**
 * disp_connection_drain:
 * @self: a connection
 * @is_patient: whether to wait for a first request, if none came yet
 *
 * Closes the connection: now if no request is in progress and none has come, else after its answer.
 */
void
disp_connection_drain (DispConnection *self, gboolean is_patient)
{
  self->draining = TRUE;
  if (is_patient && !self->is_used)
    return;
  if (self->idle != NULL && (g_socket_condition_check (self->socket, G_IO_IN) & G_IO_IN) == 0)
    disp_connection_close (self);
}

/**
 * disp_connection_is_draining:
 * @self: a connection
 *
 * Returns: whether it ends with the request in progress
 */
gboolean
disp_connection_is_draining (DispConnection *self)
{
  return self->draining;
}

static gboolean
on_hung_up (G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  DispConnection *self = user_data;

  disp_connection_unwatch (self);
  self->hung_up (self, self->hung_up_data);
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
disp_connection_watch (DispConnection *self, DispHungUp hung_up, gpointer user_data)
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
 * disp_connection_detach:
 * @self: a connection
 * @message: the message in progress on it
 *
 * Takes the connection away from SoupServer, whatever the state of its message.  It stays open
 * until disp_connection_close().
 *
 * Returns: (transfer none): the connection as a stream, without limits
 */
GIOStream *
disp_connection_detach (DispConnection *self, SoupServerMessage *message)
{
  g_autoptr (GIOStream) stolen = NULL;

  if (self->stream != NULL)
    disp_request_stream_forget (self->stream);
  end_request (self);
  stolen = soup_server_message_steal_connection (message);
  return self->base;
}

/**
 * disp_connection_take:
 * @self: a connection
 * @message: the message in progress on it, which has been read to its end
 * @broken: called when the connection is closed before disp_connection_give_back()
 * @user_data: for @broken
 *
 * Takes the connection away from SoupServer, to answer @message without it.
 *
 * Returns: (transfer none): where to write, without blocking
 */
GSocket *
disp_connection_take (DispConnection *self, SoupServerMessage *message, DispBroken broken,
                      gpointer user_data)
{
  self->keep = self->stream != NULL && disp_request_stream_is_exhausted (self->stream);
  self->broken = broken;
  self->broken_data = user_data;
  disp_connection_detach (self, message);
  return self->socket;
}

/**
 * disp_connection_give_back:
 * @self: a connection that is taken
 * @keep: whether it can carry another request, as far as the answer goes
 *
 * Says that the message has been answered in full.
 */
void
disp_connection_give_back (DispConnection *self, gboolean keep)
{
  self->broken = NULL;
  if (keep && self->keep && !self->draining)
    wait_for_request (self);
  else
    disp_connection_close (self);
}

/* To a client that reads to the end of the connection, an end in good order would say that all
 * came. */
static void
prepare_reset (DispConnection *self)
{
  const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (g_socket_get_fd (self->socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

/**
 * disp_connection_close:
 * @self: a connection on which no message is in progress, or that is detached or taken
 *
 * Closes it; when it is taken, in the rude way.  Its owner hears of it before this returns, and may
 * free it.
 */
void
disp_connection_close (DispConnection *self)
{
  DispBroken broken = self->broken;

  if (self->closed)
    return;
  self->closed = TRUE;
  self->broken = NULL;
  clear_source (&self->idle);
  clear_source (&self->refusal);
  disp_connection_unwatch (self);
  if (broken != NULL)
    prepare_reset (self);
  g_io_stream_close (self->base, NULL, NULL);
  if (broken != NULL)
    broken (self->broken_data);
  self->events.closed (self, self->user_data);
}
