/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/options.h"
#include "app/supervision.h"

#include <gio/gio.h>

#define DISP_TYPE_APPLICATION (disp_application_get_type ())
G_DECLARE_FINAL_TYPE (DispApplication, disp_application, DISP, APPLICATION, GObject)

DispApplication *disp_application_new (const DispOptions *options, DispConfig *config,
                                       DispSupervision *supervision);
gboolean disp_application_run (DispApplication *self, GError **error);
