/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sources/source.h"

#define TYPE_SCRIPTED_SOURCE (scripted_source_get_type ())
G_DECLARE_FINAL_TYPE (ScriptedSource, scripted_source, SCRIPTED, SOURCE, GObject)

/* What was asked of it, and what it answers to a start. */
struct _ScriptedSource
{
  GObject parent_instance;
  const GError *refusal; /* (unowned) (nullable) */
  guint n_starts;
  guint n_refreshes;
  guint n_stops;
};

ScriptedSource *scripted_source_new (void);
