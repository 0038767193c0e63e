/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/request-stream.h"

#include <string.h>
#include <sys/socket.h>

/* A stream over one end of a pair of sockets. */
typedef struct
{
  GSocket *near;             /* (owned) */
  GSocket *far;              /* (owned) */
  GIOStream *base;           /* (owned) over near */
  DispRequestStream *stream; /* (owned) (nullable) */
  guint n_closed;
  guint n_too_large;
  gboolean exhausted;
} Fixture;

static void
on_closed (gboolean exhausted, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_closed++;
  fixture->exhausted = exhausted;
}

static void
on_head_too_large (gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_too_large++;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const DispRequestStreamEvents events = { on_closed, on_head_too_large };
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
  fixture->near = g_socket_new_from_fd (fds[0], NULL);
  fixture->far = g_socket_new_from_fd (fds[1], NULL);
  g_socket_set_blocking (fixture->near, FALSE);
  fixture->base = G_IO_STREAM (g_socket_connection_factory_create_connection (fixture->near));
  fixture->stream = disp_request_stream_new (
      fixture->near, g_io_stream_get_output_stream (fixture->base), &events, fixture);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_clear_object (&fixture->stream);
  g_object_unref (fixture->base);
  g_object_unref (fixture->near);
  g_object_unref (fixture->far);
}

static void
send_bytes (Fixture *fixture, const char *text)
{
  gsize length = strlen (text);

  g_assert_cmpint (g_socket_send (fixture->far, text, length, NULL, NULL), ==, (gssize) length);
}

/* Reads as much as there is, at most @size bytes at a time. */
static char *
read_all (Fixture *fixture, gsize size, GError **error)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (
      g_io_stream_get_input_stream (G_IO_STREAM (fixture->stream)));
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[256];
  gssize n;

  while ((n = g_pollable_input_stream_read_nonblocking (input, buffer, size, NULL, error)) > 0)
    g_string_append_len (text, buffer, n);
  g_assert_cmpint (n, ==, -1); /* it never tells an end */
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
assert_reads (Fixture *fixture, gsize size, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = read_all (fixture, size, &error);

  g_assert_cmpstr (text, ==, expected);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* Heads, and how much of the bytes is head. */
static void
test_heads (void)
{
  static const struct
  {
    const char *head;
    const char *rest;
  } cases[] = {
    { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n" },
    { "GET / HTTP/1.1\nHost: x\n\n", "\n\n" },
    { "GET / HTTP/1.1\nHost: x\n\r\n", "body" },
    { "GET / HTTP/1.1\r\nHost: x\r\n\n", "\r\n\r\n" },
    { "a\r\rb\r\n\r\r\n", "x" }, /* a line of carriage returns alone */
    { "a\n", "" },
    { "\r\na\r\n\r\n", "x" }, /* an empty line in front is not the end */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize size = 1; size <= 64; size *= 2)
      {
        Fixture fixture = { 0 };
        char left[64] = "";

        set_up (&fixture, NULL);
        send_bytes (&fixture, cases[i].head);
        if (*cases[i].rest != '\0')
          send_bytes (&fixture, cases[i].rest);
        assert_reads (&fixture, size, cases[i].head);
        g_socket_receive (fixture.near, left, sizeof left - 1, NULL, NULL);
        g_assert_cmpstr (left, ==, cases[i].rest);
        tear_down (&fixture, NULL);
      }
}

/* A head of the longest size passes, one byte more is told once and given no further. */
static void
test_head_size (void)
{
  for (gsize excess = 0; excess <= 1; excess++)
    {
      Fixture fixture = { 0 };
      g_autofree char *head = g_strnfill (DISP_MAX_HEAD_SIZE + excess, 'a');
      g_autofree char *text = NULL;

      memcpy (head + strlen (head) - 4, "\r\n\r\n", 4);
      set_up (&fixture, NULL);
      send_bytes (&fixture, head);
      text = read_all (&fixture, 256, NULL);
      g_assert_cmpuint (fixture.n_too_large, ==, excess);
      g_assert_cmpuint (strlen (text), <=, DISP_MAX_HEAD_SIZE);
      g_assert_true (excess > 0 || g_str_equal (text, head));
      assert_reads (&fixture, 256, "");
      g_assert_cmpuint (fixture.n_too_large, ==, excess);
      tear_down (&fixture, NULL);
    }
}

static void
test_body (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  send_bytes (fixture, "POST / HTTP/1.1\r\n\r\nbodyGET / HTTP/1.1\r\n\r\n");
  assert_reads (fixture, 256, "POST / HTTP/1.1\r\n\r\n");
  assert_reads (fixture, 256, "");
  disp_request_stream_expect_body (fixture->stream, 4);
  assert_reads (fixture, 3, "body");
  g_io_stream_close (G_IO_STREAM (fixture->stream), NULL, NULL);
  g_assert_cmpuint (fixture->n_closed, ==, 1);
  g_assert_true (fixture->exhausted);
}

static void
test_no_body (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  send_bytes (fixture, "GET / HTTP/1.1\r\n\r\nGET");
  assert_reads (fixture, 256, "GET / HTTP/1.1\r\n\r\n");
  disp_request_stream_expect_body (fixture->stream, 0);
  assert_reads (fixture, 256, "");
  g_clear_object (&fixture->stream);
  g_assert_cmpuint (fixture->n_closed, ==, 1);
  g_assert_true (fixture->exhausted);
}

static void
test_chunks (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  send_bytes (fixture, "POST / HTTP/1.1\r\n\r\n1\r\na\r\n0\r\n\r\n");
  assert_reads (fixture, 256, "POST / HTTP/1.1\r\n\r\n");
  disp_request_stream_expect_body (fixture->stream, -1);
  assert_reads (fixture, 256, "1\r\na\r\n0\r\n\r\n");
  g_clear_object (&fixture->stream);
  g_assert_cmpuint (fixture->n_closed, ==, 1);
  g_assert_false (fixture->exhausted);
}

/* What was not read to its end leaves a connection that nobody can use. */
static void
test_not_exhausted (void)
{
  for (guint stage = 0; stage < 4; stage++)
    {
      Fixture fixture = { 0 };

      set_up (&fixture, NULL);
      send_bytes (&fixture, stage == 1 ? "POST /" : stage > 1 ? "POST / HTTP/1.1\r\n\r\nbo" : "-");
      if (stage > 0)
        assert_reads (&fixture, 256, stage == 1 ? "POST /" : "POST / HTTP/1.1\r\n\r\n");
      if (stage == 3)
        {
          disp_request_stream_expect_body (fixture.stream, 4);
          assert_reads (&fixture, 256, "bo");
        }
      g_clear_object (&fixture.stream);
      g_assert_cmpuint (fixture.n_closed, ==, 1);
      g_assert_false (fixture.exhausted);
      tear_down (&fixture, NULL);
    }
}

/* The end of the connection is an error wherever it comes. */
static void
test_end (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) in_head = NULL;
  g_autoptr (GError) in_body = NULL;
  g_autofree char *head = NULL;
  g_autofree char *body = NULL;

  send_bytes (fixture, "GET / HT");
  g_socket_shutdown (fixture->far, FALSE, TRUE, NULL);
  head = read_all (fixture, 256, &in_head);
  g_assert_cmpstr (head, ==, "GET / HT");
  g_assert_error (in_head, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  disp_request_stream_expect_body (fixture->stream, 4);
  body = read_all (fixture, 256, &in_body);
  g_assert_cmpstr (body, ==, "");
  g_assert_error (in_body, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

static void
test_forget (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_request_stream_forget (fixture->stream);
  g_io_stream_close (G_IO_STREAM (fixture->stream), NULL, NULL);
  g_clear_object (&fixture->stream);
  g_assert_cmpuint (fixture->n_closed, ==, 0);
  g_assert_false (g_socket_is_closed (fixture->near));
}

static void
test_closes_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_io_stream_close (G_IO_STREAM (fixture->stream), NULL, NULL);
  g_io_stream_close (G_IO_STREAM (fixture->stream), NULL, NULL);
  g_clear_object (&fixture->stream);
  g_assert_cmpuint (fixture->n_closed, ==, 1);
  g_assert_false (g_socket_is_closed (fixture->near));
}

static void
test_is_at_end (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  char byte;

  g_assert_false (disp_request_stream_is_at_end (fixture->near));
  send_bytes (fixture, "a");
  g_assert_false (disp_request_stream_is_at_end (fixture->near));
  g_socket_shutdown (fixture->far, FALSE, TRUE, NULL);
  g_assert_false (disp_request_stream_is_at_end (fixture->near));
  g_socket_receive (fixture->near, &byte, 1, NULL, NULL);
  g_assert_true (disp_request_stream_is_at_end (fixture->near));
}

static gboolean
set_flag (G_GNUC_UNUSED GObject *object, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
test_source (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (
      g_io_stream_get_input_stream (G_IO_STREAM (fixture->stream)));
  g_autoptr (GSource) source = g_pollable_input_stream_create_source (input, NULL);
  gboolean readable = FALSE;

  g_source_set_callback (source, G_SOURCE_FUNC (set_flag), &readable, NULL);
  g_source_attach (source, NULL);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_assert_false (g_pollable_input_stream_is_readable (input));
  send_bytes (fixture, "a");
  g_assert_true (g_pollable_input_stream_is_readable (input));
  while (!readable)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/front/request-stream/body", test_body },
    { "/front/request-stream/no-body", test_no_body },
    { "/front/request-stream/chunks", test_chunks },
    { "/front/request-stream/end", test_end },
    { "/front/request-stream/forget", test_forget },
    { "/front/request-stream/closes-once", test_closes_once },
    { "/front/request-stream/is-at-end", test_is_at_end },
    { "/front/request-stream/source", test_source },
  };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/request-stream/heads", test_heads);
  g_test_add_func ("/front/request-stream/head-size", test_head_size);
  g_test_add_func ("/front/request-stream/not-exhausted", test_not_exhausted);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
