/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/accept-share.h"

#define N_WORKERS 4

/* Sockets that nobody listens on are enough: what counts is who accepted how many. */
static GSocket *
make_socket (void)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  return socket;
}

static GPtrArray *
make_sockets (guint n)
{
  GPtrArray *sockets = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (sockets, make_socket ());
  return sockets;
}

static DispAcceptShare *
get_share (GPtrArray *sockets, guint worker)
{
  return disp_accept_share_of_socket (g_ptr_array_index (sockets, worker));
}

static void
add (GPtrArray *connected, GPtrArray *sockets, guint worker, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      GSocket *socket = make_socket ();

      disp_accept_share_add (get_share (sockets, worker), socket);
      g_ptr_array_add (connected, socket);
    }
}

static void
test_exceeded (void)
{
  g_autoptr (GPtrArray) sockets = make_sockets (N_WORKERS);
  g_autoptr (GPtrArray) connected = g_ptr_array_new_with_free_func (g_object_unref);

  g_assert_null (get_share (sockets, 0));
  disp_accept_share_out (sockets);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      g_assert_false (disp_accept_share_is_exceeded (get_share (sockets, i)));
      add (connected, sockets, i, 8);
    }
  /* 32 in all, 8 each: up to 11 are no more than a few and a quarter above that. */
  for (guint i = 0; i < N_WORKERS; i++)
    g_assert_false (disp_accept_share_is_exceeded (get_share (sockets, i)));
  add (connected, sockets, 2, 3);
  g_assert_false (disp_accept_share_is_exceeded (get_share (sockets, 2)));
  add (connected, sockets, 2, 2);
  g_assert_true (disp_accept_share_is_exceeded (get_share (sockets, 2)));
  g_assert_false (disp_accept_share_is_exceeded (get_share (sockets, 1)));
  /* Connections that are no more do not count. */
  g_ptr_array_set_size (connected, 0);
  add (connected, sockets, 2, 1);
  g_assert_false (disp_accept_share_is_exceeded (get_share (sockets, 2)));
  add (connected, sockets, 2, 1);
  g_assert_true (disp_accept_share_is_exceeded (get_share (sockets, 2)));
}

/* One alone always takes what comes. */
static void
test_alone (void)
{
  g_autoptr (GPtrArray) sockets = make_sockets (1);
  g_autoptr (GPtrArray) connected = g_ptr_array_new_with_free_func (g_object_unref);

  disp_accept_share_out (sockets);
  for (guint i = 0; i < 100; i++)
    {
      add (connected, sockets, 0, 1);
      g_assert_false (disp_accept_share_is_exceeded (get_share (sockets, 0)));
    }
}

/* A connection may outlive the socket that it came from. */
static void
test_outlives (void)
{
  GPtrArray *sockets = make_sockets (2);
  g_autoptr (GPtrArray) connected = g_ptr_array_new_with_free_func (g_object_unref);

  disp_accept_share_out (sockets);
  add (connected, sockets, 0, 3);
  g_ptr_array_unref (sockets);
  g_assert_cmpuint (connected->len, ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/accept-share/exceeded", test_exceeded);
  g_test_add_func ("/front/accept-share/alone", test_alone);
  g_test_add_func ("/front/accept-share/outlives", test_outlives);
  return g_test_run ();
}
