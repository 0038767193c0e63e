/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/estimates.h"

#include "core/choice.h"
#include "core/least-loaded.h"
#include "core/pace.h"
#include "core/tsan.h"

/* A container of which nothing was heard for so many decisions, times the containers of the route,
 * is tried again: so not more than one request in so many is spent on that. */
#define EXPLORE_SPAN 256

/* Containers and their paces: a hash table with open addresses, which never changes. */
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
} Table;

/*
 * The main thread makes a new table when the containers change, and puts it in the place of the old
 * one.  That is not freed before it has seen no reader since: who comes later finds the new one.
 */
struct _DispEstimates
{
  _Atomic (Table *) table;   /* (atomic) (owned) */
  atomic_int n_readers;      /* (atomic) threads that look into a table now */
  atomic_ullong n_decisions; /* (atomic) */
  GHashTable *paces;     /* (owned) (element-type DispStats DispPace) main thread: those of table */
  GPtrArray *old_tables; /* (owned) (element-type Table, owned) main thread */
  GPtrArray *old_paces;  /* (owned) (element-type DispPace, owned) main thread */
};

/* The upper bits of the product are the best ones (D. E. Knuth, "The Art of Computer Programming",
 * vol. 3, section 6.4); the lowest of an address say nothing. */
static guint
table_hash (const Table *self, const DispStats *stats)
{
  return (guint) (((guint64) (guintptr) stats >> 4) * G_GUINT64_CONSTANT (0x9E3779B97F4A7C15)
                  >> self->shift);
}

static DispPace *
table_find (const Table *self, const DispStats *stats)
{
  guint slot = table_hash (self, stats);

  while (G_UNLIKELY (self->slots[slot].stats != stats))
    {
      if (self->slots[slot].stats == NULL)
        return NULL;
      slot = (slot + 1) & (self->n_slots - 1);
    }
  return self->slots[slot].pace;
}

static void
table_add (Table *self, DispPace *pace)
{
  guint slot = table_hash (self, pace->stats);

  while (self->slots[slot].stats != NULL)
    slot = (slot + 1) & (self->n_slots - 1);
  self->slots[slot].stats = pace->stats;
  self->slots[slot].pace = pace;
}

static Table *
table_new (GHashTable *paces)
{
  guint n_bits = g_bit_storage (2 * g_hash_table_size (paces) + 1);
  Table *self = g_malloc0 (sizeof *self + (sizeof *self->slots << n_bits));
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
 * disp_estimates_new:
 *
 * Returns: (transfer full): estimates of which nothing is known, not even the route
 */
DispEstimates *
disp_estimates_new (void)
{
  DispEstimates *self = g_new0 (DispEstimates, 1);

  self->paces = g_hash_table_new (NULL, NULL);
  self->old_tables = g_ptr_array_new_with_free_func (g_free);
  self->old_paces = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_pace_free);
  atomic_store (&self->table, table_new (self->paces));
  return self;
}

/**
 * disp_estimates_free:
 * @self: (transfer full): estimates that no thread uses any more
 */
void
disp_estimates_free (DispEstimates *self)
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
  g_free (self);
}

static gboolean
has_same_containers (DispEstimates *self, const DispRoute *route)
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
replace_paces (DispEstimates *self, const DispRoute *route)
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
 * disp_estimates_set_route:
 * @self: estimates
 * @route: the route for which they are, as it is from now on
 *
 * Keeps what is known of the containers that it had and has.  Main thread.
 */
void
disp_estimates_set_route (DispEstimates *self, const DispRoute *route)
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

/* The order of all atomic operations on the table and the count is one for all threads: either the
 * main thread sees this reader, or this reader sees the new table. */
static const Table *
enter (DispEstimates *self)
{
  atomic_fetch_add (&self->n_readers, 1);
  return atomic_load (&self->table);
}

static void
leave (DispEstimates *self)
{
  atomic_fetch_sub (&self->n_readers, 1);
}

static guint64
get_now (DispEstimates *self)
{
  return atomic_load_explicit (&self->n_decisions, memory_order_relaxed) + 1;
}

static guint64
get_span (const Table *table)
{
  return (guint64) EXPLORE_SPAN * table->n_paces;
}

/**
 * disp_estimates_started:
 * @self: estimates
 * @container: where an attempt begins
 */
void
disp_estimates_started (DispEstimates *self, const DispContainer *container)
{
  DispPace *pace = table_find (enter (self), container->stats);

  if (pace != NULL)
    disp_pace_start (pace);
  leave (self);
}

/**
 * disp_estimates_finished:
 * @self: estimates
 * @container: where an attempt ended, already without it in its counters
 * @outcome: how it ended
 * @duration: how long it took, in microseconds
 */
void
disp_estimates_finished (DispEstimates *self, const DispContainer *container, DispOutcome outcome,
                         gint64 duration)
{
  const Table *table = enter (self);
  DispPace *pace = table_find (table, container->stats);

  if (pace != NULL)
    disp_pace_end (pace, container, outcome, duration, get_now (self), get_span (table));
  leave (self);
}

/* Whose turn it is: of those whose last turn is longest ago the first; and the last turn of all. */
static DispPace *
find_turn (const Table *table, DispContainer *const *candidates, guint n_candidates, guint *index,
           unsigned long long *turn, unsigned long long *last)
{
  DispPace *found = NULL;

  *last = 0;
  for (guint i = 0; i < n_candidates; i++)
    {
      DispPace *pace = table_find (table, candidates[i]->stats);
      unsigned long long own;

      if (pace == NULL)
        return NULL;
      own = atomic_load_explicit (&pace->turn, memory_order_relaxed);
      *last = MAX (*last, own);
      if (found == NULL || own < *turn)
        {
          found = pace;
          *turn = own;
          *index = i;
        }
    }
  return found;
}

/**
 * disp_estimates_find_turn:
 * @self: estimates
 * @candidates: (array length=n_candidates): the containers to choose among
 * @n_candidates: how many, at least 1
 * @is_taken: whether the turn is taken, by one thread alone
 *
 * Finds whose turn it is: of those that are candidates now, the one whose last turn is longest ago.
 * So as long as the same are candidates each has one turn after the other, whatever threads do: no
 * thread can take a turn but the next one.
 *
 * Returns: the index of the one whose turn it is; @n_candidates if one of them is not of the route
 */
guint
disp_estimates_find_turn (DispEstimates *self, DispContainer *const *candidates, guint n_candidates,
                          gboolean is_taken)
{
  const Table *table = enter (self);
  guint index = n_candidates;
  unsigned long long turn = 0;
  unsigned long long last;
  DispPace *pace;

  do
    pace = find_turn (table, candidates, n_candidates, &index, &turn, &last);
  while (is_taken && pace != NULL
         && !atomic_compare_exchange_strong_explicit (&pace->turn, &turn, last + 1,
                                                      memory_order_relaxed, memory_order_relaxed));
  leave (self);
  return pace != NULL ? index : n_candidates;
}

/* While no pace is known at all, the load decides: for those without one it stands in the costs,
 * below 0. */
static void
settle_unknown (double *costs, guint n_costs, gboolean by_load)
{
  for (guint i = 0; i < n_costs; i++)
    if (costs[i] < 0 && costs[i] > DISP_COST_EXPLORE)
      costs[i] = by_load ? -costs[i] : G_MAXDOUBLE;
}

/**
 * disp_estimates_weigh:
 * @self: estimates
 * @candidates: containers
 * @places: (array length=n_places): which of them to look at
 * @n_places: how many
 * @costs: (out caller-allocates) (array length=n_places): for each the time in microseconds by
 *   which one attempt more would be done: its service time, times those in flight; or
 *   %DISP_COST_EXPLORE, if that is to be found out by the next request; or %G_MAXDOUBLE, if it is
 *   being found out.  If nothing is known of any, load by quota stands for the time.
 * @loads: (out caller-allocates) (array length=n_places): its load by quota, as of
 *   disp_least_loaded_weigh()
 */
void
disp_estimates_weigh (DispEstimates *self, DispContainer *const *candidates, const guint *places,
                      guint n_places, double *costs, double *loads)
{
  const Table *table = enter (self);
  guint64 now = get_now (self);
  guint64 span = get_span (table);
  guint n_unknown = 0;

  for (guint i = 0; i < n_places; i++)
    {
      const DispContainer *container = candidates[places[i]];
      DispPace *pace = table_find (table, container->stats);

      loads[i] = disp_least_loaded_weigh (container);
      costs[i] = pace != NULL ? disp_pace_get_completion (pace, loads[i]) : G_MAXDOUBLE;
      if (G_UNLIKELY (costs[i] >= G_MAXDOUBLE))
        {
          costs[i] = -loads[i] * (pace != NULL ? disp_pace_get_penalty (pace) : 1);
          n_unknown++;
        }
      if (pace != NULL && disp_pace_is_due (pace, now, span))
        costs[i] = DISP_COST_EXPLORE;
    }
  leave (self);
  if (G_UNLIKELY (n_unknown > 0))
    settle_unknown (costs, n_places, n_unknown == n_places);
}

/**
 * disp_estimates_get_time:
 * @self: estimates
 * @container: a container
 *
 * Returns: what one attempt more would take there, in microseconds, if it succeeds: the service
 *   time of the model there, as of disp_pace_get_service(), times the attempts of all models in
 *   flight there and the one that would come; 0 = not known
 */
double
disp_estimates_get_time (DispEstimates *self, const DispContainer *container)
{
  DispPace *pace = table_find (enter (self), container->stats);
  double service = pace != NULL ? disp_pace_get_service (pace, container) : 0;

  leave (self);
  return service * (disp_stats_get_in_flight (container->stats) + 1);
}

/* When one attempt more would be done at a container, if so many others went there before; 0 = not
 * known. */
static double
get_completion (const Table *table, const DispContainer *container, guint n_before)
{
  DispPace *pace = table_find (table, container->stats);
  double completion = pace != NULL ? disp_pace_get_completion (
                          pace, disp_least_loaded_weigh (container) + n_before / container->quota)
                                   : G_MAXDOUBLE;

  return completion < G_MAXDOUBLE ? completion : 0;
}

/**
 * disp_estimates_get_times:
 * @self: estimates
 * @containers: as of disp_policy_get_times()
 * @n_containers: likewise
 * @times: likewise
 *
 * Tells when one attempt more would be done at each; a container that fails seems slower.
 */
void
disp_estimates_get_times (DispEstimates *self, DispContainer *const *containers, guint n_containers,
                          double *times)
{
  const Table *table = enter (self);

  for (guint i = 0; i < n_containers; i++)
    times[i] = get_completion (table, containers[i], 0);
  leave (self);
}

/**
 * disp_estimates_is_claimed:
 * @self: estimates
 * @container: a container
 *
 * Returns: whether somebody has gone to try it, whatever was known of it, and has not begun yet
 */
gboolean
disp_estimates_is_claimed (DispEstimates *self, const DispContainer *container)
{
  DispPace *pace = table_find (enter (self), container->stats);
  gboolean is_claimed = pace != NULL && disp_pace_is_claimed (pace);

  leave (self);
  return is_claimed;
}

/**
 * disp_estimates_accept:
 * @self: estimates
 * @containers: as of disp_policy_accepts()
 * @n_containers: likewise
 * @index: likewise
 * @n_before: likewise
 * @waited: likewise
 *
 * A request should not take a slow container that is free when it would be done earlier at a fast
 * one that is not, after all that wait before it.  But it waits no longer than it would have been
 * at the slow one, since the fast one may never answer.
 *
 * Returns: whether it should take the free one
 */
gboolean
disp_estimates_accept (DispEstimates *self, DispContainer *const *containers, guint n_containers,
                       guint index, guint n_before, gint64 waited)
{
  const gboolean is_claimed = disp_estimates_is_claimed (self, containers[index]);
  const Table *table = enter (self);
  double own = get_completion (table, containers[index], 0);
  gboolean accepts = TRUE;

  if (own > (double) waited && !is_claimed)
    for (guint i = 0; i < n_containers && accepts; i++)
      {
        double other = i != index ? get_completion (table, containers[i], n_before) : 0;

        accepts = other <= 0 || other >= own;
      }
  leave (self);
  return accepts;
}

/**
 * disp_estimates_would_meet:
 * @self: estimates
 * @container: a container that may be used
 * @n_before: how many wait for one before
 * @waited: how long the request has waited, in microseconds
 * @target: in what time in all it should be done, in microseconds
 *
 * Returns: whether it is likely to, if it goes on waiting for that container.  It is not when it
 *   has waited longer than expected: then the container may not answer any more.  While nothing is
 *   known of the container it is, for a quarter of that time.
 */
gboolean
disp_estimates_would_meet (DispEstimates *self, const DispContainer *container, guint n_before,
                           gint64 waited, double target)
{
  double completion = get_completion (enter (self), container, n_before);

  leave (self);
  if (completion <= 0)
    return (double) waited <= target / 4;
  return (double) waited <= 2 * completion && (double) waited + completion <= target;
}

static gboolean
claim (DispEstimates *self, const DispContainer *container)
{
  DispPace *pace = table_find (enter (self), container->stats);
  gboolean claimed = pace != NULL && disp_pace_claim (pace, get_now (self));

  leave (self);
  return claimed;
}

/**
 * disp_estimates_choose:
 * @self: estimates
 * @candidates: containers
 * @places: (array length=n_places): which of them to choose among
 * @n_places: how many, 1 to %DISP_CHOICE_SCAN
 * @costs: (inout) (array length=n_places): what each costs, as of disp_estimates_weigh()
 * @random: a generator of the calling thread
 *
 * Decides.  One that is to be tried is chosen before all others, by one thread alone; if that is
 * another its cost becomes %G_MAXDOUBLE.
 *
 * Returns: the index in @places of the one with the lowest cost
 */
guint
disp_estimates_choose (DispEstimates *self, DispContainer *const *candidates, const guint *places,
                       guint n_places, double *costs, GRand *random)
{
  guint chosen = disp_choice_lowest (costs, n_places, random);

  atomic_fetch_add_explicit (&self->n_decisions, 1, memory_order_relaxed);
  while (costs[chosen] < 0 && !claim (self, candidates[places[chosen]]))
    {
      costs[chosen] = G_MAXDOUBLE;
      chosen = disp_choice_lowest (costs, n_places, random);
    }
  return chosen;
}

/**
 * disp_estimates_select:
 * @self: estimates
 * @candidates: (array length=n_candidates): the containers to choose among
 * @n_candidates: how many, at least 1
 * @random: a generator of the calling thread
 *
 * Returns: the index of the one that would be done first, or of one that is to be tried
 */
guint
disp_estimates_select (DispEstimates *self, DispContainer *const *candidates, guint n_candidates,
                       GRand *random)
{
  guint places[DISP_CHOICE_SCAN];
  double costs[DISP_CHOICE_SCAN];
  double loads[DISP_CHOICE_SCAN];
  guint n_places = disp_choice_sample (n_candidates, random, places);

  disp_estimates_weigh (self, candidates, places, n_places, costs, loads);
  return places[disp_estimates_choose (self, candidates, places, n_places, costs, random)];
}
