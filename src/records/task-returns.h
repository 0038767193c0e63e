/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

void disp_tasks_return (GPtrArray *tasks, const GError *error);
