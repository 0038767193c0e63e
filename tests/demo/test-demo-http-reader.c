/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "demo/http-reader.h"

#include <string.h>

#define HOST "Host: a\r\n"

typedef struct
{
  const char *path;
  const char *bytes;
  guint status; /* of the refusal, or 0: it is a request */
  const char *body;
  gboolean keep_alive;
} Case;

/* RFC 9112, sections 2.2, 3, 5, 6 and 7 */
static const Case cases[] = {
  { "no-body", "GET / HTTP/1.1\r\n" HOST "\r\n", 0, "", TRUE },
  { "close", "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 0, "", FALSE },
  { "old", "GET / HTTP/1.0\r\n\r\n", 0, "", FALSE },
  { "length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 0, "abc", TRUE },
  { "chunks",
    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
    0, "abc0123456789", TRUE },
  { "no-host", "GET / HTTP/1.1\r\n\r\n", 400, NULL, FALSE },
  { "two-hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, NULL, FALSE },
  { "two-lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    400, NULL, FALSE },
  { "length-and-coding",
    "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400, NULL, FALSE },
  { "signed-length", "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\na", 400, NULL, FALSE },
  { "space-before-colon", "GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400, NULL, FALSE },
  { "folded", "GET / HTTP/1.1\r\n" HOST "A: b\r\n c: d\r\n\r\n", 400, NULL, FALSE },
  { "no-colon", "GET / HTTP/1.1\r\n" HOST "A\r\n\r\n", 400, NULL, FALSE },
  { "no-target", "GET HTTP/1.1\r\n" HOST "\r\n", 400, NULL, FALSE },
  { "other-protocol", "GET / HTTP/2.0\r\n" HOST "\r\n", 400, NULL, FALSE },
  { "other-coding", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501, NULL,
    FALSE },
  { "too-long", "POST / HTTP/1.1\r\n" HOST "Content-Length: 268435457\r\n\r\n", 413, NULL, FALSE },
  { "hexadecimal-prefix",
    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n", 400, NULL,
    FALSE },
  { "long-chunk", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400,
    NULL, FALSE },
};

static void
feed (DemoHttpReader *reader, const char *bytes, gsize length)
{
  g_byte_array_append (reader->input, (const guint8 *) bytes, length);
}

static void
check (const Case *item, DemoHttpReader *reader, DemoHttpResult result)
{
  if (item->status != 0)
    {
      g_assert_cmpint (result, ==, DEMO_HTTP_REFUSED);
      g_assert_cmpuint (reader->status, ==, item->status);
      g_assert_false (reader->keep_alive);
      return;
    }
  g_assert_cmpint (result, ==, DEMO_HTTP_REQUEST);
  g_assert_cmpmem (reader->body, reader->body_length, item->body, strlen (item->body));
  g_assert_cmpstr (reader->target, ==, "/");
  g_assert_cmpint (reader->keep_alive, ==, item->keep_alive);
}

/* All at once, and byte by byte, which are all prefixes. */
static void
test_read (gconstpointer user_data)
{
  const Case *item = user_data;
  DemoHttpResult result = DEMO_HTTP_MORE;
  DemoHttpReader reader;

  demo_http_reader_init (&reader);
  feed (&reader, item->bytes, strlen (item->bytes));
  check (item, &reader, demo_http_reader_next (&reader));
  demo_http_reader_clear (&reader);

  demo_http_reader_init (&reader);
  for (gsize i = 0; item->bytes[i] != '\0' && result == DEMO_HTTP_MORE; i++)
    {
      feed (&reader, &item->bytes[i], 1);
      result = demo_http_reader_next (&reader);
      g_assert_true (result != DEMO_HTTP_REQUEST || item->bytes[i + 1] == '\0');
    }
  check (item, &reader, result);
  demo_http_reader_clear (&reader);
}

static void
test_pipelined (void)
{
  DemoHttpReader reader;

  demo_http_reader_init (&reader);
  for (guint i = 0; i < G_N_ELEMENTS (cases) && cases[i].status == 0; i++)
    feed (&reader, cases[i].bytes, strlen (cases[i].bytes));
  for (guint i = 0; i < G_N_ELEMENTS (cases) && cases[i].status == 0; i++)
    check (&cases[i], &reader, demo_http_reader_next (&reader));
  g_assert_cmpint (demo_http_reader_next (&reader), ==, DEMO_HTTP_MORE);
  g_assert_cmpuint (reader.input->len, ==, 0);
  demo_http_reader_clear (&reader);
}

static void
test_long_head (void)
{
  g_autofree char *filling = g_strnfill (DEMO_HTTP_MAX_HEAD, 'a');
  DemoHttpReader reader;

  demo_http_reader_init (&reader);
  feed (&reader, "GET / HTTP/1.1\r\nA: ", 19);
  feed (&reader, filling, strlen (filling));
  g_assert_cmpint (demo_http_reader_next (&reader), ==, DEMO_HTTP_REFUSED);
  g_assert_cmpuint (reader.status, ==, 431);
  demo_http_reader_clear (&reader);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/demo/http-reader/%s", cases[i].path);

      g_test_add_data_func (path, &cases[i], test_read);
    }
  g_test_add_func ("/demo/http-reader/pipelined", test_pipelined);
  g_test_add_func ("/demo/http-reader/long-head", test_long_head);
  return g_test_run ();
}
