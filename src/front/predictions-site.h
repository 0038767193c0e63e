/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/dispatcher.h"
#include "front/site.h"

#define DISP_TYPE_PREDICTIONS_SITE (disp_predictions_site_get_type ())
G_DECLARE_FINAL_TYPE (DispPredictionsSite, disp_predictions_site, DISP, PREDICTIONS_SITE, GObject)

DispSite *disp_predictions_site_new (DispDispatcher *dispatcher);
