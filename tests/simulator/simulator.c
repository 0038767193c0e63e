/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/simulator.h"

#include "engine/dispatcher.h"
#include "simulator/leastconn.h"
#include "simulator/sim-transport.h"
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
  gboolean *present;            /* (owned) for each device, whether the fleet has it */
  double *quotas;               /* (owned) for each device */
  DispFleet *fleet;             /* (owned) (nullable) */
  GHashTable *asks; /* (owned) (element-type DispRequest SimAsk, owned) those under way */
  SimTally tally;
  SimRules rules;
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

/* A request whose reply came is kept while attempts of it are under way. */
static void
ask_free (gpointer data)
{
  SimAsk *ask = data;

  disp_clock_clear_timer (&ask->patience);
  disp_request_unref (ask->request);
  g_object_unref (ask->cancellable);
  g_free (ask);
}

static void
forget_ask (Simulator *self, SimAsk *ask)
{
  if (ask->n_replies > 0 && ask->n_open == 0)
    g_hash_table_remove (self->asks, ask->request);
}

static void
on_sent (DispContainer *container, DispRequest *request, gpointer user_data)
{
  Simulator *self = user_data;
  SimAsk *ask = g_hash_table_lookup (self->asks, request);

  g_assert_nonnull (ask);
  sim_rules_sent (&self->rules, ask, container, disp_clock_now (DISP_CLOCK (self->clock)));
}

static void
on_ended (DispContainer *container, DispRequest *request, int status, gpointer user_data)
{
  Simulator *self = user_data;
  SimAsk *ask = g_hash_table_lookup (self->asks, request);

  g_assert_nonnull (ask);
  sim_rules_ended (&self->rules, ask, container, status);
  forget_ask (self, ask);
}

static void
count_reply (Simulator *self, const SimAsk *ask, const DispReply *reply)
{
  SimTally *tally = &self->tally;
  gint64 latency = disp_clock_now (DISP_CLOCK (self->clock)) - ask->arrived;

  switch (disp_reply_get_outcome (reply))
    {
    case DISP_OUTCOME_CANCELLED:
      tally->n_gone++;
      return;
    case DISP_OUTCOME_SUCCESS:
      tally->n_answered++;
      tally->n_gpu += reply->container->device == DISP_DEVICE_GPU ? 1 : 0;
      tally->n_missed += ask->sla > 0 && latency > ask->sla ? 1 : 0;
      g_array_append_val (tally->latencies, latency);
      return;
    case DISP_OUTCOME_BUSY:
    case DISP_OUTCOME_FAILURE:
    default:
      tally->n_refused++;
      tally->n_missed += ask->sla > 0 ? 1 : 0;
    }
}

static void
take_reply (Simulator *self, SimAsk *ask, DispReply *reply)
{
  disp_clock_clear_timer (&ask->patience);
  sim_rules_replied (&self->rules, ask, disp_clock_now (DISP_CLOCK (self->clock)));
  count_reply (self, ask, reply);
  sim_arrivals_answered (ask->stream);
  disp_reply_free (reply);
  forget_ask (self, ask);
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

  take_reply (waiting->simulator, g_hash_table_lookup (waiting->simulator->asks, waiting->request),
              reply);
}

static void
on_dispatched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  on_left (disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result), user_data);
}

static gboolean
on_impatient (gpointer user_data)
{
  const SimAsk *ask = user_data;

  g_cancellable_cancel (ask->cancellable);
  return G_SOURCE_REMOVE;
}

static DispRequest *
make_request (const char *model, guint n_instances, GRand *random)
{
  DispRequest *request = disp_request_new (DISP_VERB_PREDICT, 0);
  gsize length = (gsize) 2 * n_instances + 1;
  char *body = g_malloc (length);

  body[0] = '[';
  for (guint i = 0; i < n_instances; i++)
    {
      body[2 * i + 1] = (char) ('0' + g_rand_int_range (random, 0, 10));
      body[2 * i + 2] = i + 1 < n_instances ? ',' : ']';
    }
  request->model = g_strdup (model);
  request->body = g_bytes_new_take (body, length);
  request->instances = (DispSlice){ 0, length };
  request->slices[request->n_slices++] = request->instances;
  return request;
}

static guint
find_model (const Simulator *self, const char *name)
{
  for (guint i = 0; i < self->plan.n_models; i++)
    if (g_str_equal (self->plan.models[i].name, name))
      return i;
  g_assert_not_reached ();
}

static void
on_arrived (SimArrivals *arrivals, gpointer user_data)
{
  Simulator *self = user_data;
  const SimStreamSpec *spec = sim_arrivals_get_spec (arrivals);
  gint64 now = disp_clock_now (DISP_CLOCK (self->clock));
  gint64 patience = sim_arrivals_draw_patience (arrivals);
  SimAsk *ask = g_new0 (SimAsk, 1);
  Waiting *waiting = g_new (Waiting, 1);

  ask->request = make_request (spec->model, sim_arrivals_draw_instances (arrivals), self->random);
  ask->cancellable = g_cancellable_new ();
  ask->stream = arrivals;
  ask->model = find_model (self, spec->model);
  ask->sla = (gint64) (self->plan.models[ask->model].sla * 1000);
  ask->arrived = now;
  if (patience > 0)
    ask->patience = disp_clock_add_timer (DISP_CLOCK (self->clock), now + patience, "patience",
                                          on_impatient, ask);
  g_hash_table_insert (self->asks, ask->request, ask);
  *waiting = (Waiting){ self, ask->request };
  self->tally.n_asked++;
  sim_rules_came (&self->rules, ask);
  if (self->leastconn != NULL)
    leastconn_ask (self->leastconn, ask->request, ask->cancellable, on_left, waiting);
  else
    disp_dispatcher_dispatch_async (
        g_ptr_array_index (self->dispatchers,
                           g_rand_int_range (self->random, 0, (gint32) self->dispatchers->len)),
        ask->request, ask->cancellable, on_dispatched, waiting);
}

static DispContainer *
make_container (const SimDeviceSpec *spec, guint number, double quota)
{
  DispContainer *container = disp_container_new ();

  container->name = g_strdup (spec->name);
  container->model = g_strdup (spec->model);
  container->version = 1;
  container->device = spec->kind;
  container->quota = quota;
  container->max_in_flight = spec->max_in_flight;
  container->node = g_strdup ("127.0.0.1");
  container->port = (guint16) (number + 1);
  container->endpoint = g_strdup_printf ("http://127.0.0.1:%u", number + 1);
  return container;
}

static void
change_fleet (Simulator *self)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_model_free);
  GPtrArray *containers = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_container_unref);
  g_autoptr (DispFleet) previous = g_steal_pointer (&self->fleet);

  for (guint i = 0; i < self->plan.n_models; i++)
    {
      DispModel *model = disp_model_new (self->plan.models[i].name, 1);

      model->sla = self->plan.models[i].sla;
      g_ptr_array_add (models, model);
    }
  for (guint i = 0; i < self->plan.n_devices; i++)
    if (self->present[i])
      g_ptr_array_add (containers, make_container (&self->plan.devices[i], i, self->quotas[i]));
  self->fleet = disp_fleet_new (models, containers, previous);
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
  self->present[device] = present;
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
  return self->present[device];
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
  self->present = g_new (gboolean, plan->n_devices);
  self->quotas = g_new (double, plan->n_devices);
  for (guint i = 0; i < plan->n_devices; i++)
    {
      SimDevice *device = sim_device_new (&plan->devices[i], self->clock,
                                          g_rand_int (self->random));

      self->present[i] = TRUE;
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
  self->transport = sim_transport_new (&(SimWitness){ on_sent, on_ended, self });
  self->asks = g_hash_table_new_full (NULL, NULL, NULL, ask_free);
  sim_tally_init (&self->tally);
  sim_rules_init (&self->rules, &self->plan.settings, !g_str_equal (plan->policy, SIM_LEASTCONN));
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
  g_assert_cmpuint (g_hash_table_size (self->asks), ==, 0);
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
  g_hash_table_unref (self->asks);
  sim_tally_clear (&self->tally);
  sim_rules_clear (&self->rules);
  g_free (self->present);
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
  sim_rules_settled (&self->rules);
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
  if (g_hash_table_size (self->asks) > 0)
    sim_rules_break (&self->rules, "%u requests got no reply", g_hash_table_size (self->asks));
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
  sim_tally_clear (&self->tally);
  sim_tally_init (&self->tally);
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
  return &self->tally;
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
  return &self->rules;
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
