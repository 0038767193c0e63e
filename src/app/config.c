/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config.h"

#include "build-config.h"
#include "core/clean-text.h"
#include "core/error.h"

#include <glib/gi18n.h>

#define ENVIRONMENT_PREFIX "DISPATCHERD_"

/**
 * disp_config_set_setting:
 * @self: a configuration
 * @setting: which setting
 * @text: its value
 * @origin: who says so
 * @error: %DISP_ERROR_INVALID_CONFIG, saying what was expected
 *
 * Returns: whether the value is right
 */
gboolean
disp_config_set_setting (DispConfig *self, DispSetting setting, const char *text,
                         const char *origin, GError **error)
{
  const DispSettingRow *row = disp_setting_get_row (setting);

  if (!row->parse (text, (char *) self + row->offset, error))
    {
      disp_clean_message (error);
      return FALSE;
    }
  g_free (self->texts[setting]);
  self->texts[setting] = g_strdup (text);
  g_free (self->origins[setting]);
  self->origins[setting] = g_strdup (origin);
  return TRUE;
}

/* systemd gives a service its state directory; others have that of their user. */
static char *
default_state_dir (void)
{
  const char *given = g_getenv ("STATE_DIRECTORY");
  g_auto (GStrv) parts = g_strsplit (given != NULL ? given : "", ":", 2);

  if (parts[0] != NULL && *parts[0] != '\0')
    return g_strdup (parts[0]);
  return g_build_filename (g_get_user_state_dir (), GETTEXT_PACKAGE, NULL);
}

/**
 * disp_config_new:
 *
 * Returns: (transfer full): the default configuration
 */
DispConfig *
disp_config_new (void)
{
  DispConfig *self = g_new0 (DispConfig, 1);
  g_autofree char *state_dir = default_state_dir ();

  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      const char *fallback = disp_setting_get_row (i)->fallback;
      gboolean valid = disp_config_set_setting (self, i, fallback != NULL ? fallback : state_dir,
                                                _ ("default"), NULL);

      g_assert (valid);
    }
  self->probabilities = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  return self;
}

void
disp_config_free (DispConfig *self)
{
  g_strfreev (self->listen);
  g_free (self->token_file);
  g_free (self->tls_certificate);
  g_free (self->tls_key);
  g_free (self->tls_client_ca);
  g_free (self->state_dir);
  g_free (self->fleet);
  g_free (self->containers_manager);
  g_free (self->policy);
  g_free (self->shadow_policy);
  g_variant_unref (self->probabilities);
  g_free (self->sticky_header);
  g_strfreev (self->not_idempotent);
  g_free (self->health_path);
  g_strfreev (self->hedge);
  g_free (self->requests_store);
  g_strfreev (self->requests_store_listen);
  g_strfreev (self->containers_manager_listen);
  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      g_free (self->texts[i]);
      g_free (self->origins[i]);
    }
  g_free (self->probabilities_origin);
  g_free (self);
}

/**
 * disp_config_imply_source:
 * @self: a configuration
 * @given: (array): for each #DispSetting whether the layer has it
 * @origin: the layer: a file, the environment, the command line
 * @error: %DISP_ERROR_INVALID_CONFIG if the layer names two sources
 *
 * What a layer says of the fleet also says which source is meant, unless the layer says that too.
 *
 * Returns: whether it is clear
 */
gboolean
disp_config_imply_source (DispConfig *self, const gboolean *given, const char *origin,
                          GError **error)
{
  if (given[DISP_SETTING_SOURCE])
    return TRUE;
  if (given[DISP_SETTING_FLEET] && given[DISP_SETTING_CONTAINERS_MANAGER])
    {
      g_set_error (
          error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
          _ ("%s: both a fleet file and a Containers Manager are given, expected one of them, or "
             "[fleet] source to say which"),
          origin);
      return FALSE;
    }
  if (given[DISP_SETTING_FLEET])
    return disp_config_set_setting (self, DISP_SETTING_SOURCE, "file", origin, error);
  if (given[DISP_SETTING_CONTAINERS_MANAGER])
    return disp_config_set_setting (self, DISP_SETTING_SOURCE, "containers-manager", origin, error);
  return TRUE;
}

static char *
environment_name (const char *name)
{
  g_autofree char *capitals = g_ascii_strup (name, -1);

  g_strdelimit (capitals, "-", '_');
  return g_strconcat (ENVIRONMENT_PREFIX, capitals, NULL);
}

/**
 * disp_config_load_environment:
 * @self: a configuration
 * @environment: (array zero-terminated=1): "NAME=value" each
 * @error: %DISP_ERROR_INVALID_CONFIG, naming the variable
 *
 * Puts what DISPATCHERD_… variables say over what was there.
 *
 * Returns: whether they are right
 */
gboolean
disp_config_load_environment (DispConfig *self, const char *const *environment, GError **error)
{
  gboolean given[DISP_N_SETTINGS] = { FALSE };

  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      g_autofree char *name = environment_name (disp_setting_get_row (i)->name);
      const char *text = g_environ_getenv ((char **) environment, name);

      if (text == NULL)
        continue;
      given[i] = TRUE;
      if (!disp_config_set_setting (self, i, text, name, error))
        {
          g_prefix_error (error, "%s: ", name);
          return FALSE;
        }
    }
  return disp_config_imply_source (self, given, _ ("environment"), error);
}

/**
 * disp_config_set:
 * @self: a configuration
 * @name: the name of a setting, which is that of its flag
 * @text: its value
 * @origin: who says so
 * @error: %DISP_ERROR_INVALID_CONFIG
 *
 * Sets one setting.  A fleet file or a Containers Manager becomes the source.
 *
 * Returns: whether the value is right
 */
gboolean
disp_config_set (DispConfig *self, const char *name, const char *text, const char *origin,
                 GError **error)
{
  gboolean given[DISP_N_SETTINGS] = { FALSE };

  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      if (!g_str_equal (disp_setting_get_row (i)->name, name))
        continue;
      given[i] = TRUE;
      if (!disp_config_set_setting (self, i, text, origin, error))
        {
          g_prefix_error (error, "%s: ", origin);
          return FALSE;
        }
    }
  return disp_config_imply_source (self, given, origin, error);
}
