/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/fleet-writer.h"

/* Up to here each integer is a double: 2 to the 53. */
#define MAX_EXACT 9007199254740992.0

/* Clients tell integers from fractions by their digits: 100000, not 1e5. */
static void
write_amount (DispJsonWriter *writer, const char *key, double amount)
{
  if (amount >= 0 && amount <= MAX_EXACT && amount == (double) (gint64) amount)
    disp_json_writer_int (writer, key, (gint64) amount);
  else
    disp_json_writer_double (writer, key, amount);
}

static void
write_model (DispJsonWriter *writer, const DispModel *model)
{
  disp_json_writer_begin_object (writer, NULL);
  disp_json_writer_string (writer, "name", model->name);
  disp_json_writer_int (writer, "version", model->version);
  write_amount (writer, "sla", model->sla);
  if (model->alpha > 0)
    write_amount (writer, "alpha", model->alpha);
  if (model->profiled_rt > 0)
    write_amount (writer, "profiled_rt", model->profiled_rt);
  disp_json_writer_end_object (writer);
}

static gboolean
is_on (const DispContainer *container, const char *node)
{
  return node == NULL || g_str_equal (container->node, node);
}

static gboolean
names (const DispContainer *container, const DispModel *model)
{
  if (g_str_equal (container->model, DISP_MODEL_ALL))
    return TRUE;
  return g_str_equal (container->model, model->name) && container->version == model->version;
}

/* The containers of @fleet on @node. */
static GPtrArray *
list_containers (DispFleet *fleet, const char *node)
{
  GPtrArray *list = g_ptr_array_new ();
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);

  for (guint i = 0; i < n_containers; i++)
    if (is_on (containers[i], node))
      g_ptr_array_add (list, containers[i]);
  return list;
}

static gboolean
is_named (const DispModel *model, const GPtrArray *containers)
{
  for (guint i = 0; i < containers->len; i++)
    if (names (g_ptr_array_index (containers, i), model))
      return TRUE;
  return FALSE;
}

/**
 * disp_models_document_write:
 * @writer: where to write
 * @fleet: a fleet
 * @node: (nullable): a node; %NULL for all
 *
 * Writes what the Containers Manager answers to GET /models, or to GET /models/NODE: then only the
 * models that some container of that node names by name and version.  A container that serves every
 * model names them all.  A model without a target has the "sla" 0.
 */
void
disp_models_document_write (DispJsonWriter *writer, DispFleet *fleet, const char *node)
{
  g_autoptr (GPtrArray) containers = list_containers (fleet, node);
  guint n_models;
  DispModel *const *models = disp_fleet_get_models (fleet, &n_models);

  disp_json_writer_begin_array (writer, NULL);
  for (guint i = 0; i < n_models; i++)
    if (node == NULL || is_named (models[i], containers))
      write_model (writer, models[i]);
  disp_json_writer_end_array (writer);
}

/**
 * disp_containers_document_write:
 * @writer: where to write
 * @fleet: a fleet
 * @node: (nullable): a node; %NULL for all
 *
 * Writes what the Containers Manager answers to GET /containers, or to GET /containers/NODE.
 */
void
disp_containers_document_write (DispJsonWriter *writer, DispFleet *fleet, const char *node)
{
  g_autoptr (GPtrArray) containers = list_containers (fleet, node);

  disp_json_writer_begin_array (writer, NULL);
  for (guint i = 0; i < containers->len; i++)
    disp_container_document_write (writer, NULL, g_ptr_array_index (containers, i));
  disp_json_writer_end_array (writer);
}

/**
 * disp_container_document_write:
 * @writer: where to write
 * @key: (nullable): its name in the object around it; %NULL in an array and at the top
 * @container: a container of a fleet
 *
 * Writes @container as the Containers Manager lists it.  disp_fleet_document_parse_containers()
 * makes an equal one of that.
 */
void
disp_container_document_write (DispJsonWriter *writer, const char *key,
                               const DispContainer *container)
{
  disp_json_writer_begin_object (writer, key);
  disp_json_writer_string (writer, "model", container->model);
  disp_json_writer_int (writer, "version", container->version);
  disp_json_writer_string (writer, "container", container->name);
  disp_json_writer_string (writer, "container_id", container->id);
  disp_json_writer_boolean (writer, "active", container->active);
  disp_json_writer_int (writer, "device", (gint64) container->device);
  disp_json_writer_string (writer, "node", container->node);
  disp_json_writer_int (writer, "port", container->port);
  disp_json_writer_string (writer, "endpoint", container->endpoint);
  write_amount (writer, "quota", container->quota);
  disp_json_writer_end_object (writer);
}
