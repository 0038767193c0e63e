/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/statistics.h"

#include "client/properties.h"

#include <string.h>

static void
read_counters (DispCounters *self, GVariant *document)
{
  self->in_flight = disp_properties_count (document, "in-flight");
  self->requests = disp_properties_count (document, "requests");
  self->succeeded = disp_properties_count (document, "succeeded");
  self->failed = disp_properties_count (document, "failed");
  self->cancelled = disp_properties_count (document, "cancelled");
  self->latency = disp_properties_count (document, "latency");
  self->latencies = disp_properties_value (document, "latencies", "a(tt)");
}

static void
counters_clear (DispCounters *self)
{
  g_free (self->path);
  g_free (self->container);
  g_free (self->endpoint);
  g_clear_pointer (&self->latencies, g_variant_unref);
}

static void
counters_free (gpointer data)
{
  counters_clear (data);
  g_free (data);
}

static int
compare_counters (gconstpointer a, gconstpointer b)
{
  const DispCounters *first = *(const DispCounters *const *) a;
  const DispCounters *second = *(const DispCounters *const *) b;
  g_autofree char *first_key = g_utf8_collate_key_for_filename (first->container, -1);
  g_autofree char *second_key = g_utf8_collate_key_for_filename (second->container, -1);
  int order = strcmp (first_key, second_key);

  return order != 0 ? order : strcmp (first->path, second->path);
}

static gboolean
are_twins (GPtrArray *sorted, guint first)
{
  const DispCounters *const *counters = (const DispCounters *const *) sorted->pdata;

  return first + 1 < sorted->len
         && g_str_equal (counters[first]->container, counters[first + 1]->container);
}

/* Containers of one name, which stand side by side, are called by where they are, too. */
static void
name_apart (GPtrArray *sorted)
{
  gboolean is_second = FALSE;

  for (guint i = 0; i < sorted->len; i++)
    {
      DispCounters *counters = sorted->pdata[i];
      const char *place = strstr (counters->endpoint, "://");
      gboolean is_first = are_twins (sorted, i);

      if ((is_first || is_second) && place != NULL)
        {
          g_autofree char *name = g_steal_pointer (&counters->container);

          counters->container = g_strconcat (name, "@", place + 3, NULL);
        }
      is_second = is_first;
    }
}

static void
read_containers (DispStatistics *self, GVariant *document)
{
  g_autoptr (GVariant) containers = disp_properties_value (document, "containers", "aa{sv}");
  GVariantIter iter;
  GVariant *entry;

  g_variant_iter_init (&iter, containers);
  while ((entry = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_autoptr (GVariant) owned = entry;
      DispCounters *counters = g_new0 (DispCounters, 1);

      read_counters (counters, owned);
      counters->path = g_strdup (disp_properties_string (owned, "path"));
      counters->container = g_strdup (disp_properties_string (owned, "container"));
      counters->endpoint = g_strdup (disp_properties_string (owned, "endpoint"));
      counters->capacity = disp_properties_count (owned, "capacity");
      counters->quota = disp_properties_double (owned, "quota");
      counters->eligible = disp_properties_boolean (owned, "eligible");
      g_ptr_array_add (self->containers, counters);
    }
  g_ptr_array_sort (self->containers, compare_counters);
  name_apart (self->containers);
  g_ptr_array_sort (self->containers, compare_counters);
}

/**
 * disp_statistics_parse:
 * @document: (type a{sv}): what GetStatistics() answers
 *
 * Returns: (transfer full): it
 */
DispStatistics *
disp_statistics_parse (GVariant *document)
{
  DispStatistics *self = g_new0 (DispStatistics, 1);

  self->time = disp_properties_count (document, "time");
  self->uptime = disp_properties_count (document, "uptime");
  read_counters (&self->all, document);
  self->waiting = disp_properties_count (document, "waiting");
  self->waited = disp_properties_count (document, "waited");
  self->refused = disp_properties_count (document, "refused");
  self->records_stored = disp_properties_count (document, "records-stored");
  self->records_queued = disp_properties_count (document, "records-queued");
  self->records_spooled = disp_properties_count (document, "records-spooled");
  self->records_refused = disp_properties_count (document, "records-refused");
  self->records_dropped = disp_properties_count (document, "records-dropped");
  self->records_lost = disp_properties_count (document, "records-lost");
  self->containers = g_ptr_array_new_with_free_func (counters_free);
  read_containers (self, document);
  return self;
}

void
disp_statistics_free (DispStatistics *self)
{
  counters_clear (&self->all);
  g_ptr_array_unref (self->containers);
  g_free (self);
}

/**
 * disp_statistics_follows:
 * @self: statistics
 * @before: (nullable): others
 *
 * Returns: whether @before is an earlier moment of the same daemon, not of one before its restart
 */
gboolean
disp_statistics_follows (const DispStatistics *self, const DispStatistics *before)
{
  return before != NULL && self->time > before->time && self->uptime > before->uptime
         && self->all.requests >= before->all.requests;
}

/**
 * disp_statistics_find:
 * @self: (nullable): statistics
 * @path: of a container
 *
 * Returns: (transfer none) (nullable): its counters
 */
const DispCounters *
disp_statistics_find (const DispStatistics *self, const char *path)
{
  for (guint i = 0; self != NULL && i < self->containers->len; i++)
    {
      const DispCounters *counters = self->containers->pdata[i];

      if (g_str_equal (counters->path, path))
        return counters;
    }
  return NULL;
}

/* How many good answers were counted in the range with that upper bound. */
static guint64
count_at (const DispCounters *self, guint64 bound)
{
  GVariantIter iter;
  guint64 at;
  guint64 count;

  if (self == NULL)
    return 0;
  g_variant_iter_init (&iter, self->latencies);
  while (g_variant_iter_next (&iter, "(tt)", &at, &count))
    if (at == bound)
      return count;
  return 0;
}

/* The same since an earlier moment. */
static guint64
count_since (const DispCounters *self, const DispCounters *before, guint64 bound)
{
  guint64 now = count_at (self, bound);
  guint64 earlier = count_at (before, bound);

  return now > earlier ? now - earlier : 0;
}

static guint64
total_since (const DispCounters *self, const DispCounters *before)
{
  GVariantIter iter;
  guint64 bound;
  guint64 total = 0;

  g_variant_iter_init (&iter, self->latencies);
  while (g_variant_iter_next (&iter, "(tt)", &bound, NULL))
    total += count_since (self, before, bound);
  return total;
}

/**
 * disp_counters_percentile:
 * @self: counters
 * @before: (nullable): the same ones earlier; %NULL: from the start
 * @fraction: above 0, up to 1
 *
 * Returns: a bound that so much of the good answers since @before were within, in microseconds; 0
 *   when there were none
 */
guint64
disp_counters_percentile (const DispCounters *self, const DispCounters *before, double fraction)
{
  GVariantIter iter;
  guint64 bound = 0;
  double wanted = fraction * (double) total_since (self, before);
  guint64 so_far = 0;

  g_variant_iter_init (&iter, self->latencies);
  while ((double) so_far < wanted && g_variant_iter_next (&iter, "(tt)", &bound, NULL))
    so_far += count_since (self, before, bound);
  return bound;
}

/**
 * disp_counters_rate:
 * @self: counters
 * @before: (nullable): the same ones earlier
 * @span: how long that is ago, in microseconds
 *
 * Returns: how many requests came in a second since @before; negative when that is not known
 */
double
disp_counters_rate (const DispCounters *self, const DispCounters *before, guint64 span)
{
  if (before == NULL || span == 0 || self->requests < before->requests)
    return -1;
  return (double) (self->requests - before->requests) * G_USEC_PER_SEC / (double) span;
}
