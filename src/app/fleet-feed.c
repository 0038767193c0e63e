/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/fleet-feed.h"

#include "core/error.h"
#include "sources/file-source.h"
#include "sources/manager-source.h"
#include "sources/override-source.h"

/* What brings the fleets of the source into force, and tells operators of them. */
struct _DispFleetFeed
{
  const DispConfig *config;     /* (unowned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispPolicySpec *policy;       /* (owned) */
  DispOverrideSource *source;   /* (owned) (nullable) NULL when none is configured */
  char *summary;                /* (owned) (nullable) what was last told of the fleet */
  gboolean is_failing;
  gboolean is_started;
};

static void
on_fleet (DispSource *source, DispFleet *fleet, DispFleetFeed *self)
{
  guint n_models;
  guint n_containers;
  g_autofree char *summary = NULL;
  g_autoptr (GError) error = NULL;

  disp_switchboard_set_fleet (self->switchboard, fleet);
  if (disp_override_source_is_failing (self->source))
    return;
  disp_switchboard_set_fleet_problem (self->switchboard, NULL);
  disp_fleet_get_models (fleet, &n_models);
  disp_fleet_get_containers (fleet, &n_containers);
  summary = g_strdup_printf ("%u models, %u containers", n_models, n_containers);
  if (self->is_failing || g_strcmp0 (summary, self->summary) != 0)
    {
      g_message ("fleet from %s: %s", disp_source_describe (source), summary);
      /* At the start that is an error, which disp_fleet_feed_start() tells. */
      if (self->is_started && !disp_policy_spec_check_fleet (self->policy, fleet, &error))
        g_warning ("%s", error->message);
    }
  self->is_failing = FALSE;
  g_free (self->summary);
  self->summary = g_steal_pointer (&summary);
}

static void
on_failed (G_GNUC_UNUSED DispSource *source, GError *error, DispFleetFeed *self)
{
  g_autoptr (GString) problem = g_string_new (error->message);

  /* Everybody may read the problem: it tells the name of the file, not where it is. */
  if (self->config->source == DISP_SOURCE_FILE)
    {
      g_autofree char *name = g_path_get_basename (self->config->fleet);

      g_string_replace (problem, self->config->fleet, name, 0);
    }
  disp_switchboard_set_fleet_problem (self->switchboard, problem->str);
  if (self->is_failing)
    return;
  self->is_failing = TRUE;
  g_warning ("the fleet cannot be read, %s: %s",
             self->summary != NULL ? "the last good one stays in use"
                                   : "predictions are answered with 503",
             error->message);
}

/* Also none, when none is configured. */
static gboolean
make_source (const DispConfig *config, DispClock *clock, DispSource **source, GError **error)
{
  g_autoptr (GRand) random = g_rand_new ();

  switch (config->source)
    {
    case DISP_SOURCE_FILE:
      *source = disp_file_source_new (config->fleet, clock);
      return TRUE;
    case DISP_SOURCE_CONTAINERS_MANAGER:
      *source = disp_manager_source_new (config->containers_manager, config->refresh_interval,
                                         clock, random, error);
      return *source != NULL;
    case DISP_SOURCE_NONE:
    default:
      return TRUE;
    }
}

/* Also without the embedded Containers Manager: what operators set stays. */
static gboolean
wrap_source (DispFleetFeed *self, DispSource *source, GError **error)
{
  self->source = disp_override_source_new (source, self->config->state_dir, error);
  if (self->source == NULL)
    return FALSE;
  g_signal_connect (self->source, "fleet", G_CALLBACK (on_fleet), self);
  g_signal_connect (self->source, "failed", G_CALLBACK (on_failed), self);
  return TRUE;
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
  self->switchboard = g_object_ref (switchboard);
  self->policy = disp_policy_spec_ref (policy);
  if (!make_source (config, clock, &source, error)
      || (source != NULL && !wrap_source (self, source, error)))
    return NULL;
  return g_steal_pointer (&self);
}

/* A fleet that is known at the start must have what the policy names; a later one may lose it. */
static gboolean
check_first_fleet (DispFleetFeed *self, GError **error)
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
  static const char advice[] = "no fleet is configured: give --fleet FILE or --containers-manager "
                               "URL, or set file or url under [fleet] in dispatcherd.conf";

  if (self->source == NULL)
    {
      disp_switchboard_set_fleet_problem (self->switchboard, advice);
      g_warning ("%s", advice);
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
 * Returns: (transfer none) (nullable): what changes quotas; %NULL without a source
 */
DispQuotaEditor *
disp_fleet_feed_get_editor (DispFleetFeed *self)
{
  return self->source != NULL ? DISP_QUOTA_EDITOR (self->source) : NULL;
}

/**
 * disp_fleet_feed_refresh:
 * @self: a started feed
 *
 * Has the source read again now.
 */
void
disp_fleet_feed_refresh (DispFleetFeed *self)
{
  if (self->source != NULL)
    disp_source_refresh (DISP_SOURCE (self->source));
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
  if (self->source != NULL)
    disp_source_stop (DISP_SOURCE (self->source));
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
  g_free (self->summary);
  g_free (self);
}
