/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/letter.h"

/**
 * DispParcel:
 *
 * Letters of one id that are settled by one post.
 */
typedef struct
{
  GPtrArray *letters; /* (owned) (element-type DispLetter, owned) in their order */
  DispLetter *posted; /* (unowned) the one of them that is posted: it stands for the others */
  guint n_failures;   /* how often it went back because the store failed at it alone */
  guint n_refusals;   /* how often it went back because the store refused it */
} DispParcel;

/**
 * DispOutbox:
 *
 * The letters that are to be delivered next, and in which order.  One thread at a time may use it.
 */
typedef struct _DispOutbox DispOutbox;

DispOutbox *disp_outbox_new (gboolean coalesces);
void disp_outbox_free (DispOutbox *self);
void disp_outbox_set_coalesces (DispOutbox *self, gboolean coalesces);
guint disp_outbox_count (DispOutbox *self);
void disp_outbox_add (DispOutbox *self, DispLetter *letter);
DispParcel *disp_outbox_take (DispOutbox *self, gint64 now, gboolean early);
void disp_outbox_give_back (DispOutbox *self, DispParcel *parcel, gint64 not_before);
GPtrArray *disp_outbox_settle (DispOutbox *self, DispParcel *parcel);
void disp_outbox_hurry (DispOutbox *self);
gint64 disp_outbox_get_time (DispOutbox *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispOutbox, disp_outbox_free)
