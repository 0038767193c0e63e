/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/override-document.h"

#include "core/error.h"

#include <float.h>
#include <string.h>

static void
add (GPtrArray *overrides, const char *id, const char *name, double quota, double source_quota)
{
  const DispContainer container = { .id = (char *) id,
                                    .name = (char *) name,
                                    .node = (char *) "10.0.0.5",
                                    .endpoint = (char *) "http://10.0.0.5:8501",
                                    .quota = source_quota };

  g_ptr_array_add (overrides, disp_override_new (&container, &(double){ quota }, FALSE));
}

static void
test_written (void)
{
  g_autoptr (GPtrArray) overrides = disp_overrides_new ();
  g_autoptr (GBytes) document = NULL;
  static const char expected[]
      = "{\"version\":2,\"overrides\":["
        "{\"container_id\":\"0058c1\",\"container\":\"cpu-0\",\"node\":\"10.0.0.5\","
        "\"endpoint\":\"http://10.0.0.5:8501\",\"quota\":0,\"source_quota\":100000},"
        "{\"container_id\":null,\"container\":\"gpu \\\"0\\\"\",\"node\":\"10.0.0.5\","
        "\"endpoint\":\"http://10.0.0.5:8501\",\"quota\":0.5,\"source_quota\":1},"
        "{\"container_id\":null,\"container\":\"both\",\"node\":\"10.0.0.5\",\"endpoint\":null,"
        "\"quota\":2,\"source_quota\":3,\"drained\":true},"
        "{\"container_id\":null,\"container\":\"off\",\"node\":\"10.0.0.5\",\"endpoint\":null,"
        "\"drained\":true}]}";
  const DispContainer both = { .name = (char *) "both", .node = (char *) "10.0.0.5", .quota = 3 };
  const DispContainer off = { .name = (char *) "off", .node = (char *) "10.0.0.5", .quota = 3 };
  g_autoptr (GPtrArray) back = NULL;

  add (overrides, "0058c1", "cpu-0", 0, 100000);
  add (overrides, NULL, "gpu \"0\"", 0.5, 1);
  g_ptr_array_add (overrides, disp_override_new (&both, &(double){ 2 }, TRUE));
  g_ptr_array_add (overrides, disp_override_new (&off, NULL, TRUE));
  document = disp_override_document_write (overrides);
  g_assert_cmpmem (g_bytes_get_data (document, NULL), g_bytes_get_size (document), expected,
                   strlen (expected));
  back = disp_override_document_parse (expected, strlen (expected), NULL);
  g_assert_nonnull (back);
  g_assert_cmpuint (back->len, ==, 4);
  for (guint i = 0; i < back->len; i++)
    {
      const DispOverride *override = g_ptr_array_index (back, i);

      g_assert_cmpint (override->is_drained, ==, i >= 2);
      g_assert_cmpint (override->has_quota, ==, i < 3);
    }
}

/* To the last bit, or the source would seem to have changed its mind. */
static void
test_read_back (void)
{
  static const double quotas[] = { 0,    0.1,     1.0 / 3, 100000, 1e15,      123456789012345680.0,
                                   1e19, DBL_MIN, DBL_MAX, 5e-324, 0.7 + 0.1, 4503599627370497.5 };
  g_autoptr (GPtrArray) overrides = disp_overrides_new ();
  g_autoptr (GPtrArray) back = NULL;
  g_autoptr (GBytes) document = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (quotas); i++)
    add (overrides, i % 2 == 0 ? "id" : NULL, "\xc3\xbc", quotas[i],
         quotas[G_N_ELEMENTS (quotas) - 1 - i]);
  document = disp_override_document_write (overrides);
  back = disp_override_document_parse (g_bytes_get_data (document, NULL),
                                       g_bytes_get_size (document), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (back->len, ==, overrides->len);
  for (guint i = 0; i < back->len; i++)
    {
      const DispOverride *override = g_ptr_array_index (back, i);

      g_assert_cmpstr (override->container_id, ==, i % 2 == 0 ? "id" : NULL);
      g_assert_cmpstr (override->container, ==, "\xc3\xbc");
      g_assert_cmpstr (override->node, ==, "10.0.0.5");
      g_assert_cmpstr (override->endpoint, ==, "http://10.0.0.5:8501");
      g_assert_true (override->quota == quotas[i]);
      g_assert_true (override->source_quota == quotas[G_N_ELEMENTS (quotas) - 1 - i]);
    }
}

#define ONE(members) "{\"version\":1,\"overrides\":[{" members "}]}"

/* By hand, or by a later version that is still the same. */
static void
test_lenient (void)
{
  static const char *const texts[] = {
    "{\"version\":1,\"overrides\":[]}",
    " {\"overrides\" : [\n] , \"version\" : 1, \"colour\" : null}\n",
    ONE ("\"container\":\"a\",\"node\":\"n\",\"quota\":1,\"source_quota\":2.0,\"by\":[\"me\"]"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) overrides = disp_override_document_parse (texts[i], strlen (texts[i]),
                                                                      &error);

      g_assert_no_error (error);
      g_assert_cmpuint (overrides->len, ==, i / 2);
    }
}

/* A text that is refused, and what is said of it. */
static const struct
{
  const char *text;
  const char *message;
} refused_cases[] = {
  { "", "" },
  { "null", "expected an object" },
  { "[]", "expected an object" },
  { "{}", "version: expected a number from 1 up" },
  { "{\"overrides\":[]}", "version: expected a number from 1 up" },
  { "{\"version\":\"1\",\"overrides\":[]}", "version: expected a number from 1 up" },
  { "{\"version\":null,\"overrides\":[]}", "version: expected a number from 1 up" },
  { "{\"version\":[1],\"overrides\":[]}", "version: expected a number from 1 up" },
  { "{\"version\":0,\"overrides\":[]}", "version: expected a number from 1 up" },
  { "{\"version\":3,\"overrides\":[]}", "version: expected 2, found 3, which a newer" },
  { "{\"version\":3}", "version: expected 2, found 3, which a newer" },
  { "{\"version\":1}", "overrides: expected a list, found no such member" },
  { "{\"version\":1,\"overrides\":{}}", "overrides: expected a list" },
  { "{\"version\":1,\"overrides\":null}", "overrides: expected a list" },
  { "{\"version\":1,\"overrides\":[1]}", "overrides[0]: expected an object" },
  { "{\"version\":1,\"version\":1,\"overrides\":[]}", "twice" },
  { "{\"version\":1,\"overrides\":[]}}", "" },
  { ONE ("\"node\":\"n\",\"quota\":1,\"source_quota\":2"), "overrides[0].container: expected" },
  { ONE ("\"container\":\"\",\"node\":\"n\",\"quota\":1,\"source_quota\":2"),
    "overrides[0].container: expected" },
  { ONE ("\"container\":\"a\",\"quota\":1,\"source_quota\":2"), "overrides[0].node: expected" },
  { ONE ("\"container\":\"a\",\"node\":\"n\",\"source_quota\":2"),
    "overrides[0].quota: expected a number from 0 up, found no such member" },
  { ONE ("\"container\":\"a\",\"node\":\"n\",\"quota\":1"), "overrides[0].source_quota: expected" },
  { ONE ("\"container\":\"a\",\"node\":\"n\",\"quota\":-1,\"source_quota\":2"),
    "overrides[0].quota: expected a number from 0 up, found -1" },
  { ONE ("\"container\":\"a\",\"node\":\"n\",\"quota\":1e400,\"source_quota\":2"),
    "overrides[0].quota: expected a number from 0 up" },
  { ONE ("\"container\":\"a\",\"node\":\"n\",\"quota\":NaN,\"source_quota\":2"), "" },
  { ONE ("\"container_id\":7,\"container\":\"a\",\"node\":\"n\",\"quota\":1,\"source_quota\":2"),
    "overrides[0].container_id: expected a string" },
  { ONE ("\"endpoint\":7,\"container\":\"a\",\"node\":\"n\",\"quota\":1,\"source_quota\":2"),
    "overrides[0].endpoint: expected a string" },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused_cases); i++)
    {
      const char *text = refused_cases[i].text;
      g_autoptr (GError) error = NULL;

      if (disp_override_document_parse (text, strlen (text), &error) != NULL)
        g_error ("\"%s\" was accepted", text);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
      if (strstr (error->message, refused_cases[i].message) == NULL)
        g_error ("\"%s\" does not say \"%s\"", error->message, refused_cases[i].message);
    }
}

/* What a crash or a full disk could leave is never taken for less. */
static void
test_prefixes (void)
{
  g_autoptr (GPtrArray) overrides = disp_overrides_new ();
  g_autoptr (GBytes) document = NULL;

  add (overrides, "0058c1", "cpu-0", 0.25, 100000);
  document = disp_override_document_write (overrides);
  for (gsize length = 0; length < g_bytes_get_size (document); length++)
    {
      g_autofree char *part = g_memdup2 (g_bytes_get_data (document, NULL), length);
      g_autoptr (GError) error = NULL;

      g_assert_null (disp_override_document_parse (part, length, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/override-document/written", test_written);
  g_test_add_func ("/wire/override-document/read-back", test_read_back);
  g_test_add_func ("/wire/override-document/lenient", test_lenient);
  g_test_add_func ("/wire/override-document/refused", test_refused);
  g_test_add_func ("/wire/override-document/prefixes", test_prefixes);
  return g_test_run ();
}
