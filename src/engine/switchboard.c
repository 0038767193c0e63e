/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/switchboard.h"

#include "core/tsan.h"

#include <stdatomic.h>

/*
 * What all workers share: the routing in force, the counters, the state of the daemon.  The main
 * thread changes it, every thread reads it.  The lock is held for a few instructions only: long
 * enough to take a reference.
 */
struct _DispSwitchboard
{
  GObject parent_instance;
  DispClock *clock;              /* (owned) */
  DispRecordSink *sink;          /* (owned) */
  DispNotice *notice;            /* (owned) */
  DispStats *totals;             /* (owned) */
  DispWaitingRoom *waiting_room; /* (owned) */
  DispRetryBudget *budget;       /* (owned) */
  gint64 started;                /* on the scale of the clock */
  atomic_uint n_workers;         /* (atomic) 0 = not serving yet */
  atomic_bool draining;          /* (atomic) */
  GMutex lock;
  DispEngineSettings *settings; /* (owned) (locked-by lock) */
  DispPolicies *policies;       /* (owned) (locked-by lock) */
  DispRouting *routing;         /* (owned) (nullable) (locked-by lock) NULL = no fleet yet */
  char *fleet_problem;          /* (owned) (nullable) (locked-by lock) */
  char *reload_problem;         /* (owned) (nullable) (locked-by lock) */
};

G_DEFINE_FINAL_TYPE (DispSwitchboard, disp_switchboard, G_TYPE_OBJECT)

static void
lock (DispSwitchboard *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
}

static void
unlock (DispSwitchboard *self)
{
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

static void
disp_switchboard_finalize (GObject *object)
{
  DispSwitchboard *self = DISP_SWITCHBOARD (object);

  g_object_unref (self->clock);
  g_object_unref (self->sink);
  disp_notice_unref (self->notice);
  disp_stats_unref (self->totals);
  disp_retry_budget_unref (self->budget);
  disp_waiting_room_unref (self->waiting_room);
  disp_policies_unref (self->policies);
  g_clear_pointer (&self->routing, disp_routing_unref);
  disp_engine_settings_unref (self->settings);
  g_free (self->fleet_problem);
  g_free (self->reload_problem);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (disp_switchboard_parent_class)->finalize (object);
}

static void
disp_switchboard_class_init (DispSwitchboardClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_switchboard_finalize;
}

static void
disp_switchboard_init (DispSwitchboard *self)
{
  self->totals = disp_stats_new ();
  self->budget = disp_retry_budget_new ();
  self->waiting_room = disp_waiting_room_new (g_rand_new ());
  g_mutex_init (&self->lock);
}

/**
 * disp_switchboard_new:
 * @clock: the clock
 * @sink: where records go
 * @notice: (nullable): is touched when something changes; the same that @sink touches when its
 *   problem changes
 * @policy: the policy that is configured
 * @settings: what the operator decided, at first; copied
 *
 * Returns: (transfer full): a switchboard without a fleet
 */
DispSwitchboard *
disp_switchboard_new (DispClock *clock, DispRecordSink *sink, DispNotice *notice,
                      DispPolicySpec *policy, const DispEngineSettings *settings)
{
  DispSwitchboard *self = g_object_new (DISP_TYPE_SWITCHBOARD, NULL);

  self->clock = g_object_ref (clock);
  self->sink = g_object_ref (sink);
  self->notice = notice != NULL ? disp_notice_ref (notice) : disp_notice_new ();
  self->policies = disp_policies_new (policy);
  self->settings = disp_engine_settings_new (settings);
  self->started = disp_clock_now (clock);
  return self;
}

/**
 * disp_switchboard_get_clock:
 * @self: the switchboard
 *
 * Returns: (transfer none): the clock
 */
DispClock *
disp_switchboard_get_clock (DispSwitchboard *self)
{
  return self->clock;
}

/**
 * disp_switchboard_get_sink:
 * @self: the switchboard
 *
 * Returns: (transfer none): where records go
 */
DispRecordSink *
disp_switchboard_get_sink (DispSwitchboard *self)
{
  return self->sink;
}

/**
 * disp_switchboard_get_totals:
 * @self: the switchboard
 *
 * Returns: (transfer none): the counters of all requests
 */
DispStats *
disp_switchboard_get_totals (DispSwitchboard *self)
{
  return self->totals;
}

/**
 * disp_switchboard_get_retry_budget:
 * @self: the switchboard
 *
 * Returns: (transfer none): how many further attempts all requests may have together
 */
DispRetryBudget *
disp_switchboard_get_retry_budget (DispSwitchboard *self)
{
  return self->budget;
}

/**
 * disp_switchboard_get_waiting_room:
 * @self: the switchboard
 *
 * Returns: (transfer none): where requests wait for a place; who waits there is called whenever the
 *   routing or the settings change
 */
DispWaitingRoom *
disp_switchboard_get_waiting_room (DispSwitchboard *self)
{
  return self->waiting_room;
}

/**
 * disp_switchboard_get_uptime:
 * @self: the switchboard
 *
 * Returns: how long it exists, in microseconds
 */
gint64
disp_switchboard_get_uptime (DispSwitchboard *self)
{
  return disp_clock_now (self->clock) - self->started;
}

/**
 * disp_switchboard_enter:
 * @self: the switchboard
 * @routing: (out) (transfer full) (nullable): as of disp_switchboard_ref_routing()
 * @settings: (out) (transfer full): as of disp_switchboard_ref_settings()
 *
 * What a request begins with, and keeps to its end: both of one moment.  Any thread.
 */
void
disp_switchboard_enter (DispSwitchboard *self, DispRouting **routing, DispEngineSettings **settings)
{
  lock (self);
  *routing = self->routing != NULL ? disp_routing_ref (self->routing) : NULL;
  *settings = disp_engine_settings_ref (self->settings);
  unlock (self);
}

/**
 * disp_switchboard_get_notice:
 * @self: the switchboard
 *
 * Returns: (transfer none): what is touched when something changes
 */
DispNotice *
disp_switchboard_get_notice (DispSwitchboard *self)
{
  return self->notice;
}

/**
 * disp_switchboard_watch:
 * @self: the switchboard
 * @callback: see disp_notice_watch()
 * @user_data: for @callback
 *
 * Tells who watches, on its own thread, now and then and not for each change, that it should look
 * again: at the routing, the policies, the status and its problem, or at whether a container fails.
 * Who watches holds a reference.
 */
void
disp_switchboard_watch (DispSwitchboard *self, GSourceFunc callback, gpointer user_data)
{
  disp_notice_watch (self->notice, callback, user_data);
}

/**
 * disp_switchboard_unwatch:
 * @self: the switchboard
 * @user_data: as given to disp_switchboard_watch()
 *
 * Ends disp_switchboard_watch(), on the same thread.
 */
void
disp_switchboard_unwatch (DispSwitchboard *self, gpointer user_data)
{
  disp_notice_unwatch (self->notice, user_data);
}

/**
 * disp_switchboard_touch:
 * @self: the switchboard
 *
 * Says that something has changed that who watches should look at.  The switchboard does so itself
 * for what is in it.  Any thread.
 */
void
disp_switchboard_touch (DispSwitchboard *self)
{
  disp_notice_touch (self->notice);
}

/**
 * disp_switchboard_ref_routing:
 * @self: the switchboard
 *
 * Returns: (transfer full) (nullable): the routing in force; %NULL while no fleet is known
 */
DispRouting *
disp_switchboard_ref_routing (DispSwitchboard *self)
{
  DispRouting *routing;

  lock (self);
  routing = self->routing != NULL ? disp_routing_ref (self->routing) : NULL;
  unlock (self);
  return routing;
}

/**
 * disp_switchboard_ref_settings:
 * @self: the switchboard
 *
 * Returns: (transfer full): what the operator decided, as it is in force; any thread
 */
DispEngineSettings *
disp_switchboard_ref_settings (DispSwitchboard *self)
{
  DispEngineSettings *settings;

  lock (self);
  settings = disp_engine_settings_ref (self->settings);
  unlock (self);
  return settings;
}

/**
 * disp_switchboard_ref_policies:
 * @self: the switchboard
 *
 * Returns: (transfer full): which policy chooses for which model; any thread
 */
DispPolicies *
disp_switchboard_ref_policies (DispSwitchboard *self)
{
  DispPolicies *policies;

  lock (self);
  policies = disp_policies_ref (self->policies);
  unlock (self);
  return policies;
}

/**
 * disp_switchboard_get_policy_name:
 * @self: the switchboard
 *
 * Returns: (transfer none): the name of the policy of all models that have none of their own
 */
const char *
disp_switchboard_get_policy_name (DispSwitchboard *self)
{
  const char *name;

  lock (self);
  name = disp_policy_spec_get_name (disp_policies_get (self->policies, NULL));
  unlock (self);
  return name;
}

/* All of it comes into force together.  Takes @policies and @settings.  Only the main thread
 * changes anything: so the new routing is made outside the lock. */
static void
replace (DispSwitchboard *self, DispFleet *fleet, DispPolicies *policies,
         DispEngineSettings *settings)
{
  DispRouting *routing = fleet != NULL ? disp_routing_new (fleet, policies, self->routing) : NULL;
  g_autoptr (DispPolicies) old_policies = NULL;
  g_autoptr (DispRouting) old_routing = NULL;
  g_autoptr (DispEngineSettings) old_settings = NULL;

  lock (self);
  old_policies = self->policies;
  self->policies = policies;
  old_routing = self->routing;
  self->routing = routing;
  disp_waiting_room_set_routing (self->waiting_room, routing);
  old_settings = self->settings;
  self->settings = settings;
  unlock (self);
  disp_waiting_room_recall (self->waiting_room);
  disp_switchboard_touch (self);
}

/**
 * disp_switchboard_change:
 * @self: the switchboard
 * @fleet: (nullable): the fleet from now on; %NULL = none is known
 * @policy: the policy that is configured from now on; what an operator set stays over it
 * @settings: (nullable): what the operator decided, from now on, copied; %NULL = as before
 *
 * All come into force together: each request has all that was before, to its end, or all of these.
 * Main thread.
 */
void
disp_switchboard_change (DispSwitchboard *self, DispFleet *fleet, DispPolicySpec *policy,
                         const DispEngineSettings *settings)
{
  replace (self, fleet, disp_policies_configure (self->policies, policy),
           settings != NULL ? disp_engine_settings_new (settings)
                            : disp_engine_settings_ref (self->settings));
}

/**
 * disp_switchboard_set_fleet:
 * @self: the switchboard
 * @fleet: the fleet from now on
 *
 * Each request sees either the fleet before or this one, never both.  Main thread.
 */
void
disp_switchboard_set_fleet (DispSwitchboard *self, DispFleet *fleet)
{
  replace (self, fleet, disp_policies_ref (self->policies),
           disp_engine_settings_ref (self->settings));
}

/**
 * disp_switchboard_set_policies:
 * @self: the switchboard
 * @policies: which policy chooses for which model, from now on
 *
 * All workers switch at once, each between two requests.  Main thread.
 */
void
disp_switchboard_set_policies (DispSwitchboard *self, DispPolicies *policies)
{
  DispFleet *fleet = self->routing != NULL ? disp_routing_get_fleet (self->routing) : NULL;

  replace (self, fleet, disp_policies_ref (policies), disp_engine_settings_ref (self->settings));
}

/**
 * disp_switchboard_set_policy:
 * @self: the switchboard
 * @model: (nullable): see disp_policies_set()
 * @policy: (nullable): likewise
 *
 * Sets one policy, or forgets what was set; see disp_switchboard_set_policies().
 */
void
disp_switchboard_set_policy (DispSwitchboard *self, const char *model, DispPolicySpec *policy)
{
  g_autoptr (DispPolicies) policies = disp_policies_set (self->policies, model, policy);

  disp_switchboard_set_policies (self, policies);
}

/**
 * disp_switchboard_configure_shadow:
 * @self: the switchboard
 * @shadow: (nullable): the shadow policy that is configured from now on; %NULL = none.  What an
 *   operator set stays over it
 *
 * Main thread.
 */
void
disp_switchboard_configure_shadow (DispSwitchboard *self, DispPolicySpec *shadow)
{
  g_autoptr (DispPolicies) policies = disp_policies_configure_shadow (self->policies, shadow);

  disp_switchboard_set_policies (self, policies);
}

/**
 * disp_switchboard_set_serving:
 * @self: the switchboard
 * @n_workers: how many workers serve, at least 1
 *
 * Says that the daemon has started.
 */
void
disp_switchboard_set_serving (DispSwitchboard *self, guint n_workers)
{
  atomic_store (&self->n_workers, n_workers);
  disp_switchboard_touch (self);
}

/**
 * disp_switchboard_get_n_workers:
 * @self: the switchboard
 *
 * Returns: how many workers serve
 */
guint
disp_switchboard_get_n_workers (DispSwitchboard *self)
{
  return atomic_load (&self->n_workers);
}

/**
 * disp_switchboard_set_draining:
 * @self: the switchboard
 *
 * Says that the daemon is stopping.  There is no way back.
 */
void
disp_switchboard_set_draining (DispSwitchboard *self)
{
  atomic_store (&self->draining, TRUE);
  disp_switchboard_touch (self);
}

static void
set_problem (DispSwitchboard *self, char **place, const char *problem)
{
  g_autofree char *old = NULL;
  char *copy = g_strdup (problem);

  lock (self);
  old = *place;
  *place = copy;
  unlock (self);
  if (g_strcmp0 (old, problem) != 0)
    disp_switchboard_touch (self);
}

/**
 * disp_switchboard_set_fleet_problem:
 * @self: the switchboard
 * @problem: (nullable): what is wrong with the source of the fleet; %NULL = nothing
 */
void
disp_switchboard_set_fleet_problem (DispSwitchboard *self, const char *problem)
{
  set_problem (self, &self->fleet_problem, problem);
}

/**
 * disp_switchboard_set_reload_problem:
 * @self: the switchboard
 * @problem: (nullable): why the last reload changed nothing; %NULL = it was done
 *
 * That is no reason to be degraded: what was in force before goes on.
 */
void
disp_switchboard_set_reload_problem (DispSwitchboard *self, const char *problem)
{
  set_problem (self, &self->reload_problem, problem);
}

/**
 * disp_switchboard_dup_reload_problem:
 * @self: the switchboard
 *
 * Returns: (transfer full) (nullable): why the last reload changed nothing; %NULL = it was done, or
 *   there was none; any thread
 */
char *
disp_switchboard_dup_reload_problem (DispSwitchboard *self)
{
  char *problem;

  lock (self);
  problem = g_strdup (self->reload_problem);
  unlock (self);
  return problem;
}

/**
 * disp_switchboard_get_status:
 * @self: the switchboard
 * @problem: (out) (transfer full) (nullable) (optional): what is wrong, when the status is degraded
 *
 * Returns: how the daemon is
 */
DispStatus
disp_switchboard_get_status (DispSwitchboard *self, char **problem)
{
  g_autofree char *found = NULL;

  if (atomic_load (&self->draining))
    return DISP_STATUS_DRAINING;
  if (atomic_load (&self->n_workers) == 0)
    return DISP_STATUS_STARTING;
  lock (self);
  found = self->fleet_problem != NULL ? g_strdup (self->fleet_problem)
          : self->routing == NULL     ? g_strdup ("no fleet is known yet")
                                      : NULL;
  unlock (self);
  if (found == NULL)
    found = disp_record_sink_dup_problem (self->sink);
  if (found == NULL)
    return DISP_STATUS_RUNNING;
  if (problem != NULL)
    *problem = g_steal_pointer (&found);
  return DISP_STATUS_DEGRADED;
}
