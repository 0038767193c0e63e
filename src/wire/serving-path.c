/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/serving-path.h"

#include "core/error.h"

#include <string.h>

#define PREFIX "/v1/models/"

/* The longest part of a path that an error quotes, in bytes. */
#define MAX_QUOTED 100

void
disp_serving_target_clear (DispServingTarget *self)
{
  g_clear_pointer (&self->model, g_free);
  disp_version_clear (&self->version);
}

G_GNUC_PRINTF (2, 3)
static gboolean
fail (GError **error, const char *format, ...)
{
  va_list arguments;
  g_autofree char *message = NULL;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, DISP_ERROR, DISP_ERROR_NOT_FOUND, message);
  return FALSE;
}

static gboolean
fail_path (const char *path, GError **error)
{
  g_autofree char *quoted = g_utf8_make_valid (path, (gssize) strnlen (path, MAX_QUOTED));

  return fail (error,
               "no such path: %s, expected "
               "/v1/models/MODEL[/versions/NUMBER|/labels/LABEL]:predict|classify|regress or "
               "/v1/models/MODEL[/versions/NUMBER|/labels/LABEL][/metadata]",
               quoted);
}

/* A name that would mean another path once a server normalises it is no name (RFC 3986 section
 * 6.2.2.3). */
static gboolean
is_dots (const char *name)
{
  return g_str_equal (name, ".") || g_str_equal (name, "..");
}

/* Takes one segment, up to a slash or a colon, off *@path and decodes it. */
static char *
take_name (const char **path, const char *what, GError **error)
{
  const char *start = *path;
  const char *end = start + strcspn (start, "/:");
  g_autofree char *name = NULL;

  if (end == start)
    {
      fail (error, "the path has an empty %s", what);
      return NULL;
    }
  name = g_uri_unescape_segment (start, end, NULL);
  if (name == NULL || !g_utf8_validate (name, -1, NULL) || is_dots (name))
    {
      gsize length = MIN ((gsize) (end - start), MAX_QUOTED);
      g_autofree char *quoted = g_utf8_make_valid (start, (gssize) length);

      fail (error, "the %s %s in the path is no percent-encoded UTF-8 name", what, quoted);
      return NULL;
    }
  *path = end;
  return g_steal_pointer (&name);
}

static gboolean
take_number (const char **path, DispVersion *version, GError **error)
{
  const char *start = *path;
  gsize length = strspn (start, "0123456789");
  g_autofree char *digits = g_strndup (start, length);
  g_autofree char *quoted = NULL;

  if (length > 0 && strchr ("/:", start[length]) != NULL
      && g_ascii_string_to_signed (digits, 10, 0, G_MAXINT64, &version->number, NULL))
    {
      version->kind = DISP_VERSION_NUMBER;
      *path = start + length;
      return TRUE;
    }
  quoted = g_utf8_make_valid (start, (gssize) MIN (strcspn (start, "/:"), MAX_QUOTED));
  return fail (error, "the version %s in the path is no number of at most 64 bits", quoted);
}

static gboolean
take_version (const char **path, DispVersion *version, GError **error)
{
  if (g_str_has_prefix (*path, "/versions/"))
    {
      *path += strlen ("/versions/");
      return take_number (path, version, error);
    }
  if (g_str_has_prefix (*path, "/labels/"))
    {
      *path += strlen ("/labels/");
      version->label = take_name (path, "label", error);
      version->kind = DISP_VERSION_LABEL;
      return version->label != NULL;
    }
  return TRUE;
}

static gboolean
take_verb (const char *path, DispVerb *verb)
{
  if (*path == '\0')
    {
      *verb = DISP_VERB_STATUS;
      return TRUE;
    }
  if (g_str_equal (path, "/metadata"))
    {
      *verb = DISP_VERB_METADATA;
      return TRUE;
    }
  for (DispVerb known = DISP_VERB_PREDICT; known <= DISP_VERB_REGRESS; known++)
    if (*path == ':' && g_str_equal (path + 1, disp_verb_to_string (known)))
      {
        *verb = known;
        return TRUE;
      }
  return FALSE;
}

/**
 * disp_serving_path_parse:
 * @path: the path of a request as it came, percent-encoded, without a query
 * @target: (out caller-allocates): what it names; set only on success
 * @error: %DISP_ERROR_NOT_FOUND, saying what was expected
 *
 * Reads a path of the TensorFlow Serving REST form.  Which method goes with it is for the caller.
 *
 * Returns: whether @path is one
 */
gboolean
disp_serving_path_parse (const char *path, DispServingTarget *target, GError **error)
{
  g_auto (DispServingTarget) found = { 0 };
  const char *rest = path;

  g_return_val_if_fail (path != NULL, FALSE);

  if (!g_str_has_prefix (path, PREFIX))
    return fail_path (path, error);
  rest += strlen (PREFIX);
  found.model = take_name (&rest, "model name", error);
  if (found.model == NULL)
    return FALSE;
  if (!take_version (&rest, &found.version, error))
    return FALSE;
  if (!take_verb (rest, &found.verb))
    return fail_path (path, error);

  *target = found;
  memset (&found, 0, sizeof found);
  return TRUE;
}

static void
append_escaped (GString *path, const char *name)
{
  g_string_append_uri_escaped (path, name, NULL, FALSE);
}

/**
 * disp_serving_path_build:
 * @rule: how the version is written
 * @model: the name of the model
 * @version: which version the client asked for
 * @route_version: the version that was found for it; 0 = not known
 * @verb: what is wanted
 *
 * A client that asked for no version gets the one that was found, so that every container answers
 * with the same.
 *
 * Returns: (transfer full): the path at a container, percent-encoded
 */
char *
disp_serving_path_build (DispVersionPath rule, const char *model, const DispVersion *version,
                         gint64 route_version, DispVerb verb)
{
  gint64 number = version->kind == DISP_VERSION_NUMBER ? version->number : route_version;
  gboolean known = version->kind == DISP_VERSION_NUMBER || route_version != 0;
  g_autoptr (GString) path = g_string_new (NULL);

  if (version->kind != DISP_VERSION_LABEL && rule == DISP_VERSION_PATH_ORIGINAL && known)
    g_string_append_printf (path, "/v%" G_GINT64_FORMAT "/models/", number);
  else
    g_string_append (path, PREFIX);
  append_escaped (path, model);
  if (version->kind == DISP_VERSION_LABEL)
    {
      g_string_append (path, "/labels/");
      append_escaped (path, version->label);
    }
  else if (rule == DISP_VERSION_PATH_EXACT && known)
    g_string_append_printf (path, "/versions/%" G_GINT64_FORMAT, number);

  if (verb == DISP_VERB_METADATA)
    g_string_append (path, "/metadata");
  else if (verb != DISP_VERB_STATUS)
    g_string_append_printf (path, ":%s", disp_verb_to_string (verb));
  return g_string_free (g_steal_pointer (&path), FALSE);
}
