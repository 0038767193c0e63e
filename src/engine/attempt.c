/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/attempt.h"

#include "core/event.h"

/* With these two a container says that it can take no more now (RFC 6585, section 4, and RFC 9110,
 * section 15.6.4). */
#define HTTP_TOO_MANY_REQUESTS 429
#define HTTP_SERVICE_UNAVAILABLE 503

/* One try at one container.  It frees itself when it ends. */
struct _DispAttempt
{
  DispClock *clock;          /* (owned) */
  DispNotice *notice;        /* (owned) */
  DispPolicy *policy;        /* (owned) */
  DispContainer *container;  /* (owned) */
  DispRequest *request;      /* (owned) */
  GCancellable *cancellable; /* (owned) */
  gint64 started;            /* on the scale of the clock */
  DispOutcome cancel_outcome;
  GError *cancel_error; /* (owned) (nullable) set once cancelled */
  DispAttemptEnded ended;
  gpointer user_data;
};

static void
attempt_free (DispAttempt *self)
{
  g_object_unref (self->clock);
  disp_notice_unref (self->notice);
  g_object_unref (self->policy);
  disp_container_unref (self->container);
  disp_request_unref (self->request);
  g_object_unref (self->cancellable);
  g_clear_error (&self->cancel_error);
  g_free (self);
}

static DispOutcome
judge (DispAttempt *self, const DispAnswer *answer)
{
  if (self->cancel_error != NULL)
    return self->cancel_outcome;
  if (answer == NULL)
    return DISP_OUTCOME_FAILURE;
  if (answer->status == HTTP_TOO_MANY_REQUESTS || answer->status == HTTP_SERVICE_UNAVAILABLE)
    return DISP_OUTCOME_BUSY;
  return answer->status < 500 ? DISP_OUTCOME_SUCCESS : DISP_OUTCOME_FAILURE;
}

/* An operator hears once that a container fails, and once that it answers again. */
static void
log_change (DispAttempt *self, DispOutcome outcome, const DispAnswer *answer, const GError *error)
{
  g_autofree char *status = answer != NULL ? g_strdup_printf ("it answered %u", answer->status)
                                           : NULL;
  const char *reason = error != NULL ? error->message : status;

  if (outcome == DISP_OUTCOME_SUCCESS)
    disp_event_log (
        DISP_EVENT_CONTAINER_ANSWERS,
        &(DispEventFields){ .container = self->container->name, .node = self->container->node },
        "container %s answers again", self->container->name);
  else
    disp_event_log (DISP_EVENT_CONTAINER_FAILS,
                    &(DispEventFields){ .container = self->container->name,
                                        .node = self->container->node,
                                        .model = self->request->model,
                                        .request_id = self->request->id,
                                        .reason = reason },
                    "container %s fails: %s", self->container->name, reason);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  DispAttempt *self = user_data;
  g_autoptr (GError) error = NULL;
  DispAnswer *answer = disp_transport_send_finish (DISP_TRANSPORT (source), result, &error);
  gint64 duration = disp_clock_now (self->clock) - self->started;
  DispOutcome outcome = judge (self, answer);

  if (self->cancel_error != NULL)
    {
      /* The answer may have come in the very moment of the cancel; whoever cancelled does not want
       * it. */
      g_clear_pointer (&answer, disp_answer_free);
      g_clear_error (&error);
      error = g_steal_pointer (&self->cancel_error);
    }
  if (disp_stats_end (self->container->stats, outcome, duration))
    {
      log_change (self, outcome, answer, error);
      disp_notice_touch (self->notice);
    }
  disp_policy_request_finished (self->policy, self->container, outcome, duration);
  self->ended (outcome, duration, answer, error, self->user_data);
  attempt_free (self);
}

/**
 * disp_attempt_start:
 * @transport: how to reach the container
 * @clock: measures the duration
 * @notice: is touched when the container begins to fail, or answers again
 * @policy: hears of the start and the end
 * @container: where to send it
 * @request: what to send
 * @path: the path to ask the container for
 * @ended: called once, never from inside this call
 * @user_data: for @ended
 *
 * Tries a request at a container, and counts it there.
 *
 * Returns: (transfer none): the attempt, which is valid until @ended is called
 */
DispAttempt *
disp_attempt_start (DispTransport *transport, DispClock *clock, DispNotice *notice,
                    DispPolicy *policy, DispContainer *container, DispRequest *request,
                    const char *path, DispAttemptEnded ended, gpointer user_data)
{
  DispAttempt *self = g_new0 (DispAttempt, 1);

  self->clock = g_object_ref (clock);
  self->notice = disp_notice_ref (notice);
  self->policy = g_object_ref (policy);
  self->container = disp_container_ref (container);
  self->request = disp_request_ref (request);
  self->cancellable = g_cancellable_new ();
  self->started = disp_clock_now (clock);
  self->ended = ended;
  self->user_data = user_data;
  disp_stats_begin (container->stats);
  disp_policy_request_started (policy, container);
  disp_transport_send_async (transport, container, request, path, self->cancellable, on_answer,
                             self);
  return self;
}

/**
 * disp_attempt_cancel:
 * @self: an attempt that has not ended
 * @outcome: how to count it
 * @error: (transfer full): what to tell as its end
 *
 * Gives an attempt up.  It ends soon, with @error.  A second cancel changes nothing.
 */
void
disp_attempt_cancel (DispAttempt *self, DispOutcome outcome, GError *error)
{
  if (self->cancel_error != NULL)
    {
      g_error_free (error);
      return;
    }
  self->cancel_outcome = outcome;
  self->cancel_error = error;
  g_cancellable_cancel (self->cancellable);
}
