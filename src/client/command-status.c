/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include "client/format.h"
#include "client/policy-options.h"
#include "client/properties.h"
#include "client/snapshot.h"
#include "client/statistics.h"
#include "client/variant-json.h"

#include <glib/gi18n.h>

/* All that "status" tells of. */
typedef struct
{
  const char *bus;            /* (unowned) */
  DispSnapshot *snapshot;     /* (owned) */
  DispStatistics *statistics; /* (owned) */
  guint n_eligible;           /* of the containers */
} Status;

static void
status_clear (Status *self)
{
  g_clear_pointer (&self->snapshot, disp_snapshot_free);
  g_clear_pointer (&self->statistics, disp_statistics_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Status, status_clear)

static gboolean
ask (Status *self, const DispDaemon *daemon, GError **error)
{
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) document = NULL;

  self->bus = daemon->bus;
  self->snapshot = disp_snapshot_take (daemon, error);
  if (self->snapshot == NULL)
    return FALSE;
  answer = disp_daemon_call (daemon, DISP_DAEMON_PATH, DISP_DAEMON_NAME, "GetStatistics", NULL,
                             "(a{sv})", error);
  if (answer == NULL)
    return FALSE;
  g_variant_get (answer, "(@a{sv})", &document);
  self->statistics = disp_statistics_parse (document);
  for (guint i = 0; i < self->snapshot->containers->len; i++)
    {
      const DispMember *container = self->snapshot->containers->pdata[i];

      self->n_eligible += disp_properties_boolean (container->properties, "Eligible") ? 1 : 0;
    }
  return TRUE;
}

static void
write_value (DispJsonWriter *writer, const char *key, GVariant *properties, const char *name,
             const char *type)
{
  g_autoptr (GVariant) value = disp_properties_value (properties, name, type);

  disp_variant_write (writer, key, value);
}

static void
write_string (DispJsonWriter *writer, const char *key, GVariant *properties, const char *name)
{
  disp_json_writer_string (writer, key, disp_properties_string (properties, name));
}

static void
write_requests (DispJsonWriter *writer, const DispStatistics *statistics)
{
  const DispCounters *all = &statistics->all;

  disp_json_writer_int (writer, "in_flight", (gint64) all->in_flight);
  disp_json_writer_int (writer, "waiting", (gint64) statistics->waiting);
  disp_json_writer_int (writer, "waited", (gint64) statistics->waited);
  disp_json_writer_int (writer, "refused", (gint64) statistics->refused);
  disp_json_writer_int (writer, "requests", (gint64) all->requests);
  disp_json_writer_int (writer, "succeeded", (gint64) all->succeeded);
  disp_json_writer_int (writer, "failed", (gint64) all->failed);
  disp_json_writer_int (writer, "cancelled", (gint64) all->cancelled);
  disp_format_write_latency (writer, "latency", all->latency);
  disp_format_write_latency (writer, "p50", disp_counters_percentile (all, NULL, 0.5));
  disp_format_write_latency (writer, "p99", disp_counters_percentile (all, NULL, 0.99));
}

static void
write_records (DispJsonWriter *writer, const DispStatistics *statistics)
{
  disp_json_writer_begin_object (writer, "records");
  disp_json_writer_int (writer, "stored", (gint64) statistics->records_stored);
  disp_json_writer_int (writer, "queued", (gint64) statistics->records_queued);
  disp_json_writer_int (writer, "spooled", (gint64) statistics->records_spooled);
  disp_json_writer_int (writer, "refused", (gint64) statistics->records_refused);
  disp_json_writer_int (writer, "dropped", (gint64) statistics->records_dropped);
  disp_json_writer_int (writer, "lost", (gint64) statistics->records_lost);
  disp_json_writer_end_object (writer);
}

static void
print_json (const Status *self)
{
  GVariant *daemon = self->snapshot->daemon;
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  write_string (&writer, "status", daemon, "Status");
  write_string (&writer, "problem", daemon, "Problem");
  write_string (&writer, "reload_problem", daemon, "ReloadProblem");
  write_string (&writer, "version", daemon, "Version");
  disp_json_writer_string (&writer, "bus", self->bus);
  disp_json_writer_seconds (&writer, "started", (gint64) disp_properties_count (daemon, "Started"));
  disp_json_writer_seconds (&writer, "uptime", (gint64) self->statistics->uptime);
  write_string (&writer, "policy", daemon, "Policy");
  write_value (&writer, "policy_options", daemon, "PolicyOptions", "a{sv}");
  write_string (&writer, "configured_policy", daemon, "ConfiguredPolicy");
  disp_json_writer_int (&writer, "workers", (gint64) disp_properties_count (daemon, "Workers"));
  write_value (&writer, "addresses", daemon, "Addresses", "as");
  write_value (&writer, "store_addresses", daemon, "StoreAddresses", "as");
  write_string (&writer, "fleet_source", daemon, "FleetSource");
  disp_json_writer_int (&writer, "models", self->snapshot->models->len);
  disp_json_writer_int (&writer, "containers", self->snapshot->containers->len);
  disp_json_writer_int (&writer, "eligible", self->n_eligible);
  write_requests (&writer, self->statistics);
  write_records (&writer, self->statistics);
  disp_json_writer_end_object (&writer);
  disp_invocation_print_json (&writer);
}

static DispStyle
style_of (const char *status)
{
  if (g_str_equal (status, "running"))
    return DISP_STYLE_GOOD;
  return g_str_equal (status, "degraded") ? DISP_STYLE_BAD : DISP_STYLE_POOR;
}

static void
print_head (const DispInvocation *invocation, const Status *self)
{
  GVariant *daemon = self->snapshot->daemon;
  const char *status = disp_properties_string (daemon, "Status");
  g_autofree char *uptime = disp_format_span (self->statistics->uptime);
  g_autofree char *version = g_strdup_printf (
      g_str_equal (self->bus, "system")    ? _ ("%s, on the system bus, for %s")
      : g_str_equal (self->bus, "session") ? _ ("%s, on the session bus, for %s")
                                           : _ ("%s, on a bus of its own, for %s"),
      disp_properties_string (daemon, "Version"), uptime);

  disp_invocation_print_fact (invocation, _ ("Status"), style_of (status), status);
  disp_invocation_print_fact (invocation, _ ("Problem"), DISP_STYLE_BAD,
                              disp_properties_string (daemon, "Problem"));
  disp_invocation_print_fact (invocation, _ ("Reload"), DISP_STYLE_BAD,
                              disp_properties_string (daemon, "ReloadProblem"));
  disp_invocation_print_fact (invocation, _ ("Version"), DISP_STYLE_PLAIN, version);
}

static void
print_addresses (const DispInvocation *invocation, const char *name, GVariant *daemon,
                 const char *property)
{
  g_autoptr (GVariant) value = disp_properties_value (daemon, property, "as");
  g_autofree const char **addresses = g_variant_get_strv (value, NULL);
  g_autofree char *text = g_strjoinv (", ", (char **) addresses);

  disp_invocation_print_fact (invocation, name, DISP_STYLE_PLAIN, text);
}

static void
print_fleet (const DispInvocation *invocation, const Status *self)
{
  const char *source = disp_properties_string (self->snapshot->daemon, "FleetSource");
  guint n_models = self->snapshot->models->len;
  guint n_containers = self->snapshot->containers->len;
  g_autofree char *models = g_strdup_printf (ngettext ("%u model", "%u models", n_models),
                                             n_models);
  g_autofree char *containers = g_strdup_printf (
      ngettext ("%u of %u container eligible", "%u of %u containers eligible", n_containers),
      self->n_eligible, n_containers);
  g_autofree char *text = g_strdup_printf ("%s, %s", models, containers);
  DispStyle style = self->n_eligible == 0              ? DISP_STYLE_BAD
                    : self->n_eligible == n_containers ? DISP_STYLE_PLAIN
                                                       : DISP_STYLE_POOR;

  disp_invocation_print_fact (invocation, _ ("Fleet"), DISP_STYLE_PLAIN,
                              *source != '\0' ? source : _ ("none is configured"));
  disp_invocation_print_fact (invocation, "", style, text);
}

static void
print_requests (const DispInvocation *invocation, const DispStatistics *statistics)
{
  const DispCounters *all = &statistics->all;
  g_autofree char *requests = disp_format_count (all->requests);
  g_autofree char *failed = disp_format_count (all->failed);
  g_autofree char *cancelled = disp_format_count (all->cancelled);
  g_autofree char *in_flight = disp_format_count (all->in_flight);
  g_autofree char *waiting = disp_format_count (statistics->waiting);
  g_autofree char *waited = disp_format_count (statistics->waited);
  g_autofree char *refused = disp_format_count (statistics->refused);
  g_autofree char *mean = disp_format_latency (all->latency);
  g_autofree char *p50 = disp_format_latency (disp_counters_percentile (all, NULL, 0.5));
  g_autofree char *p99 = disp_format_latency (disp_counters_percentile (all, NULL, 0.99));
  g_autofree char *counts = g_strdup_printf (
      _ ("%s since the start, %s failed, %s given up by their clients, %s in flight"), requests,
      failed, cancelled, in_flight);
  g_autofree char *waits = g_strdup_printf (
      _ ("%s for a place, %s since the start, %s refused since too many did"), waiting, waited,
      refused);
  g_autofree char *times = g_strdup_printf (_ ("mean %s, half within %s, 99 %% within %s"), mean,
                                            p50, p99);

  disp_invocation_print_fact (invocation, _ ("Requests"), DISP_STYLE_PLAIN, counts);
  if (statistics->waited + statistics->refused > 0)
    disp_invocation_print_fact (invocation, _ ("Waiting"), DISP_STYLE_PLAIN, waits);
  if (all->succeeded > 0)
    disp_invocation_print_fact (invocation, _ ("Latency"), DISP_STYLE_PLAIN, times);
}

static void
print_records (const DispInvocation *invocation, const DispStatistics *statistics)
{
  g_autofree char *stored = disp_format_count (statistics->records_stored);
  g_autofree char *queued = disp_format_count (statistics->records_queued);
  g_autofree char *spooled = disp_format_count (statistics->records_spooled);
  g_autofree char *refused = disp_format_count (statistics->records_refused);
  g_autofree char *dropped = disp_format_count (statistics->records_dropped);
  g_autofree char *lost = disp_format_count (statistics->records_lost);
  g_autofree char *counts = g_strdup_printf (_ ("%s stored, %s in the queue, %s in the spool"),
                                             stored, queued, spooled);
  g_autofree char *losses = g_strdup_printf (_ ("%s refused, %s dropped, %s lost"), refused,
                                             dropped, lost);

  disp_invocation_print_fact (invocation, _ ("Records"), DISP_STYLE_PLAIN, counts);
  if (statistics->records_refused + statistics->records_dropped + statistics->records_lost > 0)
    disp_invocation_print_fact (invocation, "", DISP_STYLE_BAD, losses);
}

static void
print_text (const DispInvocation *invocation, const Status *self)
{
  GVariant *daemon = self->snapshot->daemon;
  const char *policy = disp_properties_string (daemon, "Policy");
  const char *configured = disp_properties_string (daemon, "ConfiguredPolicy");
  g_autoptr (GVariant) options = disp_properties_value (daemon, "PolicyOptions", "a{sv}");
  g_autofree char *option_lines = disp_policy_options_to_text (options);
  g_autofree char *other = g_strdup_printf (_ ("%s (the configuration says %s)"), policy,
                                            configured);
  g_autofree char *workers = disp_format_count (disp_properties_count (daemon, "Workers"));

  print_head (invocation, self);
  disp_invocation_print_fact (invocation, _ ("Policy"), DISP_STYLE_PLAIN,
                              g_str_equal (policy, configured) ? policy : other);
  disp_invocation_print_fact (invocation, "", DISP_STYLE_PLAIN, option_lines);
  print_addresses (invocation, _ ("Listens at"), daemon, "Addresses");
  print_addresses (invocation, _ ("Store at"), daemon, "StoreAddresses");
  disp_invocation_print_fact (invocation, _ ("Workers"), DISP_STYLE_PLAIN, workers);
  print_fleet (invocation, self);
  print_requests (invocation, self->statistics);
  print_records (invocation, self->statistics);
}

gboolean
disp_command_status (DispInvocation *self, GError **error)
{
  g_auto (Status) status = { 0 };

  if (!ask (&status, self->daemon, error))
    return FALSE;
  if (self->flags.json)
    print_json (&status);
  else
    print_text (self, &status);
  return TRUE;
}

/* Calls a method of the daemon that takes nothing; then says how the daemon is. */
static gboolean
change (DispInvocation *self, const char *method, const char *done, GError **error)
{
  if (!disp_daemon_change (self->daemon, DISP_DAEMON_PATH, DISP_DAEMON_NAME, method, NULL, error))
    return FALSE;
  if (self->flags.json)
    return disp_command_status (self, error);
  g_print ("%s\n", done);
  return TRUE;
}

gboolean
disp_command_refresh (DispInvocation *self, GError **error)
{
  return change (self, "Refresh", _ ("The fleet was read again and is in force."), error);
}

gboolean
disp_command_reload (DispInvocation *self, GError **error)
{
  return change (self, "Reload",
                 _ ("The configuration and the fleet were read again and are in force."), error);
}

gboolean
disp_command_reset (DispInvocation *self, GError **error)
{
  return change (self, "Reset", _ ("All policies, drains and quotas that were set are forgotten."),
                 error);
}
