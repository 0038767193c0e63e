/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/route.h"

#include "core/error.h"

/**
 * disp_route_new:
 * @index: its place among the routes of its fleet
 * @model: (transfer none): the name of the model, which must live as long as the route
 * @version: the version; 0 with @any_version
 * @any_version: whether it leads to every version of the model
 *
 * Returns: (transfer full): a route that leads nowhere yet
 */
DispRoute *
disp_route_new (guint index, const char *model, gint64 version, gboolean any_version)
{
  DispRoute *self = g_new0 (DispRoute, 1);

  self->index = index;
  self->model = model;
  self->version = version;
  self->any_version = any_version;
  return self;
}

/**
 * disp_route_free:
 * @self: (transfer full): a route
 */
void
disp_route_free (DispRoute *self)
{
  g_free (self->containers);
  g_free (self->eligible);
  g_free (self->standings);
  g_free (self);
}

/**
 * disp_route_fill:
 * @self: a route that leads nowhere yet
 * @listed: (element-type DispContainer): the containers that serve it, which must live as long
 *
 * Gives a route its containers, in the order of @listed.  Those that share their counters are one
 * server, which is one choice: it is eligible if it is so anywhere in @listed.
 */
void
disp_route_fill (DispRoute *self, const GPtrArray *listed)
{
  g_autoptr (GHashTable) places = g_hash_table_new (NULL, NULL); /* counters to place, from 1 */

  self->containers = g_new0 (DispContainer *, listed->len);
  for (guint i = 0; i < listed->len; i++)
    {
      DispContainer *container = g_ptr_array_index (listed, i);
      guint place = GPOINTER_TO_UINT (g_hash_table_lookup (places, container->stats));

      if (place == 0)
        {
          self->containers[self->n_containers++] = container;
          g_hash_table_insert (places, container->stats, GUINT_TO_POINTER (self->n_containers));
        }
      else if (!disp_container_is_eligible (self->containers[place - 1])
               && disp_container_is_eligible (container))
        self->containers[place - 1] = container;
    }

  self->eligible = g_new (DispContainer *, self->n_containers);
  self->standings = g_new (DispStanding *, self->n_containers);
  for (guint i = 0; i < self->n_containers; i++)
    {
      DispContainer *container = self->containers[i];

      g_assert (container != NULL);
      if (!disp_container_is_eligible (container))
        continue;
      self->standings[self->n_eligible] = disp_standing_for_model (container->standing,
                                                                   self->model);
      self->eligible[self->n_eligible++] = container;
    }
}

/**
 * disp_route_check_eligible:
 * @self: a route
 * @error: %DISP_ERROR_NO_CONTAINER, saying how many of its containers are out for which reason
 *
 * Returns: whether at least one of its containers may be picked
 */
gboolean
disp_route_check_eligible (const DispRoute *self, GError **error)
{
  g_autofree char *version = NULL;
  g_autofree char *drained = NULL;
  guint n_inactive = 0;
  guint n_drained = 0;

  if (self->n_eligible > 0)
    return TRUE;
  version = self->any_version ? g_strdup ("")
                              : g_strdup_printf (" in version %" G_GINT64_FORMAT, self->version);
  for (guint i = 0; i < self->n_containers; i++)
    if (!self->containers[i]->active)
      n_inactive++;
    else if (self->containers[i]->drained)
      n_drained++;
  drained = n_drained > 0 ? g_strdup_printf (", %u are drained", n_drained) : g_strdup ("");
  if (self->n_containers == 0)
    g_set_error (error, DISP_ERROR, DISP_ERROR_NO_CONTAINER, "no container serves model \"%s\"%s",
                 self->model, version);
  else
    g_set_error (error, DISP_ERROR, DISP_ERROR_NO_CONTAINER,
                 "no container of model \"%s\"%s may be used: of %u, %u are not active%s and %u "
                 "have quota 0",
                 self->model, version, self->n_containers, n_inactive, drained,
                 self->n_containers - n_inactive - n_drained);
  return FALSE;
}
