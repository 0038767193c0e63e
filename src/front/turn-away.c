/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/turn-away.h"

#include "engine/transport.h"
#include "front/refusal.h"

#include <sys/socket.h>
#include <unistd.h>

/* How much of what the client has sent is read, in pieces of so many bytes. */
#define PIECE_SIZE 4096
#define MAX_PIECES 16

/* When the client may come again, in seconds. */
#define RETRY_AFTER "1"

static char *
format_response (const GError *error)
{
  g_autoptr (DispAnswer) answer = disp_answer_new_for_error (error);
  gsize length;
  const char *body = g_bytes_get_data (answer->body, &length);

  return g_strdup_printf ("HTTP/1.1 %u %s\r\n"
                          "Content-Length: %" G_GSIZE_FORMAT "\r\n"
                          "Connection: close\r\n"
                          "Content-Type: %s\r\n"
                          "Retry-After: " RETRY_AFTER "\r\n"
                          "\r\n"
                          "%.*s",
                          answer->status, disp_status_get_phrase (answer->status), length,
                          answer->content_type, (int) length, body);
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
      g_autofree char *response = format_response (error);

      /* The buffer of a new connection has room for it; if not, the client is told nothing. */
      if (send (fd, response, strlen (response), MSG_NOSIGNAL) > 0)
        shutdown (fd, SHUT_WR);
      /* What is not read would make the kernel reset the connection, and the response be lost. */
      for (guint i = 0; i < MAX_PIECES && recv (fd, discarded, sizeof discarded, 0) > 0; i++)
        ;
    }
  close (fd);
}
