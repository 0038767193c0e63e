/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/watch-view.h"

#include "client/format.h"

#include <glib/gi18n.h>

static guint64
span_of (const DispWatchMoment *moment)
{
  return moment->before != NULL ? moment->now->time - moment->before->time : 0;
}

static const DispCounters *
all_before (const DispWatchMoment *moment)
{
  return moment->before != NULL ? &moment->before->all : NULL;
}

/* Of what was before, nothing is known at first: then there is no percentile, either. */
static guint64
percentile (const DispCounters *now, const DispCounters *before, double fraction)
{
  return before != NULL ? disp_counters_percentile (now, before, fraction) : 0;
}

/**
 * disp_watch_get_headline:
 * @moment: a moment
 *
 * Returns: (transfer full): one line that tells of all requests together
 */
char *
disp_watch_get_headline (const DispWatchMoment *moment)
{
  const DispCounters *all = &moment->now->all;
  g_autoptr (GDateTime) clock = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (clock, "%H:%M:%S");
  g_autofree char *rate = disp_format_rate (
      disp_counters_rate (all, all_before (moment), span_of (moment)));
  g_autofree char *p99 = disp_format_latency (percentile (all, all_before (moment), 0.99));

  return g_strdup_printf (_ ("%s  %s  %s  %s  p99 %s  in flight %u  records queued %u"), time,
                          moment->status, moment->policy, rate, p99, (guint) all->in_flight,
                          (guint) moment->now->records_queued);
}

static void
add_container (DispTable *table, const DispWatchMoment *moment, const DispCounters *now)
{
  const DispCounters *before = disp_statistics_find (moment->before, now->path);
  guint64 new_errors = before != NULL && now->failed > before->failed ? now->failed - before->failed
                                                                      : 0;

  disp_table_add_styled (table, now->eligible ? DISP_STYLE_PLAIN : DISP_STYLE_FAINT,
                         now->container);
  disp_table_add_styled (table, now->eligible ? DISP_STYLE_GOOD : DISP_STYLE_FAINT,
                         now->eligible ? C_ ("eligible", "yes") : C_ ("eligible", "no"));
  disp_table_take (table, DISP_STYLE_PLAIN, disp_format_number (now->quota));
  disp_table_take (table, DISP_STYLE_PLAIN, disp_format_count (now->in_flight));
  disp_table_take (table, DISP_STYLE_PLAIN, disp_format_count (now->capacity));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_rate (disp_counters_rate (now, before, span_of (moment))));
  disp_table_take (table, DISP_STYLE_PLAIN, disp_format_latency (percentile (now, before, 0.5)));
  disp_table_take (table, DISP_STYLE_PLAIN, disp_format_latency (percentile (now, before, 0.99)));
  disp_table_take (table, new_errors > 0 ? DISP_STYLE_BAD : DISP_STYLE_PLAIN,
                   disp_format_count (now->failed));
}

/**
 * disp_watch_get_table:
 * @moment: a moment
 *
 * Returns: (transfer full): a row for each container
 */
DispTable *
disp_watch_get_table (const DispWatchMoment *moment)
{
  const DispColumn columns[] = {
    { _ ("CONTAINER"), FALSE, 16 }, { _ ("ELIGIBLE"), FALSE, 0 }, { _ ("QUOTA"), TRUE, 8 },
    { _ ("IN FLIGHT"), TRUE, 0 },   { _ ("CAPACITY"), TRUE, 0 },  { _ ("RATE"), TRUE, 8 },
    { _ ("P50"), TRUE, 8 },         { _ ("P99"), TRUE, 8 },       { _ ("ERRORS"), TRUE, 0 },
  };
  DispTable *table = disp_table_new (columns, G_N_ELEMENTS (columns));

  for (guint i = 0; i < moment->now->containers->len; i++)
    add_container (table, moment, moment->now->containers->pdata[i]);
  return table;
}

static void
write_counters (DispJsonWriter *writer, const DispCounters *now, const DispCounters *before,
                guint64 span)
{
  double rate = disp_counters_rate (now, before, span);

  disp_json_writer_int (writer, "in_flight", (gint64) now->in_flight);
  disp_json_writer_int (writer, "requests", (gint64) now->requests);
  disp_json_writer_int (writer, "failed", (gint64) now->failed);
  if (rate < 0)
    disp_json_writer_null (writer, "rate");
  else
    disp_json_writer_double (writer, "rate", rate);
  disp_format_write_latency (writer, "p50", percentile (now, before, 0.5));
  disp_format_write_latency (writer, "p99", percentile (now, before, 0.99));
}

/**
 * disp_watch_write:
 * @writer: where to
 * @moment: a moment
 *
 * Writes it as the document.
 */
void
disp_watch_write (DispJsonWriter *writer, const DispWatchMoment *moment)
{
  guint64 span = span_of (moment);

  disp_json_writer_begin_object (writer, NULL);
  disp_json_writer_seconds (writer, "time", g_get_real_time ());
  disp_json_writer_seconds (writer, "uptime", (gint64) moment->now->uptime);
  disp_json_writer_seconds (writer, "span", (gint64) span);
  disp_json_writer_string (writer, "status", moment->status);
  disp_json_writer_string (writer, "policy", moment->policy);
  write_counters (writer, &moment->now->all, all_before (moment), span);
  disp_json_writer_int (writer, "records_queued", (gint64) moment->now->records_queued);
  disp_json_writer_begin_array (writer, "containers");
  for (guint i = 0; i < moment->now->containers->len; i++)
    {
      const DispCounters *now = moment->now->containers->pdata[i];

      disp_json_writer_begin_object (writer, NULL);
      disp_json_writer_string (writer, "container", now->container);
      disp_json_writer_boolean (writer, "eligible", now->eligible);
      disp_json_writer_double (writer, "quota", now->quota);
      disp_json_writer_int (writer, "capacity", (gint64) now->capacity);
      write_counters (writer, now, disp_statistics_find (moment->before, now->path), span);
      disp_json_writer_end_object (writer);
    }
  disp_json_writer_end_array (writer);
  disp_json_writer_end_object (writer);
}
