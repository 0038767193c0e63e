/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"

#include <gio/gio.h>

/**
 * DispLogEntryKind:
 * @DISP_LOG_ENTRY_RECORD: store the record
 * @DISP_LOG_ENTRY_CLEAR: forget all that was stored before
 * @DISP_LOG_ENTRY_TIDY: let it tidy up now
 * @DISP_LOG_ENTRY_END: the last entry; nothing follows
 *
 * What an entry of the queue asks of the store.
 */
typedef enum
{
  DISP_LOG_ENTRY_RECORD,
  DISP_LOG_ENTRY_CLEAR,
  DISP_LOG_ENTRY_TIDY,
  DISP_LOG_ENTRY_END,
} DispLogEntryKind;

/**
 * DispLogEntry:
 *
 * One place in the queue of a request log.
 */
typedef struct
{
  DispLogEntryKind kind;
  DispRecord *record; /* (owned) (nullable) of a record */
  GTask *task;        /* (owned) (nullable) who waits until it is done; a clear always has one */
  gsize size;         /* of the record, in bytes */
} DispLogEntry;

DispLogEntry *disp_log_entry_new (DispLogEntryKind kind, DispRecord *record, GTask *task);
void disp_log_entry_free (DispLogEntry *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispLogEntry, disp_log_entry_free)
