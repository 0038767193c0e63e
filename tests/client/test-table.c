/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/table.h"

static DispTable *
make (void)
{
  const DispColumn columns[] = { { "NAME", FALSE, 0 }, { "COUNT", TRUE, 0 }, { "END", FALSE, 0 } };
  DispTable *table = disp_table_new (columns, G_N_ELEMENTS (columns));

  disp_table_add (table, "日本");
  disp_table_add (table, "7");
  disp_table_add_styled (table, DISP_STYLE_BAD, "x");
  disp_table_add (table, "naïve");
  disp_table_take (table, DISP_STYLE_PLAIN, g_strdup ("123456"));
  disp_table_add (table, "");
  return table;
}

static void
check (DispTable *table, gboolean colours, guint width, const char *expected)
{
  g_autofree char *text = disp_table_to_text (table, colours, width);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_aligned (void)
{
  g_autoptr (DispTable) table = make ();

  g_assert_cmpuint (disp_table_get_n_rows (table), ==, 2);
  check (table, FALSE, 0,
         "NAME    COUNT  END\n"
         "日本        7  x\n"
         "naïve  123456\n");
}

static void
test_colours (void)
{
  g_autoptr (DispTable) table = make ();

  check (table, TRUE, 0,
         "\033[1mNAME\033[0m    \033[1mCOUNT\033[0m  \033[1mEND\033[0m\n"
         "日本        7  \033[31mx\033[0m\n"
         "naïve  123456\n");
}

static void
test_narrow (void)
{
  g_autoptr (DispTable) table = make ();

  check (table, FALSE, 10,
         "NAME    C…\n"
         "日本\n"
         "naïve  12…\n");
  check (table, FALSE, 3,
         "NA…\n"
         "日…\n"
         "na…\n");
  check (table, FALSE, 1, "…\n…\n…\n");
}

static void
test_least_width (void)
{
  const DispColumn columns[] = { { "A", FALSE, 4 }, { "B", FALSE, 0 } };
  g_autoptr (DispTable) table = disp_table_new (columns, G_N_ELEMENTS (columns));

  check (table, FALSE, 0, "A     B\n");
}

/* A mark over a letter has no column of its own. */
static void
test_width (void)
{
  g_assert_cmpuint (disp_text_width ("e\xcc\x81"), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/table/aligned", test_aligned);
  g_test_add_func ("/client/table/colours", test_colours);
  g_test_add_func ("/client/table/narrow", test_narrow);
  g_test_add_func ("/client/table/least-width", test_least_width);
  g_test_add_func ("/client/table/width", test_width);
  return g_test_run ();
}
