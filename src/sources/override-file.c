/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/override-file.h"

#include "core/error.h"
#include "sources/regular-file.h"
#include "wire/override-document.h"

#include <errno.h>
#include <glib/gstdio.h>

/**
 * disp_override_file_save:
 * @path: the file, whose directory is made when it is not there
 * @overrides: (element-type DispOverride): a list
 * @error: %DISP_ERROR_FAILED, naming the file
 *
 * Writes all of it or nothing, and has it on the disk.
 *
 * Returns: whether it is written
 */
gboolean
disp_override_file_save (const char *path, GPtrArray *overrides, GError **error)
{
  g_autoptr (GBytes) document = disp_override_document_write (overrides);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autoptr (GError) problem = NULL;
  gsize length;
  const char *text = g_bytes_get_data (document, &length);

  /* If that fails, the file cannot be made either. */
  g_mkdir_with_parents (directory, 0700);
  if (length > DISP_OVERRIDE_DOCUMENT_MAX_SIZE)
    g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                 "%s: the overrides of quotas take more than %d bytes", path,
                 DISP_OVERRIDE_DOCUMENT_MAX_SIZE);
  else if (!g_file_set_contents_full (path, text, (gssize) length,
                                      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                      0600, &problem))
    g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                 "%s: the overrides of quotas cannot be written: %s", path, problem->message);
  else
    return TRUE;
  return FALSE;
}

static GPtrArray *
parse_file (const char *path, GError **error)
{
  g_autoptr (GString) text = disp_regular_file_read (path, "file of overrides",
                                                     DISP_OVERRIDE_DOCUMENT_MAX_SIZE, error);
  GPtrArray *overrides;

  if (text == NULL)
    return NULL;
  overrides = disp_override_document_parse (text->str, text->len, error);
  if (overrides == NULL)
    g_prefix_error (error, "%s: ", path);
  return overrides;
}

/**
 * disp_override_file_load:
 * @path: what disp_override_file_save() wrote; need not be there
 * @error: %DISP_ERROR_FAILED if it cannot be read, or is damaged or of a newer version, saying what
 *   to do
 *
 * Returns: (transfer full) (nullable) (element-type DispOverride): the list
 */
GPtrArray *
disp_override_file_load (const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  GPtrArray *overrides;
  GStatBuf status;

  if (g_lstat (path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
    return disp_overrides_new ();
  overrides = parse_file (path, &problem);
  if (overrides == NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                 "%s; mend the file, or remove it to forget the quotas that were set by hand",
                 problem->message);
  return overrides;
}
