/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/predict-envelope.h"

#include "core/error.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* A copy that ends where the text ends, so that reading on is seen. */
static gboolean
scan (const char *text, gsize length, DispEnvelopeKind kind, DispEnvelope *envelope, GError **error)
{
  g_autofree char *copy = g_malloc (MAX (length, 1));

  memcpy (copy, text, length);
  return disp_envelope_scan (copy, length, kind, envelope, error);
}

static char *
join_slices (const char *text, const DispEnvelope *envelope)
{
  g_autoptr (GString) joined = g_string_new (NULL);

  g_assert_cmpuint (envelope->n_slices, <=, DISP_MAX_SLICES);
  for (guint i = 0; i < envelope->n_slices; i++)
    g_string_append_len (joined, text + envelope->slices[i].offset,
                         (gssize) envelope->slices[i].length);
  return g_string_free (g_steal_pointer (&joined), FALSE);
}

static void
assert_slice (const char *text, const DispSlice *slice, const char *expected)
{
  g_autofree char *value = g_strndup (text + slice->offset, slice->length);

  g_assert_cmpstr (value, ==, expected);
}

typedef struct
{
  const char *body;
  const char *model;
  gint64 version; /* -1 = latest */
  const char *instances;
  const char *forwarded;
} RoutedRow;

static const RoutedRow routed[] = {
  /* every place that the members can have */
  { "{\"model\":\"m\",\"instances\":[1]}", "m", -1, "[1]", "{\"instances\":[1]}" },
  { "{\"instances\":[1],\"model\":\"m\"}", "m", -1, "[1]", "{\"instances\":[1]}" },
  { "{\"model\":\"m\",\"version\":2,\"instances\":[1]}", "m", 2, "[1]", "{\"instances\":[1]}" },
  { "{\"version\":2,\"model\":\"m\",\"instances\":[1]}", "m", 2, "[1]", "{\"instances\":[1]}" },
  { "{\"model\":\"m\",\"instances\":[1],\"version\":2}", "m", 2, "[1]", "{\"instances\":[1]}" },
  { "{\"instances\":[1],\"model\":\"m\",\"version\":2}", "m", 2, "[1]", "{\"instances\":[1]}" },
  { "{\"a\":1,\"model\":\"m\",\"instances\":[1]}", "m", -1, "[1]", "{\"a\":1,\"instances\":[1]}" },
  { "{\"a\":1,\"model\":\"m\",\"version\":2,\"instances\":[1]}", "m", 2, "[1]",
    "{\"a\":1,\"instances\":[1]}" },
  { "{\"a\":1,\"model\":\"m\",\"instances\":[1],\"version\":2}", "m", 2, "[1]",
    "{\"a\":1,\"instances\":[1]}" },
  { "{\"a\":1,\"model\":\"m\",\"b\":2,\"version\":2,\"instances\":[1],\"c\":3}", "m", 2, "[1]",
    "{\"a\":1,\"b\":2,\"instances\":[1],\"c\":3}" },
  { " { \"model\" : \"m\" , \"version\" : 2 , \"instances\" : [ 1 ] } \n", "m", 2, "[ 1 ]",
    " {   \"instances\" : [ 1 ] } \n" },
  { " { \"instances\" : [ 1 ] , \"model\" : \"m\" , \"version\" : 2 } \n", "m", 2, "[ 1 ]",
    " { \"instances\" : [ 1 ] } \n" },
  /* what stands for the instances */
  { "{\"model\":\"m\",\"inputs\":{\"x\":[1]}}", "m", -1, "{\"x\":[1]}",
    "{\"inputs\":{\"x\":[1]}}" },
  { "{\"model\":\"m\",\"inputs\":7}", "m", -1, "7", "{\"inputs\":7}" },
  { "{\"model\":\"m\",\"inputs\":1,\"instances\":[2]}", "m", -1, "[2]",
    "{\"inputs\":1,\"instances\":[2]}" },
  /* names and strings are compared unescaped: RFC 8259 section 8.3 */
  { "{\"mod\\u0065l\":\"m\",\"instances\":[]}", "m", -1, "[]", "{\"instances\":[]}" },
  { "{\"\\u006d\\u006f\\u0064\\u0065\\u006c\":\"m\",\"\\u0069nstances\":[]}", "m", -1, "[]",
    "{\"\\u0069nstances\":[]}" },
  { "{\"model\":\"\\u006d\\ud83d\\ude00\\\"\",\"instances\":[]}", "m😀\"", -1, "[]",
    "{\"instances\":[]}" },
  { "{\"model\":\"m\",\"Model\":1,\"models\":2,\"instances\":[]}", "m", -1, "[]",
    "{\"Model\":1,\"models\":2,\"instances\":[]}" },
  { "{\"model\":\"m\",\"instances\":[{\"model\":1,\"model\":2,\"version\":3}]}", "m", -1,
    "[{\"model\":1,\"model\":2,\"version\":3}]",
    "{\"instances\":[{\"model\":1,\"model\":2,\"version\":3}]}" },
  /* versions */
  { "{\"model\":\"m\",\"version\":0,\"instances\":[]}", "m", 0, "[]", "{\"instances\":[]}" },
  { "{\"model\":\"m\",\"version\":9223372036854775807,\"instances\":[]}", "m", G_MAXINT64, "[]",
    "{\"instances\":[]}" },
  { "{\"model\":\"m\",\"version\":\"12\",\"instances\":[]}", "m", 12, "[]", "{\"instances\":[]}" },
  { "{\"model\":\"m\",\"version\":\"\\u0031\",\"instances\":[]}", "m", 1, "[]",
    "{\"instances\":[]}" },
  /* what has to go through byte for byte */
  { "{\"model\":\"m\",\"instances\":[NaN,-Infinity,{\"a\":[Infinity]},"
    "123456789012345678901234567890,"
    "1e400,\"\\ud800\"]}",
    "m", -1, "[NaN,-Infinity,{\"a\":[Infinity]},123456789012345678901234567890,1e400,\"\\ud800\"]",
    "{\"instances\":[NaN,-Infinity,{\"a\":[Infinity]},123456789012345678901234567890,1e400,"
    "\"\\ud800\"]}" },
  { "{\"model\":\"m\",\"inputs\":NaN}", "m", -1, "NaN", "{\"inputs\":NaN}" },
  { "{\"model\":\"m\",\"instances\":[],\"x\":1,\"x\":2,\"examples\":3,\"examples\":4}", "m", -1,
    "[]", "{\"instances\":[],\"x\":1,\"x\":2,\"examples\":3,\"examples\":4}" },
};

static void
test_accepts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (routed); i++)
    {
      const RoutedRow *row = &routed[i];
      g_auto (DispEnvelope) envelope = { 0 };
      g_autoptr (GError) error = NULL;
      g_autofree char *forwarded = NULL;

      g_test_message ("%s", row->body);
      scan (row->body, strlen (row->body), DISP_ENVELOPE_ROUTED, &envelope, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (envelope.model, ==, row->model);
      g_assert_cmpint (envelope.version.kind, ==,
                       row->version < 0 ? DISP_VERSION_LATEST : DISP_VERSION_NUMBER);
      if (row->version >= 0)
        g_assert_cmpint (envelope.version.number, ==, row->version);
      assert_slice (row->body, &envelope.instances, row->instances);
      forwarded = join_slices (row->body, &envelope);
      g_assert_cmpstr (forwarded, ==, row->forwarded);
    }
}

#define WANTED_VERSION                                                                             \
  "\"version\": expected an integer of at most 64 bits that is not negative, or a string of "      \
  "digits, found "
#define WANTED_MODEL                                                                               \
  "\"model\": expected a string that is not empty and names a model in at most 1024 bytes, found "

static const struct
{
  const char *body;
  int code;
  const char *message;
} refused[] = {
  { "", DISP_ERROR_INVALID_JSON, "byte 0: expected a JSON object, found the end" },
  { "[]", DISP_ERROR_INVALID_JSON, "byte 0: expected a JSON object, found an array" },
  { " \"a\"", DISP_ERROR_INVALID_JSON, "byte 1: expected a JSON object, found a string" },
  { "null", DISP_ERROR_INVALID_JSON, "byte 0: expected a JSON object, found 'n'" },
  { "\xef\xbb\xbf{}", DISP_ERROR_INVALID_JSON,
    "byte 0: expected a JSON object, found a byte order mark" },
  { "{", DISP_ERROR_INVALID_JSON, "byte 1: expected a member name, found the end" },
  { "{\"model\":\"m\",}", DISP_ERROR_INVALID_JSON, "byte 13: expected a member name, found '}'" },
  { "{,}", DISP_ERROR_INVALID_JSON, "byte 1: expected a member name, found ','" },
  { "{\"model\" \"m\"}", DISP_ERROR_INVALID_JSON,
    "byte 9: expected ':' after a member name, found '\"'" },
  { "{\"model\":\"m\" \"instances\":[]}", DISP_ERROR_INVALID_JSON,
    "byte 13: expected ',' or '}', found '\"'" },
  { "{\"model\":\"m\",\"instances\":[]}x", DISP_ERROR_INVALID_JSON,
    "byte 28: expected the end, found 'x'" },
  { "{\"model\":\"m\",\"instances\":[]}{}", DISP_ERROR_INVALID_JSON,
    "byte 28: expected the end, found '{'" },
  { "{\"model\":\"m\",\"instances\":[nan]}", DISP_ERROR_INVALID_JSON,
    "byte 26: expected a value, found 'n'" },
  { "{\"model\":\"m\",\"a\":NaN,\"instances\":[]}", DISP_ERROR_INVALID_JSON,
    "byte 17: expected a value, found 'N'" },
  { "{\"model\":\"m\",\"instances\":[NaN],\"a\":-Infinity}", DISP_ERROR_INVALID_JSON,
    "byte 36: expected a digit, found 'I'" },
  { "{\"model\":\"m\",\"instances\":[],\"examples\":NaN}", DISP_ERROR_INVALID_JSON,
    "byte 39: expected a value, found 'N'" },
  { "{}", DISP_ERROR_MISSING_KEY, "the body has no \"model\", expected the name of a model" },
  { "{\"instances\":[]}", DISP_ERROR_MISSING_KEY,
    "the body has no \"model\", expected the name of a model" },
  { "{\"model\":\"m\"}", DISP_ERROR_MISSING_KEY,
    "the body has no \"instances\" and no \"inputs\", expected one of them" },
  { "{\"model\":\"m\",\"examples\":[]}", DISP_ERROR_MISSING_KEY,
    "the body has no \"instances\" and no \"inputs\", expected one of them" },
  { "{\"model\":1}", DISP_ERROR_INVALID_VALUE, WANTED_MODEL "1" },
  { "{\"model\":null}", DISP_ERROR_INVALID_VALUE, WANTED_MODEL "null" },
  { "{\"model\":[\"m\"]}", DISP_ERROR_INVALID_VALUE, WANTED_MODEL "an array" },
  { "{\"model\":{}}", DISP_ERROR_INVALID_VALUE, WANTED_MODEL "an object" },
  { "{\"model\":\"\"}", DISP_ERROR_INVALID_VALUE, WANTED_MODEL "\"\"" },
  { "{\"model\":\"a\\u0000b\"}", DISP_ERROR_INVALID_VALUE, WANTED_MODEL "\"a\\u0000b\"" },
  { "{\"model\":\"\\udc00\"}", DISP_ERROR_INVALID_VALUE, WANTED_MODEL "\"\\udc00\"" },
  { "{\"version\":-1}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "-1" },
  { "{\"version\":-0}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "-0" },
  { "{\"version\":1.0}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "1.0" },
  { "{\"version\":1e0}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "1e0" },
  { "{\"version\":9223372036854775808}", DISP_ERROR_INVALID_VALUE,
    WANTED_VERSION "9223372036854775808" },
  { "{\"version\":10000000000000000000000000000000000000000}", DISP_ERROR_INVALID_VALUE,
    WANTED_VERSION "a long number" },
  { "{\"version\":null}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "null" },
  { "{\"version\":true}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "true" },
  { "{\"version\":\"\"}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "\"\"" },
  { "{\"version\":\"v1\"}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "\"v1\"" },
  { "{\"version\":\" 1\"}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "\" 1\"" },
  { "{\"version\":[1]}", DISP_ERROR_INVALID_VALUE, WANTED_VERSION "an array" },
  { "{\"instances\":{\"a\":1}}", DISP_ERROR_INVALID_VALUE,
    "\"instances\": expected an array, found an object" },
  { "{\"instances\":NaN}", DISP_ERROR_INVALID_VALUE,
    "\"instances\": expected an array, found NaN" },
  { "{\"model\":\"m\",\"model\":\"m\"}", DISP_ERROR_INVALID_VALUE,
    "\"model\" appears twice, the second time before byte 21, expected it once" },
  { "{\"model\":\"m\",\"mod\\u0065l\":\"n\"}", DISP_ERROR_INVALID_VALUE,
    "\"model\" appears twice, the second time before byte 26, expected it once" },
  { "{\"version\":1,\"version\":1}", DISP_ERROR_INVALID_VALUE,
    "\"version\" appears twice, the second time before byte 23, expected it once" },
  { "{\"instances\":[],\"instances\":[]}", DISP_ERROR_INVALID_VALUE,
    "\"instances\" appears twice, the second time before byte 28, expected it once" },
  { "{\"inputs\":1,\"inputs\":1}", DISP_ERROR_INVALID_VALUE,
    "\"inputs\" appears twice, the second time before byte 21, expected it once" },
};

static void
test_refuses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      DispEnvelope envelope = { .model = (char *) "untouched" };
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", refused[i].body);
      g_assert_false (scan (refused[i].body, strlen (refused[i].body), DISP_ENVELOPE_ROUTED,
                            &envelope, &error));
      g_assert_error (error, DISP_ERROR, refused[i].code);
      g_assert_cmpstr (error->message, ==, refused[i].message);
      g_assert_cmpstr (envelope.model, ==, "untouched");
    }
}

static void
test_long_name (void)
{
  for (gsize length = 1023; length <= 1025; length++)
    {
      g_autofree char *name = g_strnfill (length, 'm');
      g_autofree char *body = g_strdup_printf ("{\"model\":\"%s\",\"instances\":[]}", name);
      g_auto (DispEnvelope) envelope = { 0 };
      g_autoptr (GError) error = NULL;

      scan (body, strlen (body), DISP_ENVELOPE_ROUTED, &envelope, &error);
      if (length <= 1024)
        g_assert_cmpstr (envelope.model, ==, name);
      else
        g_assert_cmpstr (error->message, ==, WANTED_MODEL "a long string");
    }
}

static void
test_plain (void)
{
  static const struct
  {
    const char *body;
    const char *instances;
  } rows[] = {
    { "{}", "" },
    { " {\"model\":1,\"version\":[],\"model\":2} ", "" },
    { "{\"instances\":[NaN]}", "[NaN]" },
    { "{\"instances\":1}", "1" },
    { "{\"inputs\":{\"a\":Infinity}}", "{\"a\":Infinity}" },
    { "{\"examples\":[{\"a\":NaN}]}", "[{\"a\":NaN}]" },
    { "{\"examples\":[3],\"inputs\":2,\"instances\":1}", "1" },
    { "{\"examples\":[3],\"inputs\":2}", "2" },
  };
  static const char *const bad[] = { "",
                                     "[]",
                                     "{\"a\":NaN}",
                                     "{\"model\":NaN}",
                                     "{\"a\":1}}",
                                     "{\"inputs\":1,\"inputs\":1}",
                                     "{\"examples\":1,\"\\u0065xamples\":1}" };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (DispEnvelope) envelope = { 0 };
      g_autoptr (GError) error = NULL;
      g_autofree char *forwarded = NULL;

      g_test_message ("%s", rows[i].body);
      scan (rows[i].body, strlen (rows[i].body), DISP_ENVELOPE_PLAIN, &envelope, &error);
      g_assert_no_error (error);
      g_assert_null (envelope.model);
      g_assert_cmpint (envelope.version.kind, ==, DISP_VERSION_LATEST);
      assert_slice (rows[i].body, &envelope.instances, rows[i].instances);
      g_assert_cmpuint (envelope.n_slices, ==, 1);
      forwarded = join_slices (rows[i].body, &envelope);
      g_assert_cmpstr (forwarded, ==, rows[i].body);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (scan (bad[i], strlen (bad[i]), DISP_ENVELOPE_PLAIN, NULL, NULL));
}

/* No prefix of an object is an object; white space at its end does not count. */
static void
test_prefixes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (routed); i++)
    {
      gsize whole = (gsize) (strrchr (routed[i].body, '}') - routed[i].body) + 1;

      for (gsize length = 0; length < whole; length++)
        {
          g_assert_false (scan (routed[i].body, length, DISP_ENVELOPE_ROUTED, NULL, NULL));
          g_assert_false (scan (routed[i].body, length, DISP_ENVELOPE_PLAIN, NULL, NULL));
        }
    }
}

static void
append_space (GString *text, GRand *random)
{
  while (g_rand_int_range (random, 0, 3) == 0)
    g_string_append_c (text, " \t\r\n"[g_rand_int_range (random, 0, 4)]);
}

/* An object with @members, in some order, with white space wherever it may stand. */
static char *
write_object (GPtrArray *members, GRand *random)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_space (text, random);
  g_string_append_c (text, '{');
  append_space (text, random);
  while (members->len > 0)
    {
      guint i = (guint) g_rand_int_range (random, 0, (gint32) members->len);
      g_auto (GStrv) member = g_strsplit (g_ptr_array_index (members, i), "=", 2);

      g_string_append (text, member[0]);
      append_space (text, random);
      g_string_append_c (text, ':');
      append_space (text, random);
      g_string_append (text, member[1]);
      append_space (text, random);
      g_ptr_array_remove_index_fast (members, i);
      if (members->len > 0)
        {
          g_string_append_c (text, ',');
          append_space (text, random);
        }
    }
  g_string_append_c (text, '}');
  append_space (text, random);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* What is forwarded is the object that json-glib reads, without the two members, whatever their
 * places and the white space. */
static void
test_arrangements (void)
{
  static const char *const others[]
      = { "\"a\"=1",       "\"b\"={\"model\":\"x\",\"version\":[{}]}", "\"c\"=\"},\\\"{\"",
          "\"inputs\"=[]", "\"signature_name\"=\"serving_default\"",   "\"d\"=[[],[1,2]]" };
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());

  for (guint round = 0; round < 20000; round++)
    {
      g_autoptr (GPtrArray) members = g_ptr_array_new ();
      g_autofree char *body = NULL;
      g_autofree char *forwarded = NULL;
      g_autoptr (JsonNode) expected = NULL;
      g_autoptr (JsonNode) found = NULL;
      g_auto (DispEnvelope) envelope = { 0 };
      g_autoptr (GError) error = NULL;

      g_ptr_array_add (members, (gpointer) "\"model\"=\"half_plus_two\"");
      g_ptr_array_add (members, (gpointer) "\"instances\"=[1.0,{\"b64\":\"QUJD\"}]");
      if (g_rand_boolean (random))
        g_ptr_array_add (members, (gpointer) "\"version\"=3");
      for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
        if (g_rand_int_range (random, 0, 4) == 0)
          g_ptr_array_add (members, (gpointer) others[i]);
      body = write_object (members, random);

      scan (body, strlen (body), DISP_ENVELOPE_ROUTED, &envelope, &error);
      g_assert_no_error (error);
      forwarded = join_slices (body, &envelope);
      disp_json_check (forwarded, strlen (forwarded), DISP_JSON_MAX_DEPTH, &error);
      g_assert_no_error (error);
      expected = json_from_string (body, &error);
      g_assert_no_error (error);
      json_object_remove_member (json_node_get_object (expected), "model");
      json_object_remove_member (json_node_get_object (expected), "version");
      found = json_from_string (forwarded, &error);
      g_assert_no_error (error);
      g_assert_true (json_node_equal (expected, found));
    }
}

static void
test_depth (void)
{
  const gsize n = 100000;
  g_autoptr (GString) body = g_string_new ("{\"model\":\"m\",\"instances\":");
  gsize start = body->len;
  g_autoptr (GError) error = NULL;
  g_auto (DispEnvelope) envelope = { 0 };
  g_autofree char *expected = NULL;

  for (gsize i = 0; i < n; i++)
    g_string_append_c (body, '[');
  g_assert_false (scan (body->str, body->len, DISP_ENVELOPE_ROUTED, NULL, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_JSON);
  expected = g_strdup_printf ("byte %" G_GSIZE_FORMAT ": nested deeper than 512 levels",
                              start + DISP_JSON_MAX_DEPTH - 1);
  g_assert_cmpstr (error->message, ==, expected);
  g_clear_error (&error);

  g_string_truncate (body, start + DISP_JSON_MAX_DEPTH - 1);
  for (gsize i = 1; i < DISP_JSON_MAX_DEPTH; i++)
    g_string_append_c (body, ']');
  g_string_append_c (body, '}');
  scan (body->str, body->len, DISP_ENVELOPE_ROUTED, &envelope, &error);
  g_assert_no_error (error);
}

static void
test_large (void)
{
  const gsize size = 10 * 1000 * 1000;
  g_autofree char *data = g_strnfill (size, 'A');
  g_autofree char *image = g_strdup_printf ("{\"model\":\"m\",\"instances\":[{\"b64\":\"%s\"}]}",
                                            data);
  g_autoptr (GString) numbers = g_string_new ("{\"instances\":[0");
  g_auto (DispEnvelope) first = { 0 };
  g_auto (DispEnvelope) second = { 0 };
  g_autoptr (GError) error = NULL;

  disp_envelope_scan (image, strlen (image), DISP_ENVELOPE_ROUTED, &first, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (first.instances.length, ==, size + strlen ("[{\"b64\":\"\"}]"));

  while (numbers->len < size)
    g_string_append (numbers, ", -12.5e-3");
  g_string_append (numbers, "],\"model\":\"m\"}");
  disp_envelope_scan (numbers->str, numbers->len, DISP_ENVELOPE_ROUTED, &second, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (second.n_slices, ==, 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/predict-envelope/accepts", test_accepts);
  g_test_add_func ("/wire/predict-envelope/refuses", test_refuses);
  g_test_add_func ("/wire/predict-envelope/long-name", test_long_name);
  g_test_add_func ("/wire/predict-envelope/plain", test_plain);
  g_test_add_func ("/wire/predict-envelope/prefixes", test_prefixes);
  g_test_add_func ("/wire/predict-envelope/arrangements", test_arrangements);
  g_test_add_func ("/wire/predict-envelope/depth", test_depth);
  g_test_add_func ("/wire/predict-envelope/large", test_large);
  return g_test_run ();
}
