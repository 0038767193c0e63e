/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/hold.h"

#include "core/error.h"

/* Waits for one record.  The sink keeps it until it tells what became of the record, which may be
 * long after the hold has ended. */
struct _DispHold
{
  DispHoldEnded ended; /* (nullable) NULL once it was called */
  gpointer user_data;
  GError *cancel_error; /* (owned) (nullable) set once cancelled */
  GSource *cancelled;   /* (owned) (nullable) will tell so */
};

static void
end (DispHold *self, const GError *error)
{
  DispHoldEnded ended = g_steal_pointer (&self->ended);

  if (self->cancelled != NULL)
    g_source_destroy (self->cancelled);
  g_clear_pointer (&self->cancelled, g_source_unref);
  if (ended != NULL)
    ended (error, self->user_data);
}

static void
on_committed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  DispHold *self = user_data;
  g_autoptr (GError) error = NULL;

  /* What went wrong there is the operator's to know, and told where it happened. */
  if (disp_record_sink_commit_finish (DISP_RECORD_SINK (source), result, NULL))
    end (self, NULL);
  else
    {
      error = g_error_new_literal (DISP_ERROR, DISP_ERROR_NOT_RECORDED,
                                   "the record of the answer could not be stored");
      end (self, error);
    }
  g_clear_error (&self->cancel_error);
  g_free (self);
}

static gboolean
on_cancelled (gpointer user_data)
{
  DispHold *self = user_data;

  end (self, self->cancel_error);
  return G_SOURCE_REMOVE;
}

/**
 * disp_hold_start:
 * @sink: where records go; it is kept alive until it tells what became of @record
 * @record: (transfer full): a record for which there is room
 * @ended: called once, on the thread-default context, never from inside this call
 * @user_data: for @ended
 *
 * Pushes a record, and waits until it is stored.
 *
 * Returns: (transfer none): the hold, which is valid until @ended is called
 */
DispHold *
disp_hold_start (DispRecordSink *sink, DispRecord *record, DispHoldEnded ended, gpointer user_data)
{
  DispHold *self = g_new0 (DispHold, 1);

  self->ended = ended;
  self->user_data = user_data;
  disp_record_sink_commit_async (sink, record, on_committed, self);
  return self;
}

/**
 * disp_hold_cancel:
 * @self: a hold that has not ended
 * @error: (transfer full): what to tell as its end
 *
 * Waits no longer.  The hold ends soon, with @error, unless the record is stored in this very
 * moment; the record stays where it is.  A second cancel changes nothing.
 */
void
disp_hold_cancel (DispHold *self, GError *error)
{
  if (self->cancel_error != NULL)
    {
      g_error_free (error);
      return;
    }
  self->cancel_error = error;
  self->cancelled = g_idle_source_new ();
  g_source_set_priority (self->cancelled, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->cancelled, on_cancelled, self, NULL);
  g_source_attach (self->cancelled, g_main_context_get_thread_default ());
}
