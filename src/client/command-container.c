/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include "client/fleet-view.h"
#include "client/format.h"
#include "client/properties.h"
#include "core/error.h"

#include <glib/gi18n.h>
#include <math.h>

/* How they are after the change, as JSON. */
static gboolean
print_containers (const DispInvocation *self, GPtrArray *paths, GError **error)
{
  g_autoptr (DispSnapshot) snapshot = disp_snapshot_take (self->daemon, error);
  g_auto (DispJsonWriter) writer = { 0 };

  if (snapshot == NULL)
    return FALSE;
  disp_json_writer_init (&writer);
  disp_json_writer_begin_array (&writer, NULL);
  for (guint i = 0; i < snapshot->containers->len; i++)
    {
      const DispMember *container = snapshot->containers->pdata[i];

      if (g_ptr_array_find_with_equal_func (paths, container->path, g_str_equal, NULL))
        disp_container_write (&writer, container);
    }
  disp_json_writer_end_array (&writer);
  disp_invocation_print_json (&writer);
  return TRUE;
}

/* All are known before the first is changed. */
static GPtrArray *
find_all (const DispInvocation *self, const DispSnapshot *snapshot, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->n_arguments; i++)
    {
      const DispMember *container = disp_snapshot_find_container (snapshot, self->arguments[i],
                                                                  error);

      if (container == NULL)
        return NULL;
      if (!g_ptr_array_find_with_equal_func (paths, container->path, g_str_equal, NULL))
        g_ptr_array_add (paths, g_strdup (container->path));
    }
  return g_steal_pointer (&paths);
}

/* @done says what was done to a container, whose name takes the place of its %s. */
static gboolean
change_all (DispInvocation *self, const char *method, const char *done, GError **error)
{
  g_autoptr (DispSnapshot) snapshot = disp_snapshot_take (self->daemon, error);
  g_autoptr (GPtrArray) paths = snapshot != NULL ? find_all (self, snapshot, error) : NULL;

  if (paths == NULL)
    return FALSE;
  for (guint i = 0; i < paths->len; i++)
    {
      g_auto (GStrv) parts = g_strsplit (done, "%s", 2);
      const char *name = disp_snapshot_get_name (snapshot, paths->pdata[i]);
      g_autofree char *text = g_strjoin (name, parts[0], parts[1], NULL);

      if (!disp_daemon_change (self->daemon, paths->pdata[i], DISP_CONTAINER_INTERFACE, method,
                               NULL, error))
        return FALSE;
      if (!self->flags.json)
        g_print ("%s\n", text);
    }
  return !self->flags.json || print_containers (self, paths, error);
}

gboolean
disp_command_drain (DispInvocation *self, GError **error)
{
  return change_all (self, "Drain", _ ("%s gets no more requests; those in flight end as usual."),
                     error);
}

gboolean
disp_command_resume (DispInvocation *self, GError **error)
{
  return change_all (self, "Resume", _ ("%s gets requests again."), error);
}

static gboolean
read_quota (const DispInvocation *self, double *quota, GError **error)
{
  const char *text = self->n_arguments > 1 ? self->arguments[1] : NULL;
  char *end = NULL;

  if (self->flags.reset != (text == NULL))
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("quota takes a container and either a number or --reset"));
      return FALSE;
    }
  if (text == NULL)
    return TRUE;
  *quota = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0' || !isfinite (*quota) || *quota < 0)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("\"%s\" is no quota, expected a number from 0"), text);
      return FALSE;
    }
  return TRUE;
}

/* What the quota is now, told in a sentence. */
static gboolean
print_quota (const DispInvocation *self, const char *path, GError **error)
{
  g_autoptr (DispSnapshot) snapshot = disp_snapshot_take (self->daemon, error);

  if (snapshot == NULL)
    return FALSE;
  for (guint i = 0; i < snapshot->containers->len; i++)
    {
      const DispMember *container = snapshot->containers->pdata[i];
      g_autofree char *quota = disp_format_number (
          disp_properties_double (container->properties, "Quota"));
      g_autofree char *said = disp_format_number (
          disp_properties_double (container->properties, "SourceQuota"));

      if (!g_str_equal (container->path, path))
        continue;
      if (disp_properties_boolean (container->properties, "OwnQuota"))
        g_print (_ ("%s has the quota %s; the source of the fleet says %s.\n"), container->name,
                 quota, said);
      else
        g_print (_ ("%s has the quota %s, as the source of the fleet says.\n"), container->name,
                 quota);
    }
  return TRUE;
}

gboolean
disp_command_quota (DispInvocation *self, GError **error)
{
  g_autoptr (DispSnapshot) snapshot = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  const DispMember *container = NULL;
  double quota = 0;
  gboolean done;

  if (!read_quota (self, &quota, error))
    return FALSE;
  snapshot = disp_snapshot_take (self->daemon, error);
  container = snapshot != NULL ? disp_snapshot_find_container (snapshot, self->arguments[0], error)
                               : NULL;
  if (container == NULL)
    return FALSE;
  if (self->flags.reset)
    done = disp_daemon_change (self->daemon, container->path, DISP_CONTAINER_INTERFACE,
                               "ResetQuota", NULL, error);
  else
    done = disp_daemon_set (self->daemon, container->path, DISP_CONTAINER_INTERFACE, "Quota",
                            g_variant_new_double (quota), error);
  if (!done)
    return FALSE;
  g_ptr_array_add (paths, container->path);
  return self->flags.json ? print_containers (self, paths, error)
                          : print_quota (self, container->path, error);
}
