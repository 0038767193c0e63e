/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fleet-checks.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

static void
check_container (const DispContainer *container)
{
  g_assert_cmpuint (strlen (container->name), >, 0);
  g_assert_cmpuint (strlen (container->model), >, 0);
  g_assert_cmpuint (strlen (container->node), >, 0);
  g_assert_cmpuint (container->port, >, 0);
  g_assert_cmpint (container->version, >=, 0);
  g_assert_true (isfinite (container->quota) && container->quota >= 0);
  g_assert_cmpuint (container->max_in_flight, <=, 1000000);
  g_assert_true (container->device == DISP_DEVICE_CPU || container->device == DISP_DEVICE_GPU);
  g_assert_true (g_str_has_prefix (container->endpoint, "http://"));
  g_assert_true (g_uri_is_valid (container->endpoint, G_URI_FLAGS_NONE, NULL));
  g_assert_true (g_utf8_validate (container->name, -1, NULL));
}

/*
 * fuzz_check_fleet:
 * @text: any bytes
 * @length: how many
 * @format: the language to read them in
 *
 * Reads a fleet and aborts if what every fleet must be is not so.
 *
 * Returns: (transfer full) (nullable): the fleet
 */
DispFleet *
fuzz_check_fleet (const char *text, gsize length, DispDocumentFormat format)
{
  g_autoptr (GError) error = NULL;
  DispFleet *fleet = disp_fleet_document_parse (text, length, format, NULL, &error);
  DispContainer *const *containers;
  guint n_containers;

  if (fleet == NULL)
    {
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return NULL;
    }
  g_assert_no_error (error);
  containers = disp_fleet_get_containers (fleet, &n_containers);
  for (guint i = 0; i < n_containers; i++)
    check_container (containers[i]);
  return fleet;
}
