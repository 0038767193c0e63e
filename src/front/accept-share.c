/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/accept-share.h"

#include "core/tsan.h"

#include <stdatomic.h>

/* So many connections more than the average are nothing yet. */
#define SLACK 1

/* What all workers have together. */
typedef struct
{
  guint n;           /* immutable: how many workers */
  atomic_int n_open; /* (atomic) */
} Whole;

struct _DispAcceptShare
{
  Whole *whole;      /* (owned) */
  atomic_int n_open; /* (atomic) */
};

/**
 * disp_accept_share_ref:
 * @self: a share
 *
 * Returns: (transfer full): @self; any thread
 */
DispAcceptShare *
disp_accept_share_ref (DispAcceptShare *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
whole_clear (gpointer whole)
{
  DISP_TSAN_ACQUIRE (whole);
}

static void
share_clear (gpointer data)
{
  DispAcceptShare *self = data;

  DISP_TSAN_ACQUIRE (self);
  DISP_TSAN_RELEASE (self->whole);
  g_atomic_rc_box_release_full (self->whole, whole_clear);
}

/**
 * disp_accept_share_unref:
 * @self: (transfer full): a share
 */
void
disp_accept_share_unref (DispAcceptShare *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, share_clear);
}

/* Leads from a socket to the share of its worker. */
static GQuark
share_quark (void)
{
  return g_quark_from_static_string ("disp-accept-share");
}

/**
 * disp_accept_share_out:
 * @sockets: (element-type GSocket): descriptors of one listening socket, one for each worker
 *
 * Gives each of them a share of the connections.
 */
void
disp_accept_share_out (GPtrArray *sockets)
{
  Whole *whole = g_atomic_rc_box_new0 (Whole);

  whole->n = sockets->len;
  for (guint i = 0; i < sockets->len; i++)
    {
      DispAcceptShare *self = g_atomic_rc_box_new0 (DispAcceptShare);

      self->whole = g_atomic_rc_box_acquire (whole);
      g_object_set_qdata_full (g_ptr_array_index (sockets, i), share_quark (), self,
                               (GDestroyNotify) disp_accept_share_unref);
    }
  g_atomic_rc_box_release_full (whole, whole_clear);
}

/**
 * disp_accept_share_of_socket:
 * @socket: a listening socket
 *
 * Returns: (transfer none) (nullable): its share; %NULL when it is not shared out
 */
DispAcceptShare *
disp_accept_share_of_socket (GSocket *socket)
{
  return g_object_get_qdata (G_OBJECT (socket), share_quark ());
}

static void
on_socket_gone (gpointer data, G_GNUC_UNUSED GObject *socket)
{
  g_autoptr (DispAcceptShare) self = data;

  atomic_fetch_sub (&self->n_open, 1);
  atomic_fetch_sub (&self->whole->n_open, 1);
}

/**
 * disp_accept_share_add:
 * @self: the share of a worker
 * @connected: a connection that the worker accepted
 *
 * Counts a connection, until its socket is no more.
 */
void
disp_accept_share_add (DispAcceptShare *self, GSocket *connected)
{
  atomic_fetch_add (&self->n_open, 1);
  atomic_fetch_add (&self->whole->n_open, 1);
  g_object_weak_ref (G_OBJECT (connected), on_socket_gone, disp_accept_share_ref (self));
}

/**
 * disp_accept_share_is_exceeded:
 * @self: the share of a worker
 *
 * Returns: whether the worker has clearly more connections than all have on the average: a few
 *   more, and a quarter, so that connections that come and go all the time do not matter
 */
gboolean
disp_accept_share_is_exceeded (DispAcceptShare *self)
{
  gint64 n_open = atomic_load (&self->n_open);
  gint64 n_whole = atomic_load (&self->whole->n_open);

  return (n_open - SLACK) * self->whole->n > n_whole + n_whole / 4;
}
