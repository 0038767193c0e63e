/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/fleet.h"

#include "core/error.h"

/* The routes of one model: one for each version, in rising order, and one for whichever. */
typedef struct
{
  GPtrArray *versions; /* (owned) (element-type DispRoute, owned) */
  DispRoute *any;      /* (owned) */
} ModelRoutes;

struct _DispFleet
{
  GPtrArray *models;     /* (owned) (element-type DispModel, owned) */
  GPtrArray *containers; /* (owned) (element-type DispContainer, owned) */
  GPtrArray
      *routes; /* (owned) (element-type DispRoute, owned by by_model) in order of their index */
  GHashTable *by_model; /* (owned) (element-type utf8 ModelRoutes) */
};

/**
 * disp_model_new:
 * @name: its name
 * @version: its version
 *
 * Returns: (transfer full): a model without targets
 */
DispModel *
disp_model_new (const char *name, gint64 version)
{
  DispModel *self = g_new0 (DispModel, 1);

  self->name = g_strdup (name);
  self->version = version;
  return self;
}

void
disp_model_free (DispModel *self)
{
  g_free (self->name);
  g_free (self);
}

void
disp_version_clear (DispVersion *self)
{
  g_clear_pointer (&self->label, g_free);
}

static void
route_free (gpointer data)
{
  DispRoute *self = data;

  g_free (self->containers);
  g_free (self->eligible);
  g_free (self);
}

static void
model_routes_free (gpointer data)
{
  ModelRoutes *self = data;

  g_ptr_array_unref (self->versions);
  g_clear_pointer (&self->any, route_free);
  g_free (self);
}

static gboolean
route_serves (const DispRoute *route, const DispContainer *container)
{
  if (g_str_equal (container->model, DISP_MODEL_ALL))
    return TRUE;
  return g_str_equal (container->model, route->model)
         && (route->any_version || container->version == route->version);
}

static gboolean
lists_endpoint (const DispRoute *route, const DispContainer *container)
{
  for (guint i = 0; i < route->n_containers; i++)
    if (disp_container_is_same (route->containers[i], container))
      return TRUE;
  return FALSE;
}

/* Lists the containers that serve @route.  One server that the fleet names twice (once a version)
 * is one choice. */
static void
fill_route (DispRoute *route, GPtrArray *containers)
{
  route->containers = g_new (DispContainer *, containers->len);
  route->eligible = g_new (DispContainer *, containers->len);
  for (guint i = 0; i < containers->len; i++)
    {
      DispContainer *container = g_ptr_array_index (containers, i);

      if (!route_serves (route, container) || lists_endpoint (route, container))
        continue;
      route->containers[route->n_containers++] = container;
      if (disp_container_is_eligible (container))
        route->eligible[route->n_eligible++] = container;
    }
}

static DispRoute *
add_route (DispFleet *self, const char *model, gint64 version, gboolean any_version)
{
  DispRoute *route = g_new0 (DispRoute, 1);

  route->index = self->routes->len;
  route->model = model;
  route->version = version;
  route->any_version = any_version;
  fill_route (route, self->containers);
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
  routes->versions = g_ptr_array_new_with_free_func (route_free);
  routes->any = add_route (self, model, 0, TRUE);
  g_hash_table_insert (self->by_model, (gpointer) model, routes);
  return routes;
}

static DispRoute *
find_version (const ModelRoutes *routes, gint64 version)
{
  for (guint i = 0; i < routes->versions->len; i++)
    {
      DispRoute *route = g_ptr_array_index (routes->versions, i);

      if (route->version == version)
        return route;
    }
  return NULL;
}

static int
compare_versions (gconstpointer a, gconstpointer b)
{
  const DispRoute *first = *(DispRoute *const *) a;
  const DispRoute *second = *(DispRoute *const *) b;

  return (first->version > second->version) - (first->version < second->version);
}

static void
ensure_version (DispFleet *self, const char *model, gint64 version, double sla)
{
  ModelRoutes *routes = ensure_model (self, model);
  DispRoute *route = find_version (routes, version);

  if (route == NULL)
    {
      route = add_route (self, model, version, FALSE);
      g_ptr_array_add (routes->versions, route);
      g_ptr_array_sort (routes->versions, compare_versions);
    }
  if (sla > 0)
    route->sla = sla;
}

/* The counters of a container go on when the next snapshot has it too; so do those of a server
 * named twice. */
static void
share_stats (GPtrArray *containers, DispContainer *const *known, guint n_known)
{
  for (guint i = 0; i < containers->len; i++)
    {
      DispContainer *container = g_ptr_array_index (containers, i);

      for (guint j = 0; j < n_known && known[j] != container; j++)
        if (disp_container_is_same (container, known[j]))
          {
            disp_stats_unref (container->stats);
            container->stats = disp_stats_ref (known[j]->stats);
            break;
          }
    }
}

/**
 * disp_fleet_new:
 * @models: (transfer full) (element-type DispModel): the models; the array must free its elements
 * @containers: (transfer full) (element-type DispContainer): the containers; likewise
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
  self->routes = g_ptr_array_new ();
  self->by_model = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, model_routes_free);
  share_stats (containers, (DispContainer *const *) containers->pdata, containers->len);
  if (previous != NULL)
    share_stats (containers, (DispContainer *const *) previous->containers->pdata,
                 previous->containers->len);

  for (guint i = 0; i < models->len; i++)
    {
      const DispModel *model = g_ptr_array_index (models, i);

      ensure_version (self, model->name, model->version, model->sla);
    }
  for (guint i = 0; i < containers->len; i++)
    {
      const DispContainer *container = g_ptr_array_index (containers, i);

      if (!g_str_equal (container->model, DISP_MODEL_ALL))
        ensure_version (self, container->model, container->version, 0);
    }
  return self;
}

DispFleet *
disp_fleet_ref (DispFleet *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
fleet_clear (gpointer data)
{
  DispFleet *self = data;

  g_hash_table_unref (self->by_model);
  g_ptr_array_unref (self->routes);
  g_ptr_array_unref (self->models);
  g_ptr_array_unref (self->containers);
}

void
disp_fleet_unref (DispFleet *self)
{
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

static char *
describe_versions (const ModelRoutes *routes)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < routes->versions->len; i++)
    {
      const DispRoute *route = g_ptr_array_index (routes->versions, i);

      g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", route->version);
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
    return g_ptr_array_index (routes->versions, routes->versions->len - 1);
  route = find_version (routes, version->number);
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
  for (guint i = 0; i < self->containers->len; i++)
    {
      const DispContainer *container = g_ptr_array_index (self->containers, i);

      if (g_str_equal (container->name, name))
        return TRUE;
    }
  return FALSE;
}

/**
 * disp_route_check_eligible:
 * @self: a route
 * @error: %DISP_ERROR_NO_CONTAINER, saying why each of its containers is out
 *
 * Returns: whether at least one of its containers may be picked
 */
gboolean
disp_route_check_eligible (const DispRoute *self, GError **error)
{
  guint n_inactive = 0;

  if (self->n_eligible > 0)
    return TRUE;
  for (guint i = 0; i < self->n_containers; i++)
    n_inactive += self->containers[i]->active ? 0 : 1;
  if (self->n_containers == 0)
    g_set_error (error, DISP_ERROR, DISP_ERROR_NO_CONTAINER, "no container serves model \"%s\"",
                 self->model);
  else
    g_set_error (
        error, DISP_ERROR, DISP_ERROR_NO_CONTAINER,
        "no container of model \"%s\" may be used: of %u, %u are not active and %u have quota 0",
        self->model, self->n_containers, n_inactive, self->n_containers - n_inactive);
  return FALSE;
}
