/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/override-source.h"

#include "core/error.h"
#include "core/event.h"
#include "engine/quota-editor.h"
#include "sources/regular-file.h"
#include "wire/override-document.h"

#include <errno.h>
#include <glib/gstdio.h>

#define FILE_NAME "overrides.json"

/* A source before another, whose fleets it passes on with the quotas that operators set. */
struct _DispOverrideSource
{
  GObject parent_instance;
  DispSource *source;   /* (owned) (nullable) */
  char *path;           /* (owned) of the file that keeps the overrides */
  GPtrArray *overrides; /* (owned) (element-type DispOverride, owned) */
  DispFleet *said;      /* (owned) (nullable) what the source said last */
  DispFleet *fleet;     /* (owned) (nullable) the same, with the overrides */
  gboolean is_unsaved;  /* the file says more than @overrides */
  gboolean is_failing;  /* the source */
  guint64 n_readings;   /* of the source, good and bad */
};

/* The file. */

static gboolean
save (DispOverrideSource *self, GPtrArray *overrides, GError **error)
{
  g_autoptr (GBytes) document = disp_override_document_write (overrides);
  g_autofree char *directory = g_path_get_dirname (self->path);
  g_autoptr (GError) problem = NULL;
  gsize length;
  const char *text = g_bytes_get_data (document, &length);

  /* If that fails, the file cannot be made either. */
  g_mkdir_with_parents (directory, 0700);
  if (length > DISP_OVERRIDE_DOCUMENT_MAX_SIZE)
    g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                 "%s: the overrides of quotas take more than %d bytes", self->path,
                 DISP_OVERRIDE_DOCUMENT_MAX_SIZE);
  else if (!g_file_set_contents_full (self->path, text, (gssize) length,
                                      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                      0600, &problem))
    g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                 "%s: the overrides of quotas cannot be written: %s", self->path, problem->message);
  else
    return TRUE;
  return FALSE;
}

static GPtrArray *
parse_file (const char *path, GError **error)
{
  g_autoptr (GString) text = disp_regular_file_read (path, "file of overrides",
                                                     DISP_OVERRIDE_DOCUMENT_MAX_SIZE, error);
  GPtrArray *overrides;

  if (text == NULL)
    return NULL;
  overrides = disp_override_document_parse (text->str, text->len, error);
  if (overrides == NULL)
    g_prefix_error (error, "%s: ", path);
  return overrides;
}

static GPtrArray *
load (const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  GPtrArray *overrides;
  GStatBuf status;

  if (g_lstat (path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
    return disp_overrides_new ();
  overrides = parse_file (path, &problem);
  if (overrides == NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                 "%s; mend the file, or remove it to forget the quotas that were set by hand",
                 problem->message);
  return overrides;
}

/* The fleet. */

/* Takes what came of the overrides and what the source says. */
static void
take (DispOverrideSource *self, DispFleet *said, DispOverridden *result)
{
  disp_fleet_ref (said);
  g_clear_pointer (&self->said, disp_fleet_unref);
  self->said = said;
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  self->fleet = g_steal_pointer (&result->fleet);
  g_ptr_array_unref (self->overrides);
  self->overrides = g_steal_pointer (&result->overrides);
}

static void
emit_fleet (DispOverrideSource *self)
{
  g_autoptr (DispFleet) fleet = disp_fleet_ref (self->fleet);

  disp_source_emit_fleet (DISP_SOURCE (self), fleet);
}

static void
tell_outdated (const DispOverridden *result)
{
  for (guint i = 0; i < result->outdated->len; i++)
    {
      const DispOverride *override = g_ptr_array_index (result->outdated, i);

      disp_event_log (
          DISP_EVENT_QUOTA_OUTDATED,
          &(DispEventFields){ .container = override->container, .node = override->node },
          "the source of the fleet no longer says quota %g for container \"%s\" on %s, so "
          "it counts again; the quota that was set by hand, %g, is forgotten",
          override->source_quota, override->container, override->node, override->quota);
    }
}

static void
tell_first (DispOverrideSource *self, const DispOverridden *result)
{
  const guint n = result->overrides->len;

  if (self->said == NULL && n > 0)
    disp_event_log (
        DISP_EVENT_CHANGES_LOADED, &(DispEventFields){ .path = self->path },
        "overrides of quotas: %u in force, %u for containers that are not in the fleet (%s)",
        n - result->n_absent, result->n_absent, self->path);
}

/* Also what is forgotten is written, so that it does not come back with the next start.  An
 * operator hears once when that fails, and once when it is made good. */
static void
save_what_is_left (DispOverrideSource *self)
{
  const gboolean was_unsaved = self->is_unsaved;
  g_autoptr (GError) error = NULL;

  self->is_unsaved = !save (self, self->overrides, &error);
  if (self->is_unsaved && !was_unsaved)
    disp_event_log (DISP_EVENT_CHANGES_UNSAVED,
                    &(DispEventFields){ .path = self->path, .reason = error->message },
                    "%s; what was forgotten is tried again with each fleet", error->message);
  else if (!self->is_unsaved && was_unsaved)
    disp_event_log (DISP_EVENT_CHANGES_SAVED, &(DispEventFields){ .path = self->path },
                    "%s: the overrides of quotas are written again", self->path);
}

static void
on_fleet (G_GNUC_UNUSED DispSource *source, DispFleet *said, DispOverrideSource *self)
{
  g_auto (DispOverridden) result = { 0 };
  const guint n_before = self->overrides->len;

  self->is_failing = FALSE;
  self->n_readings++;
  disp_overrides_apply (self->overrides, said, &result);
  tell_outdated (&result);
  tell_first (self, &result);
  take (self, said, &result);
  if (self->overrides->len < n_before || self->is_unsaved)
    save_what_is_left (self);
  emit_fleet (self);
}

static void
on_failed (G_GNUC_UNUSED DispSource *source, GError *error, DispOverrideSource *self)
{
  self->is_failing = TRUE;
  self->n_readings++;
  disp_source_emit_failed (DISP_SOURCE (self), error);
}

static void
follow (DispOverrideSource *self)
{
  if (self->source == NULL)
    return;
  g_signal_connect_object (self->source, "fleet", G_CALLBACK (on_fleet), self, 0);
  g_signal_connect_object (self->source, "failed", G_CALLBACK (on_failed), self, 0);
}

static gboolean
override_source_start (DispSource *source, GError **error)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (source);

  return self->source == NULL || disp_source_start (self->source, error);
}

static guint
override_source_refresh (DispSource *source)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (source);

  return self->source != NULL ? disp_source_refresh (self->source) : 0;
}

static void
override_source_stop (DispSource *source)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (source);

  if (self->source != NULL)
    disp_source_stop (self->source);
  g_clear_pointer (&self->said, disp_fleet_unref);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
}

static const char *
override_source_describe (DispSource *source)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (source);

  return self->source != NULL ? disp_source_describe (self->source) : "nowhere";
}

static void
source_iface_init (DispSourceInterface *iface)
{
  iface->start = override_source_start;
  iface->refresh = override_source_refresh;
  iface->stop = override_source_stop;
  iface->describe = override_source_describe;
}

/* Edits. */

/* The container that stands in the fleet where @said stands in what the source says. */
static DispContainer *
find_twin (DispOverrideSource *self, const DispContainer *said)
{
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (self->said, &n_containers);
  guint i = 0;

  while (containers[i] != said)
    i++;
  return disp_fleet_get_containers (self->fleet, &n_containers)[i];
}

static DispContainer *
override_source_set_quota (DispQuotaEditor *editor, const DispQuotaChange *change, GError **error)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (editor);
  g_auto (DispOverridden) result = { 0 };
  g_autoptr (GPtrArray) overrides = NULL;
  g_autoptr (DispContainer) container = NULL;
  const DispContainer *said;

  if (self->said == NULL)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_NO_FLEET,
                   "no fleet is %s, so there is no container whose quota can be changed",
                   self->source != NULL ? "known" : "configured");
      return NULL;
    }
  said = disp_quota_change_find (change, self->said, error);
  if (said == NULL)
    return NULL;
  container = disp_container_ref (find_twin (self, said));
  if (container->quota == change->quota && !self->is_unsaved)
    return g_steal_pointer (&container);

  overrides = disp_overrides_replace (self->overrides, said, change->quota);
  if (!save (self, overrides, error))
    return NULL;
  disp_event_log (DISP_EVENT_QUOTA_SET,
                  &(DispEventFields){ .container = container->name,
                                      .node = container->node,
                                      .quota = &change->quota },
                  "quota of container \"%s\" on %s set to %g, was %g", container->name,
                  container->node, change->quota, container->quota);
  self->is_unsaved = FALSE;
  disp_overrides_apply (overrides, self->said, &result);
  take (self, self->said, &result);
  disp_container_unref (container);
  container = disp_container_ref (find_twin (self, said));
  emit_fleet (self);
  return g_steal_pointer (&container);
}

static void
editor_iface_init (DispQuotaEditorInterface *iface)
{
  iface->set_quota = override_source_set_quota;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispOverrideSource, disp_override_source, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SOURCE, source_iface_init)
                                   G_IMPLEMENT_INTERFACE (DISP_TYPE_QUOTA_EDITOR,
                                                          editor_iface_init))

static void
disp_override_source_dispose (GObject *object)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (object);

  override_source_stop (DISP_SOURCE (self));
  g_clear_object (&self->source);
  G_OBJECT_CLASS (disp_override_source_parent_class)->dispose (object);
}

static void
disp_override_source_finalize (GObject *object)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (object);

  g_clear_pointer (&self->overrides, g_ptr_array_unref);
  g_free (self->path);
  G_OBJECT_CLASS (disp_override_source_parent_class)->finalize (object);
}

static void
disp_override_source_class_init (DispOverrideSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = disp_override_source_dispose;
  G_OBJECT_CLASS (klass)->finalize = disp_override_source_finalize;
}

static void
disp_override_source_init (G_GNUC_UNUSED DispOverrideSource *self)
{
}

/**
 * disp_override_source_new:
 * @source: (nullable): what says the fleets; not started.  Without one nothing is said before
 *   disp_override_source_set_source()
 * @state_dir: the directory of the file "overrides.json", which is made with the first edit
 * @error: %DISP_ERROR_FAILED if that file is there and cannot be read, or is damaged or of a newer
 *   version, saying what to do
 *
 * The same fleets with other quotas: this is also the #DispQuotaEditor, and what an operator sets
 * by it stays, over restarts too, until @source says another quota for that container than it did
 * then.
 *
 * An edit is first written to the file, all of it or nothing, and is on the disk before anybody
 * sees it; then "fleet" is emitted, before disp_quota_editor_set_quota() returns.  A quota that
 * @source says itself is no override any more.  Call everything on the context of
 * disp_source_start().
 *
 * Returns: (transfer full) (nullable): the source
 */
DispOverrideSource *
disp_override_source_new (DispSource *source, const char *state_dir, GError **error)
{
  g_autofree char *path = g_build_filename (state_dir, FILE_NAME, NULL);
  GPtrArray *overrides = load (path, error);
  DispOverrideSource *self;

  if (overrides == NULL)
    return NULL;
  self = g_object_new (DISP_TYPE_OVERRIDE_SOURCE, NULL);
  g_set_object (&self->source, source);
  self->path = g_steal_pointer (&path);
  self->overrides = overrides;
  follow (self);
  return self;
}

/**
 * disp_override_source_set_source:
 * @self: the source
 * @source: a started source
 * @fleet: what that has said last
 *
 * Follows another source from now on, and stops the one before.  "fleet" is emitted before this
 * returns, with the overrides that are in force.
 */
void
disp_override_source_set_source (DispOverrideSource *self, DispSource *source, DispFleet *fleet)
{
  g_autoptr (DispSource) old = self->source;

  if (old != NULL)
    {
      g_signal_handlers_disconnect_by_data (old, self);
      disp_source_stop (old);
    }
  self->source = g_object_ref (source);
  follow (self);
  on_fleet (source, fleet, self);
}

/**
 * disp_override_source_is_failing:
 * @self: the source
 *
 * Tells a "fleet" of an edit, which comes also while the source fails, from one that was read well.
 *
 * Returns: whether what the source said last was "failed"
 */
gboolean
disp_override_source_is_failing (DispOverrideSource *self)
{
  return self->is_failing;
}

/**
 * disp_override_source_count_readings:
 * @self: the source
 *
 * Tells a "fleet" of an edit, which adds none, from one that was read.
 *
 * Returns: how often the source behind it was read, well or not; in a handler of a signal with the
 *   one that it tells of
 */
guint64
disp_override_source_count_readings (DispOverrideSource *self)
{
  return self->n_readings;
}
