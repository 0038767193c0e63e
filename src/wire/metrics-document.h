/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/metrics.h"
#include "wire/json-writer.h"

void disp_metrics_document_write (DispJsonWriter *writer, const DispMetrics *metrics);
