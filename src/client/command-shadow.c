/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/command-shadow.h"

#include "client/format.h"
#include "client/policy-options.h"
#include "client/properties.h"
#include "core/error.h"
#include "core/policies.h"

#include <glib/gi18n.h>

/* The policy that decides beside the others without effect, and how it compares. */

static GVariant *
ask (const DispInvocation *self, GError **error)
{
  g_autoptr (GVariant) answer = disp_daemon_call (self->daemon, DISP_DAEMON_PATH, DISP_DAEMON_NAME,
                                                  "GetStatistics", NULL, "(a{sv})", error);
  g_autoptr (GVariant) statistics = NULL;

  if (answer == NULL)
    return NULL;
  statistics = g_variant_get_child_value (answer, 0);
  return disp_properties_value (statistics, "shadow", "a{sv}");
}

static void
write_counts (DispJsonWriter *writer, GVariant *counts)
{
  static const char *const names[] = { "decisions", "disagreements", "unknown" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    disp_json_writer_int (writer, names[i], (gint64) disp_properties_count (counts, names[i]));
  disp_json_writer_seconds (writer, "gain", (gint64) disp_properties_count (counts, "gain"));
  disp_json_writer_seconds (writer, "loss", (gint64) disp_properties_count (counts, "loss"));
}

static void
print_json (GVariant *shadow)
{
  g_autoptr (GVariant) models = disp_properties_value (shadow, "models", "a{sa{sv}}");
  const char *policy = disp_properties_string (shadow, "policy");
  g_auto (DispJsonWriter) writer = { 0 };
  GVariantIter iter;
  const char *model;
  GVariant *counts;

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_string (&writer, "shadow", *policy != '\0' ? policy : NULL);
  write_counts (&writer, shadow);
  disp_json_writer_begin_array (&writer, "models");
  g_variant_iter_init (&iter, models);
  while (g_variant_iter_next (&iter, "{&s@a{sv}}", &model, &counts))
    {
      g_autoptr (GVariant) owned = counts;

      disp_json_writer_begin_object (&writer, NULL);
      disp_json_writer_string (&writer, "model", model);
      write_counts (&writer, owned);
      disp_json_writer_end_object (&writer);
    }
  disp_json_writer_end_array (&writer);
  disp_json_writer_end_object (&writer);
  disp_invocation_print_json (&writer);
}

static void
add_counts (DispTable *table, const char *model, GVariant *counts)
{
  static const char *const names[] = { "decisions", "disagreements", "unknown" };

  disp_table_add (table, model);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    disp_table_take (table, DISP_STYLE_PLAIN,
                     disp_format_count (disp_properties_count (counts, names[i])));
  disp_table_take (table, DISP_STYLE_GOOD,
                   disp_format_latency (disp_properties_count (counts, "gain")));
  disp_table_take (table, DISP_STYLE_POOR,
                   disp_format_latency (disp_properties_count (counts, "loss")));
}

static void
print_text (const DispInvocation *self, GVariant *shadow)
{
  const DispColumn columns[] = {
    { _ ("MODEL"), FALSE, 0 },  { _ ("CHOICES"), TRUE, 0 }, { _ ("OTHERWISE"), TRUE, 0 },
    { _ ("UNKNOWN"), TRUE, 0 }, { _ ("SOONER"), TRUE, 0 },  { _ ("LATER"), TRUE, 0 },
  };
  const char *policy = disp_properties_string (shadow, "policy");
  g_autoptr (GVariant) models = disp_properties_value (shadow, "models", "a{sa{sv}}");
  g_autoptr (DispTable) table = disp_table_new (columns, G_N_ELEMENTS (columns));
  GVariantIter iter;
  const char *model;
  GVariant *counts;

  disp_invocation_print_fact (self, _ ("Shadow"), DISP_STYLE_PLAIN,
                              *policy != '\0' ? policy : _ ("none"));
  if (*policy == '\0')
    return;
  g_print ("\n");
  g_variant_iter_init (&iter, models);
  while (g_variant_iter_next (&iter, "{&s@a{sv}}", &model, &counts))
    {
      add_counts (table, model, counts);
      g_variant_unref (counts);
    }
  add_counts (table, _ ("all"), shadow);
  disp_invocation_print_table (self, table);
}

static gboolean
show (const DispInvocation *self, GError **error)
{
  g_autoptr (GVariant) shadow = ask (self, error);

  if (shadow == NULL)
    return FALSE;
  if (self->flags.json)
    print_json (shadow);
  else
    print_text (self, shadow);
  return TRUE;
}

/* The daemon says what is wrong with the name. */
static gboolean
change (const DispInvocation *self, GError **error)
{
  const char *policy = self->arguments[0];
  g_autoptr (GVariant) options = disp_policy_options_parse (
      (const char *const *) self->arguments + 1, error);

  return options != NULL
         && disp_daemon_change (self->daemon, DISP_DAEMON_PATH, DISP_DAEMON_NAME, "SetShadowPolicy",
                                g_variant_new ("(s@a{sv})",
                                               g_str_equal (policy, DISP_NO_SHADOW) ? "" : policy,
                                               options),
                                error);
}

/**
 * disp_command_shadow:
 * @self: a command "policy" with the option --shadow
 * @error: what is wrong
 *
 * Returns: whether the shadow policy was set, if a name is given, and shown
 */
gboolean
disp_command_shadow (DispInvocation *self, GError **error)
{
  if (self->flags.reset || self->flags.model != NULL)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("--shadow is for all models; \"reset\" goes back to what is "
                              "configured, and the name \"none\" has none"));
      return FALSE;
    }
  if (self->n_arguments > 0 && !change (self, error))
    return FALSE;
  return show (self, error);
}
