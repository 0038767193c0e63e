/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/guarded-stream.h"

#include <string.h>

/* A stream, and what was done to it. */
typedef struct
{
  GIOStream *stream; /* (owned) */
  GString *written;  /* (owned) */
  gboolean is_gone;  /* nobody can have what is written */
  guint n_closed;
} Fixture;

static gboolean
on_write (const void *bytes, gsize n, gpointer user_data)
{
  Fixture *fixture = user_data;

  if (!fixture->is_gone)
    g_string_append_len (fixture->written, bytes, (gssize) n);
  return !fixture->is_gone;
}

static void
on_closed (gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_closed++;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const DispGuardedStreamEvents events = { on_write, on_closed };
  g_autoptr (GError) error = NULL;
  static const char text[]
      = "POST /a%20b?c=d HTTP/1.0\r\nHost: evil.example\r\nRange: bytes=0-1\r\n"
        "Connection: keep-alive\r\nContent-Length: 7\r\n\r\n";
  g_autoptr (DispHttpHead) head = disp_http_head_parse (text, sizeof text - 1, &error);

  g_assert_no_error (error);
  fixture->stream = disp_guarded_stream_new (head, &events, fixture);
  fixture->written = g_string_new (NULL);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_object_unref (fixture->stream);
  g_string_free (fixture->written, TRUE);
}

static GPollableInputStream *
get_input (Fixture *fixture)
{
  return G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (fixture->stream));
}

static GPollableOutputStream *
get_output (Fixture *fixture)
{
  return G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (fixture->stream));
}

/* Not a byte of the client's: no field, no body, no version of its choice. */
static void
test_canonical (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GString) read = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  char byte;

  while (g_pollable_input_stream_is_readable (get_input (fixture)))
    {
      g_assert_cmpint (
          g_pollable_input_stream_read_nonblocking (get_input (fixture), &byte, 1, NULL, &error),
          ==, 1);
      g_assert_no_error (error);
      g_string_append_c (read, byte);
    }
  g_assert_cmpstr (read->str, ==, "POST /a%20b HTTP/1.1\r\nHost: localhost\r\n\r\n");
  /* It has no end that could be taken for one of the client. */
  g_assert_cmpint (
      g_pollable_input_stream_read_nonblocking (get_input (fixture), &byte, 1, NULL, &error), ==,
      -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

static void
write_some (Fixture *fixture, const char *text, gssize expected, int expected_error)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (get_output (fixture), text,
                                                               strlen (text), NULL, &error),
                   ==, expected);
  if (expected < 0)
    g_assert_error (error, G_IO_ERROR, expected_error);
  else
    g_assert_no_error (error);
}

static void
test_takes_all (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_true (g_pollable_output_stream_is_writable (get_output (fixture)));
  write_some (fixture, "hello", 5, 0);
  write_some (fixture, ", world", 7, 0);
  g_assert_cmpstr (fixture->written->str, ==, "hello, world");
}

static void
test_gone (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->is_gone = TRUE;
  write_some (fixture, "hello", -1, G_IO_ERROR_BROKEN_PIPE);
}

static void
test_closes_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_true (g_io_stream_close (fixture->stream, NULL, NULL));
  g_assert_cmpuint (fixture->n_closed, ==, 1);
  g_assert_true (g_io_stream_close (fixture->stream, NULL, NULL));
  g_assert_cmpuint (fixture->n_closed, ==, 1);
}

static void
test_forgotten (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_guarded_stream_forget (DISP_GUARDED_STREAM (fixture->stream));
  write_some (fixture, "hello", -1, G_IO_ERROR_BROKEN_PIPE);
  g_assert_true (g_io_stream_close (fixture->stream, NULL, NULL));
  g_assert_cmpuint (fixture->n_closed, ==, 0);
  g_assert_cmpstr (fixture->written->str, ==, "");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/front/guarded-stream/canonical", test_canonical },
    { "/front/guarded-stream/takes-all", test_takes_all },
    { "/front/guarded-stream/gone", test_gone },
    { "/front/guarded-stream/closes-once", test_closes_once },
    { "/front/guarded-stream/forgotten", test_forgotten },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
