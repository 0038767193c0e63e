/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/sticky.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

#define HEADER_OPTION "header"
#define LOAD_FACTOR_OPTION "load-factor"

/* Of long instances so many words, from all over them, tell them from others. */
#define N_WORDS 32

/*
 * What is alike goes to the same container, as long as that is there, so that its caches stay warm.
 * The container is found by rendezvous hashing (D. G. Thaler and C. V. Ravishankar, "Using
 * Name-Based Mappings to Increase Hit Rates", 1998), weighted by quota: when one comes or goes,
 * only what goes to it moves.  No container gets more than a factor above its share of all that is
 * in flight (V. Mirrokni, M. Thorup and M. Zadimoghaddam, "Consistent Hashing with Bounded Loads",
 * 2018): what is too much goes to the next one.
 */
struct _DispSticky
{
  GObject parent_instance;
  double load_factor; /* immutable */
};

/* The finalizer of SplitMix64: each bit of the result depends on each of the input (G. L. Steele,
 * D. Lea and C. H. Flood, "Fast Splittable Pseudorandom Number Generators", 2014). */
static guint64
mix (guint64 value)
{
  value = (value ^ (value >> 30)) * G_GUINT64_CONSTANT (0xBF58476D1CE4E5B9);
  value = (value ^ (value >> 27)) * G_GUINT64_CONSTANT (0x94D049BB133111EB);
  return value ^ (value >> 31);
}

static guint64
add_word (guint64 hash, const char *bytes, gsize length)
{
  guint64 word = 0;

  memcpy (&word, bytes, length);
  hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9E3779B97F4A7C15);
  return hash ^ hash >> 32;
}

/* Eight bytes at a time; the rest is filled up with zeroes, and the length tells that. */
static guint64
hash_range (const char *bytes, gsize length)
{
  gsize step = MAX (length / N_WORDS, 8);
  guint64 hash = length;
  gsize at = 0;

  for (; at + 8 <= length; at += step)
    hash = add_word (hash, bytes + at, 8);
  return at < length ? add_word (hash, bytes + at, length - at) : hash;
}

/* What tells which requests are alike: the value of the header field, else the instances, else the
 * whole body; without all of these any two are. */
static guint64
hash_request (const DispRequest *request, GRand *random)
{
  gsize length;
  const char *body;

  if (request->affinity != NULL)
    return hash_range (request->affinity, strlen (request->affinity));
  if (request->body == NULL)
    return g_rand_int (random);
  body = g_bytes_get_data (request->body, &length);
  if (request->instances.length > 0)
    return hash_range (body + request->instances.offset, request->instances.length);
  return body != NULL ? hash_range (body, length) : 0;
}

/* What holds for all candidates of a choice. */
typedef struct
{
  double room;  /* how much each may have in flight for its quota */
  double quota; /* of all together */
} Terms;

static Terms
find_terms (const DispSticky *self, DispContainer *const *candidates, guint n_candidates)
{
  Terms terms = { 0, 0 };
  int n_attempts = 1;

  for (guint i = 0; i < n_candidates; i++)
    {
      n_attempts += disp_stats_get_in_flight (candidates[i]->stats);
      terms.quota += candidates[i]->quota;
    }
  terms.room = self->load_factor * n_attempts / terms.quota;
  return terms;
}

/* Whether it may get one request more. */
static gboolean
has_room (const DispContainer *container, const Terms *terms)
{
  return disp_stats_get_in_flight (container->stats) < terms->room * container->quota;
}

/* A number of the container and the key, from 0 to below 1, all equally likely. */
static double
draw (const DispContainer *container, guint64 key)
{
  guint64 number = mix (key ^ ((guint64) container->identity << 32 | container->identity)) >> 11;

  return (double) number * 0x1p-53;
}

/* Of as many Poisson processes, each of the rate of the quota of its container, the first has the
 * key: one comes at -log (1 - U) / quota, with U as of draw().  That is never before U / quota, so
 * for most the logarithm need not be known. */
static guint
find_nearest (DispContainer *const *candidates, guint n_candidates, const Terms *terms, guint64 key)
{
  double nearest = G_MAXDOUBLE;
  guint chosen = n_candidates;

  for (guint i = 0; i < n_candidates; i++)
    {
      double quota = candidates[i]->quota;
      double drawn = draw (candidates[i], key);
      double distance;

      if (drawn >= nearest * quota || !has_room (candidates[i], terms))
        continue;
      distance = -log1p (-drawn) / quota;
      if (distance < nearest)
        {
          nearest = distance;
          chosen = i;
        }
    }
  return chosen;
}

static guint
sticky_select (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
               const DispRequest *request, GRand *random)
{
  guint64 key = mix (hash_request (request, random));
  Terms terms = find_terms (DISP_STICKY (policy), candidates, n_candidates);
  guint chosen = find_nearest (candidates, n_candidates, &terms, key);

  /* Other threads may have filled all that was seen. */
  return chosen < n_candidates ? chosen : (guint) (key % MAX (n_candidates, 1));
}

/* Over all keys. */
static void
sticky_get_chances (DispPolicy *policy, DispContainer *const *candidates, guint n_candidates,
                    double *chances)
{
  DispSticky *self = DISP_STICKY (policy);
  Terms terms = find_terms (self, candidates, n_candidates);
  double total = 0;

  for (guint i = 0; i < n_candidates; i++)
    {
      chances[i] = has_room (candidates[i], &terms) ? candidates[i]->quota : 0;
      total += chances[i];
    }
  for (guint i = 0; i < n_candidates; i++)
    chances[i] = total > 0 ? chances[i] / total : 1.0 / n_candidates;
}

static void
sticky_iface_init (DispPolicyInterface *iface)
{
  iface->select = sticky_select;
  iface->get_chances = sticky_get_chances;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispSticky, disp_sticky, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, sticky_iface_init))

static void
disp_sticky_class_init (G_GNUC_UNUSED DispStickyClass *klass)
{
}

static void
disp_sticky_init (DispSticky *self)
{
  self->load_factor = DISP_STICKY_LOAD_FACTOR;
}

/**
 * disp_sticky_header_is_valid:
 * @header: a text
 *
 * Returns: whether it can be the name of a header field (RFC 9110, section 5.1)
 */
gboolean
disp_sticky_header_is_valid (const char *header)
{
  for (const char *c = header; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr ("!#$%&'*+-.^_`|~", *c) == NULL)
      return FALSE;
  return *header != '\0';
}

/* Options are few, so each is compared with all that are known. */
static gboolean
check_option (const char *name, GVariant *value, GError **error)
{
  if (g_str_equal (name, HEADER_OPTION))
    {
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
          && disp_sticky_header_is_valid (g_variant_get_string (value, NULL)))
        return TRUE;
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "the option \"" HEADER_OPTION "\" of the policy \"sticky\" is not the name of a "
                   "header field, expected one such as \"X-Session-Id\"");
      return FALSE;
    }
  if (g_str_equal (name, LOAD_FACTOR_OPTION))
    {
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE) && g_variant_get_double (value) >= 1
          && g_variant_get_double (value) <= DISP_STICKY_MAX_LOAD_FACTOR)
        return TRUE;
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "the option \"" LOAD_FACTOR_OPTION "\" of the policy \"sticky\" is wrong, "
                   "expected a number from 1 to %g",
                   DISP_STICKY_MAX_LOAD_FACTOR);
      return FALSE;
    }
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
               "the policy \"sticky\" has no option \"%s\", expected " HEADER_OPTION
               " or " LOAD_FACTOR_OPTION,
               name);
  return FALSE;
}

/**
 * disp_sticky_check:
 * @options: (type a{sv}): "header" (s), the header field by which requests are alike, and
 *   "load-factor" (d); both may be missing
 * @error: %DISP_ERROR_INVALID_VALUE, naming the option and what was expected
 *
 * Returns: whether they are right
 */
gboolean
disp_sticky_check (GVariant *options, GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;

      if (!check_option (name, owned, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * disp_sticky_get_header:
 * @options: (type a{sv}): options that disp_sticky_check() accepts
 *
 * Returns: (transfer none) (nullable): the header field that the policy wants to know of requests;
 *   valid as long as @options
 */
const char *
disp_sticky_get_header (GVariant *options)
{
  const char *header = NULL;

  g_variant_lookup (options, HEADER_OPTION, "&s", &header);
  return header;
}

/**
 * disp_sticky_new:
 * @options: (type a{sv}): options that disp_sticky_check() accepts
 * @model: the model to choose for
 *
 * Returns: (transfer full): the policy "sticky"
 */
DispPolicy *
disp_sticky_new (GVariant *options, G_GNUC_UNUSED const char *model)
{
  DispSticky *self = g_object_new (DISP_TYPE_STICKY, NULL);

  g_variant_lookup (options, LOAD_FACTOR_OPTION, "d", &self->load_factor);
  return DISP_POLICY (self);
}
