/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/status-feed.h"

#include "control/status-line.h"

/* How often the line is looked at, in microseconds. */
#define INTERVAL G_USEC_PER_SEC
/* How much time is asked for at once while the daemon stops, in microseconds: some looks may come
 * late. */
#define EXTENSION (5 * G_USEC_PER_SEC)

struct _DispStatusFeed
{
  DispNotify *notify;           /* (unowned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispClock *clock;             /* (owned) */
  GSource *timer;               /* (owned) */
  char *line;                   /* (owned) what was told last */
  guint64 n_started;            /* requests at the last look */
  gint64 looked_at;             /* when that was */
  gint64 deadline;              /* while it stops: until when that may take; else 0 */
};

/* A server that the fleet lists more than once, which shares its counters, counts once. */
static void
count_containers (DispSwitchboard *switchboard, DispStatusValues *values)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (switchboard);
  g_autoptr (GHashTable) all = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) eligible = g_hash_table_new (NULL, NULL);
  DispContainer *const *containers;
  guint n_containers;

  if (routing == NULL)
    return;
  containers = disp_fleet_get_containers (disp_routing_get_fleet (routing), &n_containers);
  for (guint i = 0; i < n_containers; i++)
    {
      g_hash_table_add (all, containers[i]->stats);
      if (disp_container_is_eligible (containers[i]))
        g_hash_table_add (eligible, containers[i]->stats);
    }
  values->n_containers = g_hash_table_size (all);
  values->n_eligible = g_hash_table_size (eligible);
}

/* Of the time since the last look, if there was any. */
static guint64
take_rate (DispStatusFeed *self, guint64 n_started)
{
  gint64 now = disp_clock_now (self->clock);
  gint64 elapsed = now - self->looked_at;
  guint64 n_new = n_started - self->n_started;

  self->n_started = n_started;
  self->looked_at = now;
  return elapsed > 0 ? (n_new * G_USEC_PER_SEC + (guint64) elapsed / 2) / (guint64) elapsed : 0;
}

static char *
make_line (DispStatusFeed *self)
{
  g_autofree char *problem = NULL;
  g_autofree char *reload_problem = disp_switchboard_dup_reload_problem (self->switchboard);
  DispStatusValues values = { 0 };
  DispStatsValues totals;
  DispRecordSinkValues records;

  disp_stats_read (disp_switchboard_get_totals (self->switchboard), &totals);
  disp_record_sink_read (disp_switchboard_get_sink (self->switchboard), &records);
  values.status = disp_switchboard_get_status (self->switchboard, &problem);
  values.problem = problem;
  values.reload_problem = reload_problem;
  values.policy = disp_switchboard_get_policy_name (self->switchboard);
  count_containers (self->switchboard, &values);
  values.rate = take_rate (self, totals.started);
  values.n_in_flight = (guint64) MAX (totals.in_flight, 0);
  values.n_records = records.queued + records.spooled;
  return disp_status_line (&values);
}

static void
replace_line (DispStatusFeed *self)
{
  g_free (self->line);
  self->line = make_line (self);
}

static void
extend (DispStatusFeed *self)
{
  gint64 left = self->deadline - disp_clock_now (self->clock);

  if (left > 0)
    disp_notify_extend (self->notify, MIN (left, EXTENSION));
}

static gboolean on_look (gpointer user_data);

static void
plan_look (DispStatusFeed *self)
{
  disp_clock_clear_timer (&self->timer);
  self->timer = disp_clock_add_timer (self->clock, disp_clock_now (self->clock) + INTERVAL,
                                      "status", on_look, self);
}

static gboolean
on_look (gpointer user_data)
{
  DispStatusFeed *self = user_data;
  g_autofree char *line = make_line (self);

  plan_look (self);
  if (!g_str_equal (line, self->line))
    {
      disp_notify_status (self->notify, line);
      g_free (self->line);
      self->line = g_steal_pointer (&line);
    }
  if (self->deadline > 0)
    extend (self);
  return G_SOURCE_REMOVE;
}

/**
 * disp_status_feed_new:
 * @notify: the way to the supervisor, which outlives the feed
 * @switchboard: knows how the daemon is
 *
 * Says that the daemon is ready, and from then on how it is: when that changes, at most once in a
 * second.  The rate is that of the last second.  All on the thread-default context of the caller.
 *
 * Returns: (transfer full): the feed
 */
DispStatusFeed *
disp_status_feed_new (DispNotify *notify, DispSwitchboard *switchboard)
{
  DispStatusFeed *self = g_new0 (DispStatusFeed, 1);

  self->notify = notify;
  self->switchboard = g_object_ref (switchboard);
  self->clock = g_object_ref (disp_switchboard_get_clock (switchboard));
  self->looked_at = disp_clock_now (self->clock);
  replace_line (self);
  disp_notify_ready (notify, self->line);
  plan_look (self);
  return self;
}

/**
 * disp_status_feed_free:
 * @self: (transfer full): a feed
 */
void
disp_status_feed_free (DispStatusFeed *self)
{
  disp_clock_clear_timer (&self->timer);
  g_object_unref (self->clock);
  g_object_unref (self->switchboard);
  g_free (self->line);
  g_free (self);
}

/**
 * disp_status_feed_begin_reload:
 * @self: a feed
 *
 * Says that a reload has begun.
 */
void
disp_status_feed_begin_reload (DispStatusFeed *self)
{
  disp_notify_reloading (self->notify, disp_clock_now (self->clock));
}

/**
 * disp_status_feed_end_reload:
 * @self: a feed
 *
 * Says that the reload is over, and why it failed if it did; that is said until one succeeds.
 */
void
disp_status_feed_end_reload (DispStatusFeed *self)
{
  replace_line (self);
  disp_notify_ready (self->notify, self->line);
  plan_look (self);
}

/**
 * disp_status_feed_stop:
 * @self: a feed
 * @patience: how long the stop may take in all, in microseconds
 *
 * Says that the daemon stops, and asks for the time that it needs, as long as it needs it.
 */
void
disp_status_feed_stop (DispStatusFeed *self, gint64 patience)
{
  self->deadline = disp_clock_now (self->clock) + patience;
  replace_line (self);
  disp_notify_stopping (self->notify, self->line);
  extend (self);
  plan_look (self);
}
