/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config.h"

#include "app/key-file-value.h"
#include "app/setting-value.h"
#include "build-config.h"
#include "core/error.h"
#include "core/policy-registry.h"
#include "wire/json-writer.h"

#include <glib/gi18n.h>
#include <string.h>

#define ENVIRONMENT_PREFIX "DISPATCHERD_"

/* What is known of a setting.  Its name is its flag and, in capitals, its environment variable. */
typedef struct
{
  const char *name;
  const char *group;
  const char *key;
  DispSettingParse parse;
  gsize offset; /* of its value in DispConfig */
  const char *fallback;
} SettingRow;

#define VALUE(field) G_STRUCT_OFFSET (DispConfig, field)

static const SettingRow setting_rows[] = {
  [DISP_SETTING_LISTEN] = { "listen", "server", "listen", disp_setting_parse_listen, VALUE (listen),
                            "127.0.0.1:8000" },
  [DISP_SETTING_WORKERS] = { "workers", "server", "workers", disp_setting_parse_workers,
                             VALUE (workers), "auto" },
  [DISP_SETTING_BODY_LIMIT] = { "body-limit", "server", "body-limit", disp_setting_parse_size,
                                VALUE (body_limit), "64M" },
  [DISP_SETTING_DRAIN_TIMEOUT] = { "drain-timeout", "server", "drain-timeout",
                                   disp_setting_parse_duration, VALUE (drain_timeout), "20s" },
  [DISP_SETTING_STATE_DIR] = { "state-dir", "server", "state-dir", disp_setting_parse_directory,
                               VALUE (state_dir), NULL },
  [DISP_SETTING_VERBOSE] = { "verbose", "server", "verbose", disp_setting_parse_boolean,
                             VALUE (verbose), "no" },
  [DISP_SETTING_SOURCE] = { "source", "fleet", "source", disp_setting_parse_source, VALUE (source),
                            "none" },
  [DISP_SETTING_FLEET] = { "fleet", "fleet", "file", disp_setting_parse_string, VALUE (fleet), "" },
  [DISP_SETTING_CONTAINERS_MANAGER] = { "containers-manager", "fleet", "url",
                                        disp_setting_parse_manager, VALUE (containers_manager),
                                        "" },
  [DISP_SETTING_REFRESH_INTERVAL] = { "refresh-interval", "fleet", "refresh-interval",
                                      disp_setting_parse_duration, VALUE (refresh_interval), "5s" },
  [DISP_SETTING_POLICY] = { "policy", "dispatch", "policy", disp_setting_parse_string,
                            VALUE (policy), "round-robin" },
  [DISP_SETTING_TIMEOUT] = { "timeout", "dispatch", "timeout", disp_setting_parse_duration,
                             VALUE (timeout), "30s" },
  [DISP_SETTING_CONNECT_TIMEOUT] = { "connect-timeout", "dispatch", "connect-timeout",
                                     disp_setting_parse_duration, VALUE (connect_timeout), "2s" },
  [DISP_SETTING_IDLE_TIMEOUT] = { "idle-timeout", "dispatch", "idle-timeout",
                                  disp_setting_parse_duration, VALUE (idle_timeout), "30s" },
  [DISP_SETTING_ANSWER_LIMIT] = { "answer-limit", "dispatch", "answer-limit",
                                  disp_setting_parse_size, VALUE (answer_limit), "256M" },
  [DISP_SETTING_VERSION_PATH] = { "version-path", "dispatch", "version-path",
                                  disp_setting_parse_version_path, VALUE (version_path), "exact" },
  [DISP_SETTING_REQUESTS_STORE] = { "requests-store", "records", "store", disp_setting_parse_store,
                                    VALUE (requests_store), "sqlite" },
  [DISP_SETTING_FLUSH_INTERVAL] = { "flush-interval", "records", "flush-interval",
                                    disp_setting_parse_duration, VALUE (flush_interval), "50ms" },
  [DISP_SETTING_PAYLOAD_LIMIT] = { "payload-limit", "records", "payload-limit",
                                   disp_setting_parse_payload_limit, VALUE (payload_limit), "64K" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (setting_rows) == DISP_N_SETTINGS);

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
  const SettingRow *row = &setting_rows[setting];

  if (!row->parse (text, (char *) self + row->offset, error))
    return FALSE;
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
      const char *text = setting_rows[i].fallback != NULL ? setting_rows[i].fallback : state_dir;
      gboolean valid = disp_config_set_setting (self, i, text, _ ("default"), NULL);

      g_assert (valid);
    }
  self->probabilities = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  return self;
}

void
disp_config_free (DispConfig *self)
{
  g_strfreev (self->listen);
  g_free (self->state_dir);
  g_free (self->fleet);
  g_free (self->containers_manager);
  g_free (self->policy);
  g_variant_unref (self->probabilities);
  g_free (self->requests_store);
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
 * @given: (array fixed-size=19): for each #DispSetting whether the layer has it
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

/**
 * disp_config_find_setting:
 * @group: a section
 * @key: a key in it
 * @setting: (out): the setting
 *
 * Returns: whether there is such a setting
 */
gboolean
disp_config_find_setting (const char *group, const char *key, DispSetting *setting)
{
  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    if (g_str_equal (setting_rows[i].group, group) && g_str_equal (setting_rows[i].key, key))
      {
        *setting = i;
        return TRUE;
      }
  return FALSE;
}

/**
 * disp_config_list_settings:
 * @group: (nullable): a section
 *
 * Returns: (transfer full) (nullable): its keys for a message, or with %NULL the sections; %NULL if
 * there is no such section
 */
char *
disp_config_list_settings (const char *group)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      const SettingRow *row = &setting_rows[i];
      const char *name = group != NULL ? row->key : row->group;

      if ((group == NULL || g_str_equal (row->group, group))
          && !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        g_ptr_array_add (names, (gpointer) name);
    }
  if (names->len == 0)
    return NULL;
  if (group == NULL)
    g_ptr_array_add (names, (gpointer) DISP_PROBABILITIES_GROUP);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
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
      g_autofree char *name = environment_name (setting_rows[i].name);
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
      if (!g_str_equal (setting_rows[i].name, name))
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

static gboolean
check_source (const DispConfig *self, GError **error)
{
  gboolean is_missing = (self->source == DISP_SOURCE_FILE && *self->fleet == '\0')
                        || (self->source == DISP_SOURCE_CONTAINERS_MANAGER
                            && *self->containers_manager == '\0');

  if (is_missing)
    g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                 _ ("%s: [fleet] source is \"%s\", expected [fleet] %s as well"),
                 self->origins[DISP_SETTING_SOURCE], self->texts[DISP_SETTING_SOURCE],
                 self->source == DISP_SOURCE_FILE ? "file" : "url");
  return !is_missing;
}

static gboolean
check_policy (const char *policy, GVariant *options, const char *origin, const char *where,
              GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (DispPolicySpec) spec = disp_policy_spec_new (policy, options, &local);

  if (spec == NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, "%s: %s: %s", origin, where,
                 local->message);
  return spec != NULL;
}

/**
 * disp_config_check:
 * @self: a configuration with all its layers
 * @error: %DISP_ERROR_INVALID_CONFIG
 *
 * Checks what no setting can say alone.  Probabilities must be right also while another policy is
 * in force.
 *
 * Returns: whether the daemon can start with it
 */
gboolean
disp_config_check (DispConfig *self, GError **error)
{
  return check_policy (self->policy, NULL, self->origins[DISP_SETTING_POLICY], "[dispatch] policy",
                       error)
         && check_policy (DISP_PROBABILITIES_GROUP, self->probabilities, self->probabilities_origin,
                          "[" DISP_PROBABILITIES_GROUP "]", error)
         && check_source (self, error);
}

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
      const SettingRow *row = &setting_rows[i];

      if (i == 0 || !g_str_equal (row->group, setting_rows[i - 1].group))
        g_string_append_printf (text, "%s[%s]\n", i > 0 ? "\n" : "", row->group);
      g_string_append_printf (text, "# %s\n", self->origins[i]);
      append_value (text, row->key, self->texts[i]);
    }
  append_probabilities (text, self);
  return g_string_free (text, FALSE);
}
