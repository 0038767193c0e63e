/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/health-checks.h"
#include "support/fake-clock.h"
#include "support/fake-sink.h"
#include "support/fake-transport.h"

#define AVAILABLE "{\"model_version_status\":[{\"version\":\"1\",\"state\":\"AVAILABLE\"}]}"
#define LOADING "{\"model_version_status\":[{\"version\":\"1\",\"state\":\"LOADING\"}]}"

/* What a container does with checks. */
typedef enum
{
  REACT_ANSWER,
  REACT_HANG,
  REACT_REFUSE,
  REACT_BREAK,
} React;

/* The checks and all that they stand on, with containers that do what the test says. */
typedef struct
{
  FakeClock *clock;             /* (owned) */
  FakeSink *sink;               /* (owned) */
  FakeTransport *transport;     /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  DispPolicySpec *policy;       /* (owned) */
  DispEngineSettings settings;
  DispFleet *fleet;         /* (owned) (nullable) in force */
  DispHealthChecks *checks; /* (owned) */
  GHashTable *scripts; /* (owned) (element-type utf8 Script) by "container" or "container/model" */
  GArray *times;       /* (owned) (element-type gint64) when each call came */
  guint n_most;        /* the most calls that were open at once */
} ChecksRig;

void checks_rig_init (ChecksRig *self, const char *health_path);
void checks_rig_clear (ChecksRig *self);
void checks_rig_set_fleet (ChecksRig *self, DispFleet *fleet);
void checks_rig_apply (ChecksRig *self);
void checks_rig_script (ChecksRig *self, const char *who, React react, guint status,
                        const char *body);
void checks_rig_run (ChecksRig *self, gint64 microseconds);

guint checks_rig_count (ChecksRig *self, const char *container, const char *model);
const char *checks_rig_get_path (ChecksRig *self, const char *container, const char *model);
gint64 checks_rig_get_time (ChecksRig *self, const char *container, const char *model, guint nth);
DispContainer *checks_rig_get_container (ChecksRig *self, const char *name);
gboolean checks_rig_is_out (ChecksRig *self, const char *container, const char *model);
