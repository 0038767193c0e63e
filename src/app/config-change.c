/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config-change.h"

/* From one configuration to the next, while the daemon runs. */

/**
 * disp_config_keep:
 * @self: a configuration that was just loaded
 * @old: the one in force
 *
 * Gives the settings that cannot change while the daemon runs the values that are in force, so that
 * @self is what can come into force now.
 *
 * Returns: (transfer full) (nullable): those that @self had otherwise, for a message: "[server]
 *   listen, [server] workers"; %NULL if there is none
 */
char *
disp_config_keep (DispConfig *self, const DispConfig *old)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      const DispSettingRow *row = disp_setting_get_row (i);
      gboolean valid;

      if (row->scope == DISP_SETTING_RELOADED || g_str_equal (self->texts[i], old->texts[i]))
        continue;
      g_string_append_printf (names, "%s[%s] %s", names->len > 0 ? ", " : "", row->group, row->key);
      valid = disp_config_set_setting (self, i, old->texts[i], old->origins[i], NULL);
      g_assert (valid);
    }
  return names->len > 0 ? g_strdup (names->str) : NULL;
}

/**
 * disp_config_has_same_policy:
 * @self: a configuration
 * @other: another
 *
 * Returns: whether both say the same policy with the same options
 */
gboolean
disp_config_has_same_policy (const DispConfig *self, const DispConfig *other)
{
  return g_str_equal (self->policy, other->policy)
         && (!g_str_equal (self->policy, "probabilities")
             || g_variant_equal (self->probabilities, other->probabilities))
         && (!g_str_equal (self->policy, "sticky")
             || (g_str_equal (self->sticky_header, other->sticky_header)
                 && self->sticky_load_factor == other->sticky_load_factor));
}

/**
 * disp_config_swap:
 * @self: a configuration
 * @other: another
 *
 * Exchanges what both say.  Who points to the configuration in force so sees the new one.
 */
void
disp_config_swap (DispConfig *self, DispConfig *other)
{
  DispConfig copy = *self;

  *self = *other;
  *other = copy;
}
