/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/record-archive.h"
#include "engine/record-sink.h"
#include "front/site.h"

#define DISP_TYPE_REQUESTS_SITE (disp_requests_site_get_type ())
G_DECLARE_FINAL_TYPE (DispRequestsSite, disp_requests_site, DISP, REQUESTS_SITE, GObject)

DispSite *disp_requests_site_new (DispRecordArchive *archive, DispRecordSink *sink,
                                  DispClock *clock);
