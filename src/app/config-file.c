/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config.h"

#include "app/key-file-value.h"
#include "build-config.h"
#include "core/clean-text.h"
#include "core/error.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#define CONFIG_NAME "dispatcherd.conf"
#define CONFIG_DIR "conf.d"

/* Probabilities must be right also while another policy is in force. */
static GVariant *
read_probabilities (GKeyFile *file, const char *model, GError **error)
{
  g_autofree char *text = disp_key_file_value_read (file, DISP_PROBABILITIES_GROUP, model, error);

  /* No fleet can have it. */
  if (text != NULL && !g_utf8_validate (model, -1, NULL))
    {
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                           _ ("expected the name of a model, which is UTF-8"));
      return NULL;
    }
  return text != NULL ? disp_setting_parse_probabilities (text, error) : NULL;
}

static gboolean
set_probabilities (DispConfig *self, GKeyFile *file, const char *path, GError **error)
{
  g_auto (GStrv) models = g_key_file_get_keys (file, DISP_PROBABILITIES_GROUP, NULL, NULL);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (char **model = models; *model != NULL; model++)
    {
      g_autoptr (GVariant) value = read_probabilities (file, *model, error);

      if (value == NULL)
        {
          g_prefix_error (error, "%s: [" DISP_PROBABILITIES_GROUP "] %s: ", path, *model);
          return FALSE;
        }
      g_variant_builder_add (&builder, "{sv}", *model, value);
    }
  g_variant_unref (self->probabilities);
  self->probabilities = g_variant_ref_sink (g_variant_builder_end (&builder));
  g_free (self->probabilities_origin);
  self->probabilities_origin = g_strdup (path);
  return TRUE;
}

static gboolean
load_key (DispConfig *self, GKeyFile *file, const char *path, const char *group, const char *key,
          gboolean *given, GError **error)
{
  g_autofree char *text = NULL;
  DispSetting setting;

  if (!disp_setting_find (group, key, &setting))
    {
      g_autofree char *known = disp_setting_list (group);

      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                   _ ("%s: [%s] %s: there is no such setting, expected one of: %s"), path, group,
                   key, known);
      return FALSE;
    }
  given[setting] = TRUE;
  text = disp_key_file_value_read (file, group, key, error);
  if (text != NULL && disp_config_set_setting (self, setting, text, path, error))
    return TRUE;
  g_prefix_error (error, "%s: [%s] %s: ", path, group, key);
  return FALSE;
}

static gboolean
load_group (DispConfig *self, GKeyFile *file, const char *path, const char *group, gboolean *given,
            GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);
  g_autofree char *keys_known = disp_setting_list (group);

  if (g_str_equal (group, DISP_PROBABILITIES_GROUP))
    return set_probabilities (self, file, path, error);
  if (keys_known == NULL)
    {
      g_autofree char *known = disp_setting_list (NULL);
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                   _ ("%s: [%s]: there is no such section, expected one of: %s"), path, group,
                   known);
      return FALSE;
    }
  for (char **key = keys; *key != NULL; key++)
    if (!load_key (self, file, path, group, *key, given, error))
      return FALSE;
  return TRUE;
}

/* Of a text that is no key file the first line for which it is none, from 1 on. */
static guint
find_bad_line (const char *text)
{
  g_autoptr (GArray) ends = g_array_new (FALSE, FALSE, sizeof (gsize));
  guint good = 0;
  guint bad;

  for (gsize end = 0; text[end] != '\0';)
    {
      end += strcspn (text + end, "\n");
      end += text[end] == '\n';
      g_array_append_val (ends, end);
    }
  bad = MAX (ends->len, 1);
  while (bad - good > 1)
    {
      guint middle = good + (bad - good) / 2;
      g_autoptr (GKeyFile) file = g_key_file_new ();

      if (g_key_file_load_from_data (file, text, g_array_index (ends, gsize, middle - 1),
                                     G_KEY_FILE_KEEP_TRANSLATIONS, NULL))
        good = middle;
      else
        bad = middle;
    }
  return bad;
}

static guint
count_lines (const char *text, const char *end)
{
  guint n = 1;

  while ((text = memchr (text, '\n', (gsize) (end - text))) != NULL)
    {
      text++;
      n++;
    }
  return n;
}

static GKeyFile *
parse_key_file (const char *text, gsize length, const char *origin, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;
  const char *nul = memchr (text, '\0', length);

  /* GKeyFile would take what follows for the end of the line. */
  if (nul != NULL)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, _ ("%s: line %u: %s"), origin,
                   count_lines (text, nul), _ ("expected text, found a NUL byte"));
      return NULL;
    }
  /* Without the flag it would drop keys like "listen[de]" silently. */
  if (g_key_file_load_from_data (file, text, length, G_KEY_FILE_KEEP_TRANSLATIONS, &local))
    return g_steal_pointer (&file);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, _ ("%s: line %u: %s"), origin,
               find_bad_line (text), local->message);
  return NULL;
}

static gboolean
load_groups (DispConfig *self, GKeyFile *file, const char *origin, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  gboolean given[DISP_N_SETTINGS] = { FALSE };

  for (char **group = groups; *group != NULL; group++)
    if (!load_group (self, file, origin, *group, given, error))
      return FALSE;
  return disp_config_imply_source (self, given, origin, error);
}

/**
 * disp_config_load_text:
 * @self: a configuration
 * @text: a key file, with a NUL byte behind it
 * @length: how many bytes it has
 * @origin: where it is from, for messages
 * @error: %DISP_ERROR_INVALID_CONFIG, naming @origin, the section, the key, or the line, and what
 *   was expected, in one line of UTF-8
 *
 * Puts what a text says over what was there.  After an error the configuration must not be used.
 *
 * Returns: whether the text is right
 */
gboolean
disp_config_load_text (DispConfig *self, const char *text, gsize length, const char *origin,
                       GError **error)
{
  g_autoptr (GKeyFile) file = parse_key_file (text, length, origin, error);

  if (file != NULL && load_groups (self, file, origin, error))
    return TRUE;
  disp_clean_message (error);
  return FALSE;
}

/**
 * disp_config_load_file:
 * @self: a configuration
 * @path: a key file
 * @error: as of disp_config_load_text()
 *
 * Loads the text that is in a file.
 *
 * Returns: whether the file is right
 */
gboolean
disp_config_load_file (DispConfig *self, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;
  gsize length;

  if (g_file_get_contents (path, &text, &length, &local))
    return disp_config_load_text (self, text, length, path, error);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, _ ("%s: cannot be read: %s"), path,
               local->message);
  disp_clean_message (error);
  return FALSE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Whether there certainly is no such file.  One that may not be seen could be there. */
static gboolean
is_absent (const char *path)
{
  GStatBuf status;

  return g_lstat (path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static gboolean
load_directory (DispConfig *self, const char *directory, GError **error)
{
  g_autofree char *main_file = g_build_filename (directory, CONFIG_NAME, NULL);
  g_autofree char *more = g_build_filename (directory, CONFIG_DIR, NULL);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!is_absent (main_file) && !disp_config_load_file (self, main_file, error))
    return FALSE;
  if (!is_absent (more) && (dir = g_dir_open (more, 0, &local)) == NULL)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, _ ("%s: cannot be read: %s"), more,
                   local->message);
      return FALSE;
    }
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".conf"))
      g_ptr_array_add (paths, g_build_filename (more, name, NULL));
  g_ptr_array_sort (paths, compare_names);
  for (guint i = 0; i < paths->len; i++)
    if (!disp_config_load_file (self, g_ptr_array_index (paths, i), error))
      return FALSE;
  return TRUE;
}

/**
 * disp_config_load_default_files:
 * @self: a configuration
 * @error: as of disp_config_load_file()
 *
 * Loads dispatcherd.conf and then conf.d/\*.conf, in the order of their names, of the system's
 * directory and then of the user's.  Files that are not there are no error.
 *
 * Returns: whether all files are right
 */
gboolean
disp_config_load_default_files (DispConfig *self, GError **error)
{
  g_autofree char *user = g_build_filename (g_get_user_config_dir (), GETTEXT_PACKAGE, NULL);

  return load_directory (self, DISP_SYSCONFDIR, error) && load_directory (self, user, error);
}
