/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/server.h"

#include "front/acceptor.h"
#include "front/connection.h"
#include "front/exchange.h"
#include "front/lobby.h"
#include "front/refusal.h"

#include <libsoup/soup.h>
#include <sys/socket.h>

/* How long a connection that was accepted from a socket of others may take to bring its first
 * request, when the server drains, in microseconds: whoever connected was told that it is served.
 */
#define FIRST_REQUEST_PATIENCE G_USEC_PER_SEC

/* What serves one site on one thread: its acceptors, its connections, and the SoupServer that
 * answers their requests. */
struct _DispServer
{
  GObject parent_instance;
  DispSite *site;            /* (owned) */
  DispClock *clock;          /* (owned) */
  SoupServer *soup;          /* (owned) without listeners of its own */
  DispHall hall;             /* its parts are owned */
  DispRateLimit *rate_limit; /* (owned) */
  DispCrewMember *member;    /* (owned) (nullable) until it drains */
  GPtrArray *acceptors;      /* (owned) (element-type DispAcceptor, owned) */
  DispLobby *lobby;          /* (owned) (nullable) until it is disposed of */
  GHashTable *connections;   /* (owned) (element-type DispConnection, owned) a set: the open ones */
  gboolean is_adopted;       /* others go on listening on its sockets */
  GSource *patience;         /* (owned) (nullable) while it drains and waits for first requests */
  DispServerDrained drained;
  gpointer drained_data;
  GSource *drained_source; /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (DispServer, disp_server, G_TYPE_OBJECT)

static void
on_request (G_GNUC_UNUSED SoupServer *soup, SoupServerMessage *message,
            G_GNUC_UNUSED const char *path, G_GNUC_UNUSED GHashTable *query,
            G_GNUC_UNUSED gpointer user_data)
{
  disp_exchange_serve (disp_connection_get_exchange (disp_connection_of_message (message)));
}

static void
on_message (G_GNUC_UNUSED SoupServer *soup, SoupServerMessage *message,
            G_GNUC_UNUSED gpointer user_data)
{
  DispExchange *exchange = disp_connection_get_exchange (disp_connection_of_message (message));

  /* After the answer it may make another, for a request that never comes. */
  if (exchange != NULL)
    disp_exchange_attach (exchange, message);
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
      || disp_server_count_connections (self) > 0)
    return;
  self->drained_source = g_idle_source_new ();
  g_source_set_callback (self->drained_source, on_drained, self, NULL);
  g_source_attach (self->drained_source, g_main_context_get_thread_default ());
}

static void
on_connection_head (DispConnection *connection, DispHttpHead *head, gpointer user_data)
{
  DispServer *self = user_data;

  disp_exchange_begin (connection, head, self->site, self->hall.terms, self->rate_limit);
}

static void
on_connection_request (DispConnection *connection, GBytes *body, gpointer user_data)
{
  DispServer *self = user_data;

  disp_exchange_open (disp_connection_get_exchange (connection), self->soup, body);
}

static GBytes *
on_connection_refusal (DispConnection *connection, const GError *error,
                       G_GNUC_UNUSED gpointer user_data)
{
  DispExchange *exchange = disp_connection_get_exchange (connection);

  return exchange != NULL ? disp_exchange_refuse (exchange, error) : disp_error_to_response (error);
}

static void
on_connection_ended (DispConnection *connection, G_GNUC_UNUSED gpointer user_data)
{
  disp_exchange_end (disp_connection_get_exchange (connection));
}

static void
on_connection_closed (DispConnection *connection, gpointer user_data)
{
  DispServer *self = user_data;

  if (self->member != NULL)
    disp_crew_closed (self->member);
  g_hash_table_remove (self->connections, connection);
  check_drained (self);
}

static void
add_connection (DispServer *self, DispChannel *channel, DispPeer *peer)
{
  g_hash_table_add (self->connections, disp_connection_new (&self->hall, channel, peer));
}

static void
on_left_lobby (DispChannel *channel, DispPeer *peer, gpointer user_data)
{
  DispServer *self = user_data;

  if (channel != NULL)
    {
      add_connection (self, channel, peer);
      return;
    }
  disp_reception_leave (self->hall.reception, peer);
  if (self->member != NULL)
    disp_crew_closed (self->member);
  check_drained (self);
}

/* Clients at a UNIX socket are of this machine, which keeps what they say to itself. */
static gboolean
speaks_tls (DispServer *self, int fd)
{
  int family = AF_UNIX;
  socklen_t size = sizeof family;

  return self->hall.terms->certificate != NULL
         && getsockopt (fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && family != AF_UNIX;
}

static void
on_accepted (int fd, DispPeer *peer, gpointer user_data)
{
  DispServer *self = user_data;

  if (speaks_tls (self, fd))
    disp_lobby_enter (self->lobby, fd, peer, self->hall.terms);
  else
    add_connection (self, disp_channel_new_plain (fd), peer);
}

/* Closes the connection that has waited for longest for a next request. */
static gboolean
on_make_room (gpointer user_data)
{
  DispServer *self = user_data;
  DispConnection *connection = g_queue_peek_head (&self->hall.idle);

  if (connection == NULL || !disp_connection_is_spare (connection))
    return FALSE;
  disp_connection_close (connection);
  return TRUE;
}

static void
for_each_connection (DispServer *self, void (*visit) (DispConnection *connection))
{
  g_autoptr (GList) connections = g_hash_table_get_keys (self->connections);

  for (GList *link = connections; link != NULL; link = link->next)
    visit (link->data);
}

static void
disp_server_dispose (GObject *object)
{
  DispServer *self = DISP_SERVER (object);

  g_clear_pointer (&self->acceptors, g_ptr_array_unref);
  g_clear_pointer (&self->member, disp_crew_leave);
  disp_clock_clear_timer (&self->patience);
  /* It closes those with a message in progress. */
  if (self->soup != NULL)
    soup_server_disconnect (self->soup);
  g_clear_object (&self->soup);
  if (self->lobby != NULL)
    disp_lobby_close (self->lobby);
  for_each_connection (self, disp_connection_close);
  if (self->drained_source != NULL)
    g_source_destroy (self->drained_source);
  g_clear_pointer (&self->drained_source, g_source_unref);
  g_clear_pointer (&self->lobby, disp_lobby_free);
  g_clear_object (&self->clock);
  g_clear_object (&self->site);
  G_OBJECT_CLASS (disp_server_parent_class)->dispose (object);
}

static void
disp_server_finalize (GObject *object)
{
  DispServer *self = DISP_SERVER (object);

  g_hash_table_unref (self->connections);
  disp_deadlines_free (self->hall.deadlines);
  disp_poller_free (self->hall.poller);
  disp_terms_unref (self->hall.terms);
  disp_reception_unref (self->hall.reception);
  disp_rate_limit_unref (self->rate_limit);
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
  self->acceptors = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_acceptor_free);
  self->connections = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) disp_connection_unref,
                                             NULL);
}

static void
open_hall (DispServer *self, const DispServerSettings *settings)
{
  self->hall.poller = disp_poller_new ();
  self->hall.deadlines = disp_deadlines_new (settings->clock);
  self->hall.reception = disp_reception_ref (settings->reception);
  self->hall.terms = disp_terms_ref (settings->terms);
  self->hall.events = (DispConnectionEvents){ on_connection_head, on_connection_request,
                                              on_connection_refusal, on_connection_ended,
                                              on_connection_closed };
  self->hall.user_data = self;
}

static void
listen_on (DispServer *self, GPtrArray *sockets)
{
  const DispAcceptorSettings settings = {
    .poller = self->hall.poller,
    .clock = self->clock,
    .reception = self->hall.reception,
    .member = self->member,
    .terms = self->hall.terms,
    .make_room = on_make_room,
    .user_data = self,
  };

  for (guint i = 0; i < sockets->len; i++)
    g_ptr_array_add (self->acceptors,
                     disp_acceptor_new (g_ptr_array_index (sockets, i), &settings));
}

/**
 * disp_server_new:
 * @site: what is served
 * @settings: what it is given; copied
 *
 * Serves on the thread-default context from now on.  What is still open when it is freed is closed,
 * whatever its state.
 *
 * Returns: (transfer full): a server
 */
DispServer *
disp_server_new (DispSite *site, const DispServerSettings *settings)
{
  DispServer *self = g_object_new (DISP_TYPE_SERVER, NULL);
  GPtrArray *sockets = settings->sockets;

  self->site = g_object_ref (site);
  self->clock = g_object_ref (settings->clock);
  self->rate_limit = disp_rate_limit_ref (settings->rate_limit);
  self->soup = g_object_new (SOUP_TYPE_SERVER, "raw-paths", TRUE, NULL);
  g_signal_connect (self->soup, "request-started", G_CALLBACK (on_message), self);
  soup_server_add_handler (self->soup, NULL, on_request, self, NULL);
  open_hall (self, settings);
  self->lobby = disp_lobby_new (self->hall.poller, self->hall.deadlines,
                                disp_reception_get_handshakes (self->hall.reception), on_left_lobby,
                                self);
  self->member = disp_crew_join (settings->crew, on_accepted, self);
  self->is_adopted = sockets->len > 0 && disp_listener_is_adopted (g_ptr_array_index (sockets, 0));
  listen_on (self, sockets);
  return self;
}

static void
drain_connections (DispServer *self, gboolean is_patient)
{
  g_autoptr (GList) connections = g_hash_table_get_keys (self->connections);

  if (!is_patient)
    disp_lobby_close (self->lobby);
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

static void
set_acceptor_terms (gpointer acceptor, gpointer terms)
{
  disp_acceptor_set_terms (acceptor, terms);
}

/**
 * disp_server_set_terms:
 * @self: a server
 * @terms: (transfer none): on what terms clients are served whose requests begin from now on
 */
void
disp_server_set_terms (DispServer *self, DispTerms *terms)
{
  DispTerms *old = self->hall.terms;

  self->hall.terms = disp_terms_ref (terms);
  disp_terms_unref (old);
  g_ptr_array_foreach (self->acceptors, set_acceptor_terms, terms);
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
  g_ptr_array_set_size (self->acceptors, 0);
  g_clear_pointer (&self->member, disp_crew_leave);
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
 * Gives up all that is in progress: what is served is answered soon, and what has not come to its
 * end will not.
 */
void
disp_server_abort (DispServer *self)
{
  disp_site_abort (self->site);
  for_each_connection (self, disp_connection_abort);
}

/**
 * disp_server_count_connections:
 * @self: a server
 *
 * Returns: how many connections are open, with those that are to speak TLS and do not yet
 */
guint
disp_server_count_connections (DispServer *self)
{
  return g_hash_table_size (self->connections)
         + (self->lobby != NULL ? disp_lobby_count (self->lobby) : 0);
}
