/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/check-subject.h"

#include "core/event.h"

/* One lost check must not take a good container out. */
#define MAX_FAILURES 2

/**
 * disp_check_subject_new:
 * @container: a container
 * @standing: (transfer none): that of a model there
 * @servers: (element-type DispStanding DispCheckServer): what the checks of each container have in
 *   common, by the standing of that; frees its values
 *
 * Returns: (transfer full): a model at a container that was never checked, to be filled in
 */
DispCheckSubject *
disp_check_subject_new (DispContainer *container, DispStanding *standing, GHashTable *servers)
{
  DispCheckSubject *self = g_new0 (DispCheckSubject, 1);
  DispCheckServer *server = g_hash_table_lookup (servers, container->standing);

  if (server == NULL)
    {
      server = g_new0 (DispCheckServer, 1);
      g_hash_table_insert (servers, container->standing, server);
    }

  self->container = disp_container_ref (container);
  self->standing = standing;
  self->server = server;
  self->versions = g_array_new (FALSE, FALSE, sizeof (gint64));
  server->n_subjects++;
  return self;
}

/**
 * disp_check_subject_free:
 * @self: (transfer full): a subject that waits in no line and is not being checked
 * @servers: as given to disp_check_subject_new()
 */
void
disp_check_subject_free (DispCheckSubject *self, GHashTable *servers)
{
  self->server->n_subjects--;
  if (self->server->n_subjects == 0)
    g_hash_table_remove (servers, self->container->standing);
  disp_container_unref (self->container);
  g_array_unref (self->versions);
  g_free (self->path);
  g_free (self);
}

/**
 * disp_check_subject_set_route:
 * @self: a subject
 * @container: its container in the fleet in force
 * @route: one that leads there; lives as long as that fleet is in force
 *
 * Tells it of a fleet.  Further routes of the model that lead there have but other versions, which
 * are to be added.
 */
void
disp_check_subject_set_route (DispCheckSubject *self, DispContainer *container,
                              const DispRoute *route)
{
  disp_container_ref (container);
  disp_container_unref (self->container);
  self->container = container;
  self->route = route;
  g_array_set_size (self->versions, 0);
  g_array_append_val (self->versions, route->version);
}

/* The path of one version says nothing of others; 0 is no version that could be asked for. */
static char *
build_path (DispCheckSubject *self, const DispEngineSettings *settings)
{
  const DispVersion latest = { .kind = DISP_VERSION_LATEST };
  const gboolean is_exact = settings->version_path == DISP_VERSION_PATH_EXACT;
  const gint64 version = g_array_index (self->versions, gint64, 0);
  const guint n = self->versions->len;

  self->n_wanted = is_exact && version != 0 ? n : 0;
  if (self->is_own_path)
    return g_strdup (settings->health_path);
  return disp_serving_path_build (settings->version_path, self->route->model, &latest,
                                  is_exact && n > 1 ? 0 : version, DISP_VERB_STATUS);
}

/**
 * disp_check_subject_set_path:
 * @self: a subject whose route and versions are set
 * @settings: the settings in force
 *
 * Decides what the container is asked for.
 *
 * Returns: whether that has changed, or was not known yet
 */
gboolean
disp_check_subject_set_path (DispCheckSubject *self, const DispEngineSettings *settings)
{
  g_autofree char *path = NULL;
  gboolean is_new = self->path == NULL;

  self->is_own_path = settings->health_path != NULL;
  path = build_path (self, settings);
  if (g_strcmp0 (path, self->path) == 0)
    return FALSE;
  g_free (self->path);
  self->path = g_steal_pointer (&path);
  /* Of a path that an operator named it is known that it tells something. */
  if (self->is_own_path || !is_new)
    self->server->tells_status = self->is_own_path;
  return TRUE;
}

static guint64
count_successes (const DispCheckSubject *self)
{
  DispStatsValues values;

  disp_stats_read (self->container->stats, &values);
  return values.succeeded;
}

/**
 * disp_check_subject_begin:
 * @self: a subject that is going to be checked
 *
 * Returns: what to ask; valid as long as nothing of @self changes
 */
DispCheckQuestion
disp_check_subject_begin (DispCheckSubject *self)
{
  self->n_succeeded = count_successes (self);
  return (DispCheckQuestion){
    .path = self->path,
    .is_own = self->is_own_path,
    .model = self->route->model,
    .versions = (const gint64 *) (gpointer) self->versions->data,
    .n_versions = self->n_wanted,
  };
}

/* In each of these an operator hears once what has changed. */

static void
tell_unchecked (DispCheckSubject *self, const char *reason)
{
  const DispContainer *container = self->container;

  if (self->server->is_told || self->server->tells_status)
    return;
  self->server->is_told = TRUE;
  disp_event_log (
      DISP_EVENT_CONTAINER_UNCHECKED,
      &(DispEventFields){ .container = container->name, .node = container->node, .reason = reason },
      "container %s does not tell the status of its models: %s", container->name, reason);
}

static void
tell_lost (DispCheckSubject *self, const char *reason)
{
  const DispContainer *container = self->container;

  if (self->server->is_lost)
    return;
  self->server->is_lost = TRUE;
  disp_event_log (
      DISP_EVENT_CONTAINER_LOST,
      &(DispEventFields){ .container = container->name, .node = container->node, .reason = reason },
      "container %s gets no requests until it answers a check: %s", container->name, reason);
}

static void
tell_found (DispCheckSubject *self)
{
  const DispContainer *container = self->container;

  if (!self->server->is_lost)
    return;
  self->server->is_lost = FALSE;
  disp_event_log (DISP_EVENT_CONTAINER_FOUND,
                  &(DispEventFields){ .container = container->name, .node = container->node },
                  "container %s answers checks again", container->name);
}

/* With @reason: why the model is not served. */
static void
tell_model (DispCheckSubject *self, const char *reason)
{
  const DispContainer *container = self->container;
  const DispEventFields fields = {
    .container = container->name,
    .node = container->node,
    .model = self->route->model,
    .reason = reason,
  };

  if (self->is_told == (reason != NULL))
    return;
  self->is_told = reason != NULL;
  if (reason == NULL)
    disp_event_log (DISP_EVENT_MODEL_AVAILABLE, &fields, "container %s serves model %s",
                    container->name, self->route->model);
  else
    disp_event_log (DISP_EVENT_MODEL_UNAVAILABLE, &fields,
                    "container %s does not serve model %s now: %s", container->name,
                    self->route->model, reason);
}

/* Nothing is said before it is so. */

static gboolean
set_in (DispCheckSubject *self, gint64 now)
{
  const gboolean is_news = disp_standing_set_available (self->standing, TRUE, now);

  self->n_failures = 0;
  self->out = DISP_CHECK_NOT_OUT;
  tell_found (self);
  tell_model (self, NULL);
  return is_news;
}

static gboolean
set_out_by_word (DispCheckSubject *self, const char *reason, gint64 now)
{
  const gboolean is_news = disp_standing_set_available (self->standing, FALSE, now);

  self->n_failures = 0;
  self->out = DISP_CHECK_OUT_BY_WORD;
  tell_found (self);
  tell_model (self, reason);
  return is_news;
}

/**
 * disp_check_subject_lose:
 * @self: a subject
 * @now: the time, in microseconds
 *
 * Learns that its container does not answer checks.
 *
 * Returns: whether the model gets no requests there from now on, and did before
 */
gboolean
disp_check_subject_lose (DispCheckSubject *self, gint64 now)
{
  self->out = DISP_CHECK_OUT_BY_SILENCE;
  return disp_standing_set_available (self->standing, FALSE, now);
}

/* Whoever answers requests is there, however long it lets a check wait. */
static gboolean
count_failure (DispCheckSubject *self, const char *reason, gint64 now)
{
  gboolean is_news;

  if (count_successes (self) != self->n_succeeded)
    {
      self->n_failures = 0;
      return FALSE;
    }
  self->n_failures++;
  if (self->n_failures < MAX_FAILURES && !self->server->is_lost)
    return FALSE;
  is_news = disp_check_subject_lose (self, now);
  tell_lost (self, reason);
  return is_news;
}

/**
 * disp_check_subject_learn:
 * @self: a subject whose check has ended
 * @finding: what that found
 * @reason: (nullable): why, in words
 * @now: the time, in microseconds
 *
 * What a container says of a model counts at once.  When it does not answer, the second time in a
 * row does.  A server that takes connections but was never seen to tell the status of models is not
 * held to that: it may well have nothing but predictions.
 *
 * Returns: whether the model gets requests there from now on, and did not before, or the other way
 *   round
 */
gboolean
disp_check_subject_learn (DispCheckSubject *self, DispFinding finding, const char *reason,
                          gint64 now)
{
  switch (finding)
    {
    case DISP_FINDING_AVAILABLE:
      self->server->tells_status = TRUE;
      return set_in (self, now);
    case DISP_FINDING_UNAVAILABLE:
      self->server->tells_status = TRUE;
      return set_out_by_word (self, reason, now);
    case DISP_FINDING_NOTHING:
      tell_unchecked (self, reason);
      return set_in (self, now);
    case DISP_FINDING_SILENT:
      return self->server->tells_status ? count_failure (self, reason, now) : set_in (self, now);
    case DISP_FINDING_UNREACHABLE:
    default:
      return count_failure (self, reason, now);
    }
}

/**
 * disp_check_subject_forget:
 * @self: a subject that is checked no longer
 * @now: the time, in microseconds
 *
 * What checks found counts no longer either.
 *
 * Returns: whether the model may get requests there that it did not get before
 */
gboolean
disp_check_subject_forget (DispCheckSubject *self, gint64 now)
{
  self->n_failures = 0;
  if (self->out == DISP_CHECK_NOT_OUT)
    return FALSE;
  self->out = DISP_CHECK_NOT_OUT;
  return disp_standing_set_available (self->standing, TRUE, now);
}

/**
 * disp_check_subject_is_ailing:
 * @self: a subject
 * @now: the time, in microseconds
 *
 * Returns: whether a look at it is worth more than at others: it is out, or about to be, or
 *   requests fail there
 */
gboolean
disp_check_subject_is_ailing (const DispCheckSubject *self, gint64 now)
{
  DispStatsValues values;
  gint64 next_change = G_MAXINT64;

  if (self->out != DISP_CHECK_NOT_OUT || self->n_failures > 0
      || disp_standing_get_state (self->standing, now, &next_change) >= DISP_HEALTH_FAILING)
    return TRUE;
  disp_stats_read (self->container->stats, &values);
  return values.failing;
}
