/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/server.h"

DispTerms *serve_terms_new (gsize body_limit);
DispServer *serve_site (DispSite *site, DispClock *clock, GPtrArray *sockets, DispTerms *terms);
