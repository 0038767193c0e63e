/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DISP_ERROR:
 *
 * The one error domain of dispatcherd.  A message says what went wrong, with which thing, and what
 * was expected.  The code decides the HTTP status, the X-Dispatch-Reason token and the bus error
 * name.
 */
#define DISP_ERROR (disp_error_quark ())

/**
 * DispError:
 * @DISP_ERROR_FAILED: something of ours went wrong
 * @DISP_ERROR_INVALID_JSON: a body is not the JSON it has to be
 * @DISP_ERROR_MISSING_KEY: a required member is absent
 * @DISP_ERROR_INVALID_VALUE: a member or parameter has the wrong type or value
 * @DISP_ERROR_NOT_FOUND: no such path
 * @DISP_ERROR_UNKNOWN_MODEL: the fleet has no such model
 * @DISP_ERROR_UNKNOWN_VERSION: the fleet has the model, but not in that version
 * @DISP_ERROR_UNKNOWN_CONTAINER: the fleet has no such container
 * @DISP_ERROR_UNKNOWN_RECORD: the Requests Store has no such record
 * @DISP_ERROR_METHOD_NOT_ALLOWED: the path exists, but not with that method
 * @DISP_ERROR_LENGTH_REQUIRED: a body without Content-Length and without chunks
 * @DISP_ERROR_BODY_TOO_LARGE: a body above the limit
 * @DISP_ERROR_UNSUPPORTED_TYPE: a body that claims not to be plain JSON
 * @DISP_ERROR_HEAD_TOO_LARGE: a head above the limit
 * @DISP_ERROR_BAD_REQUEST: what came is no request as RFC 9110 and RFC 9112 have it, or an
 * ambiguous one
 * @DISP_ERROR_UNAUTHENTICATED: the client showed no token, or none that is known
 * @DISP_ERROR_REQUEST_TIMEOUT: the client took too long to send its request
 * @DISP_ERROR_TARGET_TOO_LONG: a request line above the limit
 * @DISP_ERROR_EXPECTATION_FAILED: the client expects what is not done
 * @DISP_ERROR_UNKNOWN_METHOD: a method that no resource has
 * @DISP_ERROR_UNKNOWN_CODING: a transfer coding other than chunked
 * @DISP_ERROR_UNKNOWN_HTTP_VERSION: a version of HTTP other than 1.0 and 1.1
 * @DISP_ERROR_RATE_LIMITED: the client asks more often than it may
 * @DISP_ERROR_TOO_MANY_CONNECTIONS: no more connections are taken, of that client or of all
 * @DISP_ERROR_BODIES_FULL: the bodies that are in flight take all memory that they may
 * @DISP_ERROR_CLIENT_GONE: the client hung up before its answer
 * @DISP_ERROR_UNREACHABLE: no connection to the container could be opened, so nothing was sent
 * @DISP_ERROR_UPSTREAM: the connection to the container broke before its whole answer came
 * @DISP_ERROR_BAD_ANSWER: what the container answered cannot be passed on
 * @DISP_ERROR_QUEUE_FULL: no more requests may wait for a place at a container
 * @DISP_ERROR_QUEUE_TIMEOUT: no container had a place in the time that a request may wait
 * @DISP_ERROR_NO_FLEET: no fleet is known yet
 * @DISP_ERROR_NO_CONTAINER: the fleet has no container that may be used for the model now
 * @DISP_ERROR_DRAINING: the daemon is stopping
 * @DISP_ERROR_RECORDS_FULL: no more records can be taken now, so no prediction is
 * @DISP_ERROR_NOT_RECORDED: the record of the answer could not be written in time
 * @DISP_ERROR_DEADLINE: the time for the request is over
 * @DISP_ERROR_INVALID_CONFIG: a wrong setting, flag or configuration file
 * @DISP_ERROR_INVALID_DOCUMENT: a fleet document that is not what it has to be
 * @DISP_ERROR_UNKNOWN_POLICY: no dispatching policy has that name
 * @DISP_ERROR_STORE: a Requests Store could not be opened or written
 * @DISP_ERROR_NOT_AUTHORIZED: the caller may not do that
 */
typedef enum
{
  DISP_ERROR_FAILED,
  DISP_ERROR_INVALID_JSON,
  DISP_ERROR_MISSING_KEY,
  DISP_ERROR_INVALID_VALUE,
  DISP_ERROR_NOT_FOUND,
  DISP_ERROR_UNKNOWN_MODEL,
  DISP_ERROR_UNKNOWN_VERSION,
  DISP_ERROR_UNKNOWN_CONTAINER,
  DISP_ERROR_UNKNOWN_RECORD,
  DISP_ERROR_METHOD_NOT_ALLOWED,
  DISP_ERROR_LENGTH_REQUIRED,
  DISP_ERROR_BODY_TOO_LARGE,
  DISP_ERROR_UNSUPPORTED_TYPE,
  DISP_ERROR_HEAD_TOO_LARGE,
  DISP_ERROR_BAD_REQUEST,
  DISP_ERROR_UNAUTHENTICATED,
  DISP_ERROR_REQUEST_TIMEOUT,
  DISP_ERROR_TARGET_TOO_LONG,
  DISP_ERROR_EXPECTATION_FAILED,
  DISP_ERROR_UNKNOWN_METHOD,
  DISP_ERROR_UNKNOWN_CODING,
  DISP_ERROR_UNKNOWN_HTTP_VERSION,
  DISP_ERROR_RATE_LIMITED,
  DISP_ERROR_TOO_MANY_CONNECTIONS,
  DISP_ERROR_BODIES_FULL,
  DISP_ERROR_CLIENT_GONE,
  DISP_ERROR_UNREACHABLE,
  DISP_ERROR_UPSTREAM,
  DISP_ERROR_BAD_ANSWER,
  DISP_ERROR_QUEUE_FULL,
  DISP_ERROR_QUEUE_TIMEOUT,
  DISP_ERROR_NO_FLEET,
  DISP_ERROR_NO_CONTAINER,
  DISP_ERROR_DRAINING,
  DISP_ERROR_RECORDS_FULL,
  DISP_ERROR_NOT_RECORDED,
  DISP_ERROR_DEADLINE,
  DISP_ERROR_INVALID_CONFIG,
  DISP_ERROR_INVALID_DOCUMENT,
  DISP_ERROR_UNKNOWN_POLICY,
  DISP_ERROR_STORE,
  DISP_ERROR_NOT_AUTHORIZED,
  DISP_N_ERRORS /*< skip >*/
} DispError;

GQuark disp_error_quark (void);
guint disp_error_http_status (int code);
const char *disp_error_reason (int code);
const char *disp_error_bus_name (int code);
