/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/quota-change.h"

#include "core/error.h"

/* How many containers an error lists. */
#define MAX_LISTED 3

static gboolean
is_named (const DispQuotaChange *self, const DispContainer *container)
{
  return (self->container_id == NULL || g_strcmp0 (self->container_id, container->id) == 0)
         && (self->container == NULL || g_str_equal (self->container, container->name))
         && (self->endpoint == NULL || g_str_equal (self->endpoint, container->endpoint));
}

/* Whether both are entries of one container. */
static gboolean
is_one (const DispContainer *self, const DispContainer *other)
{
  if (self->id != NULL && other->id != NULL)
    return g_str_equal (self->id, other->id) && g_str_equal (self->name, other->name);
  return self->id == other->id && disp_container_is_same (self, other);
}

static void
set_unknown (const DispQuotaChange *self, GError **error)
{
  if (self->container_id == NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_CONTAINER,
                 "the fleet has no container \"%s\"", self->container);
  else
    g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_CONTAINER,
                 "the fleet has no container%s%s%s with the container_id \"%s\"",
                 self->container != NULL ? " \"" : "",
                 self->container != NULL ? self->container : "",
                 self->container != NULL ? "\"" : "", self->container_id);
}

static char *
list_containers (const GPtrArray *containers)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < containers->len && i < MAX_LISTED; i++)
    {
      const DispContainer *container = g_ptr_array_index (containers, i);

      g_string_append_printf (text, "%s\"%s\" at %s with ", i > 0 ? ", " : "", container->name,
                              container->endpoint);
      if (container->id != NULL)
        g_string_append_printf (text, "the container_id \"%s\"", container->id);
      else
        g_string_append (text, "no container_id");
    }
  if (containers->len > MAX_LISTED)
    g_string_append (text, ", …");
  return g_string_free (text, FALSE);
}

static gboolean
have_ids (const GPtrArray *containers)
{
  for (guint i = 0; i < containers->len; i++)
    if (((const DispContainer *) g_ptr_array_index (containers, i))->id == NULL)
      return FALSE;
  return TRUE;
}

static void
set_ambiguous (const DispQuotaChange *self, const GPtrArray *containers, GError **error)
{
  g_autofree char *list = list_containers (containers);
  const char *member = self->container != NULL ? "container" : "container_id";
  const char *expected = "\"container\" as well";

  if (self->container != NULL)
    expected = have_ids (containers) ? "\"container_id\""
                                     : "\"container_id\", which the fleet has to give each of them";
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
               "\"%s\" names several containers (%s), expected %s", member, list, expected);
}

static gboolean
check_quotas (const GPtrArray *entries, GError **error)
{
  const DispContainer *first = g_ptr_array_index (entries, 0);

  for (guint i = 1; i < entries->len; i++)
    {
      const DispContainer *other = g_ptr_array_index (entries, i);

      if (other->quota == first->quota)
        continue;
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "the fleet has container \"%s\" with the quotas %g and %g, expected one that "
                   "can be changed",
                   first->name, first->quota, other->quota);
      return FALSE;
    }
  return TRUE;
}

/* The entries of the one container that is meant (element-type DispContainer). */
static GPtrArray *
find_entries (const DispQuotaChange *self, DispFleet *fleet, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();
  g_autoptr (GPtrArray) others = g_ptr_array_new ();
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);

  for (guint i = 0; i < n_containers; i++)
    if (is_named (self, containers[i]))
      {
        g_ptr_array_add (others, containers[i]);
        if (is_one (containers[i], g_ptr_array_index (others, 0)))
          g_ptr_array_add (entries, containers[i]);
      }
  if (entries->len == 0)
    {
      set_unknown (self, error);
      return NULL;
    }
  if (others->len > entries->len)
    {
      set_ambiguous (self, others, error);
      return NULL;
    }
  return g_steal_pointer (&entries);
}

/**
 * disp_quota_change_find:
 * @self: a change
 * @fleet: a fleet as its source says it
 * @error: %DISP_ERROR_UNKNOWN_CONTAINER if it has no such container; %DISP_ERROR_INVALID_VALUE if
 *   it has several, saying what else has to be given, or if it lists the one with several quotas,
 *   each for another model or version
 *
 * Returns: (transfer none) (nullable): the first entry of the container
 */
DispContainer *
disp_quota_change_find (const DispQuotaChange *self, DispFleet *fleet, GError **error)
{
  g_autoptr (GPtrArray) entries = find_entries (self, fleet, error);

  return entries != NULL && check_quotas (entries, error) ? g_ptr_array_index (entries, 0) : NULL;
}

/**
 * disp_quota_change_find_any:
 * @self: a change, whose quota does not count
 * @fleet: a fleet as its source says it
 * @error: as of disp_quota_change_find(), but that the container may have several quotas
 *
 * Returns: (transfer none) (nullable): the first entry of the container
 */
DispContainer *
disp_quota_change_find_any (const DispQuotaChange *self, DispFleet *fleet, GError **error)
{
  g_autoptr (GPtrArray) entries = find_entries (self, fleet, error);

  return entries != NULL ? g_ptr_array_index (entries, 0) : NULL;
}

void
disp_quota_change_clear (DispQuotaChange *self)
{
  g_clear_pointer (&self->container_id, g_free);
  g_clear_pointer (&self->container, g_free);
  g_clear_pointer (&self->endpoint, g_free);
}
