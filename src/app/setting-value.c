/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/setting-value.h"

#include "app/config.h"
#include "core/error.h"
#include "core/policies.h"
#include "core/sticky.h"
#include "front/listen-address.h"
#include "records/http-store.h"
#include "sources/manager-source.h"

#include <glib/gi18n.h>
#include <string.h>

/**
 * disp_setting_set_expected:
 * @error: %DISP_ERROR_INVALID_CONFIG
 * @expected: what was expected, translated
 * @text: what was found
 *
 * Says that a text is no value of a setting.
 *
 * Returns: %FALSE
 */
gboolean
disp_setting_set_expected (GError **error, const char *expected, const char *text)
{
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, _ ("expected %s, found \"%s\""),
               expected, text);
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

/* Nothing stands for none. */
gboolean
disp_setting_parse_header (const char *text, gpointer field, GError **error)
{
  if (*text != '\0' && !disp_sticky_header_is_valid (text))
    return disp_setting_set_expected (
        error, _ ("the name of a header field, such as X-Session-Id, or nothing"), text);
  return disp_setting_parse_string (text, field, error);
}

gboolean
disp_setting_parse_directory (const char *text, gpointer field, GError **error)
{
  if (*text == '\0')
    return disp_setting_set_expected (error, _ ("a directory"), text);
  return disp_setting_parse_string (text, field, error);
}

static const char *
expected_url (void)
{
  return _ (
      "http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH], without a user name, query or "
      "fragment");
}

/*
 * The floors below say only whether a value is right.  What they say of a wrong one is English, so
 * here it is said again, in the language of whoever starts the daemon.
 */

/* Takes what can be made a source of, and nothing as none. */
gboolean
disp_setting_parse_manager (const char *text, gpointer field, GError **error)
{
  if (*text != '\0')
    {
      g_autoptr (DispClock) clock = disp_system_clock_new ();
      g_autoptr (GRand) random = g_rand_new_with_seed (0);
      g_autoptr (DispSource) source = disp_manager_source_new (text, G_USEC_PER_SEC, clock, random,
                                                               NULL);

      if (source == NULL)
        return disp_setting_set_expected (error, expected_url (), text);
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
      if (!disp_http_store_check_url (text, NULL))
        return disp_setting_set_expected (error, expected_url (), text);
    }
  else if (!is_file && !g_str_equal (text, "none"))
    return disp_setting_set_expected (
        error, _ ("sqlite, sqlite:PATH, an http:// or https:// URL, or none"), text);
  return disp_setting_parse_string (text, field, error);
}

static char **
split_list (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ";", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (char **part = parts; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0')
      g_strv_builder_add (builder, *part);
  return g_strv_builder_end (builder);
}

/* Takes any names, and none. */
gboolean
disp_setting_parse_list (const char *text, gpointer field, G_GNUC_UNUSED GError **error)
{
  char ***value = field;

  g_strfreev (*value);
  *value = split_list (text);
  return TRUE;
}

/* Takes an empty list too. */
gboolean
disp_setting_parse_listen_or_none (const char *text, gpointer field, GError **error)
{
  g_auto (GStrv) addresses = split_list (text);
  char ***value = field;

  for (char **address = addresses; *address != NULL; address++)
    {
      g_autoptr (GSocketAddress) parsed = disp_listen_address_parse (*address, NULL);

      if (parsed == NULL)
        return disp_setting_set_expected (
            error,
            _ ("ADDRESS:PORT with a numeric address, [ADDRESS]:PORT with one of "
               "IPv6, or unix:/ABSOLUTE/PATH"),
            *address);
    }
  g_strfreev (*value);
  *value = g_steal_pointer (&addresses);
  return TRUE;
}

static gboolean
set_expected_list (GError **error, const char *text)
{
  return disp_setting_set_expected (error, _ ("one or more values separated by \";\""), text);
}

gboolean
disp_setting_parse_listen (const char *text, gpointer field, GError **error)
{
  g_auto (GStrv) addresses = split_list (text);

  if (*addresses == NULL)
    return set_expected_list (error, text);
  return disp_setting_parse_listen_or_none (text, field, error);
}

gboolean
disp_setting_parse_boolean (const char *text, gpointer field, GError **error)
{
  static const char *const yes[] = { "yes", "true", "on", "1", NULL };
  static const char *const no[] = { "no", "false", "off", "0", NULL };
  gboolean *value = field;

  if (!g_strv_contains (yes, text) && !g_strv_contains (no, text))
    return disp_setting_set_expected (error, _ ("yes or no"), text);
  *value = g_strv_contains (yes, text);
  return TRUE;
}

/* Finds which of the names it is. */
static gboolean
parse_choice (const char *text, const char *const *names, gsize n_names, guint *value,
              GError **error)
{
  g_autoptr (GString) expected = g_string_new (_ ("one of: "));

  for (gsize i = 0; i < n_names; i++)
    {
      if (g_str_equal (text, names[i]))
        {
          *value = (guint) i;
          return TRUE;
        }
      g_string_append_printf (expected, "%s%s", i > 0 ? ", " : "", names[i]);
    }
  return disp_setting_set_expected (error, expected->str, text);
}

gboolean
disp_setting_parse_source (const char *text, gpointer field, GError **error)
{
  static const char *const names[] = {
    [DISP_SOURCE_NONE] = "none",
    [DISP_SOURCE_FILE] = "file",
    [DISP_SOURCE_CONTAINERS_MANAGER] = "containers-manager",
  };
  guint value;

  if (!parse_choice (text, names, G_N_ELEMENTS (names), &value, error))
    return FALSE;
  *(DispSourceKind *) field = (DispSourceKind) value;
  return TRUE;
}

gboolean
disp_setting_parse_policy (const char *text, gpointer field, GError **error)
{
  const char *const *names = disp_policy_get_names ();
  guint value;

  return parse_choice (text, names, g_strv_length ((char **) names), &value, error)
         && disp_setting_parse_string (text, field, error);
}

gboolean
disp_setting_parse_shadow_policy (const char *text, gpointer field, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  guint value;

  g_ptr_array_add (names, (gpointer) DISP_NO_SHADOW);
  for (const char *const *name = disp_policy_get_names (); *name != NULL; name++)
    g_ptr_array_add (names, (gpointer) *name);
  return parse_choice (text, (const char *const *) names->pdata, names->len, &value, error)
         && disp_setting_parse_string (text, field, error);
}

gboolean
disp_setting_parse_queue_policy (const char *text, gpointer field, GError **error)
{
  const char *names[DISP_N_QUEUE_POLICIES];
  guint value = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    names[i] = disp_queue_policy_to_string (i);
  if (!parse_choice (text, names, G_N_ELEMENTS (names), &value, error))
    return FALSE;
  *(DispQueuePolicy *) field = (DispQueuePolicy) value;
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
  guint value;

  if (!parse_choice (text, names, G_N_ELEMENTS (names), &value, error))
    return FALSE;
  *(DispVersionPath *) field = (DispVersionPath) value;
  return TRUE;
}

/* What can stand in the first line of a request. */
static gboolean
is_path (const char *text)
{
  g_autofree char *url = g_strconcat ("http://node", text, NULL);

  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at) || *at == '#')
      return FALSE;
  return *text == '/' && g_uri_is_valid (url, G_URI_FLAGS_NONE, NULL);
}

/* Takes nothing too, as none. */
gboolean
disp_setting_parse_health_path (const char *text, gpointer field, GError **error)
{
  if (*text != '\0' && !is_path (text))
    return disp_setting_set_expected (
        error, _ ("an absolute path of a URL, such as /healthz, or nothing"), text);
  return disp_setting_parse_string (text, field, error);
}

/* Takes one of two names, of which the second means %TRUE. */
static gboolean
parse_alternative (const char *text, const char *no, const char *yes, gboolean *value,
                   GError **error)
{
  const char *const names[] = { no, yes };
  guint chosen;

  if (!parse_choice (text, names, G_N_ELEMENTS (names), &chosen, error))
    return FALSE;
  *value = chosen == 1;
  return TRUE;
}

gboolean
disp_setting_parse_durability (const char *text, gpointer field, GError **error)
{
  return parse_alternative (text, "relaxed", "committed", field, error);
}

gboolean
disp_setting_parse_overflow (const char *text, gpointer field, GError **error)
{
  return parse_alternative (text, "refuse", "drop", field, error);
}

gboolean
disp_setting_parse_half_close (const char *text, gpointer field, GError **error)
{
  return parse_alternative (text, "close", "allow", field, error);
}

gboolean
disp_setting_parse_client_certificate (const char *text, gpointer field, GError **error)
{
  static const char *const names[] = {
    [DISP_CLIENT_CERTIFICATE_NONE] = "none",
    [DISP_CLIENT_CERTIFICATE_OPTIONAL] = "optional",
    [DISP_CLIENT_CERTIFICATE_REQUIRED] = "required",
  };
  guint value;

  if (!parse_choice (text, names, G_N_ELEMENTS (names), &value, error))
    return FALSE;
  *(DispClientCertificate *) field = (DispClientCertificate) value;
  return TRUE;
}

gboolean
disp_setting_parse_bus (const char *text, gpointer field, GError **error)
{
  static const char *const names[] = {
    [DISP_BUS_AUTO] = "auto",
    [DISP_BUS_SESSION] = "session",
    [DISP_BUS_SYSTEM] = "system",
    [DISP_BUS_NONE] = "none",
  };
  guint value = 0;

  if (!parse_choice (text, names, G_N_ELEMENTS (names), &value, error))
    return FALSE;
  *(DispBusKind *) field = (DispBusKind) value;
  return TRUE;
}

static gboolean
parse_probability (char *text, GVariantBuilder *builder)
{
  char *equals = strrchr (text, '=');
  char *end = NULL;
  double probability = equals != NULL ? g_ascii_strtod (equals + 1, &end) : 0;

  if (equals == NULL || equals == text || end == equals + 1 || *end != '\0')
    return FALSE;
  *equals = '\0';
  g_variant_builder_add (builder, "{sd}", g_strchomp (text), probability);
  return TRUE;
}

/* Whether they are probabilities is for the policy to say, for which the model may be any. */
static gboolean
are_probabilities (GVariant *probabilities)
{
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (DispPolicySpec) spec = NULL;

  g_variant_dict_insert_value (&options, "model", probabilities);
  spec = disp_policy_spec_new (DISP_PROBABILITIES_GROUP, g_variant_dict_end (&options), NULL);
  return spec != NULL;
}

/**
 * disp_setting_parse_probabilities:
 * @text: "CONTAINER=P;CONTAINER=P…"
 * @error: %DISP_ERROR_INVALID_CONFIG, saying what was expected and what was found
 *
 * Returns: (transfer full) (nullable): the a{sd}
 */
GVariant *
disp_setting_parse_probabilities (const char *text, GError **error)
{
  g_auto (GStrv) parts = split_list (text);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sd}"));
  g_autoptr (GVariant) value = NULL;

  if (*parts == NULL)
    {
      set_expected_list (error, text);
      return NULL;
    }
  for (char **part = parts; *part != NULL; part++)
    if (!parse_probability (*part, &builder))
      {
        disp_setting_set_expected (error, _ ("CONTAINER=PROBABILITY, such as gpu-0=0.25"), *part);
        return NULL;
      }
  value = g_variant_ref_sink (g_variant_builder_end (&builder));
  if (are_probabilities (value))
    return g_steal_pointer (&value);
  disp_setting_set_expected (
      error, _ ("each container once, with numbers from 0 to 1 that add up to 1"), text);
  return NULL;
}
