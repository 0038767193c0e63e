/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What becomes of all that a client sends to a local server (front/local-server.h), judged a second
 * time: all at once, and without care for what is in flight. */
typedef struct
{
  GArray *answers; /* (owned) (element-type FuzzAnswer) to the requests that are whole and right */
  GByteArray *bodies; /* (owned) of what was posted and is taken as it is */
  gboolean is_open;   /* another request can follow right behind */
  gboolean is_head;   /* the last head is that of a HEAD, and its body is wrong or not whole */
} FuzzReference;

typedef struct
{
  guint status;
  gboolean is_head;
} FuzzAnswer;

void fuzz_reference_connection (FuzzReference *self, const char *bytes, gsize n);
void fuzz_reference_clear (FuzzReference *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FuzzReference, fuzz_reference_clear)
