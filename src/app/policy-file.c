/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/policy-file.h"

#include "core/error.h"
#include "core/event.h"

/* What this program writes; it reads no later version, which could mean something else. */
#define VERSION 1

#define GROUP_FILE "file"
#define GROUP_POLICY "policy"
#define GROUP_MODEL "model "
#define GROUP_SHADOW "shadow"

/* The file that keeps the policies which operators set: a key file with a group for each. */

static void
write_spec (GKeyFile *file, const char *group, const char *model, DispPolicySpec *spec)
{
  g_autofree char *options = g_variant_print (disp_policy_spec_get_options (spec), TRUE);

  if (model != NULL)
    g_key_file_set_string (file, group, "model", model);
  g_key_file_set_string (file, group, "policy", disp_policy_spec_get_name (spec));
  g_key_file_set_string (file, group, "options", options);
}

static char *
write_policies (DispPolicies *policies)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GPtrArray) models = disp_policies_list_models (policies);
  DispPolicySpec *own = disp_policies_get_own (policies, NULL);

  g_key_file_set_integer (file, GROUP_FILE, "version", VERSION);
  if (own != NULL)
    write_spec (file, GROUP_POLICY, NULL, own);
  if (disp_policies_has_own_shadow (policies))
    {
      DispPolicySpec *shadow = disp_policies_get_shadow (policies);

      if (shadow != NULL)
        write_spec (file, GROUP_SHADOW, NULL, shadow);
      else
        g_key_file_set_string (file, GROUP_SHADOW, "policy", DISP_NO_SHADOW);
    }
  for (guint i = 0; i < models->len; i++)
    {
      g_autofree char *group = g_strdup_printf (GROUP_MODEL "%u", i + 1);
      const char *model = g_ptr_array_index (models, i);

      write_spec (file, group, model, disp_policies_get_own (policies, model));
    }
  return g_key_file_to_data (file, NULL, NULL);
}

/**
 * disp_policy_file_save:
 * @path: the file, whose directory is made when it is not there
 * @policies: what operators set of it is written
 * @error: %DISP_ERROR_FAILED, naming the file
 *
 * Writes all of it or nothing, and has it on the disk.
 *
 * Returns: whether it is written
 */
gboolean
disp_policy_file_save (const char *path, DispPolicies *policies, GError **error)
{
  g_autofree char *text = write_policies (policies);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autoptr (GError) problem = NULL;

  /* If that fails, the file cannot be made either. */
  g_mkdir_with_parents (directory, 0700);
  if (g_file_set_contents_full (path, text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &problem))
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
               "%s: the policies that were set cannot be written: %s", path, problem->message);
  return FALSE;
}

/* Returns NULL, and says so in the log, if there is no such policy any more. */
static DispPolicySpec *
read_spec (GKeyFile *file, const char *path, const char *group, GError **error)
{
  g_autofree char *policy = g_key_file_get_string (file, group, "policy", error);
  g_autofree char *text = policy != NULL ? g_key_file_get_string (file, group, "options", error)
                                         : NULL;
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) problem = NULL;
  DispPolicySpec *spec;

  if (text != NULL)
    options = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, error);
  if (options == NULL)
    return NULL;
  spec = disp_policy_spec_new (policy, options, &problem);
  if (spec == NULL)
    disp_event_log (DISP_EVENT_POLICY_MISFIT,
                    &(DispEventFields){ .policy = policy, .reason = problem->message },
                    "%s: [%s]: a policy that was set is forgotten: %s", path, group,
                    problem->message);
  return spec;
}

static gboolean
read_shadow (GKeyFile *file, const char *path, DispPolicies **policies, GError **error)
{
  g_autofree char *policy = g_key_file_get_string (file, GROUP_SHADOW, "policy", NULL);
  g_autoptr (DispPolicySpec) spec = NULL;
  g_autoptr (GError) problem = NULL;
  DispPolicies *old = *policies;

  if (g_strcmp0 (policy, DISP_NO_SHADOW) != 0)
    {
      spec = read_spec (file, path, GROUP_SHADOW, &problem);
      if (problem != NULL)
        {
          g_propagate_prefixed_error (error, g_steal_pointer (&problem), "[%s]: ", GROUP_SHADOW);
          return FALSE;
        }
      if (spec == NULL)
        return TRUE;
    }
  *policies = disp_policies_set_shadow (old, spec);
  disp_policies_unref (old);
  return TRUE;
}

static gboolean
read_group (GKeyFile *file, const char *path, const char *group, DispPolicies **policies,
            GError **error)
{
  g_autofree char *model = NULL;
  g_autoptr (DispPolicySpec) spec = NULL;
  g_autoptr (DispPolicies) old = NULL;
  g_autoptr (GError) problem = NULL;

  if (g_str_equal (group, GROUP_FILE))
    return TRUE;
  if (g_str_equal (group, GROUP_SHADOW))
    return read_shadow (file, path, policies, error);
  if (g_str_has_prefix (group, GROUP_MODEL))
    model = g_key_file_get_string (file, group, "model", &problem);
  else if (!g_str_equal (group, GROUP_POLICY))
    g_set_error_literal (&problem, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT,
                         "expected [" GROUP_POLICY "], [" GROUP_MODEL "N] or [" GROUP_SHADOW "]");
  if (problem == NULL)
    spec = read_spec (file, path, group, &problem);
  if (problem != NULL)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&problem), "[%s]: ", group);
      return FALSE;
    }
  if (spec == NULL)
    return TRUE;
  old = *policies;
  *policies = disp_policies_set (old, model, spec);
  return TRUE;
}

static DispPolicies *
read_policies (GKeyFile *file, const char *path, DispPolicies *base, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  g_autoptr (DispPolicies) policies = disp_policies_ref (base);
  g_autoptr (GError) problem = NULL;
  const int version = g_key_file_get_integer (file, GROUP_FILE, "version", &problem);

  if (problem != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  if (version != VERSION)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                   "[" GROUP_FILE "] version: expected %d, found %d", VERSION, version);
      return NULL;
    }
  for (char **group = groups; *group != NULL; group++)
    if (!read_group (file, path, *group, &policies, error))
      return NULL;
  return g_steal_pointer (&policies);
}

/**
 * disp_policy_file_load:
 * @path: what disp_policy_file_save() wrote; need not be there
 * @policies: what is configured
 * @error: %DISP_ERROR_FAILED if it cannot be read, or is damaged or of a newer version, saying what
 *   to do
 *
 * A policy that is there no more, or takes such options no more, is forgotten, which the log tells.
 *
 * Returns: (transfer full) (nullable): @policies, with what operators set over them
 */
DispPolicies *
disp_policy_file_load (const char *path, DispPolicies *policies, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) problem = NULL;
  DispPolicies *loaded = NULL;

  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &problem))
    loaded = read_policies (file, path, policies, &problem);
  else if (g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT)
           || g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
    return disp_policies_ref (policies);
  if (loaded == NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED,
                 "%s: %s; mend the file, or remove it to forget the policies that were set", path,
                 problem->message);
  return loaded;
}
