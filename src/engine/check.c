/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/check.h"

#include "core/error.h"

struct _DispCheck
{
  DispClock *clock;           /* (owned) */
  DispContainer *container;   /* (owned) */
  DispCheckQuestion question; /* all that it names: (owned) */
  GCancellable *cancellable;  /* (owned) */
  GSource *timer;             /* (owned) (nullable) while the time is not over */
  gint64 time_limit;          /* in microseconds */
  gboolean is_late;
  DispCheckEnded ended; /* (nullable) NULL once it is abandoned */
  gpointer user_data;
};

static void
check_free (DispCheck *self)
{
  disp_clock_clear_timer (&self->timer);
  g_object_unref (self->clock);
  disp_container_unref (self->container);
  g_free ((char *) self->question.path);
  g_free ((char *) self->question.model);
  g_free ((gint64 *) self->question.versions);
  g_object_unref (self->cancellable);
  g_free (self);
}

static DispFinding
judge (const DispCheck *self, const DispAnswer *answer, const GError *error, char **reason)
{
  g_autoptr (GError) late = NULL;

  if (answer != NULL)
    return disp_finding_of_answer (&self->question, answer, reason);
  if (self->is_late)
    late = g_error_new (DISP_ERROR, DISP_ERROR_DEADLINE, "container \"%s\" did not answer in %g s",
                        self->container->name, (double) self->time_limit / G_USEC_PER_SEC);
  return disp_finding_of_error (late != NULL ? late : error, reason);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  DispCheck *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DispAnswer) answer = disp_transport_send_finish (DISP_TRANSPORT (source), result,
                                                              &error);
  g_autofree char *reason = NULL;

  if (self->ended != NULL)
    {
      const DispFinding finding = judge (self, answer, error, &reason);

      self->ended (finding, reason, self->user_data);
    }
  check_free (self);
}

static gboolean
on_time_over (gpointer user_data)
{
  DispCheck *self = user_data;

  disp_clock_clear_timer (&self->timer);
  self->is_late = TRUE;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

/**
 * disp_check_start:
 * @transport: how to reach the container
 * @clock: measures the time
 * @container: whom to ask
 * @question: what to ask; copied
 * @time_limit: how long that may take, in microseconds
 * @ended: called once, never from inside this call
 * @user_data: for @ended
 *
 * Asks a container whether a model can be used there.  Nothing of that is counted as a request.
 *
 * Returns: (transfer none): the check, which is valid until @ended is called
 */
DispCheck *
disp_check_start (DispTransport *transport, DispClock *clock, DispContainer *container,
                  const DispCheckQuestion *question, gint64 time_limit, DispCheckEnded ended,
                  gpointer user_data)
{
  DispCheck *self = g_new0 (DispCheck, 1);
  g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_STATUS,
                                                      disp_clock_now_real (clock));

  request->model = g_strdup (question->model);
  self->clock = g_object_ref (clock);
  self->container = disp_container_ref (container);
  self->question = *question;
  self->question.path = g_strdup (question->path);
  self->question.model = g_strdup (question->model);
  self->question.versions = g_memdup2 (question->versions,
                                       question->n_versions * sizeof *question->versions);
  self->cancellable = g_cancellable_new ();
  self->time_limit = time_limit;
  self->ended = ended;
  self->user_data = user_data;
  self->timer = disp_clock_add_timer (clock, disp_clock_now (clock) + time_limit, "check",
                                      on_time_over, self);
  disp_transport_send_async (transport, container, request, self->question.path, self->cancellable,
                             on_answer, self);
  return self;
}

/**
 * disp_check_abandon:
 * @self: (transfer full): a check that has not ended
 *
 * Gives a check up: its callback is not called any more.
 */
void
disp_check_abandon (DispCheck *self)
{
  self->ended = NULL;
  disp_clock_clear_timer (&self->timer);
  g_cancellable_cancel (self->cancellable);
}
