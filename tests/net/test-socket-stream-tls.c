/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/socket-stream.h"

#include <sys/socket.h>

/* A certificate for localhost that nobody else trusts, and its key. */
static const char test_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5MdR/x7pYmATw/oV\n"
                               "ZTqBwYDKKsGnjjG8NAKmJ7hJpRyhRANCAAQMObzt0qRPf3GFFGX4WAmlElCYHume\n"
                               "KBIiJvU90JlheC7+kjFOXzKd7RSb3a+7lD/oP5PftN8c5JWbfyea+hj6\n"
                               "-----END PRIVATE KEY-----\n"
                               "-----BEGIN CERTIFICATE-----\n"
                               "MIIBlTCCATugAwIBAgIUDoSxG1w8Smg8DMKZGWtOYPHFtm8wCgYIKoZIzj0EAwIw\n"
                               "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDIwMzg0M1oYDzIxMjYxMDMx\n"
                               "MjAzODQzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
                               "PQMBBwNCAAQMObzt0qRPf3GFFGX4WAmlElCYHumeKBIiJvU90JlheC7+kjFOXzKd\n"
                               "7RSb3a+7lD/oP5PftN8c5JWbfyea+hj6o2kwZzAdBgNVHQ4EFgQUVtlsz0qbw0Iz\n"
                               "GTgNr8qzKwwsPdUwHwYDVR0jBBgwFoAUVtlsz0qbw0IzGTgNr8qzKwwsPdUwDwYD\n"
                               "VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID\n"
                               "SAAwRQIgX6i96NKknfplu3lXiYP5ZTX5gtk3269u4GmXfwx7k2MCIQDeFi7WEm86\n"
                               "J/PqpqGUMTeGV3sQ0LnnHcr9Hmn6PkSNXg==\n"
                               "-----END CERTIFICATE-----\n";

static gboolean
accept_any (G_GNUC_UNUSED GTlsConnection *connection, G_GNUC_UNUSED GTlsCertificate *certificate,
            G_GNUC_UNUSED GTlsCertificateFlags flaws, G_GNUC_UNUSED gpointer user_data)
{
  return TRUE;
}

static gpointer
talk_tls (gpointer data)
{
  GIOStream *stream = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) tls = g_tls_client_connection_new (stream, NULL, &error);
  char buffer[4];

  g_assert_no_error (error);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (accept_any), NULL);
  g_output_stream_write_all (g_io_stream_get_output_stream (tls), "ping", 4, NULL, NULL, &error);
  g_assert_no_error (error);
  g_input_stream_read_all (g_io_stream_get_input_stream (tls), buffer, 4, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, 4, "pong", 4);
  g_assert_true (g_io_stream_close (tls, NULL, &error));
  return NULL;
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

/* GIO's TLS over both, blocking at one end and with a loop at the other. */
static void
test_handshake (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_pem (test_pem, -1, &error);
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GAsyncResult) shaken = NULL;
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (GIOStream) server = NULL;
  g_autoptr (GIOStream) client = NULL;
  GThread *thread;
  int pair[2];
  char buffer[4];

  g_assert_no_error (error);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
  server = disp_socket_stream_new (pair[0]);
  client = disp_socket_stream_new (pair[1]);
  tls = g_tls_server_connection_new (server, certificate, &error);
  g_assert_no_error (error);
  thread = g_thread_new ("client", talk_tls, client);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), 0, NULL, on_result, &shaken);
  g_tls_connection_handshake_finish (G_TLS_CONNECTION (tls), wait_result (&shaken), &error);
  g_assert_no_error (error);
  g_input_stream_read_all_async (g_io_stream_get_input_stream (tls), buffer, 4, 0, NULL, on_result,
                                 &read);
  g_input_stream_read_all_finish (g_io_stream_get_input_stream (tls), wait_result (&read), NULL,
                                  &error);
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, 4, "ping", 4);
  g_output_stream_write_all (g_io_stream_get_output_stream (tls), "pong", 4, NULL, NULL, &error);
  g_assert_no_error (error);
  g_thread_join (thread);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/socket-stream-tls/handshake", test_handshake);
  return g_test_run ();
}
