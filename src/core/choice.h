/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How many candidates are looked at, one and all, before it is enough to look at two. */
#define DISP_CHOICE_SCAN 16

guint disp_choice_sample (guint n_candidates, GRand *random, guint *places);
guint disp_choice_lowest (const double *costs, guint n_costs, GRand *random);
void disp_choice_get_chances (const double *costs, guint n_costs, double *chances);
