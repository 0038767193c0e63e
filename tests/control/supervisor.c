/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/supervisor.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

/*
 * supervisor_new:
 * @is_abstract: whether its address is a name outside the file system
 */
Supervisor *
supervisor_new (gboolean is_abstract)
{
  Supervisor *self = g_new0 (Supervisor, 1);
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree char *path = NULL;

  self->directory = g_dir_make_tmp ("supervisor-XXXXXX", NULL);
  g_assert_nonnull (self->directory);
  path = g_build_filename (self->directory, "notify", NULL);
  address = g_unix_socket_address_new_with_type (
      path, -1, is_abstract ? G_UNIX_SOCKET_ADDRESS_ABSTRACT : G_UNIX_SOCKET_ADDRESS_PATH);
  self->address = is_abstract ? g_strconcat ("@", path, NULL) : g_strdup (path);
  self->socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM,
                               G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_assert_true (g_socket_bind (self->socket, address, FALSE, NULL));
  return self;
}

void
supervisor_free (Supervisor *self)
{
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  if (*self->address == '/')
    g_unlink (self->address);
  g_rmdir (self->directory);
  g_free (self->directory);
  g_free (self->address);
  g_free (self);
}

/* The next datagram is this, and there already. */
void
supervisor_assert_next (Supervisor *self, const char *expected)
{
  g_autoptr (GError) error = NULL;
  char text[1024];
  gssize length = g_socket_receive_with_blocking (self->socket, text, sizeof text - 1, FALSE, NULL,
                                                  &error);

  g_assert_no_error (error);
  text[length] = '\0';
  g_assert_cmpstr (text, ==, expected);
}

void
supervisor_assert_silent (Supervisor *self)
{
  g_assert_cmpint (g_socket_condition_check (self->socket, G_IO_IN), ==, 0);
}
