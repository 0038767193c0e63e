/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/lobby.h"

struct _DispLobby
{
  DispPoller *poller;        /* (unowned) */
  DispDeadlines *deadlines;  /* (unowned) */
  DispHandshakeQueue *queue; /* (unowned) */
  DispLobbyLeft left;
  gpointer user_data;
  GQueue guests; /* (element-type Guest, owned) */
};

typedef struct
{
  DispLobby *lobby; /* (unowned) */
  GList link;
  DispPeer *peer;           /* (owned) */
  DispHandshake *handshake; /* (unowned) until it is over */
} Guest;

static void
see_off (Guest *guest, DispChannel *channel)
{
  DispLobby *self = guest->lobby;
  DispPeer *peer = guest->peer;

  g_queue_unlink (&self->guests, &guest->link);
  g_free (guest);
  self->left (channel, peer, self->user_data);
}

static void
on_done (DispChannel *channel, gpointer user_data)
{
  see_off (user_data, channel);
}

/**
 * disp_lobby_new:
 * @poller: (transfer none): watches the sockets; outlives the lobby
 * @deadlines: (transfer none): those of the thread; outlive the lobby
 * @queue: (transfer none): where handshakes are made; outlives the lobby
 * @left: told of each that leaves; never from inside disp_lobby_enter()
 * @user_data: for @left
 *
 * Returns: (transfer full): an empty lobby
 */
DispLobby *
disp_lobby_new (DispPoller *poller, DispDeadlines *deadlines, DispHandshakeQueue *queue,
                DispLobbyLeft left, gpointer user_data)
{
  DispLobby *self = g_new0 (DispLobby, 1);

  self->poller = poller;
  self->deadlines = deadlines;
  self->queue = queue;
  self->left = left;
  self->user_data = user_data;
  return self;
}

/**
 * disp_lobby_free:
 * @self: (transfer full): a lobby
 *
 * Closes it first, if somebody is still there.
 */
void
disp_lobby_free (DispLobby *self)
{
  disp_lobby_close (self);
  g_free (self);
}

/**
 * disp_lobby_enter:
 * @self: a lobby
 * @fd: (transfer full): a socket that was just accepted, non-blocking
 * @peer: (transfer full): where it comes from
 * @terms: (transfer none): terms with a certificate
 *
 * Has it become one of TLS.
 */
void
disp_lobby_enter (DispLobby *self, int fd, DispPeer *peer, DispTerms *terms)
{
  const DispHandshakeSettings settings = {
    .poller = self->poller,
    .deadlines = self->deadlines,
    .queue = self->queue,
    .terms = terms,
  };
  Guest *guest = g_new0 (Guest, 1);

  guest->lobby = self;
  guest->link.data = guest;
  guest->peer = peer;
  g_queue_push_tail_link (&self->guests, &guest->link);
  guest->handshake = disp_handshake_start (fd, &settings, on_done, guest);
}

/**
 * disp_lobby_close:
 * @self: a lobby
 *
 * Closes the connections of all that are there, who leave from inside this call.
 */
void
disp_lobby_close (DispLobby *self)
{
  while (self->guests.length > 0)
    {
      Guest *guest = self->guests.head->data;

      disp_handshake_cancel (guest->handshake);
      see_off (guest, NULL);
    }
}

/**
 * disp_lobby_count:
 * @self: a lobby
 *
 * Returns: how many are there
 */
guint
disp_lobby_count (const DispLobby *self)
{
  return self->guests.length;
}
