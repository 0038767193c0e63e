/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/outage.h"

#include "core/error.h"
#include "records/log-fixture.h"
#include "support/fake-clock.h"
#include "support/watcher.h"

/* Who watches hears when it begins and when it is over, after it can be asked for; and no more. */
static void
test_news (void)
{
  g_autoptr (FakeClock) clock = fake_clock_new ();
  g_autoptr (GError) error = g_error_new (DISP_ERROR, DISP_ERROR_STORE, "the disk is full");
  g_autofree char *problem = NULL;
  DispOutage *outage;
  Watcher watcher;

  log_news_forget ();
  watcher_init (&watcher, NULL);
  outage = disp_outage_new (DISP_CLOCK (clock), watcher.notice, "a file");
  disp_outage_note (outage, NULL);
  g_assert_cmpuint (watcher_take (&watcher), ==, 0);
  g_assert_null (disp_outage_dup_problem (outage));
  disp_outage_note (outage, error);
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);
  problem = disp_outage_dup_problem (outage);
  g_assert_cmpstr (problem, ==, "the disk is full");
  disp_outage_note (outage, error);
  g_assert_cmpuint (watcher_take (&watcher), ==, 0);
  fake_clock_advance (clock, 1500 * 1000);
  disp_outage_note (outage, NULL);
  g_assert_cmpuint (watcher_take (&watcher), ==, 1);
  g_assert_null (disp_outage_dup_problem (outage));
  g_assert_cmpuint (log_news_count (), ==, 2);
  log_news_check (0, "warning records cannot be stored, they wait*: the disk is full");
  log_news_check (1, "message records are stored again in a file, after 1.5 s");
  disp_outage_free (outage);
  watcher_clear (&watcher);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();
  g_test_add_func ("/records/outage/news", test_news);
  return g_test_run ();
}
