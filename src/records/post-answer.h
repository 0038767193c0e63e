/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispPostAnswer:
 *
 * What a Requests Store answered.
 */
typedef struct
{
  guint status;       /* HTTP status */
  gint64 retry_after; /* how long it asks to be left alone, in microseconds; 0 = it does not ask */
  char *text;         /* (owned) the beginning of the body, in one line, for people */
} DispPostAnswer;

DispPostAnswer *disp_post_answer_new (guint status, const char *retry_after, const GString *body,
                                      gint64 now_real);
void disp_post_answer_free (DispPostAnswer *self);
gboolean disp_post_answer_is_accepted (const DispPostAnswer *self);
gboolean disp_post_answer_is_refusal (const DispPostAnswer *self);
gboolean disp_post_answer_is_of_address (const DispPostAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispPostAnswer, disp_post_answer_free)
