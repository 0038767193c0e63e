/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config.h"

#include "app/key-file-value.h"
#include "wire/json-writer.h"

static void
append_value (GString *text, const char *key, const char *value)
{
  g_autofree char *written = disp_key_file_value_write (value);

  g_string_append_printf (text, "%s=%s\n", key, written);
}

static void
append_probabilities (GString *text, const DispConfig *self)
{
  GVariantIter models;
  const char *model;
  GVariant *value;

  if (g_variant_n_children (self->probabilities) == 0)
    return;
  g_string_append_printf (text, "\n[" DISP_PROBABILITIES_GROUP "]\n# %s\n",
                          self->probabilities_origin);
  g_variant_iter_init (&models, self->probabilities);
  while (g_variant_iter_next (&models, "{&sv}", &model, &value))
    {
      g_autoptr (GVariant) probabilities = value;
      GVariantIter containers;
      const char *container;
      double probability;
      const char *separator = "";
      g_autoptr (GString) list = g_string_new (NULL);

      g_variant_iter_init (&containers, probabilities);
      while (g_variant_iter_next (&containers, "{&sd}", &container, &probability))
        {
          g_auto (DispJsonWriter) number = { 0 };

          disp_json_writer_init (&number);
          disp_json_writer_double (&number, NULL, probability);
          g_string_append_printf (list, "%s%s=%s", separator, container, number.text->str);
          separator = ";";
        }
      append_value (text, model, list->str);
    }
}

/**
 * disp_config_to_text:
 * @self: a configuration
 *
 * Returns: (transfer full): all of it as a configuration file, with a comment above each setting
 * that says where its value comes from
 */
char *
disp_config_to_text (const DispConfig *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      const DispSettingRow *row = disp_setting_get_row (i);

      if (i == 0 || !g_str_equal (row->group, disp_setting_get_row (i - 1)->group))
        g_string_append_printf (text, "%s[%s]\n", i > 0 ? "\n" : "", row->group);
      g_string_append_printf (text, "# %s\n", self->origins[i]);
      append_value (text, row->key, self->texts[i]);
    }
  append_probabilities (text, self);
  return g_string_free (text, FALSE);
}
