/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/file-watch.h"

#include "sources/source-log.h"
#include "support/fake-clock.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define SETTLE_TIME (G_USEC_PER_SEC / 10)

typedef struct
{
  char *directory;      /* (owned) */
  char *path;           /* (owned) of a file that exists */
  FakeClock *clock;     /* (owned) */
  DispFileWatch *watch; /* (owned) (nullable) */
  guint n_settled;
} Fixture;

static void
count_settled (gpointer user_data)
{
  ((Fixture *) user_data)->n_settled++;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->directory = g_dir_make_tmp ("dispatcherd-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->directory, "fleet.yaml", NULL);
  g_file_set_contents (fixture->path, "one", -1, &error);
  g_assert_no_error (error);
  fixture->clock = fake_clock_new ();
  fixture->watch = disp_file_watch_new (fixture->path, DISP_CLOCK (fixture->clock), count_settled,
                                        fixture);
  disp_file_watch_update (fixture->watch, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_clear_pointer (&fixture->watch, disp_file_watch_free);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->path);
  g_free (fixture->directory);
}

static void
wait_for_timer (Fixture *fixture)
{
  while (fake_clock_count_timers (fixture->clock) == 0)
    wait_for_event ();
}

static void
test_settles (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  wait_for_timer (fixture);
  fake_clock_advance (fixture->clock, SETTLE_TIME - 1);
  g_assert_cmpuint (fixture->n_settled, ==, 0);
  fake_clock_advance (fixture->clock, 1);
  g_assert_cmpuint (fixture->n_settled, ==, 1);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

/* A file that is being written is left alone until it is closed. */
static void
test_waits_for_writer (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  int fd = g_open (fixture->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
  gint64 begun;

  g_assert_cmpint (fd, >=, 0);
  wait_for_timer (fixture);
  fake_clock_advance (fixture->clock, 10 * SETTLE_TIME);
  g_assert_cmpint (write (fd, "tw", 2), ==, 2);
  wait_for_event ();
  fake_clock_advance (fixture->clock, 10 * SETTLE_TIME);
  g_assert_cmpuint (fixture->n_settled, ==, 0);

  g_assert_cmpint (write (fd, "o", 1), ==, 1);
  close (fd);
  begun = disp_clock_now (DISP_CLOCK (fixture->clock));
  while (fixture->n_settled == 0)
    {
      wait_for_event ();
      fake_clock_advance (fixture->clock, SETTLE_TIME);
    }
  g_assert_cmpint (disp_clock_now (DISP_CLOCK (fixture->clock)) - begun, <=, 10 * SETTLE_TIME);
}

static void
test_silent_when_freed (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  wait_for_timer (fixture);
  g_clear_pointer (&fixture->watch, disp_file_watch_free);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  fake_clock_advance (fixture->clock, G_USEC_PER_SEC);
  g_assert_cmpuint (fixture->n_settled, ==, 0);
}

/* A change of a neighbour is told by nobody: what comes is what came after it. */
static void
test_ignores_neighbours (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *neighbour = g_build_filename (fixture->directory, "fleet.yaml~", NULL);
  g_autoptr (DispFileWatch) other = disp_file_watch_new (neighbour, DISP_CLOCK (fixture->clock),
                                                         count_settled, fixture);
  g_autoptr (GError) error = NULL;

  disp_file_watch_update (other, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_mkdir (neighbour, 0700), ==, 0);
  g_assert_cmpint (g_rmdir (neighbour), ==, 0);
  wait_for_timer (fixture);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
  while (fixture->n_settled == 0)
    {
      fake_clock_advance (fixture->clock, SETTLE_TIME);
      if (fixture->n_settled == 0)
        wait_for_event ();
    }
  g_assert_cmpuint (fixture->n_settled, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/sources/file-watch/settles", Fixture, NULL, set_up, test_settles, tear_down);
  g_test_add ("/sources/file-watch/waits-for-the-writer", Fixture, NULL, set_up,
              test_waits_for_writer, tear_down);
  g_test_add ("/sources/file-watch/silent-when-freed", Fixture, NULL, set_up,
              test_silent_when_freed, tear_down);
  g_test_add ("/sources/file-watch/ignores-neighbours", Fixture, NULL, set_up,
              test_ignores_neighbours, tear_down);
  return g_test_run ();
}
