/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/override-source.h"

#include "core/error.h"
#include "core/event.h"
#include "engine/fleet-editor.h"
#include "sources/override-file.h"

#define FILE_NAME "overrides.json"

/* A source before another, whose fleets it passes on with the quotas that operators set. */
struct _DispOverrideSource
{
  GObject parent_instance;
  DispSource *source;   /* (owned) (nullable) */
  char *path;           /* (owned) (nullable) of the file that keeps the overrides */
  GPtrArray *overrides; /* (owned) (element-type DispOverride, owned) */
  DispFleet *said;      /* (owned) (nullable) what the source said last */
  DispFleet *fleet;     /* (owned) (nullable) the same, with the overrides */
  gboolean is_unsaved;  /* the file says more than @overrides */
  gboolean is_failing;  /* the source */
  guint64 n_readings;   /* of the source, good and bad */
};

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
        "overrides of containers: %u in force, %u for containers that are not in the fleet (%s)",
        n - result->n_absent, result->n_absent, self->path);
}

static gboolean
save (const DispOverrideSource *self, GPtrArray *overrides, GError **error)
{
  return self->path == NULL || disp_override_file_save (self->path, overrides, error);
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
  if (result.outdated->len > 0 || self->overrides->len < n_before || self->is_unsaved)
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

static gboolean
has_fleet (const DispOverrideSource *self, GError **error)
{
  if (self->said != NULL)
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_NO_FLEET,
               "no fleet is %s, so there is no container that can be changed",
               self->source != NULL ? "known" : "configured");
  return FALSE;
}

/* Brings @overrides into force, after they are written. */
static gboolean
bring_into_force (DispOverrideSource *self, GPtrArray *overrides, GError **error)
{
  g_auto (DispOverridden) result = { 0 };

  if (!save (self, overrides, error))
    return FALSE;
  self->is_unsaved = FALSE;
  if (self->said == NULL)
    {
      g_ptr_array_unref (self->overrides);
      self->overrides = g_ptr_array_ref (overrides);
      return TRUE;
    }
  disp_overrides_apply (overrides, self->said, &result);
  take (self, self->said, &result);
  emit_fleet (self);
  return TRUE;
}

/* Returns the container as it is now. */
static DispContainer *
edit (DispOverrideSource *self, const DispContainer *said, GPtrArray *overrides, GError **error)
{
  if (!bring_into_force (self, overrides, error))
    return NULL;
  return disp_container_ref (find_twin (self, said));
}

static DispContainer *
override_source_set_quota (DispFleetEditor *editor, const DispQuotaChange *change, GError **error)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (editor);
  g_autoptr (GPtrArray) overrides = NULL;
  g_autoptr (DispContainer) before = NULL;
  DispContainer *after;
  const DispContainer *said = has_fleet (self, error)
                                  ? disp_quota_change_find (change, self->said, error)
                                  : NULL;

  if (said == NULL)
    return NULL;
  before = disp_container_ref (find_twin (self, said));
  if (before->quota == change->quota && !self->is_unsaved)
    return g_steal_pointer (&before);
  overrides = disp_overrides_replace (self->overrides, self->said, said, change->quota);
  after = edit (self, said, overrides, error);
  if (after != NULL)
    disp_event_log (DISP_EVENT_QUOTA_SET,
                    &(DispEventFields){
                        .container = after->name, .node = after->node, .quota = &change->quota },
                    "quota of container \"%s\" on %s set to %g, was %g", after->name, after->node,
                    change->quota, before->quota);
  return after;
}

static DispContainer *
override_source_reset_quota (DispFleetEditor *editor, const DispQuotaChange *which, GError **error)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (editor);
  g_autoptr (GPtrArray) overrides = NULL;
  g_autoptr (DispContainer) before = NULL;
  DispContainer *after;
  const DispContainer *said = has_fleet (self, error)
                                  ? disp_quota_change_find_any (which, self->said, error)
                                  : NULL;

  if (said == NULL)
    return NULL;
  before = disp_container_ref (find_twin (self, said));
  if (!before->own_quota && !self->is_unsaved)
    return g_steal_pointer (&before);
  overrides = disp_overrides_replace (self->overrides, self->said, said, said->quota);
  after = edit (self, said, overrides, error);
  if (after != NULL)
    disp_event_log (
        DISP_EVENT_QUOTA_RESET,
        &(DispEventFields){ .container = after->name, .node = after->node, .quota = &after->quota },
        "quota of container \"%s\" on %s is that of the source again, %g, was %g", after->name,
        after->node, after->quota, before->quota);
  return after;
}

static DispContainer *
override_source_set_drained (DispFleetEditor *editor, const DispQuotaChange *which,
                             gboolean drained, GError **error)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (editor);
  g_autoptr (GPtrArray) overrides = NULL;
  DispContainer *container;
  const DispContainer *said = has_fleet (self, error)
                                  ? disp_quota_change_find_any (which, self->said, error)
                                  : NULL;

  if (said == NULL)
    return NULL;
  container = find_twin (self, said);
  if (container->drained == drained && !self->is_unsaved)
    return disp_container_ref (container);
  overrides = disp_overrides_drain (self->overrides, self->said, said, drained);
  container = edit (self, said, overrides, error);
  if (container != NULL)
    disp_event_log (drained ? DISP_EVENT_CONTAINER_DRAINED : DISP_EVENT_CONTAINER_RESUMED,
                    &(DispEventFields){ .container = container->name, .node = container->node },
                    drained ? "container \"%s\" on %s is drained: it gets no more requests"
                            : "container \"%s\" on %s gets requests again",
                    container->name, container->node);
  return container;
}

static gboolean
override_source_reset (DispFleetEditor *editor, GError **error)
{
  DispOverrideSource *self = DISP_OVERRIDE_SOURCE (editor);
  g_autoptr (GPtrArray) none = disp_overrides_new ();

  return (self->overrides->len == 0 && !self->is_unsaved) || bring_into_force (self, none, error);
}

static void
editor_iface_init (DispFleetEditorInterface *iface)
{
  iface->set_quota = override_source_set_quota;
  iface->reset_quota = override_source_reset_quota;
  iface->set_drained = override_source_set_drained;
  iface->reset = override_source_reset;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispOverrideSource, disp_override_source, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SOURCE, source_iface_init)
                                   G_IMPLEMENT_INTERFACE (DISP_TYPE_FLEET_EDITOR,
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
 * @state_dir: (nullable): the directory of the file "overrides.json", which is made with the first
 * edit; %NULL = what is set is not kept
 * @error: %DISP_ERROR_FAILED if that file is there and cannot be read, or is damaged or of a newer
 *   version, saying what to do
 *
 * The same fleets with what operators set of the containers: this is also the #DispFleetEditor.  It
 * stays, over restarts too, until it is reset; and a quota also until @source says another one for
 * that container than it did then.
 *
 * An edit is first written to the file, all of it or nothing, and is on the disk before anybody
 * sees it; then "fleet" is emitted, before the editor returns.  A quota that
 * @source says itself is no override any more.  Call everything on the context of
 * disp_source_start().
 *
 * Returns: (transfer full) (nullable): the source
 */
DispOverrideSource *
disp_override_source_new (DispSource *source, const char *state_dir, GError **error)
{
  g_autofree char *path = state_dir != NULL ? g_build_filename (state_dir, FILE_NAME, NULL) : NULL;
  GPtrArray *overrides = path != NULL ? disp_override_file_load (path, error)
                                      : disp_overrides_new ();
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
