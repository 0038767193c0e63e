/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

double sim_draw_exponential (GRand *random, double mean);
double sim_draw_lognormal (GRand *random, double mean, double sigma);
gboolean sim_draw_chance (GRand *random, double probability);
