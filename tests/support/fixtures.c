/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fixtures.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Containers, fleets and requests with as few words as a test wants to lose on them. */

/**
 * fixture_container:
 * @name: its name, which makes it another server than the other fixtures
 * @model: the model it serves, or %DISP_MODEL_ALL
 * @version: the version it serves
 * @device: its device
 * @quota: its quota
 *
 * Returns: (transfer full): an active container on loopback, with a port where nobody listens
 */
DispContainer *
fixture_container (const char *name, const char *model, gint64 version, DispDevice device,
                   double quota)
{
  DispContainer *self = disp_container_new ();

  self->name = g_strdup (name);
  /* As disp_fleet_new() does, for tests that have no fleet. */
  self->name_hash = g_str_hash (name);
  self->model = g_strdup (model);
  self->version = version;
  self->device = device;
  self->quota = quota;
  self->id = g_strconcat ("id-of-", name, NULL);
  self->node = g_strdup ("127.0.0.1");
  fixture_container_set_port (self, 1);
  return self;
}

/**
 * fixture_container_set_port:
 * @container: a fixture that no fleet has yet
 * @port: where its server listens on loopback
 */
void
fixture_container_set_port (DispContainer *container, guint16 port)
{
  container->port = port;
  g_free (container->endpoint);
  container->endpoint = g_strdup_printf ("http://%s:%u", container->node, port);
}

/* Models from "name:version name:version". */
static GPtrArray *
parse_models (const char *text)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  g_auto (GStrv) words = g_strsplit (text != NULL ? text : "", " ", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      char *colon = strchr (words[i], ':');

      g_assert_nonnull (colon);
      *colon = '\0';
      g_ptr_array_add (models, disp_model_new (words[i], strtoll (colon + 1, NULL, 10)));
    }
  return models;
}

/**
 * fixture_fleet_new:
 * @previous: (nullable): the snapshot whose counters go on
 * @models: (nullable): the models, as "name:version name:version"
 * @containers: (transfer full) (element-type DispContainer): the containers
 *
 * Returns: (transfer full): a snapshot
 */
DispFleet *
fixture_fleet_new (DispFleet *previous, const char *models, GPtrArray *containers)
{
  g_ptr_array_set_free_func (containers, (GDestroyNotify) disp_container_unref);
  return disp_fleet_new (parse_models (models), containers, previous);
}

/**
 * fixture_fleet:
 * @previous: (nullable): the snapshot whose counters go on
 * @models: (nullable): the models, as "name:version name:version"
 * @...: (transfer full): containers, then %NULL
 *
 * Returns: (transfer full): a snapshot
 */
DispFleet *
fixture_fleet (DispFleet *previous, const char *models, ...)
{
  GPtrArray *containers = g_ptr_array_new ();
  DispContainer *container;
  va_list arguments;

  va_start (arguments, models);
  while ((container = va_arg (arguments, DispContainer *)) != NULL)
    g_ptr_array_add (containers, container);
  va_end (arguments);
  return fixture_fleet_new (previous, models, containers);
}

/**
 * fixture_find:
 * @fleet: a fleet
 * @model: a model that it has
 * @version: a version that it has; 0 = the latest
 *
 * Returns: (transfer none): the route
 */
const DispRoute *
fixture_find (DispFleet *fleet, const char *model, gint64 version)
{
  const DispVersion wanted = {
    .kind = version == 0 ? DISP_VERSION_LATEST : DISP_VERSION_NUMBER,
    .number = version,
  };
  g_autoptr (GError) error = NULL;
  const DispRoute *route = disp_fleet_find (fleet, model, &wanted, &error);

  g_assert_no_error (error);
  g_assert_nonnull (route);
  return route;
}

/**
 * fixture_request:
 * @model: the model to ask
 * @version: its version; 0 = the latest
 * @instances: JSON text
 *
 * Returns: (transfer full): a prediction, whose members model and version are not forwarded
 */
DispRequest *
fixture_request (const char *model, gint64 version, const char *instances)
{
  static const char key[] = "\"instances\":";
  DispRequest *self = disp_request_new (DISP_VERB_PREDICT, 0);
  g_autofree char *head = NULL;
  char *body;

  self->model = g_strdup (model);
  self->version.kind = version == 0 ? DISP_VERSION_LATEST : DISP_VERSION_NUMBER;
  self->version.number = version;
  head = version == 0 ? g_strdup_printf ("{\"model\":\"%s\",", model)
                      : g_strdup_printf ("{\"model\":\"%s\",\"version\":%" G_GINT64_FORMAT ",",
                                         model, version);
  body = g_strconcat (head, key, instances, "}", NULL);
  self->body = g_bytes_new_take (body, strlen (body));
  self->slices[self->n_slices++] = (DispSlice){ 0, 1 };
  self->slices[self->n_slices++] = (DispSlice){ strlen (head), strlen (body) - strlen (head) };
  self->instances = (DispSlice){ strlen (head) + strlen (key), strlen (instances) };
  self->content_type = g_strdup ("application/json");
  return self;
}

/* One thread of fixture_run_threads(). */
typedef struct
{
  guint number;
  FixtureThread thread;
  gpointer user_data;
  atomic_uint *n_missing; /* (unowned) (atomic) threads that have not begun */
} Runner;

static gpointer
run (gpointer data)
{
  const Runner *runner = data;

  atomic_fetch_sub (runner->n_missing, 1);
  while (atomic_load (runner->n_missing) > 0)
    g_thread_yield ();
  runner->thread (runner->number, runner->user_data);
  return NULL;
}

/**
 * fixture_run_threads:
 * @n_threads: how many
 * @thread: what each does; it is told its number, from 0
 * @user_data: for @thread
 *
 * Runs threads that begin at the same moment, and waits until all have ended.
 */
void
fixture_run_threads (guint n_threads, FixtureThread thread, gpointer user_data)
{
  g_autofree Runner *runners = g_new (Runner, n_threads);
  g_autofree GThread **threads = g_new (GThread *, n_threads);
  atomic_uint n_missing = n_threads;

  for (guint i = 0; i < n_threads; i++)
    {
      runners[i] = (Runner){ i, thread, user_data, &n_missing };
      threads[i] = g_thread_new ("fixture", run, &runners[i]);
    }
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
}
