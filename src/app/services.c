/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/services.h"

#include "app/open-service.h"
#include "front/containers-site.h"
#include "front/predictions-site.h"
#include "front/requests-site.h"
#include "records/sqlite-archive.h"

/* All that the daemon serves, each at addresses of its own. */
struct _DispServices
{
  DispService *services[DISP_N_SERVICES]; /* (owned) (nullable) those that are wanted */
  DispRecordArchive *archive; /* (owned) (nullable) until the embedded Requests Store has it */
  DispServicesParts parts;    /* once they are started */
  DispReception *reception;   /* (owned) who they all are asked by */
  DispRateLimit *rate_limit;  /* (owned) */
  guint n_running;            /* services that have not ended */
};

/**
 * disp_services_open:
 * @config: a checked configuration
 * @error: which address cannot be listened on, or what is wrong with inherited sockets
 *
 * Listens, so that connections wait, but serves nothing yet.  Sockets that were inherited take the
 * place of the addresses of their service.
 *
 * Returns: (transfer full) (nullable): the services, of this thread
 */
DispServices *
disp_services_open (const DispConfig *config, GError **error)
{
  const struct
  {
    DispSetting setting;
    guint n_threads;
  } rows[DISP_N_SERVICES] = {
    [DISP_SERVICE_PREDICTIONS] = { DISP_SETTING_LISTEN, config->workers },
    [DISP_SERVICE_REQUESTS_STORE] = { DISP_SETTING_REQUESTS_STORE_LISTEN, 1 },
    /* On the main thread, to which the fleet belongs. */
    [DISP_SERVICE_CONTAINERS_MANAGER] = { DISP_SETTING_CONTAINERS_MANAGER_LISTEN, 0 },
  };
  g_autoptr (DispServices) self = g_new0 (DispServices, 1);
  g_autoptr (DispInheritedSockets) inherited = disp_inherited_sockets_take (error);

  self->reception = disp_reception_new ();
  self->rate_limit = disp_rate_limit_new ();
  if (inherited == NULL)
    return NULL;
  for (guint i = 0; i < DISP_N_SERVICES; i++)
    if (!disp_config_open_service (config, rows[i].setting, rows[i].n_threads, inherited,
                                   &self->services[i], error))
      return NULL;
  return g_steal_pointer (&self);
}

/**
 * disp_services_open_archive:
 * @self: services that were not started
 * @path: the file of the store
 * @error: why it cannot be read
 *
 * Opens the records for the embedded Requests Store, when that is wanted.
 *
 * Returns: whether all is there that will be served
 */
gboolean
disp_services_open_archive (DispServices *self, const char *path, GError **error)
{
  if (self->services[DISP_SERVICE_REQUESTS_STORE] == NULL)
    return TRUE;
  self->archive = disp_sqlite_archive_new (path, error);
  return self->archive != NULL;
}

/* On the thread of a worker. */
static DispSite *
make_predictions_site (gpointer user_data)
{
  DispServices *self = user_data;
  g_autoptr (DispTransport) transport = disp_soup_transport_new (self->parts.clock,
                                                                 self->parts.upstream);
  g_autoptr (DispDispatcher) dispatcher = disp_dispatcher_new (self->parts.switchboard, transport,
                                                               g_rand_new ());

  return disp_predictions_site_new (dispatcher);
}

/* On the thread of the embedded Requests Store. */
static DispSite *
make_requests_site (gpointer user_data)
{
  DispServices *self = user_data;
  g_autoptr (DispRecordArchive) archive = g_steal_pointer (&self->archive);

  return disp_requests_site_new (archive, DISP_RECORD_SINK (self->parts.log), self->parts.clock);
}

static DispSite *
make_containers_site (gpointer user_data)
{
  DispServices *self = user_data;

  return disp_containers_site_new (self->parts.switchboard, self->parts.editor);
}

static DispTerms *
choose_terms (DispServiceKind kind, DispTerms *terms, DispTerms *embedded_terms)
{
  return kind == DISP_SERVICE_PREDICTIONS ? terms : embedded_terms;
}

static gboolean
on_ended (gpointer user_data)
{
  DispServices *self = user_data;

  if (--self->n_running == 0)
    self->parts.ended (self->parts.user_data);
  return G_SOURCE_REMOVE;
}

/**
 * disp_services_start:
 * @self: services that were opened
 * @parts: what they are given; copied
 *
 * Serves from now on, and says where in the log.
 */
void
disp_services_start (DispServices *self, const DispServicesParts *parts)
{
  static const struct
  {
    const char *name;
    const char *what;
    DispMakeSite make_site;
  } rows[DISP_N_SERVICES] = {
    [DISP_SERVICE_PREDICTIONS] = { "worker", "listening", make_predictions_site },
    [DISP_SERVICE_REQUESTS_STORE] = { "requests-store", "the embedded Requests Store listens",
                                      make_requests_site },
    [DISP_SERVICE_CONTAINERS_MANAGER]
    = { "containers-manager", "the embedded Containers Manager listens", make_containers_site },
  };

  self->parts = *parts;
  for (guint i = 0; i < DISP_N_SERVICES; i++)
    if (self->services[i] != NULL)
      {
        const DispWorkerSettings settings = {
          .clock = self->parts.clock,
          .reception = self->reception,
          .rate_limit = self->rate_limit,
          .terms = choose_terms (i, parts->terms, parts->embedded_terms),
          .make_site = rows[i].make_site,
          .ended = on_ended,
          .user_data = self,
        };

        self->n_running++;
        disp_service_start (self->services[i], rows[i].name, &settings);
        disp_service_announce (self->services[i], rows[i].what);
      }
}

static void
for_each (DispServices *self, void (*function) (DispService *service))
{
  for (guint i = 0; i < DISP_N_SERVICES; i++)
    if (self->services[i] != NULL)
      function (self->services[i]);
}

/**
 * disp_services_drain:
 * @self: services that were started
 *
 * Listens no more, and has all end as soon as what is in flight has ended.
 */
void
disp_services_drain (DispServices *self)
{
  for_each (self, disp_service_drain);
}

/**
 * disp_services_abort:
 * @self: services that were started
 *
 * Has all give up what is in flight.
 */
void
disp_services_abort (DispServices *self)
{
  for_each (self, disp_service_abort);
}

/**
 * disp_services_quit:
 * @self: services that were started
 *
 * Has all end at once, and close the connections that are open.
 */
void
disp_services_quit (DispServices *self)
{
  for_each (self, disp_service_quit);
}

/**
 * disp_services_set_terms:
 * @self: services that were started
 * @terms: on what terms predictions are served from soon on
 * @embedded_terms: on what terms the embedded services are
 */
void
disp_services_set_terms (DispServices *self, DispTerms *terms, DispTerms *embedded_terms)
{
  for (guint i = 0; i < DISP_N_SERVICES; i++)
    if (self->services[i] != NULL)
      disp_service_set_terms (self->services[i], choose_terms (i, terms, embedded_terms));
}

/**
 * disp_services_add_heartbeats:
 * @self: services that were started
 * @heartbeats: (element-type DispHeartbeat): where those of their threads are added
 */
void
disp_services_add_heartbeats (DispServices *self, GPtrArray *heartbeats)
{
  for (guint i = 0; i < DISP_N_SERVICES; i++)
    if (self->services[i] != NULL)
      disp_service_add_heartbeats (self->services[i], heartbeats);
}

/**
 * disp_services_find_open_socket:
 * @self: services that were not told to end
 * @kind: one of them
 *
 * Returns: (transfer full) (nullable): where others than this machine can connect to it; %NULL =
 *   nowhere
 */
char *
disp_services_find_open_socket (DispServices *self, DispServiceKind kind)
{
  DispService *service = self->services[kind];

  return service != NULL ? disp_service_find_open_socket (service) : NULL;
}

/**
 * disp_services_list_addresses:
 * @self: services that were not told to end
 * @kind: one of them
 *
 * Returns: (transfer full): where it listens; nothing if it is not wanted
 */
GStrv
disp_services_list_addresses (DispServices *self, DispServiceKind kind)
{
  DispService *service = self->services[kind];

  return service != NULL ? disp_service_list_addresses (service) : g_new0 (char *, 1);
}

/**
 * disp_services_free:
 * @self: (transfer full): services that were not started, or that have ended
 *
 * Waits for their threads.
 */
void
disp_services_free (DispServices *self)
{
  for (guint i = 0; i < DISP_N_SERVICES; i++)
    g_clear_pointer (&self->services[i], disp_service_free);
  g_clear_object (&self->archive);
  g_clear_pointer (&self->reception, disp_reception_unref);
  g_clear_pointer (&self->rate_limit, disp_rate_limit_unref);
  g_free (self);
}
