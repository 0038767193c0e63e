/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/pace.h"
#include "core/route.h"

/**
 * DispPaceTable:
 *
 * Containers and their paces: a hash table with open addresses, which never changes.
 */
typedef struct
{
  guint shift; /* how many bits of a hash are too many */
  guint n_slots;
  guint n_paces;
  struct
  {
    DispStats *stats; /* (unowned) (nullable) NULL = free */
    DispPace *pace;   /* (unowned) (nullable) of these */
  } slots[];          /* (array length=n_slots) */
} DispPaceTable;

/**
 * DispPaces:
 *
 * What one policy keeps of each container of its route.  Any thread may look something up, and none
 * of them waits.  The main thread makes a new table when the containers change, and puts it in the
 * place of the old one.  That is not freed before it has seen no reader since: who comes later
 * finds the new one.
 */
typedef struct
{
  /*< private >*/
  _Atomic (DispPaceTable *) table; /* (atomic) (owned) */
  atomic_int n_readers;            /* (atomic) threads that look into a table now */
  GHashTable *paces;     /* (owned) (element-type DispStats DispPace) main thread: those of table */
  GPtrArray *old_tables; /* (owned) (element-type DispPaceTable, owned) main thread */
  GPtrArray *old_paces;  /* (owned) (element-type DispPace, owned) main thread */
} DispPaces;

void disp_paces_init (DispPaces *self);
void disp_paces_clear (DispPaces *self);
void disp_paces_set_route (DispPaces *self, const DispRoute *route);

/* What is asked of each candidate at each decision stands here, to cost no calls. */

/**
 * disp_paces_enter:
 * @self: paces
 *
 * Returns: (transfer none): the table, which stays until disp_paces_leave()
 */
static inline const DispPaceTable *
disp_paces_enter (DispPaces *self)
{
  /* The order of all atomic operations on the table and the count is one for all threads: either
   * the main thread sees this reader, or this reader sees the new table. */
  atomic_fetch_add (&self->n_readers, 1);
  return atomic_load (&self->table);
}

/**
 * disp_paces_leave:
 * @self: paces that were entered
 */
static inline void
disp_paces_leave (DispPaces *self)
{
  atomic_fetch_sub (&self->n_readers, 1);
}

/**
 * disp_pace_table_hash:
 * @self: a table
 * @stats: the counters of a container
 *
 * The upper bits of the product are the best ones (D. E. Knuth, "The Art of Computer Programming",
 * vol. 3, section 6.4); the lowest of an address say nothing.
 *
 * Returns: the slot at which to begin to look for it
 */
static inline guint
disp_pace_table_hash (const DispPaceTable *self, const DispStats *stats)
{
  return (guint) (((guint64) (guintptr) stats >> 4) * G_GUINT64_CONSTANT (0x9E3779B97F4A7C15)
                  >> self->shift);
}

/**
 * disp_pace_table_find:
 * @self: a table
 * @stats: the counters of a container
 *
 * Returns: (transfer none) (nullable): its pace; %NULL = it is not of the route
 */
static inline DispPace *
disp_pace_table_find (const DispPaceTable *self, const DispStats *stats)
{
  guint slot = disp_pace_table_hash (self, stats);

  while (G_UNLIKELY (self->slots[slot].stats != stats))
    {
      if (self->slots[slot].stats == NULL)
        return NULL;
      slot = (slot + 1) & (self->n_slots - 1);
    }
  return self->slots[slot].pace;
}
