/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/visit.h"

#include "core/error.h"
#include "core/event.h"
#include "engine/attempt.h"

/* An attempt, and the place at the container that it takes.  It frees itself when it ends. */
struct _DispVisit
{
  DispVisitTerms terms; /* all that it names: (owned), the route by the routing */
  DispPlace place;
  DispContainer *container; /* (owned) that of the place, also after it was given back */
  DispAttempt *attempt;     /* (unowned) while it runs */
  gint64 started;           /* on the scale of the clock */
  DispVisitEnded ended;     /* (nullable) NULL = nobody waits for it any more */
  gpointer user_data;
};

static void
visit_free (DispVisit *self)
{
  g_object_unref (self->terms.switchboard);
  g_object_unref (self->terms.transport);
  disp_routing_unref (self->terms.routing);
  disp_engine_settings_unref (self->terms.settings);
  disp_container_unref (self->container);
  g_free (self);
}

static gint64
get_now (const DispVisitTerms *terms)
{
  return disp_clock_now (disp_switchboard_get_clock (terms->switchboard));
}

/* That one fails which cannot be spared was told when it began. */
static void
log_verdict (const DispContainer *container, const char *model, const DispVerdict *verdict)
{
  const DispEventFields fields = {
    .container = container->name,
    .node = container->node,
    .model = model,
  };

  if (verdict->kind == DISP_VERDICT_EJECTED)
    disp_event_log (DISP_EVENT_CONTAINER_EJECTED, &fields,
                    "container %s gets no requests%s%s for %g s: %u in a row failed",
                    container->name, verdict->for_model ? " of " : "",
                    verdict->for_model ? model : "", (double) verdict->duration / G_USEC_PER_SEC,
                    verdict->n_failures);
  else if (verdict->kind == DISP_VERDICT_RETURNED)
    disp_event_log (DISP_EVENT_CONTAINER_RETURNED, &fields, "container %s gets requests%s%s again",
                    container->name, verdict->for_model ? " of " : "",
                    verdict->for_model ? model : "");
}

/* Gives a place back, and what is free there then to who waits.  Who may use no container any more
 * must look for another way. */
static void
give_place (const DispVisitTerms *terms, DispPlace *place, DispOutcome outcome, gint64 duration)
{
  DispWaitingRoom *room = disp_switchboard_get_waiting_room (terms->switchboard);
  g_autoptr (DispContainer) container = disp_container_ref (place->container);
  const gint64 now = get_now (terms);
  const DispWaitTerms wait_terms = disp_engine_settings_get_wait_terms (terms->settings);
  const DispVerdict verdict = disp_place_give (place, terms->route, outcome, duration, now);

  if (verdict.kind != DISP_VERDICT_AS_BEFORE)
    {
      log_verdict (container, terms->route->model, &verdict);
      disp_switchboard_touch (terms->switchboard);
    }
  disp_waiting_room_offer (room, container->capacity, &wait_terms, now);
  if (outcome == DISP_OUTCOME_BUSY || outcome == DISP_OUTCOME_FAILURE)
    disp_waiting_room_recall_stranded (room, &wait_terms, now);
}

static DispShadow *
get_shadow (const DispVisit *self)
{
  return disp_routing_get_shadow (self->terms.routing, self->terms.route);
}

static void
on_attempt_ended (DispOutcome outcome, gint64 duration, DispAnswer *answer, const GError *error,
                  gpointer user_data)
{
  DispVisit *self = user_data;
  DispVisitEnded ended = self->ended;

  self->attempt = NULL;
  if (get_shadow (self) != NULL)
    disp_shadow_finished (get_shadow (self), self->container, outcome, duration);
  if (outcome == DISP_OUTCOME_SUCCESS)
    disp_tail_add (disp_routing_get_tail (self->terms.routing, self->terms.route), duration);
  give_place (&self->terms, &self->place, outcome, duration);
  if (ended != NULL)
    ended (self, outcome, answer, error, self->user_data);
  else
    g_clear_pointer (&answer, disp_answer_free);
  visit_free (self);
}

/**
 * disp_visit_start:
 * @terms: what it is made with; copied, with references
 * @place: (transfer full): the place that was taken; there is none in it afterwards
 * @request: what to send
 * @ended: called once, never from inside this call
 * @user_data: for @ended
 *
 * Tries a request at the container of a place.  When that has ended the place is given back, and
 * goes to who waits for it.
 *
 * Returns: (transfer none): the visit, which is valid until @ended has returned
 */
DispVisit *
disp_visit_start (const DispVisitTerms *terms, DispPlace *place, DispRequest *request,
                  DispVisitEnded ended, gpointer user_data)
{
  DispVisit *self = g_new0 (DispVisit, 1);
  g_autofree char *path = disp_serving_path_build (terms->settings->version_path, request->model,
                                                   &request->version, terms->route->version,
                                                   request->verb);

  self->terms = *terms;
  g_object_ref (self->terms.switchboard);
  g_object_ref (self->terms.transport);
  disp_routing_ref (self->terms.routing);
  disp_engine_settings_ref (self->terms.settings);
  self->place = *place;
  *place = (DispPlace){ .container = NULL };
  self->container = disp_container_ref (self->place.container);
  self->started = get_now (terms);
  self->ended = ended;
  self->user_data = user_data;
  self->attempt = disp_attempt_start (terms->transport,
                                      disp_switchboard_get_clock (terms->switchboard),
                                      disp_switchboard_get_notice (terms->switchboard),
                                      disp_routing_get_policy (terms->routing, terms->route),
                                      self->container, request, path, on_attempt_ended, self);
  if (get_shadow (self) != NULL)
    disp_shadow_started (get_shadow (self), self->container);
  return self;
}

/**
 * disp_visit_get_container:
 * @self: a visit
 *
 * Returns: (transfer none): where it is
 */
DispContainer *
disp_visit_get_container (const DispVisit *self)
{
  return self->container;
}

/**
 * disp_visit_get_start:
 * @self: a visit
 *
 * Returns: when it began, on the scale of the clock
 */
gint64
disp_visit_get_start (const DispVisit *self)
{
  return self->started;
}

/**
 * disp_visit_cancel:
 * @self: a visit that has not ended
 * @outcome: how to count it
 * @error: (transfer full): what to tell as its end
 *
 * Gives a visit up.  It ends soon, with @error.  A second cancel changes nothing.
 */
void
disp_visit_cancel (DispVisit *self, DispOutcome outcome, GError *error)
{
  disp_attempt_cancel (self->attempt, outcome, error);
}

/**
 * disp_visit_abandon:
 * @self: a visit that has not ended
 * @outcome: how to count it
 *
 * Gives a visit up whose end nobody waits for: @ended is not called.
 */
void
disp_visit_abandon (DispVisit *self, DispOutcome outcome)
{
  self->ended = NULL;
  disp_attempt_cancel (
      self->attempt, outcome,
      g_error_new_literal (DISP_ERROR, DISP_ERROR_CLIENT_GONE, "another container answered first"));
}

/**
 * disp_visit_return_place:
 * @terms: what a visit would be made with
 * @place: a place that was taken; there is none in it afterwards
 *
 * Gives a place back that is not needed after all.
 */
void
disp_visit_return_place (const DispVisitTerms *terms, DispPlace *place)
{
  give_place (terms, place, DISP_OUTCOME_CANCELLED, 0);
}
