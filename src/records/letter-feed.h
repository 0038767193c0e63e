/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/notice.h"
#include "engine/clock.h"
#include "records/outbox.h"
#include "records/spool-outlet.h"

/**
 * DispLetterFeed:
 *
 * The letters of a spool as they are to be delivered.  One thread at a time may use it.
 */
typedef struct _DispLetterFeed DispLetterFeed;

DispLetterFeed *disp_letter_feed_new (DispSpoolOutlet *outlet, DispClock *clock, DispNotice *notice,
                                      gboolean coalesces);
void disp_letter_feed_free (DispLetterFeed *self);
void disp_letter_feed_set_coalesces (DispLetterFeed *self, gboolean coalesces);
void disp_letter_feed_note_appended (DispLetterFeed *self);
void disp_letter_feed_run (DispLetterFeed *self);
DispParcel *disp_letter_feed_take (DispLetterFeed *self, gboolean early, GBytes **document);
void disp_letter_feed_give_back (DispLetterFeed *self, DispParcel *parcel, gint64 not_before);
void disp_letter_feed_settle (DispLetterFeed *self, DispParcel *parcel);
gint64 disp_letter_feed_get_parcel_time (DispLetterFeed *self);
gint64 disp_letter_feed_get_run_time (DispLetterFeed *self);
gboolean disp_letter_feed_is_failing (DispLetterFeed *self);
void disp_letter_feed_hurry (DispLetterFeed *self);
void disp_letter_feed_flush (DispLetterFeed *self);
char *disp_letter_feed_dup_problem (DispLetterFeed *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispLetterFeed, disp_letter_feed_free)
