/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "front/terms.h"

gboolean disp_config_load_tls (const DispConfig *config, DispTerms *terms, GError **error);
