/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/types.h"

/**
 * DispSpread:
 *
 * What is kept of a row of numbers.  All zero is an empty row.
 */
typedef struct
{
  guint64 n;
  double mean;
  double squares; /* the sum of the squared distances from the mean */
  double min;
  double max;
} DispSpread;

/**
 * DispModelMetrics:
 *
 * What the records of one model in one version tell.
 */
typedef struct
{
  char *model;         /* (owned) */
  gint64 version;      /* 0 = not known */
  guint64 n_completed; /* records in the state completed */
  guint64 n_waiting;   /* records in any other state */
  DispSpread times;    /* response times of the completed ones, in seconds */
} DispModelMetrics;

typedef struct _DispMetrics DispMetrics;

void disp_spread_add (DispSpread *self, double value);
double disp_spread_get_variance (const DispSpread *self);

DispMetrics *disp_metrics_new (void);
void disp_metrics_free (DispMetrics *self);
void disp_metrics_add (DispMetrics *self, const DispRecord *record);
const DispModelMetrics *const *disp_metrics_get_models (const DispMetrics *self, guint *n_models);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispMetrics, disp_metrics_free)
