/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/transport.h"

/**
 * DispFinding:
 * @DISP_FINDING_AVAILABLE: the model can be used there
 * @DISP_FINDING_UNAVAILABLE: the container says that it cannot
 * @DISP_FINDING_NOTHING: it answered, but does not tell such things
 * @DISP_FINDING_SILENT: it took a connection, but gave no answer, or an error of its own
 * @DISP_FINDING_UNREACHABLE: it took no connection
 *
 * What a check of a model at a container found.
 */
typedef enum
{
  DISP_FINDING_AVAILABLE,
  DISP_FINDING_UNAVAILABLE,
  DISP_FINDING_NOTHING,
  DISP_FINDING_SILENT,
  DISP_FINDING_UNREACHABLE,
} DispFinding;

/**
 * DispCheckQuestion:
 * @path: (unowned): what the container is asked for
 * @is_own: whether that is a path that the operator named, other than the status of the model
 * @model: (unowned): the name of the model
 * @versions: (unowned) (array length=n_versions): the versions one of which must be available
 * @n_versions: how many; 0 = whichever
 *
 * What a check asks a container.
 */
typedef struct
{
  const char *path;
  gboolean is_own;
  const char *model;
  const gint64 *versions;
  guint n_versions;
} DispCheckQuestion;

DispFinding disp_finding_of_answer (const DispCheckQuestion *question, const DispAnswer *answer,
                                    char **reason);
DispFinding disp_finding_of_error (const GError *error, char **reason);
