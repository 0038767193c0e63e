/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/outage.h"

#include "core/event.h"
#include "core/tsan.h"

/* Whether a store fails, as one thread sees it and any may ask.  An operator hears once when it
 * begins, and once when it is over. */
struct _DispOutage
{
  DispClock *clock;   /* (owned) */
  DispNotice *notice; /* (owned) (nullable) */
  char *store;        /* (owned) for people */
  gboolean failing;   /* of the thread that notes */
  gint64 since;       /* with failing */
  GMutex lock;        /* held by nobody for long */
  char *problem;      /* (owned) (nullable) (locked-by lock) the first error, while failing */
};

/**
 * disp_outage_new:
 * @clock: measures how long it lasts
 * @notice: (nullable): is touched when it begins and when it is over
 * @store: what the store is and where, for people
 *
 * Returns: (transfer full): that of a store that is well
 */
DispOutage *
disp_outage_new (DispClock *clock, DispNotice *notice, const char *store)
{
  DispOutage *self = g_new0 (DispOutage, 1);

  self->clock = g_object_ref (clock);
  self->notice = notice != NULL ? disp_notice_ref (notice) : NULL;
  self->store = g_strdup (store);
  g_mutex_init (&self->lock);
  return self;
}

/**
 * disp_outage_free:
 * @self: (transfer full): an outage
 */
void
disp_outage_free (DispOutage *self)
{
  g_object_unref (self->clock);
  g_clear_pointer (&self->notice, disp_notice_unref);
  g_free (self->store);
  g_free (self->problem);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
set_problem (DispOutage *self, const GError *error)
{
  char *old;

  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  old = self->problem;
  self->problem = error != NULL ? g_strdup (error->message) : NULL;
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  g_free (old);
  if (self->notice != NULL)
    disp_notice_touch (self->notice);
}

/**
 * disp_outage_note:
 * @self: an outage
 * @error: (nullable): why the store failed; %NULL = it did not
 *
 * Notes how a try ended.  Always the same thread.
 */
void
disp_outage_note (DispOutage *self, const GError *error)
{
  if (error != NULL && !self->failing)
    {
      self->failing = TRUE;
      self->since = disp_clock_now (self->clock);
      set_problem (self, error);
      disp_event_log (DISP_EVENT_STORE_FAILS,
                      &(DispEventFields){ .store = self->store, .reason = error->message },
                      "records cannot be stored, they wait and are tried again: %s",
                      error->message);
    }
  else if (error == NULL && self->failing)
    {
      self->failing = FALSE;
      set_problem (self, NULL);
      disp_event_log (DISP_EVENT_STORE_RECOVERED, &(DispEventFields){ .store = self->store },
                      "records are stored again in %s, after %.1f s", self->store,
                      (double) (disp_clock_now (self->clock) - self->since) / G_USEC_PER_SEC);
    }
}

/**
 * disp_outage_dup_problem:
 * @self: an outage
 *
 * Returns: (transfer full) (nullable): why the store fails; %NULL = it does not; any thread
 */
char *
disp_outage_dup_problem (DispOutage *self)
{
  char *problem;

  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  problem = g_strdup (self->problem);
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
  return problem;
}
