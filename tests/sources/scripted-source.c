/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/scripted-source.h"

/* A source whose signals the test emits. */

static gboolean
scripted_source_start (DispSource *source, GError **error)
{
  ScriptedSource *self = SCRIPTED_SOURCE (source);

  self->n_starts++;
  if (self->refusal != NULL)
    g_propagate_error (error, g_error_copy (self->refusal));
  return self->refusal == NULL;
}

static guint
scripted_source_refresh (DispSource *source)
{
  SCRIPTED_SOURCE (source)->n_refreshes++;
  return 0;
}

static void
scripted_source_stop (DispSource *source)
{
  SCRIPTED_SOURCE (source)->n_stops++;
}

static const char *
scripted_source_describe (G_GNUC_UNUSED DispSource *source)
{
  return "scripted";
}

static void
scripted_source_iface_init (DispSourceInterface *iface)
{
  iface->start = scripted_source_start;
  iface->refresh = scripted_source_refresh;
  iface->stop = scripted_source_stop;
  iface->describe = scripted_source_describe;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ScriptedSource, scripted_source, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SOURCE, scripted_source_iface_init))

static void
scripted_source_class_init (G_GNUC_UNUSED ScriptedSourceClass *klass)
{
}

static void
scripted_source_init (G_GNUC_UNUSED ScriptedSource *self)
{
}

/**
 * scripted_source_new:
 *
 * Returns: (transfer full): a source that says nothing
 */
ScriptedSource *
scripted_source_new (void)
{
  return g_object_new (TYPE_SCRIPTED_SOURCE, NULL);
}
