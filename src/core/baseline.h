/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include <stdatomic.h>

/**
 * DispBaseline:
 *
 * How long a container takes for a model when it has nothing else to do.  It is atomic, so any
 * thread may use it and none waits.
 */
typedef struct
{
  _Atomic double alone; /* (atomic) mean duration in microseconds; 0 = no sample yet */
} DispBaseline;

double disp_baseline_get (DispBaseline *self);
void disp_baseline_learn (DispBaseline *self, gint64 duration);
