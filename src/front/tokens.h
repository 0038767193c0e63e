/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispTokens:
 *
 * The bearer tokens that are known, each with a name.  It never changes.  Counted by references;
 * any thread.
 */
typedef struct _DispTokens DispTokens;

DispTokens *disp_tokens_parse (const char *text, GError **error);
DispTokens *disp_tokens_ref (DispTokens *self);
void disp_tokens_unref (DispTokens *self);
guint disp_tokens_count (const DispTokens *self);
const char *disp_tokens_find (const DispTokens *self, const char *authorization);

gboolean disp_authorization_is_bearer (const char *authorization);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispTokens, disp_tokens_unref)
