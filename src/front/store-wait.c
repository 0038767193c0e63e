/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/store-wait.h"

#include "core/error.h"
#include "engine/record-sink.h"

/* How long a client waits for the store, in microseconds. */
#define MAX_WAIT (5 * G_USEC_PER_SEC)

/*
 * A client that waits until the store has done what it asked.  The store may take as long as it
 * wants, so this lives until it has answered, but the client waits only so long.
 */
struct _DispStoreWait
{
  DispExchange *exchange; /* (owned) (nullable) while the client waits */
  GBytes *body;           /* (owned) (nullable) its answer when all is done */
  guint n_left;           /* how much is not done */
  gboolean failed;        /* some of it could not be done */
  GSource *timer;         /* (owned) (nullable) while the client waits */
  GCancellable *gone;     /* (owned) */
  gulong gone_id;         /* 0 = the client waits no longer */
  GCancellable *aborted;  /* (owned) */
  gulong aborted_id;
};

/* The client waits no longer. */
static void
end_wait (DispStoreWait *self)
{
  if (self->gone_id == 0)
    return;
  g_signal_handler_disconnect (self->gone, self->gone_id);
  self->gone_id = 0;
  g_signal_handler_disconnect (self->aborted, self->aborted_id);
  disp_clock_clear_timer (&self->timer);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->exchange, disp_exchange_unref);
}

static void
on_gone (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  end_wait (user_data);
}

static void
fail (DispStoreWait *self, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, DISP_ERROR_NOT_RECORDED, message);
  g_autoptr (DispExchange) exchange = disp_exchange_ref (self->exchange);

  end_wait (self);
  disp_exchange_set_field (exchange, "X-Dispatch-Reason", disp_error_reason (error->code));
  disp_exchange_set_field (exchange, "Retry-After", G_STRINGIFY (DISP_RECORD_SINK_RETRY_AFTER));
  disp_exchange_respond_error (exchange, error);
}

static gboolean
on_time_over (gpointer user_data)
{
  fail (user_data, "the store has not done it within 5 s, and may do it later");
  return G_SOURCE_REMOVE;
}

static void
on_aborted (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  fail (user_data, "the daemon stopped before the store had done it");
}

static void
succeed (DispStoreWait *self)
{
  g_autoptr (DispAnswer) answer = disp_answer_new (SOUP_STATUS_OK, "application/json",
                                                   g_steal_pointer (&self->body));
  g_autoptr (DispExchange) exchange = disp_exchange_ref (self->exchange);

  end_wait (self);
  disp_exchange_respond (exchange, answer);
}

/**
 * disp_store_wait_new:
 * @exchange: an exchange that is being served
 * @clock: the clock
 * @body: (transfer full): JSON, which answers the client when all is done
 * @n_tasks: how often disp_store_wait_settle() will be called, at least once
 * @aborted: to be cancelled on this thread to let the client wait no longer
 *
 * Lets a client wait for the store, for 5 s at most; then, or when the store fails, the answer is
 * %DISP_ERROR_NOT_RECORDED.
 *
 * Returns: (transfer none): the wait, which ends with its last task
 */
DispStoreWait *
disp_store_wait_new (DispExchange *exchange, DispClock *clock, GBytes *body, guint n_tasks,
                     GCancellable *aborted)
{
  DispStoreWait *self = g_new0 (DispStoreWait, 1);

  self->exchange = disp_exchange_ref (exchange);
  self->body = body;
  self->n_left = n_tasks;
  self->timer = disp_clock_add_timer (clock, disp_clock_now (clock) + MAX_WAIT, "store wait",
                                      on_time_over, self);
  self->gone = g_object_ref (disp_exchange_begin_work (exchange));
  self->gone_id = g_signal_connect (self->gone, "cancelled", G_CALLBACK (on_gone), self);
  self->aborted = g_object_ref (aborted);
  self->aborted_id = g_signal_connect (aborted, "cancelled", G_CALLBACK (on_aborted), self);
  return self;
}

/**
 * disp_store_wait_settle:
 * @self: a wait
 * @error: (nullable): why a task failed; %NULL: it is done
 *
 * Says how one of the tasks went.
 */
void
disp_store_wait_settle (DispStoreWait *self, const GError *error)
{
  self->n_left--;
  self->failed = self->failed || error != NULL;
  if (self->n_left > 0)
    return;
  if (self->gone_id != 0 && self->failed)
    fail (self, "the store could not do it");
  else if (self->gone_id != 0)
    succeed (self);
  g_object_unref (self->gone);
  g_object_unref (self->aborted);
  g_free (self);
}
