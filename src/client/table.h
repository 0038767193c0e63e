/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispStyle:
 * @DISP_STYLE_PLAIN: as all else
 * @DISP_STYLE_TITLE: the head of a column
 * @DISP_STYLE_GOOD: all is well
 * @DISP_STYLE_POOR: worth a look
 * @DISP_STYLE_BAD: something failed
 * @DISP_STYLE_FAINT: of no weight now
 *
 * How text looks where there are colours.
 */
typedef enum
{
  DISP_STYLE_PLAIN,
  DISP_STYLE_TITLE,
  DISP_STYLE_GOOD,
  DISP_STYLE_POOR,
  DISP_STYLE_BAD,
  DISP_STYLE_FAINT,
} DispStyle;

/**
 * DispColumn:
 *
 * A column of a table.
 */
typedef struct
{
  const char *title;  /* (unowned) translated */
  gboolean is_number; /* whether it is aligned to the right */
  guint width;        /* how wide it is at least */
} DispColumn;

typedef struct _DispTable DispTable;

DispTable *disp_table_new (const DispColumn *columns, guint n_columns);
void disp_table_free (DispTable *self);
void disp_table_add (DispTable *self, const char *text);
void disp_table_add_styled (DispTable *self, DispStyle style, const char *text);
void disp_table_take (DispTable *self, DispStyle style, char *text);
guint disp_table_get_n_rows (const DispTable *self);
char *disp_table_to_text (const DispTable *self, gboolean colours, guint width);

guint disp_text_width (const char *text);
void disp_text_append (GString *line, DispStyle style, gboolean colours, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispTable, disp_table_free)
