/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/server.h"

#include "core/error.h"
#include "front/connection.h"
#include "front/exchange.h"
#include "front/lingering-close.h"
#include "front/listener.h"
#include "front/refusal.h"
#include "front/request-stream.h"

#include <libsoup/soup.h>

/* How long a connection that was accepted from a socket of others may take to bring its first
 * request, when the server drains, in microseconds: whoever connected was told that it is served.
 */
#define FIRST_REQUEST_PATIENCE G_USEC_PER_SEC

/* What serves one site on one thread: its listeners, its connections, and the SoupServer that reads
 * requests from them. */
struct _DispServer
{
  GObject parent_instance;
  DispSite *site;          /* (owned) */
  DispClock *clock;        /* (owned) */
  SoupServer *soup;        /* (owned) without listeners of its own */
  GPtrArray *listeners;    /* (owned) (element-type DispListener, owned) */
  GHashTable *connections; /* (owned) (element-type DispConnection, owned) a set: the open ones */
  gsize body_limit;
  gboolean is_adopted; /* others go on listening on its sockets */
  GSource *patience;   /* (owned) (nullable) while it drains and waits for first requests */
  DispServerDrained drained;
  gpointer drained_data;
  GSource *drained_source; /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (DispServer, disp_server, G_TYPE_OBJECT)

static void
on_head (G_GNUC_UNUSED SoupServer *soup, SoupServerMessage *message, G_GNUC_UNUSED const char *path,
         G_GNUC_UNUSED GHashTable *query, gpointer user_data)
{
  DispServer *self = user_data;

  disp_exchange_begin (message, self->site, self->clock, self->body_limit);
}

static void
on_request (G_GNUC_UNUSED SoupServer *soup, SoupServerMessage *message,
            G_GNUC_UNUSED const char *path, G_GNUC_UNUSED GHashTable *query,
            G_GNUC_UNUSED gpointer user_data)
{
  disp_exchange_serve (message);
}

static gboolean
on_drained (gpointer user_data)
{
  DispServer *self = user_data;

  self->drained (self->drained_data);
  return G_SOURCE_REMOVE;
}

/* Tells of the end in a turn of its own, since connections close in the midst of things. */
static void
check_drained (DispServer *self)
{
  if (self->drained == NULL || self->drained_source != NULL
      || g_hash_table_size (self->connections) > 0)
    return;
  self->drained_source = g_idle_source_new ();
  g_source_set_callback (self->drained_source, on_drained, self, NULL);
  g_source_attach (self->drained_source, g_main_context_get_thread_default ());
}

static void
on_connection_request (DispConnection *connection, GIOStream *stream, gpointer user_data)
{
  DispServer *self = user_data;
  GSocketAddress *address = disp_connection_get_address (connection);

  soup_server_accept_iostream (self->soup, stream, address, address, NULL);
}

static void
on_message (G_GNUC_UNUSED SoupServer *soup, SoupServerMessage *message,
            G_GNUC_UNUSED gpointer user_data)
{
  disp_connection_set_message (disp_connection_of_message (message), message);
}

static void
on_connection_head_too_large (DispConnection *connection, SoupServerMessage *message,
                              gpointer user_data)
{
  DispServer *self = user_data;
  g_autoptr (GError) error = g_error_new (DISP_ERROR, DISP_ERROR_HEAD_TOO_LARGE,
                                          "the head of the request is longer than %d bytes",
                                          DISP_MAX_HEAD_SIZE);
  const DispRefusal refusal = { .error = error };

  disp_lingering_close (connection, message, disp_refusal_to_bytes (&refusal), self->clock);
}

static void
on_connection_closed (DispConnection *connection, gpointer user_data)
{
  DispServer *self = user_data;

  g_hash_table_remove (self->connections, connection);
  check_drained (self);
}

static void
on_accepted (GSocket *socket, gpointer user_data)
{
  static const DispConnectionEvents events = { on_connection_request, on_connection_head_too_large,
                                               on_connection_closed };
  DispServer *self = user_data;

  g_hash_table_add (self->connections, disp_connection_new (socket, &events, self));
}

static void
disp_server_dispose (GObject *object)
{
  DispServer *self = DISP_SERVER (object);
  g_autoptr (GList) connections = NULL;

  g_clear_pointer (&self->listeners, g_ptr_array_unref);
  disp_clock_clear_timer (&self->patience);
  /* It closes those with a message in progress; the others are idle or linger. */
  if (self->soup != NULL)
    soup_server_disconnect (self->soup);
  g_clear_object (&self->soup);
  connections = g_hash_table_get_keys (self->connections);
  for (GList *link = connections; link != NULL; link = link->next)
    disp_connection_close (link->data);
  if (self->drained_source != NULL)
    g_source_destroy (self->drained_source);
  g_clear_pointer (&self->drained_source, g_source_unref);
  g_clear_object (&self->clock);
  g_clear_object (&self->site);
  G_OBJECT_CLASS (disp_server_parent_class)->dispose (object);
}

static void
disp_server_finalize (GObject *object)
{
  g_hash_table_unref (DISP_SERVER (object)->connections);
  G_OBJECT_CLASS (disp_server_parent_class)->finalize (object);
}

static void
disp_server_class_init (DispServerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = disp_server_dispose;
  G_OBJECT_CLASS (klass)->finalize = disp_server_finalize;
}

static void
disp_server_init (DispServer *self)
{
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_listener_free);
  self->connections = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
}

/**
 * disp_server_new:
 * @site: what is served
 * @clock: the clock
 * @sockets: (element-type GSocket): the listening sockets of this thread
 * @body_limit: the longest body of a request, in bytes
 *
 * Serves on the thread-default context from now on.  What is still open when it is freed is closed,
 * whatever its state.
 *
 * Returns: (transfer full): a server
 */
DispServer *
disp_server_new (DispSite *site, DispClock *clock, GPtrArray *sockets, gsize body_limit)
{
  DispServer *self = g_object_new (DISP_TYPE_SERVER, NULL);

  self->site = g_object_ref (site);
  self->clock = g_object_ref (clock);
  self->body_limit = body_limit;
  self->soup = g_object_new (SOUP_TYPE_SERVER, "raw-paths", TRUE, NULL);
  g_signal_connect (self->soup, "request-started", G_CALLBACK (on_message), self);
  soup_server_add_early_handler (self->soup, NULL, on_head, self, NULL);
  soup_server_add_handler (self->soup, NULL, on_request, self, NULL);
  self->is_adopted = sockets->len > 0 && disp_listener_is_adopted (g_ptr_array_index (sockets, 0));
  for (guint i = 0; i < sockets->len; i++)
    g_ptr_array_add (self->listeners,
                     disp_listener_new (g_ptr_array_index (sockets, i), clock, on_accepted, self));
  return self;
}

static void
drain_connections (DispServer *self, gboolean is_patient)
{
  g_autoptr (GList) connections = g_hash_table_get_keys (self->connections);

  for (GList *link = connections; link != NULL; link = link->next)
    disp_connection_drain (link->data, is_patient);
}

static gboolean
on_patience_over (gpointer user_data)
{
  DispServer *self = user_data;

  disp_clock_clear_timer (&self->patience);
  drain_connections (self, FALSE);
  return G_SOURCE_REMOVE;
}

/**
 * disp_server_set_body_limit:
 * @self: a server
 * @body_limit: the longest body of a request whose head comes from now on, in bytes
 */
void
disp_server_set_body_limit (DispServer *self, gsize body_limit)
{
  self->body_limit = body_limit;
}

/**
 * disp_server_drain:
 * @self: a server
 * @drained: called once on the thread-default context, never from inside this call, when no
 * connection is left
 * @user_data: for @drained
 *
 * Accepts nothing more, closes what is idle, and closes every other connection after its answer. On
 * adopted sockets it waits a second for those that connected and have sent nothing yet.
 */
void
disp_server_drain (DispServer *self, DispServerDrained drained, gpointer user_data)
{
  g_return_if_fail (self->drained == NULL);

  /* Before the flag is set, so that those who are let in at the last moment are served. */
  g_ptr_array_set_size (self->listeners, 0);
  self->drained = drained;
  self->drained_data = user_data;
  if (self->is_adopted)
    self->patience = disp_clock_add_timer (self->clock,
                                           disp_clock_now (self->clock) + FIRST_REQUEST_PATIENCE,
                                           "first requests", on_patience_over, self);
  drain_connections (self, self->is_adopted);
  check_drained (self);
}

/**
 * disp_server_abort:
 * @self: a server
 *
 * Gives up all that is in progress: it is answered soon.
 */
void
disp_server_abort (DispServer *self)
{
  disp_site_abort (self->site);
}

/**
 * disp_server_count_connections:
 * @self: a server
 *
 * Returns: how many connections are open
 */
guint
disp_server_count_connections (DispServer *self)
{
  return g_hash_table_size (self->connections);
}
