/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/status-line.h"

static void
test_lines (void)
{
  static const struct
  {
    DispStatusValues values;
    const char *line;
  } rows[] = {
    { { DISP_STATUS_RUNNING, NULL, NULL, "round-robin", 4, 3, 1204, 7, 0 },
      "3/4 containers, round-robin, 1,204 req/s, 0 records queued" },
    { { DISP_STATUS_RUNNING, NULL, NULL, "random", 0, 0, 999, 0, 1 },
      "0/0 containers, random, 999 req/s, 1 record queued" },
    { { DISP_STATUS_RUNNING, NULL, NULL, "random", 1000, 1000, 1000000, 0, 12345 },
      "1,000/1,000 containers, random, 1,000,000 req/s, 12,345 records queued" },
    { { DISP_STATUS_STARTING, NULL, NULL, "random", 1, 1, 100, 0, 10 },
      "1/1 containers, random, 100 req/s, 10 records queued" },
    { { DISP_STATUS_RUNNING, NULL, NULL, "random", 1, 1, G_MAXUINT64, 0, 0 },
      "1/1 containers, random, 18,446,744,073,709,551,615 req/s, 0 records queued" },
    { { DISP_STATUS_DEGRADED, "the disk is full", NULL, "random", 2, 1, 5, 0, 30 },
      "degraded: the disk is full; 1/2 containers, random, 5 req/s, 30 records queued" },
    { { DISP_STATUS_RUNNING, NULL, "a.conf: no", "random", 2, 2, 5, 0, 30 },
      "reload failed: a.conf: no; 2/2 containers, random, 5 req/s, 30 records queued" },
    { { DISP_STATUS_DEGRADED, "ill", "bad", "random", 2, 2, 5, 0, 30 },
      "reload failed: bad; degraded: ill; 2/2 containers, random, 5 req/s, 30 records queued" },
    { { DISP_STATUS_DRAINING, NULL, "bad", "random", 2, 2, 5, 3, 120 },
      "draining: 3 requests in flight, 120 records queued" },
    { { DISP_STATUS_DRAINING, NULL, NULL, "random", 2, 2, 5, 1, 1 },
      "draining: 1 request in flight, 1 record queued" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *line = disp_status_line (&rows[i].values);

      g_assert_cmpstr (line, ==, rows[i].line);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/control/status-line/lines", test_lines);
  return g_test_run ();
}
