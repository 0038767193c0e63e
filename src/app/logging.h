/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

void disp_logging_start (gboolean verbose);
void disp_logging_set_verbose (gboolean verbose);
