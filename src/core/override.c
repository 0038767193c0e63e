/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/override.h"

/* A list of overrides is in the order in which they were made. */

/**
 * disp_override_new:
 * @container: a container as the source says it
 * @quota: (nullable): the quota from now on; %NULL = that of the source
 * @is_drained: whether it gets no more requests
 *
 * Returns: (transfer full): an override
 */
DispOverride *
disp_override_new (const DispContainer *container, const double *quota, gboolean is_drained)
{
  DispOverride *self = g_rc_box_new0 (DispOverride);

  self->container_id = g_strdup (container->id);
  self->container = g_strdup (container->name);
  self->node = g_strdup (container->node);
  self->endpoint = g_strdup (container->endpoint);
  self->is_drained = is_drained;
  self->has_quota = quota != NULL;
  if (quota != NULL)
    {
      self->quota = *quota;
      self->source_quota = container->quota;
    }
  return self;
}

/**
 * disp_override_ref:
 * @self: an override
 *
 * Returns: (transfer full): @self; main thread
 */
DispOverride *
disp_override_ref (DispOverride *self)
{
  return g_rc_box_acquire (self);
}

static void
override_clear (gpointer data)
{
  DispOverride *self = data;

  g_free (self->container_id);
  g_free (self->container);
  g_free (self->node);
  g_free (self->endpoint);
}

/**
 * disp_override_unref:
 * @self: (transfer full): an override
 */
void
disp_override_unref (DispOverride *self)
{
  g_rc_box_release_full (self, override_clear);
}

/**
 * disp_overrides_new:
 *
 * Returns: (transfer full) (element-type DispOverride): an empty list
 */
GPtrArray *
disp_overrides_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) disp_override_unref);
}

/* An index has what the fleet lists of each container (element-type utf8 GPtrArray of
 * DispContainer): by name and node, also with the endpoint, and by name and id when there is one.
 * Names and nodes have no control characters. */

static char *
dup_id_key (const char *name, const char *id)
{
  return g_strconcat (name, "\n#", id, NULL);
}

static char *
dup_node_key (const char *name, const char *node)
{
  return g_strconcat (name, "\n@", node, NULL);
}

static char *
dup_exact_key (const char *name, const char *node, const char *endpoint)
{
  return g_strconcat (name, "\n@", node, "\n", endpoint, NULL);
}

/* Takes @key. */
static void
add_to_index (GHashTable *index, char *key, DispContainer *container)
{
  GPtrArray *entries = g_hash_table_lookup (index, key);

  if (entries == NULL)
    {
      entries = g_ptr_array_new ();
      g_hash_table_insert (index, key, entries);
    }
  else
    g_free (key);
  g_ptr_array_add (entries, container);
}

static GHashTable *
index_fleet (DispFleet *fleet)
{
  GHashTable *index = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                             (GDestroyNotify) g_ptr_array_unref);
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);

  for (guint i = 0; i < n_containers; i++)
    {
      DispContainer *entry = containers[i];

      if (entry->id != NULL)
        add_to_index (index, dup_id_key (entry->name, entry->id), entry);
      add_to_index (index, dup_node_key (entry->name, entry->node), entry);
      add_to_index (index, dup_exact_key (entry->name, entry->node, entry->endpoint), entry);
    }
  return index;
}

static gboolean
have_id (const GPtrArray *entries)
{
  for (guint i = 0; i < entries->len; i++)
    if (((const DispContainer *) g_ptr_array_index (entries, i))->id != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
are_at_one_endpoint (const GPtrArray *entries)
{
  const DispContainer *first = g_ptr_array_index (entries, 0);

  for (guint i = 1; i < entries->len; i++)
    if (!disp_container_is_same (g_ptr_array_index (entries, i), first))
      return FALSE;
  return TRUE;
}

/* What the fleet lists of the container that @override is for: mostly one entry, or one for each
 * model or version.  An id tells which it is, when both have one; else the node does, and if that
 * has several of the name, the endpoint. */
static const GPtrArray *
find_entries (GHashTable *index, const DispOverride *override)
{
  g_autofree char *key = dup_node_key (override->container, override->node);
  g_autofree char *exact = NULL;
  const GPtrArray *entries;

  if (override->container_id != NULL)
    {
      g_autofree char *by_id = dup_id_key (override->container, override->container_id);

      entries = g_hash_table_lookup (index, by_id);
      if (entries != NULL)
        return entries;
    }
  entries = g_hash_table_lookup (index, key);
  if (entries == NULL || (override->container_id != NULL && have_id (entries)))
    return NULL;
  if (are_at_one_endpoint (entries))
    return entries;
  if (override->endpoint == NULL)
    return NULL;
  exact = dup_exact_key (override->container, override->node, override->endpoint);
  return g_hash_table_lookup (index, exact);
}

/* The list without what is for @container, one of @fleet, of which the youngest is returned too. */
static GPtrArray *
remove_container (GPtrArray *overrides, DispFleet *fleet, const DispContainer *container,
                  const DispOverride **removed)
{
  g_autoptr (GHashTable) index = index_fleet (fleet);
  GPtrArray *list = disp_overrides_new ();

  *removed = NULL;
  for (guint i = 0; i < overrides->len; i++)
    {
      DispOverride *override = g_ptr_array_index (overrides, i);
      const GPtrArray *entries = find_entries (index, override);

      if (entries != NULL && g_ptr_array_find ((GPtrArray *) entries, container, NULL))
        *removed = override;
      else
        g_ptr_array_add (list, disp_override_ref (override));
    }
  return list;
}

/**
 * disp_overrides_replace:
 * @overrides: (element-type DispOverride): a list
 * @fleet: the fleet as the source says it
 * @container: a container of it
 * @quota: its quota from now on
 *
 * The quota that the source says needs no override.
 *
 * Returns: (transfer full) (element-type DispOverride): a list that gives @container that quota,
 * and all else what @overrides gives
 */
GPtrArray *
disp_overrides_replace (GPtrArray *overrides, DispFleet *fleet, const DispContainer *container,
                        double quota)
{
  const DispOverride *old;
  GPtrArray *list = remove_container (overrides, fleet, container, &old);
  const gboolean is_drained = old != NULL && old->is_drained;
  const gboolean has_quota = quota != container->quota;

  if (has_quota || is_drained)
    g_ptr_array_add (list, disp_override_new (container, has_quota ? &quota : NULL, is_drained));
  return list;
}

/**
 * disp_overrides_drain:
 * @overrides: (element-type DispOverride): a list
 * @fleet: the fleet as the source says it
 * @container: a container of it
 * @is_drained: whether it gets no more requests
 *
 * Returns: (transfer full) (element-type DispOverride): a list that says so of @container, and all
 * else that @overrides says
 */
GPtrArray *
disp_overrides_drain (GPtrArray *overrides, DispFleet *fleet, const DispContainer *container,
                      gboolean is_drained)
{
  const DispOverride *old;
  GPtrArray *list = remove_container (overrides, fleet, container, &old);
  const double *quota = old != NULL && old->has_quota ? &old->quota : NULL;

  if (quota != NULL || is_drained)
    g_ptr_array_add (list, disp_override_new (container, quota, is_drained));
  return list;
}

static gboolean
is_outdated (const DispOverride *self, const GPtrArray *entries)
{
  if (!self->has_quota)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    if (((const DispContainer *) g_ptr_array_index (entries, i))->quota != self->source_quota)
      return TRUE;
  return FALSE;
}

/* Which entries each override is for; NULL for those that are absent, which are counted. */
static GPtrArray *
find_all_entries (GPtrArray *overrides, GHashTable *index, guint *n_absent)
{
  GPtrArray *found = g_ptr_array_new ();

  *n_absent = 0;
  for (guint i = 0; i < overrides->len; i++)
    {
      g_ptr_array_add (found, (gpointer) find_entries (index, g_ptr_array_index (overrides, i)));
      if (g_ptr_array_index (found, i) == NULL)
        (*n_absent)++;
    }
  return found;
}

/* What is left of an override whose quota is over. */
static DispOverride *
dup_drain (const DispOverride *self)
{
  const DispContainer container = { .id = self->container_id,
                                    .name = self->container,
                                    .node = self->node,
                                    .endpoint = self->endpoint };

  return disp_override_new (&container, NULL, TRUE);
}

/* An override of a container that the fleet lists as @entries; notes in @applied where it is. */
static void
sort_override (DispOverride *override, const GPtrArray *entries, DispOverridden *result,
               GHashTable *applied)
{
  DispOverride *stays = override;

  if (is_outdated (override, entries))
    {
      g_ptr_array_add (result->outdated, disp_override_ref (override));
      if (!override->is_drained)
        return;
      stays = dup_drain (override);
    }
  else
    disp_override_ref (stays);
  g_ptr_array_add (result->overrides, stays);
  for (guint j = 0; j < entries->len; j++)
    g_hash_table_insert (applied, g_ptr_array_index (entries, j), stays);
}

/* Says what becomes of each override, and notes in @applied which is applied where. */
static void
sort_overrides (GPtrArray *overrides, DispFleet *fleet, DispOverridden *result, GHashTable *applied)
{
  g_autoptr (GHashTable) index = index_fleet (fleet);
  guint n_absent;
  g_autoptr (GPtrArray) found = find_all_entries (overrides, index, &n_absent);

  result->n_absent = MIN (n_absent, DISP_OVERRIDES_MAX_ABSENT);
  for (guint i = 0; i < overrides->len; i++)
    {
      DispOverride *override = g_ptr_array_index (overrides, i);
      const GPtrArray *entries = g_ptr_array_index (found, i);

      if (entries != NULL)
        sort_override (override, entries, result, applied);
      else if (n_absent > DISP_OVERRIDES_MAX_ABSENT)
        n_absent--;
      else
        g_ptr_array_add (result->overrides, disp_override_ref (override));
    }
}

static DispFleet *
copy_fleet (DispFleet *fleet, GHashTable *applied)
{
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);
  GPtrArray *copies = g_ptr_array_new_full (n_containers, (GDestroyNotify) disp_container_unref);

  for (guint i = 0; i < n_containers; i++)
    {
      const DispOverride *override = g_hash_table_lookup (applied, containers[i]);

      g_ptr_array_add (copies, override != NULL ? disp_container_copy (
                                   containers[i], override->has_quota ? &override->quota : NULL,
                                   override->is_drained)
                                                : disp_container_ref (containers[i]));
    }
  return disp_fleet_new_with_containers (fleet, copies);
}

/**
 * disp_overrides_apply:
 * @overrides: (element-type DispOverride): a list
 * @fleet: a fleet as the source says it
 * @result: (out caller-allocates): what becomes of both
 *
 * A quota is over when the source says another one than it did when the operator overrode it.
 * It stays while the fleet has no such container, for containers come and go; but of those only
 * the youngest %DISP_OVERRIDES_MAX_ABSENT stay.  The fleet that comes of it has all containers in
 * the same order.
 */
void
disp_overrides_apply (GPtrArray *overrides, DispFleet *fleet, DispOverridden *result)
{
  g_autoptr (GHashTable) applied = g_hash_table_new (NULL, NULL);

  result->overrides = disp_overrides_new ();
  result->outdated = disp_overrides_new ();
  result->n_absent = 0;
  if (overrides->len > 0)
    sort_overrides (overrides, fleet, result, applied);
  result->fleet = g_hash_table_size (applied) > 0 ? copy_fleet (fleet, applied)
                                                  : disp_fleet_ref (fleet);
}

void
disp_overridden_clear (DispOverridden *self)
{
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  g_clear_pointer (&self->overrides, g_ptr_array_unref);
  g_clear_pointer (&self->outdated, g_ptr_array_unref);
}
