/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/record-watch.h"

#include <string.h>

/* Of a record; what comes after the handshake of TLS 1.3 is application data from outside (RFC
 * 8446, section 5.2). */
#define TYPE_HANDSHAKE 22

/**
 * disp_record_watch_see:
 * @self: a watch
 * @bytes: what has come
 * @n: how much, in bytes
 *
 * Until TLS 1.2 a client can begin another handshake at any time, for which GIO would take a thread
 * that nobody counts, and which goes on reading the socket when that is closed.  No client needs
 * it.
 *
 * Returns: whether no record of another handshake has begun
 */
gboolean
disp_record_watch_see (DispRecordWatch *self, const guint8 *bytes, gsize n)
{
  while (n > 0)
    {
      gsize part = self->left > 0 ? MIN (n, self->left)
                                  : MIN (n, DISP_RECORD_HEADER - self->n_header);

      if (self->left > 0)
        self->left -= part;
      else
        {
          memcpy (self->header + self->n_header, bytes, part);
          self->n_header += part;
          if (self->header[0] == TYPE_HANDSHAKE)
            return FALSE;
        }
      if (self->n_header == DISP_RECORD_HEADER)
        {
          self->left = (gsize) (self->header[3] << 8 | self->header[4]);
          self->n_header = 0;
        }
      bytes += part;
      n -= part;
    }
  return TRUE;
}
