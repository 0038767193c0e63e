/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "demo/inference.h"

/* The one version that each demo model has, and its label. */
#define DEMO_VERSION 1
#define DEMO_LABEL "stable"

GPtrArray *demo_catalogue_new (const char *names, GError **error);
void demo_catalogue_answer (GPtrArray *self, const char *method, const char *target,
                            const char *body, gsize length, DemoAnswer *answer);
