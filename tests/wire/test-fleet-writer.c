/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/fleet-writer.h"

#include "wire/fleet-document.h"

#include <string.h>

static DispModel *
new_model (const char *name, gint64 version, double sla)
{
  DispModel *model = disp_model_new (name, version);

  model->sla = sla;
  return model;
}

static DispContainer *
new_container (const char *name, const char *model, const char *node, double quota)
{
  DispContainer *container = disp_container_new ();

  container->name = g_strdup (name);
  container->model = g_strdup (model);
  container->version = 1;
  container->active = TRUE;
  container->node = g_strdup (node);
  container->port = 8501;
  container->endpoint = g_strdup_printf ("http://%s:8501", node);
  container->quota = quota;
  return container;
}

/* Two models on "a", of which one is in two versions, and a GPU for all of them on "g". */
static DispFleet *
new_fleet (void)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
  DispContainer *gpu = new_container ("gpu", DISP_MODEL_ALL, "g", 0.5);
  DispModel *other = new_model ("other", 1, 0.25);

  other->alpha = 0.5;
  other->profiled_rt = 2;
  gpu->device = DISP_DEVICE_GPU;
  gpu->active = FALSE;
  gpu->id = g_strdup ("0058c1");
  g_ptr_array_add (models, new_model ("half", 1, 1000));
  g_ptr_array_add (models, new_model ("half", 2, 0));
  g_ptr_array_add (models, other);
  g_ptr_array_add (containers, new_container ("cpu-0", "half", "a", 100000));
  g_ptr_array_add (containers, gpu);
  return disp_fleet_new (models, containers, NULL);
}

static char *
write_list (void (*write) (DispJsonWriter *writer, DispFleet *fleet, const char *node),
            DispFleet *fleet, const char *node)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  write (&writer, fleet, node);
  return disp_json_writer_steal (&writer);
}

#define HALF_1 "{\"name\":\"half\",\"version\":1,\"sla\":1000}"
#define HALF_2 "{\"name\":\"half\",\"version\":2,\"sla\":0}"
#define OTHER "{\"name\":\"other\",\"version\":1,\"sla\":0.25,\"alpha\":0.5,\"profiled_rt\":2}"
#define CPU                                                                                        \
  "{\"model\":\"half\",\"version\":1,\"container\":\"cpu-0\",\"container_id\":null,"               \
  "\"active\":true,\"device\":0,\"node\":\"a\",\"port\":8501,\"endpoint\":\"http://a:8501\","      \
  "\"quota\":100000}"
#define GPU                                                                                        \
  "{\"model\":\"all\",\"version\":1,\"container\":\"gpu\",\"container_id\":\"0058c1\","            \
  "\"active\":false,\"device\":1,\"node\":\"g\",\"port\":8501,\"endpoint\":\"http://g:8501\","     \
  "\"quota\":0.5}"

/* A node, and the models and containers that are listed for it. */
static const struct
{
  const char *node; /* (nullable) */
  const char *models;
  const char *containers;
} node_cases[] = {
  { NULL, "[" HALF_1 "," HALF_2 "," OTHER "]", "[" CPU "," GPU "]" },
  { "a", "[" HALF_1 "]", "[" CPU "]" },
  { "g", "[" HALF_1 "," HALF_2 "," OTHER "]", "[" GPU "]" },
  { "nobody", "[]", "[]" },
};

static void
test_lists (void)
{
  g_autoptr (DispFleet) fleet = new_fleet ();

  for (guint i = 0; i < G_N_ELEMENTS (node_cases); i++)
    {
      g_autofree char *models = write_list (disp_models_document_write, fleet, node_cases[i].node);
      g_autofree char *containers = write_list (disp_containers_document_write, fleet,
                                                node_cases[i].node);

      g_assert_cmpstr (models, ==, node_cases[i].models);
      g_assert_cmpstr (containers, ==, node_cases[i].containers);
    }
}

static void
test_nothing (void)
{
  g_autoptr (DispFleet) fleet = disp_fleet_new (
      g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free),
      g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref), NULL);
  g_autofree char *models = write_list (disp_models_document_write, fleet, NULL);
  g_autofree char *containers = write_list (disp_containers_document_write, fleet, NULL);

  g_assert_cmpstr (models, ==, "[]");
  g_assert_cmpstr (containers, ==, "[]");
}

/* Who reads what was written has the same containers. */
static void
test_round_trip (void)
{
  g_autoptr (DispFleet) fleet = new_fleet ();
  g_autofree char *text = write_list (disp_containers_document_write, fleet, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) parsed = disp_fleet_document_parse_containers (text, strlen (text), &error);
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);

  g_assert_no_error (error);
  g_assert_cmpuint (parsed->len, ==, n_containers);
  for (guint i = 0; i < n_containers; i++)
    {
      const DispContainer *container = g_ptr_array_index (parsed, i);

      g_assert_true (disp_container_is_same (container, containers[i]));
      g_assert_cmpstr (container->id, ==, containers[i]->id);
      g_assert_cmpstr (container->endpoint, ==, containers[i]->endpoint);
      g_assert_cmpfloat (container->quota, ==, containers[i]->quota);
      g_assert_true (container->active == containers[i]->active);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/fleet-writer/lists", test_lists);
  g_test_add_func ("/wire/fleet-writer/nothing", test_nothing);
  g_test_add_func ("/wire/fleet-writer/round-trip", test_round_trip);
  return g_test_run ();
}
