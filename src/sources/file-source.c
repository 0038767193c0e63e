/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/file-source.h"

#include "sources/file-watch.h"
#include "sources/regular-file.h"
#include "wire/fleet-document.h"

/* A fleet that stands in a file, in the format of the Containers Manager's own configuration. */
struct _DispFileSource
{
  GObject parent_instance;
  char *path;        /* (owned) */
  char *description; /* (owned) */
  DispDocumentFormat format;
  DispClock *clock;     /* (owned) */
  DispFileWatch *watch; /* (owned) (nullable) NULL unless started */
  DispFleet *fleet;     /* (owned) (nullable) the last good one, or one that was inherited */
};

/* Reads the file and makes what it says the last good fleet. */
static gboolean
load (DispFileSource *self, GError **error)
{
  g_autoptr (GString) text = NULL;
  DispFleet *fleet;

  if (!disp_file_watch_update (self->watch, error))
    return FALSE;
  text = disp_regular_file_read (self->path, "fleet file", DISP_FLEET_DOCUMENT_MAX_SIZE, error);
  if (text == NULL)
    return FALSE;
  fleet = disp_fleet_document_parse (text->str, text->len, self->format, self->fleet, error);
  if (fleet == NULL)
    {
      g_prefix_error (error, "%s: ", self->path);
      return FALSE;
    }
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  self->fleet = fleet;
  return TRUE;
}

static void
emit_fleet (DispFileSource *self)
{
  g_autoptr (DispFleet) fleet = disp_fleet_ref (self->fleet);

  disp_source_emit_fleet (DISP_SOURCE (self), fleet);
}

static guint
file_source_refresh (DispSource *source)
{
  DispFileSource *self = DISP_FILE_SOURCE (source);
  g_autoptr (GError) error = NULL;

  if (self->watch == NULL)
    return 0;
  if (load (self, &error))
    emit_fleet (self);
  else
    disp_source_emit_failed (source, error);
  return 0;
}

static void
file_changed (gpointer user_data)
{
  file_source_refresh (DISP_SOURCE (user_data));
}

static void
file_source_stop (DispSource *source)
{
  g_clear_pointer (&DISP_FILE_SOURCE (source)->watch, disp_file_watch_free);
}

static gboolean
file_source_start (DispSource *source, GError **error)
{
  DispFileSource *self = DISP_FILE_SOURCE (source);

  g_return_val_if_fail (self->watch == NULL, FALSE);

  self->watch = disp_file_watch_new (self->path, self->clock, file_changed, self);
  if (!load (self, error))
    {
      file_source_stop (source);
      return FALSE;
    }
  emit_fleet (self);
  return TRUE;
}

static void
file_source_inherit (DispSource *source, DispFleet *fleet)
{
  DispFileSource *self = DISP_FILE_SOURCE (source);

  disp_fleet_ref (fleet);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  self->fleet = fleet;
}

static const char *
file_source_describe (DispSource *source)
{
  return DISP_FILE_SOURCE (source)->description;
}

static void
file_source_iface_init (DispSourceInterface *iface)
{
  iface->inherit = file_source_inherit;
  iface->start = file_source_start;
  iface->refresh = file_source_refresh;
  iface->stop = file_source_stop;
  iface->describe = file_source_describe;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispFileSource, disp_file_source, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SOURCE, file_source_iface_init))

static void
disp_file_source_dispose (GObject *object)
{
  file_source_stop (DISP_SOURCE (object));
  G_OBJECT_CLASS (disp_file_source_parent_class)->dispose (object);
}

static void
disp_file_source_finalize (GObject *object)
{
  DispFileSource *self = DISP_FILE_SOURCE (object);

  g_clear_pointer (&self->fleet, disp_fleet_unref);
  g_clear_object (&self->clock);
  g_free (self->description);
  g_free (self->path);
  G_OBJECT_CLASS (disp_file_source_parent_class)->finalize (object);
}

static void
disp_file_source_class_init (DispFileSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = disp_file_source_dispose;
  G_OBJECT_CLASS (klass)->finalize = disp_file_source_finalize;
}

static void
disp_file_source_init (G_GNUC_UNUSED DispFileSource *self)
{
}

/**
 * disp_file_source_new:
 * @path: the fleet file
 * @clock: the clock
 *
 * The fleet of a file: two lists, "models" and "containers", as in the configuration file of the
 * Containers Manager.  The file is read as JSON when its name ends in ".json", and as YAML
 * otherwise.  It has to be a regular file of at most %DISP_FLEET_DOCUMENT_MAX_SIZE bytes.
 *
 * disp_source_start() reads it at once: "fleet" is emitted before it returns, or the error says
 * what is wrong in which file and where (%DISP_ERROR_INVALID_CONFIG when it cannot be read,
 * %DISP_ERROR_INVALID_DOCUMENT when it says something wrong).  From then on an edit takes effect a
 * tenth of a second after the file was closed, and a wrong edit or a deletion is told by "failed",
 * while the last good fleet stays in force.
 *
 * Returns: (transfer full): the source
 */
DispSource *
disp_file_source_new (const char *path, DispClock *clock)
{
  DispFileSource *self = g_object_new (DISP_TYPE_FILE_SOURCE, NULL);

  self->path = g_strdup (path);
  self->description = g_strdup_printf ("file %s", path);
  self->format = g_str_has_suffix (path, ".json") ? DISP_DOCUMENT_JSON : DISP_DOCUMENT_YAML;
  self->clock = g_object_ref (clock);
  return DISP_SOURCE (self);
}
