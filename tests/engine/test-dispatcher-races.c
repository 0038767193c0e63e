/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/rig.h"
#include "support/fixtures.h"

#define CPU(name, model, version, quota)                                                           \
  fixture_container (name, model, version, DISP_DEVICE_CPU, quota)

/* What ends a request, and what else may happen in the same moment. */

static void
set_up (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  rig_init (rig, &rig_settings);
  rig_set_fleet (rig, fixture_fleet (NULL, "m:1", CPU ("a", "m", 1, 1), NULL));
}

/* Checks the reply to a request that was forwarded and got no answer, and its second record. */
static void
assert_given_up (Rig *rig, const Ask *ask, guint status, const char *reason, const char *body)
{
  const DispRecord *record;

  g_assert_cmpuint (ask->reply->answer->status, ==, status);
  g_assert_cmpstr (ask->reply->reason, ==, reason);
  rig_assert_body (ask->reply->answer->body, body);
  g_assert_cmpstr (ask->reply->container->name, ==, "a");
  g_assert_cmpuint (rig_count_records (rig), ==, 2);
  record = fake_sink_get (rig->sink, 1);
  g_assert_cmpstr (record->id, ==, ask->request->id);
  g_assert_cmpint (record->state, ==, DISP_RECORD_ERROR);
  g_assert_cmpuint (record->status, ==, status);
  g_assert_cmpstr (record->container->name, ==, "a");
  g_assert_cmpint (record->ts_wait, ==, record->ts_in);
  rig_assert_body (record->response.bytes, body);
}

static void
test_deadline (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);
  const FakeCall *call = fake_transport_get_call (rig->transport, 0);

  fake_clock_advance (rig->clock, RIG_TIMEOUT - 1);
  rig_turn ();
  g_assert_cmpuint (ask->n_replies, ==, 0);
  g_assert_false (g_cancellable_is_cancelled (call->cancellable));
  fake_clock_advance (rig->clock, 1);
  g_assert_true (g_cancellable_is_cancelled (call->cancellable));
  g_assert_cmpuint (ask->n_replies, ==, 0);
  ask_finish (ask);
  assert_given_up (rig, ask, 504, "deadline",
                   "{\"error\":\"container \\\"a\\\" did not answer within 30 s\"}");
  g_assert_cmpint (ask->reply->upstream, ==, RIG_TIMEOUT);
  g_assert_cmpint (fake_sink_get (rig->sink, 1)->ts_out, ==,
                   fake_sink_get (rig->sink, 1)->ts_in + RIG_TIMEOUT);
  g_assert_cmpuint (rig_read_stats (rig, "a").failed, ==, 1);
  g_assert_cmpuint (rig_read_totals (rig).failed, ==, 1);
}

static void
assert_client_gone (Rig *rig, const Ask *ask)
{
  assert_given_up (rig, ask, 499, "client-gone",
                   "{\"error\":\"the client hung up before its answer\"}");
  g_assert_cmpuint (rig_read_stats (rig, "a").cancelled, ==, 1);
  g_assert_cmpuint (rig_read_totals (rig).cancelled, ==, 1);
}

static void
test_client_gone (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_clock_advance (rig->clock, 10);
  g_cancellable_cancel (ask->cancellable);
  g_assert_true (
      g_cancellable_is_cancelled (fake_transport_get_call (rig->transport, 0)->cancellable));
  g_assert_cmpuint (ask->n_replies, ==, 0);
  ask_finish (ask);
  assert_client_gone (rig, ask);
}

static void
keep_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ask *ask = user_data;

  ask->n_replies++;
  ask->reply = disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result);
}

static Ask *
ask_when_gone (Rig *rig, const char *model)
{
  Ask *ask = g_new0 (Ask, 1);

  ask->request = fixture_request (model, 1, "[]");
  ask->cancellable = g_cancellable_new ();
  g_cancellable_cancel (ask->cancellable);
  disp_dispatcher_dispatch_async (rig->dispatcher, ask->request, ask->cancellable, keep_reply, ask);
  g_assert_cmpuint (ask->n_replies, ==, 0);
  return ask;
}

/* The client was gone before its request was dispatched: no container is asked. */
static void
test_gone_before (Rig *rig, gconstpointer data)
{
  g_autoptr (Ask) ask = ask_when_gone (rig, data);

  ask_finish (ask);
  g_assert_cmpuint (ask->reply->answer->status, ==, 499);
  g_assert_cmpstr (ask->reply->reason, ==, "client-gone");
  g_assert_cmpuint (rig_count_records (rig), ==, 2);
  g_assert_cmpuint (fake_transport_count_calls (rig->transport), ==, 0);
}

/* Once it is answered, neither the client nor the clock changes anything. */
static void
test_late (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (Ask) ask = rig_ask_model (rig, "m", 1);

  fake_transport_answer (rig->transport, 0, 200, "{}");
  ask_finish (ask);
  g_assert_cmpuint (fake_clock_count_timers (rig->clock), ==, 0);
  g_cancellable_cancel (ask->cancellable);
  fake_clock_advance (rig->clock, 2 * RIG_TIMEOUT);
  disp_dispatcher_abort (rig->dispatcher);
  ask_finish (ask);
  g_assert_cmpuint (ask->reply->answer->status, ==, 200);
  g_assert_cmpuint (rig_count_records (rig), ==, 2);
  g_assert_cmpuint (rig_read_stats (rig, "a").succeeded, ==, 1);
}

static void
act (Rig *rig, const Ask *ask, char what)
{
  if (what == 'a' && fake_transport_count_open (rig->transport) > 0)
    fake_transport_answer (rig->transport, 0, 200, "{\"predictions\":[]}");
  else if (what == 'f' && fake_transport_count_open (rig->transport) > 0)
    fake_transport_fail (rig->transport, 0, "broken");
  else if (what == 'c')
    g_cancellable_cancel (ask->cancellable);
  else if (what == 'd')
    fake_clock_advance (rig->clock, RIG_TIMEOUT);
  else if (what == 'q')
    disp_dispatcher_abort (rig->dispatcher);
}

/* The statuses that the first of several ends may lead to, when the others come in the same turn.
 * An answer loses to whatever gives the request up before the answer was seen. */
static guint
expected_status (const char *order)
{
  for (const char *i = order; *i != '\0'; i++)
    if (*i != 'a' && *i != 'f')
      return *i == 'c' ? 499 : *i == 'd' ? 504 : 503;
  return *order == 'a' ? 200 : 502;
}

/* Whatever comes together, and in whichever order, a request has one end, and all agree on it. */
static void
race (const char *order, gboolean stubborn)
{
  const guint status = expected_status (order);
  g_autoptr (Ask) ask = NULL;
  DispStatsValues stats;
  Rig rig;

  set_up (&rig, NULL);
  fake_transport_set_stubborn (rig.transport, stubborn);
  ask = rig_ask_model (&rig, "m", 1);
  for (const char *i = order; *i != '\0'; i++)
    {
      act (&rig, ask, *i);
      g_assert_cmpuint (ask->n_replies, ==, 0);
    }
  if (fake_transport_count_open (rig.transport) > 0)
    {
      rig_turn ();
      g_assert_cmpuint (ask->n_replies, ==, 0);
      act (&rig, ask, 'a');
    }
  ask_finish (ask);
  g_assert_cmpuint (ask->reply->answer->status, ==, status);
  g_assert_cmpuint (rig_count_records (&rig), ==, 2);
  g_assert_cmpuint (fake_sink_get (rig.sink, 1)->status, ==, status);
  g_assert_cmpint (fake_sink_get (rig.sink, 1)->state, ==,
                   status == 200 ? DISP_RECORD_COMPLETED : DISP_RECORD_ERROR);
  stats = rig_read_stats (&rig, "a");
  g_assert_cmpuint (stats.succeeded, ==, status == 200);
  g_assert_cmpuint (stats.failed, ==, status == 502 || status == 504);
  g_assert_cmpuint (stats.cancelled, ==, status == 499 || status == 503);
  for (const char *i = order; *i != '\0'; i++)
    act (&rig, ask, *i);
  rig_tear_down (&rig, NULL);
}

/* Tries all orders of what is left of @events after @used. */
static void
permute (const char *events, guint used, char *order, guint length)
{
  if (length > 0)
    for (guint stubborn = 0; stubborn < 2; stubborn++)
      {
        order[length] = '\0';
        race (order, stubborn == 1);
      }
  for (guint i = 0; events[i] != '\0'; i++)
    if ((used & (1U << i)) == 0)
      {
        order[length] = events[i];
        permute (events, used | (1U << i), order, length + 1);
      }
}

static void
test_orders (void)
{
  char order[6];

  permute ("acdq", 0, order, 0);
  permute ("fcdq", 0, order, 0);
}

static void
test_abort (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  Ask *asks[50];

  disp_dispatcher_abort (rig->dispatcher);
  for (guint i = 0; i < G_N_ELEMENTS (asks); i++)
    asks[i] = rig_ask_model (rig, "m", 1);
  fake_transport_answer (rig->transport, 7, 200, "{}");
  rig_turn ();
  disp_dispatcher_abort (rig->dispatcher);
  disp_dispatcher_abort (rig->dispatcher);
  for (guint i = 0; i < G_N_ELEMENTS (asks); i++)
    g_assert_cmpuint (asks[i]->n_replies, ==, i == 7);
  for (guint i = 0; i < G_N_ELEMENTS (asks); i++)
    {
      ask_finish (asks[i]);
      g_assert_cmpuint (asks[i]->reply->answer->status, ==, i == 7 ? 200 : 503);
      g_assert_cmpstr (asks[i]->reply->reason, ==, i == 7 ? NULL : "draining");
      ask_free (asks[i]);
    }
  g_assert_cmpuint (rig_count_records (rig), ==, 2 * G_N_ELEMENTS (asks));
  g_assert_cmpuint (rig_read_stats (rig, "a").cancelled, ==, G_N_ELEMENTS (asks) - 1);
  g_assert_cmpuint (rig_read_stats (rig, "a").succeeded, ==, 1);
}

/* Who asks again from inside the reply to the first is answered as anyone. */
typedef struct
{
  Rig *rig;    /* (unowned) */
  Ask *second; /* (owned) (nullable) */
  guint n_replies;
} Chain;

static void
ask_again (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Chain *chain = user_data;
  g_autoptr (DispReply) reply = disp_dispatcher_dispatch_finish (DISP_DISPATCHER (source), result);

  g_assert_cmpuint (reply->answer->status, ==, 200);
  chain->n_replies++;
  chain->second = rig_ask_model (chain->rig, "unknown", 1);
}

static void
test_ask_again (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[]");
  Chain chain = { .rig = rig };

  disp_dispatcher_dispatch_async (rig->dispatcher, request, NULL, ask_again, &chain);
  fake_transport_answer (rig->transport, 0, 200, "{}");
  rig_turn ();
  g_assert_cmpuint (chain.n_replies, ==, 1);
  ask_finish (chain.second);
  g_assert_cmpuint (chain.second->reply->answer->status, ==, 404);
  ask_free (chain.second);
}

/* The dispatcher, and what it stands on, live as long as a request does. */
static void
test_kept_alive (void)
{
  g_autoptr (DispRequest) request = fixture_request ("m", 1, "[]");
  Ask ask = { .request = request };
  Rig rig;

  set_up (&rig, NULL);
  disp_dispatcher_dispatch_async (rig.dispatcher, request, NULL, keep_reply, &ask);
  g_object_unref (rig.dispatcher);
  g_object_unref (rig.switchboard);
  g_object_add_weak_pointer (G_OBJECT (rig.dispatcher), (gpointer *) &rig.dispatcher);
  g_object_add_weak_pointer (G_OBJECT (rig.switchboard), (gpointer *) &rig.switchboard);
  g_assert_nonnull (rig.dispatcher);
  fake_transport_answer (rig.transport, 0, 200, "{}");
  rig_turn ();
  g_assert_cmpuint (ask.n_replies, ==, 1);
  disp_reply_free (ask.reply);
  g_assert_null (rig.dispatcher);
  g_assert_null (rig.switchboard);
  g_assert_cmpuint (rig_count_records (&rig), ==, 2);
  g_assert_finalize_object (rig.transport);
  g_assert_finalize_object (rig.sink);
  g_assert_finalize_object (rig.clock);
}

/* A request that is in flight when the fleet and the policy change ends with what it began with. */
static void
test_swaps (Rig *rig, G_GNUC_UNUSED gconstpointer data)
{
  const DispStatsValues none = { 0 };
  g_autoptr (DispPolicySpec) random = rig_policy ("random");
  g_autoptr (DispStats) stats = NULL;
  Ask *old = rig_ask_model (rig, "m", 1);
  Ask *fresh;
  DispStatsValues values;

  stats = disp_stats_ref (fake_transport_get_call (rig->transport, 0)->container->stats);
  disp_switchboard_set_policy (rig->switchboard, NULL, random);
  rig_set_fleet (rig, fixture_fleet (NULL, "m:2", CPU ("b", "m", 2, 1), NULL));
  fresh = rig_ask_model (rig, "m", 0);
  fake_transport_answer (rig->transport, 1, 200, "{}");
  ask_finish (fresh);
  g_assert_cmpstr (fresh->reply->container->name, ==, "b");
  ask_free (fresh);
  fresh = rig_ask_model (rig, "m", 1);
  ask_finish (fresh);
  g_assert_cmpuint (fresh->reply->answer->status, ==, 404);
  ask_free (fresh);

  disp_stats_read (stats, &values);
  g_assert_cmpint (values.in_flight, ==, 1);
  fake_transport_answer (rig->transport, 0, 200, "{\"old\":1}");
  ask_finish (old);
  g_assert_cmpstr (old->reply->container->name, ==, "a");
  rig_assert_body (old->reply->answer->body, "{\"old\":1}");
  ask_free (old);
  disp_stats_read (stats, &values);
  g_assert_cmpint (values.in_flight, ==, none.in_flight);
  g_assert_cmpuint (values.succeeded, ==, 1);
  g_assert_cmpstr (fake_sink_get (rig->sink, 5)->container->name, ==, "a");
  g_assert_cmpint (fake_sink_get (rig->sink, 5)->version, ==, 1);
}

#define ADD_WITH(path, data, function)                                                             \
  g_test_add ("/engine/dispatcher/" path, Rig, data, set_up, function, rig_tear_down)
#define ADD(path, function) ADD_WITH (path, NULL, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("deadline", test_deadline);
  ADD ("client-gone", test_client_gone);
  ADD_WITH ("gone-before", "m", test_gone_before);
  ADD_WITH ("gone-before/unknown-model", "unknown", test_gone_before);
  ADD ("late", test_late);
  ADD ("abort", test_abort);
  ADD ("ask-again", test_ask_again);
  ADD ("swaps", test_swaps);
  g_test_add_func ("/engine/dispatcher/orders", test_orders);
  g_test_add_func ("/engine/dispatcher/kept-alive", test_kept_alive);
  return g_test_run ();
}
