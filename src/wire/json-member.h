/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/json-scanner.h"

/**
 * DispJsonMember:
 *
 * A member of an object, as it stands in the text that a scanner walks over.
 */
typedef struct
{
  const char *name; /* (unowned) what stands between its quotes, not unescaped */
  gsize name_length;
  const char *value; /* (unowned) (nullable) NULL = there is no such member */
  gsize length;      /* of its value */
} DispJsonMember;

gboolean disp_json_enter_object (DispJsonScanner *scanner, const char *expected, gboolean *more,
                                 GError **error);
gboolean disp_json_next_member (DispJsonScanner *scanner, gboolean *more, GError **error);
gboolean disp_json_read_name (DispJsonScanner *scanner, DispJsonMember *member, GError **error);
gboolean disp_json_read_value (DispJsonScanner *scanner, DispJsonMember *member, GError **error);

guint disp_json_member_find (const DispJsonMember *self, const char *const *names, guint n_names);
char *disp_json_member_dup_string (const DispJsonMember *self, gsize max_length);
gboolean disp_json_member_fail (const DispJsonMember *self, const char *name, const char *expected,
                                GError **error);
gboolean disp_json_member_fail_twice (const DispJsonScanner *scanner, const DispJsonMember *second,
                                      const char *name, GError **error);
