/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/object-tree.h"

/* The objects below the root: one for each container and for each model of the fleet in force.  An
 * object that the next fleet has too stays. */
struct _DispObjectTree
{
  GObject parent_instance;
  DispBusParts parts;
  DispAnnouncer *announcer;            /* (unowned) (nullable) until disp_object_tree_clear() */
  GDBusObjectManagerServer *directory; /* (owned) */
  DispFleet *fleet;                    /* (owned) (nullable) what is shown */
  GHashTable *objects;   /* (owned) (element-type utf8 GDBusInterfaceSkeleton, owned) by path */
  GHashTable *paths;     /* (owned) (element-type DispContainer utf8, owned) of each server */
  GPtrArray *containers; /* (owned) (element-type DispContainerObject) in the order of the fleet */
};

G_DEFINE_FINAL_TYPE (DispObjectTree, disp_object_tree, G_TYPE_OBJECT)

static void
release_container (gpointer container)
{
  disp_container_unref (container);
}

static void
disp_object_tree_finalize (GObject *object)
{
  DispObjectTree *self = DISP_OBJECT_TREE (object);

  g_hash_table_unref (self->paths);
  g_hash_table_unref (self->objects);
  g_ptr_array_unref (self->containers);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  g_object_unref (self->directory);
  disp_bus_parts_clear (&self->parts);
  G_OBJECT_CLASS (disp_object_tree_parent_class)->finalize (object);
}

static void
disp_object_tree_class_init (DispObjectTreeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_object_tree_finalize;
}

static GHashTable *
new_paths (void)
{
  return g_hash_table_new_full (disp_container_hash, disp_container_is_same, release_container,
                                g_free);
}

static void
disp_object_tree_init (DispObjectTree *self)
{
  self->directory = g_dbus_object_manager_server_new (DISP_BUS_PATH);
  self->objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->paths = new_paths ();
  self->containers = g_ptr_array_new ();
}

/**
 * disp_object_tree_new:
 * @parts: what the objects stand on; copied
 * @announcer: tells of their changes, until disp_object_tree_clear()
 *
 * Returns: (transfer full): a tree without objects, for the thread of the bus
 */
DispObjectTree *
disp_object_tree_new (const DispBusParts *parts, DispAnnouncer *announcer)
{
  DispObjectTree *self = g_object_new (DISP_TYPE_OBJECT_TREE, NULL);

  self->parts = disp_bus_parts_copy (parts);
  self->announcer = announcer;
  return self;
}

/**
 * disp_object_tree_set_connection:
 * @self: the tree
 * @connection: (nullable): where to show it; %NULL = nowhere
 *
 * Shows all objects there, and the org.freedesktop.DBus.ObjectManager that lists them.
 */
void
disp_object_tree_set_connection (DispObjectTree *self, GDBusConnection *connection)
{
  g_dbus_object_manager_server_set_connection (self->directory, connection);
}

static void
add_object (DispObjectTree *self, const char *path, gpointer object)
{
  g_autoptr (GDBusObjectSkeleton) shell = g_dbus_object_skeleton_new (path);

  g_dbus_object_skeleton_add_interface (shell, object);
  g_dbus_object_manager_server_export (self->directory, shell);
  disp_announcer_add (self->announcer, object);
}

static void
remove_object (DispObjectTree *self, const char *path, gpointer object)
{
  disp_announcer_remove (self->announcer, object);
  g_dbus_object_manager_server_unexport (self->directory, path);
}

/* Containers. */

/* A server and the listings that the fleet has of it. */
typedef struct
{
  char *path;          /* (owned) (nullable) not yet known */
  GPtrArray *listings; /* (owned) (nullable) (element-type DispContainer, owned) until they are
                          given to its object */
} Server;

static void
server_free (gpointer data)
{
  Server *self = data;

  g_free (self->path);
  g_clear_pointer (&self->listings, g_ptr_array_unref);
  g_free (self);
}

/* Returns the servers of a fleet in its order. */
static GPtrArray *
list_servers (DispFleet *fleet)
{
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);
  GPtrArray *servers = g_ptr_array_new_with_free_func (server_free);
  g_autoptr (GHashTable) known = g_hash_table_new (disp_container_hash, disp_container_is_same);

  for (guint i = 0; i < n_containers; i++)
    {
      Server *server = g_hash_table_lookup (known, containers[i]);

      if (server == NULL)
        {
          server = g_new0 (Server, 1);
          server->listings = g_ptr_array_new_with_free_func (release_container);
          g_ptr_array_add (servers, server);
          g_hash_table_insert (known, containers[i], server);
        }
      g_ptr_array_add (server->listings, disp_container_ref (containers[i]));
    }
  return servers;
}

static void
name_servers (GPtrArray *servers)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < servers->len; i++)
    {
      const Server *server = g_ptr_array_index (servers, i);
      DispContainer *container = g_ptr_array_index (server->listings, 0);
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, container->name));

      g_hash_table_insert (counts, container->name, GUINT_TO_POINTER (count + 1));
    }
  for (guint i = 0; i < servers->len; i++)
    {
      Server *server = g_ptr_array_index (servers, i);
      const DispContainer *container = g_ptr_array_index (server->listings, 0);
      gboolean is_unique = GPOINTER_TO_UINT (g_hash_table_lookup (counts, container->name)) == 1;
      g_autofree char *full = is_unique
                                  ? g_strdup (container->name)
                                  : g_strdup_printf ("%s@%s:%u", container->name, container->node,
                                                     (guint) container->port);
      g_autofree char *escaped = g_dbus_escape_object_path (full);

      server->path = g_strconcat (DISP_BUS_PATH "/container/", escaped, NULL);
    }
}

/* Moves the object of a server from the old objects to the new ones, or makes one. */
static void
show_server (DispObjectTree *self, Server *server, GHashTable *old)
{
  DispContainer *container = g_ptr_array_index (server->listings, 0);
  DispContainerObject *object = g_hash_table_lookup (old, server->path);
  gboolean stays = object != NULL
                   && disp_container_is_same (disp_container_object_get_container (object),
                                              container);

  /* Two names that are written the same: the first has the path. */
  if (g_hash_table_contains (self->objects, server->path))
    return;
  g_hash_table_insert (self->paths, disp_container_ref (container), g_strdup (server->path));
  if (stays)
    {
      g_object_ref (object);
      disp_container_object_set_listings (object, g_steal_pointer (&server->listings));
    }
  else
    {
      if (object != NULL)
        remove_object (self, server->path, object);
      object = disp_container_object_new (&self->parts, g_steal_pointer (&server->listings));
      add_object (self, server->path, object);
    }
  g_hash_table_remove (old, server->path);
  g_hash_table_insert (self->objects, g_strdup (server->path), object);
  g_ptr_array_add (self->containers, object);
}

static void
show_containers (DispObjectTree *self, GHashTable *old)
{
  g_autoptr (GPtrArray) servers = list_servers (self->fleet);

  name_servers (servers);
  for (guint i = 0; i < servers->len; i++)
    show_server (self, g_ptr_array_index (servers, i), old);
}

/* Models. */

static void
entry_free (gpointer data)
{
  disp_model_entry_clear (data);
  g_free (data);
}

static int
compare_versions (gconstpointer a, gconstpointer b)
{
  gint64 first = ((const DispRoute *) *(gconstpointer *) a)->version;
  gint64 second = ((const DispRoute *) *(gconstpointer *) b)->version;

  return (first > second) - (first < second);
}

static void
add_containers (DispObjectTree *self, const DispRoute *route, DispModelEntry *entry)
{
  for (guint i = 0; i < route->n_containers; i++)
    {
      const char *path = disp_object_tree_find_path (self, route->containers[i]);

      if (path != NULL)
        g_ptr_array_add (entry->containers, g_strdup (path));
    }
}

/* Makes the entry of a model of its routes, one of which is that for any version. */
static DispModelEntry *
make_entry (DispObjectTree *self, GPtrArray *routes)
{
  DispModelEntry *entry = g_new0 (DispModelEntry, 1);
  GVariantBuilder targets;

  entry->versions = g_array_new (FALSE, FALSE, sizeof (gint64));
  entry->containers = g_ptr_array_new_with_free_func (g_free);
  g_variant_builder_init (&targets, G_VARIANT_TYPE ("a(xt)"));
  g_ptr_array_sort (routes, compare_versions);
  for (guint i = 0; i < routes->len; i++)
    {
      const DispRoute *route = g_ptr_array_index (routes, i);

      if (route->any_version)
        {
          add_containers (self, route, entry);
          continue;
        }
      g_array_append_val (entry->versions, route->version);
      if (route->sla > 0)
        g_variant_builder_add (&targets, "(xt)", route->version,
                               (guint64) (route->sla * G_TIME_SPAN_MILLISECOND));
    }
  g_ptr_array_add (entry->containers, NULL);
  entry->targets = g_variant_ref_sink (g_variant_builder_end (&targets));
  return entry;
}

/* Returns the models of the fleet: their routes by their names. */
static GHashTable *
list_models (DispFleet *fleet)
{
  guint n_routes;
  const DispRoute *const *routes = disp_fleet_get_routes (fleet, &n_routes);
  GHashTable *models = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                              (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < n_routes; i++)
    {
      GPtrArray *of_model = g_hash_table_lookup (models, routes[i]->model);

      if (of_model == NULL)
        {
          of_model = g_ptr_array_new ();
          g_hash_table_insert (models, (gpointer) routes[i]->model, of_model);
        }
      g_ptr_array_add (of_model, (gpointer) routes[i]);
    }
  return models;
}

static void
show_model (DispObjectTree *self, const char *name, DispModelEntry *entry, GHashTable *old)
{
  g_autofree char *escaped = g_dbus_escape_object_path (name);
  g_autofree char *path = g_strconcat (DISP_BUS_PATH "/model/", escaped, NULL);
  DispModelObject *object = g_hash_table_lookup (old, path);

  if (object != NULL)
    {
      g_object_ref (object);
      disp_model_object_set_entry (object, entry);
    }
  else
    {
      object = disp_model_object_new (&self->parts, name);
      disp_model_object_set_entry (object, entry);
      add_object (self, path, object);
    }
  g_hash_table_remove (old, path);
  g_hash_table_insert (self->objects, g_steal_pointer (&path), object);
}

static void
show_models (DispObjectTree *self, GHashTable *old)
{
  g_autoptr (GHashTable) models = list_models (self->fleet);
  GHashTableIter iter;
  gpointer name;
  gpointer routes;

  g_hash_table_iter_init (&iter, models);
  while (g_hash_table_iter_next (&iter, &name, &routes))
    {
      DispModelEntry *entry = make_entry (self, routes);

      show_model (self, name, entry, old);
      entry_free (entry);
    }
}

/* The tree. */

static void
replace_objects (DispObjectTree *self)
{
  g_autoptr (GHashTable) old = g_steal_pointer (&self->objects);
  GHashTableIter iter;
  gpointer path;
  gpointer object;

  self->objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  g_hash_table_unref (self->paths);
  self->paths = new_paths ();
  g_ptr_array_set_size (self->containers, 0);
  if (self->fleet != NULL)
    {
      show_containers (self, old);
      show_models (self, old);
    }
  g_hash_table_iter_init (&iter, old);
  while (g_hash_table_iter_next (&iter, &path, &object))
    remove_object (self, path, object);
}

/**
 * disp_object_tree_update:
 * @self: the tree
 *
 * Adds, changes and removes objects as the fleet in force demands, if that is another than before.
 */
void
disp_object_tree_update (DispObjectTree *self)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (self->parts.switchboard);

  if (routing == NULL || disp_routing_get_fleet (routing) == self->fleet)
    return;
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  self->fleet = disp_fleet_ref (disp_routing_get_fleet (routing));
  replace_objects (self);
}

/**
 * disp_object_tree_find_path:
 * @self: the tree
 * @container: a container of a fleet
 *
 * Returns: (transfer none) (nullable): the path of its object; %NULL if it has none now
 */
const char *
disp_object_tree_find_path (DispObjectTree *self, const DispContainer *container)
{
  return g_hash_table_lookup (self->paths, container);
}

/**
 * disp_object_tree_get_containers:
 * @self: the tree
 * @n_containers: (out): how many
 *
 * Returns: (transfer none) (array length=n_containers): the objects of the containers, in the order
 *   of the fleet
 */
DispContainerObject *const *
disp_object_tree_get_containers (DispObjectTree *self, guint *n_containers)
{
  *n_containers = self->containers->len;
  return (DispContainerObject *const *) self->containers->pdata;
}

/**
 * disp_object_tree_clear:
 * @self: the tree
 *
 * Removes all objects, for good.
 */
void
disp_object_tree_clear (DispObjectTree *self)
{
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  replace_objects (self);
  self->announcer = NULL;
}
