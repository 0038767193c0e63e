/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/status-document.h"

#include "core/error.h"

#include <string.h>

#define ENTRY(version, state)                                                                      \
  "{\"version\":\"" version "\",\"state\":\"" state                                                \
  "\",\"status\":{\"error_code\":\"OK\",\"error_message\":\"\"}}"
#define DOCUMENT(entries) "{\"model_version_status\":[" entries "]}"

/* A body, the version that is wanted, and what it says of that. */
static const struct
{
  const char *body;
  gint64 version; /* 0 = whichever */
  gboolean available;
  const char *state; /* (nullable) */
} accept_cases[] = {
  { DOCUMENT (ENTRY ("1", "AVAILABLE")), 1, TRUE, "AVAILABLE" },
  { DOCUMENT (ENTRY ("1", "AVAILABLE")), 0, TRUE, "AVAILABLE" },
  { DOCUMENT (ENTRY ("1", "AVAILABLE")), 2, FALSE, NULL },
  { DOCUMENT (ENTRY ("1", "START")), 1, FALSE, "START" },
  { DOCUMENT (ENTRY ("1", "LOADING")), 1, FALSE, "LOADING" },
  { DOCUMENT (ENTRY ("1", "UNLOADING")), 0, FALSE, "UNLOADING" },
  { DOCUMENT (ENTRY ("1", "END")), 0, FALSE, "END" },
  /* As while a new version takes the place of the old one. */
  { DOCUMENT (ENTRY ("2", "LOADING") "," ENTRY ("1", "AVAILABLE")), 0, TRUE, "AVAILABLE" },
  { DOCUMENT (ENTRY ("2", "AVAILABLE") " , " ENTRY ("1", "END")), 0, TRUE, "AVAILABLE" },
  { DOCUMENT (ENTRY ("2", "AVAILABLE") "," ENTRY ("1", "END")), 1, FALSE, "END" },
  { DOCUMENT (ENTRY ("2", "LOADING") "," ENTRY ("1", "AVAILABLE")), 2, FALSE, "LOADING" },
  { DOCUMENT (""), 0, FALSE, NULL },
  { " {\n \"model_version_status\" : [ \n ] }\r\n", 1, FALSE, NULL },
  { DOCUMENT ("{\"state\":\"AVAILABLE\",\"version\":1}"), 1, TRUE, "AVAILABLE" },
  { DOCUMENT ("{\"st\\u0061te\":\"AVAIL\\u0041BLE\",\"version\":\"1\"}"), 1, TRUE, "AVAILABLE" },
  { DOCUMENT (ENTRY ("9223372036854775807", "AVAILABLE")), G_MAXINT64, TRUE, "AVAILABLE" },
  { "{\"more\":[{}],\"model_version_status\":[{\"a\":null,\"version\":\"1\",\"state\":\"END\"}]}",
    1, FALSE, "END" },
};

static void
test_accepted (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (accept_cases); i++)
    {
      const gint64 version = accept_cases[i].version;
      g_autoptr (GError) error = NULL;
      g_autofree char *state = NULL;
      gboolean available;

      disp_status_document_parse (accept_cases[i].body, strlen (accept_cases[i].body), &version,
                                  version != 0 ? 1 : 0, &available, &state, &error);
      g_assert_no_error (error);
      g_assert_cmpint (available, ==, accept_cases[i].available);
      g_assert_cmpstr (state, ==, accept_cases[i].state);
    }
}

static void
test_several_wanted (void)
{
  static const char body[] = DOCUMENT (ENTRY ("3", "AVAILABLE") "," ENTRY ("2", "LOADING"));
  const struct
  {
    gint64 versions[2];
    gboolean available;
  } cases[] = { { { 1, 3 }, TRUE }, { { 3, 1 }, TRUE }, { { 1, 2 }, FALSE }, { { 4, 5 }, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *state = NULL;
      gboolean available;

      disp_status_document_parse (body, strlen (body), cases[i].versions, 2, &available, &state,
                                  &error);
      g_assert_no_error (error);
      g_assert_cmpint (available, ==, cases[i].available);
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
  { "OK", DISP_ERROR_INVALID_JSON, "object" },
  { "[]", DISP_ERROR_INVALID_JSON, "object" },
  { DOCUMENT ("") "}", DISP_ERROR_INVALID_JSON, "" },
  { DOCUMENT ("{},"), DISP_ERROR_INVALID_JSON, "" },
  { DOCUMENT ("1"), DISP_ERROR_INVALID_JSON, "object" },
  { "{}", DISP_ERROR_MISSING_KEY, "model_version_status" },
  { "{\"status\":\"ok\"}", DISP_ERROR_MISSING_KEY, "model_version_status" },
  { "{\"error\":\"Not Found\"}", DISP_ERROR_MISSING_KEY, "model_version_status" },
  { "{\"model_version_status\":{}}", DISP_ERROR_INVALID_VALUE, "an array" },
  { "{\"model_version_status\":null}", DISP_ERROR_INVALID_VALUE, "an array" },
  { "{\"model_version_status\":[],\"model_version_status\":[]}", DISP_ERROR_INVALID_VALUE,
    "twice" },
  { DOCUMENT ("{\"state\":\"END\"}"), DISP_ERROR_MISSING_KEY, "version" },
  { DOCUMENT ("{\"version\":\"1\"}"), DISP_ERROR_MISSING_KEY, "state" },
  { DOCUMENT ("{\"version\":\"1\",\"version\":\"1\",\"state\":\"END\"}"), DISP_ERROR_INVALID_VALUE,
    "twice" },
  { DOCUMENT (ENTRY ("", "END")), DISP_ERROR_INVALID_VALUE, "version" },
  { DOCUMENT (ENTRY ("-1", "END")), DISP_ERROR_INVALID_VALUE, "version" },
  { DOCUMENT (ENTRY ("1.0", "END")), DISP_ERROR_INVALID_VALUE, "version" },
  { DOCUMENT (ENTRY ("9223372036854775808", "END")), DISP_ERROR_INVALID_VALUE, "version" },
  { DOCUMENT ("{\"version\":true,\"state\":\"END\"}"), DISP_ERROR_INVALID_VALUE, "version" },
  { DOCUMENT (ENTRY ("1", "")), DISP_ERROR_INVALID_VALUE, "state" },
  { DOCUMENT (ENTRY ("1", "available")), DISP_ERROR_INVALID_VALUE, "state" },
  { DOCUMENT (ENTRY ("1", "END\\n")), DISP_ERROR_INVALID_VALUE, "state" },
  { DOCUMENT (ENTRY ("1", "A_STATE_WITH_A_NAME_THAT_IS_TOO_LONG")), DISP_ERROR_INVALID_VALUE,
    "state" },
  { DOCUMENT ("{\"version\":\"1\",\"state\":30}"), DISP_ERROR_INVALID_VALUE, "state" },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refuse_cases); i++)
    {
      g_autoptr (GError) error = NULL;
      char *state = (char *) "untouched";
      gboolean available = 7;

      g_assert_false (disp_status_document_parse (refuse_cases[i].body,
                                                  strlen (refuse_cases[i].body), NULL, 0,
                                                  &available, &state, &error));
      g_assert_error (error, DISP_ERROR, (int) refuse_cases[i].code);
      g_assert_nonnull (strstr (error->message, refuse_cases[i].message));
      g_assert_cmpint (available, ==, 7);
      g_assert_cmpstr (state, ==, "untouched");
    }
}

static void
test_prefixes (void)
{
  static const char body[] = DOCUMENT (ENTRY ("1", "AVAILABLE") "," ENTRY ("2", "END"));

  for (gsize length = 0; length < strlen (body); length++)
    {
      g_autofree char *prefix = g_memdup2 (body, length);
      g_autoptr (GError) error = NULL;
      g_autofree char *state = NULL;
      gboolean available;

      g_assert_false (
          disp_status_document_parse (prefix, length, NULL, 0, &available, &state, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_JSON);
    }
}

/* Only what TensorFlow Serving says of a model that it does not serve. */
static const struct
{
  const char *body;
  gboolean missing;
} missing_cases[] = {
  { "{ \"error\": \"Could not find any versions of model m-1\" }", TRUE },
  { "{\n \"error\": \"Could not find version 3 of model m-1\"\n}", TRUE },
  { "{\"error\":\"Servable not found for request: Latest(m-1)\"}", TRUE },
  { "{\"error\":\"Servable not found for request: Specific(m-1, 3)\"}", TRUE },
  { "{\"error\":\"Could not find any versions of model m-1.\",\"more\":1}", TRUE },
  /* Another model. */
  { "{\"error\":\"Could not find any versions of model m-12\"}", FALSE },
  { "{\"error\":\"Could not find any versions of model am-1\"}", FALSE },
  { "{\"error\":\"Could not find any versions of model\"}", FALSE },
  /* Servers that know no such path. */
  { "{\"error\":\"Could not find /v1/models/m-1\"}", FALSE },
  { "{\"error\":\"Could not find the path /v1/models/m-1/versions/1\"}", FALSE },
  { "{\"error\":\"no such path: /v1/models/m-1\"}", FALSE },
  { "{\"error\":\"Not Found\"}", FALSE },
  { "{\"error\":\"m-1\"}", FALSE },
  { "{\"error\":404}", FALSE },
  { "{\"detail\":\"Could not find any versions of model m-1\"}", FALSE },
  { "Could not find any versions of model m-1", FALSE },
  { "<html>404 Not Found</html>", FALSE },
  { "{}", FALSE },
  { "", FALSE },
};

static void
test_missing (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (missing_cases); i++)
    {
      const char *body = missing_cases[i].body;

      g_test_message ("%s", body);
      g_assert_cmpint (disp_status_document_is_missing (body, strlen (body), "m-1"), ==,
                       missing_cases[i].missing);
    }
  g_assert_false (
      disp_status_document_is_missing (missing_cases[0].body, strlen (missing_cases[0].body), ""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/status-document/accepted", test_accepted);
  g_test_add_func ("/wire/status-document/several-wanted", test_several_wanted);
  g_test_add_func ("/wire/status-document/refused", test_refused);
  g_test_add_func ("/wire/status-document/prefixes", test_prefixes);
  g_test_add_func ("/wire/status-document/missing", test_missing);
  return g_test_run ();
}
