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
 * disp_log_entry_finish:
 * @self: an entry that was not finished yet
 * @error: (nullable): why it was not done; %NULL = it was
 *
 * Tells who waits for it, if anybody does.  Any thread.
 */
void
disp_log_entry_finish (DispLogEntry *self, const GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (task != NULL && error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else if (task != NULL)
    g_task_return_boolean (task, TRUE);
}

/**
 * disp_log_entry_free:
 * @self: (transfer full): an entry that was finished
 */
void
disp_log_entry_free (DispLogEntry *self)
{
  g_clear_pointer (&self->record, disp_record_unref);
  g_clear_object (&self->task);
  g_free (self);
}
