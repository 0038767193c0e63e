/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/fleet.h"

#include "core/error.h"
#include "core/tsan.h"

/* The routes of one model: one for each version, and one for whichever. */
typedef struct
{
  GHashTable *versions; /* (owned) (element-type gint64 DispRoute, both owned by the fleet) */
  DispRoute *latest;    /* (owned by the fleet) the one with the highest version */
  DispRoute *any;       /* (owned by the fleet) */
} ModelRoutes;

struct _DispFleet
{
  GPtrArray *models;           /* (owned) (element-type DispModel, owned) */
  GPtrArray *containers;       /* (owned) (element-type DispContainer, owned) */
  GHashTable *container_names; /* (owned) (element-type utf8, owned by containers) a set */
  GPtrArray *routes;           /* (owned) (element-type DispRoute, owned) in order of their index */
  GHashTable *by_model;        /* (owned) (element-type utf8 ModelRoutes, owned) */
};

static void
model_routes_free (gpointer data)
{
  ModelRoutes *self = data;

  g_hash_table_unref (self->versions);
  g_free (self);
}

static DispRoute *
add_route (DispFleet *self, const char *model, gint64 version, gboolean any_version)
{
  DispRoute *route = disp_route_new (self->routes->len, model, version, any_version);

  g_ptr_array_add (self->routes, route);
  return route;
}

static ModelRoutes *
ensure_model (DispFleet *self, const char *model)
{
  ModelRoutes *routes = g_hash_table_lookup (self->by_model, model);

  if (routes != NULL)
    return routes;
  routes = g_new0 (ModelRoutes, 1);
  routes->versions = g_hash_table_new (g_int64_hash, g_int64_equal);
  routes->any = add_route (self, model, 0, TRUE);
  g_hash_table_insert (self->by_model, (gpointer) model, routes);
  return routes;
}

static DispRoute *
ensure_version (DispFleet *self, const char *model, gint64 version)
{
  ModelRoutes *routes = ensure_model (self, model);
  DispRoute *route = g_hash_table_lookup (routes->versions, &version);

  if (route != NULL)
    return route;
  route = add_route (self, model, version, FALSE);
  g_hash_table_insert (routes->versions, &route->version, route);
  if (routes->latest == NULL || version > routes->latest->version)
    routes->latest = route;
  return route;
}

static gboolean
serves_all (const DispContainer *container)
{
  return g_str_equal (container->model, DISP_MODEL_ALL);
}

/* One for whichever version and one for each version, of each model that the fleet lists or that a
 * container names. */
static void
add_routes (DispFleet *self)
{
  for (guint i = 0; i < self->models->len; i++)
    {
      const DispModel *model = g_ptr_array_index (self->models, i);
      DispRoute *route = ensure_version (self, model->name, model->version);

      if (model->sla > 0)
        route->sla = model->sla;
    }
  for (guint i = 0; i < self->containers->len; i++)
    {
      const DispContainer *container = g_ptr_array_index (self->containers, i);

      if (!serves_all (container))
        ensure_version (self, container->model, container->version);
    }
}

/* Tells each route its containers, in the order of the fleet.  One pass over the containers, since
 * a fleet may have a hundred thousand. */
static void
fill_routes (DispFleet *self)
{
  g_autoptr (GPtrArray) lists = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < self->routes->len; i++)
    g_ptr_array_add (lists, g_ptr_array_new ());
  for (guint i = 0; i < self->containers->len; i++)
    {
      DispContainer *container = g_ptr_array_index (self->containers, i);
      const ModelRoutes *routes;
      const DispRoute *route;

      if (serves_all (container))
        {
          for (guint j = 0; j < lists->len; j++)
            g_ptr_array_add (g_ptr_array_index (lists, j), container);
          continue;
        }
      routes = g_hash_table_lookup (self->by_model, container->model);
      route = g_hash_table_lookup (routes->versions, &container->version);
      g_ptr_array_add (g_ptr_array_index (lists, routes->any->index), container);
      g_ptr_array_add (g_ptr_array_index (lists, route->index), container);
    }
  for (guint i = 0; i < self->routes->len; i++)
    disp_route_fill (g_ptr_array_index (self->routes, i), g_ptr_array_index (lists, i));
}

/* What is known of a server goes on when the next snapshot has it too; and one that is listed twice
 * has one set of that. */
static void
share_knowledge (GPtrArray *containers, DispFleet *previous)
{
  g_autoptr (GHashTable) known = g_hash_table_new (disp_container_hash, disp_container_is_same);

  for (guint i = 0; previous != NULL && i < previous->containers->len; i++)
    g_hash_table_add (known, g_ptr_array_index (previous->containers, i));
  for (guint i = 0; i < containers->len; i++)
    {
      DispContainer *container = g_ptr_array_index (containers, i);
      const DispContainer *twin = g_hash_table_lookup (known, container);

      /* One that is in another fleet already has it, and is read by other threads. */
      if (container->identity == 0)
        {
          container->identity = disp_container_hash (container);
          container->name_hash = g_str_hash (container->name);
        }
      if (twin == NULL)
        g_hash_table_add (known, container);
      else if (twin->stats != container->stats)
        {
          disp_stats_unref (container->stats);
          container->stats = disp_stats_ref (twin->stats);
          disp_capacity_unref (container->capacity);
          container->capacity = disp_capacity_ref (twin->capacity);
          disp_standing_unref (container->standing);
          container->standing = disp_standing_ref (twin->standing);
        }
    }
}

/**
 * disp_fleet_new:
 * @models: (transfer full) (element-type DispModel): the models; the array must free its elements
 * @containers: (transfer full) (element-type DispContainer): the containers, which no fleet had
 * before; the array must release its elements
 * @previous: (nullable): the snapshot whose counters go on
 *
 * A fleet knows the models that it lists and those that its containers name.  It is immutable, so
 * any thread may read it.
 *
 * Returns: (transfer full): a snapshot
 */
DispFleet *
disp_fleet_new (GPtrArray *models, GPtrArray *containers, DispFleet *previous)
{
  DispFleet *self = g_atomic_rc_box_new0 (DispFleet);

  self->models = models;
  self->containers = containers;
  self->container_names = g_hash_table_new (g_str_hash, g_str_equal);
  self->routes = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_route_free);
  self->by_model = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, model_routes_free);

  for (guint i = 0; i < containers->len; i++)
    {
      const DispContainer *container = g_ptr_array_index (containers, i);

      g_hash_table_add (self->container_names, container->name);
    }
  share_knowledge (containers, previous);
  add_routes (self);
  fill_routes (self);
  return self;
}

static gpointer
copy_model (gconstpointer model, G_GNUC_UNUSED gpointer user_data)
{
  return disp_model_copy (model);
}

/**
 * disp_fleet_new_with_containers:
 * @self: a fleet
 * @containers: (transfer full) (element-type DispContainer): its containers, each as it is or a
 * disp_container_copy(); the array must release its elements
 *
 * Returns: (transfer full): a snapshot with the same models
 */
DispFleet *
disp_fleet_new_with_containers (DispFleet *self, GPtrArray *containers)
{
  /* They have the right counters already, so none is written to, which others may be reading. */
  return disp_fleet_new (g_ptr_array_copy (self->models, copy_model, NULL), containers, NULL);
}

/**
 * disp_fleet_ref:
 * @self: a fleet
 *
 * Returns: (transfer full): @self; any thread
 */
DispFleet *
disp_fleet_ref (DispFleet *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
fleet_clear (gpointer data)
{
  DispFleet *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_hash_table_unref (self->by_model);
  g_ptr_array_unref (self->routes);
  g_hash_table_unref (self->container_names);
  g_ptr_array_unref (self->models);
  g_ptr_array_unref (self->containers);
}

/**
 * disp_fleet_unref:
 * @self: (transfer full): a fleet
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_fleet_unref (DispFleet *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, fleet_clear);
}

/**
 * disp_fleet_get_models:
 * @self: a fleet
 * @n_models: (out): how many
 *
 * Returns: (transfer none) (array length=n_models): its models, as the source listed them
 */
DispModel *const *
disp_fleet_get_models (DispFleet *self, guint *n_models)
{
  *n_models = self->models->len;
  return (DispModel *const *) self->models->pdata;
}

/**
 * disp_fleet_get_containers:
 * @self: a fleet
 * @n_containers: (out): how many
 *
 * Returns: (transfer none) (array length=n_containers): its containers, as the source listed them
 */
DispContainer *const *
disp_fleet_get_containers (DispFleet *self, guint *n_containers)
{
  *n_containers = self->containers->len;
  return (DispContainer *const *) self->containers->pdata;
}

/**
 * disp_fleet_get_routes:
 * @self: a fleet
 * @n_routes: (out): how many
 *
 * Returns: (transfer none) (array length=n_routes): its routes, in order of their index
 */
const DispRoute *const *
disp_fleet_get_routes (DispFleet *self, guint *n_routes)
{
  *n_routes = self->routes->len;
  return (const DispRoute *const *) self->routes->pdata;
}

static int
compare_versions (gconstpointer a, gconstpointer b)
{
  const DispRoute *first = a;
  const DispRoute *second = b;

  return (first->version > second->version) - (first->version < second->version);
}

static char *
describe_versions (const ModelRoutes *routes)
{
  g_autoptr (GList) known = g_list_sort (g_hash_table_get_values (routes->versions),
                                         compare_versions);
  GString *text = g_string_new (NULL);

  for (const GList *i = known; i != NULL; i = i->next)
    {
      const DispRoute *route = i->data;

      g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i != known ? ", " : "", route->version);
    }
  return g_string_free (text, FALSE);
}

/**
 * disp_fleet_find:
 * @self: a fleet
 * @model: the name of a model
 * @version: which version of it
 * @error: %DISP_ERROR_UNKNOWN_MODEL or %DISP_ERROR_UNKNOWN_VERSION
 *
 * The latest version is the highest that the fleet knows.  A label leads to every container of the
 * model, since only the model server knows what it stands for.
 *
 * Returns: (transfer none) (nullable): the route, which lives as long as the fleet
 */
const DispRoute *
disp_fleet_find (DispFleet *self, const char *model, const DispVersion *version, GError **error)
{
  const ModelRoutes *routes = g_hash_table_lookup (self->by_model, model);
  const DispRoute *route;

  if (routes == NULL)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_MODEL, "the fleet has no model \"%s\"",
                   model);
      return NULL;
    }
  if (version->kind == DISP_VERSION_LABEL)
    return routes->any;
  if (version->kind == DISP_VERSION_LATEST)
    return routes->latest;
  route = g_hash_table_lookup (routes->versions, &version->number);
  if (route == NULL)
    {
      g_autofree char *known = describe_versions (routes);

      g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_VERSION,
                   "the fleet has no version %" G_GINT64_FORMAT " of model \"%s\", only %s",
                   version->number, model, known);
    }
  return route;
}

/**
 * disp_fleet_has_container:
 * @self: a fleet
 * @name: a name
 *
 * Returns: whether some container has that name
 */
gboolean
disp_fleet_has_container (DispFleet *self, const char *name)
{
  return g_hash_table_contains (self->container_names, name);
}
