/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/types.h"

/**
 * DispModel:
 *
 * A model in one version, as the source of the fleet describes it.
 */
struct _DispModel
{
  char *name; /* (owned) */
  gint64 version;
  double sla;         /* response-time target in milliseconds; 0 = none */
  double alpha;       /* safety margin on the target, 0..1; 0 = none */
  double profiled_rt; /* response time measured beforehand, in seconds; 0 = unknown */
};

/**
 * DispVersionKind:
 * @DISP_VERSION_LATEST: no version was asked for
 * @DISP_VERSION_NUMBER: one version by its number
 * @DISP_VERSION_LABEL: a version by its label, which only the model server can resolve
 */
typedef enum
{
  DISP_VERSION_LATEST,
  DISP_VERSION_NUMBER,
  DISP_VERSION_LABEL,
} DispVersionKind;

/**
 * DispVersion:
 *
 * Which version of a model a client asked for.
 */
typedef struct
{
  DispVersionKind kind;
  gint64 number; /* with DISP_VERSION_NUMBER */
  char *label;   /* (owned) (nullable) with DISP_VERSION_LABEL */
} DispVersion;

DispModel *disp_model_new (const char *name, gint64 version);
DispModel *disp_model_copy (const DispModel *self);
void disp_model_free (DispModel *self);
void disp_version_clear (DispVersion *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispModel, disp_model_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispVersion, disp_version_clear)
