/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/send-buffer.h"

/* Up to so much is not sent before there is more, or the answer ends, in bytes. */
#define MAX_HELD (64 * 1024)

static gsize
count_waiting (const DispSendBuffer *self)
{
  return self->bytes != NULL ? self->bytes->len - self->offset : 0;
}

/**
 * disp_send_buffer_clear:
 * @self: a send buffer
 *
 * Forgets what waits.
 */
void
disp_send_buffer_clear (DispSendBuffer *self)
{
  g_clear_pointer (&self->bytes, g_byte_array_unref);
  self->offset = 0;
}

/**
 * disp_send_buffer_append:
 * @self: a send buffer
 * @bytes: what to send
 * @n: how much, in bytes
 *
 * Has @bytes wait, however much waits already.
 */
void
disp_send_buffer_append (DispSendBuffer *self, const void *bytes, gsize n)
{
  if (self->bytes == NULL)
    self->bytes = g_byte_array_new ();
  g_byte_array_append (self->bytes, bytes, (guint) n);
}

/* Notes that @n bytes of what waits were sent. */
static void
forget_sent (DispSendBuffer *self, gsize n)
{
  self->offset += n;
  if (count_waiting (self) == 0)
    disp_send_buffer_clear (self);
}

/**
 * disp_send_buffer_write:
 * @self: a send buffer
 * @channel: where it goes
 * @bytes: what to send
 * @n: how much, in bytes, at least one
 *
 * Sends @bytes, or has them wait: small pieces for each other, and what the system does not take.
 *
 * Returns: whether somebody can have them still
 */
gboolean
disp_send_buffer_write (DispSendBuffer *self, DispChannel *channel, const void *bytes, gsize n)
{
  gsize waiting = count_waiting (self);
  gsize sent = 0;

  if (n > MAX_HELD - MIN (waiting, MAX_HELD))
    {
      const GOutputVector vectors[2]
          = { { waiting > 0 ? self->bytes->data + self->offset : NULL, waiting }, { bytes, n } };
      gssize written = disp_channel_write (channel, waiting > 0 ? vectors : vectors + 1,
                                           waiting > 0 ? 2 : 1);

      if (written < 0 && written != DISP_CHANNEL_WAIT)
        return FALSE;
      sent = (gsize) MAX (written, 0);
      self->sent += sent;
    }
  forget_sent (self, MIN (sent, waiting));
  sent -= MIN (sent, waiting);
  if (sent < n)
    disp_send_buffer_append (self, (const char *) bytes + sent, n - sent);
  return TRUE;
}

/**
 * disp_send_buffer_flush:
 * @self: a send buffer
 * @channel: where it goes
 *
 * Sends what waits.
 *
 * Returns: what became of it
 */
DispSendState
disp_send_buffer_flush (DispSendBuffer *self, DispChannel *channel)
{
  while (count_waiting (self) > 0)
    {
      const GOutputVector vector = { self->bytes->data + self->offset, count_waiting (self) };
      gssize sent = disp_channel_write (channel, &vector, 1);

      if (sent < 0)
        return sent == DISP_CHANNEL_WAIT ? DISP_SEND_BLOCKED : DISP_SEND_BROKEN;
      self->sent += (guint64) sent;
      forget_sent (self, (gsize) sent);
    }
  return DISP_SEND_EMPTY;
}
