/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/socket-stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Two streams that are connected with each other. */
typedef struct
{
  GIOStream *stream; /* (owned) (nullable) */
  GInputStream *input;
  GOutputStream *output;
  GIOStream *peer; /* (owned) (nullable) */
  GCancellable *cancellable;
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  int pair[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
  fixture->stream = disp_socket_stream_new (pair[0]);
  fixture->input = g_io_stream_get_input_stream (fixture->stream);
  fixture->output = g_io_stream_get_output_stream (fixture->stream);
  fixture->peer = disp_socket_stream_new (pair[1]);
  fixture->cancellable = g_cancellable_new ();
  g_assert_cmpint (disp_socket_stream_get_fd (DISP_SOCKET_STREAM (fixture->stream)), ==, pair[0]);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  if (fixture->stream != NULL)
    g_assert_finalize_object (fixture->stream);
  if (fixture->peer != NULL)
    g_assert_finalize_object (fixture->peer);
  g_assert_finalize_object (fixture->cancellable);
}

static void
peer_send (Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (fixture->peer), text, strlen (text),
                             NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
assert_text (const char *buffer, gssize length, const char *expected)
{
  g_assert_cmpmem (buffer, length, expected, strlen (expected));
}

static void
test_nonblocking (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (fixture->input);
  g_autoptr (GError) error = NULL;
  char buffer[16];
  gssize n;

  g_assert_true (g_pollable_input_stream_can_poll (input));
  g_assert_false (g_pollable_input_stream_is_readable (input));
  n = g_pollable_input_stream_read_nonblocking (input, buffer, sizeof buffer, NULL, &error);
  g_assert_cmpint (n, ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);

  peer_send (fixture, "hello");
  g_assert_true (g_pollable_input_stream_is_readable (input));
  n = g_pollable_input_stream_read_nonblocking (input, buffer, 3, NULL, &error);
  g_assert_no_error (error);
  assert_text (buffer, n, "hel");
  n = g_pollable_input_stream_read_nonblocking (input, buffer, sizeof buffer, NULL, &error);
  assert_text (buffer, n, "lo");

  g_clear_object (&fixture->peer);
  g_assert_true (g_pollable_input_stream_is_readable (input));
  n = g_pollable_input_stream_read_nonblocking (input, buffer, sizeof buffer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (n, ==, 0);
}

/* Writes until nothing more is taken, and returns how much was. */
static gsize
fill (Fixture *fixture)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (fixture->output);
  static const char block[4096];
  g_autoptr (GError) error = NULL;
  gsize total = 0;
  gssize n;

  while (
      (n = g_pollable_output_stream_write_nonblocking (output, block, sizeof block, NULL, &error))
      > 0)
    {
      total += (gsize) n;
      g_assert_cmpuint (total, <, 1024 * 1024 * 1024);
    }
  g_assert_cmpint (n, ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  return total;
}

/* The peer reads @total bytes. */
static void
drain (Fixture *fixture, gsize total)
{
  g_autofree char *buffer = g_malloc (total);
  g_autoptr (GError) error = NULL;
  gsize n;

  g_input_stream_read_all (g_io_stream_get_input_stream (fixture->peer), buffer, total, &n, NULL,
                           &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, total);
}

static void
test_full (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (fixture->output);
  GOutputVector vector = { "x", 1 };
  g_autoptr (GError) error = NULL;
  gsize n = 1, total;

  g_assert_true (g_pollable_output_stream_can_poll (output));
  g_assert_true (g_pollable_output_stream_is_writable (output));
  total = fill (fixture);
  g_assert_false (g_pollable_output_stream_is_writable (output));
  g_assert_cmpint (
      g_pollable_output_stream_writev_nonblocking (output, &vector, 1, &n, NULL, &error), ==,
      G_POLLABLE_RETURN_WOULD_BLOCK);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 0);
  drain (fixture, total);
  g_assert_true (g_pollable_output_stream_is_writable (output));
}

/* More pieces than the system takes at once. */
static void
test_vectors (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GOutputVector vectors[3000];
  g_autoptr (GError) error = NULL;
  g_autofree char *buffer = g_malloc0 (2 * G_N_ELEMENTS (vectors));
  gsize n;

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    vectors[i] = (GOutputVector){ i % 2 == 0 ? "ab" : "cd", 2 };
  g_output_stream_writev (fixture->output, vectors, G_N_ELEMENTS (vectors), &n, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, >, 0);
  g_assert_cmpuint (n, <, 2 * G_N_ELEMENTS (vectors));
  drain (fixture, n);
  g_output_stream_writev_all (fixture->output, vectors, G_N_ELEMENTS (vectors), &n, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 2 * G_N_ELEMENTS (vectors));
  g_input_stream_read_all (g_io_stream_get_input_stream (fixture->peer), buffer, n, NULL, NULL,
                           &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    g_assert_cmpmem (buffer + (gsize) 2 * i, 2, vectors[i].buffer, 2);
}

static void
test_gone (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&fixture->peer);
  g_assert_cmpint (g_output_stream_write (fixture->output, "x", 1, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
}

static gpointer
read_in_thread (gpointer data)
{
  Fixture *fixture = data;
  GError *error = NULL;
  char buffer[16];
  gssize n = g_input_stream_read (fixture->input, buffer, sizeof buffer, fixture->cancellable,
                                  &error);

  if (n >= 0)
    assert_text (buffer, n, "late");
  return error;
}

static void
test_blocking_read (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GThread *thread = g_thread_new ("reader", read_in_thread, fixture);

  peer_send (fixture, "late");
  g_assert_null (g_thread_join (thread));
}

static void
test_cancelled_read (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GThread *thread = g_thread_new ("reader", read_in_thread, fixture);
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (fixture->cancellable);
  error = g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gpointer
write_in_thread (gpointer data)
{
  Fixture *fixture = data;
  GError *error = NULL;

  g_output_stream_write_all (fixture->output, "late", 4, NULL, fixture->cancellable, &error);
  return error;
}

static void
test_blocking_write (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  gsize total = fill (fixture);
  GThread *thread = g_thread_new ("writer", write_in_thread, fixture);

  drain (fixture, total + 4);
  g_assert_null (g_thread_join (thread));
}

static void
test_cancelled_write (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GThread *thread;

  fill (fixture);
  thread = g_thread_new ("writer", write_in_thread, fixture);
  g_cancellable_cancel (fixture->cancellable);
  error = g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gboolean
on_pollable (GObject *half, gpointer user_data)
{
  *(GObject **) user_data = half;
  return G_SOURCE_REMOVE;
}

static void
expect_source (GSource *source, gpointer half, GMainContext *context)
{
  GObject *ready = NULL;

  g_source_set_callback (source, G_SOURCE_FUNC (on_pollable), &ready, NULL);
  g_source_attach (source, context);
  while (ready == NULL)
    g_main_context_iteration (context, TRUE);
  g_assert_true (ready == half);
}

static void
test_sources (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (fixture->input);
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (fixture->output);
  g_autoptr (GSource) writable = g_pollable_output_stream_create_source (output, NULL);
  g_autoptr (GSource) idle = g_pollable_input_stream_create_source (input, NULL);
  g_autoptr (GSource) readable = g_pollable_input_stream_create_source (input, NULL);
  g_autoptr (GSource) cancelled = g_pollable_input_stream_create_source (input,
                                                                         fixture->cancellable);
  g_autoptr (GSource) closed = NULL;
  GObject *ready = NULL;

  expect_source (writable, output, context);
  g_source_set_callback (idle, G_SOURCE_FUNC (on_pollable), &ready, NULL);
  g_source_attach (idle, context);
  g_assert_false (g_main_context_iteration (context, FALSE));
  g_assert_null (ready);
  g_source_destroy (idle);

  g_cancellable_cancel (fixture->cancellable);
  expect_source (cancelled, input, context);
  peer_send (fixture, "x");
  expect_source (readable, input, context);

  g_assert_true (g_io_stream_close (fixture->stream, NULL, NULL));
  closed = g_pollable_input_stream_create_source (input, NULL);
  expect_source (closed, input, context);
}

static void
assert_closed (int fd)
{
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1);
  g_assert_cmpint (errno, ==, EBADF);
}

/* Once it is closed nothing touches the number, which may be another's by then. */
static void
test_close (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispSocketStream *stream = DISP_SOCKET_STREAM (fixture->stream);
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (fixture->input);
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (fixture->output);
  int fd = disp_socket_stream_get_fd (stream), reused;
  g_autoptr (GError) error = NULL;
  char buffer[1];

  g_assert_true (g_io_stream_close (fixture->stream, NULL, &error));
  g_assert_no_error (error);
  assert_closed (fd);
  g_assert_cmpint (disp_socket_stream_get_fd (stream), ==, -1);
  reused = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, fd);
  g_assert_cmpint (reused, ==, fd);

  g_assert_true (g_pollable_input_stream_is_readable (input));
  g_assert_true (g_pollable_output_stream_is_writable (output));
  g_pollable_input_stream_read_nonblocking (input, buffer, 1, NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);
  g_pollable_output_stream_write_nonblocking (output, "x", 1, NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);

  g_assert_finalize_object (g_steal_pointer (&fixture->stream));
  g_assert_cmpint (fcntl (reused, F_GETFD), !=, -1);
  close (reused);
}

static void
test_halves_live_on (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GInputStream) input = g_object_ref (fixture->input);
  int fd = disp_socket_stream_get_fd (DISP_SOCKET_STREAM (fixture->stream));
  g_autoptr (GError) error = NULL;
  char buffer[1];

  g_assert_finalize_object (g_steal_pointer (&fixture->stream));
  assert_closed (fd);
  g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (input), buffer, 1, NULL,
                                            &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
on_result (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static GAsyncResult *
wait_result (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static void
test_async (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (GAsyncResult) closed = NULL;
  g_autoptr (GError) error = NULL;
  int fd = disp_socket_stream_get_fd (DISP_SOCKET_STREAM (fixture->stream));
  char buffer[16];
  gssize n;

  g_input_stream_read_async (fixture->input, buffer, sizeof buffer, 0, NULL, on_result, &read);
  peer_send (fixture, "news");
  n = g_input_stream_read_finish (fixture->input, wait_result (&read), &error);
  g_assert_no_error (error);
  assert_text (buffer, n, "news");

  g_io_stream_close_async (fixture->stream, 0, NULL, on_result, &closed);
  g_assert_null (closed);
  g_assert_true (g_io_stream_close_finish (fixture->stream, wait_result (&closed), &error));
  g_assert_no_error (error);
  assert_closed (fd);
}

static gboolean
lets_pass (const void *bytes, gsize n, gpointer user_data)
{
  g_string_append_len (user_data, bytes, (gssize) n);
  return memchr (bytes, '!', n) == NULL;
}

/* It sees what comes, by whichever call, and can refuse it. */
static void
test_filter (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  char buffer[16];
  gssize n;

  disp_socket_stream_set_filter (DISP_SOCKET_STREAM (fixture->stream), lets_pass, seen);
  peer_send (fixture, "one");
  n = g_input_stream_read (fixture->input, buffer, sizeof buffer, NULL, &error);
  g_assert_no_error (error);
  assert_text (buffer, n, "one");
  peer_send (fixture, "two!");
  n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (fixture->input), buffer,
                                                sizeof buffer, NULL, &error);
  g_assert_cmpint (n, ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  g_assert_cmpstr (seen->str, ==, "onetwo!");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test)                                                                            \
  g_test_add ("/net/socket-stream/" path, Fixture, NULL, set_up, test, tear_down)
  ADD ("nonblocking", test_nonblocking);
  ADD ("full", test_full);
  ADD ("vectors", test_vectors);
  ADD ("gone", test_gone);
  ADD ("blocking-read", test_blocking_read);
  ADD ("cancelled-read", test_cancelled_read);
  ADD ("blocking-write", test_blocking_write);
  ADD ("cancelled-write", test_cancelled_write);
  ADD ("sources", test_sources);
  ADD ("close", test_close);
  ADD ("halves-live-on", test_halves_live_on);
  ADD ("async", test_async);
  ADD ("filter", test_filter);
#undef ADD
  return g_test_run ();
}
