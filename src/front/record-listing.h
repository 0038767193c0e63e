/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/archive-reader.h"
#include "front/streamed-answer.h"

gboolean disp_record_listing_init (DispProducer *producer, DispArchiveReader *reader,
                                   DispRecordFilter *filter, GError **error);
gboolean disp_metrics_listing_init (DispProducer *producer, DispArchiveReader *reader,
                                    GError **error);
