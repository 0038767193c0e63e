/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/letter.h"

/**
 * disp_letter_new:
 * @seq: its place in the spool
 * @id: the id of its request
 * @state: the state of its record
 *
 * Returns: (transfer full): a letter
 */
DispLetter *
disp_letter_new (gint64 seq, const char *id, DispRecordState state)
{
  DispLetter *self = g_new (DispLetter, 1);

  *self = (DispLetter){ .seq = seq, .id = g_strdup (id), .state = state };
  return self;
}

/**
 * disp_letter_free:
 * @self: (transfer full): a letter
 */
void
disp_letter_free (DispLetter *self)
{
  g_free (self->id);
  g_free (self->reason);
  g_free (self);
}

/**
 * disp_letter_refuse:
 * @self: a letter
 * @status: the HTTP status with which it was refused for good
 * @reason: (nullable): what else was said
 * @now_real: the time, in microseconds since the epoch
 *
 * Makes it a dead letter.
 */
void
disp_letter_refuse (DispLetter *self, guint status, const char *reason, gint64 now_real)
{
  self->status = status;
  g_free (self->reason);
  self->reason = g_strdup (reason);
  self->refused_at = now_real;
}
