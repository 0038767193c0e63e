/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-object.h"

/**
 * disp_json_object_read:
 * @scanner: a scanner at the start of an object, or of white space before it
 * @names: (array length=n_names): the names of members that are looked for
 * @n_names: how many
 * @members: (inout) (array length=n_names): those that are found; all zero before
 * @error: %DISP_ERROR_INVALID_JSON, or %DISP_ERROR_INVALID_VALUE if one is there twice
 *
 * Reads an object to its end, and passes over all its other members.
 *
 * Returns: whether it was one
 */
gboolean
disp_json_object_read (DispJsonScanner *scanner, const char *const *names, guint n_names,
                       DispJsonMember *members, GError **error)
{
  gboolean more;

  if (!disp_json_enter_object (scanner, "a JSON object", &more, error))
    return FALSE;
  while (more)
    {
      DispJsonMember found;
      guint member;

      if (!disp_json_read_name (scanner, &found, error)
          || !disp_json_read_value (scanner, &found, error))
        return FALSE;
      member = disp_json_member_find (&found, names, n_names);
      if (member < n_names && members[member].value != NULL)
        return disp_json_member_fail_twice (scanner, &found, names[member], error);
      if (member < n_names)
        members[member] = found;
      if (!disp_json_next_member (scanner, &more, error))
        return FALSE;
    }
  return TRUE;
}
