/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a client sends, and what becomes of it: a line of tests/http/cases.txt, which says what its
 * parts mean. */
typedef struct
{
  char *name;    /* (owned) */
  char **fates;  /* (owned) all that may happen, in words */
  GString *sent; /* (owned) */
  gboolean ends; /* the client ends its half of the connection */
} HttpCase;

GPtrArray *case_table_read (const char *path);
GString *case_table_unescape (const char *text);
gboolean case_table_meets (const HttpCase *self, char **answers, gboolean has_closed);
gboolean case_table_is_head (const HttpCase *self, guint n_answers);
