/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/credential.h"

#include "core/error.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

/* No field of a head should be longer, in bytes. */
#define MAX_SIZE 8192

/* Reads one byte more than may be there, so that it is seen if there is more. */
static gssize
read_file (const char *path, char *bytes, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  gsize size;

  if (stream == NULL
      || !g_input_stream_read_all (G_INPUT_STREAM (stream), bytes, MAX_SIZE + 1, &size, NULL,
                                   error))
    return -1;
  return (gssize) size;
}

/* RFC 9110, section 5.5: no space at its ends, nothing that ends it, and only US-ASCII. */
static gboolean
is_field_value (const char *bytes, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (!g_ascii_isprint (bytes[i]))
      return FALSE;
  return size > 0 && bytes[0] != ' ' && bytes[size - 1] != ' ';
}

/* (nullable): where it would be, if the supervisor passes any on. */
static char *
make_path (const char *name)
{
  const char *directory = g_getenv ("CREDENTIALS_DIRECTORY");

  return directory != NULL && *directory != '\0' ? g_build_filename (directory, name, NULL) : NULL;
}

/**
 * disp_credential_find:
 * @name: the name of a credential
 *
 * Returns: (transfer full) (nullable): its file, which need not be readable; %NULL if nobody gave
 *   one
 */
char *
disp_credential_find (const char *name)
{
  g_autofree char *path = make_path (name);

  return path != NULL && g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

/**
 * disp_credential_read:
 * @name: the name of a credential
 * @value: (out) (transfer full) (nullable): what it is; %NULL = nobody gave one
 * @error: %DISP_ERROR_INVALID_CONFIG, naming the file and what was expected, but nothing of what is
 *   in it
 *
 * Reads a secret that the supervisor passes on: a file in $CREDENTIALS_DIRECTORY, with one line.
 *
 * Returns: whether @value was set
 */
gboolean
disp_credential_read (const char *name, char **value, GError **error)
{
  g_autofree char *path = make_path (name);
  g_autofree char *bytes = g_malloc (MAX_SIZE + 1);
  g_autoptr (GError) reason = NULL;
  gssize size;

  *value = NULL;
  if (path == NULL)
    return TRUE;
  size = read_file (path, bytes, &reason);
  if (size < 0 && g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (size < 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                   _ ("the credential \"%s\" cannot be read: %s"), path, reason->message);
      return FALSE;
    }
  if (size <= MAX_SIZE && size > 0 && bytes[size - 1] == '\n')
    size--;
  if (size > MAX_SIZE || !is_field_value (bytes, (gsize) size))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                   _ ("the credential \"%s\" is no value of the field Authorization, expected one "
                      "line of US-ASCII, such as \"Bearer TOKEN\", of at most %d bytes"),
                   path, MAX_SIZE);
      return FALSE;
    }
  *value = g_strndup (bytes, (gsize) size);
  return TRUE;
}
