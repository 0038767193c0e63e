/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/dispatch-private.h"

#include "core/error.h"
#include "core/event.h"

/*
 * The beginning and the end of the life of a request: created → placed → tried → answered →
 * completed.  There is one dispatcher for each worker.
 */

G_DEFINE_FINAL_TYPE (DispDispatcher, disp_dispatcher, G_TYPE_OBJECT)

static void
dispatch_free (gpointer data)
{
  DispDispatch *self = data;

  g_assert (self->n_visits == 0 && self->hold == NULL && self->timer == NULL && !self->has_budget);
  for (guint i = 0; i < self->n_attempts; i++)
    disp_capacity_unref (self->tried[i]);
  disp_request_unref (self->request);
  g_clear_pointer (&self->routing, disp_routing_unref);
  disp_engine_settings_unref (self->settings);
  g_clear_pointer (&self->container, disp_container_unref);
  g_clear_pointer (&self->answer, disp_answer_free);
  g_clear_error (&self->error);
  g_clear_error (&self->given_up);
  g_free (self);
}

static void
disp_dispatcher_finalize (GObject *object)
{
  DispDispatcher *self = DISP_DISPATCHER (object);

  disp_waiting_room_close_porch (disp_switchboard_get_waiting_room (self->switchboard),
                                 self->porch);
  g_array_unref (self->indices);
  g_ptr_array_unref (self->candidates);
  g_object_unref (self->switchboard);
  g_object_unref (self->transport);
  g_rand_free (self->random);
  G_OBJECT_CLASS (disp_dispatcher_parent_class)->finalize (object);
}

static void
disp_dispatcher_class_init (DispDispatcherClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_dispatcher_finalize;
}

static void
disp_dispatcher_init (DispDispatcher *self)
{
  g_queue_init (&self->active);
  self->indices = g_array_new (FALSE, FALSE, sizeof (guint));
  self->candidates = g_ptr_array_new ();
}

/**
 * disp_dispatch_get_now:
 * @self: a request on its way
 *
 * Returns: the time, on the scale of the clock
 */
gint64
disp_dispatch_get_now (const DispDispatch *self)
{
  return disp_clock_now (disp_switchboard_get_clock (self->dispatcher->switchboard));
}

/**
 * disp_dispatch_count_active:
 * @self: a request on its way
 *
 * Returns: how many are on their way in the whole daemon
 */
guint
disp_dispatch_count_active (const DispDispatch *self)
{
  return (guint) disp_stats_get_in_flight (
      disp_switchboard_get_totals (self->dispatcher->switchboard));
}

/**
 * disp_dispatch_get_visit_terms:
 * @self: a request whose route is known
 *
 * Returns: what its visits are made with; all of it lives as long as @self
 */
DispVisitTerms
disp_dispatch_get_visit_terms (const DispDispatch *self)
{
  return (DispVisitTerms){
    .switchboard = self->dispatcher->switchboard,
    .transport = self->dispatcher->transport,
    .routing = self->routing,
    .route = self->route,
    .settings = self->settings,
  };
}

static void
log_request (const DispDispatch *self, const DispReply *reply)
{
  const DispRequest *request = self->request;
  const DispContainer *container = reply->container;
  char version[24] = "";

  if (self->route != NULL && self->route->version != 0)
    g_snprintf (version, sizeof version, "%" G_GINT64_FORMAT, self->route->version);
  disp_event_log (DISP_EVENT_REQUEST_ENDED,
                  &(DispEventFields){ .request_id = request->id,
                                      .client_request_id = request->request_id,
                                      .model = request->model,
                                      .version = version,
                                      .container = container != NULL ? container->name : NULL,
                                      .node = container != NULL ? container->node : NULL,
                                      .status = reply->answer->status,
                                      .reason = reply->reason },
                  "%s %s of %s at %s: %u in %.3f ms", request->id,
                  disp_verb_to_string (request->verb), request->model,
                  container != NULL ? container->name : "-", reply->answer->status,
                  (double) (reply->queued + reply->upstream) / 1000);
}

/* The one place from which a reply goes out. */
static void
give_reply (DispDispatch *self, DispReply *reply)
{
  DispSwitchboard *switchboard = self->dispatcher->switchboard;
  GTask *task = self->task;

  disp_clock_clear_timer (&self->timer);
  if (self->cancelled_id != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (task), self->cancelled_id);
  if (self->has_budget)
    disp_retry_budget_give (disp_switchboard_get_retry_budget (switchboard));
  self->has_budget = FALSE;
  g_queue_unlink (&self->dispatcher->active, &self->link);
  disp_stats_end (disp_switchboard_get_totals (switchboard), disp_reply_get_outcome (reply),
                  disp_dispatch_get_now (self) - self->arrived);
  if (self->settings->log_requests)
    log_request (self, reply);
  g_task_return_pointer (task, reply, (GDestroyNotify) disp_reply_free);
  g_object_unref (task);
}

/* In how many seconds what failed with @code may be tried again; 0 = nobody knows. */
static guint
get_retry_after (const DispDispatch *self, int code)
{
  if (self->retry_after > 0)
    return self->retry_after;
  switch (code)
    {
    case DISP_ERROR_NO_FLEET:
    case DISP_ERROR_NO_CONTAINER:
      return self->settings->retry_after;
    case DISP_ERROR_UNREACHABLE:
      return DISP_UNWELL_RETRY_AFTER;
    case DISP_ERROR_RECORDS_FULL:
    case DISP_ERROR_NOT_RECORDED:
      return DISP_RECORD_SINK_RETRY_AFTER;
    default:
      return 0;
    }
}

static void
on_hold_ended (const GError *error, gpointer user_data)
{
  DispDispatch *self = user_data;

  self->hold = NULL;
  if (error != NULL)
    disp_reply_set_error (self->held, error, get_retry_after (self, error->code));
  give_reply (self, g_steal_pointer (&self->held));
}

/* Records how a request ended.  What a container answered may have to wait for that. */
static void
end (DispDispatch *self, DispReply *reply)
{
  DispRecordSink *sink = disp_switchboard_get_sink (self->dispatcher->switchboard);
  const gint64 now = disp_dispatch_get_now (self);
  DispRecord *record;

  if (self->wait_began != 0)
    self->waited += now - self->wait_began;
  self->wait_began = 0;
  reply->container = self->container != NULL ? disp_container_ref (self->container) : NULL;
  reply->n_attempts = self->n_attempts;
  reply->queued = self->n_attempts > 0 ? self->waited : now - self->arrived;
  reply->upstream = now - self->arrived - reply->queued;
  record = disp_recording_end (&self->recording, reply,
                               self->route != NULL ? self->route->version : 0);
  if (record != NULL && reply->reason == NULL && self->settings->hold_answers)
    {
      self->held = reply;
      self->stage = DISP_STAGE_HOLDING;
      self->hold = disp_hold_start (sink, record, on_hold_ended, self);
      disp_dispatch_set_timer (self);
      return;
    }
  if (record != NULL)
    disp_record_sink_push (sink, record);
  give_reply (self, reply);
}

/**
 * disp_dispatch_end_with_answer:
 * @self: a request that is at no container and does not wait
 * @answer: (transfer full): what the container answered
 *
 * Ends it.  It must not be touched afterwards.
 */
void
disp_dispatch_end_with_answer (DispDispatch *self, DispAnswer *answer)
{
  end (self, disp_reply_new (answer));
}

/**
 * disp_dispatch_end_with_error:
 * @self: a request that is at no container and does not wait
 * @error: why it has no answer
 *
 * Ends it.  It must not be touched afterwards.
 */
void
disp_dispatch_end_with_error (DispDispatch *self, const GError *error)
{
  int code = error->domain == DISP_ERROR ? error->code : DISP_ERROR_FAILED;

  end (self, disp_reply_new_for_error (error, get_retry_after (self, code)));
}

static gboolean
end_given_up (gpointer user_data)
{
  DispDispatch *self = user_data;

  disp_clock_clear_timer (&self->timer);
  disp_dispatch_end_with_error (self, self->given_up);
  return G_SOURCE_REMOVE;
}

/* Lets a request wait no longer; it ends soon, with @error, never from inside this call.  What is
 * given up already changes nothing. */
static void
give_up (DispDispatch *self, DispOutcome outcome, GError *error)
{
  if (self->given_up != NULL || self->stage == DISP_STAGE_GIVEN_UP)
    {
      g_error_free (error);
      return;
    }
  self->given_up = error;
  switch (self->stage)
    {
    case DISP_STAGE_VISITING:
      disp_dispatch_cancel_visits (self, outcome, error);
      break;
    case DISP_STAGE_HOLDING:
      disp_hold_cancel (self->hold, g_error_copy (error));
      break;
    default:
      disp_dispatch_stop_waiting (self);
      self->stage = DISP_STAGE_GIVEN_UP;
      disp_clock_clear_timer (&self->timer);
      self->timer = g_idle_source_new ();
      g_source_set_static_name (self->timer, "request given up");
      g_source_set_priority (self->timer, G_PRIORITY_DEFAULT);
      g_source_set_callback (self->timer, end_given_up, self, NULL);
      g_source_attach (self->timer, g_main_context_get_thread_default ());
    }
}

static GError *
new_deadline_error (const DispDispatch *self)
{
  double timeout = (double) (self->deadline - self->arrived) / G_USEC_PER_SEC;

  if (self->stage == DISP_STAGE_HOLDING)
    return g_error_new (DISP_ERROR, DISP_ERROR_NOT_RECORDED,
                        "the record of the answer was not stored within %g s", timeout);
  if (self->stage == DISP_STAGE_VISITING)
    return g_error_new (DISP_ERROR, DISP_ERROR_DEADLINE,
                        "container \"%s\" did not answer within %g s",
                        disp_visit_get_container (self->visits[0])->name, timeout);
  return g_error_new (DISP_ERROR, DISP_ERROR_DEADLINE,
                      "no container of model \"%s\" had a place within %g s", self->request->model,
                      timeout);
}

static gboolean
on_timer (gpointer user_data)
{
  DispDispatch *self = user_data;
  const gint64 now = disp_dispatch_get_now (self);

  disp_clock_clear_timer (&self->timer);
  if (now >= self->deadline)
    give_up (self, DISP_OUTCOME_FAILURE, new_deadline_error (self));
  else if (self->stage == DISP_STAGE_VISITING)
    disp_dispatch_look_at_visits (self, now);
  else
    disp_dispatch_end_wait (self, now);
  return G_SOURCE_REMOVE;
}

/**
 * disp_dispatch_set_timer:
 * @self: a request that waits for something
 *
 * Has what is due next done in its time.
 */
void
disp_dispatch_set_timer (DispDispatch *self)
{
  DispClock *clock = disp_switchboard_get_clock (self->dispatcher->switchboard);
  gint64 at = self->deadline;

  if (self->given_up != NULL)
    return;
  if (self->stage == DISP_STAGE_VISITING)
    at = MIN (at, disp_dispatch_get_visit_end (self));
  else if (self->stage != DISP_STAGE_HOLDING)
    at = MIN (at, disp_dispatch_get_wait_end (self));
  if (self->timer != NULL && self->timer_at == at)
    return;
  disp_clock_clear_timer (&self->timer);
  self->timer_at = at;
  self->timer = disp_clock_add_timer (clock, at, "request deadline", on_timer, self);
}

static void
on_client_gone (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  give_up (user_data, DISP_OUTCOME_CANCELLED,
           g_error_new_literal (DISP_ERROR, DISP_ERROR_CLIENT_GONE,
                                "the client hung up before its answer"));
}

/**
 * disp_dispatcher_new:
 * @switchboard: what all workers share
 * @transport: how this worker reaches containers
 * @random: (transfer full): the generator of this worker
 *
 * Returns: (transfer full): the dispatcher of one worker, to be used on this thread only
 */
DispDispatcher *
disp_dispatcher_new (DispSwitchboard *switchboard, DispTransport *transport, GRand *random)
{
  DispDispatcher *self = g_object_new (DISP_TYPE_DISPATCHER, NULL);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  self->switchboard = g_object_ref (switchboard);
  self->transport = g_object_ref (transport);
  self->random = random;
  self->porch = disp_waiting_room_open_porch (disp_switchboard_get_waiting_room (switchboard),
                                              context, disp_dispatch_on_called, NULL);
  return self;
}

/**
 * disp_dispatcher_get_switchboard:
 * @self: a dispatcher
 *
 * Returns: (transfer none): what all workers share
 */
DispSwitchboard *
disp_dispatcher_get_switchboard (DispDispatcher *self)
{
  return self->switchboard;
}

static DispDispatch *
dispatch_new (DispDispatcher *dispatcher, DispRequest *request, GTask *task)
{
  DispDispatch *self = g_new0 (DispDispatch, 1);
  DispClock *clock = disp_switchboard_get_clock (dispatcher->switchboard);
  gint64 timeout;

  self->dispatcher = dispatcher;
  self->task = task;
  self->request = disp_request_ref (request);
  self->link.data = self;
  self->arrived = disp_clock_now (clock);
  disp_switchboard_enter (dispatcher->switchboard, &self->routing, &self->settings);
  timeout = self->settings->timeout;
  self->deadline = self->arrived
                   + (request->timeout > 0 ? MIN (request->timeout, timeout) : timeout);
  self->recording = (DispRecording){
    .request = request,
    .arrived_real = disp_clock_now_real (clock),
    .payload_limit = self->settings->payload_limit,
  };
  return self;
}

/**
 * disp_dispatcher_dispatch_async:
 * @self: a dispatcher
 * @request: what is asked
 * @cancellable: (nullable): to be cancelled on this thread when the client hangs up
 * @callback: called on the thread-default context, exactly once, never from inside this call
 * @user_data: for @callback
 *
 * Has a request answered: records it, finds it a place at a container, forwards it, records its
 * end. A prediction whose records have no room is refused.  With @hold_answers the answer of a
 * container waits for its record, at the longest until the request's time is over.  Keeps @self
 * alive until
 * @callback.
 */
void
disp_dispatcher_dispatch_async (DispDispatcher *self, DispRequest *request,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  DispDispatch *dispatch = dispatch_new (self, request, task);
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, disp_dispatcher_dispatch_async);
  /* The reply comes also after a cancel: it ends the record. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, dispatch, dispatch_free);
  g_queue_push_tail_link (&self->active, &dispatch->link);
  disp_stats_begin (disp_switchboard_get_totals (self->switchboard));
  if (!disp_recording_begin (&dispatch->recording, disp_switchboard_get_sink (self->switchboard),
                             &error))
    {
      disp_dispatch_end_with_error (dispatch, error);
      return;
    }
  if (cancellable != NULL)
    dispatch->cancelled_id = g_signal_connect (cancellable, "cancelled",
                                               G_CALLBACK (on_client_gone), dispatch);
  if (cancellable != NULL && g_cancellable_is_cancelled (cancellable))
    on_client_gone (cancellable, dispatch);
  else
    disp_dispatch_find_place (dispatch);
}

/**
 * disp_dispatcher_dispatch_finish:
 * @self: the dispatcher
 * @result: what the callback was given
 *
 * Returns: (transfer full): how the request ended; there is always a reply
 */
DispReply *
disp_dispatcher_dispatch_finish (DispDispatcher *self, GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), NULL);
}

/**
 * disp_dispatcher_abort:
 * @self: a dispatcher
 *
 * Gives up all that is in flight, because the daemon cannot wait any longer: each request is
 * answered soon, with %DISP_ERROR_DRAINING.
 */
void
disp_dispatcher_abort (DispDispatcher *self)
{
  for (GList *link = self->active.head; link != NULL; link = link->next)
    {
      DispDispatch *dispatch = link->data;
      const char *what = dispatch->stage == DISP_STAGE_HOLDING ? "its record was stored"
                                                               : "the answer came";

      give_up (dispatch, DISP_OUTCOME_CANCELLED,
               g_error_new (DISP_ERROR, DISP_ERROR_DRAINING, "the daemon stopped before %s", what));
    }
}
