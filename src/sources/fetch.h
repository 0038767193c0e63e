/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

SoupSession *disp_fetch_session_new (void);
void disp_fetch_async (SoupSession *session, const char *url, const char *authorization,
                       gsize max_size, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);
GByteArray *disp_fetch_finish (SoupSession *session, GAsyncResult *result, GError **error);
