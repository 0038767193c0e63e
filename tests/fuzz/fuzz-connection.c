/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "front/local-server.h"
#include "fuzz/connection-reference.h"

#include <string.h>
#include <unistd.h>

/* A whole connection to a whole server.  The first byte says how the others are cut, and how the
 * client leaves.  However they are cut, the answers are those of a reference that has all of them
 * at once; what that refuses is answered by one error at most, with which the connection ends. */

#define SENTINEL "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

/* In the first byte: the client ends its half of the connection; else it only waits. */
#define LEAVES 1U

static LocalServer *
get_server (void)
{
  static LocalServer *server = NULL;

  if (server == NULL)
    {
      g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
      server = local_server_new ();
    }
  g_byte_array_set_size (server->bodies, 0);
  server->n_served = 0;
  return server;
}

static void
send_pieces (int fd, const char *bytes, gsize n, guint seed)
{
  gsize at = 0;

  while (at < n)
    {
      gsize length = seed < 2 ? n : MIN (1 + (seed * (at + 1)) % 61, n - at);

      local_server_send (fd, bytes + at, length);
      local_server_settle ();
      at += length;
    }
}

/* Takes the status line of an answer, and its head, off @text; its body too, unless it is to HEAD.
 */
static guint
take_answer (GString *text, gboolean is_head)
{
  const char *end = strstr (text->str, "\r\n\r\n");
  const char *field = strstr (text->str, "\r\nContent-Length: ");
  guint64 length = 0;
  guint status;

  g_assert_true (g_str_has_prefix (text->str, "HTTP/1.1 ") && end != NULL);
  status = (guint) g_ascii_strtoull (text->str + strlen ("HTTP/1.1 "), NULL, 10);
  if (status != 100)
    {
      g_assert_true (field != NULL && field < end);
      length = g_ascii_strtoull (field + strlen ("\r\nContent-Length: "), NULL, 10);
    }
  length = (is_head ? 0 : length) + (guint64) (end - text->str) + 4;
  g_assert_cmpuint (length, <=, text->len);
  g_string_erase (text, 0, (gssize) length);
  return status;
}

static void
check_answers (GString *text, const FuzzReference *reference)
{
  for (guint i = 0; i < reference->answers->len; i++)
    {
      const FuzzAnswer *answer = &g_array_index (reference->answers, FuzzAnswer, i);
      guint status = take_answer (text, answer->is_head);

      if (status == 100)
        status = take_answer (text, answer->is_head);
      g_assert_cmpuint (status, ==, answer->status);
    }
}

/* What is left is to a request that is wrong or not whole. */
static void
check_rest (GString *text, gboolean is_head)
{
  guint status = 100;

  while (status == 100 && text->len > 0)
    status = take_answer (text, is_head);
  g_assert_cmpuint (text->len, ==, 0);
  g_assert_true (status == 100 || status >= 400);
}

static guint
count_served (const FuzzReference *reference)
{
  guint n = 0;

  for (guint i = 0; i < reference->answers->len; i++)
    n += g_array_index (reference->answers, FuzzAnswer, i).status == 200 ? 1 : 0;
  return n;
}

/* However it leaves, nothing of it stays.  The longest that the server waits is for another
 * request, and then for the client to close. */
static void
leave (LocalServer *server, int fd, gboolean leaves, GString *text)
{
  if (leaves)
    shutdown (fd, SHUT_WR);
  local_server_settle ();
  for (guint i = 0; i < 5 && !leaves; i++)
    {
      fake_clock_advance (server->clock, 100 * G_USEC_PER_SEC);
      local_server_settle ();
    }
  g_assert_false (local_server_receive (fd, text));
  local_server_settle ();
  close (fd);
  local_server_settle ();
  g_assert_cmpuint (disp_server_count_connections (server->server), ==, 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  LocalServer *server = get_server ();
  g_auto (FuzzReference) reference = { 0 };
  g_autoptr (GString) text = g_string_new (NULL);
  const char *bytes = (const char *) data + 1;
  gboolean has_closed;
  int fd;

  if (size == 0)
    return 0;
  fuzz_reference_connection (&reference, bytes, size - 1);
  fd = local_server_connect (server);
  send_pieces (fd, bytes, size - 1, data[0]);
  has_closed = !local_server_receive (fd, text);
  if (reference.is_open)
    {
      FuzzAnswer answer = { 200, FALSE };

      g_assert_false (has_closed);
      local_server_send (fd, SENTINEL, strlen (SENTINEL));
      g_array_append_val (reference.answers, answer);
    }
  leave (server, fd, (data[0] & LEAVES) != 0, text);
  check_answers (text, &reference);
  check_rest (text, reference.is_head);
  g_assert_cmpuint (server->n_served, ==, count_served (&reference));
  g_assert_cmpmem (server->bodies->data, server->bodies->len, reference.bodies->data,
                   reference.bodies->len);
  return 0;
}
