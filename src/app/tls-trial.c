/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/tls-trial.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long it may take, in seconds: what takes milliseconds, on a machine that is very busy. */
#define PATIENCE 10

static GIOStream *
make_stream (int fd, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);

  if (socket == NULL)
    {
      close (fd);
      return NULL;
    }
  g_socket_set_timeout (socket, PATIENCE);
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static gboolean
on_accept_certificate (G_GNUC_UNUSED GTlsConnection *connection,
                       G_GNUC_UNUSED GTlsCertificate *certificate,
                       G_GNUC_UNUSED GTlsCertificateFlags errors, G_GNUC_UNUSED gpointer user_data)
{
  /* Whoever signed it, and whatever it is for. */
  return TRUE;
}

/* The client, on a thread of its own.  Returns why it failed. */
static gpointer
run_client (gpointer data)
{
  GIOStream *stream = data;
  GError *error = NULL;
  g_autoptr (GIOStream) connection = g_tls_client_connection_new (stream, NULL, &error);

  if (connection == NULL)
    return error;
  g_signal_connect (connection, "accept-certificate", G_CALLBACK (on_accept_certificate), NULL);
  g_tls_connection_handshake (G_TLS_CONNECTION (connection), NULL, &error);
  return error;
}

static gboolean
run_server (GIOStream *stream, GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GIOStream) connection = g_tls_server_connection_new (stream, certificate, error);

  return connection != NULL
         && g_tls_connection_handshake (G_TLS_CONNECTION (connection), NULL, error);
}

/**
 * disp_tls_trial:
 * @certificate: a certificate with its key
 * @error: why not
 *
 * Has a client and a server of ours speak with each other, since nothing else tells whether a key
 * belongs to a certificate.  Waits for that: some milliseconds.
 *
 * Returns: whether a server can speak TLS with @certificate
 */
gboolean
disp_tls_trial (GTlsCertificate *certificate, GError **error)
{
  int fds[2];
  g_autoptr (GIOStream) near = NULL;
  g_autoptr (GIOStream) far = NULL;
  g_autoptr (GError) server_error = NULL;
  g_autoptr (GError) client_error = NULL;
  GThread *client;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no sockets can be made");
      return FALSE;
    }
  near = make_stream (fds[0], error);
  far = make_stream (fds[1], near != NULL ? error : NULL);
  if (near == NULL || far == NULL)
    return FALSE;
  client = g_thread_new ("tls-trial", run_client, far);
  run_server (near, certificate, &server_error);
  /* So that the client does not wait for what never comes. */
  shutdown (fds[0], SHUT_RDWR);
  client_error = g_thread_join (client);
  if (server_error == NULL && client_error == NULL)
    return TRUE;
  /* What the client finds is why the server hears of it. */
  g_propagate_error (error, client_error != NULL ? g_steal_pointer (&client_error)
                                                 : g_steal_pointer (&server_error));
  return FALSE;
}
