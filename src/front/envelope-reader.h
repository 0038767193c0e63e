/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/predict-envelope.h"

#include <gio/gio.h>

/**
 * DispEnvelopeReader:
 *
 * Finds out what long bodies say, on another thread and one after the other, so that whoever serves
 * goes on with what is short: some bodies of 64 MiB take most of a second.  Belongs to one thread.
 */
typedef struct _DispEnvelopeReader DispEnvelopeReader;

DispEnvelopeReader *disp_envelope_reader_new (void);
void disp_envelope_reader_free (DispEnvelopeReader *self);

void disp_envelope_reader_read_async (DispEnvelopeReader *self, GBytes *body, DispEnvelopeKind kind,
                                      GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean disp_envelope_reader_read_finish (GAsyncResult *result, DispEnvelope *envelope,
                                           GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispEnvelopeReader, disp_envelope_reader_free)
