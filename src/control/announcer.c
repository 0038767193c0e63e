/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/announcer.h"

#define ANNOTATION "org.freedesktop.DBus.Property.EmitsChangedSignal"

/* No object tells of changes again within this time, in microseconds. */
#define PAUSE (100 * G_TIME_SPAN_MILLISECOND)

/*
 * Tells on the bus which properties of which objects have changed.  Properties are always read
 * live; what is kept here is only what was told last.  The first change is told at once, those that
 * follow together when the pause is over, so the timer runs only after a change.
 */
struct _DispAnnouncer
{
  DispClock *clock;  /* (owned) */
  GHashTable *told;  /* (owned) (element-type GDBusInterfaceSkeleton Told, both owned) */
  GSource *pause;    /* (owned) (nullable) since something was told, until it may be again */
  gboolean is_dirty; /* whether something may have changed since the pause began */
};

/* What was told of an object: the value of each property whose changes are told. */
typedef struct
{
  GPtrArray *properties; /* (owned) (element-type GDBusPropertyInfo, owned by the object) */
  GPtrArray *values;     /* (owned) (element-type GVariant, owned) */
} Told;

static gboolean
is_told (const GDBusPropertyInfo *property)
{
  const char *emits = g_dbus_annotation_info_lookup (property->annotations, ANNOTATION);

  return emits == NULL || g_str_equal (emits, "true");
}

static GVariant *
read_value (GDBusInterfaceSkeleton *object, const GDBusPropertyInfo *property)
{
  GVariant *value = g_dbus_interface_skeleton_get_vtable (object)->get_property (
      NULL, NULL, g_dbus_interface_skeleton_get_object_path (object),
      g_dbus_interface_skeleton_get_info (object)->name, property->name, NULL, object);

  return g_variant_take_ref (value);
}

static void
told_free (gpointer data)
{
  Told *self = data;

  g_ptr_array_unref (self->properties);
  g_ptr_array_unref (self->values);
  g_free (self);
}

static Told *
told_new (GDBusInterfaceSkeleton *object)
{
  GDBusPropertyInfo *const *properties = g_dbus_interface_skeleton_get_info (object)->properties;
  Told *self = g_new0 (Told, 1);

  self->properties = g_ptr_array_new ();
  self->values = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  for (guint i = 0; properties[i] != NULL; i++)
    if (is_told (properties[i]))
      {
        g_ptr_array_add (self->properties, properties[i]);
        g_ptr_array_add (self->values, read_value (object, properties[i]));
      }
  return self;
}

/* Returns what has changed, and takes it as told. */
static GVariant *
told_update (Told *self, GDBusInterfaceSkeleton *object)
{
  GVariantBuilder changes;

  g_variant_builder_init (&changes, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < self->properties->len; i++)
    {
      const GDBusPropertyInfo *property = g_ptr_array_index (self->properties, i);
      GVariant *old = g_ptr_array_index (self->values, i);
      g_autoptr (GVariant) value = read_value (object, property);

      if (g_variant_equal (old, value))
        continue;
      g_variant_builder_add (&changes, "{sv}", property->name, value);
      g_variant_unref (old);
      g_ptr_array_index (self->values, i) = g_steal_pointer (&value);
    }
  return g_variant_ref_sink (g_variant_builder_end (&changes));
}

/* Returns whether there was something to tell. */
static gboolean
tell (Told *told, GDBusInterfaceSkeleton *object)
{
  g_autoptr (GVariant) changes = told_update (told, object);
  GDBusConnection *connection = g_dbus_interface_skeleton_get_connection (object);

  if (g_variant_n_children (changes) == 0)
    return FALSE;
  if (connection != NULL)
    g_dbus_connection_emit_signal (
        connection, NULL, g_dbus_interface_skeleton_get_object_path (object),
        "org.freedesktop.DBus.Properties", "PropertiesChanged",
        g_variant_new ("(s@a{sv}as)", g_dbus_interface_skeleton_get_info (object)->name, changes,
                       NULL),
        NULL);
  return TRUE;
}

static gboolean
on_pause_over (gpointer user_data)
{
  DispAnnouncer *self = user_data;

  disp_clock_clear_timer (&self->pause);
  if (self->is_dirty)
    disp_announcer_look (self);
  return G_SOURCE_REMOVE;
}

/**
 * disp_announcer_new:
 * @clock: the clock
 *
 * Returns: (transfer full): an announcer, for the thread of the bus
 */
DispAnnouncer *
disp_announcer_new (DispClock *clock)
{
  DispAnnouncer *self = g_new0 (DispAnnouncer, 1);

  self->clock = g_object_ref (clock);
  self->told = g_hash_table_new_full (NULL, NULL, g_object_unref, told_free);
  return self;
}

/**
 * disp_announcer_free:
 * @self: (transfer full): an announcer
 *
 * Ends it; what it has not told yet is never told.
 */
void
disp_announcer_free (DispAnnouncer *self)
{
  disp_clock_clear_timer (&self->pause);
  g_hash_table_unref (self->told);
  g_object_unref (self->clock);
  g_free (self);
}

/**
 * disp_announcer_add:
 * @self: an announcer
 * @object: an object whose properties are known to others as they are now
 *
 * Tells of its changes from now on, while it is on the bus.
 */
void
disp_announcer_add (DispAnnouncer *self, GDBusInterfaceSkeleton *object)
{
  g_hash_table_insert (self->told, g_object_ref (object), told_new (object));
}

/**
 * disp_announcer_remove:
 * @self: an announcer
 * @object: an object
 *
 * Tells nothing of it any more.
 */
void
disp_announcer_remove (DispAnnouncer *self, GDBusInterfaceSkeleton *object)
{
  g_hash_table_remove (self->told, object);
}

/**
 * disp_announcer_look:
 * @self: an announcer
 *
 * Tells what has changed, now, or if it told something just before a little later: so each object
 * emits PropertiesChanged at most ten times a second.
 */
void
disp_announcer_look (DispAnnouncer *self)
{
  GHashTableIter iter;
  gpointer object;
  gpointer told;
  gboolean has_told = FALSE;

  self->is_dirty = self->pause != NULL;
  if (self->is_dirty)
    return;
  g_hash_table_iter_init (&iter, self->told);
  while (g_hash_table_iter_next (&iter, &object, &told))
    has_told |= tell (told, object);
  if (has_told)
    self->pause = disp_clock_add_timer (self->clock, disp_clock_now (self->clock) + PAUSE,
                                        "announcer", on_pause_over, self);
}
