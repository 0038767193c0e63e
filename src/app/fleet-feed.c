/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/fleet-feed.h"

#include "app/config-parts.h"
#include "app/open-source.h"
#include "core/error.h"
#include "core/event.h"
#include "sources/override-source.h"

/* Somebody who waits for the source to be read again. */
typedef struct
{
  GTask *task; /* (owned) */
  guint64 due; /* the number of the reading that it waits for */
} Waiter;

static const char advice[] = "no fleet is configured: give --fleet FILE or --containers-manager "
                             "URL, or set file or url under [fleet] in dispatcherd.conf";

/* What brings the fleets of the source into force, and tells operators of them. */
struct _DispFleetFeed
{
  const DispConfig *config;     /* (unowned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispPolicySpec *policy;       /* (owned) */
  DispOverrideSource *source;   /* (owned) it has none behind it when none is configured */
  char *summary;                /* (owned) (nullable) what was last told of the fleet */
  GHashTable *misfits; /* (owned) (element-type utf8, owned) what the policies name in vain, told */
  const DispEngineSettings *settings; /* (unowned) (nullable) those that come with the next fleet */
  GError *failure;                    /* (owned) (nullable) how the last reading failed */
  GQueue waiters;                     /* (element-type Waiter, owned) */
  gboolean is_failing;                /* and that was told */
  gboolean is_started;
};

static void
waiter_free (Waiter *waiter)
{
  g_object_unref (waiter->task);
  g_free (waiter);
}

/* Tells those for whom the source has been read, or with @all everybody. */
static void
tell_waiters (DispFleetFeed *self, gboolean all, const GError *error)
{
  const guint64 n_readings = disp_override_source_count_readings (self->source);
  GQueue told = G_QUEUE_INIT;
  Waiter *waiter;

  while ((waiter = g_queue_peek_head (&self->waiters)) != NULL
         && (all || waiter->due <= n_readings))
    g_queue_push_tail (&told, g_queue_pop_head (&self->waiters));
  while ((waiter = g_queue_pop_head (&told)) != NULL)
    {
      if (error != NULL)
        g_task_return_error (waiter->task, g_error_copy (error));
      else
        g_task_return_boolean (waiter->task, TRUE);
      waiter_free (waiter);
    }
}

/* What @policy names and @fleet does not have is added to @misfits, and told if it is new. */
static void
tell_misfit (DispFleetFeed *self, DispFleet *fleet, const char *model, DispPolicySpec *policy,
             GHashTable *misfits)
{
  g_autoptr (GError) error = NULL;

  if (policy == NULL || disp_policy_spec_check_fleet (policy, fleet, &error))
    return;
  if (!g_hash_table_contains (self->misfits, error->message)
      && !g_hash_table_contains (misfits, error->message))
    disp_event_log (DISP_EVENT_POLICY_MISFIT,
                    &(DispEventFields){ .policy = disp_policy_spec_get_name (policy),
                                        .model = model,
                                        .reason = error->message },
                    "%s", error->message);
  g_hash_table_add (misfits, g_strdup (error->message));
}

/* Of the policy that is configured, and of those that operators set. */
static void
tell_misfits (DispFleetFeed *self, DispFleet *fleet)
{
  g_autoptr (DispPolicies) policies = disp_switchboard_ref_policies (self->switchboard);
  g_autoptr (GPtrArray) models = disp_policies_list_models (policies);
  g_autoptr (GHashTable) misfits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  /* At the start that is an error, which disp_fleet_feed_start() tells. */
  if (self->is_started)
    tell_misfit (self, fleet, NULL, self->policy, misfits);
  tell_misfit (self, fleet, NULL, disp_policies_get_own (policies, NULL), misfits);
  for (guint i = 0; i < models->len; i++)
    {
      const char *model = g_ptr_array_index (models, i);

      tell_misfit (self, fleet, model, disp_policies_get_own (policies, model), misfits);
    }
  g_hash_table_unref (self->misfits);
  self->misfits = g_steal_pointer (&misfits);
}

/* A fleet was read well. */
static void
note_fleet (DispFleetFeed *self, DispSource *source, DispFleet *fleet)
{
  guint n_models;
  guint n_containers;
  g_autofree char *summary = NULL;

  g_clear_error (&self->failure);
  disp_switchboard_set_fleet_problem (self->switchboard, NULL);
  disp_fleet_get_models (fleet, &n_models);
  disp_fleet_get_containers (fleet, &n_containers);
  summary = g_strdup_printf ("%s: %u models, %u containers", disp_source_describe (source),
                             n_models, n_containers);
  if (self->is_failing || g_strcmp0 (summary, self->summary) != 0)
    disp_event_log (DISP_EVENT_FLEET, &(DispEventFields){ .source = disp_source_describe (source) },
                    "fleet from %s", summary);
  tell_misfits (self, fleet);
  self->is_failing = FALSE;
  g_free (self->summary);
  self->summary = g_steal_pointer (&summary);
}

static void
on_fleet (DispSource *source, DispFleet *fleet, DispFleetFeed *self)
{
  if (self->settings != NULL)
    disp_switchboard_change (self->switchboard, fleet, self->policy, self->settings);
  else
    disp_switchboard_set_fleet (self->switchboard, fleet);
  if (!disp_override_source_is_failing (self->source))
    note_fleet (self, source, fleet);
  /* What a reload brings may have been read before they asked. */
  if (self->settings == NULL)
    tell_waiters (self, FALSE, NULL);
}

static void
tell_failure (DispFleetFeed *self, DispSource *source, const GError *error)
{
  if (self->is_failing)
    return;
  self->is_failing = TRUE;
  disp_event_log (
      DISP_EVENT_FLEET_FAILED,
      &(DispEventFields){ .source = disp_source_describe (source), .reason = error->message },
      "the fleet cannot be read, %s: %s",
      self->summary != NULL ? "the last good one stays in use"
                            : "predictions are answered with 503",
      error->message);
}

static void
on_failed (DispSource *source, GError *error, DispFleetFeed *self)
{
  g_autoptr (GString) problem = g_string_new (error->message);

  /* Everybody may read the problem: it tells the name of the file, not where it is. */
  if (self->config->source == DISP_SOURCE_FILE)
    {
      g_autofree char *name = g_path_get_basename (self->config->fleet);

      g_string_replace (problem, self->config->fleet, name, 0);
    }
  disp_switchboard_set_fleet_problem (self->switchboard, problem->str);
  g_clear_error (&self->failure);
  self->failure = g_error_copy (error);
  tell_failure (self, source, error);
  tell_waiters (self, FALSE, error);
}

/**
 * disp_fleet_feed_new:
 * @config: a checked configuration, which outlives the feed
 * @clock: the clock
 * @switchboard: where fleets are brought into force
 * @policy: the policy in force
 * @error: what is wrong with the source that @config names, or with the overrides of quotas
 *
 * Returns: (transfer full) (nullable): a feed of the source that @config names, not started
 */
DispFleetFeed *
disp_fleet_feed_new (const DispConfig *config, DispClock *clock, DispSwitchboard *switchboard,
                     DispPolicySpec *policy, GError **error)
{
  g_autoptr (DispFleetFeed) self = g_new0 (DispFleetFeed, 1);
  g_autoptr (DispSource) source = NULL;

  self->config = config;
  self->misfits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->switchboard = g_object_ref (switchboard);
  self->policy = disp_policy_spec_ref (policy);
  /* Also without the embedded Containers Manager: what operators set stays. */
  if (!disp_config_open_source (config, clock, &source, error)
      || (self->source = disp_override_source_new (
              source, config->persists ? config->state_dir : NULL, error))
             == NULL)
    return NULL;
  g_signal_connect (self->source, "fleet", G_CALLBACK (on_fleet), self);
  g_signal_connect (self->source, "failed", G_CALLBACK (on_failed), self);
  return g_steal_pointer (&self);
}

/* A fleet that is known at the start must have what the policy names; a later one may lose it. */
static gboolean
check_first_fleet (DispFleetFeed *self, GError **error)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (self->switchboard);

  return routing == NULL
         || disp_config_check_fleet (self->config, self->policy, disp_routing_get_fleet (routing),
                                     error);
}

/**
 * disp_fleet_feed_start:
 * @self: a feed
 * @error: what is wrong with a source that can be read at once
 *
 * Reads the source and goes on following it.  Without one the daemon is degraded from the start.
 * Main thread, as everything here.
 *
 * Returns: whether it started
 */
gboolean
disp_fleet_feed_start (DispFleetFeed *self, GError **error)
{
  if (self->config->source == DISP_SOURCE_NONE)
    {
      disp_switchboard_set_fleet_problem (self->switchboard, advice);
      disp_event_log (DISP_EVENT_FLEET_MISSING, NULL, "%s", advice);
      return TRUE;
    }
  self->is_started = disp_source_start (DISP_SOURCE (self->source), error)
                     && check_first_fleet (self, error);
  return self->is_started;
}

/**
 * disp_fleet_feed_get_editor:
 * @self: a feed
 *
 * Returns: (transfer none): what changes quotas
 */
DispFleetEditor *
disp_fleet_feed_get_editor (DispFleetFeed *self)
{
  return DISP_FLEET_EDITOR (self->source);
}

/**
 * disp_fleet_feed_refresh:
 * @self: a started feed
 * @task: (transfer full) (nullable): returns %TRUE when a fleet that was read after this call is in
 *   force, or why it could not be read: %DISP_ERROR_NO_FLEET, saying what to do, if none is
 *   configured, %DISP_ERROR_DRAINING if the daemon stops before
 *
 * Has the source read again now.
 */
void
disp_fleet_feed_refresh (DispFleetFeed *self, GTask *task)
{
  const guint64 n_readings = disp_override_source_count_readings (self->source);
  Waiter *waiter;

  if (task == NULL)
    {
      disp_source_refresh (DISP_SOURCE (self->source));
      return;
    }
  if (self->config->source == DISP_SOURCE_NONE)
    {
      g_task_return_new_error (task, DISP_ERROR, DISP_ERROR_NO_FLEET, "%s", advice);
      g_object_unref (task);
      return;
    }
  waiter = g_new0 (Waiter, 1);
  waiter->task = task;
  waiter->due = n_readings + 1 + disp_source_refresh (DISP_SOURCE (self->source));
  g_queue_push_tail (&self->waiters, waiter);
  /* A file has been read by now. */
  tell_waiters (self, FALSE, self->failure);
}

/* The source that they waited for is gone; the new one may have been read before they asked. */
static void
refresh_for_waiters (DispFleetFeed *self)
{
  guint64 due;

  if (g_queue_is_empty (&self->waiters))
    return;
  due = disp_override_source_count_readings (self->source) + 1;
  due += disp_source_refresh (DISP_SOURCE (self->source));
  for (GList *link = self->waiters.head; link != NULL; link = link->next)
    ((Waiter *) link->data)->due = due;
  tell_waiters (self, FALSE, self->failure);
}

/**
 * disp_fleet_feed_change:
 * @self: a started feed, whose configuration says what follows
 * @source: (nullable): the source from now on, started; %NULL = there was none, and is none
 * @fleet: (nullable): what it has said
 * @policy: the policy from now on
 * @settings: those of requests, from now on
 *
 * Brings all of it into force together.
 */
void
disp_fleet_feed_change (DispFleetFeed *self, DispSource *source, DispFleet *fleet,
                        DispPolicySpec *policy, const DispEngineSettings *settings)
{
  disp_policy_spec_ref (policy);
  disp_policy_spec_unref (self->policy);
  self->policy = policy;
  if (source == NULL)
    {
      disp_switchboard_change (self->switchboard, NULL, policy, settings);
      return;
    }
  self->is_started = TRUE;
  self->settings = settings;
  disp_override_source_set_source (self->source, source, fleet);
  self->settings = NULL;
  refresh_for_waiters (self);
}

/**
 * disp_fleet_feed_stop:
 * @self: a feed
 *
 * Follows the source no more: the last fleet stays in force.
 */
void
disp_fleet_feed_stop (DispFleetFeed *self)
{
  g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, DISP_ERROR_DRAINING,
                                                  "the daemon is stopping");

  disp_source_stop (DISP_SOURCE (self->source));
  tell_waiters (self, TRUE, error);
}

/**
 * disp_fleet_feed_free:
 * @self: (transfer full): a feed
 */
void
disp_fleet_feed_free (DispFleetFeed *self)
{
  if (self->source != NULL)
    {
      disp_fleet_feed_stop (self);
      g_signal_handlers_disconnect_by_data (self->source, self);
    }
  g_clear_object (&self->source);
  disp_policy_spec_unref (self->policy);
  g_object_unref (self->switchboard);
  g_clear_error (&self->failure);
  g_hash_table_unref (self->misfits);
  g_free (self->summary);
  g_free (self);
}
