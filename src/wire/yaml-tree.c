/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/yaml-tree.h"

#include "core/error.h"
#include "wire/yaml-scalar.h"

#include <string.h>
#include <yaml.h>

#define TAG_PREFIX "tag:yaml.org,2002:"

/* A list or an object that is still open. */
typedef struct
{
  JsonNode *node; /* (owned) */
  char *anchor;   /* (owned) (nullable) */
  char *name;     /* (owned) (nullable) the member whose value comes next */
  guint n_nodes;  /* in it, itself included */
  guint height;   /* levels in it, itself included */
} Level;

/* What an alias stands for. */
typedef struct
{
  JsonNode *node; /* (owned) */
  guint n_nodes;
  guint height;
} Anchor;

typedef struct
{
  const DispDocumentLimits *limits;
  yaml_parser_t parser;
  GArray *levels;      /* (owned) (element-type Level) */
  GHashTable *anchors; /* (owned) (element-type utf8 Anchor) */
  GHashTable *lines;   /* (owned) (element-type JsonNode guint) */
  JsonNode *root;      /* (owned) (nullable) */
  guint n_nodes;
  guint line; /* of the event at hand, from 1 */
} Reader;

static void
level_clear (gpointer data)
{
  Level *level = data;

  json_node_unref (level->node);
  g_free (level->anchor);
  g_free (level->name);
}

static void
anchor_free (gpointer data)
{
  Anchor *anchor = data;

  json_node_unref (anchor->node);
  g_free (anchor);
}

G_GNUC_PRINTF (3, 4)
static gboolean
fail (const Reader *reader, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT, "line %u: %s", reader->line,
               message);
  return FALSE;
}

static Level *
innermost (const Reader *reader)
{
  return &g_array_index (reader->levels, Level, reader->levels->len - 1);
}

/* Whether a value of @n_nodes and @height still fits in, which is asked before it costs anything:
 * an alias of an alias of an alias grows exponentially. */
static gboolean
count (Reader *reader, guint n_nodes, guint height, GError **error)
{
  if (reader->levels->len + height > reader->limits->max_depth)
    return fail (reader, error, "nested deeper than %u levels", reader->limits->max_depth);
  if (n_nodes > reader->limits->max_nodes - reader->n_nodes)
    return fail (reader, error, "more than %u values", reader->limits->max_nodes);
  reader->n_nodes += n_nodes;
  return TRUE;
}

/* Whether a scalar that stands here is the name of a member. */
static gboolean
wants_name (const Reader *reader)
{
  const Level *level = reader->levels->len > 0 ? innermost (reader) : NULL;

  return level != NULL && JSON_NODE_HOLDS_OBJECT (level->node) && level->name == NULL;
}

/* Puts a whole value where it belongs. */
static void
place (Reader *reader, JsonNode *node, guint n_nodes, guint height)
{
  Level *level;

  if (reader->levels->len == 0)
    {
      reader->root = node;
      return;
    }
  level = innermost (reader);
  level->n_nodes += n_nodes;
  level->height = MAX (level->height, height + 1);
  if (JSON_NODE_HOLDS_ARRAY (level->node))
    {
      json_array_add_element (json_node_get_array (level->node), node);
      return;
    }
  json_object_set_member (json_node_get_object (level->node), level->name, node);
  g_clear_pointer (&level->name, g_free);
}

static void
keep_anchor (Reader *reader, const char *name, JsonNode *node, guint n_nodes, guint height)
{
  Anchor *anchor = g_new0 (Anchor, 1);

  anchor->node = json_node_ref (node);
  anchor->n_nodes = n_nodes;
  anchor->height = height;
  g_hash_table_replace (reader->anchors, g_strdup (name), anchor);
}

static void
note_line (Reader *reader, JsonNode *node)
{
  g_hash_table_insert (reader->lines, node, GUINT_TO_POINTER (reader->line));
}

static gboolean
take_name (Reader *reader, const char *name, GError **error)
{
  Level *level = innermost (reader);

  if (json_object_has_member (json_node_get_object (level->node), name))
    {
      g_autofree char *quoted = disp_document_quote (name);

      return fail (reader, error, "%s appears twice in one object, expected it once", quoted);
    }
  if (g_str_equal (name, "<<"))
    return fail (reader, error, "a merge key (<<), which is not supported");
  level->name = g_strdup (name);
  return TRUE;
}

/* What a scalar is: by its quotes, its tag, or its looks. */
static JsonNode *
resolve (Reader *reader, const yaml_event_t *event, GError **error)
{
  static const char *const looks[] = { TAG_PREFIX "null", TAG_PREFIX "bool", TAG_PREFIX "int",
                                       TAG_PREFIX "float", NULL };
  const char *text = (const char *) event->data.scalar.value;
  const char *tag = (const char *) event->data.scalar.tag;

  if (event->data.scalar.plain_implicit || (tag != NULL && g_strv_contains (looks, tag)))
    return disp_yaml_scalar_resolve (text);
  if (event->data.scalar.quoted_implicit || g_strcmp0 (tag, TAG_PREFIX "str") == 0)
    return json_node_init_string (json_node_alloc (), text);
  fail (reader, error, "the tag %s, which is not supported", tag);
  return NULL;
}

static gboolean
read_scalar (Reader *reader, const yaml_event_t *event, GError **error)
{
  const char *text = (const char *) event->data.scalar.value;
  JsonNode *node;

  if (memchr (text, '\0', event->data.scalar.length) != NULL)
    return fail (reader, error, "a NUL in a string");
  if (wants_name (reader))
    return take_name (reader, text, error);
  if (!count (reader, 1, 0, error))
    return FALSE;
  node = resolve (reader, event, error);
  if (node == NULL)
    return FALSE;
  note_line (reader, node);
  if (event->data.scalar.anchor != NULL)
    keep_anchor (reader, (const char *) event->data.scalar.anchor, node, 1, 0);
  place (reader, node, 1, 0);
  return TRUE;
}

static gboolean
read_alias (Reader *reader, const yaml_event_t *event, GError **error)
{
  const char *name = (const char *) event->data.alias.anchor;
  const Anchor *anchor = g_hash_table_lookup (reader->anchors, name);

  if (wants_name (reader))
    return fail (reader, error, "the alias *%s for a name, expected a string", name);
  if (anchor == NULL)
    return fail (reader, error, "the alias *%s, of which nothing before it is the anchor", name);
  if (!count (reader, anchor->n_nodes, anchor->height, error))
    return FALSE;
  place (reader, json_node_ref (anchor->node), anchor->n_nodes, anchor->height);
  return TRUE;
}

static gboolean
open_level (Reader *reader, JsonNodeType type, const yaml_char_t *anchor, GError **error)
{
  Level level = { .n_nodes = 1, .height = 1 };

  if (wants_name (reader))
    return fail (reader, error, "a list or an object for a name, expected a string");
  if (!count (reader, 1, 1, error))
    return FALSE;
  level.node = json_node_new (type);
  if (type == JSON_NODE_ARRAY)
    json_node_take_array (level.node, json_array_new ());
  else
    json_node_take_object (level.node, json_object_new ());
  level.anchor = g_strdup ((const char *) anchor);
  note_line (reader, level.node);
  g_array_append_val (reader->levels, level);
  return TRUE;
}

static void
close_level (Reader *reader)
{
  const Level *level = innermost (reader);
  JsonNode *node = json_node_ref (level->node);
  guint n_nodes = level->n_nodes;
  guint height = level->height;

  if (level->anchor != NULL)
    keep_anchor (reader, level->anchor, node, n_nodes, height);
  g_array_set_size (reader->levels, reader->levels->len - 1);
  place (reader, node, n_nodes, height);
}

static gboolean
read_event (Reader *reader, const yaml_event_t *event, GError **error)
{
  reader->line = (guint) event->start_mark.line + 1;
  switch (event->type)
    {
    case YAML_DOCUMENT_START_EVENT:
      return reader->root == NULL || fail (reader, error, "a second document, expected one in all");
    case YAML_SCALAR_EVENT:
      return read_scalar (reader, event, error);
    case YAML_ALIAS_EVENT:
      return read_alias (reader, event, error);
    case YAML_SEQUENCE_START_EVENT:
      return open_level (reader, JSON_NODE_ARRAY, event->data.sequence_start.anchor, error);
    case YAML_MAPPING_START_EVENT:
      return open_level (reader, JSON_NODE_OBJECT, event->data.mapping_start.anchor, error);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      close_level (reader);
      return TRUE;
    default:
      return TRUE;
    }
}

static gboolean
fail_parser (Reader *reader, GError **error)
{
  const yaml_parser_t *parser = &reader->parser;
  const char *problem = parser->problem != NULL ? parser->problem : "out of memory";

  if (parser->error == YAML_READER_ERROR)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT, "byte %" G_GSIZE_FORMAT ": %s",
                   parser->problem_offset, problem);
      return FALSE;
    }
  reader->line = (guint) parser->problem_mark.line + 1;
  if (parser->context != NULL)
    return fail (reader, error, "%s %s", parser->context, problem);
  return fail (reader, error, "%s", problem);
}

static gboolean
read_events (Reader *reader, GError **error)
{
  gboolean last = FALSE;

  while (!last)
    {
      yaml_event_t event;
      gboolean read;

      if (!yaml_parser_parse (&reader->parser, &event))
        return fail_parser (reader, error);
      last = event.type == YAML_STREAM_END_EVENT;
      read = read_event (reader, &event, error);
      yaml_event_delete (&event);
      if (!read)
        return FALSE;
    }
  return reader->root != NULL || fail (reader, error, "the document is empty");
}

/**
 * disp_document_tree_read_yaml:
 * @text: YAML in UTF-8, which need not end in a NUL
 * @length: its length in bytes
 * @limits: what is accepted
 * @tree: (out caller-allocates): the document; set only on success
 * @error: %DISP_ERROR_INVALID_DOCUMENT, with the line where the text goes wrong
 *
 * Reads one document of what YAML and JSON have in common: names are strings, and no name appears
 * twice.  Aliases are followed, but each counts as all that it repeats.
 *
 * Returns: whether it is a document
 */
gboolean
disp_document_tree_read_yaml (const char *text, gsize length, const DispDocumentLimits *limits,
                              DispDocumentTree *tree, GError **error)
{
  Reader reader = { .limits = limits };
  gboolean read;

  if (!disp_document_check_size (length, limits, error))
    return FALSE;
  if (!yaml_parser_initialize (&reader.parser))
    g_error ("out of memory");
  yaml_parser_set_encoding (&reader.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string (&reader.parser, (const unsigned char *) text, length);
  reader.levels = g_array_new (FALSE, FALSE, sizeof (Level));
  g_array_set_clear_func (reader.levels, level_clear);
  reader.anchors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, anchor_free);
  reader.lines = g_hash_table_new (NULL, NULL);

  read = read_events (&reader, error);
  if (read)
    {
      tree->root = g_steal_pointer (&reader.root);
      tree->lines = g_hash_table_ref (reader.lines);
    }
  g_clear_pointer (&reader.root, json_node_unref);
  g_hash_table_unref (reader.lines);
  g_hash_table_unref (reader.anchors);
  g_array_unref (reader.levels);
  yaml_parser_delete (&reader.parser);
  return read;
}
