/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

void version_2_make (const char *path);
