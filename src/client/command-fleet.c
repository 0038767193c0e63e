/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include "client/fleet-view.h"
#include "client/format.h"
#include "client/policy-options.h"
#include "client/properties.h"
#include "core/clean-text.h"

#include <glib/gi18n.h>

static char *
join_versions (GVariant *properties)
{
  g_autoptr (GVariant) versions = disp_properties_value (properties, "Versions", "ax");
  GString *text = g_string_new (NULL);
  GVariantIter iter;
  gint64 version;

  g_variant_iter_init (&iter, versions);
  while (g_variant_iter_next (&iter, "x", &version))
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, text->len > 0 ? ", " : "", version);
  return g_string_free (text, FALSE);
}

static char *
join_containers (const DispSnapshot *snapshot, GVariant *properties)
{
  g_autoptr (GVariant) paths = disp_properties_value (properties, "Containers", "ao");
  GString *text = g_string_new (NULL);
  GVariantIter iter;
  const char *path;

  g_variant_iter_init (&iter, paths);
  while (g_variant_iter_next (&iter, "&o", &path))
    {
      const char *name = disp_snapshot_get_name (snapshot, path);

      if (name != NULL)
        g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", name);
    }
  return g_string_free (text, FALSE);
}

static void
print_models (const DispInvocation *self, const DispSnapshot *snapshot)
{
  const DispColumn columns[] = {
    { _ ("MODEL"), FALSE, 0 },  { _ ("VERSIONS"), FALSE, 0 },   { _ ("POLICY"), FALSE, 0 },
    { _ ("WAITING"), TRUE, 0 }, { _ ("CONTAINERS"), FALSE, 0 },
  };
  g_autoptr (DispTable) table = disp_table_new (columns, G_N_ELEMENTS (columns));

  for (guint i = 0; i < snapshot->models->len; i++)
    {
      const DispMember *model = snapshot->models->pdata[i];
      const char *policy = disp_properties_string (model->properties, "Policy");
      gboolean own = disp_properties_boolean (model->properties, "OwnPolicy");

      disp_table_add (table, model->name);
      disp_table_take (table, DISP_STYLE_PLAIN, join_versions (model->properties));
      disp_table_take (table, own ? DISP_STYLE_POOR : DISP_STYLE_PLAIN,
                       own ? g_strdup_printf (_ ("%s (its own)"), policy) : g_strdup (policy));
      disp_table_take (table, DISP_STYLE_PLAIN,
                       disp_format_count (disp_properties_count (model->properties, "Waiting")));
      disp_table_take (table, DISP_STYLE_PLAIN, join_containers (snapshot, model->properties));
    }
  if (disp_table_get_n_rows (table) == 0)
    g_print ("%s\n", _ ("The fleet has no models."));
  else
    disp_invocation_print_table (self, table);
}

gboolean
disp_command_models (DispInvocation *self, GError **error)
{
  g_autoptr (DispSnapshot) snapshot = disp_snapshot_take (self->daemon, error);
  g_auto (DispJsonWriter) writer = { 0 };

  if (snapshot == NULL)
    return FALSE;
  if (!self->flags.json)
    {
      print_models (self, snapshot);
      return TRUE;
    }
  disp_json_writer_init (&writer);
  disp_json_writer_begin_array (&writer, NULL);
  for (guint i = 0; i < snapshot->models->len; i++)
    disp_model_write (&writer, snapshot, snapshot->models->pdata[i]);
  disp_json_writer_end_array (&writer);
  disp_invocation_print_json (&writer);
  return TRUE;
}

static DispStyle
style_of (GVariant *properties)
{
  if (!disp_properties_boolean (properties, "Eligible"))
    return DISP_STYLE_FAINT;
  if (!disp_properties_boolean (properties, "Healthy"))
    return DISP_STYLE_BAD;
  return g_str_equal (disp_properties_string (properties, "Health"), "well") ? DISP_STYLE_GOOD
                                                                             : DISP_STYLE_POOR;
}

static void
add_container (DispTable *table, const DispMember *container)
{
  GVariant *properties = container->properties;
  gboolean own = disp_properties_boolean (properties, "OwnQuota");
  guint64 failed = disp_properties_count (properties, "ErrorsTotal");
  g_autofree char *quota = disp_format_number (disp_properties_double (properties, "Quota"));

  disp_table_add (table, container->name);
  disp_table_take (table, DISP_STYLE_PLAIN, disp_container_get_models (properties));
  disp_table_add (table, disp_properties_string (properties, "Device"));
  disp_table_add (table, disp_properties_string (properties, "Endpoint"));
  disp_table_add_styled (table, style_of (properties), disp_container_get_state (properties));
  disp_table_take (table, own ? DISP_STYLE_POOR : DISP_STYLE_PLAIN,
                   own ? g_strdup_printf (_ ("%s (set)"), quota) : g_strdup (quota));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_count (disp_properties_count (properties, "InFlight")));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_count (disp_properties_count (properties, "Capacity")));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_count (disp_properties_count (properties, "RequestsTotal")));
  disp_table_take (table, failed > 0 ? DISP_STYLE_BAD : DISP_STYLE_PLAIN,
                   disp_format_count (failed));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_latency (disp_properties_count (properties, "Latency")));
}

static void
print_containers (const DispInvocation *self, const DispSnapshot *snapshot)
{
  const DispColumn columns[] = {
    { _ ("CONTAINER"), FALSE, 0 }, { _ ("MODELS"), FALSE, 0 },  { _ ("DEVICE"), FALSE, 0 },
    { _ ("ENDPOINT"), FALSE, 0 },  { _ ("STATE"), FALSE, 0 },   { _ ("QUOTA"), TRUE, 0 },
    { _ ("IN FLIGHT"), TRUE, 0 },  { _ ("CAPACITY"), TRUE, 0 }, { _ ("REQUESTS"), TRUE, 0 },
    { _ ("FAILED"), TRUE, 0 },     { _ ("LATENCY"), TRUE, 0 },
  };
  g_autoptr (DispTable) table = disp_table_new (columns, G_N_ELEMENTS (columns));

  for (guint i = 0; i < snapshot->containers->len; i++)
    add_container (table, snapshot->containers->pdata[i]);
  if (disp_table_get_n_rows (table) == 0)
    g_print ("%s\n", _ ("The fleet has no containers."));
  else
    disp_invocation_print_table (self, table);
}

gboolean
disp_command_containers (DispInvocation *self, GError **error)
{
  g_autoptr (DispSnapshot) snapshot = disp_snapshot_take (self->daemon, error);
  g_auto (DispJsonWriter) writer = { 0 };

  if (snapshot == NULL)
    return FALSE;
  if (!self->flags.json)
    {
      print_containers (self, snapshot);
      return TRUE;
    }
  disp_json_writer_init (&writer);
  disp_json_writer_begin_array (&writer, NULL);
  for (guint i = 0; i < snapshot->containers->len; i++)
    disp_container_write (&writer, snapshot->containers->pdata[i]);
  disp_json_writer_end_array (&writer);
  disp_invocation_print_json (&writer);
  return TRUE;
}

static void
print_names (GPtrArray *members)
{
  for (guint i = 0; i < members->len; i++)
    {
      g_autofree char *name = disp_clean_text (((const DispMember *) members->pdata[i])->name);

      g_print ("%s\n", name);
    }
}

/* Nobody reads what it would have to complain of, and a key that completes starts no daemon. */
gboolean
disp_command_names (DispInvocation *self, G_GNUC_UNUSED GError **error)
{
  g_autoptr (DispSnapshot) snapshot = NULL;
  const char *kind = self->arguments[0];

  self->daemon = disp_daemon_find (&self->flags, FALSE, NULL);
  snapshot = self->daemon != NULL ? disp_snapshot_take (self->daemon, NULL) : NULL;
  if (snapshot == NULL)
    return TRUE;
  if (g_str_equal (kind, "models"))
    print_names (snapshot->models);
  else if (g_str_equal (kind, "containers"))
    print_names (snapshot->containers);
  else if (g_str_equal (kind, "policies"))
    {
      g_autoptr (GVariant) value = disp_properties_value (snapshot->daemon, "Policies", "as");
      g_autofree const char **policies = g_variant_get_strv (value, NULL);

      for (const char **policy = policies; *policy != NULL; policy++)
        g_print ("%s\n", *policy);
    }
  return TRUE;
}
