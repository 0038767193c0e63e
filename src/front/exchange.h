/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/transport.h"
#include "front/site.h"

#include <libsoup/soup.h>

/* For the server. */
void disp_exchange_begin (SoupServerMessage *message, DispSite *site, DispClock *clock,
                          gsize body_limit);
void disp_exchange_serve (SoupServerMessage *message);

/* For sites. */
DispExchange *disp_exchange_ref (DispExchange *self);
void disp_exchange_unref (DispExchange *self);

gpointer disp_exchange_get_target (DispExchange *self);
const char *disp_exchange_get_query (DispExchange *self);
const char *disp_exchange_get_field (DispExchange *self, const char *name);
const char *disp_exchange_get_request_id (DispExchange *self);
GBytes *disp_exchange_steal_body (DispExchange *self);

GCancellable *disp_exchange_begin_work (DispExchange *self);
gboolean disp_exchange_is_gone (DispExchange *self);
void disp_exchange_set_field (DispExchange *self, const char *name, const char *value);
void disp_exchange_respond (DispExchange *self, const DispAnswer *answer);
void disp_exchange_respond_error (DispExchange *self, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispExchange, disp_exchange_unref)
