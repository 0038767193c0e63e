/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/quota-document.h"

#include "core/error.h"
#include "wire/json-object.h"

#include <math.h>
#include <string.h>

/* How deep a member may be that means nothing to us. */
#define MAX_DEPTH 32

typedef enum
{
  MEMBER_CONTAINER_ID,
  MEMBER_CONTAINER,
  MEMBER_QUOTA,
  MEMBER_CPU_QUOTA,
  N_MEMBERS
} Member;

static const char *const member_names[] = { "container_id", "container", "quota", "cpu_quota" };

G_STATIC_ASSERT (G_N_ELEMENTS (member_names) == N_MEMBERS);

/* Whether @member is there, and not null. */
static gboolean
has (const DispJsonMember *member)
{
  return member->value != NULL && *member->value != 'n';
}

static gboolean
read_name (const DispJsonMember *members, Member member, char **name, GError **error)
{
  const DispJsonMember *found = &members[member];

  if (!has (found))
    return TRUE;
  *name = disp_json_member_dup_string (found, found->length);
  return (*name != NULL && **name != '\0')
         || disp_json_member_fail (found, member_names[member], "a string that is not empty",
                                   error);
}

static gboolean
read_container (const DispJsonMember *members, DispQuotaChange *change, GError **error)
{
  if (!read_name (members, MEMBER_CONTAINER_ID, &change->container_id, error)
      || !read_name (members, MEMBER_CONTAINER, &change->container, error))
    return FALSE;
  if (change->container_id != NULL || change->container != NULL)
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_MISSING_KEY,
               "the body has no \"container_id\" and no \"container\", expected one of them");
  return FALSE;
}

static gboolean
read_quota (const DispJsonMember *members, DispQuotaChange *change, GError **error)
{
  const Member member = has (&members[MEMBER_QUOTA]) ? MEMBER_QUOTA : MEMBER_CPU_QUOTA;
  const DispJsonMember *found = &members[member];
  g_autofree char *number = NULL;

  if (!has (found))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_MISSING_KEY,
                   "the body has no \"quota\" and no \"cpu_quota\", expected one of them");
      return FALSE;
    }
  if (member == MEMBER_QUOTA && has (&members[MEMBER_CPU_QUOTA]))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "the body has \"quota\" and \"cpu_quota\", expected one of them");
      return FALSE;
    }
  number = g_strndup (found->value, found->length);
  change->quota = g_ascii_isdigit (*number) ? g_ascii_strtod (number, NULL) : -1;
  return (isfinite (change->quota) && change->quota >= 0)
         || disp_json_member_fail (found, member_names[member], "a finite number from 0 up", error);
}

/**
 * disp_quota_document_parse:
 * @text: the body of PATCH /containers, which need not end in a NUL
 * @length: its length in bytes
 * @change: (out caller-allocates): what it asks for; set only on success
 * @error: %DISP_ERROR_INVALID_JSON with the byte where the text goes wrong,
 *   %DISP_ERROR_MISSING_KEY or %DISP_ERROR_INVALID_VALUE naming the member
 *
 * Reads an object that names a container, by "container_id", "container" or both, and its new
 * "quota", which later versions of the Containers Manager call "cpu_quota".  As there, other
 * members are ignored; null is as good as absent.
 *
 * Returns: whether it is that
 */
gboolean
disp_quota_document_parse (const char *text, gsize length, DispQuotaChange *change, GError **error)
{
  g_auto (DispQuotaChange) found = { 0 };
  DispJsonMember members[N_MEMBERS] = { 0 };
  DispJsonScanner scanner;

  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  disp_json_scanner_init (&scanner, text, length, MAX_DEPTH);
  if (!disp_json_object_read (&scanner, member_names, N_MEMBERS, members, error)
      || !disp_json_scanner_end (&scanner, error) || !read_container (members, &found, error)
      || !read_quota (members, &found, error))
    return FALSE;
  *change = found;
  memset (&found, 0, sizeof found);
  return TRUE;
}
