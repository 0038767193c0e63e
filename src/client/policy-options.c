/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/policy-options.h"

#include <glib/gi18n.h>
#include <string.h>

/* Reads a number that fills the whole text. */
static gboolean
read_number (const char *text, double *number)
{
  char *end;

  *number = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

/* "CONTAINER=P", in which the name may have an equals sign. */
static gboolean
add_share (GVariantBuilder *builder, char *part)
{
  char *equals = strrchr (part, '=');
  double number;

  if (equals == NULL || equals == part || !read_number (equals + 1, &number))
    return FALSE;
  *equals = '\0';
  g_variant_builder_add (builder, "{sd}", g_strchomp (part), number);
  return TRUE;
}

/* "CONTAINER=P;CONTAINER=P", as in the configuration. */
static GVariant *
read_shares (const char *text)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sd}"));
  g_auto (GStrv) parts = g_strsplit (text, ";", -1);

  for (char **part = parts; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0' && !add_share (&builder, *part))
      return NULL;
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/* What a value is shows in how it is written. */
static GVariant *
read_value (const char *text)
{
  double number;

  if (strchr (text, '=') != NULL)
    return read_shares (text);
  if (g_str_equal (text, "yes") || g_str_equal (text, "true"))
    return g_variant_ref_sink (g_variant_new_boolean (TRUE));
  if (g_str_equal (text, "no") || g_str_equal (text, "false"))
    return g_variant_ref_sink (g_variant_new_boolean (FALSE));
  if (read_number (text, &number))
    return g_variant_ref_sink (g_variant_new_double (number));
  return g_variant_ref_sink (g_variant_new_string (text));
}

/**
 * disp_policy_options_parse:
 * @words: (array zero-terminated=1): "KEY=VALUE" each
 * @error: %G_OPTION_ERROR, naming the word
 *
 * Whether the policy takes them is for the daemon to say.  A VALUE is one of "CONTAINER=P;…"
 * (a{sd}), a number (d), yes or no (b), or anything else (s).
 *
 * Returns: (transfer full) (nullable): the options as a{sv}
 */
GVariant *
disp_policy_options_parse (const char *const *words, GError **error)
{
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);

  for (; *words != NULL; words++)
    {
      const char *equals = strchr (*words, '=');
      g_autofree char *key = equals != NULL ? g_strndup (*words, (gsize) (equals - *words)) : NULL;
      g_autoptr (GVariant) value = equals != NULL ? read_value (equals + 1) : NULL;

      if (value == NULL || *key == '\0')
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("\"%s\" is no option, expected KEY=VALUE, for the probabilities of a "
                          "model MODEL=CONTAINER=0.25;CONTAINER=0.75 in quotes"),
                       *words);
          return NULL;
        }
      if (g_variant_dict_contains (&options, key))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("the option \"%s\" is given twice"), key);
          return NULL;
        }
      g_variant_dict_insert_value (&options, key, value);
    }
  return g_variant_ref_sink (g_variant_dict_end (&options));
}

static void
append_number (GString *text, double number)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, g_ascii_formatd (digits, sizeof digits, "%.10g", number));
}

static void
append_value (GString *text, GVariant *value)
{
  GVariantIter iter;
  const char *name;
  double number;
  const char *separator = "";

  if (g_variant_is_of_type (value, G_VARIANT_TYPE ("a{sd}")))
    {
      g_variant_iter_init (&iter, value);
      while (g_variant_iter_next (&iter, "{&sd}", &name, &number))
        {
          g_string_append_printf (text, "%s%s=", separator, name);
          append_number (text, number);
          separator = ";";
        }
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    g_string_append (text, g_variant_get_boolean (value) ? "yes" : "no");
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    append_number (text, g_variant_get_double (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    g_string_append (text, g_variant_get_string (value, NULL));
  else
    {
      g_autofree char *printed = g_variant_print (value, FALSE);

      g_string_append (text, printed);
    }
}

/**
 * disp_policy_options_to_text:
 * @options: (type a{sv}): options
 *
 * Returns: (transfer full): them as disp_policy_options_parse() reads them, in lines, by their
 * names
 */
char *
disp_policy_options_to_text (GVariant *options)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GList) keys = NULL;
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                                         (GDestroyNotify) g_variant_unref);
  GVariantIter iter;
  char *name;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{sv}", &name, &value))
    g_hash_table_insert (values, name, value);
  keys = g_list_sort (g_hash_table_get_keys (values), (GCompareFunc) strcmp);
  for (GList *key = keys; key != NULL; key = key->next)
    {
      g_string_append_printf (text, "%s%s=", text->len > 0 ? "\n" : "", (const char *) key->data);
      append_value (text, g_hash_table_lookup (values, key->data));
    }
  return g_string_free (text, FALSE);
}
