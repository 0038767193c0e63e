/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/simulator.h"

#include "engine/dispatcher.h"
#include "simulator/asks.h"
#include "simulator/leastconn.h"
#include "support/fake-sink.h"

/*
 * A simulation by discrete events: the clock jumps from one to the next, and after each the main
 * loop turns until nothing is left to do at that moment.  Dispatchers, switchboard and policies
 * are those of the daemon; clients, connections and model servers are simulated.  All runs on one
 * thread, and depends on nothing but the plan.
 */
struct _Simulator
{
  SimPlan plan;
  GMainContext *context;        /* (owned) */
  FakeClock *clock;             /* (owned) */
  FakeSink *sink;               /* (owned) */
  GRand *random;                /* (owned) */
  SimTransport *transport;      /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  GPtrArray *dispatchers;       /* (owned) (element-type DispDispatcher, each owned) */
  Leastconn *leastconn;         /* (owned) (nullable) instead of the dispatchers */
  GPtrArray *devices;           /* (owned) (element-type SimDevice, owned) */
  GPtrArray *streams;           /* (owned) (element-type SimArrivals, owned) */
  double *quotas;               /* (owned) for each device, or SIM_ABSENT */
  DispFleet *fleet;             /* (owned) (nullable) */
  SimAsks asks;
  gint64 measured_from;
  guint64 n_events;
  gboolean has_begun;
};

const DispEngineSettings sim_settings = {
  .timeout = 10 * G_USEC_PER_SEC,
  .version_path = DISP_VERSION_PATH_EXACT,
  .retry_after = 5,
  .n_retries = 1,
  .max_in_flight = DISP_CAPACITY_AUTO,
  .queue_policy = DISP_QUEUE_DEADLINE,
  .queue_limit = 1000,
  .queue_bytes = 64 * 1024 * 1024,
};

static GLogWriterOutput
drop_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
               G_GNUC_UNUSED gpointer user_data)
{
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return g_log_writer_default (level, fields, n_fields, NULL);
  return G_LOG_WRITER_HANDLED;
}

/**
 * sim_quieten_log:
 *
 * From now on only errors are logged, for that containers fail is what is simulated.  Once a
 * process.
 */
void
sim_quieten_log (void)
{
  g_log_set_writer_func (drop_warnings, NULL, NULL);
}

/* A callback knows its request and the simulator. */
typedef struct
{
  Simulator *simulator;
  DispRequest *request; /* (unowned) */
} Waiting;

static void
on_left (DispReply *reply, gpointer user_data)
{
  g_autofree Waiting *waiting = user_data;

  sim_asks_reply (&waiting->simulator->asks, waiting->request, reply);
}

static void
on_dispatched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  on_left (disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result), user_data);
}

static void
on_arrived (SimArrivals *arrivals, gpointer user_data)
{
  Simulator *self = user_data;
  const SimAsk *ask = sim_asks_add (&self->asks, arrivals);
  gint32 n_workers = (gint32) self->dispatchers->len;
  Waiting *waiting = g_new (Waiting, 1);

  *waiting = (Waiting){ self, ask->request };
  if (self->leastconn != NULL)
    leastconn_ask (self->leastconn, ask->request, ask->cancellable, on_left, waiting);
  else
    disp_dispatcher_dispatch_async (
        g_ptr_array_index (self->dispatchers, g_rand_int_range (self->random, 0, n_workers)),
        ask->request, ask->cancellable, on_dispatched, waiting);
}

static void
change_fleet (Simulator *self)
{
  g_autoptr (DispFleet) previous = g_steal_pointer (&self->fleet);

  self->fleet = sim_plan_make_fleet (&self->plan, self->quotas, previous);
  if (self->leastconn != NULL)
    leastconn_set_fleet (self->leastconn, self->fleet);
  else
    disp_switchboard_set_fleet (self->switchboard, self->fleet);
}

/**
 * simulator_set_present:
 * @self: a simulation
 * @device: the number of a device
 * @present: whether the fleet has it from now on
 */
void
simulator_set_present (Simulator *self, guint device, gboolean present)
{
  self->quotas[device] = present ? self->plan.devices[device].quota : SIM_ABSENT;
  change_fleet (self);
}

/**
 * simulator_is_present:
 * @self: a simulation
 * @device: the number of a device
 *
 * Returns: whether the fleet has it
 */
gboolean
simulator_is_present (const Simulator *self, guint device)
{
  return self->quotas[device] > SIM_ABSENT;
}

/**
 * simulator_set_quota:
 * @self: a simulation
 * @device: the number of a device
 * @quota: its quota from now on; 0 = it is not used
 */
void
simulator_set_quota (Simulator *self, guint device, double quota)
{
  self->quotas[device] = quota;
  change_fleet (self);
}

static void
add_engine (Simulator *self)
{
  const SimPlan *plan = &self->plan;
  gboolean is_reference = g_str_equal (plan->policy, SIM_LEASTCONN);
  g_autoptr (GError) error = NULL;
  g_autoptr (DispPolicySpec) policy = disp_policy_spec_new (
      is_reference ? "round-robin" : plan->policy, NULL, &error);

  g_assert_no_error (error);
  self->switchboard = disp_switchboard_new (DISP_CLOCK (self->clock), DISP_RECORD_SINK (self->sink),
                                            NULL, policy, &plan->settings);
  self->dispatchers = g_ptr_array_new ();
  for (guint i = 0; i < plan->n_workers; i++)
    g_ptr_array_add (self->dispatchers,
                     disp_dispatcher_new (self->switchboard, DISP_TRANSPORT (self->transport),
                                          g_rand_new_with_seed (g_rand_int (self->random))));
  if (is_reference)
    self->leastconn = leastconn_new (self->transport, self->clock, plan->settings.timeout);
}

static void
add_world (Simulator *self)
{
  const SimPlan *plan = &self->plan;

  self->devices = g_ptr_array_new_with_free_func ((GDestroyNotify) sim_device_free);
  self->streams = g_ptr_array_new_with_free_func ((GDestroyNotify) sim_arrivals_free);
  self->quotas = g_new (double, plan->n_devices);
  for (guint i = 0; i < plan->n_devices; i++)
    {
      SimDevice *device = sim_device_new (&plan->devices[i], self->clock,
                                          g_rand_int (self->random));

      self->quotas[i] = plan->devices[i].quota;
      sim_transport_add_device (self->transport, device);
      g_ptr_array_add (self->devices, device);
    }
  for (guint i = 0; i < plan->n_streams; i++)
    g_ptr_array_add (self->streams, sim_arrivals_new (&plan->streams[i], self->clock,
                                                      g_rand_int (self->random), on_arrived, self));
}

/**
 * simulator_new:
 * @plan: what is simulated; copied, what it points to must live longer
 *
 * Returns: (transfer full): a simulation in which nothing was asked yet
 */
Simulator *
simulator_new (const SimPlan *plan)
{
  Simulator *self = g_new0 (Simulator, 1);
  SimWitness witness;

  g_assert_cmpuint (plan->n_models, <=, SIM_MAX_MODELS);
  self->plan = *plan;
  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  /* While it is ours nobody has to be woken. */
  g_assert_true (g_main_context_acquire (self->context));
  self->clock = fake_clock_new ();
  self->sink = fake_sink_new ();
  fake_sink_set_admission (self->sink, DISP_ADMISSION_DROPPED);
  self->random = g_rand_new_with_seed (plan->seed);
  sim_asks_init (&self->asks, &self->plan, DISP_CLOCK (self->clock), self->random);
  witness = sim_asks_get_witness (&self->asks);
  self->transport = sim_transport_new (&witness);
  add_world (self);
  add_engine (self);
  change_fleet (self);
  self->measured_from = disp_clock_now (DISP_CLOCK (self->clock));
  return self;
}

static void
turn (Simulator *self)
{
  while (g_main_context_iteration (self->context, FALSE))
    ;
}

/**
 * simulator_free:
 * @self: (transfer full): a simulation that simulator_finish() ended
 *
 * Frees it, and checks that nobody keeps a part of it.
 */
void
simulator_free (Simulator *self)
{
  g_ptr_array_unref (self->streams);
  g_clear_pointer (&self->leastconn, leastconn_free);
  for (guint i = 0; i < self->dispatchers->len; i++)
    g_assert_finalize_object (g_ptr_array_index (self->dispatchers, i));
  g_ptr_array_unref (self->dispatchers);
  g_assert_finalize_object (self->transport);
  g_assert_finalize_object (self->switchboard);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  g_ptr_array_unref (self->devices);
  g_assert_finalize_object (self->clock);
  g_assert_finalize_object (self->sink);
  g_rand_free (self->random);
  sim_asks_clear (&self->asks);
  g_free (self->quotas);
  g_main_context_release (self->context);
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  g_free (self);
}

/**
 * simulator_step:
 * @self: a simulation
 * @end: how far it may go, on the scale of its clock
 *
 * Lets the next event happen, with all that follows from it at once.
 *
 * Returns: whether there was one
 */
gboolean
simulator_step (Simulator *self, gint64 end)
{
  gboolean rang = fake_clock_step (self->clock, end);

  self->n_events += rang ? 1 : 0;
  turn (self);
  sim_rules_settled (&self->asks.rules);
  return rang;
}

/**
 * simulator_run:
 * @self: a simulation
 * @duration: how long, in microseconds of its own
 *
 * Goes on with it, or begins.
 */
void
simulator_run (Simulator *self, gint64 duration)
{
  gint64 end = disp_clock_now (DISP_CLOCK (self->clock)) + duration;

  if (!self->has_begun)
    for (guint i = 0; i < self->streams->len; i++)
      sim_arrivals_start (g_ptr_array_index (self->streams, i));
  self->has_begun = TRUE;
  while (simulator_step (self, end))
    ;
}

/**
 * simulator_finish:
 * @self: a simulation
 *
 * Lets nothing more come, and all devices be well; goes on until each request has its reply, and
 * checks that nothing is left of them.
 */
void
simulator_finish (Simulator *self)
{
  gint64 now = disp_clock_now (DISP_CLOCK (self->clock));

  for (guint i = 0; i < self->streams->len; i++)
    sim_arrivals_stop (g_ptr_array_index (self->streams, i));
  for (guint i = 0; i < self->devices->len; i++)
    sim_device_settle (g_ptr_array_index (self->devices, i));
  while (simulator_step (self, now + 2 * self->plan.settings.timeout))
    ;
  if (g_hash_table_size (self->asks.open) > 0)
    sim_rules_break (&self->asks.rules, "%u requests got no reply",
                     g_hash_table_size (self->asks.open));
}

/**
 * simulator_forget:
 * @self: a simulation
 *
 * Begins to measure anew, as after some time to warm up.
 */
void
simulator_forget (Simulator *self)
{
  sim_tally_clear (&self->asks.tally);
  sim_tally_init (&self->asks.tally);
  self->measured_from = disp_clock_now (DISP_CLOCK (self->clock));
}

/**
 * simulator_get_switchboard:
 * @self: a simulation
 *
 * Returns: (transfer none): what all its dispatchers share
 */
DispSwitchboard *
simulator_get_switchboard (const Simulator *self)
{
  return self->switchboard;
}

/**
 * simulator_get_clock:
 * @self: a simulation
 *
 * Returns: (transfer none): its clock, on which more may be made to happen
 */
DispClock *
simulator_get_clock (const Simulator *self)
{
  return DISP_CLOCK (self->clock);
}

/**
 * simulator_get_device:
 * @self: a simulation
 * @device: the number of a device
 *
 * Returns: (transfer none): the device
 */
SimDevice *
simulator_get_device (const Simulator *self, guint device)
{
  return g_ptr_array_index (self->devices, device);
}

/**
 * simulator_get_tally:
 * @self: a simulation
 *
 * Returns: (transfer none): what came of the requests since simulator_forget()
 */
SimTally *
simulator_get_tally (Simulator *self)
{
  return &self->asks.tally;
}

/**
 * simulator_get_rules:
 * @self: a simulation
 *
 * Returns: (transfer none): whether all promises were kept
 */
SimRules *
simulator_get_rules (Simulator *self)
{
  return &self->asks.rules;
}

/**
 * simulator_get_measured:
 * @self: a simulation
 *
 * Returns: how long it has gone on since simulator_forget(), in microseconds
 */
gint64
simulator_get_measured (const Simulator *self)
{
  return disp_clock_now (DISP_CLOCK (self->clock)) - self->measured_from;
}

/**
 * simulator_count_events:
 * @self: a simulation
 *
 * Returns: how many events there were in all
 */
guint64
simulator_count_events (const Simulator *self)
{
  return self->n_events;
}
