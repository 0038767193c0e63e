/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/suggestion.h"

#include <string.h>

/* No more names than these are listed. */
#define MAX_NAMES 8

typedef struct
{
  const char *name; /* (unowned) */
  guint distance;
} Candidate;

/**
 * disp_text_distance:
 * @a: a name
 * @b: another
 *
 * The distance of Levenshtein: how many bytes have to be put in, taken out or changed.
 *
 * Returns: it
 */
guint
disp_text_distance (const char *a, const char *b)
{
  gsize width = strlen (b);
  g_autofree guint *row = g_new (guint, width + 1);

  for (gsize j = 0; j <= width; j++)
    row[j] = (guint) j;
  for (gsize i = 0; a[i] != '\0'; i++)
    {
      guint corner = row[0];

      row[0] = (guint) i + 1;
      for (gsize j = 1; j <= width; j++)
        {
          guint changed = corner + (a[i] != b[j - 1]);

          corner = row[j];
          row[j] = MIN (changed, MIN (row[j], row[j - 1]) + 1);
        }
    }
  return row[width];
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const Candidate *first = a;
  const Candidate *second = b;

  if (first->distance != second->distance)
    return first->distance < second->distance ? -1 : 1;
  return strcmp (first->name, second->name);
}

/**
 * disp_suggest:
 * @wrong: what somebody wrote
 * @names: (array zero-terminated=1): what could have been meant
 *
 * Returns: (transfer full): the nearest of @names, separated by commas; a few, the best first
 */
char *
disp_suggest (const char *wrong, const char *const *names)
{
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  GString *text = g_string_new (NULL);

  for (; *names != NULL; names++)
    {
      Candidate candidate = { *names, disp_text_distance (wrong, *names) };

      /* Who knows only a part of a name is near to it. */
      if (strstr (*names, wrong) != NULL)
        candidate.distance = 0;
      g_array_append_val (candidates, candidate);
    }
  g_array_sort (candidates, compare);
  for (guint i = 0; i < MIN (candidates->len, MAX_NAMES); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "",
                            g_array_index (candidates, Candidate, i).name);
  if (candidates->len > MAX_NAMES)
    g_string_append (text, ", \xe2\x80\xa6");
  return g_string_free (text, FALSE);
}
