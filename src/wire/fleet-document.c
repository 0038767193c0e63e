/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/fleet-document.h"

#include "core/error.h"
#include "wire/document-entry.h"
#include "wire/yaml-tree.h"

#include <string.h>

/* The most values in a document: some 18,000 containers. */
#define MAX_NODES 200000

/* The most attempts that a container may ask for at once. */
#define MAX_IN_FLIGHT 1000000

static const DispDocumentLimits limits = { .max_size = DISP_FLEET_DOCUMENT_MAX_SIZE,
                                           .max_depth = DISP_FLEET_DOCUMENT_MAX_DEPTH,
                                           .max_nodes = MAX_NODES };

static gboolean
get_version (const DispDocumentEntry *entry, gint64 *version, GError **error)
{
  *version = 1;
  return disp_document_entry_get_int (entry, "version", 0, G_MAXINT64, "an integer from 0 up",
                                      version, error);
}

static DispModel *
read_model (const DispDocumentEntry *entry, GError **error)
{
  g_autoptr (DispModel) model = NULL;
  const char *name;
  gint64 version;

  if (!disp_document_entry_get_name (entry, "name", "model", &name, error)
      || !get_version (entry, &version, error))
    return NULL;
  model = disp_model_new (name, version);
  if (!disp_document_entry_get_amount (entry, "sla", &model->sla, error)
      || !disp_document_entry_get_amount (entry, "alpha", &model->alpha, error)
      || !disp_document_entry_get_amount (entry, "profiled_rt", &model->profiled_rt, error))
    return NULL;
  return g_steal_pointer (&model);
}

/* A host name or an IPv4 address (RFC 1123 section 2.1, and the underscore that container networks
 * use), or an IPv6 address. */
static gboolean
is_host (const char *text)
{
  if (g_hostname_is_ip_address (text))
    return TRUE;
  return *text != '\0'
         && strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._") == strlen (text);
}

static char *
build_endpoint (const char *host, guint16 port)
{
  return g_strdup_printf (strchr (host, ':') != NULL ? "http://[%s]:%u" : "http://%s:%u", host,
                          port);
}

/* Takes "http://HOST[:PORT]" apart; a path, a query or a user has no place there. */
static gboolean
split_endpoint (const char *endpoint, char **host, guint16 *port)
{
  g_autofree char *found = NULL;
  g_autofree char *scheme = NULL;
  g_autofree char *user = NULL;
  g_autofree char *path = NULL;
  g_autofree char *query = NULL;
  g_autofree char *fragment = NULL;
  int number;

  if (!g_uri_split (endpoint, G_URI_FLAGS_NONE, &scheme, &user, &found, &number, &path, &query,
                    &fragment, NULL))
    return FALSE;
  if (g_strcmp0 (scheme, "http") != 0 || user != NULL || query != NULL || fragment != NULL
      || found == NULL || !is_host (found) || number == 0
      || !(*path == '\0' || g_str_equal (path, "/")))
    return FALSE;
  *host = g_steal_pointer (&found);
  *port = number < 0 ? 80 : (guint16) number;
  return TRUE;
}

static gboolean
read_given_node (const DispDocumentEntry *entry, DispContainer *container, GError **error)
{
  const char *node = NULL;
  gint64 port = 0;

  if (!disp_document_entry_get_string (entry, "node", &node, error)
      || !disp_document_entry_get_int (entry, "port", 1, G_MAXUINT16, "a number from 1 to 65535",
                                       &port, error))
    return FALSE;
  if (node != NULL && !is_host (node))
    return disp_document_entry_fail (entry, "node", "a host name or an IP address", error);
  container->node = g_strdup (node);
  container->port = (guint16) port;
  return TRUE;
}

/* Where the container is reached: at its endpoint if that is given, else at its node and port. */
static gboolean
read_place (const DispDocumentEntry *entry, DispContainer *container, GError **error)
{
  const char *endpoint = NULL;
  g_autofree char *host = NULL;
  guint16 port;

  if (!read_given_node (entry, container, error)
      || !disp_document_entry_get_string (entry, "endpoint", &endpoint, error))
    return FALSE;
  if (endpoint == NULL)
    {
      if (container->node == NULL)
        return disp_document_entry_fail_missing (entry, "node", "a host name or an IP address",
                                                 error);
      if (container->port == 0)
        return disp_document_entry_fail_missing (entry, "port", "a number from 1 to 65535", error);
      container->endpoint = build_endpoint (container->node, container->port);
      return TRUE;
    }
  if (!split_endpoint (endpoint, &host, &port))
    return disp_document_entry_fail (entry, "endpoint", "a URL of the form http://HOST:PORT",
                                     error);
  container->endpoint = build_endpoint (host, port);
  if (container->node == NULL)
    container->node = g_steal_pointer (&host);
  container->port = port;
  return TRUE;
}

/* There is no default: 0 means that the container must not be used. */
static gboolean
read_quota (const DispDocumentEntry *entry, DispContainer *container, GError **error)
{
  const char *member = disp_document_entry_has (entry, "quota") ? "quota" : "cpu_quota";

  if (!disp_document_entry_has (entry, member))
    return disp_document_entry_fail_missing (entry, "quota", "a number from 0 up", error);
  return disp_document_entry_get_amount (entry, member, &container->quota, error);
}

static gboolean
read_max_in_flight (const DispDocumentEntry *entry, DispContainer *container, GError **error)
{
  gint64 number = 0;

  if (!disp_document_entry_get_int (entry, "max_in_flight", 1, MAX_IN_FLIGHT,
                                    "a whole number from 1 to 1000000", &number, error))
    return FALSE;
  container->max_in_flight = (guint) number;
  return TRUE;
}

static gboolean
read_names (const DispDocumentEntry *entry, DispContainer *container, GError **error)
{
  const char *model;
  const char *name;
  const char *id = NULL;

  if (!disp_document_entry_get_name (entry, "model", "model", &model, error)
      || !disp_document_entry_get_name (entry, "container", "container", &name, error)
      || !disp_document_entry_get_string (entry, "container_id", &id, error))
    return FALSE;
  container->model = g_strdup (model);
  container->name = g_strdup (name);
  /* The name of nothing is no name. */
  container->id = id != NULL && *id != '\0' ? g_strdup (id) : NULL;
  return TRUE;
}

static DispContainer *
read_container (const DispDocumentEntry *entry, GError **error)
{
  g_autoptr (DispContainer) container = disp_container_new ();
  gint64 device = DISP_DEVICE_CPU;

  if (!read_names (entry, container, error))
    return NULL;
  if (!g_str_equal (container->model, DISP_MODEL_ALL)
      && !get_version (entry, &container->version, error))
    return NULL;
  if (!disp_document_entry_get_boolean (entry, "active", &container->active, error)
      || !disp_document_entry_get_int (entry, "device", DISP_DEVICE_CPU, DISP_DEVICE_GPU,
                                       "0 (CPU) or 1 (GPU)", &device, error)
      || !read_place (entry, container, error) || !read_quota (entry, container, error)
      || !read_max_in_flight (entry, container, error))
    return NULL;
  container->device = (DispDevice) device;
  return g_steal_pointer (&container);
}

static GPtrArray *
read_models (const DispDocumentTree *tree, JsonNode *node, GError **error)
{
  JsonArray *array = disp_document_get_list (tree, node, "models", error);
  g_autoptr (GPtrArray) models = NULL;

  if (array == NULL)
    return NULL;
  models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      DispDocumentEntry entry;
      DispModel *model;

      if (!disp_document_entry_init (&entry, tree, "models", array, i, error))
        return NULL;
      model = read_model (&entry, error);
      if (model == NULL)
        return NULL;
      g_ptr_array_add (models, model);
    }
  return g_steal_pointer (&models);
}

/* Notes that @container stands at @index; FALSE if the same stands earlier. */
static gboolean
note_container (GHashTable *seen, const DispContainer *container, guint index, GError **error)
{
  g_autofree char *key = g_strdup_printf ("%s\n%s\n%s\n%" G_GINT64_FORMAT, container->name,
                                          container->endpoint, container->model,
                                          container->version);
  gpointer first;

  if (!g_hash_table_lookup_extended (seen, key, NULL, &first))
    {
      g_hash_table_insert (seen, g_steal_pointer (&key), GUINT_TO_POINTER (index));
      return TRUE;
    }
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT,
               "containers[%u] is containers[%u] again: container \"%s\" at %s with the same model "
               "and version, expected it once",
               index, GPOINTER_TO_UINT (first), container->name, container->endpoint);
  return FALSE;
}

/* What is in flight at a server counts together, however often it is listed, so the least that one
 * of its listings allows counts for all of them. */
static void
share_max_in_flight (const GPtrArray *containers)
{
  g_autoptr (GHashTable) least = g_hash_table_new (disp_container_hash, disp_container_is_same);

  for (guint i = 0; i < containers->len; i++)
    {
      DispContainer *container = g_ptr_array_index (containers, i);
      const DispContainer *other = g_hash_table_lookup (least, container);

      if (container->max_in_flight != 0
          && (other == NULL || container->max_in_flight < other->max_in_flight))
        g_hash_table_replace (least, container, container);
    }
  for (guint i = 0; i < containers->len; i++)
    {
      DispContainer *container = g_ptr_array_index (containers, i);
      const DispContainer *other = g_hash_table_lookup (least, container);

      if (other != NULL)
        container->max_in_flight = other->max_in_flight;
    }
}

static GPtrArray *
read_containers (const DispDocumentTree *tree, JsonNode *node, GError **error)
{
  JsonArray *array = disp_document_get_list (tree, node, "containers", error);
  g_autoptr (GHashTable) seen = NULL;
  g_autoptr (GPtrArray) containers = NULL;

  if (array == NULL)
    return NULL;
  seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      DispDocumentEntry entry;
      DispContainer *container;

      if (!disp_document_entry_init (&entry, tree, "containers", array, i, error))
        return NULL;
      container = read_container (&entry, error);
      if (container == NULL)
        return NULL;
      g_ptr_array_add (containers, container);
      if (!note_container (seen, container, i, error))
        return NULL;
    }
  share_max_in_flight (containers);
  return g_steal_pointer (&containers);
}

/* A list at the top of a document; it may be empty, but has to be there. */
static JsonNode *
find_list (const DispDocumentTree *tree, const char *list, GError **error)
{
  JsonNode *node = NULL;

  if (JSON_NODE_HOLDS_OBJECT (tree->root))
    node = json_object_get_member (json_node_get_object (tree->root), list);
  if (node == NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT,
                 "the document has no list \"%s\", expected an object with the lists \"models\" "
                 "and \"containers\"",
                 list);
  return node;
}

/**
 * disp_fleet_document_parse:
 * @text: a fleet file, which need not end in a NUL
 * @length: its length in bytes
 * @format: its language
 * @previous: (nullable): the snapshot whose counters go on
 * @error: %DISP_ERROR_INVALID_DOCUMENT, with the place, what was found and what was expected
 *
 * Reads a document with the lists "models" and "containers", in the form of the Containers
 * Manager's own configuration.  Members that mean nothing to us are ignored.
 *
 * Returns: (transfer full) (nullable): the fleet
 */
DispFleet *
disp_fleet_document_parse (const char *text, gsize length, DispDocumentFormat format,
                           DispFleet *previous, GError **error)
{
  g_auto (DispDocumentTree) tree = { 0 };
  g_autoptr (GPtrArray) models = NULL;
  g_autoptr (GPtrArray) containers = NULL;
  JsonNode *list;

  if (format == DISP_DOCUMENT_JSON
          ? !disp_document_tree_read_json (text, length, &limits, &tree, error)
          : !disp_document_tree_read_yaml (text, length, &limits, &tree, error))
    return NULL;
  list = find_list (&tree, "models", error);
  models = list != NULL ? read_models (&tree, list, error) : NULL;
  if (models == NULL)
    return NULL;
  list = find_list (&tree, "containers", error);
  containers = list != NULL ? read_containers (&tree, list, error) : NULL;
  if (containers == NULL)
    return NULL;
  return disp_fleet_new (g_steal_pointer (&models), g_steal_pointer (&containers), previous);
}

/**
 * disp_fleet_document_parse_models:
 * @text: what the Containers Manager answers to GET /models
 * @length: its length in bytes
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: (transfer full) (nullable) (element-type DispModel): the models, as disp_fleet_new()
 * takes them
 */
GPtrArray *
disp_fleet_document_parse_models (const char *text, gsize length, GError **error)
{
  g_auto (DispDocumentTree) tree = { 0 };

  if (!disp_document_tree_read_json (text, length, &limits, &tree, error))
    return NULL;
  return read_models (&tree, tree.root, error);
}

/**
 * disp_fleet_document_parse_containers:
 * @text: what the Containers Manager answers to GET /containers
 * @length: its length in bytes
 * @error: %DISP_ERROR_INVALID_DOCUMENT
 *
 * Returns: (transfer full) (nullable) (element-type DispContainer): the containers, as
 * disp_fleet_new() takes them
 */
GPtrArray *
disp_fleet_document_parse_containers (const char *text, gsize length, GError **error)
{
  g_auto (DispDocumentTree) tree = { 0 };

  if (!disp_document_tree_read_json (text, length, &limits, &tree, error))
    return NULL;
  return read_containers (&tree, tree.root, error);
}
