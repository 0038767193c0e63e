/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/status-line.h"

static void
append_number (GString *line, guint64 number)
{
  gsize start = line->len;

  g_string_append_printf (line, "%" G_GUINT64_FORMAT, number);
  for (gsize end = line->len; end > start + 3; end -= 3)
    g_string_insert_c (line, (gssize) end - 3, ',');
}

static void
append_draining (GString *line, const DispStatusValues *values)
{
  g_string_append (line, "draining: ");
  append_number (line, values->n_in_flight);
  g_string_append_printf (line, " request%s in flight, ", values->n_in_flight == 1 ? "" : "s");
}

static void
append_serving (GString *line, const DispStatusValues *values)
{
  if (values->reload_problem != NULL)
    g_string_append_printf (line, "reload failed: %s; ", values->reload_problem);
  if (values->status == DISP_STATUS_DEGRADED && values->problem != NULL)
    g_string_append_printf (line, "degraded: %s; ", values->problem);
  append_number (line, values->n_eligible);
  g_string_append_c (line, '/');
  append_number (line, values->n_containers);
  g_string_append_printf (line, " containers, %s, ", values->policy);
  append_number (line, values->rate);
  g_string_append (line, " req/s, ");
}

/**
 * disp_status_line:
 * @values: how the daemon is
 *
 * What "systemctl status" shows: what is wrong comes first, thousands are separated by commas.
 *
 * Returns: (transfer full): one line, such as "3/4 containers, round-robin, 1,204 req/s, 0 records
 * queued"
 */
char *
disp_status_line (const DispStatusValues *values)
{
  GString *line = g_string_new (NULL);

  if (values->status == DISP_STATUS_DRAINING)
    append_draining (line, values);
  else
    append_serving (line, values);
  append_number (line, values->n_records);
  g_string_append_printf (line, " record%s queued", values->n_records == 1 ? "" : "s");
  return g_string_free (line, FALSE);
}
