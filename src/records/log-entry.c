/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/log-entry.h"

/**
 * disp_log_entry_new:
 * @kind: what it asks
 * @record: (transfer full) (nullable): a record, of that kind
 * @task: (transfer full) (nullable): who waits until it is done
 *
 * Returns: (transfer full): an entry
 */
DispLogEntry *
disp_log_entry_new (DispLogEntryKind kind, DispRecord *record, GTask *task)
{
  DispLogEntry *self = g_new (DispLogEntry, 1);

  *self = (DispLogEntry){ .kind = kind, .record = record, .task = task };
  if (record != NULL)
    self->size = disp_record_get_size (record);
  return self;
}

/**
 * disp_log_entry_free:
 * @self: (transfer full): an entry
 */
void
disp_log_entry_free (DispLogEntry *self)
{
  g_clear_pointer (&self->record, disp_record_unref);
  g_clear_object (&self->task);
  g_free (self);
}
