/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/document-entry.h"

#include "core/error.h"

#include <math.h>

/* "line 12: " if it is known where @node stands, else nothing. */
static char *
describe_line (const DispDocumentTree *tree, JsonNode *node)
{
  gpointer line = tree->lines != NULL && node != NULL ? g_hash_table_lookup (tree->lines, node)
                                                      : NULL;

  return line != NULL ? g_strdup_printf ("line %u: ", GPOINTER_TO_UINT (line)) : g_strdup ("");
}

static char *
describe_number (double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (digits, sizeof digits, "%g", value));
}

static char *
describe_value (JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      return g_strdup ("an object");
    case JSON_NODE_ARRAY:
      return g_strdup ("a list");
    case JSON_NODE_NULL:
      return g_strdup ("null");
    case JSON_NODE_VALUE:
    default:
      break;
    }
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return disp_document_quote (json_node_get_string (node));
  if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return g_strdup (json_node_get_boolean (node) ? "true" : "false");
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  return describe_number (json_node_get_double (node));
}

/**
 * disp_document_get_list:
 * @tree: a document
 * @node: a value in it
 * @list: what the list is called
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: (transfer none) (nullable): the list that @node is; %NULL if it is something else
 */
JsonArray *
disp_document_get_list (const DispDocumentTree *tree, JsonNode *node, const char *list,
                        GError **error)
{
  g_autofree char *line = NULL;
  g_autofree char *found = NULL;

  if (JSON_NODE_HOLDS_ARRAY (node))
    return json_node_get_array (node);
  line = describe_line (tree, node);
  found = describe_value (node);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT,
               "%s%s: expected a list ([] for none), found %s", line, list, found);
  return NULL;
}

/**
 * disp_document_entry_init:
 * @self: (out caller-allocates): an entry, which lives no longer than @tree
 * @tree: a document
 * @list: what the list is called
 * @array: the list
 * @index: which of its elements
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: whether that element is an object
 */
gboolean
disp_document_entry_init (DispDocumentEntry *self, const DispDocumentTree *tree, const char *list,
                          JsonArray *array, guint index, GError **error)
{
  JsonNode *node = json_array_get_element (array, index);
  g_autofree char *line = NULL;
  g_autofree char *found = NULL;

  self->tree = tree;
  self->list = list;
  self->index = index;
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      self->object = json_node_get_object (node);
      return TRUE;
    }
  line = describe_line (tree, node);
  found = describe_value (node);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT,
               "%s%s[%u]: expected an object, found %s", line, list, index, found);
  return FALSE;
}

/* The value of @member; NULL if there is none, or null. */
static JsonNode *
find (const DispDocumentEntry *self, const char *member)
{
  JsonNode *node = json_object_get_member (self->object, member);

  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

static gboolean
holds (JsonNode *node, GType type)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

/**
 * disp_document_entry_has:
 * @self: an entry
 * @member: the name of a member
 *
 * Returns: whether it has that member, and that is not null
 */
gboolean
disp_document_entry_has (const DispDocumentEntry *self, const char *member)
{
  return find (self, member) != NULL;
}

/**
 * disp_document_entry_fail:
 * @self: an entry
 * @member: a member of it that is wrong
 * @expected: what was expected
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: %FALSE
 */
gboolean
disp_document_entry_fail (const DispDocumentEntry *self, const char *member, const char *expected,
                          GError **error)
{
  JsonNode *node = json_object_get_member (self->object, member);
  g_autofree char *line = describe_line (self->tree, node);
  g_autofree char *found = describe_value (node);

  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT, "%s%s[%u].%s: expected %s, found %s",
               line, self->list, self->index, member, expected, found);
  return FALSE;
}

/**
 * disp_document_entry_fail_missing:
 * @self: an entry
 * @member: a member that it has to have
 * @expected: what was expected
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: %FALSE
 */
gboolean
disp_document_entry_fail_missing (const DispDocumentEntry *self, const char *member,
                                  const char *expected, GError **error)
{
  JsonNode *node = json_object_get_member (self->object, member);
  g_autofree char *line = describe_line (self->tree, node);

  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT, "%s%s[%u].%s: expected %s, found %s",
               line, self->list, self->index, member, expected,
               node != NULL ? "null" : "no such member");
  return FALSE;
}

/**
 * disp_document_entry_get_string:
 * @self: an entry
 * @member: the name of a member
 * @value: (inout) (transfer none): its value; as it was if there is no such member, or it is null
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: whether it is a string, if it is there
 */
gboolean
disp_document_entry_get_string (const DispDocumentEntry *self, const char *member,
                                const char **value, GError **error)
{
  JsonNode *node = find (self, member);

  if (node == NULL)
    return TRUE;
  if (!holds (node, G_TYPE_STRING))
    return disp_document_entry_fail (self, member, "a string", error);
  *value = json_node_get_string (node);
  return TRUE;
}

/* Names end up in header fields and logs, where a line end would begin something else. */
static gboolean
is_name (const char *text)
{
  const char *c = text;

  while (*c != '\0' && !g_ascii_iscntrl (*c))
    c++;
  return c > text && *c == '\0';
}

/**
 * disp_document_entry_get_name:
 * @self: an entry
 * @member: the name of a member
 * @what: what its value names
 * @value: (out) (transfer none): its value
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: whether it is there and a string that is not empty and has no control characters
 */
gboolean
disp_document_entry_get_name (const DispDocumentEntry *self, const char *member, const char *what,
                              const char **value, GError **error)
{
  JsonNode *node = find (self, member);
  g_autofree char *expected = g_strdup_printf ("the name of a %s", what);

  if (node == NULL)
    return disp_document_entry_fail_missing (self, member, expected, error);
  if (!holds (node, G_TYPE_STRING) || !is_name (json_node_get_string (node)))
    return disp_document_entry_fail (self, member, expected, error);
  *value = json_node_get_string (node);
  return TRUE;
}

/**
 * disp_document_entry_get_int:
 * @self: an entry
 * @member: the name of a member
 * @min: the least value
 * @max: the greatest
 * @expected: what is expected, in words
 * @value: (inout): its value; as it was if there is no such member, or it is null
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: whether it is an integer in that range, if it is there
 */
gboolean
disp_document_entry_get_int (const DispDocumentEntry *self, const char *member, gint64 min,
                             gint64 max, const char *expected, gint64 *value, GError **error)
{
  JsonNode *node = find (self, member);

  if (node == NULL)
    return TRUE;
  if (!holds (node, G_TYPE_INT64) || json_node_get_int (node) < min
      || json_node_get_int (node) > max)
    return disp_document_entry_fail (self, member, expected, error);
  *value = json_node_get_int (node);
  return TRUE;
}

/**
 * disp_document_entry_get_amount:
 * @self: an entry
 * @member: the name of a member
 * @value: (inout): its value; as it was if there is no such member, or it is null
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: whether it is a number from 0 up and finite, if it is there
 */
gboolean
disp_document_entry_get_amount (const DispDocumentEntry *self, const char *member, double *value,
                                GError **error)
{
  JsonNode *node = find (self, member);
  double amount = -1;

  if (node == NULL)
    return TRUE;
  if (holds (node, G_TYPE_INT64) || holds (node, G_TYPE_DOUBLE))
    amount = json_node_get_double (node);
  if (!isfinite (amount) || amount < 0)
    return disp_document_entry_fail (self, member, "a number from 0 up", error);
  *value = amount;
  return TRUE;
}

/**
 * disp_document_entry_get_boolean:
 * @self: an entry
 * @member: the name of a member
 * @value: (inout): its value; as it was if there is no such member, or it is null
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: whether it is true or false, if it is there
 */
gboolean
disp_document_entry_get_boolean (const DispDocumentEntry *self, const char *member, gboolean *value,
                                 GError **error)
{
  JsonNode *node = find (self, member);

  if (node == NULL)
    return TRUE;
  if (!holds (node, G_TYPE_BOOLEAN))
    return disp_document_entry_fail (self, member, "true or false", error);
  *value = json_node_get_boolean (node);
  return TRUE;
}
