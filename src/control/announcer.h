/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"

typedef struct _DispAnnouncer DispAnnouncer;

DispAnnouncer *disp_announcer_new (DispClock *clock);
void disp_announcer_free (DispAnnouncer *self);
void disp_announcer_add (DispAnnouncer *self, GDBusInterfaceSkeleton *object);
void disp_announcer_remove (DispAnnouncer *self, GDBusInterfaceSkeleton *object);
void disp_announcer_look (DispAnnouncer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispAnnouncer, disp_announcer_free)
