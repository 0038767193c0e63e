/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/config.h"
#include "front/terms.h"

DispTerms *disp_config_make_terms (const DispConfig *config, GError **error);
DispTerms *disp_config_make_embedded_terms (const DispConfig *config);
