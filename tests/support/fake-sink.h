/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/record-sink.h"

#define TYPE_FAKE_SINK (fake_sink_get_type ())
G_DECLARE_FINAL_TYPE (FakeSink, fake_sink, FAKE, SINK, GObject)

FakeSink *fake_sink_new (void);
DispRecord *fake_sink_get (FakeSink *self, guint index);
guint fake_sink_count (FakeSink *self);
void fake_sink_set_admission (FakeSink *self, DispAdmission admission);
void fake_sink_hold (FakeSink *self);
guint fake_sink_count_held (FakeSink *self);
void fake_sink_release (FakeSink *self, const GError *error);
void fake_sink_set_problem (FakeSink *self, const char *problem);
