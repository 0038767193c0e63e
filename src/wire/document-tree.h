/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/**
 * DispDocumentLimits:
 *
 * How much of a document is read: beyond that it is refused, before it costs memory or stack.
 */
typedef struct
{
  gsize max_size;  /* in bytes */
  guint max_depth; /* of lists and objects in each other */
  guint max_nodes; /* values, each counted as often as an alias repeats it */
} DispDocumentLimits;

/**
 * DispDocumentTree:
 *
 * A document as values, whatever language it was written in.
 */
typedef struct
{
  JsonNode *root;    /* (owned) */
  GHashTable *lines; /* (owned) (nullable) (element-type JsonNode guint) where values stand, from 1;
                        NULL if the language does not tell */
} DispDocumentTree;

gboolean disp_document_tree_read_json (const char *text, gsize length,
                                       const DispDocumentLimits *limits, DispDocumentTree *tree,
                                       GError **error);
void disp_document_tree_clear (DispDocumentTree *self);

char *disp_document_quote (const char *text);
gboolean disp_document_check_size (gsize length, const DispDocumentLimits *limits, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispDocumentTree, disp_document_tree_clear)
