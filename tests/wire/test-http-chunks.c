/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-chunks.h"

#include "core/error.h"

#include <string.h>

#define BODY(literal) literal, sizeof literal - 1

/* What is read in pieces ends so. */
typedef struct
{
  GString *data; /* (owned) */
  gsize consumed;
  DispChunkState state;
  GError *error; /* (owned) (nullable) */
} Outcome;

static void
outcome_clear (Outcome *outcome)
{
  g_string_free (outcome->data, TRUE);
  g_clear_error (&outcome->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

/* Reads one piece to its end.  A copy of just its length, so that reading on is seen. */
static void
read_piece (DispChunkReader *reader, const char *bytes, gsize n, Outcome *outcome)
{
  g_autofree char *piece = g_memdup2 (bytes, MAX (n, 1));
  gsize at = 0;

  do
    {
      DispChunkStep step = { 0 };

      outcome->state = disp_chunk_reader_step (reader, piece + at, n - at, &step, &outcome->error);
      if (outcome->state == DISP_CHUNKS_WRONG)
        return;
      g_assert_cmpuint (step.consumed, <=, n - at);
      if (outcome->state == DISP_CHUNKS_DATA)
        {
          g_assert_cmpuint (step.length, >, 0);
          g_assert_cmpuint (step.offset + step.length, ==, step.consumed);
          g_string_append_len (outcome->data, piece + at + step.offset, (gssize) step.length);
        }
      else
        g_assert_cmpuint (step.length, ==, 0);
      at += step.consumed;
      outcome->consumed += step.consumed;
    }
  while (outcome->state != DISP_CHUNKS_COMPLETE && at < n);
  if (outcome->state != DISP_CHUNKS_COMPLETE)
    g_assert_cmpuint (at, ==, n);
}

/* Reads @bytes in pieces that end at @first, at @second, and at the end. */
static Outcome
read_split (const char *bytes, gsize n, gsize first, gsize second)
{
  DispChunkReader reader = { 0 };
  Outcome outcome = { .data = g_string_new (NULL) };
  const gsize ends[] = { first, second, n };
  gsize at = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      if (outcome.state == DISP_CHUNKS_WRONG || outcome.state == DISP_CHUNKS_COMPLETE)
        break;
      read_piece (&reader, bytes + at, ends[i] - at, &outcome);
      at = ends[i];
    }
  return outcome;
}

static Outcome
read_bytewise (const char *bytes, gsize n)
{
  DispChunkReader reader = { 0 };
  Outcome outcome = { .data = g_string_new (NULL) };

  for (gsize i = 0; i < n && outcome.state < DISP_CHUNKS_COMPLETE; i++)
    read_piece (&reader, bytes + i, 1, &outcome);
  return outcome;
}

static const struct
{
  const char *body;
  gsize length;
  const char *data;
} accepted[] = {
  { BODY ("0\r\n\r\n"), "" },
  { BODY ("000\r\n\r\n"), "" },
  { BODY ("0000000000000000\r\n\r\n"), "" },
  { BODY ("1\r\na\r\n0\r\n\r\n"), "a" },
  { BODY ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), "hello world" },
  { BODY ("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), "01234567890123456789" },
  { BODY ("000000000000001\r\na\r\n0\r\n\r\n"), "a" },
  { BODY ("2\r\n\r\n\r\n0\r\n\r\n"), "\r\n" },
  { BODY ("5\r\n0\r\n\r\n\r\n0\r\n\r\n"), "0\r\n\r\n" },
  { BODY ("1;a\r\nx\r\n0\r\n\r\n"), "x" },
  { BODY ("1;a=b\r\nx\r\n0;c\r\n\r\n"), "x" },
  { BODY ("1;a=b;c;d=\"e\"\r\nx\r\n0\r\n\r\n"), "x" },
  { BODY ("1;a=\"\"\r\nx\r\n0\r\n\r\n"), "x" },
  { BODY ("1;a=\"b\\\"c;\\\\ d\te\xc3\xa9\"\r\nx\r\n0\r\n\r\n"), "x" },
  { BODY ("1;a=\"b\";c=d\r\nx\r\n0\r\n\r\n"), "x" },
  { BODY ("1;!#$%&'*+-.^_`|~=1\r\nx\r\n0\r\n\r\n"), "x" },
  { BODY ("1\r\nx\r\n0\r\nX-Checksum: 1\r\n\r\n"), "x" },
  { BODY ("0\r\na:\r\nb: c d\t\xc3\xa9 \r\n\r\n"), "" },
  { BODY ("0\r\nContent-Length-X: 5\r\nX-Host: a\r\nHos: a\r\n\r\n"), "" },
  { BODY ("0\r\nTransfer-Encoding-That-Is-Longer: chunked\r\n\r\n"), "" },
};

/* Whatever comes behind belongs to another request. */
static void
test_accepts (void)
{
  static const char behind[] = "GET / HTTP/1.1\r\n\r\n";

  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_autoptr (GString) bytes = g_string_new_len (accepted[i].body, (gssize) accepted[i].length);

      g_test_message ("%s", accepted[i].body);
      g_string_append (bytes, behind);
      for (gsize first = 0; first <= bytes->len; first++)
        for (gsize second = first; second <= bytes->len; second++)
          {
            g_auto (Outcome) outcome = read_split (bytes->str, bytes->len, first, second);

            g_assert_no_error (outcome.error);
            g_assert_cmpint (outcome.state, ==, DISP_CHUNKS_COMPLETE);
            g_assert_cmpuint (outcome.consumed, ==, accepted[i].length);
            g_assert_cmpmem (outcome.data->str, outcome.data->len, accepted[i].data,
                             strlen (accepted[i].data));
          }
    }
}

static void
test_prefixes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    for (gsize n = 0; n < accepted[i].length; n++)
      {
        g_auto (Outcome) outcome = read_split (accepted[i].body, n, 0, 0);
        g_auto (Outcome) bytewise = read_bytewise (accepted[i].body, n);

        g_assert_no_error (outcome.error);
        g_assert_cmpint (outcome.state, <, DISP_CHUNKS_COMPLETE);
        g_assert_cmpuint (outcome.consumed, ==, n);
        g_assert_cmpuint (bytewise.consumed, ==, n);
        g_assert_true (g_string_equal (bytewise.data, outcome.data));
      }
}

/* All RFC 9112, section 7.1, but where another is named. */
static const struct
{
  const char *body;
  gsize length;
  const char *message;
} refused[] = {
  /* the size */
  { BODY ("\r\n"), "byte 0x0d where a chunk begins" },
  { BODY ("\n"), "byte 0x0a where a chunk begins" },
  { BODY ("g\r\n"), "'g' where a chunk begins" },
  { BODY ("-1\r\n"), "'-' where a chunk begins" },
  { BODY ("+1\r\nx\r\n"), "'+' where a chunk begins" },
  { BODY (" 1\r\nx\r\n"), "byte 0x20 where a chunk begins" },
  { BODY ("\t1\r\nx\r\n"), "byte 0x09 where a chunk begins" },
  { BODY (";a\r\n"), "';' where a chunk begins" },
  { BODY ("\0"), "byte 0x00 where a chunk begins" },
  { BODY ("\xef\xbc\x91\r\nx\r\n"), "byte 0xef where a chunk begins" },
  { BODY ("0x1\r\nx\r\n"), "'x' after the size of a chunk" },
  { BODY ("1 \r\nx\r\n"), "byte 0x20 after the size of a chunk" },
  { BODY ("1\t\r\nx\r\n"), "byte 0x09 after the size of a chunk" },
  { BODY ("1 ;a\r\nx\r\n"), "byte 0x20 after the size of a chunk" },
  { BODY ("1\nx\n0\n\n"), "byte 0x0a after the size of a chunk" },
  { BODY ("1.0\r\nx\r\n"), "'.' after the size of a chunk" },
  { BODY ("1,1\r\nx\r\n"), "',' after the size of a chunk" },
  { BODY ("1_0\r\nx\r\n"), "'_' after the size of a chunk" },
  { BODY ("1h\r\nx\r\n"), "'h' after the size of a chunk" },
  { BODY ("1\0\r\nx\r\n"), "byte 0x00 after the size of a chunk" },
  { BODY ("1\rx\r\n"), "'x' after the CR behind the size of a chunk" },
  { BODY ("1\r\r\nx\r\n"), "byte 0x0d after the CR behind the size of a chunk" },
  { BODY ("00000000000000001\r\nx\r\n"), "more than 16 hexadecimal digits" },
  { BODY ("10000000000000000\r\nx\r\n"), "more than 16 hexadecimal digits" },
  { BODY ("fffffffffffffffff\r\nx\r\n"), "more than 16 hexadecimal digits" },
  /* the data */
  { BODY ("1\r\nxx\r\n"), "'x' after the data of a chunk" },
  { BODY ("1\r\nx\n0\r\n\r\n"), "byte 0x0a after the data of a chunk" },
  { BODY ("1\r\nx0\r\n\r\n"), "'0' after the data of a chunk" },
  { BODY ("1\r\nx\r0\r\n\r\n"), "'0' after the CR behind the data of a chunk" },
  { BODY ("1\r\nx\r\r\n0\r\n\r\n"), "byte 0x0d after the CR behind the data of a chunk" },
  { BODY ("5\r\nhell\r\n0\r\n\r\n"), "byte 0x0a after the data of a chunk" },
  /* extensions: section 7.1.1 */
  { BODY ("1;\r\nx\r\n"), "byte 0x0d after the semicolon" },
  { BODY ("1;;a\r\nx\r\n"), "';' after the semicolon" },
  { BODY ("1; a\r\nx\r\n"), "byte 0x20 after the semicolon" },
  { BODY ("1;=b\r\nx\r\n"), "'=' after the semicolon" },
  { BODY ("1;\"a\"\r\nx\r\n"), "'\"' after the semicolon" },
  { BODY ("1;a \r\nx\r\n"), "byte 0x20 in the extension of a chunk" },
  { BODY ("1;a =b\r\nx\r\n"), "byte 0x20 in the extension of a chunk" },
  { BODY ("1;a\nx\r\n"), "byte 0x0a in the extension of a chunk" },
  { BODY ("1;a\rx\r\n"), "'x' after the CR behind the size of a chunk" },
  { BODY ("1;a(\r\nx\r\n"), "'(' in the extension of a chunk" },
  { BODY ("1;\xc3\xa9\r\nx\r\n"), "byte 0xc3 after the semicolon" },
  { BODY ("1;a=\r\nx\r\n"), "byte 0x0d where the value of the extension of a chunk begins" },
  { BODY ("1;a= b\r\nx\r\n"), "byte 0x20 where the value of the extension of a chunk begins" },
  { BODY ("1;a==b\r\nx\r\n"), "'=' where the value of the extension of a chunk begins" },
  { BODY ("1;a=b=c\r\nx\r\n"), "'=' in the extension of a chunk" },
  { BODY ("1;a=b\"c\"\r\nx\r\n"), "'\"' in the extension of a chunk" },
  { BODY ("1;a=b\nx\r\n"), "byte 0x0a in the extension of a chunk" },
  { BODY ("1;a=b\0\r\nx\r\n"), "byte 0x00 in the extension of a chunk" },
  { BODY ("1;a=\"b\r\nx\r\n"), "byte 0x0d in the quoted extension of a chunk" },
  { BODY ("1;a=\"b\nx\r\n"), "byte 0x0a in the quoted extension of a chunk" },
  { BODY ("1;a=\"b\x7f\"\r\nx\r\n"), "byte 0x7f in the quoted extension of a chunk" },
  { BODY ("1;a=\"b\\\r\n\"\r\nx\r\n"), "byte 0x0d after a backslash" },
  { BODY ("1;a=\"b\\\0\"\r\nx\r\n"), "byte 0x00 after a backslash" },
  { BODY ("1;a=\"b\"c\r\nx\r\n"), "'c' in the extension of a chunk" },
  { BODY ("1;a=\"b\" \r\nx\r\n"), "byte 0x20 in the extension of a chunk" },
  /* trailers: sections 5 and 7.1.2 */
  { BODY ("0\r\n\n"), "byte 0x0a where a trailer field begins" },
  { BODY ("0\r\n\rx"), "'x' after the CR at the end" },
  { BODY ("0\r\n: a\r\n\r\n"), "':' where a trailer field begins" },
  { BODY ("0\r\n a: b\r\n\r\n"), "byte 0x20 where a trailer field begins" },
  { BODY ("0\r\n\ta: b\r\n\r\n"), "byte 0x09 where a trailer field begins" },
  { BODY ("0\r\na: b\r\n c\r\n\r\n"), "byte 0x20 where a trailer field begins" },
  { BODY ("0\r\na\r\n\r\n"), "byte 0x0d in the name of a trailer field" },
  { BODY ("0\r\na : b\r\n\r\n"), "byte 0x20 in the name of a trailer field" },
  { BODY ("0\r\nGET / HTTP/1.1\r\n\r\n"), "byte 0x20 in the name of a trailer field" },
  { BODY ("0\r\na\xc3\xa9: b\r\n\r\n"), "byte 0xc3 in the name of a trailer field" },
  { BODY ("0\r\na: b\n\r\n"), "byte 0x0a in the value of a trailer field" },
  { BODY ("0\r\na: b\x01\r\n\r\n"), "byte 0x01 in the value of a trailer field" },
  { BODY ("0\r\na: b\0\r\n\r\n"), "byte 0x00 in the value of a trailer field" },
  { BODY ("0\r\na: b\x7f\r\n\r\n"), "byte 0x7f in the value of a trailer field" },
  { BODY ("0\r\na: b\rc\r\n\r\n"), "'c' after the CR behind a trailer field" },
  { BODY ("0\r\na: b\r\r\n\r\n"), "byte 0x0d after the CR behind a trailer field" },
  /* trailers that would change what the request is: RFC 9110, section 6.5.1 */
  { BODY ("0\r\nContent-Length: 1\r\n\r\n"), "Content-Length as a trailer field" },
  { BODY ("0\r\ncontent-length:1\r\n\r\n"), "Content-Length as a trailer field" },
  { BODY ("0\r\nTRANSFER-ENCODING: chunked\r\n\r\n"), "Transfer-Encoding as a trailer field" },
  { BODY ("0\r\nHost: a\r\n\r\n"), "Host as a trailer field" },
  { BODY ("0\r\nTrailer: a\r\n\r\n"), "Trailer as a trailer field" },
  { BODY ("0\r\na: b\r\nConnection: close\r\n\r\n"), "Connection as a trailer field" },
  { BODY ("0\r\nTE: trailers\r\n\r\n"), "TE as a trailer field" },
  { BODY ("0\r\nAuthorization: Bearer a\r\n\r\n"), "Authorization as a trailer field" },
  { BODY ("0\r\nContent-Type: text/plain\r\n\r\n"), "Content-Type as a trailer field" },
  { BODY ("0\r\nProxy-Authorization: a\r\n\r\n"), "Proxy-Authorization as a trailer field" },
};

static void
assert_refused (const Outcome *outcome, int code, const char *message)
{
  g_assert_cmpint (outcome->state, ==, DISP_CHUNKS_WRONG);
  g_assert_error (outcome->error, DISP_ERROR, code);
  if (strstr (outcome->error->message, message) == NULL)
    g_error ("said: %s, expected: %s", outcome->error->message, message);
  for (const char *c = outcome->error->message; *c != '\0'; c++)
    g_assert_true (g_ascii_isprint (*c));
}

static void
test_refuses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_test_message ("row %" G_GSIZE_FORMAT ": %s", i, refused[i].message);
      for (gsize first = 0; first <= refused[i].length; first++)
        for (gsize second = first; second <= refused[i].length; second++)
          {
            g_auto (Outcome) outcome = read_split (refused[i].body, refused[i].length, first,
                                                   second);

            assert_refused (&outcome, DISP_ERROR_BAD_REQUEST, refused[i].message);
          }
    }
}

/* @n times @piece, between @before and @after. */
static GString *
repeat (const char *before, const char *piece, guint n, const char *after)
{
  GString *bytes = g_string_new (before);

  for (guint i = 0; i < n; i++)
    g_string_append (bytes, piece);
  return g_string_append (bytes, after);
}

static void
check_limit (const char *before, const char *piece, guint n, const char *after, const char *message)
{
  g_autoptr (GString) most = repeat (before, piece, n, after);
  g_autoptr (GString) more = repeat (before, piece, n + 1, after);
  g_auto (Outcome) at_limit = read_split (most->str, most->len, 0, most->len / 2);
  g_auto (Outcome) bytewise = read_bytewise (more->str, more->len);
  g_auto (Outcome) above = read_split (more->str, more->len, 0, 0);

  g_assert_no_error (at_limit.error);
  g_assert_cmpint (at_limit.state, ==, DISP_CHUNKS_COMPLETE);
  assert_refused (&above, DISP_ERROR_HEAD_TOO_LARGE, message);
  assert_refused (&bytewise, DISP_ERROR_HEAD_TOO_LARGE, message);
}

/* Each at its limit, and by one above.  In the middle the many chunks of one byte, each with an
 * extension, by which an attacker would have much read for little data. */
static void
test_limits (void)
{
  check_limit ("1;", "a", 255, "\r\nx\r\n0\r\n\r\n", "a chunk has extensions of more than 256");
  check_limit ("1;a=\"", "b", 251, "\"\r\nx\r\n0\r\n\r\n",
               "a chunk has extensions of more than 256");
  check_limit ("1", ";a", 128, "\r\nx\r\n0\r\n\r\n", "a chunk has extensions of more than 256");
  check_limit ("", "1;a=bcdef\r\nx\r\n", 512, "0\r\n\r\n",
               "a body have extensions of more than 4096");
  check_limit ("0\r\na:", "b", 8190, "\r\n\r\n", "trailer fields of a body have more than 8192");
  check_limit ("0\r\n", "a", 8191, ":\r\n\r\n", "trailer fields of a body have more than 8192");
  check_limit ("0\r\n", "a: b\r\n", 64, "\r\n", "more than 64 trailer fields");
}

/* A chunk says its length before its data comes, and its data may be read past the reader. */
static void
test_left (void)
{
  static const char bytes[] = "ffffffffffffffff\r\n";
  static const char end[] = "\r\n0\r\n\r\n";
  DispChunkReader reader = { 0 };
  DispChunkStep step;

  g_assert_cmpuint (disp_chunk_reader_get_left (&reader), ==, 0);
  for (gsize i = 0; i + 1 < sizeof bytes - 1; i++)
    {
      g_assert_cmpint (disp_chunk_reader_step (&reader, bytes + i, 1, &step, NULL), ==,
                       DISP_CHUNKS_PARTIAL);
      g_assert_cmpuint (disp_chunk_reader_get_left (&reader), ==, 0);
    }
  g_assert_cmpint (disp_chunk_reader_step (&reader, "\n", 1, &step, NULL), ==, DISP_CHUNKS_PARTIAL);
  g_assert_cmpuint (disp_chunk_reader_get_left (&reader), ==, G_MAXUINT64);
  g_assert_cmpint (disp_chunk_reader_step (&reader, NULL, 0, &step, NULL), ==, DISP_CHUNKS_PARTIAL);

  disp_chunk_reader_skip (&reader, G_MAXUINT64 - 3);
  disp_chunk_reader_skip (&reader, 0);
  g_assert_cmpuint (disp_chunk_reader_get_left (&reader), ==, 3);
  g_assert_cmpint (disp_chunk_reader_step (&reader, "0\r", 2, &step, NULL), ==, DISP_CHUNKS_DATA);
  g_assert_cmpuint (step.offset, ==, 0);
  g_assert_cmpuint (step.length, ==, 2);
  disp_chunk_reader_skip (&reader, 1);
  g_assert_cmpuint (disp_chunk_reader_get_left (&reader), ==, 0);
  g_assert_cmpint (disp_chunk_reader_step (&reader, end, sizeof end - 1, &step, NULL), ==,
                   DISP_CHUNKS_COMPLETE);
  g_assert_cmpuint (step.consumed, ==, sizeof end - 1);

  /* It stays complete, and takes nothing of what comes next. */
  g_assert_cmpint (disp_chunk_reader_step (&reader, "GET", 3, &step, NULL), ==,
                   DISP_CHUNKS_COMPLETE);
  g_assert_cmpuint (step.consumed, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/http-chunks/accepts", test_accepts);
  g_test_add_func ("/wire/http-chunks/prefixes", test_prefixes);
  g_test_add_func ("/wire/http-chunks/refuses", test_refuses);
  g_test_add_func ("/wire/http-chunks/limits", test_limits);
  g_test_add_func ("/wire/http-chunks/left", test_left);
  return g_test_run ();
}
