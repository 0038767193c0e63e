/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

void private_home_enter (void);
void private_home_leave (void);
char *private_home_file (const char *name);
char *private_home_write (const char *name, const char *text);
