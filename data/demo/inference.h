/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DemoModel:
 *
 * A model that answers slope * x + offset.
 */
typedef struct
{
  const char *name;
  double slope;
  double offset;
} DemoModel;

/**
 * DemoAnswer:
 *
 * What a model server answers.
 */
typedef struct
{
  guint status;      /* of HTTP */
  GString *body;     /* (owned) JSON */
  guint n_instances; /* how many the model computed; 0 for an error and for what is no inference */
} DemoAnswer;

void demo_answer_init (DemoAnswer *self);
void demo_answer_clear (DemoAnswer *self);
gboolean demo_answer_fail (DemoAnswer *self, guint status, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

gboolean demo_model_predict (const DemoModel *self, const char *body, gsize length,
                             DemoAnswer *answer);
gboolean demo_model_classify (const DemoModel *self, const char *body, gsize length,
                              DemoAnswer *answer);
gboolean demo_model_regress (const DemoModel *self, const char *body, gsize length,
                             DemoAnswer *answer);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DemoAnswer, demo_answer_clear)
