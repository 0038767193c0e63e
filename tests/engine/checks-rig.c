/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/checks-rig.h"

#include "core/error.h"
#include "engine/rig.h"
#include "support/fixtures.h"

#include <string.h>

typedef struct
{
  React react;
  guint status;
  char *body; /* (owned) (nullable) */
} Script;

static void
script_free (gpointer data)
{
  Script *script = data;

  g_free (script->body);
  g_free (script);
}

/**
 * checks_rig_init:
 * @self: (out caller-allocates): a rig
 * @health_path: (nullable): see #DispEngineSettings
 *
 * Makes checks each 5 seconds, of no fleet yet.  Containers answer that they are available.
 */
void
checks_rig_init (ChecksRig *self, const char *health_path)
{
  memset (self, 0, sizeof *self);
  self->settings = rig_settings;
  self->settings.health_interval = 5 * G_USEC_PER_SEC;
  self->settings.health_path = (char *) health_path;
  self->clock = fake_clock_new ();
  self->sink = fake_sink_new ();
  self->transport = fake_transport_new ();
  self->policy = rig_policy ("round-robin");
  self->switchboard = disp_switchboard_new (DISP_CLOCK (self->clock), DISP_RECORD_SINK (self->sink),
                                            NULL, self->policy, &self->settings);
  self->scripts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, script_free);
  self->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->checks = disp_health_checks_new (
      self->switchboard, DISP_TRANSPORT (g_object_ref (self->transport)), g_rand_new_with_seed (7));
}

/**
 * checks_rig_clear:
 * @self: a rig
 *
 * Frees it, and checks that nothing is left of the checks.
 */
void
checks_rig_clear (ChecksRig *self)
{
  g_clear_pointer (&self->checks, disp_health_checks_free);
  g_assert_cmpuint (fake_clock_count_timers (self->clock), ==, 0);
  g_assert_cmpuint (fake_transport_count_open (self->transport), ==, 0);
  rig_turn ();
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  disp_policy_spec_unref (self->policy);
  g_hash_table_unref (self->scripts);
  g_array_unref (self->times);
  g_assert_finalize_object (self->transport);
  g_assert_finalize_object (self->switchboard);
  g_assert_finalize_object (self->sink);
  g_assert_finalize_object (self->clock);
}

/**
 * checks_rig_set_fleet:
 * @self: a rig
 * @fleet: (transfer full): its fleet from now on
 */
void
checks_rig_set_fleet (ChecksRig *self, DispFleet *fleet)
{
  disp_switchboard_set_fleet (self->switchboard, fleet);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  self->fleet = fleet;
}

/**
 * checks_rig_apply:
 * @self: a rig
 *
 * Brings its settings into force, as they are now.
 */
void
checks_rig_apply (ChecksRig *self)
{
  disp_switchboard_change (self->switchboard, self->fleet, self->policy, &self->settings);
}

/**
 * checks_rig_script:
 * @self: a rig
 * @who: a container, or "container/model"
 * @react: what it does with checks from now on
 * @status: with %REACT_ANSWER, the status of its answer
 * @body: (nullable): and its body
 */
void
checks_rig_script (ChecksRig *self, const char *who, React react, guint status, const char *body)
{
  Script *script = g_new0 (Script, 1);

  script->react = react;
  script->status = status;
  script->body = g_strdup (body);
  g_hash_table_insert (self->scripts, g_strdup (who), script);
}

static void
react_to (ChecksRig *self, guint index)
{
  static const Script well = { .react = REACT_ANSWER, .status = 200, .body = (char *) AVAILABLE };
  const FakeCall *call = fake_transport_get_call (self->transport, index);
  g_autofree char *who = g_strconcat (call->container->name, "/", call->request->model, NULL);
  const Script *script = g_hash_table_lookup (self->scripts, who);

  if (script == NULL)
    script = g_hash_table_lookup (self->scripts, call->container->name);
  if (script == NULL)
    script = &well;
  if (script->react == REACT_ANSWER)
    fake_transport_answer (self->transport, index, script->status, script->body);
  else if (script->react == REACT_REFUSE)
    fake_transport_fail_with (self->transport, index, DISP_ERROR_UNREACHABLE,
                              "it could not be reached");
  else if (script->react == REACT_BREAK)
    fake_transport_fail (self->transport, index, "it broke off");
}

/* Containers react to what has come since. */
static void
react_to_all (ChecksRig *self)
{
  const gint64 now = disp_clock_now (DISP_CLOCK (self->clock));

  rig_turn ();
  while (self->times->len < fake_transport_count_calls (self->transport))
    {
      g_array_append_val (self->times, now);
      self->n_most = MAX (self->n_most, fake_transport_count_open (self->transport));
      react_to (self, self->times->len - 1);
    }
  rig_turn ();
}

/**
 * checks_rig_run:
 * @self: a rig
 * @microseconds: for how long
 *
 * Lets time pass, in which containers answer checks at once.
 */
void
checks_rig_run (ChecksRig *self, gint64 microseconds)
{
  const gint64 end = disp_clock_now (DISP_CLOCK (self->clock)) + microseconds;

  react_to_all (self);
  while (fake_clock_step (self->clock, end))
    react_to_all (self);
}

static gboolean
is_of (const FakeCall *call, const char *container, const char *model)
{
  return g_str_equal (call->container->name, container)
         && (model == NULL || g_str_equal (call->request->model, model));
}

/**
 * checks_rig_count:
 * @self: a rig
 * @container: a container
 * @model: (nullable): a model; %NULL = whichever
 *
 * Returns: how many checks there were of it
 */
guint
checks_rig_count (ChecksRig *self, const char *container, const char *model)
{
  guint n = 0;

  for (guint i = 0; i < self->times->len; i++)
    n += is_of (fake_transport_get_call (self->transport, i), container, model) ? 1 : 0;
  return n;
}

/**
 * checks_rig_get_path:
 * @self: a rig
 * @container: a container
 * @model: a model that was checked there
 *
 * Returns: (transfer none): what it was asked for at last
 */
const char *
checks_rig_get_path (ChecksRig *self, const char *container, const char *model)
{
  for (guint i = self->times->len; i > 0; i--)
    if (is_of (fake_transport_get_call (self->transport, i - 1), container, model))
      return fake_transport_get_call (self->transport, i - 1)->path;
  g_assert_not_reached ();
}

/**
 * checks_rig_get_time:
 * @self: a rig
 * @container: a container
 * @model: (nullable): a model
 * @nth: which of its checks, from 0
 *
 * Returns: when that came, in microseconds
 */
gint64
checks_rig_get_time (ChecksRig *self, const char *container, const char *model, guint nth)
{
  for (guint i = 0; i < self->times->len; i++)
    if (is_of (fake_transport_get_call (self->transport, i), container, model) && nth-- == 0)
      return g_array_index (self->times, gint64, i);
  g_assert_not_reached ();
}

/**
 * checks_rig_get_container:
 * @self: a rig
 * @name: the name of a container of its fleet
 *
 * Returns: (transfer none): that
 */
DispContainer *
checks_rig_get_container (ChecksRig *self, const char *name)
{
  guint n;
  DispContainer *const *containers = disp_fleet_get_containers (self->fleet, &n);

  for (guint i = 0; i < n; i++)
    if (g_str_equal (containers[i]->name, name))
      return containers[i];
  g_assert_not_reached ();
}

/**
 * checks_rig_is_out:
 * @self: a rig
 * @container: a container of its fleet
 * @model: a model that it serves
 *
 * Returns: whether checks have found that the model cannot be used there
 */
gboolean
checks_rig_is_out (ChecksRig *self, const char *container, const char *model)
{
  DispStanding *whole = checks_rig_get_container (self, container)->standing;
  gint64 next_change = G_MAXINT64;

  return disp_standing_get_state (disp_standing_for_model (whole, model),
                                  disp_clock_now (DISP_CLOCK (self->clock)), &next_change)
         == DISP_HEALTH_UNAVAILABLE;
}
