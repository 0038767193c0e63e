/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/probabilities.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

/* How far from 1 the sum of a model's probabilities may be. */
#define SUM_TOLERANCE 1e-9

/* One type string for the options of a model: the probability of each container by its name. */
#define MODEL_TYPE G_VARIANT_TYPE ("a{sd}")

/* How many weights of candidates a choice keeps without memory of its own. */
#define N_KEPT 16

/*
 * Container i with probability P_i.  Candidates are the containers that may be used now, so those
 * that may not are left out and the rest share their part in proportion.  A model for which no
 * probabilities are given spreads in proportion to quota.
 */
struct _DispProbabilities
{
  GObject parent_instance;
  guint n_slots; /* immutable; a power of two, 0 = by quota */
  guint shift;   /* immutable; how many bits of a hash are too many */
  struct
  {
    char *name; /* (owned) (nullable) NULL = free */
    double probability;
  } * slots; /* (owned) (array length=n_slots) immutable: a hash table with open addresses */
};

static guint
find_slot (const DispProbabilities *self, const char *name, guint hash)
{
  /* The upper bits of the product are the best ones. */
  guint slot = hash * 0x9E3779B9U >> self->shift;

  while (self->slots[slot].name != NULL && !g_str_equal (self->slots[slot].name, name))
    slot = (slot + 1) & (self->n_slots - 1);
  return slot;
}

static double
weight_of (const DispProbabilities *self, const DispContainer *container)
{
  if (self->n_slots == 0)
    return container->quota;
  return self->slots[find_slot (self, container->name, container->name_hash)].probability;
}

static guint
draw (const double *weights, guint n_weights, double total, GRand *random)
{
  double left = g_rand_double (random) * total;
  guint last = 0;

  for (guint i = 0; i < n_weights; i++)
    if (weights[i] > 0)
      {
        last = i;
        left -= weights[i];
        if (left < 0)
          return i;
      }
  return last; /* rounding used the sum up */
}

static guint
probabilities_select (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                      G_GNUC_UNUSED const DispRequest *request, GRand *random)
{
  DispProbabilities *self = DISP_PROBABILITIES (policy);
  double kept[N_KEPT];
  g_autofree double *many = n_candidates > N_KEPT ? g_new (double, n_candidates) : NULL;
  double *weights = many != NULL ? many : kept;
  double total = 0;

  for (guint i = 0; i < n_candidates; i++)
    {
      weights[i] = weight_of (self, candidates[i]);
      total += weights[i];
    }
  /* All that is left has probability 0: better one of these than no answer. */
  if (total <= 0)
    return (guint) g_rand_int_range (random, 0, (gint32) n_candidates);
  return draw (weights, n_candidates, total, random);
}

static void
probabilities_get_chances (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                           double *chances)
{
  DispProbabilities *self = DISP_PROBABILITIES (policy);
  double total = 0;

  for (guint i = 0; i < n_candidates; i++)
    total += weight_of (self, candidates[i]);
  /* With probability 0 for all that is left, all are equally likely, as they are already here. */
  for (guint i = 0; total > 0 && i < n_candidates; i++)
    chances[i] = weight_of (self, candidates[i]) / total;
}

static void
probabilities_iface_init (DispPolicyInterface *iface)
{
  iface->select = probabilities_select;
  iface->get_chances = probabilities_get_chances;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispProbabilities, disp_probabilities, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, probabilities_iface_init))

static void
disp_probabilities_finalize (GObject *object)
{
  DispProbabilities *self = DISP_PROBABILITIES (object);

  for (guint i = 0; i < self->n_slots; i++)
    g_free (self->slots[i].name);
  g_free (self->slots);
  G_OBJECT_CLASS (disp_probabilities_parent_class)->finalize (object);
}

static void
disp_probabilities_class_init (DispProbabilitiesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_probabilities_finalize;
}

static void
disp_probabilities_init (G_GNUC_UNUSED DispProbabilities *self)
{
}

static gboolean
check_model (const char *model, GVariant *probabilities, GError **error)
{
  g_autoptr (GHashTable) named = g_hash_table_new (g_str_hash, g_str_equal);
  GVariantIter iter;
  const char *container;
  double probability;
  double sum = 0;

  g_variant_iter_init (&iter, probabilities);
  while (g_variant_iter_next (&iter, "{&sd}", &container, &probability))
    {
      if (!g_hash_table_add (named, (gpointer) container))
        {
          g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                       "the probabilities for model \"%s\" name the container \"%s\" twice", model,
                       container);
          return FALSE;
        }
      if (!(probability >= 0 && probability <= 1))
        {
          g_set_error (
              error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
              "the probability of container \"%s\" for model \"%s\" is %g, expected 0 to 1",
              container, model, probability);
          return FALSE;
        }
      sum += probability;
    }
  if (fabs (sum - 1) > SUM_TOLERANCE)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "the probabilities for model \"%s\" add up to %.10g, expected 1", model, sum);
      return FALSE;
    }
  return TRUE;
}

/**
 * disp_probabilities_check:
 * @options: (type a{sv}): for a model's name, its probabilities as a{sd}: container name to
 * probability
 * @error: %DISP_ERROR_INVALID_VALUE, naming the model and the container
 *
 * Returns: whether each model's probabilities are each in [0,1] and together 1 within 1e-9
 */
gboolean
disp_probabilities_check (GVariant *options, GError **error)
{
  g_autoptr (GHashTable) named = g_hash_table_new (g_str_hash, g_str_equal);
  GVariantIter iter;
  const char *model;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &model, &value))
    {
      g_autoptr (GVariant) probabilities = value;

      if (!g_hash_table_add (named, (gpointer) model))
        {
          g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                       "the probabilities for model \"%s\" are given twice", model);
          return FALSE;
        }
      if (!g_variant_is_of_type (probabilities, MODEL_TYPE))
        {
          g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                       "the probabilities for model \"%s\" have the type %s, expected a{sd}", model,
                       g_variant_get_type_string (probabilities));
          return FALSE;
        }
      if (!check_model (model, probabilities, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * disp_probabilities_check_fleet:
 * @options: (type a{sv}): options that disp_probabilities_check() accepts
 * @fleet: a fleet
 * @error: %DISP_ERROR_INVALID_VALUE, naming the container that the fleet does not have
 *
 * Returns: whether the fleet has every container that @options names
 */
gboolean
disp_probabilities_check_fleet (GVariant *options, DispFleet *fleet, GError **error)
{
  GVariantIter iter;
  const char *model;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &model, &value))
    {
      g_autoptr (GVariant) probabilities = value;
      GVariantIter containers;
      const char *container;

      g_variant_iter_init (&containers, probabilities);
      while (g_variant_iter_next (&containers, "{&sd}", &container, NULL))
        if (!disp_fleet_has_container (fleet, container))
          {
            g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                         "the probabilities for model \"%s\" name the container \"%s\", which the "
                         "fleet does not have",
                         model, container);
            return FALSE;
          }
    }
  return TRUE;
}

/**
 * disp_probabilities_new:
 * @options: (type a{sv}): options that disp_probabilities_check() accepts
 * @model: the model to choose for
 *
 * Returns: (transfer full): the policy "probabilities" for @model
 */
DispPolicy *
disp_probabilities_new (GVariant *options, const char *model)
{
  DispProbabilities *self = g_object_new (DISP_TYPE_PROBABILITIES, NULL);
  g_autoptr (GVariant) probabilities = g_variant_lookup_value (options, model, MODEL_TYPE);
  GVariantIter iter;
  char *container;
  double probability;
  guint n_bits;

  if (probabilities == NULL)
    return DISP_POLICY (self);
  n_bits = g_bit_storage (2 * g_variant_n_children (probabilities) + 1);
  self->shift = 32 - n_bits;
  self->n_slots = 1U << n_bits;
  self->slots = g_malloc0_n (self->n_slots, sizeof *self->slots);
  g_variant_iter_init (&iter, probabilities);
  while (g_variant_iter_next (&iter, "{sd}", &container, &probability))
    {
      guint slot = find_slot (self, container, g_str_hash (container));

      self->slots[slot].name = container;
      self->slots[slot].probability = probability;
    }
  return DISP_POLICY (self);
}
