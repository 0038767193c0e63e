/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The demo model server as a process, seen through its socket. */
#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#define PREDICT(x)                                                                                 \
  "POST /v1/models/half_plus_two:predict HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n"        \
  "{\"instances\":[" x "]}"

typedef struct
{
  GSubprocess *process; /* (owned) */
  int port;
} Fixture;

static void
start (Fixture *fixture, gconstpointer user_data)
{
  g_auto (GStrv) options = g_strsplit (user_data, " ", -1);
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();
  g_auto (GStrv) command = NULL;
  g_autoptr (GDataInputStream) output = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  g_strv_builder_add_many (arguments, g_getenv ("DEMO_MODEL_SERVER"), "--port=0",
                           "--name=server-under-test", NULL);
  g_strv_builder_addv (arguments, (const char **) options);
  command = g_strv_builder_end (arguments);
  fixture->process = g_subprocess_newv ((const char *const *) command,
                                        G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (fixture->process));
  line = g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (line, "listening on 127.0.0.1:"));
  fixture->port = (int) g_ascii_strtoull (strrchr (line, ':') + 1, NULL, 10);
  g_assert_cmpint (fixture->port, >, 0);
}

static void
stop (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_send_signal (fixture->process, SIGTERM);
  g_subprocess_wait_check (fixture->process, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (fixture->process);
}

static GSocketConnection *
reach (Fixture *fixture)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection = g_socket_client_connect_to_host (client, "127.0.0.1",
                                                                   fixture->port, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static void
ask (GSocketConnection *connection, const char *bytes)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), bytes,
                             strlen (bytes), NULL, NULL, &error);
  g_assert_no_error (error);
}

/* Reads one answer; returns its body. */
static char *
hear (GDataInputStream *input, const char *status)
{
  gsize length = 0;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_data_input_stream_read_line (input, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (line, ==, status);
  while (line[0] != '\0')
    {
      g_free (line);
      line = g_data_input_stream_read_line (input, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_nonnull (line);
      if (g_str_has_prefix (line, "Content-Length: "))
        length = g_ascii_strtoull (line + strlen ("Content-Length: "), NULL, 10);
      if (g_str_has_prefix (line, "Server: "))
        g_assert_cmpstr (line, ==, "Server: server-under-test");
    }

  g_autofree char *body = g_malloc0 (length + 1);

  g_input_stream_read_all (G_INPUT_STREAM (input), body, length, NULL, NULL, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&body);
}

static GDataInputStream *
listen_to (GSocketConnection *connection)
{
  GDataInputStream *input = g_data_input_stream_new (
      g_io_stream_get_input_stream (G_IO_STREAM (connection)));

  g_data_input_stream_set_newline_type (input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  return input;
}

static void
expect (GDataInputStream *input, const char *text)
{
  g_autofree char *body = hear (input, "HTTP/1.1 200 OK");

  g_assert_nonnull (strstr (body, text));
}

/* Pipelined requests are answered in their order on one connection, whatever each of them costs. */
static void
test_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) connection = reach (fixture);
  g_autoptr (GDataInputStream) input = listen_to (connection);

  ask (connection, PREDICT ("1") PREDICT ("2") "GET /v1/models/half_plus_two HTTP/1.1\r\n");
  ask (connection, "Host: a\r\n\r\n" PREDICT ("3"));
  expect (input, "2.5");
  expect (input, "3.0");
  expect (input, "AVAILABLE");
  expect (input, "3.5");
}

static void
test_service_time (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) connection = reach (fixture);
  g_autoptr (GDataInputStream) input = listen_to (connection);
  gint64 start_time = g_get_monotonic_time ();

  ask (connection, PREDICT ("1"));
  expect (input, "2.5");
  g_assert_cmpint (g_get_monotonic_time () - start_time, >=, 40 * 1000);
}

/* One device: the second inference of another connection waits for the first. */
static void
test_serial (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) first = reach (fixture);
  g_autoptr (GSocketConnection) second = reach (fixture);
  g_autoptr (GDataInputStream) first_input = listen_to (first);
  g_autoptr (GDataInputStream) second_input = listen_to (second);
  gint64 start_time = g_get_monotonic_time ();

  ask (first, PREDICT ("1"));
  ask (second, PREDICT ("2"));
  expect (first_input, "2.5");
  expect (second_input, "3.0");
  g_assert_cmpint (g_get_monotonic_time () - start_time, >=, 80 * 1000);
}

static void
test_hang_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) other = reach (fixture);
  g_autoptr (GDataInputStream) input = listen_to (other);

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GSocketConnection) connection = reach (fixture);

      ask (connection, PREDICT ("1") PREDICT ("1"));
    }
  ask (other, PREDICT ("9"));
  expect (input, "6.5");
}

/* A client that ended its half of the connection still gets its answer. */
static void
test_half_closed (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) connection = reach (fixture);
  g_autoptr (GDataInputStream) input = listen_to (connection);
  g_autoptr (GError) error = NULL;
  char byte;

  ask (connection, PREDICT ("1"));
  g_socket_shutdown (g_socket_connection_get_socket (connection), FALSE, TRUE, &error);
  g_assert_no_error (error);
  expect (input, "2.5");
  g_assert_cmpint (g_input_stream_read (G_INPUT_STREAM (input), &byte, 1, NULL, &error), ==, 0);
  g_assert_no_error (error);
}

static void
test_refusal (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) connection = reach (fixture);
  g_autoptr (GDataInputStream) input = listen_to (connection);
  g_autoptr (GError) error = NULL;
  g_autofree char *body = NULL;
  char byte;

  ask (connection, "nonsense\r\n\r\n");
  body = hear (input, "HTTP/1.1 400 Bad Request");
  g_assert_nonnull (strstr (body, "request line"));
  g_assert_cmpint (g_input_stream_read (G_INPUT_STREAM (input), &byte, 1, NULL, &error), ==, 0);
  g_assert_no_error (error);
}

static void
test_continue (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) connection = reach (fixture);
  g_autoptr (GDataInputStream) input = listen_to (connection);
  g_autofree char *nothing = NULL;

  ask (connection, "POST /v1/models/half_plus_two:predict HTTP/1.1\r\nHost: a\r\n"
                   "Content-Length: 17\r\nExpect: 100-continue\r\n\r\n");
  nothing = hear (input, "HTTP/1.1 100 Continue");
  ask (connection, "{\"instances\":[1]}");
  expect (input, "2.5");
}

/* A client that sends much and reads nothing for long gets all its answers in the end. */
static void
test_slow_reader (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) connection = reach (fixture);
  g_autoptr (GDataInputStream) input = listen_to (connection);
  g_autoptr (GString) requests = g_string_new (NULL);
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  const guint n = 100000;
  gsize sent = 0;
  guint answered = 0;

  for (guint i = 0; i < n; i++)
    g_string_append (requests, i % 2 == 0 ? PREDICT ("1") : PREDICT ("2"));
  g_socket_set_blocking (g_socket_connection_get_socket (connection), FALSE);
  while (answered < n)
    {
      gssize written = g_pollable_output_stream_write_nonblocking (
          G_POLLABLE_OUTPUT_STREAM (output), requests->str + sent, requests->len - sent, NULL,
          NULL);

      if (written > 0)
        sent += written;
      if (written > 0 && sent < requests->len)
        continue;
      g_socket_set_blocking (g_socket_connection_get_socket (connection), TRUE);
      for (guint i = 0; i < 1000 && answered < n; i++, answered++)
        expect (input, answered % 2 == 0 ? "2.5" : "3.0");
      g_socket_set_blocking (g_socket_connection_get_socket (connection), FALSE);
    }
  g_assert_cmpuint (sent, ==, requests->len);
}

/* Sends a signal before this returns; g_subprocess_send_signal() would have another thread do it.
 */
static void
command (Fixture *fixture, int signal)
{
  GPid pid = (GPid) g_ascii_strtoll (g_subprocess_get_identifier (fixture->process), NULL, 10);

  g_assert_cmpint (kill (pid, signal), ==, 0);
}

static void
test_busy (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) connection = reach (fixture);
  g_autoptr (GDataInputStream) input = listen_to (connection);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  ask (connection, PREDICT ("1"));
  first = hear (input, "HTTP/1.1 503 Service Unavailable");
  ask (connection, "GET /v1/models/half_plus_two HTTP/1.1\r\nHost: a\r\n\r\n");
  expect (input, "AVAILABLE");
  command (fixture, SIGUSR2);
  ask (connection, PREDICT ("1"));
  expect (input, "2.5");
  command (fixture, SIGUSR1);
  ask (connection, PREDICT ("1"));
  second = hear (input, "HTTP/1.1 503 Service Unavailable");
}

/* The first connection is answered and closed, the second one reset, and so on. */
static void
test_reset (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  for (guint i = 0; i < 6; i++)
    {
      g_autoptr (GSocketConnection) connection = reach (fixture);
      g_autoptr (GDataInputStream) input = listen_to (connection);
      g_autoptr (GError) error = NULL;
      char byte;

      ask (connection, "GET /v1/models/half_plus_two HTTP/1.1\r\nHost: a\r\n\r\n");
      expect (input, "AVAILABLE");
      ask (connection, PREDICT ("1"));
      if (i % 2 == 0)
        expect (input, "2.5");
      g_input_stream_read (G_INPUT_STREAM (input), &byte, 1, NULL, &error);
      if (i % 2 == 0)
        g_assert_no_error (error);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    }
}

/* Half of an answer comes, and as the server goes on, nothing more.  It notices who hangs up. */
static void
test_half (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) connection = reach (fixture);
  g_autoptr (GSocketConnection) other = reach (fixture);
  g_autoptr (GDataInputStream) other_input = listen_to (other);
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  g_autoptr (GString) heard = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  char byte;

  ask (connection, PREDICT ("1"));
  while (!g_str_has_suffix (heard->str, "\r\n\r\n{"))
    {
      g_assert_cmpint (g_input_stream_read (input, &byte, 1, NULL, &error), ==, 1);
      g_assert_no_error (error);
      g_string_append_c (heard, byte);
    }
  ask (connection, PREDICT ("1"));
  ask (other, "GET /v1/models/half_plus_two HTTP/1.1\r\nHost: a\r\n\r\n");
  expect (other_input, "AVAILABLE");
  g_socket_shutdown (g_socket_connection_get_socket (connection), FALSE, TRUE, &error);
  g_assert_no_error (error);
  while (g_input_stream_read (input, &byte, 1, NULL, &error) == 1)
    g_string_append_c (heard, byte);
  g_assert_no_error (error);
  g_assert_null (strstr (heard->str, "2.5"));
}

static void
test_loading (Fixture *fixture, G_GNUC_UNUSED gconstpointer user_data)
{
  g_autoptr (GSocketConnection) connection = reach (fixture);
  g_autoptr (GDataInputStream) input = listen_to (connection);
  g_autofree char *refusal = NULL;

  ask (connection, "GET /v1/models/half_plus_two HTTP/1.1\r\nHost: a\r\n\r\n");
  expect (input, "\"LOADING\"");
  ask (connection, PREDICT ("1"));
  refusal = hear (input, "HTTP/1.1 404 Not Found");
  command (fixture, SIGUSR2);
  ask (connection, "GET /v1/models/half_plus_two HTTP/1.1\r\nHost: a\r\n\r\n" PREDICT ("1"));
  expect (input, "\"AVAILABLE\"");
  expect (input, "2.5");
}

#define ADD(path, option, function) g_test_add (path, Fixture, option, start, function, stop)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/demo/server/order", "--per-instance=1", test_order);
  ADD ("/demo/server/order-at-once", "--models=half_plus_two", test_order);
  ADD ("/demo/server/service-time", "--service-time=40", test_service_time);
  ADD ("/demo/server/serial", "--service-time=40 --serial", test_serial);
  ADD ("/demo/server/hang-up", "--service-time=5", test_hang_up);
  ADD ("/demo/server/half-closed", "--service-time=5", test_half_closed);
  ADD ("/demo/server/refusal", "--models=half_plus_two", test_refusal);
  ADD ("/demo/server/continue", "--models=half_plus_two", test_continue);
  ADD ("/demo/server/slow-reader", "--models=half_plus_two", test_slow_reader);
  ADD ("/demo/server/busy", "--fault=busy", test_busy);
  ADD ("/demo/server/reset", "--fault=reset", test_reset);
  ADD ("/demo/server/half", "--fault=half", test_half);
  ADD ("/demo/server/loading", "--fault=loading", test_loading);
  return g_test_run ();
}
