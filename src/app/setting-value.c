/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/setting-value.h"

#include "app/config.h"
#include "core/error.h"
#include "front/listen-address.h"
#include "records/http-store.h"
#include "sources/manager-source.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_WORKERS 256
/* Nothing waits longer than a day. */
#define MAX_DURATION ((double) G_TIME_SPAN_DAY)
/* A body is held in a GByteArray, whose length is a guint. */
#define MAX_SIZE ((double) (G_GINT64_CONSTANT (2) << 30))

typedef struct
{
  const char *suffix;
  double factor;
} Unit;

static const Unit time_units[] = { { "us", 1 },     { "ms", 1e3 },   { "s", 1e6 },
                                   { "min", 60e6 }, { "h", 3600e6 }, { "", 1e6 } };
static const Unit size_units[]
    = { { "K", 1024 }, { "M", 1048576 }, { "G", 1073741824 }, { "", 1 } };

static gboolean
set_expected (GError **error, const char *expected, const char *text)
{
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, _ ("expected %s, found \"%s\""),
               expected, text);
  return FALSE;
}

/* Takes plain decimal numbers only; strtod() knows many more. */
static gboolean
parse_quantity (const char *text, const Unit *units, gsize n_units, double most, gint64 *value)
{
  char *end;
  double number = g_ascii_strtod (text, &end);

  if (!g_ascii_isdigit (text[0]) || end != text + strspn (text, "0123456789."))
    return FALSE;
  while (*end == ' ')
    end++;
  for (gsize i = 0; i < n_units; i++)
    if (g_str_equal (end, units[i].suffix) && number * units[i].factor <= most)
      {
        *value = (gint64) (number * units[i].factor + 0.5);
        return TRUE;
      }
  return FALSE;
}

gboolean
disp_setting_parse_string (const char *text, gpointer field, G_GNUC_UNUSED GError **error)
{
  char **value = field;

  g_free (*value);
  *value = g_strdup (text);
  return TRUE;
}

gboolean
disp_setting_parse_directory (const char *text, gpointer field, GError **error)
{
  if (*text == '\0')
    return set_expected (error, _ ("a directory"), text);
  return disp_setting_parse_string (text, field, error);
}

/* Takes what can be made a source of, and nothing as none. */
gboolean
disp_setting_parse_manager (const char *text, gpointer field, GError **error)
{
  if (*text != '\0')
    {
      g_autoptr (DispClock) clock = disp_system_clock_new ();
      g_autoptr (GRand) random = g_rand_new_with_seed (0);
      g_autoptr (DispSource) source = disp_manager_source_new (text, G_USEC_PER_SEC, clock, random,
                                                               error);

      if (source == NULL)
        return FALSE;
    }
  return disp_setting_parse_string (text, field, error);
}

/* Takes what a store can be made of; whether the file of one can be opened is seen at the start. */
gboolean
disp_setting_parse_store (const char *text, gpointer field, GError **error)
{
  gboolean is_file = g_str_equal (text, "sqlite")
                     || (g_str_has_prefix (text, "sqlite:") && text[strlen ("sqlite:")] != '\0');

  if (g_str_has_prefix (text, "http:") || g_str_has_prefix (text, "https:"))
    {
      g_autoptr (DispStore) store = disp_http_store_new (text, error);

      if (store == NULL)
        return FALSE;
    }
  else if (!is_file && !g_str_equal (text, "none"))
    return set_expected (error, _ ("sqlite, sqlite:PATH, an http:// or https:// URL, or none"),
                         text);
  return disp_setting_parse_string (text, field, error);
}

gboolean
disp_setting_parse_list (const char *text, gpointer field, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ";", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  char ***value = field;
  guint n = 0;

  for (char **part = parts; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0')
      {
        g_strv_builder_add (builder, *part);
        n++;
      }
  if (n == 0)
    return set_expected (error, _ ("one or more values separated by \";\""), text);
  g_strfreev (*value);
  *value = g_strv_builder_end (builder);
  return TRUE;
}

gboolean
disp_setting_parse_listen (const char *text, gpointer field, GError **error)
{
  g_auto (GStrv) addresses = NULL;
  char ***value = field;

  if (!disp_setting_parse_list (text, &addresses, error))
    return FALSE;
  for (char **address = addresses; *address != NULL; address++)
    {
      g_autoptr (GSocketAddress) parsed = disp_listen_address_parse (*address, error);

      if (parsed == NULL)
        return FALSE;
    }
  g_strfreev (*value);
  *value = g_steal_pointer (&addresses);
  return TRUE;
}

gboolean
disp_setting_parse_boolean (const char *text, gpointer field, GError **error)
{
  static const char *const yes[] = { "yes", "true", "on", "1", NULL };
  static const char *const no[] = { "no", "false", "off", "0", NULL };
  gboolean *value = field;

  if (!g_strv_contains (yes, text) && !g_strv_contains (no, text))
    return set_expected (error, _ ("yes or no"), text);
  *value = g_strv_contains (yes, text);
  return TRUE;
}

gboolean
disp_setting_parse_workers (const char *text, gpointer field, GError **error)
{
  guint *value = field;
  guint64 number;

  if (g_str_equal (text, "auto"))
    *value = MIN (g_get_num_processors (), MAX_WORKERS);
  else if (g_ascii_string_to_unsigned (text, 10, 1, MAX_WORKERS, &number, NULL))
    *value = (guint) number;
  else
    return set_expected (error, _ ("auto or a number from 1 to 256"), text);
  return TRUE;
}

gboolean
disp_setting_parse_duration (const char *text, gpointer field, GError **error)
{
  gint64 value;

  if (!parse_quantity (text, time_units, G_N_ELEMENTS (time_units), MAX_DURATION, &value)
      || value == 0)
    return set_expected (error, _ ("a time above 0 and up to 24h, such as 500ms, 5s or 2min"),
                         text);
  *(gint64 *) field = value;
  return TRUE;
}

gboolean
disp_setting_parse_size (const char *text, gpointer field, GError **error)
{
  gint64 value;

  if (!parse_quantity (text, size_units, G_N_ELEMENTS (size_units), MAX_SIZE, &value) || value == 0)
    return set_expected (
        error, _ ("a number of bytes above 0 and up to 2G, such as 65536, 64K or 64M"), text);
  *(gint64 *) field = value;
  return TRUE;
}

gboolean
disp_setting_parse_payload_limit (const char *text, gpointer field, GError **error)
{
  gint64 value;

  if (g_str_equal (text, "-1"))
    value = -1;
  else if (!parse_quantity (text, size_units, G_N_ELEMENTS (size_units), MAX_SIZE, &value))
    return set_expected (
        error, _ ("a number of bytes such as 65536 or 64K, 0 for none, or -1 for all"), text);
  *(gint64 *) field = value;
  return TRUE;
}

static gboolean
parse_choice (const char *text, const char *const *names, gsize n_names, int *value, GError **error)
{
  g_autoptr (GString) expected = g_string_new (NULL);

  for (gsize i = 0; i < n_names; i++)
    {
      if (g_str_equal (text, names[i]))
        {
          *value = (int) i;
          return TRUE;
        }
      g_string_append_printf (expected, "%s%s", i > 0 ? ", " : "", names[i]);
    }
  g_string_prepend (expected, _ ("one of: "));
  return set_expected (error, expected->str, text);
}

gboolean
disp_setting_parse_source (const char *text, gpointer field, GError **error)
{
  static const char *const names[] = {
    [DISP_SOURCE_NONE] = "none",
    [DISP_SOURCE_FILE] = "file",
    [DISP_SOURCE_CONTAINERS_MANAGER] = "containers-manager",
  };
  int value;

  if (!parse_choice (text, names, G_N_ELEMENTS (names), &value, error))
    return FALSE;
  *(DispSourceKind *) field = (DispSourceKind) value;
  return TRUE;
}

gboolean
disp_setting_parse_version_path (const char *text, gpointer field, GError **error)
{
  static const char *const names[] = {
    [DISP_VERSION_PATH_EXACT] = "exact",
    [DISP_VERSION_PATH_LATEST] = "latest",
    [DISP_VERSION_PATH_ORIGINAL] = "original",
  };
  int value;

  if (!parse_choice (text, names, G_N_ELEMENTS (names), &value, error))
    return FALSE;
  *(DispVersionPath *) field = (DispVersionPath) value;
  return TRUE;
}

/**
 * disp_setting_parse_probabilities:
 * @text: "CONTAINER=P;CONTAINER=P…"
 * @error: %DISP_ERROR_INVALID_CONFIG
 *
 * Whether they are probabilities at all is for the policy to say.
 *
 * Returns: (transfer floating) (nullable): the a{sd}
 */
GVariant *
disp_setting_parse_probabilities (const char *text, GError **error)
{
  g_auto (GStrv) parts = NULL;
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sd}"));

  if (!disp_setting_parse_list (text, &parts, error))
    return NULL;
  for (char **part = parts; *part != NULL; part++)
    {
      char *equals = strrchr (*part, '=');
      char *end = NULL;
      double probability = equals != NULL ? g_ascii_strtod (equals + 1, &end) : 0;

      if (equals == NULL || equals == *part || end == equals + 1 || *end != '\0')
        {
          set_expected (error, _ ("CONTAINER=PROBABILITY, such as gpu-0=0.25"), *part);
          return NULL;
        }
      *equals = '\0';
      g_variant_builder_add (&builder, "{sd}", g_strchomp (*part), probability);
    }
  return g_variant_builder_end (&builder);
}
