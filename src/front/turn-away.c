/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/turn-away.h"

#include "front/refusal.h"

#include <sys/socket.h>
#include <unistd.h>

/* How much of what the client has sent is read, in pieces of so many bytes. */
#define PIECE_SIZE 4096
#define MAX_PIECES 16

/* The buffer of a new connection has room for it; if not, the client is told nothing. */
static void
tell (int fd, const GError *error)
{
  g_autoptr (GBytes) response = disp_error_to_response (error);
  gsize length;
  const void *bytes = g_bytes_get_data (response, &length);

  if (send (fd, bytes, length, MSG_NOSIGNAL) > 0)
    shutdown (fd, SHUT_WR);
}

/**
 * disp_turn_away:
 * @fd: (transfer full): a connection that was just accepted, non-blocking
 * @error: why it cannot be served; %NULL: the client would not understand it
 *
 * Tells a client why it is not served, as far as it can be told without waiting for it, and closes
 * the connection.
 */
void
disp_turn_away (int fd, const GError *error)
{
  char discarded[PIECE_SIZE];

  if (error != NULL)
    {
      tell (fd, error);
      /* What is not read would make the kernel reset the connection, and the response be lost. */
      for (guint i = 0; i < MAX_PIECES && recv (fd, discarded, sizeof discarded, 0) > 0; i++)
        ;
    }
  close (fd);
}
