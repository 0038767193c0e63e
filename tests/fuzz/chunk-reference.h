/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Bodies in chunks judged a second time, by other means: all at once, and by regular expressions.
 */

gboolean fuzz_reference_chunks (const char *bytes, gsize n, GString *data, gsize *consumed);
