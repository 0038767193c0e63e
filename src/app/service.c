/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/service.h"

#include "core/event.h"
#include "front/listen-address.h"
#include "front/listener-sockets.h"

/* What is served at some addresses: by threads of its own, or by the thread that made it. */
struct _DispService
{
  GStrv addresses;    /* (owned) (nullable) until their sockets were removed */
  GPtrArray *sockets; /* (owned) (element-type GPtrArray of GSocket) for each who serves */
  gboolean is_threaded;
  gboolean is_adopted;         /* its sockets are others' too */
  DispWorkerSettings settings; /* all that it names: (owned) (nullable) until it is started */
  GPtrArray *workers;          /* (owned) (element-type DispWorker, owned) */
  DispServer *server;          /* (owned) (nullable) without threads, while it serves */
  GSource *end;    /* (owned) (nullable) without threads, when it was told to end at once */
  guint n_running; /* who serves and has not ended */
};

static void
remove_sockets (DispService *self)
{
  for (guint i = 0; self->addresses != NULL && self->addresses[i] != NULL; i++)
    disp_listener_remove (self->addresses[i]);
  g_clear_pointer (&self->addresses, g_strfreev);
}

/* One for each who serves. */
static void
add_sockets (DispService *self, const GPtrArray *sockets)
{
  for (guint i = 0; i < sockets->len; i++)
    g_ptr_array_add (g_ptr_array_index (self->sockets, i),
                     g_object_ref (g_ptr_array_index (sockets, i)));
}

static gboolean
open_address (DispService *self, const char *address, GStrvBuilder *opened, GError **error)
{
  g_autoptr (GPtrArray) sockets = disp_listener_open (address, self->sockets->len, error);

  if (sockets == NULL)
    return FALSE;
  g_strv_builder_add (opened, address);
  add_sockets (self, sockets);
  return TRUE;
}

static DispService *
make_service (guint n_threads)
{
  DispService *self = g_new0 (DispService, 1);

  self->is_threaded = n_threads > 0;
  self->workers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_worker_free);
  self->sockets = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < MAX (n_threads, 1); i++)
    g_ptr_array_add (self->sockets, g_ptr_array_new_with_free_func (g_object_unref));
  return self;
}

/**
 * disp_service_open:
 * @addresses: where to listen, see disp_listener_open()
 * @n_threads: how many threads will serve; 0 = this one does
 * @error: which address cannot be listened on, and why
 *
 * Listens, so that connections wait, but serves nothing yet.
 *
 * Returns: (transfer full) (nullable): a service, of this thread
 */
DispService *
disp_service_open (char *const *addresses, guint n_threads, GError **error)
{
  DispService *self = make_service (n_threads);
  g_autoptr (GStrvBuilder) opened = g_strv_builder_new ();
  gboolean ok = TRUE;

  for (guint i = 0; ok && addresses[i] != NULL; i++)
    ok = open_address (self, addresses[i], opened, error);
  self->addresses = g_strv_builder_end (opened);
  if (ok)
    return self;
  disp_service_free (self);
  return NULL;
}

/**
 * disp_service_adopt:
 * @fds: (element-type int): sockets that listen already and stay the caller's, at least one
 * @n_threads: how many threads will serve; 0 = this one does
 * @error: what the system said
 *
 * As disp_service_open(), but on sockets that others keep open: when the service drains it only
 * closes its own descriptors of them, so that connections wait for whoever listens there next.
 *
 * Returns: (transfer full) (nullable): a service, of this thread
 */
DispService *
disp_service_adopt (const GArray *fds, guint n_threads, GError **error)
{
  DispService *self = make_service (n_threads);

  self->is_adopted = TRUE;
  for (guint i = 0; i < fds->len; i++)
    {
      g_autoptr (GPtrArray) sockets = disp_listener_adopt (g_array_index (fds, int, i),
                                                           self->sockets->len, error);

      if (sockets == NULL)
        {
          disp_service_free (self);
          return NULL;
        }
      add_sockets (self, sockets);
    }
  return self;
}

/**
 * disp_service_find_open_socket:
 * @self: a service that was not told to end
 *
 * Returns: (transfer full) (nullable): where others than this machine can connect to it; %NULL =
 *   nowhere
 */
char *
disp_service_find_open_socket (DispService *self)
{
  const GPtrArray *sockets = g_ptr_array_index (self->sockets, 0);

  for (guint i = 0; i < sockets->len; i++)
    {
      GSocket *socket = g_ptr_array_index (sockets, i);
      g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

      if (address == NULL || !disp_socket_address_is_local (address))
        return disp_listener_describe (socket);
    }
  return NULL;
}

static gboolean
on_ended (gpointer user_data)
{
  DispService *self = user_data;

  g_assert (self->n_running > 0);
  if (--self->n_running == 0)
    self->settings.ended (self->settings.user_data);
  return G_SOURCE_REMOVE;
}

static void
on_drained (gpointer user_data)
{
  on_ended (user_data);
}

static DispSite *
make_site (gpointer user_data)
{
  const DispService *self = user_data;

  return self->settings.make_site (self->settings.user_data);
}

static void
start_here (DispService *self)
{
  g_autoptr (DispSite) site = make_site (self);
  const DispServerSettings settings = {
    .clock = self->settings.clock,
    .sockets = g_ptr_array_index (self->sockets, 0),
    .reception = self->settings.reception,
    .crew = self->settings.crew,
    .rate_limit = self->settings.rate_limit,
    .terms = self->settings.terms,
  };

  self->server = disp_server_new (site, &settings);
}

static void
start_threads (DispService *self, const char *name)
{
  DispWorkerSettings settings = self->settings;

  settings.make_site = make_site;
  settings.ended = on_ended;
  settings.user_data = self;
  for (guint i = 0; i < self->sockets->len; i++)
    {
      g_autofree char *numbered = g_strdup_printf ("%s-%u", name, i);

      g_ptr_array_add (self->workers,
                       disp_worker_new (numbered,
                                        g_ptr_array_ref (g_ptr_array_index (self->sockets, i)),
                                        &settings));
    }
}

/**
 * disp_service_start:
 * @self: a service that was opened
 * @name: that of its threads, which are numbered, for debuggers
 * @settings: what it is given, but for a crew, which is its own; copied.  Its site is made once on
 *   each thread that serves; @ended is called once, when all of them have ended
 *
 * Serves from now on.
 */
void
disp_service_start (DispService *self, const char *name, const DispWorkerSettings *settings)
{
  self->settings = *settings;
  g_object_ref (self->settings.clock);
  disp_reception_ref (self->settings.reception);
  self->settings.crew = disp_crew_new ();
  disp_rate_limit_ref (self->settings.rate_limit);
  disp_terms_ref (self->settings.terms);
  self->n_running = self->sockets->len;
  if (self->is_threaded)
    start_threads (self, name);
  else
    start_here (self);
}

/**
 * disp_service_announce:
 * @self: a service that was not told to end
 * @what: what it is, and that it listens: "the embedded Requests Store listens"
 *
 * Logs where it listens, with the port that it was given for port 0.
 */
void
disp_service_announce (DispService *self, const char *what)
{
  g_auto (GStrv) addresses = disp_service_list_addresses (self);

  for (char **address = addresses; *address != NULL; address++)
    disp_event_log (DISP_EVENT_LISTENING, &(DispEventFields){ .address = *address }, "%s on %s%s",
                    what, *address, self->is_adopted ? ", an inherited socket" : "");
}

/**
 * disp_service_list_addresses:
 * @self: a service that was not told to end
 *
 * Returns: (transfer full): where it listens, with the port that it was given for port 0
 */
GStrv
disp_service_list_addresses (DispService *self)
{
  const GPtrArray *sockets = g_ptr_array_index (self->sockets, 0);
  g_autoptr (GStrvBuilder) addresses = g_strv_builder_new ();

  for (guint i = 0; i < sockets->len; i++)
    {
      g_autofree char *address = disp_listener_describe (g_ptr_array_index (sockets, i));

      g_strv_builder_add (addresses, address);
    }
  return g_strv_builder_end (addresses);
}

/**
 * disp_service_set_terms:
 * @self: a service that was started
 * @terms: on what terms clients are served from soon on
 */
void
disp_service_set_terms (DispService *self, DispTerms *terms)
{
  if (self->server != NULL)
    disp_server_set_terms (self->server, terms);
  for (guint i = 0; i < self->workers->len; i++)
    disp_worker_set_terms (g_ptr_array_index (self->workers, i), terms);
}

/**
 * disp_service_add_heartbeats:
 * @self: a service that was started
 * @heartbeats: (element-type DispHeartbeat): gets those of its threads, a reference each
 */
void
disp_service_add_heartbeats (DispService *self, GPtrArray *heartbeats)
{
  for (guint i = 0; i < self->workers->len; i++)
    g_ptr_array_add (heartbeats, disp_heartbeat_ref (disp_worker_get_heartbeat (
                                     g_ptr_array_index (self->workers, i))));
}

/**
 * disp_service_drain:
 * @self: a service that was started
 *
 * Listens no more, and has it end as soon as what is in flight has ended.
 */
void
disp_service_drain (DispService *self)
{
  /* While it is still listened on: later it could be the socket of another daemon. */
  remove_sockets (self);
  g_ptr_array_set_size (self->sockets, 0);
  if (self->server != NULL)
    disp_server_drain (self->server, on_drained, self);
  for (guint i = 0; i < self->workers->len; i++)
    disp_worker_drain (g_ptr_array_index (self->workers, i));
}

/**
 * disp_service_abort:
 * @self: a service that drains
 *
 * Has it give up what is in flight.
 */
void
disp_service_abort (DispService *self)
{
  if (self->server != NULL)
    disp_server_abort (self->server);
  for (guint i = 0; i < self->workers->len; i++)
    disp_worker_abort (g_ptr_array_index (self->workers, i));
}

/**
 * disp_service_quit:
 * @self: a service that was started
 *
 * Has it end at once, and close the connections that are open.
 */
void
disp_service_quit (DispService *self)
{
  if (self->server != NULL && self->n_running > 0)
    {
      g_clear_object (&self->server);
      /* After what is left to be done. */
      self->end = g_idle_source_new ();
      g_source_set_callback (self->end, on_ended, self, NULL);
      g_source_attach (self->end, g_main_context_get_thread_default ());
    }
  for (guint i = 0; i < self->workers->len; i++)
    disp_worker_quit (g_ptr_array_index (self->workers, i));
}

/**
 * disp_service_free:
 * @self: (transfer full): a service that was not started, or that has ended
 *
 * Waits for its threads.
 */
void
disp_service_free (DispService *self)
{
  remove_sockets (self);
  g_ptr_array_unref (self->workers);
  g_ptr_array_unref (self->sockets);
  g_clear_object (&self->server);
  if (self->end != NULL)
    g_source_destroy (self->end);
  g_clear_pointer (&self->end, g_source_unref);
  g_clear_object (&self->settings.clock);
  g_clear_pointer (&self->settings.reception, disp_reception_unref);
  g_clear_pointer (&self->settings.crew, disp_crew_unref);
  g_clear_pointer (&self->settings.rate_limit, disp_rate_limit_unref);
  g_clear_pointer (&self->settings.terms, disp_terms_unref);
  g_free (self);
}
