/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"

typedef struct _DispFileWatch DispFileWatch;

/**
 * DispFileWatchFunc:
 * @user_data: as given to disp_file_watch_new()
 *
 * The file changed, came or went, and nobody seems to be writing it any more.
 */
typedef void (*DispFileWatchFunc) (gpointer user_data);

DispFileWatch *disp_file_watch_new (const char *path, DispClock *clock, DispFileWatchFunc settled,
                                    gpointer user_data);
void disp_file_watch_free (DispFileWatch *self);
gboolean disp_file_watch_update (DispFileWatch *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispFileWatch, disp_file_watch_free)
