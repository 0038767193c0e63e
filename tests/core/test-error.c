/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"

#include <gio/gio.h>
#include <string.h>

/* What clients are promised for each code. */
static const struct
{
  DispError code;
  guint status;
  const char *reason;
} promises[] = {
  { DISP_ERROR_FAILED, 500, "internal" },
  { DISP_ERROR_INVALID_JSON, 400, "invalid-json" },
  { DISP_ERROR_MISSING_KEY, 400, "missing-key" },
  { DISP_ERROR_INVALID_VALUE, 400, "invalid-value" },
  { DISP_ERROR_NOT_FOUND, 404, "not-found" },
  { DISP_ERROR_UNKNOWN_MODEL, 404, "unknown-model" },
  { DISP_ERROR_UNKNOWN_VERSION, 404, "unknown-version" },
  { DISP_ERROR_UNKNOWN_CONTAINER, 404, "unknown-container" },
  { DISP_ERROR_UNKNOWN_RECORD, 404, "unknown-record" },
  { DISP_ERROR_METHOD_NOT_ALLOWED, 405, "method-not-allowed" },
  { DISP_ERROR_LENGTH_REQUIRED, 411, "length-required" },
  { DISP_ERROR_BODY_TOO_LARGE, 413, "body-too-large" },
  { DISP_ERROR_UNSUPPORTED_TYPE, 415, "unsupported-type" },
  { DISP_ERROR_HEAD_TOO_LARGE, 431, "head-too-large" },
  { DISP_ERROR_BAD_REQUEST, 400, "bad-request" },
  { DISP_ERROR_UNAUTHENTICATED, 401, "unauthenticated" },
  { DISP_ERROR_REQUEST_TIMEOUT, 408, "request-timeout" },
  { DISP_ERROR_TARGET_TOO_LONG, 414, "target-too-long" },
  { DISP_ERROR_EXPECTATION_FAILED, 417, "expectation-failed" },
  { DISP_ERROR_UNKNOWN_METHOD, 501, "unknown-method" },
  { DISP_ERROR_UNKNOWN_CODING, 501, "unknown-coding" },
  { DISP_ERROR_UNKNOWN_HTTP_VERSION, 505, "unknown-http-version" },
  { DISP_ERROR_RATE_LIMITED, 429, "rate-limited" },
  { DISP_ERROR_TOO_MANY_CONNECTIONS, 503, "too-many-connections" },
  { DISP_ERROR_BODIES_FULL, 503, "bodies-full" },
  { DISP_ERROR_CLIENT_GONE, 499, "client-gone" },
  { DISP_ERROR_UNREACHABLE, 503, "unreachable" },
  { DISP_ERROR_UPSTREAM, 502, "upstream-failed" },
  { DISP_ERROR_BAD_ANSWER, 502, "bad-answer" },
  { DISP_ERROR_QUEUE_FULL, 429, "queue-full" },
  { DISP_ERROR_QUEUE_TIMEOUT, 503, "queue-timeout" },
  { DISP_ERROR_NO_FLEET, 503, "no-fleet" },
  { DISP_ERROR_NO_CONTAINER, 503, "no-container" },
  { DISP_ERROR_DRAINING, 503, "draining" },
  { DISP_ERROR_RECORDS_FULL, 503, "records-full" },
  { DISP_ERROR_NOT_RECORDED, 503, "not-recorded" },
  { DISP_ERROR_DEADLINE, 504, "deadline" },
  { DISP_ERROR_INVALID_CONFIG, 500, "invalid-config" },
  { DISP_ERROR_INVALID_DOCUMENT, 500, "invalid-document" },
  { DISP_ERROR_UNKNOWN_POLICY, 400, "unknown-policy" },
  { DISP_ERROR_STORE, 500, "store-failed" },
  { DISP_ERROR_NOT_AUTHORIZED, 403, "not-authorized" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (promises) == DISP_N_ERRORS);

static void
test_promises (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (promises); i++)
    {
      g_assert_cmpint (promises[i].code, ==, i);
      g_assert_cmpuint (disp_error_http_status (promises[i].code), ==, promises[i].status);
      g_assert_cmpstr (disp_error_reason (promises[i].code), ==, promises[i].reason);
    }
}

static void
test_complete (void)
{
  g_autoptr (GHashTable) reasons = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) bus_names = g_hash_table_new (g_str_hash, g_str_equal);

  for (int code = 0; code < DISP_N_ERRORS; code++)
    {
      const char *reason = disp_error_reason (code);
      const char *bus_name = disp_error_bus_name (code);

      g_test_message ("%s", reason);
      g_assert_cmpuint (disp_error_http_status (code), >=, 400);
      g_assert_cmpuint (disp_error_http_status (code), <, 600);
      /* A token of a header field (RFC 9110, section 5.6.2), and ours are plainer still. */
      g_assert_cmpuint (strspn (reason, "abcdefghijklmnopqrstuvwxyz-"), ==, strlen (reason));
      g_assert_cmpuint (strlen (reason), >, 0);
      g_assert_true (g_str_has_prefix (bus_name, "org.dispatcherd.Error."));
      /* Error names follow the rules of interface names (D-Bus specification, "Error names"). */
      g_assert_true (g_dbus_is_interface_name (bus_name));
      g_assert_true (g_hash_table_add (reasons, (gpointer) reason));
      g_assert_true (g_hash_table_add (bus_names, (gpointer) bus_name));
    }
}

static void
test_unknown_code (void)
{
  static const int codes[] = { -1, DISP_N_ERRORS, DISP_N_ERRORS + 1, G_MAXINT, G_MININT };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_assert_cmpuint (disp_error_http_status (codes[i]), ==, 500);
      g_assert_cmpstr (disp_error_reason (codes[i]), ==, "internal");
      g_assert_cmpstr (disp_error_bus_name (codes[i]), ==, "org.dispatcherd.Error.Failed");
    }
}

static void
test_domain (void)
{
  g_assert_cmpstr (g_quark_to_string (DISP_ERROR), ==, "disp-error-quark");
  g_assert_cmpuint (DISP_ERROR, ==, disp_error_quark ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/error/promises", test_promises);
  g_test_add_func ("/core/error/complete", test_complete);
  g_test_add_func ("/core/error/unknown-code", test_unknown_code);
  g_test_add_func ("/core/error/domain", test_domain);
  return g_test_run ();
}
