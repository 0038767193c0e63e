/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/record-sink.h"

typedef struct _DispHold DispHold;

/**
 * DispHoldEnded:
 * @error: (nullable): why the record is not stored, or not yet
 * @user_data: as given to disp_hold_start()
 *
 * Called once when there is no more waiting for a record.
 */
typedef void (*DispHoldEnded) (const GError *error, gpointer user_data);

DispHold *disp_hold_start (DispRecordSink *sink, DispRecord *record, DispHoldEnded ended,
                           gpointer user_data);
void disp_hold_cancel (DispHold *self, GError *error);
