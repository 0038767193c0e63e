/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/document-tree.h"

gboolean disp_document_tree_read_yaml (const char *text, gsize length,
                                       const DispDocumentLimits *limits, DispDocumentTree *tree,
                                       GError **error);
