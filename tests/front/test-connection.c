/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/connection.h"

#include "front/front-fixture.h"
#include "front/raw-client.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <string.h>

#define STATUS_REQUEST "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define CALL_PATH "/v1/models/half:predict"

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
read_status (RawClient *client, guint status)
{
  g_autoptr (RawAnswer) answer = raw_client_read (client);

  g_assert_cmpuint (answer->status, ==, status);
}

static void
test_keep_alive (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_post (client, "/predict", "{\"model\":\"half\",\"version\":1,\"instances\":[1]}");
      answer = raw_client_read (client);
      g_assert_cmpuint (answer->status, ==, 200);
      raw_answer_assert_field (answer, "Connection", NULL);
      g_assert_cmpuint (disp_server_count_connections (front->server), ==, 1);
    }
  g_assert_cmpuint (front->sent->len, ==, 100);
  g_assert_false (client->at_end);
}

typedef struct
{
  const char *name;
  const char *head; /* without the empty line */
  guint status;
  gboolean keeps;
} KeepCase;

static const KeepCase keep_cases[] = {
  { "plain", "GET / HTTP/1.1\r\nHost: x\r\n", 200, TRUE },
  { "said", "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n", 200, TRUE },
  { "close", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", 200, FALSE },
  { "close-in-capitals", "GET / HTTP/1.1\r\nHost: x\r\nCONNECTION: CLOSE\r\n", 200, FALSE },
  { "close-in-a-list", "GET / HTTP/1.1\r\nHost: x\r\nConnection: te, close\r\n", 200, FALSE },
  { "http-1.0", "GET / HTTP/1.0\r\n", 200, FALSE },
  { "http-1.0-keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n", 200, TRUE },
  { "not-found", "GET /nowhere HTTP/1.1\r\nHost: x\r\n", 404, TRUE },
  { "wrong-method", "PUT / HTTP/1.1\r\nHost: x\r\n", 405, TRUE },
  { "body-of-nothing", "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n", 400, TRUE },
};

static void
test_keeps (gconstpointer data)
{
  const KeepCase *row = data;
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  raw_client_sendf (client, "%s\r\n", row->head);
  read_status (client, row->status);
  if (row->keeps)
    {
      raw_client_send (client, STATUS_REQUEST, -1);
      read_status (client, 200);
      g_assert_cmpuint (disp_server_count_connections (front->server), ==, 1);
    }
  else
    {
      raw_client_assert_end (client);
      front_wait_connections (front, 0);
    }
}

static void
test_head_keeps (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (client, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" STATUS_REQUEST, -1);
  answer = raw_client_read_head (client);
  g_assert_cmpuint (answer->status, ==, 200);
  read_status (client, 200);
}

/* A request whose body tells which one it is. */
static void
append_call (GString *bytes, guint number)
{
  g_autofree char *body = g_strdup_printf ("{\"instances\":[%u]}", number);

  g_string_append_printf (bytes,
                          "POST " CALL_PATH
                          " HTTP/1.1\r\nHost: x\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
                          strlen (body), body);
}

static void
assert_called (Front *front, guint n)
{
  g_assert_cmpuint (front->sent->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"instances\":[%u]}", i);
      const FrontSent *sent = front_get_sent (front, i);

      g_assert_cmpmem (g_bytes_get_data (sent->body, NULL), g_bytes_get_size (sent->body), body,
                       strlen (body));
    }
}

static void
test_pipelined (void)
{
  for (guint n = 2; n <= 5; n++)
    {
      g_autoptr (Front) front = front_new (NULL);
      g_autoptr (RawClient) client = raw_client_new (front->address);
      g_autoptr (GString) bytes = g_string_new (NULL);

      front_hold (front);
      for (guint i = 0; i < n; i++)
        append_call (bytes, i);
      raw_client_send (client, bytes->str, (gssize) bytes->len);
      for (guint i = 0; i < n; i++)
        {
          g_autofree char *body = g_strdup_printf ("[%u]", i);
          g_autoptr (RawAnswer) answer = NULL;

          FRONT_WAIT (front->sent->len == i + 1);
          front_settle ();
          g_assert_cmpuint (front->sent->len, ==, i + 1); /* one at a time */
          front_release (front, i, 200, body);
          answer = raw_client_read (client);
          g_assert_cmpstr (answer->body, ==, body);
        }
      assert_called (front, n);
      g_assert_cmpuint (disp_server_count_connections (front->server), ==, 1);
    }
}

/* GETs and POSTs, good ones and bad ones, in one segment. */
static void
test_pipelined_mixture (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (GString) bytes = g_string_new (STATUS_REQUEST);

  append_call (bytes, 0);
  g_string_append (bytes, "GET /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  append_call (bytes, 1);
  g_string_append (bytes, "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
                          "Content-Length: 4\r\n\r\nGET ");
  append_call (bytes, 2);
  g_string_append (bytes, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /");
  g_string_append (bytes, STATUS_REQUEST);
  raw_client_send (client, bytes->str, (gssize) bytes->len);
  read_status (client, 200);
  read_status (client, 200);
  read_status (client, 404);
  read_status (client, 200);
  read_status (client, 415);
  read_status (client, 200);
  read_status (client, 200);
  read_status (client, 200);
  assert_called (front, 3);
}

static void
test_split_anywhere (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (GString) bytes = g_string_new (NULL);

  append_call (bytes, 0);
  for (gsize i = 1; i < bytes->len; i++)
    {
      raw_client_send (client, bytes->str, (gssize) i);
      front_settle ();
      g_assert_cmpuint (front->sent->len, ==, i - 1);
      raw_client_send (client, bytes->str + i, (gssize) (bytes->len - i));
      read_status (client, 200);
    }
  g_assert_cmpuint (disp_server_count_connections (front->server), ==, 1);
}

static void
test_byte_by_byte (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (GString) bytes = g_string_new (NULL);

  append_call (bytes, 0);
  append_call (bytes, 1);
  for (gsize i = 0; i < bytes->len; i++)
    {
      raw_client_send (client, bytes->str + i, 1);
      front_settle ();
    }
  read_status (client, 200);
  read_status (client, 200);
  assert_called (front, 2);
}

/* Two requests, cut in pieces of n bytes, so that the cuts fall anywhere. */
static void
test_odd_splits (void)
{
  g_autoptr (GString) bytes = g_string_new (NULL);

  append_call (bytes, 0);
  append_call (bytes, 1);
  for (gsize size = 2; size < bytes->len; size++)
    {
      g_autoptr (Front) front = front_new (NULL);
      g_autoptr (RawClient) client = raw_client_new (front->address);

      for (gsize i = 0; i < bytes->len; i += size)
        {
          raw_client_send (client, bytes->str + i, (gssize) MIN (size, bytes->len - i));
          front_settle ();
        }
      read_status (client, 200);
      read_status (client, 200);
      assert_called (front, 2);
    }
}

/* A head that is longer than one look ahead. */
static void
test_long_head (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autofree char *filler = g_strnfill (16000, 'y');

  for (guint i = 0; i < 3; i++)
    {
      raw_client_sendf (client, "GET / HTTP/1.1\r\nHost: x\r\nX-Filler: %s\r\n\r\n%s", filler,
                        STATUS_REQUEST);
      read_status (client, 200);
      read_status (client, 200);
    }
}

/* What ends a line for some and not for others could hide a request. */
static void
test_bare_line_feeds (void)
{
  static const char *const heads[] = {
    "POST " CALL_PATH " HTTP/1.1\nHost: x\nContent-Length: 17\n\n{\"instances\":[0]}",
    "GET / HTTP/1.1\nHost: x\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autoptr (Front) front = front_new (NULL);
      g_autoptr (RawClient) client = raw_client_new (front->address);

      raw_client_send (client, heads[i], -1);
      read_status (client, 400);
      raw_client_assert_end (client);
      assert_called (front, 0);
    }
}

/* Bytes after which the client has nothing more to say. */
typedef struct
{
  const char *name;
  const char *bytes;
} CutCase;

static const CutCase cut_cases[] = {
  { "nothing", "" },
  { "method", "POS" },
  { "line", "GET / HTTP/1.1\r\n" },
  { "field", "GET / HTTP/1.1\r\nHost: x" },
  { "head", "GET / HTTP/1.1\r\nHost: x\r\n" },
  { "head-of-a-call", "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n" },
  { "before-body", "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n" },
  { "body", "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{" },
  { "before-chunks",
    "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" },
  { "chunk",
    "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}" },
  { "between-chunks",
    "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" },
  { "last-chunk",
    "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0" },
};

/* A request that is cut is never executed, however much of it looks whole. */
static void
test_cut_by_end (gconstpointer data)
{
  const CutCase *row = data;
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  front_wait_connections (front, 1);
  raw_client_send (client, row->bytes, -1);
  front_settle ();
  raw_client_shutdown (client);
  /* It may still read. */
  if (*row->bytes != '\0')
    read_status (client, 400);
  raw_client_assert_end (client);
  front_wait_connections (front, 0);
  g_assert_cmpuint (front->sent->len, ==, 0);
}

static void
test_cut_by_reset (gconstpointer data)
{
  const CutCase *row = data;
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  front_wait_connections (front, 1);
  raw_client_send (client, row->bytes, -1);
  front_settle ();
  raw_client_reset (client);
  front_wait_connections (front, 0);
  g_assert_cmpuint (front->sent->len, ==, 0);
}

static void
test_idle_close (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawClient) other = raw_client_new (front->address);

  raw_client_send (client, STATUS_REQUEST, -1);
  read_status (client, 200);
  raw_client_send (other, STATUS_REQUEST, -1);
  read_status (other, 200);
  front_wait_connections (front, 2);
  raw_client_shutdown (client);
  front_wait_connections (front, 1);
  raw_client_assert_end (client);
  raw_client_reset (other);
  front_wait_connections (front, 0);
}

/* Uses a connection in one of the ways in which clients end theirs. */
static void
use_and_end (Front *front, guint way)
{
  RawClient *client = raw_client_new (front->address);

  if (way % 5 != 0)
    {
      front_settle ();
      raw_client_send (
          client,
          way % 5 == 1   ? "GET / HTTP"
          : way % 5 == 2 ? "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
          : way % 5 == 3 ? "POST " CALL_PATH " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
                         : STATUS_REQUEST,
          -1);
    }
  if (way % 5 == 4)
    read_status (client, 200);
  front_settle ();
  if (way % 2 == 0)
    raw_client_reset (client);
  raw_client_free (client);
}

/* Whatever 2,000 clients do, nothing of them is left. */
static void
test_nothing_left (void)
{
  g_autoptr (Front) front = front_new (NULL);
  guint n;

  front_hold (front);
  use_and_end (front, 0);
  front_wait_connections (front, 0);
  n = count_descriptors ();
  for (guint i = 0; i < 2000; i++)
    {
      use_and_end (front, i);
      if (i % 100 == 99)
        front_wait_connections (front, 0);
    }
  g_assert_cmpuint (count_descriptors (), ==, n);
  front_settle ();
  fake_clock_advance (front->clock, 100 * G_USEC_PER_SEC);
  g_assert_cmpuint (fake_clock_count_timers (front->clock), ==, 0);
}

/* What was allocated and not freed after many connections is that after some.  Under the sanitizers
 * the numbers are 0, but those find leaks by themselves. */
static void
test_memory_is_flat (void)
{
  g_autoptr (Front) front = front_new (NULL);
  gsize before = 0;

  for (guint i = 0; i < 3000; i++)
    {
      if (i == 1000)
        before = mallinfo2 ().uordblks;
      use_and_end (front, 4 + 5 * (i % 2));
      front_wait_connections (front, 0);
    }
  g_assert_cmpuint (mallinfo2 ().uordblks, <, before + 2000);
}

/* Large pieces are mapped, each by itself. */
static gsize
measure_memory (void)
{
  const struct mallinfo2 memory = mallinfo2 ();

  return memory.uordblks + memory.hblkhd;
}

/* A client that never stops in between two requests, but always in the midst of one: of what is
 * over nothing is kept, however long that goes on. */
static void
test_memory_of_the_midst_is_flat (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autofree char *filler = g_strnfill (2000, 'y');
  gsize before = 0;

  raw_client_send (client, "GET / ", -1);
  for (guint i = 0; i < 300; i++)
    {
      if (i == 100)
        before = measure_memory ();
      raw_client_sendf (client, "HTTP/1.1\r\nHost: x\r\nX-Filler: %s\r\n\r\nGET / ", filler);
      read_status (client, 200);
    }
  g_assert_cmpuint (measure_memory (), <, before + 50000);
}

static void
test_unix (void)
{
  g_autofree char *directory = g_dir_make_tmp ("front-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "socket", NULL);
  g_autofree char *address = g_strconcat ("unix:", path, NULL);

  {
    g_autoptr (Front) front = front_new (address);
    g_autoptr (RawClient) client = raw_client_new (front->address);

    g_assert_cmpstr (front->address, ==, address);
    for (guint i = 0; i < 3; i++)
      {
        raw_client_post (client, "/predict", "{\"model\":\"half\",\"instances\":[1]}");
        read_status (client, 200);
      }
    g_assert_cmpuint (disp_server_count_connections (front->server), ==, 1);
    raw_client_shutdown (client);
    front_wait_connections (front, 0);
  }
  g_unlink (path);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/connection/keep-alive", test_keep_alive);
  for (guint i = 0; i < G_N_ELEMENTS (keep_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/front/connection/keeps/", keep_cases[i].name, NULL);

      g_test_add_data_func (path, &keep_cases[i], test_keeps);
    }
  g_test_add_func ("/front/connection/keeps/head", test_head_keeps);
  g_test_add_func ("/front/connection/pipelined", test_pipelined);
  g_test_add_func ("/front/connection/pipelined-mixture", test_pipelined_mixture);
  g_test_add_func ("/front/connection/split-anywhere", test_split_anywhere);
  g_test_add_func ("/front/connection/byte-by-byte", test_byte_by_byte);
  g_test_add_func ("/front/connection/odd-splits", test_odd_splits);
  g_test_add_func ("/front/connection/long-head", test_long_head);
  g_test_add_func ("/front/connection/bare-line-feeds", test_bare_line_feeds);
  for (guint i = 0; i < G_N_ELEMENTS (cut_cases); i++)
    {
      g_autofree char *end = g_strconcat ("/front/connection/cut-by-end/", cut_cases[i].name, NULL);
      g_autofree char *reset = g_strconcat ("/front/connection/cut-by-reset/", cut_cases[i].name,
                                            NULL);

      g_test_add_data_func (end, &cut_cases[i], test_cut_by_end);
      g_test_add_data_func (reset, &cut_cases[i], test_cut_by_reset);
    }
  g_test_add_func ("/front/connection/idle-close", test_idle_close);
  g_test_add_func ("/front/connection/nothing-left", test_nothing_left);
  g_test_add_func ("/front/connection/memory-is-flat", test_memory_is_flat);
  g_test_add_func ("/front/connection/memory-of-the-midst-is-flat",
                   test_memory_of_the_midst_is_flat);
  g_test_add_func ("/front/connection/unix", test_unix);
  return g_test_run ();
}
