/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/metrics.h"

#include "core/record.h"

/* What records tell of their models, in one pass over the records. */
struct _DispMetrics
{
  GPtrArray *models; /* (owned) (element-type DispModelMetrics, owned) as they first came */
  GHashTable *index; /* (owned) (element-type DispModelMetrics, unowned) a set of them */
};

/**
 * disp_spread_add:
 * @self: a row of numbers
 * @value: one more
 *
 * Numbers that are close together lose no digits (B. P. Welford, Note on a Method for Calculating
 * Corrected Sums of Squares and Products, 1962).
 */
void
disp_spread_add (DispSpread *self, double value)
{
  double distance = value - self->mean;

  self->n++;
  self->mean += distance / (double) self->n;
  self->squares += distance * (value - self->mean);
  self->min = self->n == 1 ? value : MIN (self->min, value);
  self->max = self->n == 1 ? value : MAX (self->max, value);
}

/**
 * disp_spread_get_variance:
 * @self: a row of at least two numbers
 *
 * Returns: the variance, taking the numbers for a sample
 */
double
disp_spread_get_variance (const DispSpread *self)
{
  g_return_val_if_fail (self->n >= 2, 0);

  return self->squares / (double) (self->n - 1);
}

static guint
model_metrics_hash (gconstpointer data)
{
  const DispModelMetrics *metrics = data;

  return g_str_hash (metrics->model) * 31 + g_int64_hash (&metrics->version);
}

static gboolean
model_metrics_equal (gconstpointer data, gconstpointer other_data)
{
  const DispModelMetrics *metrics = data;
  const DispModelMetrics *other = other_data;

  return metrics->version == other->version && g_str_equal (metrics->model, other->model);
}

static void
model_metrics_free (gpointer data)
{
  DispModelMetrics *metrics = data;

  g_free (metrics->model);
  g_free (metrics);
}

/**
 * disp_metrics_new:
 *
 * Returns: (transfer full): the metrics of no records
 */
DispMetrics *
disp_metrics_new (void)
{
  DispMetrics *self = g_new0 (DispMetrics, 1);

  self->models = g_ptr_array_new_with_free_func (model_metrics_free);
  self->index = g_hash_table_new (model_metrics_hash, model_metrics_equal);
  return self;
}

void
disp_metrics_free (DispMetrics *self)
{
  g_hash_table_unref (self->index);
  g_ptr_array_unref (self->models);
  g_free (self);
}

/* Finds the metrics of the record's model, or begins them. */
static DispModelMetrics *
find (DispMetrics *self, const DispRecord *record)
{
  const DispModelMetrics wanted = { .model = record->model, .version = record->version };
  DispModelMetrics *found = g_hash_table_lookup (self->index, &wanted);

  if (found != NULL)
    return found;
  found = g_new0 (DispModelMetrics, 1);
  found->model = g_strdup (record->model);
  found->version = record->version;
  g_ptr_array_add (self->models, found);
  g_hash_table_add (self->index, found);
  return found;
}

/**
 * disp_metrics_add:
 * @self: metrics
 * @record: a record that they do not count yet
 *
 * As the original Requests Store has it, whatever is not completed counts as waiting, errors too.
 */
void
disp_metrics_add (DispMetrics *self, const DispRecord *record)
{
  DispModelMetrics *metrics = find (self, record);

  if (record->state != DISP_RECORD_COMPLETED)
    {
      metrics->n_waiting++;
      return;
    }
  metrics->n_completed++;
  /* Others may have completed a record without saying when. */
  if (record->ts_in != 0 && record->ts_out != 0)
    disp_spread_add (&metrics->times, (double) (record->ts_out - record->ts_in) / G_USEC_PER_SEC);
}

/**
 * disp_metrics_get_models:
 * @self: metrics
 * @n_models: (out): how many there are
 *
 * Returns: (transfer none) (array length=n_models): one for each model and version, in the order in
 *   which their first records were added
 */
const DispModelMetrics *const *
disp_metrics_get_models (const DispMetrics *self, guint *n_models)
{
  *n_models = self->models->len;
  return (const DispModelMetrics *const *) self->models->pdata;
}
