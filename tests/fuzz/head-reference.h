/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/http-head.h"

/* Heads of requests judged a second time, by other means: whole lines and values, cut by GLib's
 * functions for strings, without care for speed or for what to say. */

gboolean fuzz_reference_accepts (const char *bytes, gsize length);
void fuzz_reference_check (const DispHttpHead *head, const char *bytes, gsize length);
