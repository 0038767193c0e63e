/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judgement.h"

/*
 * What the end of an attempt means for the health of its container, which its DispHealth knows.  Of
 * the containers of a route at most half are ejected, and the last that is left never.
 */

/**
 * disp_judgement_is_sound:
 * @route: a route
 * @index: the place of a container among its eligible ones
 *
 * Returns: whether it is neither ejected nor unavailable, for the model or as a whole
 */
gboolean
disp_judgement_is_sound (const DispRoute *route, guint index)
{
  return disp_health_is_sound (&route->eligible[index]->standing->health)
         && disp_health_is_sound (&route->standings[index]->health);
}

/* Whether the route can do without a container: whether at most half are ejected with it, and
 * another is left. */
static gboolean
can_spare (const DispRoute *route, const DispContainer *container)
{
  guint n_out = 1;
  guint n_sound = 0;

  for (guint i = 0; i < route->n_eligible; i++)
    if (route->eligible[i]->standing != container->standing)
      {
        n_out += disp_health_is_ejected (&route->eligible[i]->standing->health)
                 || disp_health_is_ejected (&route->standings[i]->health);
        n_sound += disp_judgement_is_sound (route, i);
      }
  return n_out <= route->n_eligible / 2 && n_sound > 0;
}

/* Ejects what failed too often.  When two do that at once, each sees at least afterwards what the
 * other did, and takes its own back if that is too much. */
static DispVerdict
judge (const DispRoute *route, const DispContainer *container, DispHealth *health,
       DispVerdict verdict, gint64 now)
{
  if (verdict.kind != DISP_VERDICT_AS_BEFORE || verdict.n_failures < DISP_HEALTH_MAX_FAILURES)
    return verdict;
  if (can_spare (route, container))
    {
      DispVerdict ejection = disp_health_eject (health, now);

      if (ejection.kind != DISP_VERDICT_EJECTED || can_spare (route, container))
        return ejection;
      disp_health_pardon (health, now);
    }
  if (verdict.n_failures == DISP_HEALTH_MAX_FAILURES)
    verdict.kind = DISP_VERDICT_FAILING;
  return verdict;
}

static DispVerdict
fail (const DispPlace *place, const DispRoute *route, gint64 now)
{
  DispHealth *whole = &place->container->standing->health;
  DispHealth *model = &place->standing->health;
  DispVerdict verdict = disp_health_fail (whole, place->probe, now);
  DispVerdict for_model = disp_health_fail (model, place->probe_model, now);

  verdict = judge (route, place->container, whole, verdict, now);
  if (verdict.kind != DISP_VERDICT_AS_BEFORE)
    return verdict;
  if (!disp_health_is_ejected (whole))
    for_model = judge (route, place->container, model, for_model, now);
  for_model.for_model = for_model.kind != DISP_VERDICT_AS_BEFORE;
  return for_model;
}

static DispVerdict
succeed (const DispPlace *place, gint64 now)
{
  DispStanding *whole = place->container->standing;
  DispVerdict verdict = disp_health_succeed (&whole->health, place->probe, now);
  DispVerdict for_model = disp_health_succeed (&place->standing->health, place->probe_model, now);

  disp_cooling_end (&whole->cooling);
  if (verdict.kind != DISP_VERDICT_AS_BEFORE || disp_health_is_ejected (&whole->health))
    return verdict;
  for_model.for_model = for_model.kind != DISP_VERDICT_AS_BEFORE;
  return for_model;
}

/**
 * disp_judgement_of:
 * @place: where an attempt was that has ended
 * @route: the route that it was for
 * @outcome: how it ended
 * @now: the time, in microseconds
 *
 * Learns how the container does.  Any thread.
 *
 * Returns: what that changed for it
 */
DispVerdict
disp_judgement_of (const DispPlace *place, const DispRoute *route, DispOutcome outcome, gint64 now)
{
  DispCooling *cooling = &place->container->standing->cooling;

  switch (outcome)
    {
    case DISP_OUTCOME_SUCCESS:
      return succeed (place, now);
    case DISP_OUTCOME_FAILURE:
      return fail (place, route, now);
    case DISP_OUTCOME_BUSY:
      disp_cooling_begin (cooling, place->is_first, now, place->container->identity);
      break;
    case DISP_OUTCOME_CANCELLED:
      if (place->is_first)
        disp_cooling_release (cooling, now);
      break;
    default:
      g_assert_not_reached ();
    }
  return (DispVerdict){ .kind = DISP_VERDICT_AS_BEFORE };
}
