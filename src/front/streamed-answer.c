/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/streamed-answer.h"

#include "core/error.h"
#include "front/exchange-private.h"

/*
 * An answer whose body is produced while it is sent.  Each piece is a turn of the loop, so that
 * other exchanges have theirs, and is asked for only when those before it were written, so that no
 * more than that much is in memory.  What comes to less than a piece is answered as a whole.
 */
typedef struct
{
  DispExchange *exchange; /* (owned) */
  char *content_type;     /* (owned) */
  DispProducer producer;  /* (owned) */
  GPtrArray *pieces;      /* (owned) (element-type GBytes) what came before the head is sent */
  gsize size;             /* of these, in bytes */
  GSource *turn;          /* (owned) (nullable) while a piece is to be produced */
  GCancellable *gone;     /* (owned) (nullable) before the head is sent */
  gulong gone_id;
  GCancellable *aborted; /* (owned) */
  gulong aborted_id;
  DispBodyWriter *writer; /* (owned) (nullable) from then on */
} StreamedAnswer;

static void
end_turn (StreamedAnswer *self)
{
  if (self->turn == NULL)
    return;
  g_source_destroy (self->turn);
  g_clear_pointer (&self->turn, g_source_unref);
}

static void
unwatch (StreamedAnswer *self)
{
  if (self->gone == NULL)
    return;
  g_signal_handler_disconnect (self->gone, self->gone_id);
  g_clear_object (&self->gone);
}

static void
streamed_answer_free (StreamedAnswer *self)
{
  end_turn (self);
  unwatch (self);
  if (self->aborted_id != 0)
    g_signal_handler_disconnect (self->aborted, self->aborted_id);
  g_object_unref (self->aborted);
  self->producer.free (self->producer.user_data);
  g_ptr_array_unref (self->pieces);
  g_free (self->content_type);
  disp_exchange_unref (self->exchange);
  g_free (self);
}

static void
on_gone (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  streamed_answer_free (user_data);
}

static void
on_broken (gpointer user_data)
{
  streamed_answer_free (user_data);
}

static void
fail (StreamedAnswer *self, const GError *error)
{
  if (self->writer != NULL)
    {
      g_info ("an answer was broken off: %s", error->message);
      disp_body_writer_break_off (g_steal_pointer (&self->writer));
    }
  else
    disp_exchange_respond_error (self->exchange, error);
  streamed_answer_free (self);
}

static void
on_aborted (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GError) error = g_error_new_literal (
      DISP_ERROR, DISP_ERROR_DRAINING, "the daemon stopped before the answer was complete");

  fail (user_data, error);
}

static GBytes *
join (GPtrArray *pieces, gsize size)
{
  GByteArray *whole = g_byte_array_sized_new ((guint) size);

  for (guint i = 0; i < pieces->len; i++)
    {
      gsize length;
      const guint8 *bytes = g_bytes_get_data (g_ptr_array_index (pieces, i), &length);

      g_byte_array_append (whole, bytes, (guint) length);
    }
  return g_byte_array_free_to_bytes (whole);
}

static void
respond_whole (StreamedAnswer *self)
{
  g_autoptr (DispAnswer) answer = disp_answer_new (SOUP_STATUS_OK, self->content_type,
                                                   join (self->pieces, self->size));

  disp_exchange_respond (self->exchange, answer);
  streamed_answer_free (self);
}

static void start_turn (StreamedAnswer *self);

static void
on_written (gpointer user_data)
{
  start_turn (user_data);
}

/* Too much came for an answer as a whole. */
static void
begin (StreamedAnswer *self)
{
  static const DispBodyWriterEvents events = { on_written, on_broken };

  end_turn (self);
  unwatch (self);
  self->writer = disp_exchange_begin_body (self->exchange, self->content_type, &events, self);
  if (!disp_body_writer_wants_body (self->writer))
    {
      disp_body_writer_end (g_steal_pointer (&self->writer));
      streamed_answer_free (self);
      return;
    }
  for (guint i = 0; i < self->pieces->len; i++)
    disp_body_writer_append (self->writer, g_ptr_array_index (self->pieces, i));
  g_ptr_array_set_size (self->pieces, 0);
}

/* What comes first is held back: an error may follow, which has a status of its own. */
static void
collect (StreamedAnswer *self, GBytes *piece, gboolean over)
{
  if (g_bytes_get_size (piece) > 0)
    g_ptr_array_add (self->pieces, g_bytes_ref (piece));
  self->size += g_bytes_get_size (piece);
  if (over)
    respond_whole (self);
  else if (self->size >= DISP_PIECE_SIZE)
    begin (self);
}

static void
go_on (StreamedAnswer *self, GBytes *piece, gboolean over)
{
  gboolean empty = g_bytes_get_size (piece) == 0;

  if (!empty)
    disp_body_writer_append (self->writer, piece);
  if (over)
    {
      disp_body_writer_end (g_steal_pointer (&self->writer));
      streamed_answer_free (self);
    }
  else if (!empty)
    end_turn (self);
}

static gboolean
on_turn (gpointer user_data)
{
  StreamedAnswer *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean over = FALSE;
  g_autoptr (GBytes) piece = self->producer.next (self->producer.user_data, &over, &error);

  if (piece == NULL)
    fail (self, error);
  else if (self->writer != NULL)
    go_on (self, piece, over);
  else
    collect (self, piece, over);
  return G_SOURCE_CONTINUE; /* until it is destroyed */
}

static void
start_turn (StreamedAnswer *self)
{
  self->turn = g_idle_source_new ();
  g_source_set_priority (self->turn, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->turn, "streamed answer");
  g_source_set_callback (self->turn, on_turn, self, NULL);
  g_source_attach (self->turn, g_main_context_get_thread_default ());
}

/**
 * disp_streamed_answer_start:
 * @exchange: an exchange that is being served
 * @content_type: the type of the body
 * @producer: makes the body; copied, and freed when it is not needed any longer
 * @aborted: to be cancelled on this thread to give the answer up
 *
 * Answers with a body that is produced piece by piece, on the thread-default context, from the next
 * turn of its loop on.  Not more than about two pieces are in memory, however long the body is.
 * When the producer fails before %DISP_PIECE_SIZE bytes have come, the answer is its error; later
 * the connection is broken off.
 */
void
disp_streamed_answer_start (DispExchange *exchange, const char *content_type,
                            const DispProducer *producer, GCancellable *aborted)
{
  StreamedAnswer *self = g_new0 (StreamedAnswer, 1);

  self->exchange = disp_exchange_ref (exchange);
  self->content_type = g_strdup (content_type);
  self->producer = *producer;
  self->pieces = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->gone = g_object_ref (disp_exchange_begin_work (exchange));
  self->gone_id = g_signal_connect (self->gone, "cancelled", G_CALLBACK (on_gone), self);
  self->aborted = g_object_ref (aborted);
  if (g_cancellable_is_cancelled (aborted))
    {
      on_aborted (aborted, self);
      return;
    }
  self->aborted_id = g_signal_connect (aborted, "cancelled", G_CALLBACK (on_aborted), self);
  start_turn (self);
}
