/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"

#include "core/capacity.h"
#include "support/fixtures.h"

#include <string.h>

const DispEngineSettings rig_settings = {
  .timeout = RIG_TIMEOUT,
  .retry_after = 5,
  .version_path = DISP_VERSION_PATH_EXACT,
  .payload_limit = -1,
  .attempt_timeout = RIG_TIMEOUT,
  .max_in_flight = 1000,
  .queue_limit = 1000,
  .queue_bytes = 1 << 30,
};

/* What was logged since rig_take_log().  GLib takes one log writer for the whole life of a process,
 * and gives it no thread of its own. */
static GMutex log_lock;
static GString *log_lines; /* (owned) (locked-by log_lock) */

static GLogWriterOutput
keep_line (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           G_GNUC_UNUSED gpointer user_data)
{
  const char *name = level & G_LOG_LEVEL_WARNING   ? "warning"
                     : level & G_LOG_LEVEL_MESSAGE ? "message"
                                                   : "info";

  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return g_log_writer_default (level, fields, n_fields, NULL);
  g_mutex_lock (&log_lock);
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      g_string_append_printf (log_lines, "%s: %s\n", name, (const char *) fields[i].value);
  g_mutex_unlock (&log_lock);
  return G_LOG_WRITER_HANDLED;
}

/**
 * rig_catch_log:
 *
 * Keeps what is logged from now on, and lets warnings be no failure: that a container fails is what
 * many tests are about.  Once a process.
 */
void
rig_catch_log (void)
{
  log_lines = g_string_new (NULL);
  g_log_set_writer_func (keep_line, NULL, NULL);
}

/**
 * rig_take_log:
 *
 * Returns: (transfer full): what was logged since the last call, a line each, with its level
 */
char *
rig_take_log (void)
{
  GString *lines;

  g_mutex_lock (&log_lock);
  lines = log_lines;
  log_lines = g_string_new (NULL);
  g_mutex_unlock (&log_lock);
  return g_string_free (lines, FALSE);
}

/**
 * rig_policy:
 * @name: the name of a policy
 *
 * Returns: (transfer full): that policy without options
 */
DispPolicySpec *
rig_policy (const char *name)
{
  g_autoptr (GError) error = NULL;
  DispPolicySpec *spec = disp_policy_spec_new (name, NULL, &error);

  g_assert_no_error (error);
  return spec;
}

/**
 * rig_init:
 * @self: (out caller-allocates): a rig
 * @settings: for its switchboard
 *
 * Makes a dispatcher with round robin and without a fleet.
 */
void
rig_init (Rig *self, const DispEngineSettings *settings)
{
  g_autoptr (DispPolicySpec) policy = rig_policy ("round-robin");

  self->clock = fake_clock_new ();
  self->sink = fake_sink_new ();
  self->transport = fake_transport_new ();
  self->switchboard = disp_switchboard_new (DISP_CLOCK (self->clock), DISP_RECORD_SINK (self->sink),
                                            NULL, policy, settings);
  self->dispatcher = disp_dispatcher_new (self->switchboard, DISP_TRANSPORT (self->transport),
                                          g_rand_new_with_seed (1));
}

/**
 * rig_clear:
 * @self: a rig nothing of which is in flight
 *
 * Frees it, and checks that nobody keeps a part of it.
 */
void
rig_clear (Rig *self)
{
  rig_turn ();
  g_assert_finalize_object (self->dispatcher);
  g_assert_finalize_object (self->transport);
  g_assert_finalize_object (self->switchboard);
  g_assert_finalize_object (self->sink);
  g_assert_finalize_object (self->clock);
}

/**
 * rig_set_fleet:
 * @self: a rig
 * @fleet: (transfer full): its fleet from now on
 */
void
rig_set_fleet (Rig *self, DispFleet *fleet)
{
  disp_switchboard_set_fleet (self->switchboard, fleet);
  disp_fleet_unref (fleet);
}

/**
 * rig_turn:
 *
 * Lets happen what is due.
 */
void
rig_turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ask *ask = user_data;

  ask->n_replies++;
  g_assert_cmpuint (ask->n_replies, ==, 1);
  ask->reply = disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result);
  g_assert_nonnull (ask->reply);
}

/**
 * rig_ask:
 * @self: a rig
 * @request: (transfer full): a request
 *
 * Dispatches a request, and checks that its end does not come at once.
 *
 * Returns: (transfer full): what will become of it
 */
Ask *
rig_ask (Rig *self, DispRequest *request)
{
  Ask *ask = g_new0 (Ask, 1);

  ask->request = request;
  ask->cancellable = g_cancellable_new ();
  disp_dispatcher_dispatch_async (self->dispatcher, request, ask->cancellable, on_reply, ask);
  g_assert_cmpuint (ask->n_replies, ==, 0);
  return ask;
}

/**
 * rig_ask_model:
 * @self: a rig
 * @model: a model
 * @version: a version; 0 = the latest
 *
 * Returns: (transfer full): what will become of a prediction
 */
Ask *
rig_ask_model (Rig *self, const char *model, gint64 version)
{
  return rig_ask (self, fixture_request (model, version, "[1.0,NaN]"));
}

/**
 * ask_finish:
 * @self: a request that has its end
 *
 * Waits for the reply, which needs no event but what is due, and checks that it comes once.
 */
void
ask_finish (Ask *self)
{
  rig_turn ();
  g_assert_cmpuint (self->n_replies, ==, 1);
}

/**
 * ask_free:
 * @self: (transfer full): a request that has ended
 */
void
ask_free (Ask *self)
{
  g_assert_cmpuint (self->n_replies, ==, 1);
  disp_reply_free (self->reply);
  disp_request_unref (self->request);
  g_object_unref (self->cancellable);
  g_free (self);
}

/**
 * rig_count_records:
 * @self: a rig
 *
 * Returns: how many records were pushed
 */
guint
rig_count_records (Rig *self)
{
  DispRecordSinkValues values;

  disp_record_sink_read (DISP_RECORD_SINK (self->sink), &values);
  return (guint) values.pushed;
}

/**
 * rig_read_totals:
 * @self: a rig
 *
 * Returns: the counters of all requests
 */
DispStatsValues
rig_read_totals (Rig *self)
{
  DispStatsValues values;

  disp_stats_read (disp_switchboard_get_totals (self->switchboard), &values);
  return values;
}

/**
 * rig_read_stats:
 * @self: a rig
 * @container: the name of a container of its fleet
 *
 * Returns: the counters of that container
 */
DispStatsValues
rig_read_stats (Rig *self, const char *container)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (self->switchboard);
  DispStatsValues values = { .in_flight = -1 };
  guint n;
  DispContainer *const *containers = disp_fleet_get_containers (disp_routing_get_fleet (routing),
                                                                &n);

  for (guint i = 0; i < n; i++)
    if (g_str_equal (containers[i]->name, container))
      disp_stats_read (containers[i]->stats, &values);
  g_assert_cmpint (values.in_flight, !=, -1);
  return values;
}

/**
 * rig_assert_idle:
 * @self: a rig
 *
 * Checks that nothing is left of the requests: no call, no timer, nobody who waits or is counted as
 * in flight.
 */
void
rig_assert_idle (Rig *self)
{
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (self->switchboard);
  DispStatsValues values = rig_read_totals (self);
  guint n = 0;
  DispContainer *const *containers = NULL;

  g_assert_cmpuint (fake_transport_count_open (self->transport), ==, 0);
  g_assert_cmpuint (
      disp_waiting_room_get_length (disp_switchboard_get_waiting_room (self->switchboard), NULL),
      ==, 0);
  g_assert_cmpuint (fake_clock_count_timers (self->clock), ==, 0);
  g_assert_cmpint (values.in_flight, ==, 0);
  g_assert_cmpuint (values.started, ==,
                    values.succeeded + values.busy + values.failed + values.cancelled);
  if (routing != NULL)
    containers = disp_fleet_get_containers (disp_routing_get_fleet (routing), &n);
  for (guint i = 0; i < n; i++)
    {
      disp_stats_read (containers[i]->stats, &values);
      g_assert_cmpint (values.in_flight, ==, 0);
      g_assert_cmpuint (values.started, ==,
                        values.succeeded + values.busy + values.failed + values.cancelled);
    }
}

/**
 * rig_assert_body:
 * @body: (nullable): bytes
 * @expected: what they have to be
 */
void
rig_assert_body (GBytes *body, const char *expected)
{
  g_assert_nonnull (body);
  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), expected,
                   strlen (expected));
}

/**
 * rig_assert_created:
 * @self: a rig whose clock has not moved since @ask
 * @ask: a prediction of rig_ask_model()
 * @record: its first record
 */
void
rig_assert_created (Rig *self, const Ask *ask, const DispRecord *record)
{
  g_assert_cmpstr (record->id, ==, ask->request->id);
  g_assert_cmpstr (record->request_id, ==, ask->request->request_id);
  g_assert_cmpstr (record->model, ==, ask->request->model);
  rig_assert_body (record->instances.bytes, "[1.0,NaN]");
  g_assert_null (record->container);
  g_assert_cmpint (record->ts_in, ==, disp_clock_now_real (DISP_CLOCK (self->clock)));
  g_assert_cmpint (record->ts_wait, ==, 0);
  g_assert_cmpint (record->ts_out, ==, 0);
  g_assert_cmpint (record->state, ==, DISP_RECORD_CREATED);
  g_assert_cmpuint (record->status, ==, 0);
  g_assert_null (record->response.bytes);
}

/**
 * rig_tear_down:
 * @self: a rig whose requests have ended
 * @data: not used
 *
 * Lets happen what is due, checks that nothing is left, and frees it.
 */
void
rig_tear_down (Rig *self, G_GNUC_UNUSED gconstpointer data)
{
  rig_turn ();
  rig_assert_idle (self);
  rig_clear (self);
}
