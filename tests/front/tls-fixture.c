/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/tls-fixture.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long a client waits for a server that does not answer, in seconds. */
#define PATIENCE 20

static GTlsCertificate *
load (const Certificate *certificate)
{
  g_autoptr (GError) error = NULL;
  GTlsCertificate *loaded = g_tls_certificate_new_from_files (certificate->path,
                                                              certificate->key_path, &error);

  g_assert_no_error (error);
  return loaded;
}

/**
 * tls_fixture_new:
 *
 * Returns: (transfer full): a fixture
 */
TlsFixture *
tls_fixture_new (void)
{
  TlsFixture *self = g_new0 (TlsFixture, 1);
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("dispatcherd-tls-XXXXXX", &error);
  g_assert_no_error (error);
  self->authority = certificate_new (self->directory, "authority", 10, NULL);
  self->server = certificate_new (self->directory, "server", 10, self->authority);
  self->client = certificate_new (self->directory, "client", 10, self->authority);
  self->terms = disp_terms_new ();
  self->terms->certificate = load (self->server);
  self->trusted = g_tls_file_database_new (self->authority->path, &error);
  g_assert_no_error (error);
  self->queue = disp_handshake_queue_new ();
  return self;
}

/**
 * tls_fixture_free:
 * @self: (transfer full): a fixture
 */
void
tls_fixture_free (TlsFixture *self)
{
  disp_handshake_queue_free (self->queue);
  g_object_unref (self->trusted);
  disp_terms_unref (self->terms);
  certificate_free (self->client);
  certificate_free (self->server);
  certificate_free (self->authority);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->directory);
  g_free (self);
}

/**
 * tls_make_sockets:
 * @near: (out): the end of a server, non-blocking
 * @far: (out): the end of its client, which blocks
 *
 * Makes a connection of TCP on the loopback interface.
 */
void
tls_make_sockets (int *near, int *far)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;
  int listening = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (bind (listening, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (listening, 1), ==, 0);
  g_assert_cmpint (getsockname (listening, (struct sockaddr *) &address, &length), ==, 0);
  *far = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (connect (*far, (struct sockaddr *) &address, sizeof address), ==, 0);
  setsockopt (*far, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof (int));
  *near = accept4 (listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  g_assert_cmpint (*near, >=, 0);
  close (listening);
}

/**
 * tls_count_fds:
 *
 * Returns: how many descriptors are open in this process
 */
guint
tls_count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gpointer
shake_hands (gpointer data)
{
  TlsClient *self = data;

  g_tls_connection_handshake (G_TLS_CONNECTION (self->connection), NULL, &self->error);
  return NULL;
}

/**
 * tls_client_new:
 * @fixture: whose authority it trusts
 * @fd: (transfer full): the end of a client
 * @certificate: (nullable): what it shows, if it is asked to
 *
 * Returns: (transfer full): a client that shakes hands
 */
TlsClient *
tls_client_new (const TlsFixture *fixture, int fd, const Certificate *certificate)
{
  static const char *const protocols[] = { "h2", "http/1.1", NULL };
  TlsClient *self = g_new0 (TlsClient, 1);
  g_autoptr (GSocketConnectable) server = g_network_address_new ("localhost", 1);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  self->socket = g_socket_new_from_fd (fd, &error);
  g_assert_no_error (error);
  g_socket_set_timeout (self->socket, PATIENCE);
  connection = g_socket_connection_factory_create_connection (self->socket);
  self->connection = g_tls_client_connection_new (G_IO_STREAM (connection), server, &error);
  g_assert_no_error (error);
  g_tls_connection_set_database (G_TLS_CONNECTION (self->connection), fixture->trusted);
  g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (self->connection), protocols);
  if (certificate != NULL)
    {
      g_autoptr (GTlsCertificate) loaded = load (certificate);

      g_tls_connection_set_certificate (G_TLS_CONNECTION (self->connection), loaded);
    }
  self->thread = g_thread_new ("tls-client", shake_hands, self);
  return self;
}

/**
 * tls_client_join:
 * @self: a client
 *
 * Returns: whether its handshake, which is over by now, came to something as far as it knows
 */
gboolean
tls_client_join (TlsClient *self)
{
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
  return self->error == NULL;
}

/**
 * tls_client_free:
 * @self: (transfer full): a client, which hangs up
 */
void
tls_client_free (TlsClient *self)
{
  g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  tls_client_join (self);
  g_object_unref (self->connection);
  g_object_unref (self->socket);
  g_clear_error (&self->error);
  g_free (self);
}

/**
 * tls_make_client_hello:
 *
 * Returns: (transfer full): all that a client says before it hears something
 */
GBytes *
tls_make_client_hello (void)
{
  char *bytes = g_malloc (16384);
  TlsFixture fixture = { 0 };
  GPollFD poll = { .events = G_IO_IN };
  TlsClient *client;
  gssize n;
  int near, far;

  tls_make_sockets (&near, &far);
  client = tls_client_new (&fixture, far, NULL);
  poll.fd = near;
  g_assert_cmpint (g_poll (&poll, 1, PATIENCE * 1000), ==, 1);
  n = recv (near, bytes, 16384, 0);
  g_assert_cmpint (n, >, 100);
  close (near);
  tls_client_free (client);
  return g_bytes_new_take (bytes, (gsize) n);
}
