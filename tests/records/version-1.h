/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

void version_1_make (const char *path);
