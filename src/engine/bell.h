/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

GSource *disp_bell_new (GMainContext *context, const char *name, GSourceFunc callback,
                        gpointer user_data);
void disp_bell_ring (GSource *bell);
