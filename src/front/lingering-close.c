/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/lingering-close.h"

/* How much of what the client still sends is read and thrown away, in bytes, and for how long, in
 * microseconds. */
#define MAX_DISCARDED (1024 * 1024)
#define MAX_LINGER (2 * G_USEC_PER_SEC)
#define DISCARD_SIZE 16384

/*
 * A server that closes while the client is still sending makes the kernel answer with a reset,
 * which can destroy the response before the client has read it.  So: send, say that nothing more
 * comes, read on for a while, then close (RFC 9112, section 9.6).
 */
typedef struct
{
  DispConnection *connection; /* (owned) */
  GIOStream *stream;          /* (owned) */
  GBytes *response;           /* (owned) */
  GCancellable *cancellable;  /* (owned) */
  GSource *timer;             /* (owned) (nullable) */
  gsize discarded;
  char buffer[DISCARD_SIZE];
} Lingering;

static void discard_next (Lingering *lingering);

static void
end (Lingering *lingering)
{
  disp_clock_clear_timer (&lingering->timer);
  disp_connection_close (lingering->connection);
  g_object_unref (lingering->stream);
  g_object_unref (lingering->connection);
  g_bytes_unref (lingering->response);
  g_object_unref (lingering->cancellable);
  g_free (lingering);
}

static void
on_discarded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Lingering *lingering = user_data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  lingering->discarded += (gsize) MAX (n, 0);
  if (n > 0 && lingering->discarded < MAX_DISCARDED)
    discard_next (lingering);
  else
    end (lingering);
}

static void
discard_next (Lingering *lingering)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (lingering->stream), lingering->buffer,
                             DISCARD_SIZE, G_PRIORITY_LOW, lingering->cancellable, on_discarded,
                             lingering);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Lingering *lingering = user_data;

  if (g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL)
      && g_socket_shutdown (
          g_socket_connection_get_socket (G_SOCKET_CONNECTION (lingering->stream)), FALSE, TRUE,
          NULL))
    discard_next (lingering);
  else
    end (lingering);
}

static gboolean
on_time_over (gpointer user_data)
{
  Lingering *lingering = user_data;

  g_cancellable_cancel (lingering->cancellable);
  return G_SOURCE_REMOVE;
}

/**
 * disp_lingering_close:
 * @connection: a connection
 * @message: the message in progress on it, which ends now
 * @response: (transfer full): the last bytes to send on it: a whole response that says "Connection:
 * close"
 * @clock: the clock
 *
 * Sends a response to a client that may still be sending, and closes the connection without hurry
 * but within 2 s and 1 MiB of what comes.  On the thread-default context.
 */
void
disp_lingering_close (DispConnection *connection, SoupServerMessage *message, GBytes *response,
                      DispClock *clock)
{
  Lingering *lingering = g_new0 (Lingering, 1);
  gsize size;
  const void *bytes = g_bytes_get_data (response, &size);

  lingering->connection = g_object_ref (connection);
  lingering->stream = g_object_ref (disp_connection_detach (connection, message));
  lingering->response = response;
  lingering->cancellable = g_cancellable_new ();
  lingering->timer = disp_clock_add_timer (clock, disp_clock_now (clock) + MAX_LINGER,
                                           "lingering close", on_time_over, lingering);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (lingering->stream), bytes, size,
                                   G_PRIORITY_DEFAULT, lingering->cancellable, on_written,
                                   lingering);
}
