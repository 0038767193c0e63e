/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/override-document.h"

#include "core/error.h"
#include "wire/document-entry.h"
#include "wire/json-writer.h"

/* What this program writes.  It reads version 1 too, which knew no drains; it reads no later
 * version, which could mean something else. */
#define VERSION 2

static const DispDocumentLimits limits
    = { .max_size = DISP_OVERRIDE_DOCUMENT_MAX_SIZE, .max_depth = 32, .max_nodes = 1000000 };

static void
write_override (DispJsonWriter *writer, const DispOverride *override)
{
  disp_json_writer_begin_object (writer, NULL);
  disp_json_writer_string (writer, "container_id", override->container_id);
  disp_json_writer_string (writer, "container", override->container);
  disp_json_writer_string (writer, "node", override->node);
  disp_json_writer_string (writer, "endpoint", override->endpoint);
  if (override->has_quota)
    {
      disp_json_writer_double (writer, "quota", override->quota);
      disp_json_writer_double (writer, "source_quota", override->source_quota);
    }
  if (override->is_drained)
    disp_json_writer_boolean (writer, "drained", TRUE);
  disp_json_writer_end_object (writer);
}

/**
 * disp_override_document_write:
 * @overrides: (element-type DispOverride): a list
 *
 * Returns: (transfer full): JSON, of which disp_override_document_parse() makes an equal list
 */
GBytes *
disp_override_document_write (GPtrArray *overrides)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_int (&writer, "version", VERSION);
  disp_json_writer_begin_array (&writer, "overrides");
  for (guint i = 0; i < overrides->len; i++)
    write_override (&writer, g_ptr_array_index (overrides, i));
  disp_json_writer_end_array (&writer);
  disp_json_writer_end_object (&writer);
  return disp_json_writer_steal_bytes (&writer);
}

static gboolean
fail (GError **error, const char *problem)
{
  g_set_error_literal (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT, problem);
  return FALSE;
}

static gboolean
check_version (JsonObject *document, GError **error)
{
  JsonNode *version = json_object_get_member (document, "version");

  if (version == NULL || json_node_get_value_type (version) != G_TYPE_INT64
      || json_node_get_int (version) < 1)
    return fail (error, "version: expected a number from 1 up");
  if (json_node_get_int (version) <= VERSION)
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT,
               "version: expected %d, found %" G_GINT64_FORMAT ", which a newer dispatcherd wrote",
               VERSION, json_node_get_int (version));
  return FALSE;
}

static gboolean
get_quota (const DispDocumentEntry *entry, const char *member, double *quota, GError **error)
{
  if (!disp_document_entry_has (entry, member))
    return disp_document_entry_fail_missing (entry, member, "a number from 0 up", error);
  return disp_document_entry_get_amount (entry, member, quota, error);
}

static DispOverride *
read_override (const DispDocumentEntry *entry, GError **error)
{
  DispContainer container = { 0 };
  const char *id = NULL;
  const char *name;
  const char *node;
  const char *endpoint = NULL;
  gboolean is_drained = FALSE;
  gboolean has_quota;
  double quota = 0;

  if (!disp_document_entry_get_string (entry, "container_id", &id, error)
      || !disp_document_entry_get_name (entry, "container", "container", &name, error)
      || !disp_document_entry_get_name (entry, "node", "node", &node, error)
      || !disp_document_entry_get_string (entry, "endpoint", &endpoint, error)
      || !disp_document_entry_get_boolean (entry, "drained", &is_drained, error))
    return NULL;
  /* One that drains need say no quota; else there is nothing that it could say. */
  has_quota = !is_drained || disp_document_entry_has (entry, "quota");
  if (has_quota
      && (!get_quota (entry, "quota", &quota, error)
          || !get_quota (entry, "source_quota", &container.quota, error)))
    return NULL;
  container.id = (char *) id;
  container.name = (char *) name;
  container.node = (char *) node;
  container.endpoint = (char *) endpoint;
  return disp_override_new (&container, has_quota ? &quota : NULL, is_drained);
}

static GPtrArray *
read_overrides (const DispDocumentTree *tree, JsonNode *list, GError **error)
{
  JsonArray *array = disp_document_get_list (tree, list, "overrides", error);
  g_autoptr (GPtrArray) overrides = disp_overrides_new ();

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      DispDocumentEntry entry;
      DispOverride *override;

      if (!disp_document_entry_init (&entry, tree, "overrides", array, i, error))
        return NULL;
      override = read_override (&entry, error);
      if (override == NULL)
        return NULL;
      g_ptr_array_add (overrides, override);
    }
  return array != NULL ? g_steal_pointer (&overrides) : NULL;
}

/**
 * disp_override_document_parse:
 * @text: what disp_override_document_write() wrote; it need not end in a NUL
 * @length: its length in bytes
 * @error: %DISP_ERROR_INVALID_DOCUMENT, saying what is wrong where, also when a newer version of
 *   this program wrote it
 *
 * Returns: (transfer full) (nullable) (element-type DispOverride): the list
 */
GPtrArray *
disp_override_document_parse (const char *text, gsize length, GError **error)
{
  g_auto (DispDocumentTree) tree = { 0 };
  JsonObject *document;

  if (!disp_document_tree_read_json (text, length, &limits, &tree, error))
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (tree.root))
    {
      fail (error, "expected an object");
      return NULL;
    }
  document = json_node_get_object (tree.root);
  if (!check_version (document, error))
    return NULL;
  if (!json_object_has_member (document, "overrides"))
    {
      fail (error, "overrides: expected a list, found no such member");
      return NULL;
    }
  return read_overrides (&tree, json_object_get_member (document, "overrides"), error);
}
