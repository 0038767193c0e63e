/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/table.h"

#include "core/clean-text.h"

#include <string.h>

/* What stands between two columns. */
#define GAP 2

/* U+2026, for what has no room. */
#define ELLIPSIS "\xe2\x80\xa6"

typedef struct
{
  char *text; /* (owned) clean */
  guint width;
  DispStyle style;
} Cell;

struct _DispTable
{
  DispColumn *columns; /* (owned) without their titles */
  guint n_columns;
  GArray *cells; /* (owned) (element-type Cell) row after row, the titles first */
};

/* The numbers of ECMA-48 "select graphic rendition". */
static const char *const style_codes[] = {
  [DISP_STYLE_PLAIN] = NULL, [DISP_STYLE_TITLE] = "1", [DISP_STYLE_GOOD] = "32",
  [DISP_STYLE_POOR] = "33",  [DISP_STYLE_BAD] = "31",  [DISP_STYLE_FAINT] = "2",
};

static void
cell_clear (gpointer data)
{
  g_free (((Cell *) data)->text);
}

static guint
char_width (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

/**
 * disp_text_width:
 * @text: clean UTF-8
 *
 * Returns: how many columns of a terminal it takes
 */
guint
disp_text_width (const char *text)
{
  guint width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    width += char_width (g_utf8_get_char (text));
  return width;
}

/**
 * disp_text_append:
 * @line: where to
 * @style: how it looks
 * @colours: whether there are any
 * @text: clean UTF-8
 */
void
disp_text_append (GString *line, DispStyle style, gboolean colours, const char *text)
{
  if (!colours || style_codes[style] == NULL || *text == '\0')
    g_string_append (line, text);
  else
    g_string_append_printf (line, "\033[%sm%s\033[0m", style_codes[style], text);
}

/**
 * disp_table_new:
 * @columns: (array length=n_columns): its columns; copied
 * @n_columns: how many, at least one
 *
 * Returns: (transfer full): a table without rows
 */
DispTable *
disp_table_new (const DispColumn *columns, guint n_columns)
{
  DispTable *self = g_new0 (DispTable, 1);

  self->columns = g_memdup2 (columns, n_columns * sizeof *columns);
  self->n_columns = n_columns;
  self->cells = g_array_new (FALSE, FALSE, sizeof (Cell));
  g_array_set_clear_func (self->cells, cell_clear);
  for (guint i = 0; i < n_columns; i++)
    {
      self->columns[i].title = NULL;
      disp_table_add_styled (self, DISP_STYLE_TITLE, columns[i].title);
    }
  return self;
}

void
disp_table_free (DispTable *self)
{
  g_array_unref (self->cells);
  g_free (self->columns);
  g_free (self);
}

/**
 * disp_table_add:
 * @self: a table
 * @text: what the next cell says, cleaned by disp_clean_text()
 *
 * Cells fill one row after the other.
 */
void
disp_table_add (DispTable *self, const char *text)
{
  disp_table_add_styled (self, DISP_STYLE_PLAIN, text);
}

/**
 * disp_table_add_styled:
 * @self: a table
 * @style: how it looks where there are colours
 * @text: what the next cell says
 */
void
disp_table_add_styled (DispTable *self, DispStyle style, const char *text)
{
  Cell cell = { .text = disp_clean_text (text), .style = style };

  cell.width = disp_text_width (cell.text);
  g_array_append_val (self->cells, cell);
}

/**
 * disp_table_take:
 * @self: a table
 * @style: how it looks where there are colours
 * @text: (transfer full): what the next cell says
 */
void
disp_table_take (DispTable *self, DispStyle style, char *text)
{
  g_autofree char *owned = text;

  disp_table_add_styled (self, style, owned);
}

/**
 * disp_table_get_n_rows:
 * @self: a table
 *
 * Returns: how many rows it has, without that of the titles
 */
guint
disp_table_get_n_rows (const DispTable *self)
{
  return self->cells->len / self->n_columns - 1;
}

static const Cell *
get_cell (const DispTable *self, guint row, guint column)
{
  return &g_array_index (self->cells, Cell, row * self->n_columns + column);
}

static guint
column_width (const DispTable *self, guint column)
{
  guint width = self->columns[column].width;

  for (guint row = 0; row <= disp_table_get_n_rows (self); row++)
    width = MAX (width, get_cell (self, row, column)->width);
  return width;
}

/* What fits into @room of a text that is wider, with an ellipsis. */
static char *
shorten (const char *text, guint room)
{
  const char *at = text;

  for (guint width = 1; *at != '\0'; at = g_utf8_next_char (at))
    {
      width += char_width (g_utf8_get_char (at));
      if (width > room)
        break;
    }
  return g_strdup_printf ("%.*s" ELLIPSIS, (int) (at - text), text);
}

static void
pad (GString *line, guint width)
{
  for (guint i = 0; i < width; i++)
    g_string_append_c (line, ' ');
}

static void
append_row (const DispTable *self, guint row, const guint *widths, gboolean colours, guint room,
            GString *text)
{
  guint at = 0; /* where the line ends so far */
  guint start = 0;

  for (guint column = 0; column < self->n_columns; start += widths[column++] + GAP)
    {
      const Cell *cell = get_cell (self, row, column);
      guint begin = start + (self->columns[column].is_number ? widths[column] - cell->width : 0);
      g_autofree char *cut = NULL;

      if (begin >= room)
        return;
      if (cell->width == 0)
        continue;
      if (begin + cell->width > room)
        cut = shorten (cell->text, room - begin);
      pad (text, begin - at);
      disp_text_append (text, cell->style, colours, cut != NULL ? cut : cell->text);
      at = begin + cell->width;
    }
}

/**
 * disp_table_to_text:
 * @self: a table, whose last row is whole
 * @colours: whether to write colours
 * @width: how many columns of a terminal a line may take; 0: any
 *
 * Returns: (transfer full): its lines, the titles first, each ended by a newline and without spaces
 *   before it
 */
char *
disp_table_to_text (const DispTable *self, gboolean colours, guint width)
{
  GString *text = g_string_new (NULL);
  g_autofree guint *widths = g_new (guint, self->n_columns);

  for (guint column = 0; column < self->n_columns; column++)
    widths[column] = column_width (self, column);
  for (guint row = 0; row <= disp_table_get_n_rows (self); row++)
    {
      append_row (self, row, widths, colours, width > 0 ? width : G_MAXUINT, text);
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}
