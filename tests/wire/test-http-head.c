/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-head.h"

#include "core/error.h"

#include <string.h>

#define HOST "Host: a.example\r\n"
#define END HOST "\r\n"

static const struct
{
  const char *section; /* of RFC 9110 or RFC 9112 */
  const char *head;
  const char *method;
  guint minor_version;
  const char *path;
  const char *query;     /* (nullable) */
  const char *authority; /* (nullable) */
  DispBodyFraming framing;
  guint64 body_length;
  gboolean is_persistent;
  gboolean expects_continue;
} accepted[] = {
  { "9112 3", "GET / HTTP/1.1\r\n" END, "GET", 1, "/", NULL, "a.example", DISP_BODY_NONE, 0, TRUE,
    FALSE },
  { "9112 2.2", "\r\nGET / HTTP/1.1\r\n" END, "GET", 1, "/", NULL, "a.example", DISP_BODY_NONE, 0,
    TRUE, FALSE },
  { "9112 3.2.1", "POST /v1/models/m:predict?a=b&c HTTP/1.1\r\n" HOST "Content-Length: 17\r\n\r\n",
    "POST", 1, "/v1/models/m:predict", "a=b&c", "a.example", DISP_BODY_LENGTH, 17, TRUE, FALSE },
  { "9112 3.2.1", "HEAD /a? HTTP/1.1\r\n" END, "HEAD", 1, "/a", "", "a.example", DISP_BODY_NONE, 0,
    TRUE, FALSE },
  { "9112 3.2.2", "PUT http://b.example:80/p?q HTTP/1.1\r\n" END, "PUT", 1, "/p", "q",
    "b.example:80", DISP_BODY_NONE, 0, TRUE, FALSE },
  { "9112 3.2.2", "GET HTTPS://b.example HTTP/1.1\r\n" END, "GET", 1, "/", NULL, "b.example",
    DISP_BODY_NONE, 0, TRUE, FALSE },
  { "9112 3.2.2", "GET http://[::1]?q HTTP/1.1\r\n" END, "GET", 1, "/", "q", "[::1]",
    DISP_BODY_NONE, 0, TRUE, FALSE },
  { "9112 3.2", "DELETE /a HTTP/1.0\r\n\r\n", "DELETE", 0, "/a", NULL, NULL, DISP_BODY_NONE, 0,
    FALSE, FALSE },
  { "9112 3.2", "PATCH /a HTTP/1.0\r\nhOST:b\r\n\r\n", "PATCH", 0, "/a", NULL, "b", DISP_BODY_NONE,
    0, FALSE, FALSE },
  { "9112 9.3", "GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", 0, "/a", NULL, NULL,
    DISP_BODY_NONE, 0, TRUE, FALSE },
  { "9112 9.3", "GET /a HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "GET", 0, "/a", NULL,
    NULL, DISP_BODY_NONE, 0, FALSE, FALSE },
  { "9112 9.3", "OPTIONS /a HTTP/1.1\r\nConnection: CLOSE\r\n" END, "OPTIONS", 1, "/a", NULL,
    "a.example", DISP_BODY_NONE, 0, FALSE, FALSE },
  { "9110 7.6.1", "GET /a HTTP/1.1\r\nConnection: ,x , \t,close,\r\nConnection: te\r\n" END, "GET",
    1, "/a", NULL, "a.example", DISP_BODY_NONE, 0, FALSE, FALSE },
  { "9110 7.6.1", "GET /a HTTP/1.1\r\nConnection:\r\n" END, "GET", 1, "/a", NULL, "a.example",
    DISP_BODY_NONE, 0, TRUE, FALSE },
  { "9110 2.5", "GET / HTTP/1.9\r\n" END, "GET", 1, "/", NULL, "a.example", DISP_BODY_NONE, 0, TRUE,
    FALSE },
  { "9110 8.6", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "POST", 1, "/", NULL,
    "a.example", DISP_BODY_LENGTH, 0, TRUE, FALSE },
  { "9110 8.6", "POST / HTTP/1.1\r\n" HOST "content-length:\t9223372036854775807 \r\n\r\n", "POST",
    1, "/", NULL, "a.example", DISP_BODY_LENGTH, G_MAXINT64, TRUE, FALSE },
  { "9110 8.6", "POST / HTTP/1.1\r\n" HOST "Content-Length: 000000000000000000000042\r\n\r\n",
    "POST", 1, "/", NULL, "a.example", DISP_BODY_LENGTH, 42, TRUE, FALSE },
  { "9110 9.3.1", "GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n", "GET", 1, "/", NULL,
    "a.example", DISP_BODY_LENGTH, 3, TRUE, FALSE },
  { "9112 7.1", "POST / HTTP/1.1\r\nTRANSFER-ENCODING: Chunked\r\n" END, "POST", 1, "/", NULL,
    "a.example", DISP_BODY_CHUNKS, 0, TRUE, FALSE },
  { "9110 10.1.1", "POST / HTTP/1.1\r\nTransfer-Encoding:chunked\r\nExpect: 100-Continue\r\n" END,
    "POST", 1, "/", NULL, "a.example", DISP_BODY_CHUNKS, 0, TRUE, TRUE },
  { "9110 10.1.1", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n" END, "POST",
    1, "/", NULL, "a.example", DISP_BODY_LENGTH, 1, TRUE, TRUE },
  { "9110 10.1.1", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0\r\n" END, "POST",
    1, "/", NULL, "a.example", DISP_BODY_LENGTH, 0, TRUE, FALSE },
  { "9110 10.1.1", "GET / HTTP/1.1\r\nExpect: 100-continue\r\n" END, "GET", 1, "/", NULL,
    "a.example", DISP_BODY_NONE, 0, TRUE, FALSE },
  { "9110 10.1.1", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n" END, "POST",
    0, "/", NULL, "a.example", DISP_BODY_LENGTH, 1, FALSE, FALSE },
  { "9110 9.3.8", "TRACE / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "TRACE", 1, "/", NULL,
    "a.example", DISP_BODY_LENGTH, 0, TRUE, FALSE },
  { "9110 7.8", "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" END, "GET", 1,
    "/", NULL, "a.example", DISP_BODY_NONE, 0, TRUE, FALSE },
};

static const struct
{
  const char *section;
  const char *head;
  int code;
} refused[] = {
  /* lines */
  { "9112 2.2", "\r\n\r\nGET / HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "\nGET / HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "\rGET / HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "GET / HTTP/1.1\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "GET / HTTP/1.1\r\nHost: a\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "GET / HTTP/1.1\r\nHost: a\r\n\n", DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "GET /\rHTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "GET / HTTP/1.1\r\nX: a\rb\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "GET / HTTP/1.1\r\nX: a\r\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "GET / HTTP/1.1\r\n" HOST "\rX: a\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 2.2", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 5.2", "GET / HTTP/1.1\r\nX: a\r\n b\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 5.2", "GET / HTTP/1.1\r\nX: a\r\n\tb\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 5.2", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "GET / HTTP/1.1\r\nX: a\001\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "GET / HTTP/1.1\r\nX: \x7f\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "GET / HTTP/1.1\r\nX: \x1b[2J\r\n" END, DISP_ERROR_BAD_REQUEST },
  /* the request line */
  { "9112 3", " GET / HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET  / HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET /  HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET / HTTP/1.1 \r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET\t/ HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET /\tHTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET / a HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET \r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET /\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET / \r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "GET HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3", "HTTP/1.1 200 OK\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.1", "G(T / HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.1", "GET\xc3\xa9 / HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.1", "\xef\xbb\xbfGET / HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.1", "\"GET\" / HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9110 9.1", "get / HTTP/1.1\r\n" END, DISP_ERROR_UNKNOWN_METHOD },
  { "9110 9.1", "GETS / HTTP/1.1\r\n" END, DISP_ERROR_UNKNOWN_METHOD },
  { "9110 9.1", "BREW / HTTP/1.1\r\n" END, DISP_ERROR_UNKNOWN_METHOD },
  { "9110 9.3.6", "CONNECT a.example:80 HTTP/1.1\r\n" END, DISP_ERROR_UNKNOWN_METHOD },
  { "9110 9.1", "PRI * HTTP/1.1\r\n" END, DISP_ERROR_UNKNOWN_METHOD },
  { "9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", DISP_ERROR_UNKNOWN_HTTP_VERSION },
  { "9110 2.5", "GET / HTTP/2.0\r\n" END, DISP_ERROR_UNKNOWN_HTTP_VERSION },
  { "9110 2.5", "GET / HTTP/0.9\r\n" END, DISP_ERROR_UNKNOWN_HTTP_VERSION },
  { "9110 2.5", "GET / HTTP/9.1\r\n" END, DISP_ERROR_UNKNOWN_HTTP_VERSION },
  { "9112 2.3", "GET / http/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/2\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/1.\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/1.10\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/01.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/1.1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/+1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/1,1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP 1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTPS/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / ICY/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 2.3", "GET / HTTP/1.a\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.2.4", "OPTIONS * HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.2.3", "GET a.example:80 HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET a HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET /a#b HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET /\xc3\xa9 HTTP/1.1\r\n" END, DISP_ERROR_BAD_REQUEST },
  /* Host, beside test-http-authority.c */
  { "9112 3.2", "GET / HTTP/1.1\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET http://b/ HTTP/1.1\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET / HTTP/1.1\r\nHost:\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET / HTTP/1.1\r\nHost: \t \r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET / HTTP/1.1\r\n" HOST END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET / HTTP/1.1\r\nhost: b\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET / HTTP/1.0\r\n" HOST END, DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET http://b/ HTTP/1.1\r\nHost: a@b\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  { "9112 5.1", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", DISP_ERROR_BAD_REQUEST },
  /* the body */
  { "9112 6.3", "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n" END,
    DISP_ERROR_BAD_REQUEST },
  { "9112 6.3", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n" END,
    DISP_ERROR_BAD_REQUEST },
  { "9112 6.1", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9112 6.1",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END,
    DISP_ERROR_BAD_REQUEST },
  { "9112 6.1", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n" END,
    DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n" END,
    DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n" END,
    DISP_ERROR_BAD_REQUEST },
  { "9112 6.1", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" END,
    DISP_ERROR_UNKNOWN_CODING },
  { "9110 9.3.8", "TRACE / HTTP/1.1\r\nContent-Length: 1\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "9110 9.3.8", "TRACE / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END,
    DISP_ERROR_BAD_REQUEST },
  { "9110 10.1.1", "POST / HTTP/1.1\r\nExpect: 200-ok\r\n" END, DISP_ERROR_EXPECTATION_FAILED },
  { "9110 10.1.1", "POST / HTTP/1.0\r\nExpect: a=b\r\n" END, DISP_ERROR_EXPECTATION_FAILED },
  { "9110 7.6.1", "POST / HTTP/1.1\r\nConnection: close, Host\r\n" END, DISP_ERROR_BAD_REQUEST },
  { "8446 5.1", "\x16\x03\x01\x02", DISP_ERROR_BAD_REQUEST },
};

/* All in one piece, cut in two anywhere, and one byte after the other. */
static void
check_cuts (const char *head, gsize length)
{
  DispHeadScan bytewise = { 0 };

  for (gsize n = 0; n <= length; n++)
    {
      DispHeadState wanted = n == length ? DISP_HEAD_COMPLETE : DISP_HEAD_PARTIAL;
      DispHeadScan scan = { 0 };

      g_assert_cmpint (disp_http_head_scan (&bytewise, head, n, NULL), ==, wanted);
      g_assert_cmpint (disp_http_head_scan (&scan, head, n, NULL), ==, wanted);
      g_assert_cmpuint (scan.length, ==, bytewise.length);
      g_assert_cmpuint (scan.n_lines, ==, bytewise.n_lines);
      if (n < length)
        g_assert_cmpint (disp_http_head_scan (&scan, head, length, NULL), ==, DISP_HEAD_COMPLETE);
      g_assert_cmpuint (scan.length, ==, length);
    }
}

static void
check_prefixes (const char *head, gsize length)
{
  for (gsize n = 0; n < length; n++)
    {
      g_autofree char *prefix = g_memdup2 (head, n);
      g_autoptr (GError) error = NULL;

      g_assert_null (disp_http_head_parse (n > 0 ? prefix : "", n, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_BAD_REQUEST);
      g_assert_cmpstr (error->message, ==, "the head of the request is cut");
    }
}

static void
test_accepts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      const char *head = accepted[i].head;
      gsize length = strlen (head);
      g_autofree char *exact = g_memdup2 (head, length);
      g_autofree char *shown = g_strescape (head, NULL);
      g_autoptr (DispHttpHead) parsed = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("row %" G_GSIZE_FORMAT ", RFC %s: %s", i, accepted[i].section, shown);
      check_cuts (head, length);
      check_prefixes (head, length);
      parsed = disp_http_head_parse (exact, length, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (parsed->method, ==, accepted[i].method);
      g_assert_cmpuint (parsed->minor_version, ==, accepted[i].minor_version);
      g_assert_cmpstr (parsed->path, ==, accepted[i].path);
      g_assert_cmpstr (parsed->query, ==, accepted[i].query);
      g_assert_cmpstr (parsed->authority, ==, accepted[i].authority);
      g_assert_cmpint (parsed->framing, ==, accepted[i].framing);
      g_assert_cmpuint (parsed->body_length, ==, accepted[i].body_length);
      g_assert_cmpint (parsed->is_persistent, ==, accepted[i].is_persistent);
      g_assert_cmpint (parsed->expects_continue, ==, accepted[i].expects_continue);
    }
}

/* What the scan finds wrong it finds at one byte, and says the same of all that begins so; and the
 * parser says it too. */
static void
check_refused (const char *head, gsize length, const GError *parsed)
{
  DispHeadScan bytewise = { 0 };
  DispHeadState state = DISP_HEAD_PARTIAL;
  g_autoptr (GError) first = NULL;
  gsize n = 0;

  while (n < length && state == DISP_HEAD_PARTIAL)
    state = disp_http_head_scan (&bytewise, head, ++n, &first);
  if (state == DISP_HEAD_COMPLETE)
    {
      g_assert_cmpuint (n, ==, length);
      return;
    }
  g_assert_cmpint (state, ==, DISP_HEAD_WRONG);
  g_assert_cmpstr (first->message, ==, parsed->message);
  for (gsize cut = 0; cut <= length; cut++)
    {
      DispHeadScan scan = { 0 };
      g_autoptr (GError) error = NULL;

      state = disp_http_head_scan (&scan, head, cut, &error);
      if (cut < n)
        {
          g_assert_cmpint (state, ==, DISP_HEAD_PARTIAL);
          g_assert_no_error (error);
          state = disp_http_head_scan (&scan, head, length, &error);
        }
      g_assert_cmpint (state, ==, DISP_HEAD_WRONG);
      g_assert_error (error, DISP_ERROR, parsed->code);
      g_assert_cmpstr (error->message, ==, parsed->message);
    }
}

static void
test_refuses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      const char *head = refused[i].head;
      gsize length = strlen (head);
      g_autofree char *exact = g_memdup2 (head, length);
      g_autofree char *shown = g_strescape (head, NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("row %" G_GSIZE_FORMAT ", RFC %s: %s", i, refused[i].section, shown);
      g_assert_null (disp_http_head_parse (exact, length, &error));
      g_assert_error (error, DISP_ERROR, refused[i].code);
      g_assert_true (g_str_is_ascii (error->message));
      for (const char *c = error->message; *c != '\0'; c++)
        g_assert_true (g_ascii_isprint (*c));
      check_refused (head, length, error);
    }
}

static void
test_fields (void)
{
  static const char head[]
      = "GET /a HTTP/1.1\r\nX-One:1\r\nhost: b:1\r\nX-Two: \t a\tb \"c\" \t\r\n"
        "x-one: 2\r\nX-Empty:\r\nX-Opaque: \xff\xc3\xa9\r\n"
        "!#$%&'*+-.^_`|~09aZ:::\r\n\r\n";
  static const DispHttpField wanted[] = { { "X-One", "1" },
                                          { "host", "b:1" },
                                          { "X-Two", "a\tb \"c\"" },
                                          { "x-one", "2" },
                                          { "X-Empty", "" },
                                          { "X-Opaque", "\xff\xc3\xa9" },
                                          { "!#$%&'*+-.^_`|~09aZ", "::" } };
  g_autoptr (DispHttpHead) parsed = disp_http_head_parse (head, strlen (head), NULL);

  g_assert_cmpuint (parsed->n_fields, ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < parsed->n_fields; i++)
    {
      g_assert_cmpstr (parsed->fields[i].name, ==, wanted[i].name);
      g_assert_cmpstr (parsed->fields[i].value, ==, wanted[i].value);
    }
  g_assert_cmpstr (disp_http_head_get (parsed, "X-ONE"), ==, "1");
  g_assert_cmpstr (disp_http_head_get (parsed, "Host"), ==, "b:1");
  g_assert_cmpstr (disp_http_head_get (parsed, "x-empty"), ==, "");
  g_assert_null (disp_http_head_get (parsed, "X-On"));
  g_assert_null (disp_http_head_get (parsed, ""));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/http-head/accepts", test_accepts);
  g_test_add_func ("/wire/http-head/refuses", test_refuses);
  g_test_add_func ("/wire/http-head/fields", test_fields);
  return g_test_run ();
}
