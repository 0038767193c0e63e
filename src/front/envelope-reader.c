/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/envelope-reader.h"

#include "core/tsan.h"

struct _DispEnvelopeReader
{
  GThreadPool *thread; /* (owned) of at most one, which others may use meanwhile */
};

/* What is read, and what that came to. */
typedef struct
{
  GBytes *body; /* (owned) */
  DispEnvelopeKind kind;
  DispEnvelope envelope;
} Reading;

static void
reading_free (gpointer data)
{
  Reading *self = data;

  DISP_TSAN_ACQUIRE (self);
  disp_envelope_clear (&self->envelope);
  g_bytes_unref (self->body);
  g_free (self);
}

/* On the other thread. */
static void
on_turn (gpointer data, G_GNUC_UNUSED gpointer user_data)
{
  g_autoptr (GTask) task = data;
  Reading *reading = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gboolean is_read;
  gsize length;
  const char *text;

  DISP_TSAN_ACQUIRE (reading);
  /* Whoever is gone keeps nobody waiting. */
  if (g_task_return_error_if_cancelled (task))
    return;
  text = g_bytes_get_data (reading->body, &length);
  is_read = disp_envelope_scan (text, length, reading->kind, &reading->envelope, &error);
  DISP_TSAN_RELEASE (reading);
  if (is_read)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * disp_envelope_reader_new:
 *
 * Returns: (transfer full): a reader, which takes no thread while it has nothing to read
 */
DispEnvelopeReader *
disp_envelope_reader_new (void)
{
  DispEnvelopeReader *self = g_new0 (DispEnvelopeReader, 1);

  self->thread = g_thread_pool_new_full (on_turn, NULL, g_object_unref, 1, FALSE, NULL);
  return self;
}

/**
 * disp_envelope_reader_free:
 * @self: (transfer full): a reader that reads for nobody any more
 */
void
disp_envelope_reader_free (DispEnvelopeReader *self)
{
  g_thread_pool_free (self->thread, TRUE, TRUE);
  g_free (self);
}

/**
 * disp_envelope_reader_read_async:
 * @self: a reader, to be kept until @callback
 * @body: what to read
 * @kind: what kind of body it is
 * @cancellable: (nullable): gives up a turn that has not come yet
 * @callback: called once on the thread-default context, never from inside this call
 * @user_data: for @callback
 *
 * Reads a body when its turn comes.
 */
void
disp_envelope_reader_read_async (DispEnvelopeReader *self, GBytes *body, DispEnvelopeKind kind,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Reading *reading = g_new0 (Reading, 1);

  g_task_set_source_tag (task, disp_envelope_reader_read_async);
  reading->body = g_bytes_ref (body);
  reading->kind = kind;
  g_task_set_task_data (task, reading, reading_free);
  DISP_TSAN_RELEASE (reading);
  g_thread_pool_push (self->thread, task, NULL);
}

/**
 * disp_envelope_reader_read_finish:
 * @result: what the callback got
 * @envelope: (out): an envelope that is all zero; set only on success
 * @error: set as disp_envelope_scan() does, or to %G_IO_ERROR_CANCELLED
 *
 * Returns: whether the body is right
 */
gboolean
disp_envelope_reader_read_finish (GAsyncResult *result, DispEnvelope *envelope, GError **error)
{
  Reading *reading = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  DISP_TSAN_ACQUIRE (reading);
  *envelope = reading->envelope;
  reading->envelope = (DispEnvelope){ 0 };
  DISP_TSAN_RELEASE (reading);
  return TRUE;
}
