/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-head.h"

#include "core/error.h"

#include <string.h>

#define HOST "Host: a.example\r\n"
#define END HOST "\r\n"

/* A NUL, which ends no string here. */
static void
test_nul (void)
{
  static const char head[] = "GET /? HTTP/1.1\r\nHost: a?\r\nX?: b?\r\n\r\n";

  for (gsize at = 0; at < strlen (head); at++)
    {
      g_autofree char *copy = g_memdup2 (head, strlen (head));
      DispHeadScan scan = { 0 };
      g_autoptr (GError) error = NULL;

      copy[at] = '\0';
      g_assert_null (disp_http_head_parse (copy, strlen (head), &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_BAD_REQUEST);
      g_clear_error (&error);
      g_assert_cmpint (disp_http_head_scan (&scan, copy, at + 1, &error), ==, DISP_HEAD_WRONG);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_BAD_REQUEST);
    }
}

/* How many bytes are enough to know. */
static void
test_early (void)
{
  static const struct
  {
    const char *head;
    gsize n;
    const char *message;
  } rows[] = {
    { "\x16\x03\x01", 1, "this looks like TLS, expected plain HTTP" },
    { "\x80\x2e", 1, "the request does not begin with a method" },
    { "{\"instances\":[1]}", 1, "the request does not begin with a method" },
    { "GET / HTTP/1.1\n", 15, "the request line ends with LF alone, expected CR and LF" },
    { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 16,
      "the version HTTP/2.0 is not known, expected HTTP/1.1 or HTTP/1.0" },
    { "GET / HTTP/1.1\r\n x", 17, "a field line begins with space, expected a field name" },
    { "GET / HTTP/1.1\r\n:", 17, "a field line does not begin with a field name" },
    { "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nX", 50,
      "Transfer-Encoding does not end with chunked, or has it twice" },
    { "GET / HTTP/1.1\r\nExpect: x\r\nX", 27,
      "what the request expects, \"x\", is not done; only 100-continue is" },
    { "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\nX", 34, "there is more than one field Host" },
    { "\xc3\xa9", 1, "the request does not begin with a method" },
    { "FOO\x1b", 4, "there is a control character, 0x1b, in the request line" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DispHeadScan scan = { 0 };
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i].message);
      g_assert_cmpint (disp_http_head_scan (&scan, rows[i].head, rows[i].n - 1, &error), ==,
                       DISP_HEAD_PARTIAL);
      g_assert_cmpint (disp_http_head_scan (&scan, rows[i].head, rows[i].n, &error), ==,
                       DISP_HEAD_WRONG);
      g_assert_cmpstr (error->message, ==, rows[i].message);
    }
}

/* What follows the head is not looked at by the scan, and no part of what is parsed. */
static void
test_more (void)
{
  static const char bytes[] = "GET / HTTP/1.1\r\n" END "\x16\n rest";
  gsize length = strlen ("GET / HTTP/1.1\r\n" END);
  DispHeadScan scan = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (disp_http_head_scan (&scan, bytes, strlen (bytes), &error), ==,
                   DISP_HEAD_COMPLETE);
  g_assert_cmpuint (scan.length, ==, length);
  g_assert_null (disp_http_head_parse (bytes, strlen (bytes), &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_BAD_REQUEST);
  g_assert_cmpstr (error->message, ==, "the head of the request is followed by more");
}

/* Scans @head at once and byte by byte, and parses it: @wanted is the code, or none if it is right.
 */
static void
check_limit (const GString *head, gboolean is_right, int wanted)
{
  DispHeadState end = is_right ? DISP_HEAD_COMPLETE : DISP_HEAD_WRONG;
  DispHeadState state = DISP_HEAD_PARTIAL;
  g_autoptr (DispHttpHead) parsed = disp_http_head_parse (head->str, head->len, NULL);
  DispHeadScan bytewise = { 0 };
  DispHeadScan scan = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (parsed != NULL, ==, is_right);
  g_assert_cmpint (disp_http_head_scan (&scan, head->str, head->len, &error), ==, end);
  if (!is_right)
    g_assert_error (error, DISP_ERROR, wanted);
  g_clear_error (&error);
  for (gsize n = 0; n <= head->len && state == DISP_HEAD_PARTIAL; n++)
    state = disp_http_head_scan (&bytewise, head->str, n, &error);
  g_assert_cmpint (state, ==, end);
  if (!is_right)
    g_assert_error (error, DISP_ERROR, wanted);
  else
    g_assert_no_error (error);
}

static void
append_many (GString *text, char c, gsize n)
{
  for (gsize i = 0; i < n; i++)
    g_string_append_c (text, c);
}

/* RFC 9112, section 3: what is longer than can be taken is answered with 414. */
static void
test_request_line (void)
{
  static const char *const skipped[] = { "", "\r\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (skipped); i++)
    for (gsize length = DISP_MAX_REQUEST_LINE - 1; length <= DISP_MAX_REQUEST_LINE + 1; length++)
      {
        g_autoptr (GString) head = g_string_new (skipped[i]);

        g_string_append (head, "GET /");
        append_many (head, 'a', length - strlen ("GET / HTTP/1.1"));
        g_string_append (head, " HTTP/1.1\r\n" END);
        check_limit (head, length <= DISP_MAX_REQUEST_LINE, DISP_ERROR_TARGET_TOO_LONG);
      }
}

/* A line that does not end is refused when it is too long, without waiting for its end. */
static void
test_endless (void)
{
  g_autoptr (GString) line = g_string_new ("GET /");
  g_autoptr (GString) field = g_string_new ("GET / HTTP/1.1\r\nX: ");
  g_autoptr (GString) fields = g_string_new ("GET / HTTP/1.1\r\n");

  append_many (line, 'a', DISP_MAX_HEAD_SIZE);
  g_string_truncate (line, DISP_MAX_REQUEST_LINE + 1);
  check_limit (line, FALSE, DISP_ERROR_TARGET_TOO_LONG);
  append_many (field, 'a', DISP_MAX_HEAD_SIZE);
  g_string_truncate (field, DISP_MAX_HEAD_SIZE);
  check_limit (field, FALSE, DISP_ERROR_HEAD_TOO_LARGE);
  for (guint i = 0; i < DISP_MAX_FIELDS; i++)
    g_string_append (fields, "a:\r\n");
  g_string_append_c (fields, 'a');
  check_limit (fields, FALSE, DISP_ERROR_HEAD_TOO_LARGE);
}

/* RFC 6585, section 5; the empty line that is skipped counts too, since it takes space. */
static void
test_size (void)
{
  static const char *const skipped[] = { "", "\r\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (skipped); i++)
    for (gsize length = DISP_MAX_HEAD_SIZE - 2; length <= DISP_MAX_HEAD_SIZE + 2; length++)
      {
        g_autoptr (GString) head = g_string_new (skipped[i]);

        g_string_append (head, "GET / HTTP/1.1\r\n" HOST "X:");
        append_many (head, 'a', length - head->len - strlen ("\r\n\r\n"));
        g_string_append (head, "\r\n\r\n");
        g_assert_cmpuint (head->len, ==, length);
        check_limit (head, length <= DISP_MAX_HEAD_SIZE, DISP_ERROR_HEAD_TOO_LARGE);
      }
}

static void
test_count (void)
{
  for (guint n = DISP_MAX_FIELDS - 1; n <= DISP_MAX_FIELDS + 1; n++)
    {
      g_autoptr (GString) head = g_string_new ("GET / HTTP/1.1\r\n");

      for (guint i = 1; i < n; i++)
        g_string_append_printf (head, "x%u: %u\r\n", i, i);
      g_string_append (head, END);
      check_limit (head, n <= DISP_MAX_FIELDS, DISP_ERROR_HEAD_TOO_LARGE);
    }
}

/* Each byte, in each part of a head: what may be where. */
static void
test_bytes (void)
{
  static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  for (guint byte = 0; byte < 256; byte++)
    {
      gboolean is_token = byte != 0 && strchr (token, (int) byte) != NULL;
      gboolean is_text = byte == '\t' || (byte >= ' ' && byte != 0x7f);
      g_autoptr (GString) name = g_string_new ("GET / HTTP/1.1\r\na");
      g_autoptr (GString) first = g_string_new ("GET / HTTP/1.1\r\n");
      g_autoptr (GString) value = g_string_new ("GET / HTTP/1.1\r\na:b");

      g_string_append_c (name, (char) byte);
      g_string_append (name, "b: c\r\n" END);
      check_limit (name, is_token || byte == ':', DISP_ERROR_BAD_REQUEST);
      g_string_append_c (first, (char) byte);
      g_string_append (first, "b: c\r\n" END);
      check_limit (first, is_token, DISP_ERROR_BAD_REQUEST);
      g_string_append_c (value, (char) byte);
      g_string_append (value, "c\r\n" END);
      check_limit (value, is_text, DISP_ERROR_BAD_REQUEST);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/http-line/nul", test_nul);
  g_test_add_func ("/wire/http-line/early", test_early);
  g_test_add_func ("/wire/http-line/more", test_more);
  g_test_add_func ("/wire/http-line/request-line", test_request_line);
  g_test_add_func ("/wire/http-line/endless", test_endless);
  g_test_add_func ("/wire/http-line/size", test_size);
  g_test_add_func ("/wire/http-line/count", test_count);
  g_test_add_func ("/wire/http-line/bytes", test_bytes);
  return g_test_run ();
}
