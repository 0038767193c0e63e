/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/scenarios.h"

#include <stdlib.h>

/* What comes out of the scenarios, by whoever chooses: as a table, or each as a line of JSON. */

static char *scenario_name;
static char *variant_name;
static int first_seed = 1;
static int n_seeds = 1;
static int seconds = 30;
static gboolean as_json;

static const GOptionEntry entries[] = {
  { "scenario", 0, 0, G_OPTION_ARG_STRING, &scenario_name, "Only this fleet", "NAME" },
  { "chooser", 0, 0, G_OPTION_ARG_STRING, &variant_name, "Only this policy or balancer", "NAME" },
  { "seed", 0, 0, G_OPTION_ARG_INT, &first_seed, "The first seed (1)", "N" },
  { "seeds", 0, 0, G_OPTION_ARG_INT, &n_seeds, "How many seeds (1)", "N" },
  { "seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "How long, in simulated seconds (30)", "N" },
  { "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "A line of JSON for each", NULL },
  G_OPTION_ENTRY_NULL,
};

static void
print (const SimScenario *scenario, const SimVariant *variant, int seed)
{
  SimFigures figures = sim_measure (scenario, variant, (guint32) seed, (guint) seconds);

  g_print (as_json ? "{\"scenario\":\"%s\",\"chooser\":\"%s\",\"seed\":%d,\"throughput\":%.2f,"
                     "\"p50\":%.3f,\"p99\":%.3f,\"missed\":%.5f,\"refused\":%.5f,\"gpu\":%.5f}\n"
                   : "%-11s %-20s %4d %8.1f %8.1f %9.1f %8.3f %8.4f %6.3f\n",
           scenario->name, variant->name, seed, figures.throughput, figures.p50, figures.p99,
           figures.missed, figures.refused, figures.gpu);
}

static void
print_all (const SimScenario *only_scenario, const SimVariant *only_variant)
{
  if (!as_json)
    g_print ("%-11s %-20s %4s %8s %8s %9s %8s %8s %6s\n", "scenario", "chooser", "seed", "req/s",
             "p50 ms", "p99 ms", "missed", "refused", "GPU");
  for (guint i = 0; i < sim_n_scenarios; i++)
    for (guint k = 0; k < sim_n_variants; k++)
      for (int seed = first_seed; seed < first_seed + n_seeds; seed++)
        if ((only_scenario == NULL || only_scenario == &sim_scenarios[i])
            && (only_variant == NULL || only_variant == &sim_variants[k]))
          print (&sim_scenarios[i], &sim_variants[k], seed);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) options = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  const SimScenario *scenario = NULL;
  const SimVariant *variant = NULL;

  g_option_context_add_main_entries (options, entries, NULL);
  if (!g_option_context_parse (options, &argc, &argv, &error))
    {
      g_printerr ("simulate: %s\n", error->message);
      return EXIT_FAILURE;
    }
  if (scenario_name != NULL)
    scenario = sim_scenario_find (scenario_name);
  if (variant_name != NULL)
    variant = sim_variant_find (variant_name);
  if ((scenario_name != NULL && scenario == NULL) || (variant_name != NULL && variant == NULL)
      || seconds < 1)
    {
      g_printerr ("simulate: there is no such scenario, chooser or time\n");
      return EXIT_FAILURE;
    }
  sim_quieten_log ();
  print_all (scenario, variant);
  return EXIT_SUCCESS;
}
