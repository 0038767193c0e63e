/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include "client/command-shadow.h"
#include "client/policy-options.h"
#include "client/properties.h"
#include "client/snapshot.h"
#include "client/suggestion.h"
#include "client/variant-json.h"
#include "core/error.h"
#include "core/policy-registry.h"

#include <glib/gi18n.h>

/* What the policy is of: of a model, or of all that have none of their own. */
typedef struct
{
  const DispMember *model; /* (unowned) (nullable) */
  GVariant *properties;    /* (unowned) */
} Subject;

static gboolean
find_subject (const DispInvocation *self, const DispSnapshot *snapshot, Subject *subject,
              GError **error)
{
  *subject = (Subject){ NULL, snapshot->daemon };
  if (self->flags.model == NULL)
    return TRUE;
  subject->model = disp_snapshot_find_model (snapshot, self->flags.model, error);
  if (subject->model == NULL)
    return FALSE;
  subject->properties = subject->model->properties;
  return TRUE;
}

/* A daemon of another version may have policies that are not known here. */
static const char *
summary_of (const char *policy)
{
  for (const char *const *known = disp_policy_get_names (); *known != NULL; known++)
    if (g_str_equal (*known, policy))
      return _ (disp_policy_get_summary (policy));
  return "";
}

static void
write_own_policies (DispJsonWriter *writer, const DispSnapshot *snapshot)
{
  disp_json_writer_begin_array (writer, "own");
  for (guint i = 0; i < snapshot->models->len; i++)
    {
      const DispMember *model = snapshot->models->pdata[i];

      if (disp_properties_boolean (model->properties, "OwnPolicy"))
        disp_json_writer_string (writer, NULL, model->name);
    }
  disp_json_writer_end_array (writer);
}

static void
print_json (const DispSnapshot *snapshot, const Subject *subject)
{
  g_autoptr (GVariant) options = disp_properties_value (subject->properties, "PolicyOptions",
                                                        "a{sv}");
  g_autoptr (GVariant) known = disp_properties_value (snapshot->daemon, "Policies", "as");
  const char *shadow = disp_properties_string (snapshot->daemon, "ShadowPolicy");
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_string (&writer, "model", subject->model != NULL ? subject->model->name : NULL);
  disp_json_writer_string (&writer, "policy",
                           disp_properties_string (subject->properties, "Policy"));
  disp_variant_write (&writer, "policy_options", options);
  disp_json_writer_string (&writer, "configured_policy",
                           disp_properties_string (snapshot->daemon, "ConfiguredPolicy"));
  disp_json_writer_string (&writer, "shadow_policy", *shadow != '\0' ? shadow : NULL);
  disp_variant_write (&writer, "policies", known);
  write_own_policies (&writer, snapshot);
  disp_json_writer_end_object (&writer);
  disp_invocation_print_json (&writer);
}

static void
print_known (const DispInvocation *self, const DispSnapshot *snapshot, const char *policy)
{
  const DispColumn columns[] = {
    { "", FALSE, 0 },
    { _ ("POLICY"), FALSE, 0 },
    { _ ("CHOOSES"), FALSE, 0 },
  };
  g_autoptr (DispTable) table = disp_table_new (columns, G_N_ELEMENTS (columns));
  g_autoptr (GVariant) value = disp_properties_value (snapshot->daemon, "Policies", "as");
  g_autofree const char **known = g_variant_get_strv (value, NULL);

  for (const char **name = known; *name != NULL; name++)
    {
      DispStyle style = g_str_equal (*name, policy) ? DISP_STYLE_GOOD : DISP_STYLE_PLAIN;

      disp_table_add_styled (table, style, style == DISP_STYLE_GOOD ? "*" : "");
      disp_table_add_styled (table, style, *name);
      disp_table_add (table, summary_of (*name));
    }
  disp_invocation_print_table (self, table);
}

static void
print_own_policies (const DispInvocation *self, const DispSnapshot *snapshot)
{
  for (guint i = 0; i < snapshot->models->len; i++)
    {
      const DispMember *model = snapshot->models->pdata[i];
      g_autofree char *text = NULL;

      if (!disp_properties_boolean (model->properties, "OwnPolicy"))
        continue;
      text = g_strdup_printf (_ ("%s has a policy of its own: %s"), model->name,
                              disp_properties_string (model->properties, "Policy"));
      disp_invocation_print_fact (self, _ ("But"), DISP_STYLE_POOR, text);
    }
}

static void
print_text (const DispInvocation *self, const DispSnapshot *snapshot, const Subject *subject)
{
  const char *policy = disp_properties_string (subject->properties, "Policy");
  g_autoptr (GVariant) options = disp_properties_value (subject->properties, "PolicyOptions",
                                                        "a{sv}");
  g_autofree char *option_lines = disp_policy_options_to_text (options);
  g_autofree char *owner = NULL;

  if (subject->model == NULL)
    owner = g_strdup (_ ("all models without one of their own"));
  else if (disp_properties_boolean (subject->properties, "OwnPolicy"))
    owner = g_strdup_printf (_ ("%s, as its own"), subject->model->name);
  else
    owner = g_strdup_printf (_ ("%s, as that of the daemon"), subject->model->name);
  disp_invocation_print_fact (self, _ ("Policy"), DISP_STYLE_PLAIN, policy);
  disp_invocation_print_fact (self, _ ("Options"), DISP_STYLE_PLAIN, option_lines);
  disp_invocation_print_fact (self, _ ("Of"), DISP_STYLE_PLAIN, owner);
  if (subject->model == NULL)
    print_own_policies (self, snapshot);
  if (*disp_properties_string (snapshot->daemon, "ShadowPolicy") != '\0')
    disp_invocation_print_fact (self, _ ("Shadow"), DISP_STYLE_PLAIN,
                                disp_properties_string (snapshot->daemon, "ShadowPolicy"));
  g_print ("\n");
  print_known (self, snapshot, policy);
}

/* What was chosen is shown as it is then, not as it was asked for. */
static gboolean
show (const DispInvocation *self, GError **error)
{
  g_autoptr (DispSnapshot) snapshot = disp_snapshot_take (self->daemon, error);
  Subject subject;

  if (snapshot == NULL || !find_subject (self, snapshot, &subject, error))
    return FALSE;
  if (self->flags.json)
    print_json (snapshot, &subject);
  else
    print_text (self, snapshot, &subject);
  return TRUE;
}

static gboolean
check_name (const DispSnapshot *snapshot, const char *name, GError **error)
{
  g_autoptr (GVariant) value = disp_properties_value (snapshot->daemon, "Policies", "as");
  g_autofree const char **known = g_variant_get_strv (value, NULL);
  g_autofree char *nearest = NULL;

  if (g_strv_contains (known, name))
    return TRUE;
  nearest = disp_suggest (name, known);
  g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_POLICY,
               _ ("there is no policy \"%s\"; there are: %s"), name, nearest);
  return FALSE;
}

static gboolean
change (const DispInvocation *self, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  g_autoptr (DispSnapshot) snapshot = NULL;
  const char *interface = self->flags.model != NULL ? DISP_MODEL_INTERFACE : DISP_DAEMON_NAME;
  const char *path = DISP_DAEMON_PATH;
  Subject subject;

  if (!self->flags.reset)
    {
      options = disp_policy_options_parse ((const char *const *) self->arguments + 1, error);
      if (options == NULL)
        return FALSE;
    }
  snapshot = disp_snapshot_take (self->daemon, error);
  if (snapshot == NULL || !find_subject (self, snapshot, &subject, error))
    return FALSE;
  if (subject.model != NULL)
    path = subject.model->path;
  if (self->flags.reset)
    return disp_daemon_change (self->daemon, path, interface, "ResetPolicy", NULL, error);
  return check_name (snapshot, self->arguments[0], error)
         && disp_daemon_change (self->daemon, path, interface, "SetPolicy",
                                g_variant_new ("(s@a{sv})", self->arguments[0], options), error);
}

gboolean
disp_command_policy (DispInvocation *self, GError **error)
{
  if (self->flags.shadow)
    return disp_command_shadow (self, error);
  if (self->flags.reset && (self->flags.model == NULL || self->n_arguments > 0))
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("--reset is for --model and goes without a name; \"reset\" goes back "
                              "to what is configured for all"));
      return FALSE;
    }
  if ((self->flags.reset || self->n_arguments > 0) && !change (self, error))
    return FALSE;
  return show (self, error);
}
