/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/request.h"
#include "support/fixtures.h"

#include <string.h>

/* In microseconds since the epoch, as all times here. */
#define NOW G_GINT64_CONSTANT (1566830435109377)
/* The last that 48 bits of milliseconds can tell, in the year 10889. */
#define LATEST ((G_GINT64_CONSTANT (1) << 48) * 1000 - 1)

/* What an id tells of its time, in milliseconds. */
static gint64
read_time (const char *id)
{
  g_autofree char *digits = g_strdup_printf ("%.8s%.4s", id, id + 9);
  char *end;
  guint64 milliseconds = g_ascii_strtoull (digits, &end, 16);

  g_assert_cmpint (*end, ==, '\0');
  return (gint64) milliseconds;
}

/* Ids of one moment are UUIDs of version 7 and of the variant of RFC 9562, and no two are equal. */
static void
test_id (void)
{
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 10000; i++)
    {
      g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_PREDICT, NOW);

      g_assert_cmpuint (strlen (request->id), ==, DISP_ID_SIZE - 1);
      g_assert_true (g_uuid_string_is_valid (request->id));
      g_assert_cmpint (request->id[14], ==, '7');
      g_assert_nonnull (strchr ("89ab", request->id[19]));
      g_assert_true (g_hash_table_add (ids, g_strdup (request->id)));
    }
}

/* The time can be read back; the example is that of RFC 9562, appendix A.6. */
static void
test_id_time (void)
{
  static const gint64 times[] = { 0, 999, 1000, NOW, 65535999, 65536000, LATEST };
  g_autoptr (DispRequest) example = disp_request_new (DISP_VERB_PREDICT,
                                                      G_GINT64_CONSTANT (0x017f22e279b0) * 1000);

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_PREDICT, times[i]);

      g_assert_true (g_uuid_string_is_valid (request->id));
      g_assert_cmpint (read_time (request->id), ==, times[i] / 1000);
    }
  g_assert_true (g_str_has_prefix (example->id, "017f22e2-79b0-7"));
}

/* Text sorts as time does, from one millisecond to the next, whatever the bits at random are. */
static void
test_id_order (void)
{
  g_autofree char *last = g_strdup ("");

  for (gint64 now = NOW; now < NOW + 1000 * G_TIME_SPAN_SECOND; now += G_TIME_SPAN_MILLISECOND)
    {
      g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_PREDICT, now);

      g_assert_cmpstr (request->id, >, last);
      g_free (last);
      last = g_strdup (request->id);
    }
}

static void
test_new (void)
{
  g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_METADATA, 0);

  g_assert_cmpint (request->verb, ==, DISP_VERB_METADATA);
  g_assert_null (request->request_id);
  g_assert_null (request->model);
  g_assert_null (request->body);
  g_assert_cmpuint (request->n_slices, ==, 0);
  g_assert_cmpint (request->version.kind, ==, DISP_VERSION_LATEST);
}

static void
test_verbs (void)
{
  static const struct
  {
    DispVerb verb;
    const char *name;
    gboolean is_prediction;
  } verbs[] = {
    { DISP_VERB_PREDICT, "predict", TRUE },    { DISP_VERB_CLASSIFY, "classify", TRUE },
    { DISP_VERB_REGRESS, "regress", TRUE },    { DISP_VERB_STATUS, "status", FALSE },
    { DISP_VERB_METADATA, "metadata", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      g_autoptr (DispRequest) request = disp_request_new (verbs[i].verb, 0);

      g_assert_cmpstr (disp_verb_to_string (verbs[i].verb), ==, verbs[i].name);
      g_assert_cmpint (disp_request_is_prediction (request), ==, verbs[i].is_prediction);
    }
}

static void
test_request_id (void)
{
  static const struct
  {
    const char *text;
    gboolean is_sane;
  } ids[] = {
    { "a", TRUE },
    { "7f2c1a1e-83a5-4f3b-9d5e-0a8f3f3f9b11", TRUE },
    { "!#$%&'*+-.^_`|~\"(),/:;<=>?@[\\]{}", TRUE },
    { NULL, FALSE },
    { "", FALSE },
    { " ", FALSE },
    { "a b", FALSE },
    { " a", FALSE },
    { "a ", FALSE },
    { "a\tb", FALSE },
    { "a\r\nSet-Cookie: b", FALSE },
    { "a\nb", FALSE },
    { "a\x7f", FALSE },
    { "a\x1b[31m", FALSE },
    { "caff\xc3\xa8", FALSE },
    { "a\x80", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_PREDICT, 0);

      g_test_message ("id %u", i);
      disp_request_set_request_id (request, ids[i].text);
      g_assert_cmpstr (request->request_id, ==, ids[i].is_sane ? ids[i].text : NULL);
      g_assert_cmpint (disp_request_id_is_sane (ids[i].text), ==, ids[i].is_sane);
    }
}

static void
test_request_id_length (void)
{
  g_autofree char *longest = g_strnfill (DISP_MAX_REQUEST_ID, 'x');
  g_autofree char *too_long = g_strnfill (DISP_MAX_REQUEST_ID + 1, 'x');
  g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_PREDICT, 0);

  disp_request_set_request_id (request, too_long);
  g_assert_null (request->request_id);
  disp_request_set_request_id (request, longest);
  g_assert_cmpstr (request->request_id, ==, longest);
  /* What is not sane is ignored. */
  disp_request_set_request_id (request, too_long);
  g_assert_cmpstr (request->request_id, ==, longest);
  disp_request_set_request_id (request, "another");
  g_assert_cmpstr (request->request_id, ==, "another");
}

static void
read_and_release (G_GNUC_UNUSED guint number, gpointer user_data)
{
  DispRequest *request = user_data;

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (DispRequest) reference = disp_request_ref (request);

      g_assert_cmpstr (reference->model, ==, "m");
      g_assert_cmpuint (reference->version.number, ==, 2);
    }
  disp_request_unref (request);
}

/* Whichever thread comes last frees it, with all that it owns: a sanitizer tells if none does, or
 * one too early. */
static void
test_references (void)
{
  for (guint i = 0; i < 20; i++)
    {
      DispRequest *request = fixture_request ("m", 2, "[1.0]");

      request->version.label = g_strdup ("stable");
      request->content_encoding = g_strdup ("identity");
      disp_request_set_request_id (request, "r");
      for (guint j = 1; j < 8; j++)
        disp_request_ref (request);
      fixture_run_threads (8, read_and_release, request);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/request/id", test_id);
  g_test_add_func ("/core/request/id-time", test_id_time);
  g_test_add_func ("/core/request/id-order", test_id_order);
  g_test_add_func ("/core/request/new", test_new);
  g_test_add_func ("/core/request/verbs", test_verbs);
  g_test_add_func ("/core/request/request-id", test_request_id);
  g_test_add_func ("/core/request/request-id-length", test_request_id_length);
  g_test_add_func ("/core/request/references", test_references);
  return g_test_run ();
}
