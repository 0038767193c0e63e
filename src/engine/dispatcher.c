/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/dispatcher.h"

#include "core/error.h"
#include "core/event.h"
#include "engine/attempt.h"
#include "engine/hold.h"
#include "engine/recording.h"

/*
 * The life of a request, told from top to bottom in disp_dispatcher_dispatch_async(),
 * on_attempt_ended() and end(): created → chosen → forwarded → answered → completed.  There is one
 * dispatcher for each worker.
 */
struct _DispDispatcher
{
  GObject parent_instance;
  DispSwitchboard *switchboard; /* (owned) */
  DispTransport *transport;     /* (owned) */
  GRand *random;                /* (owned) */
  GQueue waiting;               /* (element-type Dispatch, unowned) those that wait */
};

G_DEFINE_FINAL_TYPE (DispDispatcher, disp_dispatcher, G_TYPE_OBJECT)

/* One request on its way.  It waits for its attempt, then perhaps for its record. */
typedef struct
{
  DispRequest *request; /* (owned) */
  DispRecording recording;
  DispRouting *routing;         /* (owned) (nullable) that it began with */
  DispEngineSettings *settings; /* (owned) that it began with */
  DispContainer *container;     /* (owned) (nullable) once chosen */
  DispAttempt *attempt;         /* (unowned) (nullable) while it runs */
  DispHold *hold;               /* (unowned) (nullable) while it runs */
  DispReply *held;              /* (owned) (nullable) the reply, while @hold runs */
  gint64 version;               /* of the route; 0 = not known */
  gint64 arrived;               /* on the scale of the clock */
  gint64 forwarded;             /* on the scale of the clock; 0 = not yet */
  GSource *deadline;            /* (owned) (nullable) */
  gulong cancelled_id;
  GList link; /* in the list of those that wait, while it does */
} Dispatch;

static void
dispatch_free (gpointer data)
{
  Dispatch *dispatch = data;

  g_assert (dispatch->attempt == NULL && dispatch->hold == NULL && dispatch->deadline == NULL);
  disp_request_unref (dispatch->request);
  g_clear_pointer (&dispatch->routing, disp_routing_unref);
  disp_engine_settings_unref (dispatch->settings);
  g_clear_pointer (&dispatch->container, disp_container_unref);
  g_free (dispatch);
}

static void
disp_dispatcher_finalize (GObject *object)
{
  DispDispatcher *self = DISP_DISPATCHER (object);

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
  g_queue_init (&self->waiting);
}

static void
log_request (const Dispatch *dispatch, const DispReply *reply)
{
  const DispRequest *request = dispatch->request;
  const DispContainer *container = dispatch->container;
  char version[24] = "";

  if (dispatch->version != 0)
    g_snprintf (version, sizeof version, "%" G_GINT64_FORMAT, dispatch->version);
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
give_reply (GTask *task, DispReply *reply)
{
  DispDispatcher *self = g_task_get_source_object (task);
  Dispatch *dispatch = g_task_get_task_data (task);
  DispSwitchboard *switchboard = self->switchboard;
  gint64 now = disp_clock_now (disp_switchboard_get_clock (switchboard));

  disp_clock_clear_timer (&dispatch->deadline);
  if (dispatch->cancelled_id != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (task), dispatch->cancelled_id);
  disp_stats_end (disp_switchboard_get_totals (switchboard), disp_reply_get_outcome (reply),
                  now - dispatch->arrived);
  if (dispatch->settings->log_requests)
    log_request (dispatch, reply);
  g_task_return_pointer (task, reply, (GDestroyNotify) disp_reply_free);
  g_object_unref (task);
}

/* In how many seconds what failed with @code may be tried again; 0 = nobody knows. */
static guint
get_retry_after (const Dispatch *dispatch, int code)
{
  switch (code)
    {
    case DISP_ERROR_NO_FLEET:
    case DISP_ERROR_NO_CONTAINER:
      return dispatch->settings->retry_after;
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
  GTask *task = user_data;
  DispDispatcher *self = g_task_get_source_object (task);
  Dispatch *dispatch = g_task_get_task_data (task);

  dispatch->hold = NULL;
  g_queue_unlink (&self->waiting, &dispatch->link);
  if (error != NULL)
    disp_reply_set_error (dispatch->held, error, get_retry_after (dispatch, error->code));
  give_reply (task, g_steal_pointer (&dispatch->held));
}

/* Records how a request ended.  What a container answered may have to wait for that. */
static void
end (GTask *task, DispReply *reply)
{
  DispDispatcher *self = g_task_get_source_object (task);
  Dispatch *dispatch = g_task_get_task_data (task);
  DispRecordSink *sink = disp_switchboard_get_sink (self->switchboard);
  gint64 now = disp_clock_now (disp_switchboard_get_clock (self->switchboard));
  DispRecord *record;

  reply->container = dispatch->container != NULL ? disp_container_ref (dispatch->container) : NULL;
  reply->queued = (dispatch->forwarded != 0 ? dispatch->forwarded : now) - dispatch->arrived;
  reply->upstream = dispatch->forwarded != 0 ? now - dispatch->forwarded : 0;
  record = disp_recording_end (&dispatch->recording, reply, dispatch->version);
  if (record != NULL && reply->reason == NULL && dispatch->settings->hold_answers)
    {
      dispatch->held = reply;
      g_queue_push_tail_link (&self->waiting, &dispatch->link);
      dispatch->hold = disp_hold_start (sink, record, on_hold_ended, task);
      return;
    }
  if (record != NULL)
    disp_record_sink_push (sink, record);
  give_reply (task, reply);
}

static void
end_with_error (GTask *task, const GError *error)
{
  const Dispatch *dispatch = g_task_get_task_data (task);
  int code = error->domain == DISP_ERROR ? error->code : DISP_ERROR_FAILED;

  end (task, disp_reply_new_for_error (error, get_retry_after (dispatch, code)));
}

static void
on_attempt_ended (DispAnswer *answer, const GError *error, gpointer user_data)
{
  GTask *task = user_data;
  DispDispatcher *self = g_task_get_source_object (task);
  Dispatch *dispatch = g_task_get_task_data (task);

  dispatch->attempt = NULL;
  g_queue_unlink (&self->waiting, &dispatch->link);
  if (answer != NULL)
    end (task, disp_reply_new (answer));
  else
    end_with_error (task, error);
}

/* Lets a request wait no longer; it ends soon, with @error. */
static void
give_up (Dispatch *dispatch, DispOutcome outcome, GError *error)
{
  if (dispatch->attempt != NULL)
    disp_attempt_cancel (dispatch->attempt, outcome, error);
  else
    disp_hold_cancel (dispatch->hold, error);
}

/* A client may give its request less time than the operator does. */
static gint64
get_timeout (const Dispatch *dispatch)
{
  gint64 timeout = dispatch->settings->timeout;

  return dispatch->request->timeout > 0 ? MIN (dispatch->request->timeout, timeout) : timeout;
}

static gboolean
on_deadline (gpointer user_data)
{
  Dispatch *dispatch = g_task_get_task_data (user_data);
  double timeout = (double) get_timeout (dispatch) / G_USEC_PER_SEC;

  if (dispatch->attempt != NULL)
    give_up (dispatch, DISP_OUTCOME_FAILURE,
             g_error_new (DISP_ERROR, DISP_ERROR_DEADLINE,
                          "container \"%s\" did not answer within %g s", dispatch->container->name,
                          timeout));
  else
    give_up (dispatch, DISP_OUTCOME_FAILURE,
             g_error_new (DISP_ERROR, DISP_ERROR_NOT_RECORDED,
                          "the record of the answer was not stored within %g s", timeout));
  return G_SOURCE_REMOVE;
}

static void
on_client_gone (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  give_up (user_data, DISP_OUTCOME_CANCELLED,
           g_error_new_literal (DISP_ERROR, DISP_ERROR_CLIENT_GONE,
                                "the client hung up before its answer"));
}

/* Finds who could serve the request, and lets the policy choose. */
static const DispRoute *
choose (DispDispatcher *self, Dispatch *dispatch, GError **error)
{
  const DispRequest *request = dispatch->request;
  const DispRoute *route;
  guint index;

  if (dispatch->routing == NULL)
    {
      g_set_error_literal (error, DISP_ERROR, DISP_ERROR_NO_FLEET, "no fleet is known yet");
      return NULL;
    }
  route = disp_fleet_find (disp_routing_get_fleet (dispatch->routing), request->model,
                           &request->version, error);
  if (route == NULL)
    return NULL;
  dispatch->version = route->version;
  if (!disp_route_check_eligible (route, error))
    return NULL;
  index = disp_policy_select (disp_routing_get_policy (dispatch->routing, route), route->eligible,
                              route->n_eligible, request, self->random);
  dispatch->container = disp_container_ref (route->eligible[index]);
  return route;
}

static void
forward (GTask *task, const DispRoute *route)
{
  DispDispatcher *self = g_task_get_source_object (task);
  Dispatch *dispatch = g_task_get_task_data (task);
  const DispRequest *request = dispatch->request;
  const DispEngineSettings *settings = dispatch->settings;
  DispClock *clock = disp_switchboard_get_clock (self->switchboard);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autofree char *path = disp_serving_path_build (
      settings->version_path, request->model, &request->version, route->version, request->verb);

  dispatch->forwarded = disp_clock_now (clock);
  dispatch->attempt = disp_attempt_start (
      self->transport, clock, disp_switchboard_get_notice (self->switchboard),
      disp_routing_get_policy (dispatch->routing, route), dispatch->container, dispatch->request,
      path, on_attempt_ended, task);
  dispatch->link.data = dispatch;
  g_queue_push_tail_link (&self->waiting, &dispatch->link);
  dispatch->deadline = disp_clock_add_timer (clock, dispatch->arrived + get_timeout (dispatch),
                                             "request deadline", on_deadline, task);
  if (cancellable != NULL)
    {
      dispatch->cancelled_id = g_signal_connect (cancellable, "cancelled",
                                                 G_CALLBACK (on_client_gone), dispatch);
      if (g_cancellable_is_cancelled (cancellable))
        on_client_gone (cancellable, dispatch);
    }
}

/**
 * disp_dispatcher_new:
 * @switchboard: what all workers share
 * @transport: how this worker reaches containers
 * @random: (transfer full): the generator of this worker
 *
 * Returns: (transfer full): the dispatcher of one worker, to be used on its thread only
 */
DispDispatcher *
disp_dispatcher_new (DispSwitchboard *switchboard, DispTransport *transport, GRand *random)
{
  DispDispatcher *self = g_object_new (DISP_TYPE_DISPATCHER, NULL);

  self->switchboard = g_object_ref (switchboard);
  self->transport = g_object_ref (transport);
  self->random = random;
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

/**
 * disp_dispatcher_dispatch_async:
 * @self: a dispatcher
 * @request: what is asked
 * @cancellable: (nullable): to be cancelled on this thread when the client hangs up
 * @callback: called on the thread-default context, exactly once, never from inside this call
 * @user_data: for @callback
 *
 * Has a request answered: records it, lets the policy choose a container, forwards it, records its
 * end.  A prediction whose records have no room is refused.  With @hold_answers the answer of a
 * container waits for its record, at the longest until the request's time is over.  Keeps @self
 * alive until @callback.
 */
void
disp_dispatcher_dispatch_async (DispDispatcher *self, DispRequest *request,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  DispClock *clock = disp_switchboard_get_clock (self->switchboard);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Dispatch *dispatch = g_new0 (Dispatch, 1);
  g_autoptr (GError) error = NULL;
  const DispRoute *route = NULL;

  g_task_set_source_tag (task, disp_dispatcher_dispatch_async);
  /* The reply comes also after a cancel: it ends the record. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, dispatch, dispatch_free);
  dispatch->request = disp_request_ref (request);
  dispatch->arrived = disp_clock_now (clock);
  disp_switchboard_enter (self->switchboard, &dispatch->routing, &dispatch->settings);
  dispatch->recording = (DispRecording){
    .request = request,
    .arrived_real = disp_clock_now_real (clock),
    .payload_limit = dispatch->settings->payload_limit,
  };

  disp_stats_begin (disp_switchboard_get_totals (self->switchboard));
  if (disp_recording_begin (&dispatch->recording, disp_switchboard_get_sink (self->switchboard),
                            &error))
    route = choose (self, dispatch, &error);
  if (route != NULL)
    forward (task, route);
  else
    end_with_error (task, error);
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
  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      Dispatch *dispatch = link->data;
      const char *what = dispatch->attempt != NULL ? "the answer came" : "its record was stored";

      give_up (dispatch, DISP_OUTCOME_CANCELLED,
               g_error_new (DISP_ERROR, DISP_ERROR_DRAINING, "the daemon stopped before %s", what));
    }
}
