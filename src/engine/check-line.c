/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/check-line.h"

static int
compare_due (gconstpointer a, gconstpointer b, G_GNUC_UNUSED gpointer user_data)
{
  const DispCheckSubject *first = a;
  const DispCheckSubject *second = b;

  return (first->due > second->due) - (first->due < second->due);
}

/**
 * disp_check_line_leave:
 * @subject: a subject, in a line or not
 */
void
disp_check_line_leave (DispCheckSubject *subject)
{
  g_clear_pointer (&subject->place, g_sequence_remove);
}

/**
 * disp_check_line_enter:
 * @line: (element-type DispCheckSubject): those that are to be checked, in the order in which they
 *   are due
 * @subject: a subject, in that line or in none
 * @due: when it is to be checked, in microseconds
 */
void
disp_check_line_enter (GSequence *line, DispCheckSubject *subject, gint64 due)
{
  disp_check_line_leave (subject);
  subject->due = due;
  subject->place = g_sequence_insert_sorted (line, subject, compare_due, NULL);
}

/**
 * disp_check_line_hurry:
 * @line: (element-type DispCheckSubject): a line
 * @subject: a subject, in that line or in none
 * @due: when it is to be checked, in microseconds
 *
 * If it is in the line, lets it be checked earlier, but not later.
 */
void
disp_check_line_hurry (GSequence *line, DispCheckSubject *subject, gint64 due)
{
  if (subject->place != NULL && subject->due > due)
    disp_check_line_enter (line, subject, due);
}

/**
 * disp_check_line_peek:
 * @line: (element-type DispCheckSubject): a line
 *
 * Returns: (transfer none) (nullable): the first in it
 */
DispCheckSubject *
disp_check_line_peek (GSequence *line)
{
  GSequenceIter *first = g_sequence_get_begin_iter (line);

  return g_sequence_iter_is_end (first) ? NULL : g_sequence_get (first);
}
