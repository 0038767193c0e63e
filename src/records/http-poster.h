/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "records/post-answer.h"

#define DISP_TYPE_HTTP_POSTER (disp_http_poster_get_type ())
G_DECLARE_FINAL_TYPE (DispHttpPoster, disp_http_poster, DISP, HTTP_POSTER, GObject)

DispHttpPoster *disp_http_poster_new (const char *address, DispClock *clock, guint n_connections,
                                      GError **error);
void disp_http_poster_set_authorization (DispHttpPoster *self, const char *authorization);
const char *disp_http_poster_get_address (DispHttpPoster *self);
void disp_http_poster_renew (DispHttpPoster *self);
void disp_http_poster_post_async (DispHttpPoster *self, GBytes *body, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
DispPostAnswer *disp_http_poster_post_finish (DispHttpPoster *self, GAsyncResult *result,
                                              GError **error);
