/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/asks.h"

/* What each request is, and what becomes of it. */

static void
ask_free (gpointer data)
{
  SimAsk *ask = data;

  disp_clock_clear_timer (&ask->patience);
  disp_request_unref (ask->request);
  g_object_unref (ask->cancellable);
  g_free (ask);
}

/**
 * sim_asks_init:
 * @self: (out caller-allocates): no requests
 * @plan: what is simulated
 * @clock: its time
 * @random: for what is left to chance
 */
void
sim_asks_init (SimAsks *self, const SimPlan *plan, DispClock *clock, GRand *random)
{
  *self = (SimAsks){
    .plan = plan,
    .clock = clock,
    .random = random,
    .open = g_hash_table_new_full (NULL, NULL, NULL, ask_free),
  };
  sim_tally_init (&self->tally);
  sim_rules_init (&self->rules, &plan->settings, !g_str_equal (plan->policy, SIM_LEASTCONN));
}

/**
 * sim_asks_clear:
 * @self: requests that are all over
 */
void
sim_asks_clear (SimAsks *self)
{
  g_assert_cmpuint (g_hash_table_size (self->open), ==, 0);
  g_hash_table_unref (self->open);
  sim_tally_clear (&self->tally);
  sim_rules_clear (&self->rules);
}

/* A request whose reply came is kept while attempts of it are under way. */
static void
forget (SimAsks *self, const SimAsk *ask)
{
  if (ask->n_replies > 0 && ask->n_open == 0)
    g_hash_table_remove (self->open, ask->request);
}

static SimAsk *
find (SimAsks *self, DispRequest *request)
{
  SimAsk *ask = g_hash_table_lookup (self->open, request);

  g_assert_nonnull (ask);
  return ask;
}

static void
on_sent (DispContainer *container, DispRequest *request, gpointer user_data)
{
  SimAsks *self = user_data;

  sim_rules_sent (&self->rules, find (self, request), container, disp_clock_now (self->clock));
}

static void
on_ended (DispContainer *container, DispRequest *request, int status, gpointer user_data)
{
  SimAsks *self = user_data;
  SimAsk *ask = find (self, request);

  sim_rules_ended (&self->rules, ask, container, status);
  forget (self, ask);
}

/**
 * sim_asks_get_witness:
 * @self: requests
 *
 * Returns: what sees their attempts
 */
SimWitness
sim_asks_get_witness (SimAsks *self)
{
  return (SimWitness){ on_sent, on_ended, self };
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
find_model (const SimPlan *plan, const char *name)
{
  guint model = 0;

  while (model < plan->n_models && !g_str_equal (plan->models[model].name, name))
    model++;
  g_assert_cmpuint (model, <, plan->n_models);
  return model;
}

/**
 * sim_asks_add:
 * @self: requests
 * @arrivals: of which one more comes
 *
 * Returns: (transfer none): the request, which is valid until its reply, and its last attempt
 */
SimAsk *
sim_asks_add (SimAsks *self, SimArrivals *arrivals)
{
  const SimStreamSpec *spec = sim_arrivals_get_spec (arrivals);
  gint64 patience = sim_arrivals_draw_patience (arrivals);
  char **not_idempotent = self->plan->settings.not_idempotent;
  SimAsk *ask = g_new0 (SimAsk, 1);

  ask->request = make_request (spec->model, sim_arrivals_draw_instances (arrivals), self->random);
  ask->request->once = not_idempotent != NULL
                       && g_strv_contains ((const char *const *) not_idempotent, spec->model);
  ask->cancellable = g_cancellable_new ();
  ask->stream = arrivals;
  ask->model = find_model (self->plan, spec->model);
  ask->sla = (gint64) (self->plan->models[ask->model].sla * 1000);
  ask->arrived = disp_clock_now (self->clock);
  if (patience > 0)
    ask->patience = disp_clock_add_timer (self->clock, ask->arrived + patience, "patience",
                                          on_impatient, ask);
  g_hash_table_insert (self->open, ask->request, ask);
  self->tally.n_asked++;
  sim_rules_came (&self->rules, ask, ask->arrived);
  return ask;
}

static void
count (SimTally *tally, const SimAsk *ask, const DispReply *reply, gint64 latency)
{
  if (reply->answer->status == 429)
    {
      tally->n_turned_away++;
      tally->slowest_turn = MAX (tally->slowest_turn, latency);
    }
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

/**
 * sim_asks_reply:
 * @self: requests
 * @request: one of them
 * @reply: (transfer full): its reply
 *
 * Tells how a request ended.
 */
void
sim_asks_reply (SimAsks *self, DispRequest *request, DispReply *reply)
{
  SimAsk *ask = find (self, request);
  gint64 now = disp_clock_now (self->clock);

  disp_clock_clear_timer (&ask->patience);
  sim_rules_replied (&self->rules, ask, now);
  count (&self->tally, ask, reply, now - ask->arrived);
  sim_arrivals_answered (ask->stream);
  disp_reply_free (reply);
  forget (self, ask);
}
