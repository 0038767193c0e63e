/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/document-tree.h"

/**
 * DispDocumentEntry:
 *
 * One object of a list of a document, and where it stands, for messages.
 */
typedef struct
{
  const DispDocumentTree *tree; /* (unowned) */
  const char *list;             /* (unowned) the name of the list */
  guint index;
  JsonObject *object; /* (unowned) */
} DispDocumentEntry;

JsonArray *disp_document_get_list (const DispDocumentTree *tree, JsonNode *node, const char *list,
                                   GError **error);
gboolean disp_document_entry_init (DispDocumentEntry *self, const DispDocumentTree *tree,
                                   const char *list, JsonArray *array, guint index, GError **error);
gboolean disp_document_entry_has (const DispDocumentEntry *self, const char *member);
gboolean disp_document_entry_fail (const DispDocumentEntry *self, const char *member,
                                   const char *expected, GError **error);
gboolean disp_document_entry_fail_missing (const DispDocumentEntry *self, const char *member,
                                           const char *expected, GError **error);

gboolean disp_document_entry_get_string (const DispDocumentEntry *self, const char *member,
                                         const char **value, GError **error);
gboolean disp_document_entry_get_name (const DispDocumentEntry *self, const char *member,
                                       const char *what, const char **value, GError **error);
gboolean disp_document_entry_get_int (const DispDocumentEntry *self, const char *member, gint64 min,
                                      gint64 max, const char *expected, gint64 *value,
                                      GError **error);
gboolean disp_document_entry_get_amount (const DispDocumentEntry *self, const char *member,
                                         double *value, GError **error);
gboolean disp_document_entry_get_boolean (const DispDocumentEntry *self, const char *member,
                                          gboolean *value, GError **error);
