/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/dispatcher.h"

#include "core/error.h"
#include "engine/attempt.h"

/*
 * The life of a request, told from top to bottom in dispatcher_dispatch_async() and
 * on_attempt_ended(): created → chosen → forwarded → answered → completed.  There is one dispatcher
 * for each worker.
 */
struct _DispDispatcher
{
  GObject parent_instance;
  DispSwitchboard *switchboard; /* (owned) */
  DispTransport *transport;     /* (owned) */
  GRand *random;                /* (owned) */
  GQueue running;               /* (element-type Dispatch, unowned) those with an attempt */
};

G_DEFINE_FINAL_TYPE (DispDispatcher, disp_dispatcher, G_TYPE_OBJECT)

/* One request on its way. */
typedef struct
{
  DispRequest *request;     /* (owned) */
  DispRouting *routing;     /* (owned) (nullable) */
  DispContainer *container; /* (owned) (nullable) once chosen */
  DispAttempt *attempt;     /* (unowned) (nullable) while it runs */
  gint64 version;           /* of the route; 0 = not known */
  gint64 arrived;           /* on the scale of the clock */
  gint64 arrived_real;      /* microseconds since the epoch */
  gint64 forwarded;         /* on the scale of the clock; 0 = not yet */
  GSource *deadline;        /* (owned) (nullable) */
  gulong cancelled_id;
  GList link; /* in the list of running ones, while it has an attempt */
} Dispatch;

static void
dispatch_free (gpointer data)
{
  Dispatch *dispatch = data;

  g_assert (dispatch->attempt == NULL && dispatch->deadline == NULL);
  disp_request_unref (dispatch->request);
  g_clear_pointer (&dispatch->routing, disp_routing_unref);
  g_clear_pointer (&dispatch->container, disp_container_unref);
  g_free (dispatch);
}

void
disp_reply_free (DispReply *self)
{
  disp_answer_free (self->answer);
  g_clear_pointer (&self->container, disp_container_unref);
  g_free (self);
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
  g_queue_init (&self->running);
}

static DispRecord *
new_record (DispDispatcher *self, const Dispatch *dispatch)
{
  const DispEngineSettings *settings = disp_switchboard_get_settings (self->switchboard);

  return disp_record_new (dispatch->request, dispatch->arrived_real, settings->payload_limit);
}

static void
push_created (DispDispatcher *self, const Dispatch *dispatch)
{
  if (disp_request_is_prediction (dispatch->request))
    disp_record_sink_push (disp_switchboard_get_sink (self->switchboard),
                           new_record (self, dispatch));
}

/* Wall-clock times are told from one reading of it, so that a clock that is set does not bend
 * durations. */
static gint64
to_real (const Dispatch *dispatch, gint64 at)
{
  return dispatch->arrived_real + (at - dispatch->arrived);
}

static void
push_ended (DispDispatcher *self, const Dispatch *dispatch, const DispReply *reply, gint64 now)
{
  DispRecord *record;

  if (!disp_request_is_prediction (dispatch->request))
    return;
  record = new_record (self, dispatch);
  if (dispatch->version != 0)
    record->version = dispatch->version;
  if (dispatch->container != NULL)
    record->container = disp_container_ref (dispatch->container);
  if (dispatch->forwarded != 0)
    record->ts_wait = to_real (dispatch, dispatch->forwarded);
  record->ts_out = to_real (dispatch, now);
  record->status = reply->answer->status;
  record->state = reply->reason == NULL && reply->answer->status < 500 ? DISP_RECORD_COMPLETED
                                                                       : DISP_RECORD_ERROR;
  disp_record_set_response (record, reply->answer->body,
                            disp_switchboard_get_settings (self->switchboard)->payload_limit);
  disp_record_sink_push (disp_switchboard_get_sink (self->switchboard), record);
}

static void
log_request (const Dispatch *dispatch, const DispReply *reply)
{
  const DispRequest *request = dispatch->request;
  const char *container = dispatch->container != NULL ? dispatch->container->name : "-";

  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_INFO, "REQUEST_ID", request->id, "MODEL",
                    request->model, "CONTAINER", container, "REASON",
                    reply->reason != NULL ? reply->reason : "", "MESSAGE",
                    "%s %s of %s at %s: %u in %.3f ms", request->id,
                    disp_verb_to_string (request->verb), request->model, container,
                    reply->answer->status, (double) (reply->queued + reply->upstream) / 1000);
}

/* The one place where a request ends. */
static void
end (GTask *task, DispAnswer *answer, const char *reason)
{
  DispDispatcher *self = g_task_get_source_object (task);
  Dispatch *dispatch = g_task_get_task_data (task);
  DispSwitchboard *switchboard = self->switchboard;
  gint64 now = disp_clock_now (disp_switchboard_get_clock (switchboard));
  DispReply *reply = g_new0 (DispReply, 1);

  disp_clock_clear_timer (&dispatch->deadline);
  if (dispatch->cancelled_id != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (task), dispatch->cancelled_id);

  reply->answer = answer;
  reply->reason = reason;
  reply->container = dispatch->container != NULL ? disp_container_ref (dispatch->container) : NULL;
  reply->queued = (dispatch->forwarded != 0 ? dispatch->forwarded : now) - dispatch->arrived;
  reply->upstream = dispatch->forwarded != 0 ? now - dispatch->forwarded : 0;

  push_ended (self, dispatch, reply, now);
  disp_stats_end (disp_switchboard_get_totals (switchboard),
                  reason == NULL && answer->status < 500 ? DISP_OUTCOME_SUCCESS
                  : answer->status == disp_error_http_status (DISP_ERROR_CLIENT_GONE)
                      ? DISP_OUTCOME_CANCELLED
                      : DISP_OUTCOME_FAILURE,
                  now - dispatch->arrived);
  if (disp_switchboard_get_settings (switchboard)->log_requests)
    log_request (dispatch, reply);
  g_task_return_pointer (task, reply, (GDestroyNotify) disp_reply_free);
  g_object_unref (task);
}

static void
end_with_error (GTask *task, const GError *error)
{
  DispDispatcher *self = g_task_get_source_object (task);
  int code = error->domain == DISP_ERROR ? error->code : DISP_ERROR_FAILED;
  DispAnswer *answer = disp_answer_new_for_error (error);

  if (code == DISP_ERROR_NO_FLEET || code == DISP_ERROR_NO_CONTAINER)
    answer->retry_after = g_strdup_printf (
        "%u", disp_switchboard_get_settings (self->switchboard)->retry_after);
  end (task, answer, disp_error_reason (code));
}

static void
on_attempt_ended (DispAnswer *answer, const GError *error, gpointer user_data)
{
  GTask *task = user_data;
  DispDispatcher *self = g_task_get_source_object (task);
  Dispatch *dispatch = g_task_get_task_data (task);

  dispatch->attempt = NULL;
  g_queue_unlink (&self->running, &dispatch->link);
  if (answer != NULL)
    end (task, answer, NULL);
  else
    end_with_error (task, error);
}

static gboolean
on_deadline (gpointer user_data)
{
  GTask *task = user_data;
  DispDispatcher *self = g_task_get_source_object (task);
  Dispatch *dispatch = g_task_get_task_data (task);
  gint64 timeout = disp_switchboard_get_settings (self->switchboard)->timeout;

  disp_attempt_cancel (dispatch->attempt, DISP_OUTCOME_FAILURE,
                       g_error_new (DISP_ERROR, DISP_ERROR_DEADLINE,
                                    "container \"%s\" did not answer within %g s",
                                    dispatch->container->name, (double) timeout / G_USEC_PER_SEC));
  return G_SOURCE_REMOVE;
}

static void
on_client_gone (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  Dispatch *dispatch = user_data;

  disp_attempt_cancel (dispatch->attempt, DISP_OUTCOME_CANCELLED,
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

  dispatch->routing = disp_switchboard_ref_routing (self->switchboard);
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
  const DispEngineSettings *settings = disp_switchboard_get_settings (self->switchboard);
  DispClock *clock = disp_switchboard_get_clock (self->switchboard);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autofree char *path = disp_serving_path_build (
      settings->version_path, request->model, &request->version, route->version, request->verb);

  dispatch->forwarded = disp_clock_now (clock);
  dispatch->attempt = disp_attempt_start (
      self->transport, clock, disp_routing_get_policy (dispatch->routing, route),
      dispatch->container, dispatch->request, path, on_attempt_ended, task);
  dispatch->link.data = dispatch;
  g_queue_push_tail_link (&self->running, &dispatch->link);
  dispatch->deadline = disp_clock_add_timer (clock, dispatch->arrived + settings->timeout,
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
 * end.  Keeps
 * @self alive until @callback.
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
  const DispRoute *route;

  g_task_set_source_tag (task, disp_dispatcher_dispatch_async);
  /* The reply comes also after a cancel: it ends the record. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, dispatch, dispatch_free);
  dispatch->request = disp_request_ref (request);
  dispatch->arrived = disp_clock_now (clock);
  dispatch->arrived_real = disp_clock_now_real (clock);

  disp_stats_begin (disp_switchboard_get_totals (self->switchboard));
  push_created (self, dispatch);
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
  for (GList *link = self->running.head; link != NULL; link = link->next)
    {
      const Dispatch *dispatch = link->data;

      disp_attempt_cancel (dispatch->attempt, DISP_OUTCOME_CANCELLED,
                           g_error_new_literal (DISP_ERROR, DISP_ERROR_DRAINING,
                                                "the daemon stopped before the answer came"));
    }
}
