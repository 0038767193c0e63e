/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/record-query.h"

#include "core/error.h"

/* Takes the value of a parameter over into a filter. */
typedef gboolean (*Take) (DispRecordFilter *filter, const char *value, GError **error);

typedef struct
{
  const char *name;
  Take take;
} Parameter;

static gboolean
fail (const char *name, const char *value, const char *expected, GError **error)
{
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE, "%s is \"%s\", expected %s", name,
               value, expected);
  return FALSE;
}

static gboolean
take_text (char **text, const char *name, const char *value, const char *expected, GError **error)
{
  if (*value == '\0')
    return fail (name, value, expected, error);
  *text = g_strdup (value);
  return TRUE;
}

static gboolean
take_model (DispRecordFilter *filter, const char *value, GError **error)
{
  return take_text (&filter->model, "model", value, "the name of a model", error);
}

static gboolean
take_node (DispRecordFilter *filter, const char *value, GError **error)
{
  return take_text (&filter->node, "node", value, "the name of a node", error);
}

static gboolean
take_container (DispRecordFilter *filter, const char *value, GError **error)
{
  return take_text (&filter->container, "container", value, "the name of a container", error);
}

static gboolean
take_after (DispRecordFilter *filter, const char *value, GError **error)
{
  return take_text (&filter->after, "after", value, "the id of a record", error);
}

static gboolean
take_limit (DispRecordFilter *filter, const char *value, GError **error)
{
  guint64 limit;

  if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &limit, NULL))
    return fail ("limit", value, "a number from 0", error);
  filter->limit = (gint64) limit;
  return TRUE;
}

static gboolean
take_last (DispRecordFilter *filter, const char *value, GError **error)
{
  guint64 last;

  if (!g_ascii_string_to_unsigned (value, 10, 1, G_MAXINT64, &last, NULL))
    return fail ("last", value, "a number from 1", error);
  filter->last = (gint64) last;
  return TRUE;
}

static gboolean
take_state (DispRecordFilter *filter, const char *value, GError **error)
{
  static const char *const names[] = {
    [DISP_RECORD_CREATED] = "created",
    [DISP_RECORD_WAITING] = "waiting",
    [DISP_RECORD_COMPLETED] = "completed",
    [DISP_RECORD_ERROR] = "error",
  };

  for (int state = 0; state < (int) G_N_ELEMENTS (names); state++)
    if (g_str_equal (value, names[state]) || (value[0] == '0' + state && value[1] == '\0'))
      {
        filter->state = state;
        return TRUE;
      }
  return fail ("state", value, "0 to 3, or created, waiting, completed or error", error);
}

static const Parameter parameters[] = {
  { "limit", take_limit }, { "last", take_last }, { "after", take_after },
  { "model", take_model }, { "node", take_node }, { "container", take_container },
  { "state", take_state },
};

/* Takes one parameter; @seen has a bit for each that was taken. */
static gboolean
take (const char *name, const char *value, guint *seen, DispRecordFilter *filter, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (parameters); i++)
    {
      if (!g_str_equal (name, parameters[i].name))
        continue;
      if ((*seen & (1u << i)) != 0)
        {
          g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                       "%s is given twice, expected once", name);
          return FALSE;
        }
      *seen |= 1u << i;
      return parameters[i].take (filter, value, error);
    }
  g_set_error (
      error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
      "there is no parameter \"%s\", expected limit, last, after, model, node, container or "
      "state",
      name);
  return FALSE;
}

/* The bit of a parameter that the path has already given. */
static guint
bit_of (const char *name)
{
  guint i = 0;

  while (!g_str_equal (name, parameters[i].name))
    i++;
  return 1u << i;
}

/**
 * disp_record_query_parse:
 * @query: (nullable): the query of a request, percent-encoded
 * @node: (nullable): the node that its path names
 * @filter: (out caller-allocates): which records it asks for; set only on success
 * @error: %DISP_ERROR_INVALID_VALUE, naming the parameter and what was expected
 *
 * A "+" stands for a space, as forms have it.
 *
 * Returns: whether it could be understood
 */
gboolean
disp_record_query_parse (const char *query, const char *node, DispRecordFilter *filter,
                         GError **error)
{
  g_auto (DispRecordFilter) found = { 0 };
  g_autoptr (GError) problem = NULL;
  guint seen = node != NULL ? bit_of ("node") : 0;
  GUriParamsIter iter;
  char *name;
  char *value;

  disp_record_filter_init (&found);
  found.node = g_strdup (node);
  g_uri_params_iter_init (&iter, query != NULL ? query : "", -1, "&", G_URI_PARAMS_WWW_FORM);
  while (g_uri_params_iter_next (&iter, &name, &value, &problem))
    {
      g_autofree char *owned_name = name;
      g_autofree char *owned_value = value;

      if (!take (owned_name, owned_value, &seen, &found, error))
        return FALSE;
    }
  if (problem != NULL)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "the query cannot be read: %s, expected NAME=VALUE&NAME=VALUE, percent-encoded",
                   problem->message);
      return FALSE;
    }
  *filter = found;
  disp_record_filter_init (&found);
  return TRUE;
}
