/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/source-log.h"

#include <string.h>

/* A test in which nothing happens for so long has failed. */
#define GUARD_SECONDS 30

/* The signals of one source in the order in which they came, each to be taken by the test. */
struct _SourceLog
{
  DispSource *source; /* (owned) */
  gulong fleet_id;
  gulong failed_id;
  GQueue signals; /* (element-type Signal, owned) */
};

typedef struct
{
  DispFleet *fleet; /* (owned) (nullable) of "fleet" */
  GError *error;    /* (owned) (nullable) of "failed" */
} Signal;

static void
signal_free (gpointer data)
{
  Signal *self = data;

  g_clear_pointer (&self->fleet, disp_fleet_unref);
  g_clear_error (&self->error);
  g_free (self);
}

static void
log_fleet (G_GNUC_UNUSED DispSource *source, gpointer fleet, gpointer user_data)
{
  SourceLog *self = user_data;
  Signal *signal = g_new0 (Signal, 1);

  signal->fleet = disp_fleet_ref (fleet);
  g_queue_push_tail (&self->signals, signal);
}

static void
log_failed (G_GNUC_UNUSED DispSource *source, const GError *error, gpointer user_data)
{
  SourceLog *self = user_data;
  Signal *signal = g_new0 (Signal, 1);

  signal->error = g_error_copy (error);
  g_queue_push_tail (&self->signals, signal);
}

/**
 * source_log_new:
 * @source: a source
 *
 * Returns: (transfer full): a log of the signals of @source from now on
 */
SourceLog *
source_log_new (DispSource *source)
{
  SourceLog *self = g_new0 (SourceLog, 1);

  g_queue_init (&self->signals);
  self->source = g_object_ref (source);
  self->fleet_id = g_signal_connect (source, "fleet", G_CALLBACK (log_fleet), self);
  self->failed_id = g_signal_connect (source, "failed", G_CALLBACK (log_failed), self);
  return self;
}

/**
 * source_log_free:
 * @self: (transfer full): a log
 *
 * A failure that the test did not take is a failure of the test.
 */
void
source_log_free (SourceLog *self)
{
  for (GList *link = self->signals.head; link != NULL; link = link->next)
    g_assert_no_error (((Signal *) link->data)->error);
  g_queue_clear_full (&self->signals, signal_free);
  g_signal_handler_disconnect (self->source, self->fleet_id);
  g_signal_handler_disconnect (self->source, self->failed_id);
  g_object_unref (self->source);
  g_free (self);
}

/**
 * source_log_count:
 * @self: a log
 *
 * Returns: how many signals came that were not taken
 */
guint
source_log_count (SourceLog *self)
{
  return self->signals.length;
}

static Signal *
take (SourceLog *self)
{
  while (self->signals.length == 0)
    wait_for_event ();
  return g_queue_pop_head (&self->signals);
}

/**
 * source_log_take_fleet:
 * @self: a log
 *
 * Waits for the next signal, which has to be "fleet".
 *
 * Returns: (transfer full): the fleet
 */
DispFleet *
source_log_take_fleet (SourceLog *self)
{
  Signal *signal = take (self);
  DispFleet *fleet = g_steal_pointer (&signal->fleet);

  g_assert_no_error (signal->error);
  signal_free (signal);
  return fleet;
}

/**
 * source_log_wait_containers:
 * @self: a log
 * @n_containers: how many containers the fleet will have
 *
 * Takes fleets until one has so many containers; no failure may come meanwhile.
 *
 * Returns: (transfer full): that fleet
 */
DispFleet *
source_log_wait_containers (SourceLog *self, guint n_containers)
{
  DispFleet *fleet = source_log_take_fleet (self);

  while (count_containers (fleet) != n_containers)
    {
      disp_fleet_unref (fleet);
      fleet = source_log_take_fleet (self);
    }
  return fleet;
}

/**
 * source_log_take_failed:
 * @self: a log
 *
 * Waits for the next signal, which has to be "failed".
 *
 * Returns: (transfer full): the error
 */
GError *
source_log_take_failed (SourceLog *self)
{
  Signal *signal = take (self);
  GError *error = g_steal_pointer (&signal->error);

  g_assert_nonnull (error);
  signal_free (signal);
  return error;
}

static gboolean
guard_rang (G_GNUC_UNUSED gpointer user_data)
{
  g_error ("nothing happened for %d seconds", GUARD_SECONDS);
  return G_SOURCE_REMOVE;
}

/**
 * wait_for_event:
 *
 * Runs the main context once; it is an error if it has nothing to do for too long.
 */
void
wait_for_event (void)
{
  guint guard = g_timeout_add_seconds (GUARD_SECONDS, guard_rang, NULL);

  g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

/**
 * count_containers:
 * @fleet: a fleet
 *
 * Returns: how many containers it has
 */
guint
count_containers (DispFleet *fleet)
{
  guint n_containers;

  disp_fleet_get_containers (fleet, &n_containers);
  return n_containers;
}

/**
 * assert_contains:
 * @text: a text
 * @part: what it has to contain
 */
void
assert_contains (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    {
      g_test_message ("expected \"%s\" in \"%s\"", part, text);
      g_assert_cmpstr (text, ==, part);
    }
}
