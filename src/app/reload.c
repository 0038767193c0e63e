/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/reload.h"

#include "app/config-change.h"
#include "app/config-parts.h"
#include "app/fleet-trial.h"
#include "app/open-service.h"
#include "app/open-terms.h"
#include "core/error.h"
#include "core/event.h"

#include <glib/gi18n.h>

/*
 * The configuration and the fleet, read again.  Everything is checked before anything changes: the
 * configuration alone, a fleet that its source says, and the policy with that fleet.  One runs at a
 * time; who asks meanwhile gets the next, so that each sees the files as they are after it asked.
 */
struct _DispReload
{
  DispReloadParts parts;
  GPtrArray *waiting; /* (owned) (element-type GTask, owned) for the next one */
  GSource *next;      /* (owned) (nullable) when one has ended and the next has not begun */

  /* Of the one that runs. */
  GPtrArray *asked;       /* (owned) (nullable) (element-type GTask, owned) NULL while none runs */
  DispConfig *config;     /* (owned) (nullable) what shall come into force */
  DispPolicySpec *policy; /* (owned) (nullable) that of @config */
  DispPolicySpec *shadow; /* (owned) (nullable) likewise */
  DispTerms *terms;       /* (owned) (nullable) those of @config */
  char *kept;             /* (owned) (nullable) the settings that wait for a restart */
  DispFleetTrial *trial;  /* (owned) (nullable) */
};

static gboolean on_next (gpointer user_data);

static void
forget (DispReload *self)
{
  g_clear_pointer (&self->trial, disp_fleet_trial_free);
  g_clear_pointer (&self->config, disp_config_free);
  g_clear_pointer (&self->policy, disp_policy_spec_unref);
  g_clear_pointer (&self->shadow, disp_policy_spec_unref);
  g_clear_pointer (&self->terms, disp_terms_unref);
  g_clear_pointer (&self->kept, g_free);
}

static void
answer (GPtrArray *tasks, const GError *error)
{
  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);

      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_boolean (task, TRUE);
    }
}

/* The one place where a reload ends: tells everybody, and goes on with the next. */
static void
end (DispReload *self, const GError *error)
{
  const DispReloadParts *parts = &self->parts;
  g_autoptr (GPtrArray) asked = g_steal_pointer (&self->asked);

  forget (self);
  if (error != NULL)
    disp_event_log (DISP_EVENT_RELOAD_FAILED, &(DispEventFields){ .reason = error->message },
                    "reload failed, and nothing has changed: %s", error->message);
  disp_switchboard_set_reload_problem (parts->switchboard, error != NULL ? error->message : NULL);
  if (parts->ended != NULL)
    parts->ended (parts->user_data);
  answer (asked, error);
  if (self->waiting->len > 0)
    {
      self->next = g_idle_source_new ();
      g_source_set_static_name (self->next, "next reload");
      g_source_set_priority (self->next, G_PRIORITY_DEFAULT);
      g_source_set_callback (self->next, on_next, self, NULL);
      g_source_attach (self->next, g_main_context_get_thread_default ());
    }
}

static void
tell_kept (const DispReload *self)
{
  if (self->kept != NULL)
    disp_event_log (DISP_EVENT_RELOAD_PARTIAL, &(DispEventFields){ .setting = self->kept },
                    "what was changed here takes a restart, and stays as it was until then: %s",
                    self->kept);
}

/* Nothing can fail any more. */
static void
commit (DispReload *self, DispFleet *fleet)
{
  const DispReloadParts *parts = &self->parts;
  g_autoptr (DispSource) source = fleet != NULL ? disp_fleet_trial_steal_source (self->trial)
                                                : NULL;
  const DispEngineSettings settings = disp_config_for_engine (self->config);

  disp_config_swap (parts->config, self->config);
  disp_policy_spec_ref (self->policy);
  disp_policy_spec_unref (self->parts.policy);
  self->parts.policy = self->policy;
  disp_fleet_feed_change (parts->feed, source, fleet, self->policy, &settings);
  disp_switchboard_configure_shadow (parts->switchboard, self->shadow);
  parts->apply (self->terms, parts->user_data);
  tell_kept (self);
  disp_event_log (DISP_EVENT_RELOADED, NULL, "configuration and fleet are reloaded");
  end (self, NULL);
}

static void
on_trial_ended (DispFleet *fleet, const GError *error, gpointer user_data)
{
  DispReload *self = user_data;
  g_autoptr (GError) local = NULL;

  if (error != NULL)
    {
      /* It is news of the source in force too, if that is the same: it is to look itself. */
      disp_fleet_feed_refresh (self->parts.feed, NULL);
      end (self, error);
    }
  else if (!disp_config_check_fleet (self->config, self->policy, fleet, &local)
           || !disp_config_check_fleet (self->config, self->shadow, fleet, &local))
    end (self, local);
  else
    commit (self, fleet);
}

/* What the file says may be right, and yet not go together with what cannot change now. */
static gboolean
keep_fixed (DispReload *self, GError **error)
{
  self->kept = disp_config_keep (self->config, self->parts.config);
  if (self->kept == NULL || disp_config_check (self->config, error))
    return TRUE;
  g_prefix_error (error, _ ("with %s as it is until a restart: "), self->kept);
  return FALSE;
}

/* A policy that stays the same goes on where it is, with its turns. */
static gboolean
load (DispReload *self, GError **error)
{
  const DispReloadParts *parts = &self->parts;

  self->config = disp_options_load (parts->options, error);
  if (self->config == NULL || !keep_fixed (self, error)
      || !disp_config_check_open (self->config, parts->open_address, error))
    return FALSE;
  self->terms = disp_config_make_terms (self->config, error);
  if (self->terms == NULL)
    return FALSE;
  self->policy = disp_config_has_same_policy (self->config, parts->config)
                     ? disp_policy_spec_ref (parts->policy)
                     : disp_config_new_policy (self->config, error);
  return self->policy != NULL && disp_config_new_shadow (self->config, &self->shadow, error);
}

static void
run (DispReload *self)
{
  const DispReloadParts *parts = &self->parts;
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (parts->switchboard);
  g_autoptr (GError) error = NULL;

  if (parts->began != NULL)
    parts->began (parts->user_data);
  if (!load (self, &error))
    end (self, error);
  else if (self->config->source == DISP_SOURCE_NONE && parts->config->source == DISP_SOURCE_NONE)
    commit (self, NULL);
  else
    self->trial = disp_fleet_trial_start (self->config, parts->clock,
                                          routing != NULL ? disp_routing_get_fleet (routing) : NULL,
                                          on_trial_ended, self);
}

static void
run_next (DispReload *self)
{
  self->asked = self->waiting;
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  run (self);
}

static gboolean
on_next (gpointer user_data)
{
  DispReload *self = user_data;

  g_clear_pointer (&self->next, g_source_unref);
  run_next (self);
  return G_SOURCE_REMOVE;
}

/**
 * disp_reload_new:
 * @parts: what it is given; copied
 *
 * Returns: (transfer full): what reloads; main thread
 */
DispReload *
disp_reload_new (const DispReloadParts *parts)
{
  DispReload *self = g_new0 (DispReload, 1);

  self->parts = *parts;
  disp_policy_spec_ref (self->parts.policy);
  g_object_ref (self->parts.clock);
  g_object_ref (self->parts.switchboard);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

/**
 * disp_reload_async:
 * @self: what reloads
 * @source: (type GObject) (nullable): the object on whose behalf; the source of the result
 * @callback: (nullable): called on the thread-default context, exactly once, never from inside this
 *   call
 * @user_data: for @callback
 *
 * Reads the configuration from all its layers, and the fleet from the source that it names.  If all
 * of it is right, and the policy finds in the fleet what it names, all comes into force: policy,
 * fleet and the settings of requests together, each request having the old ones or the new ones to
 * its end; then the rest, such as the terms on which clients are served.  Else nothing changes.
 * Settings that cannot change while the daemon runs stay as they are; the log names those that the
 * files say otherwise.
 */
void
disp_reload_async (DispReload *self, gpointer source, GAsyncReadyCallback callback,
                   gpointer user_data)
{
  GTask *task = g_task_new (source, NULL, callback, user_data);

  g_task_set_source_tag (task, disp_reload_async);
  g_ptr_array_add (self->waiting, task);
  if (self->asked == NULL && self->next == NULL)
    run_next (self);
}

/**
 * disp_reload_finish:
 * @source: (type GObject) (nullable): as given to disp_reload_async()
 * @result: what the callback was given
 * @error: %DISP_ERROR_INVALID_CONFIG, or why the fleet could not be read, or %DISP_ERROR_DRAINING
 *   if it was given up
 *
 * Returns: whether all is in force
 */
gboolean
disp_reload_finish (gpointer source, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, source), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * disp_reload_free:
 * @self: (transfer full): what reloads
 *
 * Gives up the reload that runs.
 */
void
disp_reload_free (DispReload *self)
{
  g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, DISP_ERROR_DRAINING,
                                                  "the daemon stopped before it was reloaded");

  forget (self);
  if (self->next != NULL)
    g_source_destroy (self->next);
  g_clear_pointer (&self->next, g_source_unref);
  if (self->asked != NULL)
    answer (self->asked, error);
  g_clear_pointer (&self->asked, g_ptr_array_unref);
  answer (self->waiting, error);
  g_ptr_array_unref (self->waiting);
  disp_policy_spec_unref (self->parts.policy);
  g_object_unref (self->parts.clock);
  g_object_unref (self->parts.switchboard);
  g_free (self);
}
