/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/site.h"

#include <string.h>

G_DEFINE_INTERFACE (DispSite, disp_site, G_TYPE_OBJECT)

static void
disp_site_default_init (G_GNUC_UNUSED DispSiteInterface *iface)
{
}

void
disp_target_clear (DispTarget *self)
{
  if (self->free != NULL)
    self->free (self->value);
  *self = (DispTarget){ 0 };
}

/**
 * disp_site_find:
 * @self: a site
 * @path: the path of a request, percent-encoded, without a query
 * @target: (inout): empty; takes what the path names besides
 * @error: %DISP_ERROR_NOT_FOUND
 *
 * Returns: (transfer none) (nullable): what is at that path; it lives for ever
 */
const DispResource *
disp_site_find (DispSite *self, const char *path, DispTarget *target, GError **error)
{
  return DISP_SITE_GET_IFACE (self)->find (self, path, target, error);
}

/* Whether @path is @pattern, whose "*" at the end stands for one segment that is a name. */
static gboolean
matches (const char *pattern, const char *path, DispTarget *target)
{
  gsize length = strlen (pattern) - 1;
  g_autofree char *name = NULL;

  if (pattern[length] != '*')
    return g_str_equal (pattern, path);
  if (strncmp (pattern, path, length) != 0 || path[length] == '\0'
      || strchr (path + length, '/') != NULL)
    return FALSE;
  name = g_uri_unescape_string (path + length, NULL);
  if (name == NULL || !g_utf8_validate (name, -1, NULL))
    return FALSE;
  *target = (DispTarget){ g_steal_pointer (&name), g_free };
  return TRUE;
}

/**
 * disp_site_abort:
 * @self: a site
 *
 * Gives up all that is in progress, because the daemon cannot wait any longer: each exchange is
 * answered soon.
 */
void
disp_site_abort (DispSite *self)
{
  DispSiteInterface *iface = DISP_SITE_GET_IFACE (self);

  if (iface->abort != NULL)
    iface->abort (self);
}

/**
 * disp_resources_find:
 * @resources: (array length=n_resources): resources with paths
 * @n_resources: how many
 * @path: the path of a request, percent-encoded
 * @target: (inout): empty; takes the name that a "*" stands for: a string, percent-decoded, UTF-8
 *
 * Returns: (transfer none) (nullable): the one at that path
 */
const DispResource *
disp_resources_find (const DispResource *resources, guint n_resources, const char *path,
                     DispTarget *target)
{
  for (guint i = 0; i < n_resources; i++)
    if (matches (resources[i].path, path, target))
      return &resources[i];
  return NULL;
}

static guint
count_endpoints (const DispResource *self)
{
  guint n = 0;

  while (n < DISP_MAX_ENDPOINTS && self->endpoints[n].method != NULL)
    n++;
  return n;
}

/**
 * disp_resource_get_endpoint:
 * @self: a resource
 * @method: the method of a request
 *
 * Returns: (transfer none) (nullable): the endpoint for that method
 */
const DispEndpoint *
disp_resource_get_endpoint (const DispResource *self, const char *method)
{
  const char *wanted = g_str_equal (method, "HEAD") ? "GET" : method;

  for (guint i = 0; i < count_endpoints (self); i++)
    if (g_str_equal (self->endpoints[i].method, wanted))
      return &self->endpoints[i];
  return NULL;
}

/**
 * disp_resource_dup_allow:
 * @self: a resource
 *
 * Returns: (transfer full): the methods that it takes, as an Allow header field says them
 */
char *
disp_resource_dup_allow (const DispResource *self)
{
  GString *allow = g_string_new (NULL);

  for (guint i = 0; i < count_endpoints (self); i++)
    {
      if (i > 0)
        g_string_append (allow, ", ");
      g_string_append (allow, self->endpoints[i].method);
      if (g_str_equal (self->endpoints[i].method, "GET"))
        g_string_append (allow, ", HEAD");
    }
  return g_string_free (allow, FALSE);
}
