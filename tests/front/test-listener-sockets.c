/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/listener-sockets.h"

#include "core/error.h"

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void
test_bad_address (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_listener_open ("somewhere.example:80", 1, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
}

static guint16
get_port (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

static GPtrArray *
open_well (const char *address, guint n)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *sockets = disp_listener_open (address, n, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (sockets->len, ==, n);
  return sockets;
}

static void
test_one_port (void)
{
  g_autoptr (GPtrArray) sockets = open_well ("localhost:0", 5);
  guint16 port = get_port (g_ptr_array_index (sockets, 0));
  g_autofree char *expected = g_strdup_printf ("127.0.0.1:%u", port);

  g_assert_cmpuint (port, !=, 0);
  for (guint i = 0; i < sockets->len; i++)
    {
      GSocket *socket = g_ptr_array_index (sockets, i);
      g_autofree char *address = disp_listener_describe (socket);

      g_assert_cmpuint (get_port (socket), ==, port);
      g_assert_cmpstr (address, ==, expected);
      g_assert_false (g_socket_get_blocking (socket));
    }
  g_socket_close (g_ptr_array_index (sockets, 0), NULL);
}

static void
test_ipv6 (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sockets = disp_listener_open ("[::1]:0", 2, &error);
  g_autofree char *address = NULL;
  g_autofree char *expected = NULL;

  if (sockets == NULL)
    {
      g_test_skip ("there is no IPv6 here");
      return;
    }
  address = disp_listener_describe (g_ptr_array_index (sockets, 0));
  expected = g_strdup_printf ("[::1]:%u", get_port (g_ptr_array_index (sockets, 1)));
  g_assert_cmpstr (address, ==, expected);
}

static void
assert_in_use (const char *address)
{
  g_autofree char *message = g_strdup_printf ("cannot listen on %s: Address already in use",
                                              address);
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_listener_open (address, 2, &error));
  g_assert_nonnull (error);
  g_assert_cmpstr (error->message, ==, message);
}

/* Another daemon has the port, and may even be ready to share it. */
static void
test_port_in_use (gconstpointer data)
{
  gboolean shares = GPOINTER_TO_INT (data);
  g_autoptr (GSocket) other = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                            G_SOCKET_PROTOCOL_DEFAULT, NULL);
  struct sockaddr_in native = { .sin_family = AF_INET,
                                .sin_addr = { .s_addr = htonl (INADDR_LOOPBACK) } };
  g_autofree char *address = NULL;

  g_socket_set_option (other, SOL_SOCKET, SO_REUSEADDR, TRUE, NULL);
  if (shares)
    g_socket_set_option (other, SOL_SOCKET, SO_REUSEPORT, TRUE, NULL);
  g_assert_cmpint (
      bind (g_socket_get_fd (other), (struct sockaddr *) &native, (socklen_t) sizeof native), ==,
      0);
  g_assert_true (g_socket_listen (other, NULL));
  address = disp_listener_describe (other);
  assert_in_use (address);
}

static void
test_opened_twice (void)
{
  g_autoptr (GPtrArray) sockets = open_well ("127.0.0.1:0", 2);
  g_autofree char *address = disp_listener_describe (g_ptr_array_index (sockets, 0));

  assert_in_use (address);
}

static void
test_cannot_listen (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_listener_open ("192.0.2.1:0", 1, &error));
  g_assert_cmpstr (error->message, ==,
                   "cannot listen on 192.0.2.1:0: Cannot assign requested address");
}

/* A path for sockets, and clients. */
typedef struct
{
  char *directory;    /* (owned) */
  char *path;         /* (owned) in directory */
  char *address;      /* (owned) of path */
  GPtrArray *clients; /* (owned) (element-type GSocket, owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->directory = g_dir_make_tmp ("listener-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, "socket", NULL);
  fixture->address = g_strconcat ("unix:", fixture->path, NULL);
  fixture->clients = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->directory);
  g_free (fixture->path);
  g_free (fixture->address);
  g_ptr_array_unref (fixture->clients);
}

static void
connect_clients (Fixture *fixture, GSocket *listening, guint n)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (listening, NULL);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      GSocket *client = g_socket_new (g_socket_get_family (listening), G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL);

      g_socket_connect (client, address, NULL, &error);
      g_assert_no_error (error);
      g_ptr_array_add (fixture->clients, client);
    }
}

/* Fails unless a client was connected by this socket. */
static void
accept_one (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) accepted = g_socket_accept (socket, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (accepted);
}

/* Each worker has a descriptor of its own of one socket, and the end of one leaves the others. */
static void
test_adopted (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) handed_down = open_well (data != NULL ? data : fixture->address, 1);
  GSocket *original = g_ptr_array_index (handed_down, 0);
  g_autofree char *expected = disp_listener_describe (original);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sockets = disp_listener_adopt (g_socket_get_fd (original), 3, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (sockets->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      GSocket *socket = g_ptr_array_index (sockets, i);
      g_autofree char *described = disp_listener_describe (socket);

      g_assert_cmpstr (described, ==, expected);
      g_assert_true (disp_listener_is_adopted (socket));
      g_assert_cmpint (fcntl (g_socket_get_fd (socket), F_GETFD), ==, FD_CLOEXEC);
      g_assert_cmpint (fcntl (g_socket_get_fd (socket), F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
    }
  g_assert_false (disp_listener_is_adopted (original));
  connect_clients (fixture, original, 2);
  accept_one (g_ptr_array_index (sockets, 0));
  for (guint i = 0; i < 2; i++)
    g_socket_close (g_ptr_array_index (sockets, i), NULL);
  accept_one (g_ptr_array_index (sockets, 2));
}

static void
test_adopt_nothing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_listener_adopt (-1, 1, &error));
  g_assert_cmpstr (error->message, ==, "cannot listen on an inherited socket: Bad file descriptor");
}

/* Every worker accepts from one UNIX socket; the end of one leaves the others. */
static void
test_unix_shared (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) sockets = open_well (fixture->address, 3);

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *address = disp_listener_describe (g_ptr_array_index (sockets, i));

      g_assert_cmpstr (address, ==, fixture->address);
      g_socket_close (g_ptr_array_index (sockets, i), NULL);
    }
  connect_clients (fixture, g_ptr_array_index (sockets, 2), 1);
  accept_one (g_ptr_array_index (sockets, 2));
}

static void
test_unix_live (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) sockets = open_well (fixture->address, 1);

  assert_in_use (fixture->address);
  connect_clients (fixture, g_ptr_array_index (sockets, 0), 1); /* the file is still its */
}

/* A live daemon whose queue is full cannot be connected to, and is none the less alive. */
static void
test_unix_live_and_full (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GSocket) other = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                            G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (fixture->path);

  g_assert_true (g_socket_bind (other, address, FALSE, NULL));
  g_socket_set_listen_backlog (other, 1);
  g_assert_true (g_socket_listen (other, NULL));
  connect_clients (fixture, other, 2);
  assert_in_use (fixture->address);
}

static void
test_unix_stale (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) killed = open_well (fixture->address, 1);
  g_autoptr (GPtrArray) sockets = NULL;

  g_socket_close (g_ptr_array_index (killed, 0), NULL);
  g_assert_true (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
  sockets = open_well (fixture->address, 1);
  connect_clients (fixture, g_ptr_array_index (sockets, 0), 1);
  disp_listener_remove (fixture->address);
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
}

/* What is no socket is somebody's file. */
static void
test_unix_other_file (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *contents = NULL;

  g_assert_true (g_file_set_contents (fixture->path, "mine", -1, NULL));
  assert_in_use (fixture->address);
  g_assert_true (g_file_get_contents (fixture->path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "mine");
}

static void
test_unix_no_directory (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *address = g_strconcat (fixture->address, "/socket", NULL);
  g_autofree char *message = g_strdup_printf ("cannot listen on %s: No such file or directory",
                                              address);
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_listener_open (address, 1, &error));
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_remove_other (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_true (g_file_set_contents (fixture->path, "", -1, NULL));
  disp_listener_remove ("127.0.0.1:8000");
  g_assert_true (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
}

static void
test_describe_closed (void)
{
  g_autoptr (GPtrArray) sockets = open_well ("127.0.0.1:0", 1);
  g_autofree char *address = NULL;

  g_socket_close (g_ptr_array_index (sockets, 0), NULL);
  address = disp_listener_describe (g_ptr_array_index (sockets, 0));
  g_assert_cmpstr (address, ==, "closed");
}

static void
add_fixture_test (const char *path, gconstpointer data,
                  void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/listener-sockets/bad-address", test_bad_address);
  g_test_add_func ("/front/listener-sockets/one-port", test_one_port);
  g_test_add_func ("/front/listener-sockets/ipv6", test_ipv6);
  g_test_add_data_func ("/front/listener-sockets/port-in-use/alone", GINT_TO_POINTER (FALSE),
                        test_port_in_use);
  g_test_add_data_func ("/front/listener-sockets/port-in-use/shared", GINT_TO_POINTER (TRUE),
                        test_port_in_use);
  g_test_add_func ("/front/listener-sockets/opened-twice", test_opened_twice);
  g_test_add_func ("/front/listener-sockets/cannot-listen", test_cannot_listen);
  g_test_add_func ("/front/listener-sockets/describe-closed", test_describe_closed);
  add_fixture_test ("/front/listener-sockets/adopted/tcp", "127.0.0.1:0", test_adopted);
  add_fixture_test ("/front/listener-sockets/adopted/unix", NULL, test_adopted);
  g_test_add_func ("/front/listener-sockets/adopted/nothing", test_adopt_nothing);
  add_fixture_test ("/front/listener-sockets/unix/shared", NULL, test_unix_shared);
  add_fixture_test ("/front/listener-sockets/unix/live", NULL, test_unix_live);
  add_fixture_test ("/front/listener-sockets/unix/live-and-full", NULL, test_unix_live_and_full);
  add_fixture_test ("/front/listener-sockets/unix/stale", NULL, test_unix_stale);
  add_fixture_test ("/front/listener-sockets/unix/other-file", NULL, test_unix_other_file);
  add_fixture_test ("/front/listener-sockets/unix/no-directory", NULL, test_unix_no_directory);
  add_fixture_test ("/front/listener-sockets/unix/remove-other", NULL, test_remove_other);
  return g_test_run ();
}
