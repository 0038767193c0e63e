/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/bus-link.h"

#include "control/private-bus.h"
#include "engine/rig.h"
#include "support/fake-clock.h"

#include <string.h>

#define NAME "org.example.Link1"
/* No wait between two tries is longer, in microseconds. */
#define LONGEST_WAIT (10 * G_TIME_SPAN_SECOND)
#define N_TRIES 20

typedef struct
{
  PrivateBus bus;
  DispClock *clock;  /* (owned) */
  DispBusLink *link; /* (owned) */
  guint n_joined;
  guint n_left;
  guint n_tried;
} Fixture;

static void
on_joined (DispBusLink *link, GDBusConnection *connection, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (disp_bus_link_get_connection (link) == connection);
  g_assert_false (g_dbus_connection_get_exit_on_close (connection));
  fixture->n_joined++;
}

static void
on_left (DispBusLink *link, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_null (disp_bus_link_get_connection (link));
  fixture->n_left++;
}

static void
on_tried (G_GNUC_UNUSED DispBusLink *link, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_tried++;
}

static DispBusLink *
make_link (Fixture *fixture)
{
  DispBusLink *link = disp_bus_link_new (fixture->bus.address, NAME, fixture->clock);

  g_signal_connect (link, "joined", G_CALLBACK (on_joined), fixture);
  g_signal_connect (link, "left", G_CALLBACK (on_left), fixture);
  g_signal_connect (link, "tried", G_CALLBACK (on_tried), fixture);
  return link;
}

/* Waits for the end of what it has begun. */
static void
end_link (DispBusLink *link)
{
  disp_bus_link_stop (link);
  spin_until (G_OBJECT (link)->ref_count == 1);
  g_assert_finalize_object (link);
}

static void
use_clock (Fixture *fixture, DispClock *clock)
{
  g_assert_finalize_object (fixture->link);
  g_assert_finalize_object (fixture->clock);
  fixture->clock = clock;
  fixture->link = make_link (fixture);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  private_bus_init (&fixture->bus);
  fixture->clock = disp_system_clock_new ();
  fixture->link = make_link (fixture);
  g_free (rig_take_log ());
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  end_link (fixture->link);
  g_assert_finalize_object (fixture->clock);
  private_bus_clear (&fixture->bus);
}

/* Waits for a line of the log, and returns what was logged until then. */
static char *
wait_for_log (const char *words)
{
  GString *log = g_string_new (NULL);

  for (;;)
    {
      g_autofree char *more = rig_take_log ();

      g_string_append (log, more);
      if (strstr (log->str, words) != NULL)
        return g_string_free (log, FALSE);
      g_main_context_iteration (NULL, TRUE);
    }
}

static void
assert_owner (Fixture *fixture, DispBusLink *link)
{
  GDBusConnection *client = private_bus_join (&fixture->bus);
  g_autofree char *owner = bus_dup_owner (client, NAME);

  g_assert_cmpstr (owner, ==,
                   link != NULL
                       ? g_dbus_connection_get_unique_name (disp_bus_link_get_connection (link))
                       : NULL);
  private_bus_leave (client);
}

static void
test_join (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *log = NULL;

  g_assert_null (disp_bus_link_get_connection (fixture->link));
  disp_bus_link_start (fixture->link);
  g_assert_cmpuint (fixture->n_joined + fixture->n_tried, ==, 0);
  spin_until (fixture->n_tried == 1);
  log = rig_take_log ();
  g_assert_cmpstr (log, ==, "message: on the message bus as " NAME "\n");
  g_assert_cmpuint (fixture->n_joined, ==, 1);
  assert_owner (fixture, fixture->link);

  disp_bus_link_stop (fixture->link);
  g_assert_cmpuint (fixture->n_left, ==, 1);
  disp_bus_link_stop (fixture->link);
  g_assert_cmpuint (fixture->n_left, ==, 1);
}

static void
on_name_free (G_GNUC_UNUSED GDBusConnection *connection, G_GNUC_UNUSED const char *name,
              gpointer is_free)
{
  *(gboolean *) is_free = TRUE;
}

/* The name is free when the bus has seen the end of the connection. */
static void
test_stop_frees_name (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  GDBusConnection *client = private_bus_join (&fixture->bus);
  gboolean is_free = FALSE;
  guint watch;

  disp_bus_link_start (fixture->link);
  g_free (wait_for_log ("on the message bus as"));
  watch = g_bus_watch_name_on_connection (client, NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                          on_name_free, &is_free, NULL);
  disp_bus_link_stop (fixture->link);
  spin_until (is_free);
  assert_owner (fixture, NULL);
  g_bus_unwatch_name (watch);
  private_bus_leave (client);
}

/* It is joined when it comes, whoever waited how long, and said once not to be there. */
static void
test_no_bus (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  FakeClock *clock = fake_clock_new ();
  g_autofree char *log = NULL;
  g_autofree char *later = NULL;

  private_bus_kill (&fixture->bus);
  use_clock (fixture, DISP_CLOCK (clock));
  disp_bus_link_start (fixture->link);
  log = wait_for_log ("there is no message bus");
  g_assert_true (g_str_has_prefix (log, "message: there is no message bus ("));
  for (guint i = 0; i < N_TRIES; i++)
    {
      g_assert_cmpuint (fake_clock_count_timers (clock), ==, 1);
      g_assert_cmpuint (fixture->n_tried, ==, 1 + i);
      fake_clock_advance (clock, LONGEST_WAIT);
      g_assert_cmpuint (fake_clock_count_timers (clock), ==, 0);
      spin_until (fake_clock_count_timers (clock) == 1);
    }
  g_assert_cmpuint (fixture->n_joined, ==, 0);
  private_bus_start (&fixture->bus);
  fake_clock_advance (clock, LONGEST_WAIT);
  later = wait_for_log ("on the message bus as");
  g_assert_cmpstr (later, ==, "message: on the message bus as " NAME "\n");
  g_assert_cmpuint (fixture->n_joined, ==, 1);
  g_assert_cmpuint (fixture->n_left, ==, 0);
}

static void
test_rejoin (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  disp_bus_link_start (fixture->link);
  g_free (wait_for_log ("on the message bus as"));
  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *away = NULL;
      g_autofree char *back = NULL;

      private_bus_kill (&fixture->bus);
      away = wait_for_log ("has gone");
      g_assert_true (g_str_has_prefix (away, "warning: the message bus has gone ("));
      g_assert_cmpuint (fixture->n_left, ==, i);
      private_bus_start (&fixture->bus);
      back = wait_for_log ("on the message bus as");
      g_assert_cmpstr (back, ==, "message: on the message bus as " NAME "\n");
      g_assert_cmpuint (fixture->n_joined, ==, 1 + i);
      assert_owner (fixture, fixture->link);
    }
}

static void
test_queue (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispBusLink *second = make_link (fixture);
  g_autofree char *waits = NULL;
  g_autofree char *has = NULL;

  disp_bus_link_start (fixture->link);
  g_free (wait_for_log ("on the message bus as"));
  disp_bus_link_start (second);
  waits = wait_for_log ("another dispatcherd");
  g_assert_cmpstr (waits, ==,
                   "warning: another dispatcherd has the name " NAME
                   " on the message bus; serving without it until it is free\n");
  assert_owner (fixture, fixture->link);
  disp_bus_link_stop (fixture->link);
  has = wait_for_log ("on the message bus as");
  g_assert_cmpstr (has, ==, "message: on the message bus as " NAME "\n");
  assert_owner (fixture, second);
  end_link (second);
}

/* Whatever it waits for, it can be stopped, and then does nothing more. */
static void
test_stop_early (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  disp_bus_link_start (fixture->link);
  end_link (fixture->link);
  g_assert_cmpuint (fixture->n_joined, ==, 0);

  private_bus_kill (&fixture->bus);
  fixture->link = make_link (fixture);
  disp_bus_link_start (fixture->link);
  g_free (wait_for_log ("there is no message bus"));
  disp_bus_link_stop (fixture->link);
  g_assert_cmpuint (fixture->n_left, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  g_test_add ("/control/bus-link/join", Fixture, NULL, set_up, test_join, tear_down);
  g_test_add ("/control/bus-link/stop-frees-name", Fixture, NULL, set_up, test_stop_frees_name,
              tear_down);
  g_test_add ("/control/bus-link/no-bus", Fixture, NULL, set_up, test_no_bus, tear_down);
  g_test_add ("/control/bus-link/rejoin", Fixture, NULL, set_up, test_rejoin, tear_down);
  g_test_add ("/control/bus-link/queue", Fixture, NULL, set_up, test_queue, tear_down);
  g_test_add ("/control/bus-link/stop-early", Fixture, NULL, set_up, test_stop_early, tear_down);
  return g_test_run ();
}
