/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/route.h"
#include "engine/check.h"
#include "engine/settings.h"

/**
 * DispCheckServer:
 * @n_subjects: how many models are checked there
 * @tells_status: whether it has shown that it tells the status of models
 * @is_told: whether the log says that it does not
 * @is_lost: whether the log says that it does not answer
 *
 * What the checks of all models at one container have in common.
 */
typedef struct
{
  guint n_subjects;
  gboolean tells_status;
  gboolean is_told;
  gboolean is_lost;
} DispCheckServer;

/**
 * DispCheckOut:
 * @DISP_CHECK_NOT_OUT: nothing speaks against it
 * @DISP_CHECK_OUT_BY_WORD: the container says that it cannot be used
 * @DISP_CHECK_OUT_BY_SILENCE: the container does not answer
 *
 * Why a model gets no requests at a container.
 */
typedef enum
{
  DISP_CHECK_NOT_OUT,
  DISP_CHECK_OUT_BY_WORD,
  DISP_CHECK_OUT_BY_SILENCE,
} DispCheckOut;

/**
 * DispCheckSubject:
 *
 * A model at a container, as the checks know it.  The first part is filled in by who checks it.
 */
typedef struct
{
  gpointer owner;           /* (unowned) who checks it */
  DispContainer *container; /* (owned) of the fleet in force */
  DispStanding *standing;   /* (owned by the container) of the model there */
  const DispRoute *route;   /* (owned by the fleet in force) one that leads there */
  GArray *versions;         /* (owned) (element-type gint64) those that the fleet says */
  gint64 due;               /* when it is checked next, in microseconds */
  GSequenceIter *place;     /* (nullable) in the line of those that wait for that */
  DispCheck *check;         /* (nullable) while it is checked */
  guint round;              /* in which look at the fleet it was seen last */

  DispCheckServer *server; /* (owned by the table that it came from) */
  char *path;              /* (owned) (nullable) what the container is asked for */
  gboolean is_own_path;
  guint n_wanted;      /* how many of @versions the answer is compared with */
  guint64 n_succeeded; /* requests at the container, when its check began */
  guint n_failures;    /* checks without an answer in a row */
  DispCheckOut out;
  gboolean is_told; /* whether the log says that the model is not served */
} DispCheckSubject;

DispCheckSubject *disp_check_subject_new (DispContainer *container, DispStanding *standing,
                                          GHashTable *servers);
void disp_check_subject_free (DispCheckSubject *self, GHashTable *servers);

void disp_check_subject_set_route (DispCheckSubject *self, DispContainer *container,
                                   const DispRoute *route);
gboolean disp_check_subject_set_path (DispCheckSubject *self, const DispEngineSettings *settings);

DispCheckQuestion disp_check_subject_begin (DispCheckSubject *self);
gboolean disp_check_subject_learn (DispCheckSubject *self, DispFinding finding, const char *reason,
                                   gint64 now);
gboolean disp_check_subject_lose (DispCheckSubject *self, gint64 now);
gboolean disp_check_subject_forget (DispCheckSubject *self, gint64 now);
gboolean disp_check_subject_is_ailing (const DispCheckSubject *self, gint64 now);
