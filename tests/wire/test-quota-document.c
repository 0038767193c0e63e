/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/quota-document.h"

#include "core/error.h"

#include <string.h>

/* A body, and the change that it asks for. */
static const struct
{
  const char *body;
  const char *container_id; /* (nullable) */
  const char *container;    /* (nullable) */
  double quota;
} accept_cases[] = {
  { "{\"container_id\":\"0058c1\",\"quota\":50000}", "0058c1", NULL, 50000 },
  { "{\"quota\":0,\"container\":\"cpu-0\"}", NULL, "cpu-0", 0 },
  { " {\n\"container\" : \"cpu-0\" , \"cpu_quota\" : 5e4 }\r\n", NULL, "cpu-0", 50000 },
  { "{\"container_id\":\"a\",\"container\":\"b\",\"quota\":0.5}", "a", "b", 0.5 },
  { "{\"container_id\":null,\"container\":\"b\",\"quota\":1}", NULL, "b", 1 },
  { "{\"container\":\"b\",\"quota\":null,\"cpu_quota\":1}", NULL, "b", 1 },
  { "{\"container\":\"b\",\"quota\":2,\"cpu_quota\":null}", NULL, "b", 2 },
  { "{\"container\":\"\\u00fc\\\"\",\"quota\":1}", NULL, "\303\274\"", 1 },
  { "{\"node\":[{\"container\":7}],\"container\":\"b\",\"quota\":1,\"node\":true}", NULL, "b", 1 },
  { "{\"cont\\u0061iner\":\"b\",\"quota\":1}", NULL, "b", 1 },
};

static void
test_accepted (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (accept_cases); i++)
    {
      g_auto (DispQuotaChange) change = { 0 };
      g_autoptr (GError) error = NULL;

      disp_quota_document_parse (accept_cases[i].body, strlen (accept_cases[i].body), &change,
                                 &error);
      g_assert_no_error (error);
      g_assert_cmpstr (change.container_id, ==, accept_cases[i].container_id);
      g_assert_cmpstr (change.container, ==, accept_cases[i].container);
      g_assert_cmpfloat (change.quota, ==, accept_cases[i].quota);
    }
}

/* A body that is refused, and what the message names. */
static const struct
{
  const char *body;
  DispError code;
  const char *message;
} refuse_cases[] = {
  { "", DISP_ERROR_INVALID_JSON, "" },
  { "[]", DISP_ERROR_INVALID_JSON, "object" },
  { "17", DISP_ERROR_INVALID_JSON, "object" },
  { "{\"container\":\"b\",\"quota\":1}}", DISP_ERROR_INVALID_JSON, "" },
  { "{\"container\":\"b\",\"quota\":1,}", DISP_ERROR_INVALID_JSON, "" },
  { "{\"container\":\"b\",\"quota\":01}", DISP_ERROR_INVALID_JSON, "" },
  { "{}", DISP_ERROR_MISSING_KEY, "container_id" },
  { "{\"quota\":1}", DISP_ERROR_MISSING_KEY, "container_id" },
  { "{\"container\":null,\"quota\":1}", DISP_ERROR_MISSING_KEY, "container_id" },
  { "{\"container\":\"b\"}", DISP_ERROR_MISSING_KEY, "quota" },
  { "{\"container\":\"b\",\"quota\":null}", DISP_ERROR_MISSING_KEY, "quota" },
  { "{\"container\":\"\",\"quota\":1}", DISP_ERROR_INVALID_VALUE, "container" },
  { "{\"container\":7,\"quota\":1}", DISP_ERROR_INVALID_VALUE, "container" },
  { "{\"container_id\":[\"a\"],\"quota\":1}", DISP_ERROR_INVALID_VALUE, "container_id" },
  { "{\"container\":\"b\",\"quota\":-1}", DISP_ERROR_INVALID_VALUE, "quota" },
  { "{\"container\":\"b\",\"quota\":\"1\"}", DISP_ERROR_INVALID_VALUE, "quota" },
  { "{\"container\":\"b\",\"quota\":true}", DISP_ERROR_INVALID_VALUE, "quota" },
  { "{\"container\":\"b\",\"quota\":1e999}", DISP_ERROR_INVALID_VALUE, "quota" },
  { "{\"container\":\"b\",\"cpu_quota\":-1}", DISP_ERROR_INVALID_VALUE, "cpu_quota" },
  { "{\"container\":\"b\",\"quota\":1,\"cpu_quota\":1}", DISP_ERROR_INVALID_VALUE, "cpu_quota" },
  { "{\"container\":\"b\",\"container\":\"b\",\"quota\":1}", DISP_ERROR_INVALID_VALUE,
    "container" },
  { "{\"container\":\"b\",\"quota\":1,\"quota\":1}", DISP_ERROR_INVALID_VALUE, "quota" },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refuse_cases); i++)
    {
      DispQuotaChange change = { .quota = 17 };
      g_autoptr (GError) error = NULL;

      if (disp_quota_document_parse (refuse_cases[i].body, strlen (refuse_cases[i].body), &change,
                                     &error))
        g_error ("\"%s\" was accepted", refuse_cases[i].body);
      g_assert_error (error, DISP_ERROR, (int) refuse_cases[i].code);
      if (strstr (error->message, refuse_cases[i].message) == NULL)
        g_error ("\"%s\" does not say \"%s\"", error->message, refuse_cases[i].message);
      g_assert_null (change.container);
      g_assert_cmpfloat (change.quota, ==, 17);
    }
}

/* What is cut off anywhere is no document, and is not read beyond its end. */
static void
test_prefixes (void)
{
  static const char whole[]
      = "{\"container_id\":\"a\",\"container\":\"b\",\"x\":[1,{}],\"quota\":1}";

  for (gsize length = 0; length < sizeof whole - 1; length++)
    {
      g_autofree char *part = g_memdup2 (whole, length);
      g_auto (DispQuotaChange) change = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_false (disp_quota_document_parse (part, length, &change, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_JSON);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/quota-document/accepted", test_accepted);
  g_test_add_func ("/wire/quota-document/refused", test_refused);
  g_test_add_func ("/wire/quota-document/prefixes", test_prefixes);
  return g_test_run ();
}
