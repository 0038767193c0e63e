/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/daemon.h"

/**
 * DispHttpQuestion:
 *
 * What is asked in an HTTP request.
 */
typedef struct
{
  const char *method;        /* (unowned) */
  const char *path;          /* (unowned) with its query, encoded */
  const char *authorization; /* (unowned) (nullable) the field of that name */
  GBytes *body;              /* (unowned) (nullable) JSON */
} DispHttpQuestion;

/**
 * DispHttpAnswer:
 *
 * What was answered to an HTTP request.
 */
typedef struct
{
  guint status;
  GBytes *body;    /* (owned) */
  char *container; /* (owned) (nullable) who answered */
  char *id;        /* (owned) (nullable) of the record */
  gint64 queue;    /* how long it waited in the daemon, in microseconds; -1 = not said */
  gint64 upstream; /* how long the container took, in microseconds; -1 = not said */
  gint64 time;     /* how long all took, in microseconds */
} DispHttpAnswer;

gboolean disp_http_ask (const char *const *addresses, const DispHttpQuestion *question,
                        DispHttpAnswer *answer, GError **error);
void disp_http_answer_clear (DispHttpAnswer *self);
char *disp_http_get_problem (const DispHttpAnswer *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispHttpAnswer, disp_http_answer_clear)
