/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/envelope-reader.h"

#include "core/error.h"

#define N_BODIES 50
#define RIGHT "{\"model\":\"half\",\"version\":%u,\"instances\":[1]}"

/* A reader, and what it has read. */
typedef struct
{
  DispEnvelopeReader *reader; /* (owned) (nullable) */
  GThread *thread;            /* (unowned) that of the test */
  GPtrArray *results;         /* (owned) (element-type GAsyncResult, owned) in order */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->reader = disp_envelope_reader_new ();
  fixture->thread = g_thread_self ();
  fixture->results = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_ptr_array_unref (fixture->results);
  g_clear_pointer (&fixture->reader, disp_envelope_reader_free);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_null (source);
  g_assert_true (g_thread_self () == fixture->thread);
  g_ptr_array_add (fixture->results, g_object_ref (result));
}

static void
read_text (Fixture *fixture, char *text, GCancellable *cancellable)
{
  g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));
  guint n_results = fixture->results->len;

  disp_envelope_reader_read_async (fixture->reader, body, DISP_ENVELOPE_ROUTED, cancellable,
                                   on_read, fixture);
  g_assert_cmpuint (fixture->results->len, ==, n_results);
}

static void
wait_for_results (Fixture *fixture, guint n)
{
  while (fixture->results->len < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_read (Fixture *fixture, guint i, guint version)
{
  g_auto (DispEnvelope) envelope = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_envelope_reader_read_finish (g_ptr_array_index (fixture->results, i),
                                                   &envelope, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (envelope.model, ==, "half");
  g_assert_cmpuint (envelope.version.number, ==, version);
  g_assert_cmpuint (envelope.instances.length, ==, 3);
}

static void
assert_failed (Fixture *fixture, guint i, GQuark domain, int code)
{
  DispEnvelope envelope = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_envelope_reader_read_finish (g_ptr_array_index (fixture->results, i),
                                                    &envelope, &error));
  g_assert_error (error, domain, code);
  g_assert_null (envelope.model);
}

static void
test_in_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < N_BODIES; i++)
    read_text (fixture, g_strdup_printf (RIGHT, i + 1), NULL);
  wait_for_results (fixture, N_BODIES);
  for (guint i = 0; i < N_BODIES; i++)
    assert_read (fixture, i, i + 1);
}

static void
test_wrong (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  read_text (fixture, g_strdup ("{\"model\":\"half\",\"instances\":[1}"), NULL);
  read_text (fixture, g_strdup ("{\"instances\":[1]}"), NULL);
  read_text (fixture, g_strdup_printf (RIGHT, 1u), NULL);
  wait_for_results (fixture, 3);
  assert_failed (fixture, 0, DISP_ERROR, DISP_ERROR_INVALID_JSON);
  assert_failed (fixture, 1, DISP_ERROR, DISP_ERROR_MISSING_KEY);
  assert_read (fixture, 2, 1);
}

static void
test_cancelled (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  read_text (fixture, g_strdup_printf (RIGHT, 1u), cancellable);
  read_text (fixture, g_strdup_printf (RIGHT, 2u), NULL);
  wait_for_results (fixture, 2);
  assert_failed (fixture, 0, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_read (fixture, 1, 2);
}

/* A body is kept until it is read, whoever else lets go of it; and given back then. */
static void
test_keeps_body (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gsize length = 8 * 1024 * 1024;
  GString *text = g_string_sized_new (length + 64);

  g_string_append (text, "{\"model\":\"half\",\"version\":7,\"instances\":[1],\"more\":[0");
  while (text->len < length)
    g_string_append (text, ",[1,[2]]");
  g_string_append (text, "]}");
  read_text (fixture, g_string_free (text, FALSE), NULL);
  wait_for_results (fixture, 1);
  assert_read (fixture, 0, 7);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/front/envelope-reader/in-order", test_in_order },
    { "/front/envelope-reader/wrong", test_wrong },
    { "/front/envelope-reader/cancelled", test_cancelled },
    { "/front/envelope-reader/keeps-body", test_keeps_body },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
