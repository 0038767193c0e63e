/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/rules.h"

#include "engine/retry-budget.h"
#include "simulator/device.h"

/**
 * sim_rules_init:
 * @self: (out caller-allocates): the rules
 * @settings: what holds for all requests; must live as long
 * @are_kept: whether it is dispatcherd that is watched
 */
void
sim_rules_init (SimRules *self, const DispEngineSettings *settings, gboolean are_kept)
{
  *self = (SimRules){
    .settings = settings,
    .are_kept = are_kept,
    .in_flight = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) disp_capacity_unref, NULL),
  };
}

/**
 * sim_rules_clear:
 * @self: rules
 */
void
sim_rules_clear (SimRules *self)
{
  g_hash_table_unref (self->in_flight);
  g_free (self->broken);
}

/**
 * sim_rules_break:
 * @self: rules
 * @format: which promise was not kept, as of printf()
 * @...: for @format
 *
 * Notes that, unless another was broken before.
 */
void
sim_rules_break (SimRules *self, const char *format, ...)
{
  va_list arguments;

  if (self->broken != NULL || !self->are_kept)
    return;
  va_start (arguments, format);
  self->broken = g_strdup_vprintf (format, arguments);
  va_end (arguments);
}

/**
 * sim_rules_came:
 * @self: rules
 * @ask: a request that comes
 * @now: the time
 */
void
sim_rules_came (SimRules *self, SimAsk *ask, gint64 now)
{
  self->n_active++;
  if (now >= self->peak_end)
    {
      self->peaks[1] = self->peaks[0];
      self->peaks[0] = 0;
      self->peak_end = now + self->settings->timeout;
    }
  self->peaks[0] = MAX (self->peaks[0], self->n_active);
  self->n_fresh[ask->model]++;
  self->fresh_bytes += g_bytes_get_size (ask->request->body);
}

static void
change_in_flight (SimRules *self, DispContainer *container, int change)
{
  int n = GPOINTER_TO_INT (g_hash_table_lookup (self->in_flight, container->capacity)) + change;

  g_hash_table_insert (self->in_flight, disp_capacity_ref (container->capacity),
                       GINT_TO_POINTER (n));
}

/* Every attempt has a place, and no more places are taken than there are.  A capacity that is found
 * by measuring may become smaller than what is taken, so of that it is only the former. */
static void
check_capacity (SimRules *self, DispContainer *container)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->in_flight, container->capacity));
  guint limit = disp_container_get_max_in_flight (container, self->settings->max_in_flight);

  if (n > disp_capacity_get_taken (container->capacity))
    sim_rules_break (self, "container %s has %u attempts for %u places taken", container->name, n,
                     disp_capacity_get_taken (container->capacity));
  if (limit != DISP_CAPACITY_AUTO && n > limit)
    sim_rules_break (self, "container %s has %u attempts, it may have %u", container->name, n,
                     limit);
}

/* Extra attempts: no more than a fifth of the requests that were active when it was asked, which
 * was not before they came, or three; hedges: no more than one for twenty first attempts; never one
 * of what must not be sent twice. */
static void
check_extra (SimRules *self, const SimAsk *ask, const DispContainer *container)
{
  guint n_active = MAX (self->peaks[0], self->peaks[1]);
  guint allowed = MAX (n_active * DISP_RETRY_BUDGET_PERCENT / 100, DISP_RETRY_BUDGET_MIN);

  if (self->n_extra > allowed)
    sim_rules_break (self, "%u extra attempts of %u active requests", self->n_extra, n_active);
  if (self->n_hedges * 100 > self->n_first * DISP_RETRY_BUDGET_HEDGES)
    sim_rules_break (self,
                     "%" G_GUINT64_FORMAT " hedges beside %" G_GUINT64_FORMAT " first attempts",
                     self->n_hedges, self->n_first);
  if (ask->was_read && ask->request->once)
    sim_rules_break (self, "a request for %s was sent again, to %s", ask->request->model,
                     container->name);
}

/**
 * sim_rules_sent:
 * @self: rules
 * @ask: a request
 * @container: where an attempt of it begins
 * @now: the time
 */
void
sim_rules_sent (SimRules *self, SimAsk *ask, DispContainer *container, gint64 now)
{
  gboolean is_hedge = ask->n_open > 0 && now - ask->open[0].began < self->settings->timeout / 2;

  g_assert_cmpuint (ask->n_open, <, SIM_MAX_OPEN);
  ask->open[ask->n_open++] = (SimTry){ container, now };
  ask->n_sent++;
  change_in_flight (self, container, 1);
  if (ask->n_sent == 1)
    {
      self->n_first++;
      self->n_fresh[ask->model]--;
      self->fresh_bytes -= g_bytes_get_size (ask->request->body);
    }
  else
    {
      ask->n_extra++;
      self->n_extra++;
      self->n_hedges += is_hedge ? 1 : 0;
      self->n_retries += is_hedge ? 0 : 1;
      check_extra (self, ask, container);
    }
  if (ask->n_replies > 0)
    sim_rules_break (self, "a request that was answered was sent to %s", container->name);
  if (now > ask->arrived + self->settings->timeout)
    sim_rules_break (self, "a request whose time was over was sent to %s", container->name);
  check_capacity (self, container);
}

/**
 * sim_rules_ended:
 * @self: rules
 * @ask: a request
 * @container: where an attempt of it ends
 * @status: with what, see #SimWitness
 */
void
sim_rules_ended (SimRules *self, SimAsk *ask, DispContainer *container, int status)
{
  ask->n_open--;
  if (ask->open[0].container == container)
    ask->open[0] = ask->open[1];
  if (ask->n_extra > 0)
    {
      ask->n_extra--;
      self->n_extra--;
    }
  if (status != SIM_REFUSED)
    ask->was_read = TRUE;
  change_in_flight (self, container, -1);
}

/**
 * sim_rules_replied:
 * @self: rules
 * @ask: a request that got a reply
 * @now: the time
 */
void
sim_rules_replied (SimRules *self, SimAsk *ask, gint64 now)
{
  ask->n_replies++;
  if (ask->n_replies != 1)
    {
      sim_rules_break (self, "a request got %u replies", ask->n_replies);
      return;
    }
  self->n_active--;
  if (ask->n_sent == 0)
    {
      self->n_fresh[ask->model]--;
      self->fresh_bytes -= g_bytes_get_size (ask->request->body);
    }
  if (now > ask->arrived + self->settings->timeout)
    sim_rules_break (self,
                     "a request got its reply after %" G_GINT64_FORMAT " us, it had "
                     "%" G_GINT64_FORMAT,
                     now - ask->arrived, self->settings->timeout);
}

/**
 * sim_rules_settled:
 * @self: rules
 *
 * All that was to happen now has happened: who had no attempt yet waits, and no more may than fit.
 * Who waited and has to look again where it can go is not refused for those who came meanwhile.
 */
void
sim_rules_settled (SimRules *self)
{
  guint factor = self->may_wait_again ? 2 : 1;
  guint limit = self->settings->queue_limit * factor;

  for (guint i = 0; i < SIM_MAX_MODELS; i++)
    {
      self->max_fresh[i] = MAX (self->max_fresh[i], self->n_fresh[i]);
      if (self->n_fresh[i] > limit)
        sim_rules_break (self, "%u requests for model %u wait, only %u may", self->n_fresh[i], i,
                         limit);
    }
  if (self->fresh_bytes > self->settings->queue_bytes * factor)
    sim_rules_break (self, "requests wait that take %zu bytes, only %zu may", self->fresh_bytes,
                     self->settings->queue_bytes * factor);
}
