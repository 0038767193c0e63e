/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/transport.h"
#include "front/connection.h"
#include "front/rate-limit.h"
#include "front/site.h"

#include <libsoup/soup.h>

/* For the server. */
void disp_exchange_begin (DispConnection *connection, DispHttpHead *head, DispSite *site,
                          const DispTerms *terms, DispRateLimit *rate_limit);
GBytes *disp_exchange_refuse (DispExchange *self, const GError *error);
void disp_exchange_open (DispExchange *self, SoupServer *soup, GBytes *body);
void disp_exchange_attach (DispExchange *self, SoupServerMessage *message);
void disp_exchange_serve (DispExchange *self);
void disp_exchange_end (DispExchange *self);

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
