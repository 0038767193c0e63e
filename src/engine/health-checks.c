/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/health-checks.h"

#include "engine/check-line.h"

/* How many checks may be under way at once.  Those that hang must not hold up all others. */
#define MAX_AT_ONCE 32
/* How much time there is from the beginning of one check to that of the next, at least, in
 * microseconds: however large the fleet is, checks take but a part of one core. */
#define START_GAP (2 * 1000)
/* How long a check may take at most, in microseconds. */
#define MAX_TIME (2 * G_USEC_PER_SEC)
/* How often what is out, or fails, is checked, in microseconds. */
#define AILING_INTERVAL G_USEC_PER_SEC
/* The same where no container of the model is left. */
#define LAST_INTERVAL (250 * 1000)
/* No two looks for those that fail follow each other faster, in microseconds. */
#define LOOK_INTERVAL (250 * 1000)

/*
 * Which model at which container is checked when.  All that may be checked stand in one line, in
 * the order in which they are due, and one timer rings for the first of them.  No interval is quite
 * like another, so that those who begin together do not stay so.
 */
struct _DispHealthChecks
{
  DispSwitchboard *switchboard; /* (owned) */
  DispClock *clock;             /* (owned) */
  DispTransport *transport;     /* (owned) */
  GRand *random;                /* (owned) */
  DispRouting *routing;         /* (owned) (nullable) what was looked at last */
  DispEngineSettings *settings; /* (owned) (nullable) likewise */
  GHashTable *subjects; /* (owned) (element-type DispStanding DispCheckSubject, owned) by model */
  GHashTable *servers;  /* (owned) (element-type DispStanding DispCheckServer, owned) as a whole */
  GSequence *line;      /* (owned) (element-type DispCheckSubject) by when they are due */
  guint n_running;
  guint round;       /* counts the looks at fleets */
  gint64 next_start; /* when the next check may begin */
  gint64 next_look;  /* when to look for those that fail; 0 = not before the next news */
  gint64 last_look;
  GSource *timer; /* (owned) (nullable) */
};

static void plan (DispHealthChecks *self);

static gint64
vary (DispHealthChecks *self, gint64 interval)
{
  return (gint64) ((double) interval * g_rand_double_range (self->random, 0.9, 1.2));
}

/* Whether checks have left nothing of a route. */
static gboolean
is_deserted (DispHealthChecks *self, const DispRoute *route)
{
  for (guint i = 0; i < route->n_eligible; i++)
    {
      const DispCheckSubject *subject = g_hash_table_lookup (self->subjects, route->standings[i]);

      if (subject == NULL || subject->out == DISP_CHECK_NOT_OUT)
        return FALSE;
    }
  return TRUE;
}

static gint64
choose_interval (DispHealthChecks *self, const DispCheckSubject *subject, gint64 now)
{
  const gint64 interval = self->settings->health_interval;

  if (subject->out != DISP_CHECK_NOT_OUT && is_deserted (self, subject->route))
    return vary (self, MIN (interval, LAST_INTERVAL));
  return vary (self, disp_check_subject_is_ailing (subject, now) ? MIN (interval, AILING_INTERVAL)
                                                                 : interval);
}

/* The others were to be checked later than from now on. */
static void
hurry_deserted (DispHealthChecks *self, const DispRoute *route, gint64 now)
{
  const gint64 interval = MIN (self->settings->health_interval, LAST_INTERVAL);

  for (guint i = 0; i < route->n_eligible; i++)
    disp_check_line_hurry (self->line, g_hash_table_lookup (self->subjects, route->standings[i]),
                           now + vary (self, interval));
}

/* Requests that wait may have a place where the model is served again, and must not wait for one if
 * it is served nowhere. */
static void
tell_change (DispHealthChecks *self, const DispCheckSubject *subject, gint64 now)
{
  DispWaitingRoom *room = disp_switchboard_get_waiting_room (self->switchboard);
  const DispWaitTerms terms = disp_engine_settings_get_wait_terms (self->settings);

  disp_switchboard_touch (self->switchboard);
  if (subject->out == DISP_CHECK_NOT_OUT)
    disp_waiting_room_offer_all (room, &terms, now);
  else if (is_deserted (self, subject->route))
    {
      hurry_deserted (self, subject->route, now);
      disp_waiting_room_recall (room);
    }
}

/* One model has shown that nobody is there, so nobody is for the others; or that somebody is again,
 * whom they are to ask at once. */
static void
tell_others (DispHealthChecks *self, const DispCheckServer *server, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->subjects);
  while (server->n_subjects > 1 && g_hash_table_iter_next (&iter, NULL, &value))
    {
      DispCheckSubject *subject = value;

      if (subject->server != server)
        continue;
      if (server->is_lost && disp_check_subject_lose (subject, now))
        tell_change (self, subject, now);
      disp_check_line_hurry (self->line, subject,
                             server->is_lost ? now + choose_interval (self, subject, now) : now);
    }
}

/* Checking. */

static void
on_ended (DispFinding finding, const char *reason, gpointer user_data)
{
  DispCheckSubject *subject = user_data;
  DispHealthChecks *self = subject->owner;
  const gint64 now = disp_clock_now (self->clock);
  const gint64 began = subject->due;
  const gboolean was_lost = subject->server->is_lost;

  subject->check = NULL;
  self->n_running--;
  if (disp_check_subject_learn (subject, finding, reason, now))
    tell_change (self, subject, now);
  if (subject->server->is_lost != was_lost)
    tell_others (self, subject->server, now);
  disp_check_line_enter (self->line, subject,
                         MAX (began + choose_interval (self, subject, now), now));
  plan (self);
}

static void
start (DispHealthChecks *self, DispCheckSubject *subject, gint64 now)
{
  const DispCheckQuestion question = disp_check_subject_begin (subject);

  disp_check_line_leave (subject);
  subject->due = now;
  self->n_running++;
  subject->check = disp_check_start (self->transport, self->clock, subject->container, &question,
                                     MIN (self->settings->health_interval, MAX_TIME), on_ended,
                                     subject);
}

/* Looks for those that have begun to fail, and lets them be checked soon. */
static void
look (DispHealthChecks *self, gint64 now)
{
  GHashTableIter iter;
  gpointer subject;

  self->last_look = now;
  self->next_look = 0;
  g_hash_table_iter_init (&iter, self->subjects);
  while (g_hash_table_iter_next (&iter, NULL, &subject))
    if (disp_check_subject_is_ailing (subject, now))
      disp_check_line_hurry (self->line, subject, now + choose_interval (self, subject, now));
}

static gboolean
on_timer (gpointer user_data)
{
  DispHealthChecks *self = user_data;
  const gint64 now = disp_clock_now (self->clock);
  DispCheckSubject *first;

  disp_clock_clear_timer (&self->timer);
  if (self->next_look != 0 && self->next_look <= now)
    look (self, now);
  first = disp_check_line_peek (self->line);
  if (first != NULL && first->due <= now && self->n_running < MAX_AT_ONCE
      && self->next_start <= now)
    {
      self->next_start = now + START_GAP;
      start (self, first, now);
    }
  plan (self);
  return G_SOURCE_REMOVE;
}

/* Has the timer ring when there is something to do next. */
static void
plan (DispHealthChecks *self)
{
  const DispCheckSubject *first = disp_check_line_peek (self->line);
  gint64 next = G_MAXINT64;

  if (first != NULL && self->n_running < MAX_AT_ONCE)
    next = MAX (first->due, self->next_start);
  if (self->next_look != 0)
    next = MIN (next, self->next_look);
  disp_clock_clear_timer (&self->timer);
  if (next != G_MAXINT64)
    self->timer = disp_clock_add_timer (self->clock, next, "health checks", on_timer, self);
}

/* Following the fleet. */

static void
see (DispHealthChecks *self, const DispRoute *route, guint index)
{
  DispContainer *container = route->eligible[index];
  DispStanding *standing = route->standings[index];
  DispCheckSubject *subject = g_hash_table_lookup (self->subjects, standing);

  if (subject == NULL)
    {
      subject = disp_check_subject_new (container, standing, self->servers);
      subject->owner = self;
      g_hash_table_insert (self->subjects, standing, subject);
    }
  if (subject->round != self->round)
    {
      subject->round = self->round;
      disp_check_subject_set_route (subject, container, route);
    }
  else
    g_array_append_val (subject->versions, route->version);
}

static void
see_all (DispHealthChecks *self)
{
  guint n_routes;
  const DispRoute *const *routes;

  if (self->routing == NULL || self->settings->health_interval == 0)
    return;
  routes = disp_fleet_get_routes (disp_routing_get_fleet (self->routing), &n_routes);
  for (guint i = 0; i < n_routes; i++)
    for (guint j = 0; !routes[i]->any_version && j < routes[i]->n_eligible; j++)
      see (self, routes[i], j);
}

static void
give_up (DispHealthChecks *self, DispCheckSubject *subject)
{
  if (subject->check == NULL)
    return;
  disp_check_abandon (g_steal_pointer (&subject->check));
  self->n_running--;
}

static void
forget (DispHealthChecks *self, DispCheckSubject *subject, gint64 now)
{
  disp_check_line_leave (subject);
  give_up (self, subject);
  if (disp_check_subject_forget (subject, now))
    tell_change (self, subject, now);
  disp_check_subject_free (subject, self->servers);
}

/* One that is new, or is to be asked for something else, is checked at once. */
static void
update (DispHealthChecks *self, DispCheckSubject *subject, gboolean settings_changed, gint64 now)
{
  if (disp_check_subject_set_path (subject, self->settings))
    {
      give_up (self, subject);
      disp_check_line_enter (self->line, subject, now);
    }
  else if (settings_changed)
    disp_check_line_hurry (self->line, subject, now + choose_interval (self, subject, now));
}

static void
follow (DispHealthChecks *self, DispRouting *routing, DispEngineSettings *settings)
{
  const gint64 now = disp_clock_now (self->clock);
  const gboolean settings_changed = settings != self->settings;
  DispRouting *old_routing = self->routing;
  DispEngineSettings *old_settings = self->settings;
  GHashTableIter iter;
  gpointer value;

  self->routing = routing != NULL ? disp_routing_ref (routing) : NULL;
  self->settings = disp_engine_settings_ref (settings);
  self->round++;
  see_all (self);
  g_hash_table_iter_init (&iter, self->subjects);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((const DispCheckSubject *) value)->round != self->round)
      {
        g_hash_table_iter_steal (&iter);
        forget (self, value, now);
      }
  g_hash_table_iter_init (&iter, self->subjects);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    update (self, value, settings_changed, now);
  g_clear_pointer (&old_routing, disp_routing_unref);
  g_clear_pointer (&old_settings, disp_engine_settings_unref);
}

static gboolean
on_news (gpointer user_data)
{
  DispHealthChecks *self = user_data;
  const gint64 now = disp_clock_now (self->clock);
  g_autoptr (DispRouting) routing = NULL;
  g_autoptr (DispEngineSettings) settings = NULL;

  disp_switchboard_enter (self->switchboard, &routing, &settings);
  if (routing != self->routing || settings != self->settings)
    follow (self, routing, settings);
  if (g_hash_table_size (self->subjects) == 0)
    self->next_look = 0;
  else if (self->next_look == 0)
    self->next_look = MAX (self->last_look + LOOK_INTERVAL, now);
  plan (self);
  return G_SOURCE_CONTINUE;
}

/**
 * disp_health_checks_new:
 * @switchboard: what is in force; hears what the checks find
 * @transport: (transfer full): how to reach containers; best one that keeps no connections, as a
 *   server that takes one at a time would wait for them
 * @random: (transfer full): a generator
 *
 * Checks, from now on, each model of the fleet at each of its containers that may be used, as often
 * as the settings of the engine say, and follows the fleet and those settings.  What is out, or
 * fails, is checked each second; what is out where no other container of its model is left, four
 * times a second.  Beside what it does with a standing there is nothing that others see: checks are
 * no requests, take no place, and leave no record.
 *
 * Returns: (transfer full): what checks
 */
DispHealthChecks *
disp_health_checks_new (DispSwitchboard *switchboard, DispTransport *transport, GRand *random)
{
  DispHealthChecks *self = g_new0 (DispHealthChecks, 1);

  self->switchboard = g_object_ref (switchboard);
  self->clock = g_object_ref (disp_switchboard_get_clock (switchboard));
  self->transport = transport;
  self->random = random;
  self->subjects = g_hash_table_new (NULL, NULL);
  self->servers = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->line = g_sequence_new (NULL);
  disp_switchboard_watch (switchboard, on_news, self);
  on_news (self);
  return self;
}

/**
 * disp_health_checks_free:
 * @self: (transfer full): what checks
 *
 * Gives up what is under way.  What was found stays as it is.
 */
void
disp_health_checks_free (DispHealthChecks *self)
{
  GHashTableIter iter;
  gpointer value;

  disp_switchboard_unwatch (self->switchboard, self);
  disp_clock_clear_timer (&self->timer);
  g_hash_table_iter_init (&iter, self->subjects);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      DispCheckSubject *subject = value;

      if (subject->check != NULL)
        disp_check_abandon (subject->check);
      disp_check_subject_free (subject, self->servers);
    }
  g_hash_table_unref (self->subjects);
  g_hash_table_unref (self->servers);
  g_sequence_free (self->line);
  g_clear_pointer (&self->routing, disp_routing_unref);
  g_clear_pointer (&self->settings, disp_engine_settings_unref);
  g_rand_free (self->random);
  g_object_unref (self->transport);
  g_object_unref (self->clock);
  g_object_unref (self->switchboard);
  g_free (self);
}
