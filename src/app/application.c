/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/application.h"

#include "app/config-parts.h"
#include "app/logging.h"
#include "app/open-bus.h"
#include "app/open-checks.h"
#include "app/open-store.h"
#include "app/open-terms.h"
#include "app/operations.h"
#include "app/reload.h"
#include "app/services.h"
#include "core/event.h"
#include "core/tsan.h"

#include <glib-unix.h>
#include <sys/resource.h>

/* How long the records that are still queued at the end may take, in microseconds. */
#define RECORDS_PATIENCE (10 * G_USEC_PER_SEC)
/* How long the bus is waited for before the daemon says that it is ready, in microseconds. */
#define BUS_PATIENCE (5 * G_USEC_PER_SEC)
/* How long what was given up may take to end, in microseconds. */
#define ABORT_PATIENCE (5 * G_USEC_PER_SEC)

/* The only place that knows everybody: it makes the parts, gives them to each other, and ends them
 * in turn. */
struct _DispApplication
{
  GObject parent_instance;
  const DispOptions *options;   /* (unowned) */
  DispSupervision *supervision; /* (unowned) */
  DispConfig *config;           /* (owned) in force; main thread */
  GMainLoop *loop;              /* (owned) */
  DispClock *clock;             /* (owned) */
  DispNotice *notice;           /* (owned) of what changes */
  DispTerms *terms;             /* (owned) on which predictions are served from the start */
  DispServices *services;       /* (owned) */
  char *open_address;           /* (owned) (nullable) of predictions, that others can reach */
  DispUpstreamLimits *upstream; /* (owned) */
  DispStore *store;             /* (owned) behind the log */
  DispRequestLog *log;          /* (owned) */
  DispPolicySpec *policy;       /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispFleetFeed *feed;          /* (owned) */
  DispHealthChecks *checks;     /* (owned) (nullable) while the daemon does not stop */
  DispReload *reload;           /* (owned) */
  DispOperations *operations;   /* (owned) */
  DispBusService *bus;          /* (owned) (nullable) while it is to be seen on one */
  guint64 n_lost;               /* records that could not be stored at the end */
  guint n_signals;              /* SIGTERM and SIGINT so far */
  GSource *drain_timer;         /* (owned) (nullable) */
  GSource *ready_timer;         /* (owned) (nullable) while the bus is waited for at the start */
  guint signal_ids[3];
};

G_DEFINE_FINAL_TYPE (DispApplication, disp_application, G_TYPE_OBJECT)

static void
disp_application_finalize (GObject *object)
{
  DispApplication *self = DISP_APPLICATION (object);

  disp_clock_clear_timer (&self->drain_timer);
  disp_clock_clear_timer (&self->ready_timer);
  for (guint i = 0; i < G_N_ELEMENTS (self->signal_ids); i++)
    g_clear_handle_id (&self->signal_ids[i], g_source_remove);
  g_clear_pointer (&self->services, disp_services_free);
  g_clear_pointer (&self->terms, disp_terms_unref);
  g_free (self->open_address);
  g_clear_pointer (&self->bus, disp_bus_service_free);
  g_clear_object (&self->operations);
  g_clear_pointer (&self->reload, disp_reload_free);
  g_clear_pointer (&self->feed, disp_fleet_feed_free);
  g_clear_pointer (&self->checks, disp_health_checks_free);
  g_clear_object (&self->switchboard);
  g_clear_object (&self->log);
  g_clear_object (&self->store);
  g_clear_pointer (&self->upstream, disp_upstream_limits_unref);
  g_clear_pointer (&self->policy, disp_policy_spec_unref);
  disp_notice_unref (self->notice);
  g_object_unref (self->clock);
  g_main_loop_unref (self->loop);
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
  self->notice = disp_notice_new ();
}

/**
 * disp_application_new:
 * @options: what @config was loaded from, and is again by a reload; outlives the daemon
 * @config: (transfer full): a checked configuration
 * @supervision: is told how the daemon is; outlives it
 *
 * Returns: (transfer full): the daemon, not started
 */
DispApplication *
disp_application_new (const DispOptions *options, DispConfig *config, DispSupervision *supervision)
{
  DispApplication *self = g_object_new (DISP_TYPE_APPLICATION, NULL);

  self->options = options;
  self->config = config;
  self->supervision = supervision;
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
  self->terms = disp_config_make_terms (self->config, error);
  if (self->terms != NULL)
    self->services = disp_services_open (self->config, error);
  if (self->services == NULL)
    return FALSE;
  self->open_address = disp_services_find_open_socket (self->services, DISP_SERVICE_PREDICTIONS);
  return TRUE;
}

static gboolean
open_log (DispApplication *self, GError **error)
{
  const DispRequestLogSettings settings = disp_config_for_log (self->config);
  g_autofree char *path = disp_config_dup_store_path (self->config);

  self->store = disp_config_open_store (self->config, self->clock, self->notice, error);
  if (self->store == NULL)
    return FALSE;
  if (!disp_services_open_archive (self->services, path, error))
    return FALSE;
  self->log = disp_request_log_new (self->store, self->clock, self->notice, &settings);
  return TRUE;
}

static gboolean
make_switchboard (DispApplication *self, GError **error)
{
  const DispEngineSettings settings = disp_config_for_engine (self->config);
  const DispUpstreamSettings upstream = disp_config_for_upstream (self->config);
  g_autoptr (DispPolicySpec) shadow = NULL;

  if (!disp_config_new_shadow (self->config, &shadow, error))
    return FALSE;

  self->upstream = disp_upstream_limits_new (&upstream);
  self->switchboard = disp_switchboard_new (self->clock, DISP_RECORD_SINK (self->log), self->notice,
                                            self->policy, &settings);
  disp_switchboard_configure_shadow (self->switchboard, shadow);
  return TRUE;
}

static gboolean
make_feed (DispApplication *self, GError **error)
{
  self->feed = disp_fleet_feed_new (self->config, self->clock, self->switchboard, self->policy,
                                    error);
  return self->feed != NULL;
}

/* Reloading. */

static void
apply_config (DispTerms *terms, gpointer user_data)
{
  DispApplication *self = user_data;
  g_autoptr (DispTerms) embedded_terms = disp_config_make_embedded_terms (self->config);
  const DispRequestLogSettings log = disp_config_for_log (self->config);
  const DispUpstreamSettings upstream = disp_config_for_upstream (self->config);

  disp_services_set_terms (self->services, terms, embedded_terms);
  disp_upstream_limits_set (self->upstream, &upstream);
  if (self->bus != NULL)
    disp_bus_service_set_fleet_source (self->bus, disp_config_get_fleet_source (self->config));
  disp_logging_set_verbose (self->config->verbose);
  disp_config_adjust_store (self->config, self->store);
  disp_request_log_set_settings (self->log, &log);
}

static void
on_reload_began (gpointer user_data)
{
  disp_supervision_begin_reload (DISP_APPLICATION (user_data)->supervision);
}

static void
on_reload_ended (gpointer user_data)
{
  disp_supervision_end_reload (DISP_APPLICATION (user_data)->supervision);
}

static void
make_reload (DispApplication *self)
{
  const DispReloadParts parts = {
    .options = self->options,
    .config = self->config,
    .policy = self->policy,
    .clock = self->clock,
    .switchboard = self->switchboard,
    .feed = self->feed,
    .open_address = self->open_address,
    .began = on_reload_began,
    .apply = apply_config,
    .ended = on_reload_ended,
    .user_data = self,
  };

  self->reload = disp_reload_new (&parts);
}

/* Ending. */

static gboolean
on_abort_over (gpointer user_data)
{
  DispApplication *self = user_data;

  disp_event_log (DISP_EVENT_CONNECTIONS_LEFT, NULL, "connections are still open; closing them");
  disp_services_quit (self->services);
  return G_SOURCE_REMOVE;
}

static void
abort_all (DispApplication *self)
{
  disp_clock_clear_timer (&self->drain_timer);
  self->drain_timer = disp_clock_add_timer (
      self->clock, disp_clock_now (self->clock) + ABORT_PATIENCE, "abort", on_abort_over, self);
  disp_services_abort (self->services);
}

static gboolean
on_drain_over (gpointer user_data)
{
  DispApplication *self = user_data;

  disp_event_log (DISP_EVENT_DRAIN_TIMEOUT, NULL,
                  "requests are still in flight after %s; giving them up",
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
      disp_event_log (DISP_EVENT_STOPPING, NULL, "stopping: what is in flight may end within %s",
                      self->config->texts[DISP_SETTING_DRAIN_TIMEOUT]);
      disp_clock_clear_timer (&self->ready_timer);
      disp_switchboard_set_draining (self->switchboard);
      g_clear_pointer (&self->checks, disp_health_checks_free);
      disp_supervision_stop (self->supervision,
                             self->config->drain_timeout + ABORT_PATIENCE + RECORDS_PATIENCE);
      self->drain_timer = disp_clock_add_timer (
          self->clock, disp_clock_now (self->clock) + self->config->drain_timeout, "drain",
          on_drain_over, self);
      disp_services_drain (self->services);
    }
  else if (self->n_signals == 2)
    {
      disp_event_log (DISP_EVENT_STOPPING_AT_ONCE, NULL, "stopping at once");
      abort_all (self);
    }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup_signal (gpointer user_data)
{
  DispApplication *self = user_data;

  if (self->n_signals == 0)
    disp_reload_async (self->reload, NULL, NULL, NULL);
  return G_SOURCE_CONTINUE;
}

/* As if it was a first SIGTERM, also the second time. */
static gboolean
stop (gpointer user_data)
{
  DispApplication *self = user_data;

  if (self->n_signals == 0)
    on_stop_signal (self);
  return G_SOURCE_REMOVE;
}

static gboolean
make_operations (DispApplication *self, GError **error)
{
  const DispOperationsParts parts = {
    .switchboard = self->switchboard,
    .feed = self->feed,
    .reload = self->reload,
    .state_dir = self->config->persists ? self->config->state_dir : NULL,
    .stop = stop,
    .user_data = self,
  };

  self->operations = disp_app_operations_new (&parts, error);
  return self->operations != NULL;
}

static void
join_bus (DispApplication *self)
{
  g_auto (GStrv) addresses = disp_services_list_addresses (self->services,
                                                           DISP_SERVICE_PREDICTIONS);
  g_auto (GStrv) store_addresses = disp_services_list_addresses (self->services,
                                                                 DISP_SERVICE_REQUESTS_STORE);
  const DispBusSettings settings = {
    .addresses = (const char *const *) addresses,
    .store_addresses = (const char *const *) store_addresses,
    .fleet_source = disp_config_get_fleet_source (self->config),
  };

  self->bus = disp_config_open_bus (self->config, self->switchboard, self->operations, &settings);
}

static gboolean
on_services_ended (gpointer user_data)
{
  g_main_loop_quit (DISP_APPLICATION (user_data)->loop);
  return G_SOURCE_REMOVE;
}

static void
start_services (DispApplication *self)
{
  g_autoptr (DispTerms) embedded_terms = disp_config_make_embedded_terms (self->config);
  const DispServicesParts parts = {
    .clock = self->clock,
    .switchboard = self->switchboard,
    .upstream = self->upstream,
    .log = self->log,
    .editor = disp_fleet_feed_get_editor (self->feed),
    .terms = self->terms,
    .embedded_terms = embedded_terms,
    .ended = on_services_ended,
    .user_data = self,
  };

  disp_switchboard_set_serving (self->switchboard, self->config->workers);
  self->checks = disp_app_open_checks (self->switchboard);
  disp_services_start (self->services, &parts);
}

static void
tell_ready (DispApplication *self)
{
  g_autoptr (GPtrArray) heartbeats = g_ptr_array_new_with_free_func (
      (GDestroyNotify) disp_heartbeat_unref);

  disp_services_add_heartbeats (self->services, heartbeats);
  disp_request_log_add_heartbeats (self->log, heartbeats);
  disp_store_add_heartbeats (self->store, heartbeats);
  disp_supervision_ready (self->supervision, self->switchboard, heartbeats);
}

static void
on_bus_tried (gpointer user_data)
{
  DispApplication *self = user_data;

  if (self->ready_timer == NULL)
    return;
  disp_clock_clear_timer (&self->ready_timer);
  tell_ready (self);
}

static gboolean
on_bus_late (gpointer user_data)
{
  on_bus_tried (user_data);
  return G_SOURCE_REMOVE;
}

/* Who waits for the daemon to be ready may call it on the bus then. */
static void
tell_ready_with_bus (DispApplication *self)
{
  if (self->bus == NULL)
    {
      tell_ready (self);
      return;
    }
  self->ready_timer = disp_clock_add_timer (
      self->clock, disp_clock_now (self->clock) + BUS_PATIENCE, "ready", on_bus_late, self);
  disp_bus_service_set_tried (self->bus, on_bus_tried, self);
}

static gboolean
on_log_closed (gpointer user_data)
{
  DispApplication *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gpointer
close_log (gpointer user_data)
{
  DispApplication *self = user_data;

  DISP_TSAN_ACQUIRE (self);
  self->n_lost = disp_request_log_close (self->log, RECORDS_PATIENCE);
  DISP_TSAN_RELEASE (self);
  g_idle_add (on_log_closed, self);
  return NULL;
}

static void
end (DispApplication *self)
{
  GThread *closer;

  disp_clock_clear_timer (&self->drain_timer);
  disp_fleet_feed_stop (self->feed);
  /* On a thread of its own: the supervisor must go on being told meanwhile. */
  DISP_TSAN_RELEASE (self);
  closer = g_thread_new ("closer", close_log, self);
  g_main_loop_run (self->loop);
  g_thread_join (closer);
  /* Who still waited for a record has been told, and hears it now. */
  g_clear_pointer (&self->services, disp_services_free);
  g_clear_pointer (&self->bus, disp_bus_service_free);
  if (self->n_lost == 0)
    disp_event_log (DISP_EVENT_STOPPED, NULL, "stopped");
}

/**
 * disp_application_run:
 * @self: the daemon
 * @error: why it could not start: %DISP_ERROR_INVALID_CONFIG or another
 *
 * Opens everything, serves until it is told to stop by SIGTERM or SIGINT, and ends everything.
 * SIGHUP has the configuration and the fleet read again.  Main thread.
 *
 * Returns: whether it started
 */
gboolean
disp_application_run (DispApplication *self, GError **error)
{
  raise_descriptor_limit ();
  self->policy = disp_config_new_policy (self->config, error);
  if (self->policy == NULL || !open_services (self, error) || !open_log (self, error))
    return FALSE;
  if (!make_switchboard (self, error) || !make_feed (self, error))
    return FALSE;
  make_reload (self);
  /* First the policies that are kept, so that there is no moment without them. */
  if (!make_operations (self, error) || !disp_fleet_feed_start (self->feed, error))
    return FALSE;

  self->signal_ids[0] = g_unix_signal_add (SIGTERM, on_stop_signal, self);
  self->signal_ids[1] = g_unix_signal_add (SIGINT, on_stop_signal, self);
  self->signal_ids[2] = g_unix_signal_add (SIGHUP, on_hangup_signal, self);
  start_services (self);
  join_bus (self);
  tell_ready_with_bus (self);

  g_main_loop_run (self->loop);
  end (self);
  return TRUE;
}
