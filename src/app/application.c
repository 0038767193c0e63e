/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/application.h"

#include "app/open-store.h"
#include "app/service.h"
#include "core/error.h"
#include "core/policy-registry.h"
#include "engine/switchboard.h"
#include "front/predictions-site.h"
#include "front/requests-site.h"
#include "records/request-log.h"
#include "records/sqlite-archive.h"
#include "sources/file-source.h"
#include "sources/manager-source.h"
#include "upstream/soup-transport.h"

#include <glib-unix.h>
#include <sys/resource.h>

/* How long the records that are still queued at the end may take, in microseconds. */
#define RECORDS_PATIENCE (10 * G_USEC_PER_SEC)
/* How long what was given up may take to end, in microseconds. */
#define ABORT_PATIENCE (5 * G_USEC_PER_SEC)

/* What the daemon serves, at addresses of its own each. */
typedef enum
{
  SERVICE_PREDICTIONS,
  SERVICE_REQUESTS_STORE,
  N_SERVICES,
} Service;

/* The only place that knows everybody: it makes the parts, gives them to each other, and ends them
 * in turn. */
struct _DispApplication
{
  GObject parent_instance;
  DispConfig *config;                /* (owned) */
  GMainLoop *loop;                   /* (owned) */
  DispClock *clock;                  /* (owned) */
  DispService *services[N_SERVICES]; /* (owned) (nullable) those that are wanted */
  DispRecordArchive *archive;   /* (owned) (nullable) until the embedded Requests Store has it */
  DispRequestLog *log;          /* (owned) */
  DispPolicySpec *policy;       /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispSource *source;           /* (owned) (nullable) */
  char *fleet_summary;          /* (owned) (nullable) what was last told of the fleet */
  gboolean fleet_failing;
  gboolean is_serving;
  guint n_running;      /* services that have not ended */
  guint n_signals;      /* SIGTERM and SIGINT so far */
  GSource *drain_timer; /* (owned) (nullable) */
  guint signal_ids[3];
};

G_DEFINE_FINAL_TYPE (DispApplication, disp_application, G_TYPE_OBJECT)

static void
close_services (DispApplication *self)
{
  for (guint i = 0; i < N_SERVICES; i++)
    g_clear_pointer (&self->services[i], disp_service_free);
}

static void
disp_application_finalize (GObject *object)
{
  DispApplication *self = DISP_APPLICATION (object);

  disp_clock_clear_timer (&self->drain_timer);
  for (guint i = 0; i < G_N_ELEMENTS (self->signal_ids); i++)
    g_clear_handle_id (&self->signal_ids[i], g_source_remove);
  close_services (self);
  g_clear_object (&self->source);
  g_clear_object (&self->switchboard);
  g_clear_object (&self->archive);
  g_clear_object (&self->log);
  g_clear_pointer (&self->policy, disp_policy_spec_unref);
  g_object_unref (self->clock);
  g_main_loop_unref (self->loop);
  g_free (self->fleet_summary);
  disp_config_free (self->config);
  G_OBJECT_CLASS (disp_application_parent_class)->finalize (object);
}

static void
disp_application_class_init (DispApplicationClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_application_finalize;
}

static void
disp_application_init (DispApplication *self)
{
  self->loop = g_main_loop_new (NULL, FALSE);
  self->clock = disp_system_clock_new ();
}

/**
 * disp_application_new:
 * @config: (transfer full): a checked configuration
 *
 * Returns: (transfer full): the daemon, not started
 */
DispApplication *
disp_application_new (DispConfig *config)
{
  DispApplication *self = g_object_new (DISP_TYPE_APPLICATION, NULL);

  self->config = config;
  return self;
}

/* The soft limit of file descriptors is there for programs that use select(). */
static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max)
    {
      limit.rlim_cur = limit.rlim_max;
      setrlimit (RLIMIT_NOFILE, &limit);
    }
}

/* Opening. */

static gboolean
open_services (DispApplication *self, GError **error)
{
  const DispConfig *config = self->config;
  const struct
  {
    char *const *addresses;
    guint n_threads;
  } rows[N_SERVICES] = {
    [SERVICE_PREDICTIONS] = { config->listen, config->workers },
    [SERVICE_REQUESTS_STORE] = { config->requests_store_listen, 1 },
  };

  for (guint i = 0; i < N_SERVICES; i++)
    if (*rows[i].addresses != NULL)
      {
        self->services[i] = disp_service_open (rows[i].addresses, rows[i].n_threads, error);
        if (self->services[i] == NULL)
          return FALSE;
      }
  return TRUE;
}

static gboolean
open_log (DispApplication *self, GError **error)
{
  const DispRequestLogSettings settings = {
    .flush_interval = self->config->flush_interval,
    .max_records = self->config->queue_limit,
    .max_bytes = (gsize) self->config->queue_bytes,
    .drop = self->config->drops_records,
  };
  g_autoptr (DispStore) store = disp_store_open (self->config, error);
  g_autofree char *path = disp_store_dup_path (self->config);

  if (store == NULL)
    return FALSE;
  if (self->services[SERVICE_REQUESTS_STORE] != NULL)
    {
      self->archive = disp_sqlite_archive_new (path, error);
      if (self->archive == NULL)
        return FALSE;
    }
  self->log = disp_request_log_new (store, self->clock, &settings);
  return TRUE;
}

static void
make_switchboard (DispApplication *self)
{
  const DispConfig *config = self->config;
  const DispEngineSettings settings = {
    .timeout = config->timeout,
    .version_path = config->version_path,
    .retry_after = (guint) ((config->refresh_interval + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC),
    .payload_limit = (gssize) config->payload_limit,
    .hold_answers = config->is_committed,
    .log_requests = config->verbose,
  };

  self->switchboard = disp_switchboard_new (self->clock, DISP_RECORD_SINK (self->log), self->policy,
                                            &settings);
}

/* The fleet. */

static void
on_fleet (G_GNUC_UNUSED DispSource *source, DispFleet *fleet, DispApplication *self)
{
  guint n_models;
  guint n_containers;
  g_autofree char *summary = NULL;
  g_autoptr (GError) error = NULL;

  disp_fleet_get_models (fleet, &n_models);
  disp_fleet_get_containers (fleet, &n_containers);
  summary = g_strdup_printf ("%u models, %u containers", n_models, n_containers);
  disp_switchboard_set_fleet (self->switchboard, fleet);
  disp_switchboard_set_fleet_problem (self->switchboard, NULL);
  if (self->fleet_failing || g_strcmp0 (summary, self->fleet_summary) != 0)
    {
      g_message ("fleet from %s: %s", disp_source_describe (self->source), summary);
      /* At the start that is an error, which start_source() tells. */
      if (self->is_serving && !disp_policy_spec_check_fleet (self->policy, fleet, &error))
        g_warning ("%s", error->message);
    }
  self->fleet_failing = FALSE;
  g_free (self->fleet_summary);
  self->fleet_summary = g_steal_pointer (&summary);
}

static void
on_fleet_failed (G_GNUC_UNUSED DispSource *source, GError *error, DispApplication *self)
{
  g_autoptr (GString) problem = g_string_new (error->message);

  /* Everybody may read the problem: it tells the name of the file, not where it is. */
  if (self->config->source == DISP_SOURCE_FILE)
    {
      g_autofree char *name = g_path_get_basename (self->config->fleet);

      g_string_replace (problem, self->config->fleet, name, 0);
    }
  disp_switchboard_set_fleet_problem (self->switchboard, problem->str);
  if (self->fleet_failing)
    return;
  self->fleet_failing = TRUE;
  g_warning ("the fleet cannot be read, %s: %s",
             self->fleet_summary != NULL ? "the last good one stays in use"
                                         : "predictions are answered with 503",
             error->message);
}

static gboolean
make_source (DispApplication *self, GError **error)
{
  const DispConfig *config = self->config;
  g_autoptr (GRand) random = g_rand_new ();

  switch (config->source)
    {
    case DISP_SOURCE_FILE:
      self->source = disp_file_source_new (config->fleet, self->clock);
      return TRUE;
    case DISP_SOURCE_CONTAINERS_MANAGER:
      self->source = disp_manager_source_new (config->containers_manager, config->refresh_interval,
                                              self->clock, random, error);
      return self->source != NULL;
    case DISP_SOURCE_NONE:
    default:
      return TRUE;
    }
}

/* A fleet that is known at the start must have what the policy names; a later one may lose it. */
static gboolean
check_first_fleet (DispApplication *self, GError **error)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (self->switchboard);
  g_autoptr (GError) local = NULL;

  if (routing == NULL
      || disp_policy_spec_check_fleet (self->policy, disp_routing_get_fleet (routing), &local))
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, "%s: [%s]: %s",
               self->config->probabilities_origin, self->config->policy, local->message);
  return FALSE;
}

static gboolean
start_source (DispApplication *self, GError **error)
{
  if (!make_source (self, error))
    return FALSE;
  if (self->source == NULL)
    {
      const char *advice
          = "no fleet is configured: give --fleet FILE or --containers-manager URL, or set file "
            "or url under [fleet] in dispatcherd.conf";

      disp_switchboard_set_fleet_problem (self->switchboard, advice);
      g_warning ("%s", advice);
      return TRUE;
    }
  g_signal_connect (self->source, "fleet", G_CALLBACK (on_fleet), self);
  g_signal_connect (self->source, "failed", G_CALLBACK (on_fleet_failed), self);
  return disp_source_start (self->source, error) && check_first_fleet (self, error);
}

/* Ending. */

static void
for_each_service (DispApplication *self, void (*function) (DispService *service))
{
  for (guint i = 0; i < N_SERVICES; i++)
    if (self->services[i] != NULL)
      function (self->services[i]);
}

static gboolean
on_service_ended (gpointer user_data)
{
  DispApplication *self = user_data;

  if (--self->n_running == 0)
    g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_abort_over (gpointer user_data)
{
  DispApplication *self = user_data;

  g_warning ("connections are still open; closing them");
  for_each_service (self, disp_service_quit);
  return G_SOURCE_REMOVE;
}

static void
abort_all (DispApplication *self)
{
  disp_clock_clear_timer (&self->drain_timer);
  self->drain_timer = disp_clock_add_timer (
      self->clock, disp_clock_now (self->clock) + ABORT_PATIENCE, "abort", on_abort_over, self);
  for_each_service (self, disp_service_abort);
}

static gboolean
on_drain_over (gpointer user_data)
{
  DispApplication *self = user_data;

  g_warning ("requests are still in flight after %s; giving them up",
             self->config->texts[DISP_SETTING_DRAIN_TIMEOUT]);
  abort_all (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_stop_signal (gpointer user_data)
{
  DispApplication *self = user_data;

  if (self->n_signals++ == 0)
    {
      g_message ("stopping: what is in flight may end within %s",
                 self->config->texts[DISP_SETTING_DRAIN_TIMEOUT]);
      disp_switchboard_set_draining (self->switchboard);
      self->drain_timer = disp_clock_add_timer (
          self->clock, disp_clock_now (self->clock) + self->config->drain_timeout, "drain",
          on_drain_over, self);
      for_each_service (self, disp_service_drain);
    }
  else if (self->n_signals == 2)
    {
      g_message ("stopping at once");
      abort_all (self);
    }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup_signal (gpointer user_data)
{
  DispApplication *self = user_data;

  if (self->source != NULL)
    disp_source_refresh (self->source);
  return G_SOURCE_CONTINUE;
}

/* On the thread of a worker. */
static DispSite *
make_predictions_site (gpointer user_data)
{
  DispApplication *self = user_data;
  const DispConfig *config = self->config;
  const DispUpstreamSettings upstream = {
    .connect_timeout = config->connect_timeout,
    .idle_timeout = (guint) MAX (config->idle_timeout / G_USEC_PER_SEC, 1),
    .answer_limit = (gsize) config->answer_limit,
  };
  g_autoptr (DispTransport) transport = disp_soup_transport_new (self->clock, &upstream);
  g_autoptr (DispDispatcher) dispatcher = disp_dispatcher_new (self->switchboard, transport,
                                                               g_rand_new ());

  return disp_predictions_site_new (dispatcher);
}

/* On the thread of the embedded Requests Store. */
static DispSite *
make_requests_site (gpointer user_data)
{
  DispApplication *self = user_data;
  g_autoptr (DispRecordArchive) archive = g_steal_pointer (&self->archive);

  return disp_requests_site_new (archive, DISP_RECORD_SINK (self->log), self->clock);
}

static void
start_services (DispApplication *self)
{
  static const struct
  {
    const char *name;
    const char *what;
    DispMakeSite make_site;
  } rows[N_SERVICES] = {
    [SERVICE_PREDICTIONS] = { "worker", "listening", make_predictions_site },
    [SERVICE_REQUESTS_STORE] = { "requests-store", "the embedded Requests Store listens",
                                 make_requests_site },
  };

  self->is_serving = TRUE;
  disp_switchboard_set_serving (self->switchboard, self->config->workers);
  for (guint i = 0; i < N_SERVICES; i++)
    if (self->services[i] != NULL)
      {
        const DispWorkerSettings settings = {
          .clock = self->clock,
          .body_limit = (gsize) self->config->body_limit,
          .make_site = rows[i].make_site,
          .ended = on_service_ended,
          .user_data = self,
        };

        self->n_running++;
        disp_service_start (self->services[i], rows[i].name, &settings);
        disp_service_announce (self->services[i], rows[i].what);
      }
}

static void
end (DispApplication *self)
{
  guint64 lost;

  if (self->source != NULL)
    disp_source_stop (self->source);
  close_services (self);
  lost = disp_request_log_close (self->log, RECORDS_PATIENCE);
  if (lost == 0)
    g_message ("stopped");
}

/**
 * disp_application_run:
 * @self: the daemon
 * @error: why it could not start: %DISP_ERROR_INVALID_CONFIG or another
 *
 * Opens everything, serves until it is told to stop by SIGTERM or SIGINT, and ends everything.
 * SIGHUP has the fleet read again.  Main thread.
 *
 * Returns: whether it started
 */
gboolean
disp_application_run (DispApplication *self, GError **error)
{
  GVariant *options = g_str_equal (self->config->policy, "probabilities")
                          ? self->config->probabilities
                          : NULL;

  if (!disp_config_check_in_force (self->config, error))
    return FALSE;
  raise_descriptor_limit ();
  self->policy = disp_policy_spec_new (self->config->policy, options, error);
  if (self->policy == NULL || !open_services (self, error) || !open_log (self, error))
    return FALSE;
  make_switchboard (self);
  if (!start_source (self, error))
    return FALSE;

  self->signal_ids[0] = g_unix_signal_add (SIGTERM, on_stop_signal, self);
  self->signal_ids[1] = g_unix_signal_add (SIGINT, on_stop_signal, self);
  self->signal_ids[2] = g_unix_signal_add (SIGHUP, on_hangup_signal, self);
  start_services (self);

  g_main_loop_run (self->loop);
  end (self);
  return TRUE;
}
