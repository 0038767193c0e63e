/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-field.h"

#include "core/error.h"

#include <string.h>

/* Fields with one line each; DISP_ERROR_FAILED stands for none. */
static const struct
{
  const char *section; /* of RFC 9110 or RFC 9112 */
  const char *line;
  int code;
} rows[] = {
  /* the line */
  { "9112 5.1", "a:b", DISP_ERROR_FAILED },
  { "9112 5.1", "a:", DISP_ERROR_FAILED },
  { "9112 5.1", "a::", DISP_ERROR_FAILED },
  { "9112 5.1", "a :b", DISP_ERROR_BAD_REQUEST },
  { "9112 5.1", "a\t:b", DISP_ERROR_BAD_REQUEST },
  { "9112 5.1", " a:b", DISP_ERROR_BAD_REQUEST },
  { "9112 5.1", "a", DISP_ERROR_BAD_REQUEST },
  { "9112 5.1", "a b", DISP_ERROR_BAD_REQUEST },
  { "9112 5.1", ":b", DISP_ERROR_BAD_REQUEST },
  { "9112 5.1", ":", DISP_ERROR_BAD_REQUEST },
  { "9110 5.1", "(a):b", DISP_ERROR_BAD_REQUEST },
  { "9110 5.1", "a/b:c", DISP_ERROR_BAD_REQUEST },
  { "9110 5.1", "\"a\":b", DISP_ERROR_BAD_REQUEST },
  { "9110 5.1", "a,b:c", DISP_ERROR_BAD_REQUEST },
  { "9110 5.1", "a[]:c", DISP_ERROR_BAD_REQUEST },
  { "9110 5.1", "\xc3\xa9:c", DISP_ERROR_BAD_REQUEST },
  { "9110 5.1", "a\xa0:c", DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "a:\xc3\xa9\xff", DISP_ERROR_FAILED },
  /* bytes above 0x7f where the server reads */
  { "9110 5.5", "Host: a\xff", DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "Content-Length: 1\xc2\xa0", DISP_ERROR_BAD_REQUEST },
  { "9110 5.5",
    "Transfer-Encoding: \xa0"
    "chunked",
    DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "Connection: close\xff", DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "Expect: 100-continue\xff", DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "Authorization: Bearer \xff", DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "Content-Type: application/json; a=\"\xff\"", DISP_ERROR_BAD_REQUEST },
  { "9110 5.5", "Content-Encoding: \xff", DISP_ERROR_BAD_REQUEST },
  /* Content-Length */
  { "9110 8.6", "Content-Length: 0", DISP_ERROR_FAILED },
  { "9110 8.6", "CONTENT-LENGTH:10\t", DISP_ERROR_FAILED },
  { "9110 8.6", "Content-Length: 00", DISP_ERROR_FAILED },
  { "9110 8.6", "Content-Length: 9223372036854775807", DISP_ERROR_FAILED },
  { "9110 8.6", "Content-Length: 9223372036854775808", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 9223372036854775817", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 18446744073709551615", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 18446744073709551621", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 99999999999999999999999999999999", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length:", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: -1", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: -0", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: +5", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 0x5", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 5.0", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 5e1", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 5 5", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 5, 5", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 5,5", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: ,5", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 5;a=b", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: \"5\"", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: 5_0", DISP_ERROR_BAD_REQUEST },
  { "9110 8.6", "Content-Length: a", DISP_ERROR_BAD_REQUEST },
  /* Transfer-Encoding */
  { "9112 6.1", "Transfer-Encoding: chunked", DISP_ERROR_FAILED },
  { "9112 7", "transfer-encoding:\tCHUNKED\t", DISP_ERROR_FAILED },
  { "9112 6.1", "Transfer-Encoding: gzip, chunked", DISP_ERROR_UNKNOWN_CODING },
  { "9112 6.1", "Transfer-Encoding: identity,chunked", DISP_ERROR_UNKNOWN_CODING },
  { "9112 7", "Transfer-Encoding: a;b=c;d = \"e,\\\"f\" , chunked", DISP_ERROR_UNKNOWN_CODING },
  { "9112 6.3", "Transfer-Encoding: gzip", DISP_ERROR_BAD_REQUEST },
  { "9112 6.3", "Transfer-Encoding: identity", DISP_ERROR_BAD_REQUEST },
  { "9112 6.3", "Transfer-Encoding: xchunked", DISP_ERROR_BAD_REQUEST },
  { "9112 6.3", "Transfer-Encoding: chunked-", DISP_ERROR_BAD_REQUEST },
  { "9112 6.3", "Transfer-Encoding: chunke", DISP_ERROR_BAD_REQUEST },
  { "9112 6.3", "Transfer-Encoding: chunked, gzip", DISP_ERROR_BAD_REQUEST },
  { "9112 6.1", "Transfer-Encoding: chunked, chunked", DISP_ERROR_BAD_REQUEST },
  { "9112 6.1", "Transfer-Encoding: chunked, gzip, chunked", DISP_ERROR_BAD_REQUEST },
  { "9112 7.1", "Transfer-Encoding: chunked;a=b", DISP_ERROR_BAD_REQUEST },
  { "9112 7.1", "Transfer-Encoding: chunked;", DISP_ERROR_BAD_REQUEST },
  { "9112 6.1", "Transfer-Encoding:", DISP_ERROR_BAD_REQUEST },
  { "9112 6.1", "Transfer-Encoding: ,chunked", DISP_ERROR_BAD_REQUEST },
  { "9112 6.1", "Transfer-Encoding: chunked,", DISP_ERROR_BAD_REQUEST },
  { "9112 6.1", "Transfer-Encoding: ,", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: chunked x", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: \"chunked\"", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: 'chunked'", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: chunked=1", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: a;b, chunked", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: a;=c, chunked", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: a;b=, chunked", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: a;b=\", chunked", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: a;b=\", chunked\\\"", DISP_ERROR_BAD_REQUEST },
  { "9112 7", "Transfer-Encoding: a;b=\"\\", DISP_ERROR_BAD_REQUEST },
  /* Connection */
  { "9110 7.6.1", "Connection: close", DISP_ERROR_FAILED },
  { "9110 7.6.1", "Connection: a, b ,\tc", DISP_ERROR_FAILED },
  { "9110 5.6.1.2", "Connection: ,, a,", DISP_ERROR_FAILED },
  { "9110 5.6.1.2", "Connection:", DISP_ERROR_FAILED },
  { "9110 7.6.1", "Connection: hosts, x-content-length", DISP_ERROR_FAILED },
  { "9110 7.6.1", "Connection: a b", DISP_ERROR_BAD_REQUEST },
  { "9110 7.6.1", "Connection: close;a", DISP_ERROR_BAD_REQUEST },
  { "9110 7.6.1", "Connection: \"close\"", DISP_ERROR_BAD_REQUEST },
  { "9110 7.6.1", "Connection: a=b", DISP_ERROR_BAD_REQUEST },
  { "9110 7.6.1", "Connection: HOST", DISP_ERROR_BAD_REQUEST },
  { "9110 7.6.1", "Connection: close, content-length", DISP_ERROR_BAD_REQUEST },
  { "9110 7.6.1", "Connection: Transfer-Encoding,close", DISP_ERROR_BAD_REQUEST },
  /* Expect */
  { "9110 10.1.1", "Expect: 100-continue", DISP_ERROR_FAILED },
  { "9110 10.1.1", "Expect:100-CONTINUE ", DISP_ERROR_FAILED },
  { "9110 10.1.1", "Expect:", DISP_ERROR_EXPECTATION_FAILED },
  { "9110 10.1.1", "Expect: 100", DISP_ERROR_EXPECTATION_FAILED },
  { "9110 10.1.1", "Expect: 100-continue, a", DISP_ERROR_EXPECTATION_FAILED },
  { "9110 10.1.1", "Expect: 100-continue;a=b", DISP_ERROR_EXPECTATION_FAILED },
  { "9110 10.1.1", "Expect: 100-continued", DISP_ERROR_EXPECTATION_FAILED },
  /* Host, beside test-http-authority.c */
  { "9112 3.2", "Host:a:80 ", DISP_ERROR_FAILED },
  { "9112 3.2", "Host:", DISP_ERROR_BAD_REQUEST },
  { "9112 3.2", "Host: a b", DISP_ERROR_BAD_REQUEST },
  /* what is not looked at */
  { "9110 10.1.4", "TE: ,;=", DISP_ERROR_FAILED },
  { "9110 6.6.2", "Trailer: a b", DISP_ERROR_FAILED },
  { "9110 7.8", "Upgrade: h2c", DISP_ERROR_FAILED },
  { "9110 14.2", "Range: bytes=,,,0-", DISP_ERROR_FAILED },
  { "9110 8.3", "Content-Type: a b", DISP_ERROR_FAILED },
};

static gboolean
read_text (const char *line, DispFieldMarks *marks, GError **error)
{
  gsize length = strlen (line);
  g_autofree char *exact = g_memdup2 (line, length);
  DispFieldLine field;

  return disp_field_line_read ((DispSpan){ exact, length }, marks, &field, error);
}

static void
test_rows (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DispFieldMarks marks = { 0 };
      g_autoptr (GError) error = NULL;
      gboolean is_right;

      g_test_message ("RFC %s: %s", rows[i].section, rows[i].line);
      is_right = read_text (rows[i].line, &marks, &error);
      g_assert_cmpint (is_right, ==, rows[i].code == DISP_ERROR_FAILED);
      if (is_right)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_error (error, DISP_ERROR, rows[i].code);
      g_assert_true (g_str_is_ascii (error->message));
      g_assert_cmpuint (marks.seen, ==, 0);
    }
}

static void
test_parts (void)
{
  static const struct
  {
    const char *line;
    const char *name;
    const char *value;
  } lines[] = {
    { "a:b", "a", "b" },   { "Ab-C: \t d:e \t", "Ab-C", "d:e" }, { "a:", "a", "" },
    { "a: \t ", "a", "" }, { "a::\tb\tc", "a", ":\tb\tc" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      DispSpan line = { lines[i].line, strlen (lines[i].line) };
      DispFieldMarks marks = { 0 };
      DispFieldLine field = { 0 };

      g_assert_true (disp_field_line_read (line, &marks, &field, NULL));
      g_assert_true (disp_span_is (field.name, lines[i].name));
      g_assert_true (disp_span_is (field.value, lines[i].value));
      g_assert_true (disp_field_marks_have (&marks, DISP_FIELD_OTHER));
    }
}

/* Which fields may have one line only: those whose second one reader would take and another not. */
static void
test_twice (void)
{
  static const struct
  {
    const char *line;
    DispFieldKind kind;
    gboolean may_repeat;
  } fields[] = {
    { "Host: a", DISP_FIELD_HOST, FALSE },
    { "Content-Length: 1", DISP_FIELD_CONTENT_LENGTH, FALSE },
    { "Transfer-Encoding: chunked", DISP_FIELD_TRANSFER_ENCODING, FALSE },
    { "Connection: close", DISP_FIELD_CONNECTION, TRUE },
    { "Expect: 100-continue", DISP_FIELD_EXPECT, FALSE },
    { "Authorization: Bearer a", DISP_FIELD_AUTHORIZATION, FALSE },
    { "Content-Type: application/json", DISP_FIELD_CONTENT_TYPE, FALSE },
    { "Content-Encoding: identity", DISP_FIELD_CONTENT_ENCODING, FALSE },
    { "X-Timeout-Ms: 5", DISP_FIELD_TIMEOUT, FALSE },
    { "Accept: a", DISP_FIELD_OTHER, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autofree char *loud = g_ascii_strup (fields[i].line, -1);
      DispFieldMarks marks = { 0 };
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", fields[i].line);
      g_assert_true (read_text (fields[i].line, &marks, NULL));
      g_assert_cmpuint (marks.seen, ==, 1U << fields[i].kind);
      g_assert_cmpint (read_text (loud, &marks, &error), ==, fields[i].may_repeat);
      if (!fields[i].may_repeat)
        g_assert_error (error, DISP_ERROR, DISP_ERROR_BAD_REQUEST);
    }
}

static void
test_marks (void)
{
  DispFieldMarks marks = { 0 };

  g_assert_true (read_text ("Content-Length: 9223372036854775807", &marks, NULL));
  g_assert_cmpuint (marks.body_length, ==, G_MAXINT64);
  g_assert_true (read_text ("Connection: a, closes, keep", &marks, NULL));
  g_assert_false (marks.closes);
  g_assert_false (marks.stays);
  g_assert_true (read_text ("Connection: Keep-Alive", &marks, NULL));
  g_assert_false (marks.closes);
  g_assert_true (marks.stays);
  g_assert_true (read_text ("Connection: x,CLOSE", &marks, NULL));
  g_assert_true (marks.closes);
  g_assert_true (marks.stays);
  g_assert_false (disp_field_marks_have (&marks, DISP_FIELD_HOST));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/http-field/rows", test_rows);
  g_test_add_func ("/wire/http-field/parts", test_parts);
  g_test_add_func ("/wire/http-field/twice", test_twice);
  g_test_add_func ("/wire/http-field/marks", test_marks);
  return g_test_run ();
}
