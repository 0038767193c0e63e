/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/metrics-document.h"

#include "core/record.h"

static void
add (DispMetrics *metrics, const char *model, gint64 version, DispRecordState state, gint64 time)
{
  g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_PREDICT, 0);
  g_autoptr (DispRecord) record = NULL;

  request->model = g_strdup (model);
  request->version = (DispVersion){ .kind = DISP_VERSION_NUMBER, .number = version };
  record = disp_record_new (request, G_USEC_PER_SEC, -1);
  record->state = state;
  record->ts_out = G_USEC_PER_SEC + time;
  disp_metrics_add (metrics, record);
}

static void
assert_written (const DispMetrics *metrics, const char *expected)
{
  g_auto (DispJsonWriter) writer = { 0 };
  g_autofree char *text = NULL;

  disp_json_writer_init (&writer);
  disp_metrics_document_write (&writer, metrics);
  text = disp_json_writer_steal (&writer);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_write (void)
{
  g_autoptr (DispMetrics) metrics = disp_metrics_new ();

  assert_written (metrics, "[]");
  add (metrics, "half", 1, DISP_RECORD_COMPLETED, 250000);
  add (metrics, "a \"quoted\" one", 0, DISP_RECORD_CREATED, 0);
  assert_written (
      metrics, "[{\"model\":\"half\",\"version\":1,\"metrics\":{\"completed\":1,\"waiting\":0,"
               "\"avg\":0.25,\"dev\":null,\"min\":0.25,\"max\":0.25}},"
               "{\"model\":\"a \\\"quoted\\\" one\",\"version\":null,\"metrics\":{\"completed\":0,"
               "\"waiting\":1,\"avg\":null,\"dev\":null,\"min\":null,\"max\":null}}]");
  add (metrics, "half", 1, DISP_RECORD_COMPLETED, 750000);
  add (metrics, "half", 1, DISP_RECORD_ERROR, 100);
  assert_written (
      metrics, "[{\"model\":\"half\",\"version\":1,\"metrics\":{\"completed\":2,\"waiting\":1,"
               "\"avg\":0.5,\"dev\":0.125,\"min\":0.25,\"max\":0.75}},"
               "{\"model\":\"a \\\"quoted\\\" one\",\"version\":null,\"metrics\":{\"completed\":0,"
               "\"waiting\":1,\"avg\":null,\"dev\":null,\"min\":null,\"max\":null}}]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/metrics-document/write", test_write);
  return g_test_run ();
}
