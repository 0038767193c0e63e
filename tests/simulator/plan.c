/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/plan.h"

static DispContainer *
make_container (const SimDeviceSpec *spec, guint number, double quota)
{
  DispContainer *container = disp_container_new ();

  container->name = g_strdup (spec->name);
  container->model = g_strdup (spec->model);
  container->version = 1;
  container->device = spec->kind;
  container->quota = quota;
  container->max_in_flight = spec->max_in_flight;
  container->node = g_strdup ("127.0.0.1");
  container->port = (guint16) (number + 1);
  container->endpoint = g_strdup_printf ("http://127.0.0.1:%u", number + 1);
  return container;
}

/**
 * sim_plan_make_fleet:
 * @self: a plan
 * @quotas: (array): the quota of each device, or %SIM_ABSENT
 * @previous: (nullable): the fleet whose counters go on
 *
 * Returns: (transfer full): the fleet as it is then
 */
DispFleet *
sim_plan_make_fleet (const SimPlan *self, const double *quotas, DispFleet *previous)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);

  for (guint i = 0; i < self->n_models; i++)
    {
      DispModel *model = disp_model_new (self->models[i].name, 1);

      model->sla = self->models[i].sla;
      g_ptr_array_add (models, model);
    }
  for (guint i = 0; i < self->n_devices; i++)
    if (quotas[i] > SIM_ABSENT)
      g_ptr_array_add (containers, make_container (&self->devices[i], i, quotas[i]));
  return disp_fleet_new (models, containers, previous);
}
