/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/dispatcher.h"

#include <libsoup/soup.h>

typedef struct _DispExchange DispExchange;

void disp_exchange_begin (SoupServerMessage *message, DispDispatcher *dispatcher, gsize body_limit);
void disp_exchange_serve (SoupServerMessage *message);
