/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/statistics.h"

/* Statistics of one container, after so many requests, whose latencies are the text of an a(tt). */
static DispStatistics *
make (guint64 seconds, guint64 requests, const char *latencies)
{
  g_autofree char *text = g_strdup_printf (
      "{'time': <@t %" G_GUINT64_FORMAT ">, 'uptime': <@t %" G_GUINT64_FORMAT
      ">, 'requests': <@t %" G_GUINT64_FORMAT ">, 'in-flight': <@u 3>, 'latencies': <@a(tt) %s>, "
      "'containers': <[{'path': <objectpath '/b'>, 'container': <'gpu-10'>}, "
      "{'path': <objectpath '/a'>, 'container': <'gpu-9'>, 'requests': <@t 5>, 'quota': <2.5>, "
      "'capacity': <@u 4>, "
      "'eligible': <true>}]>}",
      seconds * G_USEC_PER_SEC, seconds * G_USEC_PER_SEC, requests, latencies);
  g_autoptr (GVariant) document = g_variant_ref_sink (g_variant_new_parsed (text));

  return disp_statistics_parse (document);
}

static void
test_parse (void)
{
  g_autoptr (DispStatistics) statistics = make (1, 7, "[]");
  const DispCounters *first = statistics->containers->pdata[0];

  g_assert_cmpuint (statistics->all.requests, ==, 7);
  g_assert_cmpuint (statistics->all.in_flight, ==, 3);
  g_assert_cmpuint (statistics->containers->len, ==, 2);
  /* As people count: 9 before 10. */
  g_assert_cmpstr (first->container, ==, "gpu-9");
  g_assert_cmpfloat (first->quota, ==, 2.5);
  g_assert_cmpuint (first->capacity, ==, 4);
  g_assert_true (first->eligible);
  g_assert_true (disp_statistics_find (statistics, "/a") == first);
  g_assert_null (disp_statistics_find (statistics, "/c"));
  g_assert_null (disp_statistics_find (NULL, "/a"));
}

static void
test_twins (void)
{
  g_autoptr (GVariant) document = g_variant_ref_sink (g_variant_new_parsed (
      "{'containers': <["
      "{'path': <objectpath '/a'>, 'container': <'gpu'>, 'endpoint': <'http://h:10'>},"
      "{'path': <objectpath '/b'>, 'container': <'gpu'>, 'endpoint': <'http://h:9'>},"
      "{'path': <objectpath '/c'>, 'container': <'gpu'>, 'endpoint': <''>},"
      "{'path': <objectpath '/d'>, 'container': <'cpu'>, 'endpoint': <'http://h:8'>}]>}"));
  g_autoptr (DispStatistics) statistics = disp_statistics_parse (document);
  const char *const names[] = { "cpu", "gpu", "gpu@h:9", "gpu@h:10" };

  g_assert_cmpuint (statistics->containers->len, ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (((const DispCounters *) statistics->containers->pdata[i])->container, ==,
                     names[i]);
  g_assert_cmpstr (disp_statistics_find (statistics, "/b")->container, ==, "gpu@h:9");
}

static void
test_percentiles (void)
{
  g_autoptr (DispStatistics) none = make (1, 0, "[]");
  g_autoptr (DispStatistics) some = make (2, 100, "[(100, 50), (200, 49), (900, 1)]");
  g_autoptr (DispStatistics) more = make (3, 110, "[(100, 50), (200, 59), (900, 1)]");

  g_assert_cmpuint (disp_counters_percentile (&none->all, NULL, 0.5), ==, 0);
  g_assert_cmpuint (disp_counters_percentile (&some->all, NULL, 0.5), ==, 100);
  g_assert_cmpuint (disp_counters_percentile (&some->all, NULL, 0.51), ==, 200);
  g_assert_cmpuint (disp_counters_percentile (&some->all, NULL, 0.99), ==, 200);
  g_assert_cmpuint (disp_counters_percentile (&some->all, NULL, 1), ==, 900);
  /* Only what came since counts. */
  g_assert_cmpuint (disp_counters_percentile (&more->all, &some->all, 0.01), ==, 200);
  g_assert_cmpuint (disp_counters_percentile (&more->all, &some->all, 1), ==, 200);
  g_assert_cmpuint (disp_counters_percentile (&more->all, &more->all, 0.5), ==, 0);
  g_assert_cmpuint (disp_counters_percentile (&some->all, &none->all, 1), ==, 900);
}

static void
test_rates (void)
{
  g_autoptr (DispStatistics) before = make (1, 100, "[]");
  g_autoptr (DispStatistics) now = make (3, 150, "[]");

  g_assert_cmpfloat (disp_counters_rate (&now->all, &before->all, (guint64) 2 * G_USEC_PER_SEC), ==,
                     25);
  g_assert_cmpfloat (disp_counters_rate (&now->all, NULL, 1), <, 0);
  g_assert_cmpfloat (disp_counters_rate (&before->all, &now->all, 1), <, 0);
  g_assert_cmpfloat (disp_counters_rate (&now->all, &before->all, 0), <, 0);
}

static void
test_restart (void)
{
  g_autoptr (DispStatistics) first = make (5, 100, "[]");
  g_autoptr (DispStatistics) later = make (6, 100, "[]");
  g_autoptr (DispStatistics) fewer = make (7, 3, "[]");

  g_assert_true (disp_statistics_follows (later, first));
  g_assert_false (disp_statistics_follows (first, later));
  g_assert_false (disp_statistics_follows (fewer, later));
  g_assert_false (disp_statistics_follows (first, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/statistics/parse", test_parse);
  g_test_add_func ("/client/statistics/twins", test_twins);
  g_test_add_func ("/client/statistics/percentiles", test_percentiles);
  g_test_add_func ("/client/statistics/rates", test_rates);
  g_test_add_func ("/client/statistics/restart", test_restart);
  return g_test_run ();
}
