/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/document-tree.h"

#include "core/error.h"
#include "wire/json-scanner.h"

/* How much of a string an error quotes, in characters. */
#define MAX_QUOTED 40

void
disp_document_tree_clear (DispDocumentTree *self)
{
  g_clear_pointer (&self->root, json_node_unref);
  g_clear_pointer (&self->lines, g_hash_table_unref);
}

/**
 * disp_document_quote:
 * @text: a string of a document
 *
 * Returns: (transfer full): @text in quotes, for a message; only the start of it if it is long
 */
char *
disp_document_quote (const char *text)
{
  g_autofree char *start = NULL;

  if (g_utf8_strlen (text, -1) <= MAX_QUOTED)
    return g_strdup_printf ("\"%s\"", text);
  start = g_utf8_substring (text, 0, MAX_QUOTED);
  return g_strdup_printf ("\"%s…\"", start);
}

/**
 * disp_document_check_size:
 * @length: the length of a document in bytes
 * @limits: what is accepted
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: whether it is short enough
 */
gboolean
disp_document_check_size (gsize length, const DispDocumentLimits *limits, GError **error)
{
  if (length <= limits->max_size)
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT,
               "the document has %" G_GSIZE_FORMAT " bytes, expected at most %" G_GSIZE_FORMAT,
               length, limits->max_size);
  return FALSE;
}

/* What is watched while json-glib reads, since it lets the last of two equal names win. */
typedef struct
{
  GPtrArray *open; /* (owned) (element-type GHashTable, owned) the names in each open object */
  char *repeated;  /* (owned) (nullable) the first name that appeared twice */
} Names;

static void
on_object_start (G_GNUC_UNUSED JsonParser *parser, gpointer user_data)
{
  Names *names = user_data;

  g_ptr_array_add (names->open, g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL));
}

static void
on_object_member (G_GNUC_UNUSED JsonParser *parser, G_GNUC_UNUSED JsonObject *object,
                  const char *name, gpointer user_data)
{
  Names *names = user_data;
  GHashTable *seen = g_ptr_array_index (names->open, names->open->len - 1);

  if (!g_hash_table_add (seen, g_strdup (name)) && names->repeated == NULL)
    names->repeated = g_strdup (name);
}

static void
on_object_end (G_GNUC_UNUSED JsonParser *parser, G_GNUC_UNUSED JsonObject *object,
               gpointer user_data)
{
  Names *names = user_data;

  g_ptr_array_set_size (names->open, (int) names->open->len - 1);
}

/* Nothing reaches json-glib that it would misread, or for which it would use up stack or memory. */
static gboolean
check_json (const char *text, gsize length, const DispDocumentLimits *limits, GError **error)
{
  DispJsonScanner scanner;

  disp_json_scanner_init (&scanner, text, length, limits->max_depth);
  scanner.exact = TRUE;
  scanner.max_values = limits->max_nodes;
  return disp_json_scanner_value (&scanner, error) && disp_json_scanner_end (&scanner, error);
}

static gboolean
parse_json (JsonParser *parser, const char *text, gsize length, GError **error)
{
  Names names = { .open = g_ptr_array_new_with_free_func ((GDestroyNotify) g_hash_table_unref) };
  g_autofree char *repeated = NULL;
  g_autofree char *quoted = NULL;
  gboolean parsed;

  g_signal_connect (parser, "object-start", G_CALLBACK (on_object_start), &names);
  g_signal_connect (parser, "object-member", G_CALLBACK (on_object_member), &names);
  g_signal_connect (parser, "object-end", G_CALLBACK (on_object_end), &names);
  parsed = json_parser_load_from_data (parser, text, (gssize) length, error);
  g_ptr_array_unref (names.open);
  repeated = g_steal_pointer (&names.repeated);
  if (!parsed)
    return FALSE;
  if (repeated == NULL)
    return TRUE;
  quoted = disp_document_quote (repeated);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT,
               "%s appears twice in one object, expected it once", quoted);
  return FALSE;
}

/**
 * disp_document_tree_read_json:
 * @text: JSON, which need not end in a NUL
 * @length: its length in bytes
 * @limits: what is accepted
 * @tree: (out caller-allocates): the document; set only on success
 * @error: %DISP_ERROR_INVALID_DOCUMENT, saying where the text goes wrong
 *
 * Returns: whether it is a document
 */
gboolean
disp_document_tree_read_json (const char *text, gsize length, const DispDocumentLimits *limits,
                              DispDocumentTree *tree, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) problem = NULL;

  if (!disp_document_check_size (length, limits, error))
    return FALSE;
  if (!check_json (text, length, limits, &problem) || !parse_json (parser, text, length, &problem))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT, "%s", problem->message);
      return FALSE;
    }
  tree->root = json_parser_steal_root (parser);
  tree->lines = NULL;
  return TRUE;
}
