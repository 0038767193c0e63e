/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-probe.h"

#include <glib.h>
#include <sqlite3.h>

/**
 * probe_query:
 * @path: a database
 * @sql: one statement
 *
 * Asks the file through a connection of the test's own.
 *
 * Returns: (transfer full): the rows, as the sqlite3 shell shows them: columns are parted by "|"
 * and rows by a new line
 */
char *
probe_query (const char *path, const char *sql)
{
  GString *text = g_string_new (NULL);
  sqlite3_stmt *statement;
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      if (text->len > 0)
        g_string_append_c (text, '\n');
      for (int i = 0; i < sqlite3_column_count (statement); i++)
        {
          const char *value = (const char *) sqlite3_column_text (statement, i);

          g_string_append_printf (text, "%s%s", i > 0 ? "|" : "", value != NULL ? value : "NULL");
        }
    }
  g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
  sqlite3_close (db);
  return g_string_free (text, FALSE);
}

/**
 * probe_check:
 * @path: a database
 * @sql: one statement
 * @expected: the rows that it has to give
 */
void
probe_check (const char *path, const char *sql, const char *expected)
{
  g_autofree char *found = probe_query (path, sql);

  g_assert_cmpstr (found, ==, expected);
}

/**
 * probe_execute:
 * @path: a database, which is made when there is none
 * @sql: statements
 */
void
probe_execute (const char *path, const char *sql)
{
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}
