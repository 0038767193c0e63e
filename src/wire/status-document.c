/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/status-document.h"

#include "core/error.h"
#include "wire/json-object.h"

#include <string.h>

/* How deep a member may be that means nothing to us. */
#define MAX_DEPTH 32
/* The longest name of a state, in bytes.  Those of TensorFlow Serving have at most 9. */
#define MAX_STATE 32
/* The longest number of a version, in bytes. */
#define MAX_NUMBER 20
/* The longest error that is looked into, in bytes. */
#define MAX_ERROR 4096

static const char available_state[] = "AVAILABLE";

/* What is known of the versions so far. */
typedef struct
{
  const gint64 *wanted; /* (array length=n_wanted) */
  guint n_wanted;       /* 0 = whichever */
  gboolean available;
  char *state; /* (owned) (nullable) */
} Found;

static gboolean
fail_missing (const char *name, GError **error)
{
  g_set_error (error, DISP_ERROR, DISP_ERROR_MISSING_KEY, "there is no \"%s\"", name);
  return FALSE;
}

/* A number of 64 bits, which JSON of a protocol buffer has as a string. */
static gboolean
read_version (const DispJsonMember *member, gint64 *version, GError **error)
{
  g_autofree char *text = NULL;

  if (member->value == NULL)
    return fail_missing ("version", error);
  text = *member->value == '"' ? disp_json_member_dup_string (member, MAX_NUMBER)
                               : g_strndup (member->value, MIN (member->length, MAX_NUMBER + 1));
  return (text != NULL && g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, version, NULL))
         || disp_json_member_fail (member, "version", "a number of at most 64 bits", error);
}

/* It is shown to people, so it is a word and nothing else. */
static char *
read_state (const DispJsonMember *member, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;

  if (member->value == NULL)
    {
      fail_missing ("state", error);
      return NULL;
    }
  text = disp_json_member_dup_string (member, MAX_STATE);
  length = text != NULL ? strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") : 0;
  if (length > 0 && length <= MAX_STATE && text[length] == '\0')
    return g_steal_pointer (&text);
  disp_json_member_fail (member, "state", "a word in capitals", error);
  return NULL;
}

static gboolean
is_wanted (const Found *found, gint64 version)
{
  for (guint i = 0; i < found->n_wanted; i++)
    if (found->wanted[i] == version)
      return TRUE;
  return found->n_wanted == 0;
}

static gboolean
scan_version (DispJsonScanner *scanner, Found *found, GError **error)
{
  static const char *const names[] = { "version", "state" };
  DispJsonMember members[G_N_ELEMENTS (names)] = { 0 };
  g_autofree char *state = NULL;
  gint64 version = 0;

  if (!disp_json_object_read (scanner, names, G_N_ELEMENTS (names), members, error)
      || !read_version (&members[0], &version, error))
    return FALSE;
  state = read_state (&members[1], error);
  if (state == NULL)
    return FALSE;
  if (!is_wanted (found, version) || found->available)
    return TRUE;
  found->available = g_str_equal (state, available_state);
  g_free (found->state);
  found->state = g_steal_pointer (&state);
  return TRUE;
}

static gboolean
scan_versions (const DispJsonMember *list, Found *found, GError **error)
{
  DispJsonScanner scanner;

  disp_json_scanner_init (&scanner, list->value, list->length, MAX_DEPTH);
  if (!disp_json_scanner_take (&scanner, '['))
    return disp_json_member_fail (list, "model_version_status", "an array", error);
  disp_json_scanner_space (&scanner);
  if (disp_json_scanner_take (&scanner, ']'))
    return TRUE;
  do
    {
      if (!scan_version (&scanner, found, error))
        return FALSE;
      disp_json_scanner_space (&scanner);
    }
  while (disp_json_scanner_take (&scanner, ','));
  return TRUE;
}

/* Finds one member of an object that is the whole text. */
static gboolean
find_member (const char *text, gsize length, const char *name, DispJsonMember *member,
             GError **error)
{
  DispJsonScanner scanner;

  member->value = NULL;
  disp_json_scanner_init (&scanner, text, length, MAX_DEPTH);
  if (!disp_json_object_read (&scanner, &name, 1, member, error)
      || !disp_json_scanner_end (&scanner, error))
    return FALSE;
  return member->value != NULL || fail_missing (name, error);
}

/**
 * disp_status_document_parse:
 * @text: what a model server answered when it was asked for the status of a model, which need not
 *   end in a NUL
 * @length: its length in bytes
 * @versions: (array length=n_versions) (nullable): the versions one of which is wanted
 * @n_versions: how many; 0 = whichever
 * @available: (out): whether one of them can be used; set only on success
 * @state: (out) (transfer full) (nullable): the state of that, or of the wanted version that is
 *   listed last; %NULL if none is listed; set only on success
 * @error: %DISP_ERROR_INVALID_JSON, %DISP_ERROR_MISSING_KEY or %DISP_ERROR_INVALID_VALUE
 *
 * Reads a GetModelStatusResponse of TensorFlow Serving in the form of its REST interface
 * (tensorflow_serving/apis/get_model_status.proto): its HTTP status is 200 in every state, so only
 * the body tells.  Members that are not known are ignored.
 *
 * Returns: whether it is one
 */
gboolean
disp_status_document_parse (const char *text, gsize length, const gint64 *versions,
                            guint n_versions, gboolean *available, char **state, GError **error)
{
  Found found = { .wanted = versions, .n_wanted = n_versions };
  DispJsonMember list;

  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  if (!find_member (text, length, "model_version_status", &list, error)
      || !scan_versions (&list, &found, error))
    {
      g_free (found.state);
      return FALSE;
    }
  *available = found.available;
  *state = found.state;
  return TRUE;
}

static gboolean
is_of_name (char c)
{
  return g_ascii_isalnum (c) || strchr ("_-/", c) != NULL;
}

/* Whether @text has @name as a word, which it is not in a path. */
static gboolean
names_it (const char *text, const char *name)
{
  const gsize length = strlen (name);

  for (const char *at = strstr (text, name); at != NULL && length > 0; at = strstr (at + 1, name))
    if ((at == text || !is_of_name (at[-1])) && (at[length] == '\0' || !is_of_name (at[length])))
      return TRUE;
  return FALSE;
}

/**
 * disp_status_document_is_missing:
 * @text: the body of an answer with status 404, which need not end in a NUL
 * @length: its length in bytes
 * @model: the name of the model whose status was asked for
 *
 * A server that does not know the path answers 404 too, and may well be able to predict: so only
 * what TensorFlow Serving itself says of a model or a version that it does not serve counts
 * (tensorflow_serving/servables and model_servers: "Could not find any versions of model M", "Could
 * not find version V of model M", "Servable not found for request: Latest(M)").
 *
 * Returns: whether it says that the server does not serve the model
 */
gboolean
disp_status_document_is_missing (const char *text, gsize length, const char *model)
{
  g_autofree char *message = NULL;
  DispJsonMember member;

  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  if (!find_member (text, length, "error", &member, NULL))
    return FALSE;
  message = disp_json_member_dup_string (&member, MAX_ERROR);
  return message != NULL
         && (strstr (message, "Could not find ") != NULL
             || strstr (message, "Servable not found") != NULL)
         && names_it (message, model);
}
