/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/notice.h"

/* One who watches a notice on the default context, and counts. */
typedef struct
{
  DispNotice *notice; /* (owned) */
  guint n_calls;
} Watcher;

void watcher_init (Watcher *self, DispNotice *notice);
void watcher_clear (Watcher *self);
guint watcher_take (Watcher *self);
