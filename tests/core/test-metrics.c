/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/metrics.h"

#include "core/record.h"
#include "support/fixtures.h"

/* 2019-08-26, in microseconds: response times are differences of numbers as large as this. */
#define EPOCH G_GINT64_CONSTANT (1566830435109377)

static void
add (DispMetrics *metrics, const char *model, gint64 version, DispRecordState state, gint64 time)
{
  g_autoptr (DispRequest) request = fixture_request (model, version, "[1]");
  g_autoptr (DispRecord) record = disp_record_new (request, EPOCH, -1);

  record->state = state;
  record->ts_out = time >= 0 ? EPOCH + time : 0;
  disp_metrics_add (metrics, record);
}

static void
assert_near (double value, double expected)
{
  g_assert_cmpfloat_with_epsilon (value, expected, 1e-12);
}

static void
test_spread (void)
{
  static const double values[] = { 0.4, 0.1, 0.4, 0.5, 0.1, 0.6 };
  DispSpread spread = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    disp_spread_add (&spread, values[i]);
  g_assert_cmpuint (spread.n, ==, 6);
  assert_near (spread.mean, 0.35);
  assert_near (spread.min, 0.1);
  assert_near (spread.max, 0.6);
  assert_near (disp_spread_get_variance (&spread), 0.043);
}

static void
test_spread_of_few (void)
{
  DispSpread spread = { 0 };

  disp_spread_add (&spread, -3);
  assert_near (spread.mean, -3);
  assert_near (spread.min, -3);
  assert_near (spread.max, -3);
  disp_spread_add (&spread, -3);
  assert_near (disp_spread_get_variance (&spread), 0);
  disp_spread_add (&spread, 6);
  assert_near (spread.mean, 0);
  assert_near (disp_spread_get_variance (&spread), 27);
}

/* The plain sum of squares would leave nothing of a variance of 1 beside a mean of 1e9. */
static void
test_spread_far_from_zero (void)
{
  DispSpread spread = { 0 };

  for (guint i = 0; i < 999999; i++)
    disp_spread_add (&spread, 1e9 + (double) (i % 3) - 1);
  g_assert_cmpfloat_with_epsilon (spread.mean, 1e9, 1e-4);
  g_assert_cmpfloat_with_epsilon (disp_spread_get_variance (&spread), 2.0 / 3, 1e-4);
}

static void
test_models (void)
{
  g_autoptr (DispMetrics) metrics = disp_metrics_new ();
  const DispModelMetrics *const *models;
  guint n_models;

  disp_metrics_get_models (metrics, &n_models);
  g_assert_cmpuint (n_models, ==, 0);
  add (metrics, "b", 2, DISP_RECORD_CREATED, -1);
  add (metrics, "a", 1, DISP_RECORD_COMPLETED, 250000);
  add (metrics, "b", 1, DISP_RECORD_ERROR, 1000000);
  add (metrics, "b", 2, DISP_RECORD_WAITING, -1);
  add (metrics, "b", 0, DISP_RECORD_COMPLETED, -1);
  add (metrics, "a", 1, DISP_RECORD_COMPLETED, 750000);
  add (metrics, "a", 1, DISP_RECORD_COMPLETED, -1);
  models = disp_metrics_get_models (metrics, &n_models);
  g_assert_cmpuint (n_models, ==, 4);

  g_assert_cmpstr (models[0]->model, ==, "b");
  g_assert_cmpint (models[0]->version, ==, 2);
  g_assert_cmpuint (models[0]->n_completed, ==, 0);
  g_assert_cmpuint (models[0]->n_waiting, ==, 2);
  g_assert_cmpuint (models[0]->times.n, ==, 0);

  g_assert_cmpstr (models[1]->model, ==, "a");
  g_assert_cmpint (models[1]->version, ==, 1);
  g_assert_cmpuint (models[1]->n_completed, ==, 3);
  g_assert_cmpuint (models[1]->n_waiting, ==, 0);
  g_assert_cmpuint (models[1]->times.n, ==, 2);
  assert_near (models[1]->times.mean, 0.5);
  assert_near (disp_spread_get_variance (&models[1]->times), 0.125);

  /* An error is not completed, and how long it took counts for nothing. */
  g_assert_cmpint (models[2]->version, ==, 1);
  g_assert_cmpuint (models[2]->n_completed, ==, 0);
  g_assert_cmpuint (models[2]->n_waiting, ==, 1);
  g_assert_cmpuint (models[2]->times.n, ==, 0);

  g_assert_cmpint (models[3]->version, ==, 0);
  g_assert_cmpuint (models[3]->n_completed, ==, 1);
  g_assert_cmpuint (models[3]->times.n, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/metrics/spread", test_spread);
  g_test_add_func ("/core/metrics/spread/few", test_spread_of_few);
  g_test_add_func ("/core/metrics/spread/far-from-zero", test_spread_far_from_zero);
  g_test_add_func ("/core/metrics/models", test_models);
  return g_test_run ();
}
