/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CHI_SQUARE_MAX_CLASSES 11

double chi_square (const guint *observed, const double *shares, guint n_classes);
void assert_chi_square (const guint *observed, const double *shares, guint n_classes);
