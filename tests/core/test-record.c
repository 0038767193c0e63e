/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/record.h"
#include "support/fixtures.h"

#include <string.h>

#define TS_IN G_GINT64_CONSTANT (1566830435109377)

/* Whether @bytes stands inside the memory of @body. */
static gboolean
lies_in (GBytes *bytes, GBytes *body)
{
  gsize size;
  gsize body_size;
  const char *data = g_bytes_get_data (bytes, &size);
  const char *body_data = g_bytes_get_data (body, &body_size);

  return data >= body_data && data + size <= body_data + body_size;
}

static void
assert_text (GBytes *bytes, const char *text)
{
  g_assert_nonnull (bytes);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, strlen (text));
}

static void
test_new (void)
{
  g_autoptr (DispRequest) request = fixture_request ("half_plus_two", 3, "[1.0, NaN]");
  g_autoptr (DispRecord) record = NULL;

  disp_request_set_request_id (request, "of-the-client");
  record = disp_record_new (request, TS_IN, -1);
  g_assert_cmpstr (record->id, ==, request->id);
  g_assert_cmpstr (record->request_id, ==, "of-the-client");
  g_assert_cmpstr (record->model, ==, "half_plus_two");
  g_assert_cmpint (record->version, ==, 3);
  assert_text (record->instances.bytes, "[1.0, NaN]");
  g_assert_cmpuint (record->instances.length, ==, strlen ("[1.0, NaN]"));
  g_assert_null (record->response.bytes);
  g_assert_cmpuint (record->response.length, ==, 0);
  g_assert_null (record->container);
  g_assert_cmpint (record->ts_in, ==, TS_IN);
  g_assert_cmpint (record->ts_wait, ==, 0);
  g_assert_cmpint (record->ts_out, ==, 0);
  g_assert_cmpint (record->state, ==, DISP_RECORD_CREATED);
  g_assert_cmpuint (record->status, ==, 0);
}

/* The numbers are those of the Requests Store. */
static void
test_states (void)
{
  g_assert_cmpint (DISP_RECORD_CREATED, ==, 0);
  g_assert_cmpint (DISP_RECORD_WAITING, ==, 1);
  g_assert_cmpint (DISP_RECORD_COMPLETED, ==, 2);
  g_assert_cmpint (DISP_RECORD_ERROR, ==, 3);
}

static void
test_version (void)
{
  g_autoptr (DispRequest) latest = fixture_request ("m", 0, "[1.0]");
  g_autoptr (DispRequest) label = fixture_request ("m", 5, "[1.0]");
  g_autoptr (DispRecord) of_latest = disp_record_new (latest, TS_IN, -1);
  g_autoptr (DispRecord) of_label = NULL;

  label->version.kind = DISP_VERSION_LABEL;
  label->version.label = g_strdup ("stable");
  of_label = disp_record_new (label, TS_IN, -1);
  g_assert_cmpint (of_latest->version, ==, 0);
  g_assert_cmpint (of_label->version, ==, 0);
}

static void
test_limit_instances (void)
{
  static const struct
  {
    gssize limit;
    gboolean is_kept;
  } limits[] = { { -1, TRUE }, { 0, FALSE }, { 1, FALSE },        { 4, FALSE },
                 { 5, TRUE },  { 6, TRUE },  { G_MAXSSIZE, TRUE } };
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1.0]");

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_autoptr (DispRecord) record = disp_record_new (request, TS_IN, limits[i].limit);

      g_test_message ("limit %" G_GSSIZE_FORMAT, limits[i].limit);
      g_assert_cmpuint (record->instances.length, ==, 5);
      if (limits[i].is_kept)
        assert_text (record->instances.bytes, "[1.0]");
      else
        g_assert_null (record->instances.bytes);
    }
}

/* A limit that rises between the look at the body and the record makes no instances of the body. */
static void
test_skipped_instances (void)
{
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1.0]");
  g_autoptr (DispRecord) record = NULL;

  request->skip_instances = TRUE;
  record = disp_record_new (request, TS_IN, -1);
  g_assert_null (record->instances.bytes);
  g_assert_cmpuint (record->instances.length, ==, 5);
}

static void
test_no_instances (void)
{
  g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_CLASSIFY, 0);
  g_autoptr (DispRecord) record = NULL;

  request->model = g_strdup ("m");
  record = disp_record_new (request, TS_IN, -1);
  g_assert_null (record->instances.bytes);
  g_assert_cmpuint (record->instances.length, ==, 0);
}

/* A request whose body has @length bytes of instances and @other bytes of something else. */
static DispRequest *
request_of_size (gsize length, gsize other)
{
  DispRequest *request = disp_request_new (DISP_VERB_PREDICT, 0);
  char *body = g_strnfill (length + other, ' ');

  memset (body + other, '7', length);
  request->model = g_strdup ("m");
  request->body = g_bytes_new_take (body, length + other);
  request->instances = (DispSlice){ other, length };
  return request;
}

/* A range of the body is kept, never a second copy of something big; but a few bytes do not keep a
 * body that is mostly something else. */
static void
test_copies (void)
{
  static const struct
  {
    gsize length;
    gsize other;
    gboolean is_range;
  } sizes[] = {
    { 10, 40, TRUE },
    { 10, 4096, TRUE },
    { 10, 4097, FALSE },
    { 10, 1 << 20, FALSE },
    { 10000, 10000, TRUE },
    { 10000, 10001, FALSE },
    { 1 << 20, 4097, TRUE },
    { 1 << 20, 1 << 20, TRUE },
    { (1 << 20) - 1, 1 << 20, FALSE },
    { 10 << 20, 1 << 20, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (DispRequest) request = request_of_size (sizes[i].length, sizes[i].other);
      g_autoptr (DispRecord) record = disp_record_new (request, TS_IN, -1);
      gsize size;
      const char *data = g_bytes_get_data (record->instances.bytes, &size);

      g_test_message ("%" G_GSIZE_FORMAT " of instances, %" G_GSIZE_FORMAT " of other",
                      sizes[i].length, sizes[i].other);
      g_assert_cmpint (lies_in (record->instances.bytes, request->body), ==, sizes[i].is_range);
      g_assert_cmpuint (size, ==, sizes[i].length);
      g_assert_cmpint (data[0], ==, '7');
      g_assert_cmpint (data[size - 1], ==, '7');
    }
}

/* The record outlives the request. */
static void
test_outlives (void)
{
  DispRequest *request = fixture_request ("m", 1, "[1.0]");
  g_autoptr (DispRecord) record = disp_record_new (request, TS_IN, -1);
  g_autofree char *id = g_strdup (request->id);

  disp_request_unref (request);
  g_assert_cmpstr (record->id, ==, id);
  g_assert_cmpstr (record->model, ==, "m");
  assert_text (record->instances.bytes, "[1.0]");
}

static void
test_response (void)
{
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1.0]");
  g_autoptr (DispRecord) record = disp_record_new (request, TS_IN, -1);
  g_autoptr (GBytes) body = g_bytes_new_static ("12345", 5);
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);

  disp_record_set_response (record, body, 4);
  g_assert_null (record->response.bytes);
  g_assert_cmpuint (record->response.length, ==, 5);
  disp_record_set_response (record, body, 5);
  g_assert_true (record->response.bytes == body);
  disp_record_set_response (record, body, 0);
  g_assert_null (record->response.bytes);
  g_assert_cmpuint (record->response.length, ==, 5);
  disp_record_set_response (record, body, -1);
  g_assert_true (record->response.bytes == body);
  disp_record_set_response (record, empty, -1);
  g_assert_true (record->response.bytes == empty);
  g_assert_cmpuint (record->response.length, ==, 0);
  disp_record_set_response (record, NULL, -1);
  g_assert_null (record->response.bytes);
  g_assert_cmpuint (record->response.length, ==, 0);
}

static void
read_and_release (G_GNUC_UNUSED guint number, gpointer user_data)
{
  DispRecord *record = user_data;

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (DispRecord) reference = disp_record_ref (record);

      assert_text (reference->instances.bytes, "[1.0]");
      g_assert_cmpstr (reference->container->name, ==, "c");
    }
  disp_record_unref (record);
}

/* Whichever thread comes last frees it, with all that it owns: a sanitizer tells if none does, or
 * one too early. */
static void
test_references (void)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (DispRequest) request = fixture_request ("m", 1, "[1.0]");
      DispRecord *record = disp_record_new (request, TS_IN, -1);
      g_autoptr (GBytes) body = g_bytes_new ("12345", 5);

      record->container = fixture_container ("c", "m", 1, DISP_DEVICE_CPU, 1);
      disp_record_set_response (record, body, -1);
      for (guint j = 1; j < 8; j++)
        disp_record_ref (record);
      fixture_run_threads (8, read_and_release, record);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/record/new", test_new);
  g_test_add_func ("/core/record/states", test_states);
  g_test_add_func ("/core/record/version", test_version);
  g_test_add_func ("/core/record/limit-instances", test_limit_instances);
  g_test_add_func ("/core/record/skipped-instances", test_skipped_instances);
  g_test_add_func ("/core/record/no-instances", test_no_instances);
  g_test_add_func ("/core/record/copies", test_copies);
  g_test_add_func ("/core/record/outlives", test_outlives);
  g_test_add_func ("/core/record/response", test_response);
  g_test_add_func ("/core/record/references", test_references);
  return g_test_run ();
}
