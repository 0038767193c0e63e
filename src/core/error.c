/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"

#include <stdatomic.h>

#define BUS_PREFIX "org.dispatcherd.Error."

typedef struct
{
  guint status;
  const char *reason;
  const char *bus_name;
} ErrorRow;

/* 499 is nginx's status for a client that hung up; it is only ever recorded, never sent. */
static const ErrorRow error_rows[] = {
  [DISP_ERROR_FAILED] = { 500, "internal", BUS_PREFIX "Failed" },
  [DISP_ERROR_INVALID_JSON] = { 400, "invalid-json", BUS_PREFIX "InvalidJson" },
  [DISP_ERROR_MISSING_KEY] = { 400, "missing-key", BUS_PREFIX "MissingKey" },
  [DISP_ERROR_INVALID_VALUE] = { 400, "invalid-value", BUS_PREFIX "InvalidValue" },
  [DISP_ERROR_NOT_FOUND] = { 404, "not-found", BUS_PREFIX "NotFound" },
  [DISP_ERROR_UNKNOWN_MODEL] = { 404, "unknown-model", BUS_PREFIX "UnknownModel" },
  [DISP_ERROR_UNKNOWN_VERSION] = { 404, "unknown-version", BUS_PREFIX "UnknownVersion" },
  [DISP_ERROR_UNKNOWN_CONTAINER] = { 404, "unknown-container", BUS_PREFIX "UnknownContainer" },
  [DISP_ERROR_UNKNOWN_RECORD] = { 404, "unknown-record", BUS_PREFIX "UnknownRecord" },
  [DISP_ERROR_METHOD_NOT_ALLOWED] = { 405, "method-not-allowed", BUS_PREFIX "MethodNotAllowed" },
  [DISP_ERROR_LENGTH_REQUIRED] = { 411, "length-required", BUS_PREFIX "LengthRequired" },
  [DISP_ERROR_BODY_TOO_LARGE] = { 413, "body-too-large", BUS_PREFIX "BodyTooLarge" },
  [DISP_ERROR_UNSUPPORTED_TYPE] = { 415, "unsupported-type", BUS_PREFIX "UnsupportedType" },
  [DISP_ERROR_HEAD_TOO_LARGE] = { 431, "head-too-large", BUS_PREFIX "HeadTooLarge" },
  [DISP_ERROR_BAD_REQUEST] = { 400, "bad-request", BUS_PREFIX "BadRequest" },
  [DISP_ERROR_UNAUTHENTICATED] = { 401, "unauthenticated", BUS_PREFIX "Unauthenticated" },
  [DISP_ERROR_REQUEST_TIMEOUT] = { 408, "request-timeout", BUS_PREFIX "RequestTimeout" },
  [DISP_ERROR_TARGET_TOO_LONG] = { 414, "target-too-long", BUS_PREFIX "TargetTooLong" },
  [DISP_ERROR_EXPECTATION_FAILED] = { 417, "expectation-failed", BUS_PREFIX "ExpectationFailed" },
  [DISP_ERROR_UNKNOWN_METHOD] = { 501, "unknown-method", BUS_PREFIX "UnknownMethod" },
  [DISP_ERROR_UNKNOWN_CODING] = { 501, "unknown-coding", BUS_PREFIX "UnknownCoding" },
  [DISP_ERROR_UNKNOWN_HTTP_VERSION] = { 505, "unknown-http-version",
                                        BUS_PREFIX "UnknownHttpVersion" },
  [DISP_ERROR_RATE_LIMITED] = { 429, "rate-limited", BUS_PREFIX "RateLimited" },
  [DISP_ERROR_TOO_MANY_CONNECTIONS] = { 503, "too-many-connections",
                                        BUS_PREFIX "TooManyConnections" },
  [DISP_ERROR_BODIES_FULL] = { 503, "bodies-full", BUS_PREFIX "BodiesFull" },
  [DISP_ERROR_CLIENT_GONE] = { 499, "client-gone", BUS_PREFIX "ClientGone" },
  [DISP_ERROR_UNREACHABLE] = { 503, "unreachable", BUS_PREFIX "Unreachable" },
  [DISP_ERROR_UPSTREAM] = { 502, "upstream-failed", BUS_PREFIX "UpstreamFailed" },
  [DISP_ERROR_BAD_ANSWER] = { 502, "bad-answer", BUS_PREFIX "BadAnswer" },
  [DISP_ERROR_QUEUE_FULL] = { 429, "queue-full", BUS_PREFIX "QueueFull" },
  [DISP_ERROR_QUEUE_TIMEOUT] = { 503, "queue-timeout", BUS_PREFIX "QueueTimeout" },
  [DISP_ERROR_NO_FLEET] = { 503, "no-fleet", BUS_PREFIX "NoFleet" },
  [DISP_ERROR_NO_CONTAINER] = { 503, "no-container", BUS_PREFIX "NoContainer" },
  [DISP_ERROR_DRAINING] = { 503, "draining", BUS_PREFIX "Draining" },
  [DISP_ERROR_RECORDS_FULL] = { 503, "records-full", BUS_PREFIX "RecordsFull" },
  [DISP_ERROR_NOT_RECORDED] = { 503, "not-recorded", BUS_PREFIX "NotRecorded" },
  [DISP_ERROR_DEADLINE] = { 504, "deadline", BUS_PREFIX "DeadlineExceeded" },
  [DISP_ERROR_INVALID_CONFIG] = { 500, "invalid-config", BUS_PREFIX "InvalidConfig" },
  [DISP_ERROR_INVALID_DOCUMENT] = { 500, "invalid-document", BUS_PREFIX "InvalidDocument" },
  [DISP_ERROR_UNKNOWN_POLICY] = { 400, "unknown-policy", BUS_PREFIX "UnknownPolicy" },
  [DISP_ERROR_STORE] = { 500, "store-failed", BUS_PREFIX "StoreFailed" },
  [DISP_ERROR_NOT_AUTHORIZED] = { 403, "not-authorized", BUS_PREFIX "NotAuthorized" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (error_rows) == DISP_N_ERRORS);

/* Not by G_DEFINE_QUARK, whose variable is written without care for other threads. */
GQuark
disp_error_quark (void)
{
  static atomic_uint quark;

  if (atomic_load (&quark) == 0)
    atomic_store (&quark, g_quark_from_static_string ("disp-error-quark"));
  return atomic_load (&quark);
}

static const ErrorRow *
error_row (int code)
{
  return &error_rows[code >= 0 && code < DISP_N_ERRORS ? code : DISP_ERROR_FAILED];
}

/**
 * disp_error_http_status:
 * @code: a #DispError
 *
 * Returns: the HTTP status that answers a request which failed so
 */
guint
disp_error_http_status (int code)
{
  return error_row (code)->status;
}

/**
 * disp_error_reason:
 * @code: a #DispError
 *
 * Returns: (transfer none): the token of the X-Dispatch-Reason header field
 */
const char *
disp_error_reason (int code)
{
  return error_row (code)->reason;
}

/**
 * disp_error_bus_name:
 * @code: a #DispError
 *
 * Returns: (transfer none): the D-Bus error name
 */
const char *
disp_error_bus_name (int code)
{
  return error_row (code)->bus_name;
}
