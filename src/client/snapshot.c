/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/snapshot.h"

#include "client/properties.h"
#include "client/suggestion.h"
#include "core/error.h"

#include <glib/gi18n.h>
#include <string.h>

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define TREE_INTERFACE "org.freedesktop.DBus.ObjectManager"

static void
member_free (gpointer data)
{
  DispMember *self = data;

  g_free (self->path);
  g_free (self->name);
  g_variant_unref (self->properties);
  g_free (self);
}

static int
compare_members (gconstpointer a, gconstpointer b)
{
  const DispMember *first = *(const DispMember *const *) a;
  const DispMember *second = *(const DispMember *const *) b;
  g_autofree char *first_key = g_utf8_collate_key_for_filename (first->name, -1);
  g_autofree char *second_key = g_utf8_collate_key_for_filename (second->name, -1);
  int order = strcmp (first_key, second_key);

  return order != 0 ? order : strcmp (first->path, second->path);
}

/* So that strings of it can be borrowed as long as it is there. */
static GVariant *
serialize (GVariant *value)
{
  g_variant_get_data (value);
  return value;
}

static void
add_member (GPtrArray *members, const char *path, GVariant *properties)
{
  DispMember *member = g_new0 (DispMember, 1);

  member->path = g_strdup (path);
  member->properties = serialize (g_variant_ref (properties));
  member->name = g_strdup (disp_properties_string (properties, "Name"));
  g_ptr_array_add (members, member);
}

static void
add_objects (DispSnapshot *self, GVariant *objects)
{
  GVariantIter iter;
  const char *path;
  GVariant *interfaces;

  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_next (&iter, "{&o@a{sa{sv}}}", &path, &interfaces))
    {
      g_autoptr (GVariant) owned = interfaces;
      g_autoptr (GVariant) model = g_variant_lookup_value (owned, DISP_MODEL_INTERFACE,
                                                           G_VARIANT_TYPE_VARDICT);
      g_autoptr (GVariant) container = g_variant_lookup_value (owned, DISP_CONTAINER_INTERFACE,
                                                               G_VARIANT_TYPE_VARDICT);

      if (model != NULL)
        add_member (self->models, path, model);
      if (container != NULL)
        add_member (self->containers, path, container);
    }
}

/* Containers of one name are called by where they are, too. */
static void
name_apart (GPtrArray *containers)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < containers->len; i++)
    {
      const char *name = ((DispMember *) containers->pdata[i])->name;
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, name));

      g_hash_table_insert (counts, g_strdup (name), GUINT_TO_POINTER (n + 1));
    }
  for (guint i = 0; i < containers->len; i++)
    {
      DispMember *member = containers->pdata[i];
      const char *endpoint = disp_properties_string (member->properties, "Endpoint");
      const char *place = strstr (endpoint, "://");

      if (GPOINTER_TO_UINT (g_hash_table_lookup (counts, member->name)) > 1 && place != NULL)
        {
          g_autofree char *name = g_steal_pointer (&member->name);

          member->name = g_strconcat (name, "@", place + 3, NULL);
        }
    }
}

/**
 * disp_snapshot_take:
 * @daemon: the daemon
 * @error: as of disp_daemon_call()
 *
 * Returns: (transfer full) (nullable): what the daemon has now
 */
DispSnapshot *
disp_snapshot_take (const DispDaemon *daemon, GError **error)
{
  g_autoptr (GVariant) properties = disp_daemon_call (
      daemon, DISP_DAEMON_PATH, PROPERTIES_INTERFACE, "GetAll",
      g_variant_new ("(s)", DISP_DAEMON_NAME), "(a{sv})", error);
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) objects = NULL;
  DispSnapshot *self;

  if (properties == NULL)
    return NULL;
  answer = disp_daemon_call (daemon, DISP_DAEMON_PATH, TREE_INTERFACE, "GetManagedObjects", NULL,
                             "(a{oa{sa{sv}}})", error);
  if (answer == NULL)
    return NULL;
  self = g_new0 (DispSnapshot, 1);
  g_variant_get (properties, "(@a{sv})", &self->daemon);
  serialize (self->daemon);
  self->models = g_ptr_array_new_with_free_func (member_free);
  self->containers = g_ptr_array_new_with_free_func (member_free);
  g_variant_get (answer, "(@a{oa{sa{sv}}})", &objects);
  add_objects (self, objects);
  name_apart (self->containers);
  g_ptr_array_sort (self->models, compare_members);
  g_ptr_array_sort (self->containers, compare_members);
  return self;
}

void
disp_snapshot_free (DispSnapshot *self)
{
  g_variant_unref (self->daemon);
  g_ptr_array_unref (self->models);
  g_ptr_array_unref (self->containers);
  g_free (self);
}

/* Those that are called so, the best first. */
static char *
suggest (GPtrArray *members, const char *name)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < members->len; i++)
    g_ptr_array_add (names, ((const DispMember *) members->pdata[i])->name);
  g_ptr_array_add (names, NULL);
  return disp_suggest (name, (const char *const *) names->pdata);
}

/**
 * disp_snapshot_find_model:
 * @self: a snapshot
 * @name: what somebody wrote
 * @error: %DISP_ERROR_UNKNOWN_MODEL, listing those that there are
 *
 * Returns: (transfer none) (nullable): the model
 */
const DispMember *
disp_snapshot_find_model (const DispSnapshot *self, const char *name, GError **error)
{
  g_autofree char *names = NULL;

  for (guint i = 0; i < self->models->len; i++)
    {
      const DispMember *member = self->models->pdata[i];

      if (g_str_equal (member->name, name))
        return member;
    }
  names = suggest (self->models, name);
  if (*names == '\0')
    g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_MODEL,
                 _ ("there is no model \"%s\": the fleet has none at all"), name);
  else
    g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_MODEL,
                 _ ("there is no model \"%s\"; there are: %s"), name, names);
  return NULL;
}

/* Whether @member is what somebody means who wrote @name. */
static gboolean
is_called (const DispMember *member, const char *name)
{
  const char *id = disp_properties_string (member->properties, "Id");

  return g_str_equal (member->name, name)
         || g_str_equal (disp_properties_string (member->properties, "Name"), name)
         || (*id != '\0' && g_str_equal (id, name));
}

/**
 * disp_snapshot_find_container:
 * @self: a snapshot
 * @name: what somebody wrote: its name, "NAME@NODE:PORT" where several have that, or its id
 * @error: %DISP_ERROR_UNKNOWN_CONTAINER, listing those that can be meant
 *
 * Returns: (transfer none) (nullable): the container
 */
const DispMember *
disp_snapshot_find_container (const DispSnapshot *self, const char *name, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  g_autofree char *names = NULL;

  for (guint i = 0; i < self->containers->len; i++)
    if (is_called (self->containers->pdata[i], name))
      g_ptr_array_add (found, self->containers->pdata[i]);
  if (found->len == 1)
    return found->pdata[0];
  names = suggest (found->len > 0 ? found : self->containers, name);
  if (found->len > 0)
    g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_CONTAINER,
                 _ ("several containers are called \"%s\"; say which: %s"), name, names);
  else if (*names == '\0')
    g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_CONTAINER,
                 _ ("there is no container \"%s\": the fleet has none at all"), name);
  else
    g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_CONTAINER,
                 _ ("there is no container \"%s\"; there are: %s"), name, names);
  return NULL;
}

/**
 * disp_snapshot_get_name:
 * @self: a snapshot
 * @path: of a container
 *
 * Returns: (transfer none) (nullable): by which name it is called; %NULL if it is not there
 */
const char *
disp_snapshot_get_name (const DispSnapshot *self, const char *path)
{
  for (guint i = 0; i < self->containers->len; i++)
    {
      const DispMember *member = self->containers->pdata[i];

      if (g_str_equal (member->path, path))
        return member->name;
    }
  return NULL;
}
