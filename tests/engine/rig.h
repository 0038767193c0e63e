/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/dispatcher.h"
#include "support/fake-clock.h"
#include "support/fake-sink.h"
#include "support/fake-transport.h"

/* How long a request may take with rig_settings, in microseconds. */
#define RIG_TIMEOUT (30 * G_USEC_PER_SEC)

/* A dispatcher and all that it stands on.  Everything runs on the default context. */
typedef struct
{
  FakeClock *clock;             /* (owned) */
  FakeSink *sink;               /* (owned) */
  FakeTransport *transport;     /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispDispatcher *dispatcher;   /* (owned) */
} Rig;

/* A request and what came of it. */
typedef struct
{
  DispRequest *request;      /* (owned) */
  GCancellable *cancellable; /* (owned) the client hangs up by it */
  DispReply *reply;          /* (owned) (nullable) once it came */
  guint n_replies;
} Ask;

extern const DispEngineSettings rig_settings;

void rig_init (Rig *self, const DispEngineSettings *settings);
void rig_clear (Rig *self);
void rig_tear_down (Rig *self, gconstpointer data);
void rig_set_fleet (Rig *self, DispFleet *fleet);
void rig_turn (void);

Ask *rig_ask (Rig *self, DispRequest *request);
Ask *rig_ask_model (Rig *self, const char *model, gint64 version);
void ask_free (Ask *self);
void ask_finish (Ask *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ask, ask_free)

guint rig_count_records (Rig *self);
DispStatsValues rig_read_totals (Rig *self);
DispStatsValues rig_read_stats (Rig *self, const char *container);
void rig_assert_idle (Rig *self);

void rig_catch_log (void);
char *rig_take_log (void);
DispPolicySpec *rig_policy (const char *name);
void rig_assert_created (Rig *self, const Ask *ask, const DispRecord *record);
void rig_assert_body (GBytes *body, const char *expected);
