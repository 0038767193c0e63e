/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/request.h"
#include "wire/json-scanner.h"

/**
 * DispEnvelopeKind:
 * @DISP_ENVELOPE_ROUTED: the body of /predict: it names its model, and carries instances or inputs
 * @DISP_ENVELOPE_PLAIN: the body of a serving path: the path names the model, every member is
 * forwarded
 */
typedef enum
{
  DISP_ENVELOPE_ROUTED,
  DISP_ENVELOPE_PLAIN,
} DispEnvelopeKind;

/**
 * DispEnvelope:
 *
 * What a body says, as ranges of its own bytes.
 */
typedef struct
{
  char *model;         /* (owned) (nullable) unescaped; NULL with DISP_ENVELOPE_PLAIN */
  DispVersion version; /* (owned) latest or a number */
  DispSlice instances; /* the value of "instances", else of "inputs", else of "examples" */
  DispSlice slices[DISP_MAX_SLICES]; /* the object without "model" and "version", in order */
  guint n_slices;
} DispEnvelope;

gboolean disp_envelope_scan (const char *text, gsize length, DispEnvelopeKind kind,
                             DispEnvelope *envelope, GError **error);
void disp_envelope_clear (DispEnvelope *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispEnvelope, disp_envelope_clear)
