/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/paces.h"

#include "core/tsan.h"

static void
table_add (DispPaceTable *self, DispPace *pace)
{
  guint slot = disp_pace_table_hash (self, pace->stats);

  while (self->slots[slot].stats != NULL)
    slot = (slot + 1) & (self->n_slots - 1);
  self->slots[slot].stats = pace->stats;
  self->slots[slot].pace = pace;
}

static DispPaceTable *
table_new (GHashTable *paces)
{
  guint n_bits = g_bit_storage (2 * g_hash_table_size (paces) + 1);
  DispPaceTable *self = g_malloc0 (sizeof *self + (sizeof *self->slots << n_bits));
  GHashTableIter iter;
  gpointer pace;

  self->shift = 64 - n_bits;
  self->n_slots = 1U << n_bits;
  self->n_paces = g_hash_table_size (paces);
  g_hash_table_iter_init (&iter, paces);
  while (g_hash_table_iter_next (&iter, NULL, &pace))
    table_add (self, pace);
  return self;
}

/**
 * disp_paces_init:
 * @self: (out caller-allocates): paces of no container yet
 */
void
disp_paces_init (DispPaces *self)
{
  self->paces = g_hash_table_new (NULL, NULL);
  self->old_tables = g_ptr_array_new_with_free_func (g_free);
  self->old_paces = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_pace_free);
  atomic_init (&self->n_readers, 0);
  atomic_store (&self->table, table_new (self->paces));
}

/**
 * disp_paces_clear:
 * @self: paces that no thread uses any more
 */
void
disp_paces_clear (DispPaces *self)
{
  GHashTableIter iter;
  gpointer pace;

  DISP_TSAN_ACQUIRE (self);
  g_hash_table_iter_init (&iter, self->paces);
  while (g_hash_table_iter_next (&iter, NULL, &pace))
    disp_pace_free (pace);
  g_hash_table_unref (self->paces);
  g_ptr_array_unref (self->old_tables);
  g_ptr_array_unref (self->old_paces);
  g_free (atomic_load (&self->table));
}

static gboolean
has_same_containers (DispPaces *self, const DispRoute *route)
{
  /* A route has no container twice. */
  if (g_hash_table_size (self->paces) != route->n_containers)
    return FALSE;
  for (guint i = 0; i < route->n_containers; i++)
    if (!g_hash_table_contains (self->paces, route->containers[i]->stats))
      return FALSE;
  return TRUE;
}

static void
replace_paces (DispPaces *self, const DispRoute *route)
{
  GHashTable *paces = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer pace;

  for (guint i = 0; i < route->n_containers; i++)
    {
      DispStats *stats = route->containers[i]->stats;

      if (!g_hash_table_steal_extended (self->paces, stats, NULL, &pace))
        pace = disp_pace_new (stats);
      g_hash_table_insert (paces, stats, pace);
    }
  g_hash_table_iter_init (&iter, self->paces);
  while (g_hash_table_iter_next (&iter, NULL, &pace))
    g_ptr_array_add (self->old_paces, pace);
  g_hash_table_unref (self->paces);
  self->paces = paces;
}

/**
 * disp_paces_set_route:
 * @self: paces
 * @route: the route whose containers they are of from now on
 *
 * Keeps those of the containers that it had and has.  Main thread.
 */
void
disp_paces_set_route (DispPaces *self, const DispRoute *route)
{
  if (!has_same_containers (self, route))
    {
      replace_paces (self, route);
      g_ptr_array_add (self->old_tables, atomic_exchange (&self->table, table_new (self->paces)));
    }
  if (self->old_tables->len > 0 && atomic_load (&self->n_readers) == 0)
    {
      g_ptr_array_set_size (self->old_tables, 0);
      g_ptr_array_set_size (self->old_paces, 0);
    }
  DISP_TSAN_RELEASE (self);
}
