/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/outbox.h"

/* All letters of one id.  They are posted one after the other, in the order in which they came. */
typedef struct
{
  GQueue letters;    /* (element-type DispLetter, owned) without those on their way */
  gboolean busy;     /* some are on their way */
  gint64 not_before; /* while it is among those that wait */
  gint64 tried;      /* the letter of which these tell */
  guint n_failures;
  guint n_refusals;
} Pile;

struct _DispOutbox
{
  gboolean coalesces;
  guint n_letters;
  GHashTable *piles;  /* (owned) (element-type utf8 Pile): by id; owns the piles */
  GQueue ready;       /* (element-type Pile, unowned) which may be posted at any time, in order */
  GSequence *waiting; /* (owned) (element-type Pile, unowned) by the time of their next try */
};

static void
free_letter (gpointer data)
{
  disp_letter_free (data);
}

static void
pile_free (gpointer data)
{
  Pile *pile = data;

  g_queue_clear_full (&pile->letters, free_letter);
  g_free (pile);
}

/**
 * disp_outbox_new:
 * @coalesces: whether of letters of one id that wait together only the last state is posted
 *
 * Returns: (transfer full): an empty outbox
 */
DispOutbox *
disp_outbox_new (gboolean coalesces)
{
  DispOutbox *self = g_new0 (DispOutbox, 1);

  self->coalesces = coalesces;
  self->piles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, pile_free);
  g_queue_init (&self->ready);
  self->waiting = g_sequence_new (NULL);
  return self;
}

/**
 * disp_outbox_set_coalesces:
 * @self: an outbox
 * @coalesces: as of disp_outbox_new(), from the next parcel on
 */
void
disp_outbox_set_coalesces (DispOutbox *self, gboolean coalesces)
{
  self->coalesces = coalesces;
}

/**
 * disp_outbox_free:
 * @self: (transfer full): an outbox of which no parcel is on its way
 */
void
disp_outbox_free (DispOutbox *self)
{
  g_queue_clear (&self->ready);
  g_sequence_free (self->waiting);
  g_hash_table_unref (self->piles);
  g_free (self);
}

/**
 * disp_outbox_count:
 * @self: an outbox
 *
 * Returns: how many letters are in it, with those that are on their way
 */
guint
disp_outbox_count (DispOutbox *self)
{
  return self->n_letters;
}

/**
 * disp_outbox_add:
 * @self: an outbox
 * @letter: (transfer full): a letter, which came after all others of its id
 *
 * Adds a letter.
 */
void
disp_outbox_add (DispOutbox *self, DispLetter *letter)
{
  Pile *pile = g_hash_table_lookup (self->piles, letter->id);

  if (pile == NULL)
    {
      pile = g_new0 (Pile, 1);
      g_queue_init (&pile->letters);
      g_hash_table_insert (self->piles, g_strdup (letter->id), pile);
      g_queue_push_tail (&self->ready, pile);
    }
  g_queue_push_tail (&pile->letters, letter);
  self->n_letters++;
}

static int
compare_times (gconstpointer a, gconstpointer b, G_GNUC_UNUSED gpointer user_data)
{
  const Pile *one = a;
  const Pile *other = b;

  return (one->not_before > other->not_before) - (one->not_before < other->not_before);
}

static Pile *
take_waiting (DispOutbox *self, gint64 until)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->waiting);
  Pile *pile = g_sequence_iter_is_end (first) ? NULL : g_sequence_get (first);

  if (pile == NULL || pile->not_before > until)
    return NULL;
  g_sequence_remove (first);
  return pile;
}

static Pile *
take_pile (DispOutbox *self, gint64 now, gboolean early)
{
  Pile *pile;

  while ((pile = take_waiting (self, now)) != NULL)
    g_queue_push_tail (&self->ready, pile);
  pile = g_queue_pop_head (&self->ready);
  return pile == NULL && early ? take_waiting (self, G_MAXINT64) : pile;
}

/* Fills @parcel with what is to be posted next of @pile.  A state never goes backwards: it is that
 * of the last letter unless one before it was further. */
static void
fill (DispOutbox *self, Pile *pile, DispParcel *parcel)
{
  do
    {
      DispLetter *letter = g_queue_pop_head (&pile->letters);

      g_ptr_array_add (parcel->letters, letter);
      if (parcel->posted == NULL || letter->state >= parcel->posted->state)
        parcel->posted = letter;
    }
  while (self->coalesces && !g_queue_is_empty (&pile->letters));
}

/**
 * disp_outbox_take:
 * @self: an outbox
 * @now: the time, in microseconds
 * @early: whether, when nothing else is left, to take what should wait for a later time
 *
 * Takes out what is to be posted next.  Of one id there is never more than one parcel on its way.
 *
 * Returns: (transfer full) (nullable): a parcel, to be ended with disp_outbox_give_back() or
 *   disp_outbox_settle(); %NULL = there is nothing to post now
 */
DispParcel *
disp_outbox_take (DispOutbox *self, gint64 now, gboolean early)
{
  Pile *pile = take_pile (self, now, early);
  DispParcel *parcel;

  if (pile == NULL)
    return NULL;
  parcel = g_new0 (DispParcel, 1);
  parcel->letters = g_ptr_array_new_with_free_func (free_letter);
  fill (self, pile, parcel);
  if (parcel->posted->seq == pile->tried)
    {
      parcel->n_failures = pile->n_failures;
      parcel->n_refusals = pile->n_refusals;
    }
  pile->busy = TRUE;
  return parcel;
}

static Pile *
find_pile (DispOutbox *self, DispParcel *parcel)
{
  Pile *pile = g_hash_table_lookup (self->piles, parcel->posted->id);

  g_assert (pile != NULL && pile->busy);
  pile->busy = FALSE;
  return pile;
}

/**
 * disp_outbox_give_back:
 * @self: an outbox
 * @parcel: (transfer full): a parcel that could not be delivered
 * @not_before: when to try again, in microseconds; 0 = any time, but after what is ready now
 *
 * Takes letters back into their place, and remembers how often they failed and were refused.
 */
void
disp_outbox_give_back (DispOutbox *self, DispParcel *parcel, gint64 not_before)
{
  Pile *pile = find_pile (self, parcel);

  pile->tried = parcel->posted->seq;
  pile->n_failures = parcel->n_failures;
  pile->n_refusals = parcel->n_refusals;
  pile->not_before = not_before;
  while (parcel->letters->len > 0)
    g_queue_push_head (&pile->letters,
                       g_ptr_array_steal_index (parcel->letters, parcel->letters->len - 1));
  if (not_before > 0)
    g_sequence_insert_sorted (self->waiting, pile, compare_times, NULL);
  else
    g_queue_push_tail (&self->ready, pile);
  g_ptr_array_unref (parcel->letters);
  g_free (parcel);
}

/**
 * disp_outbox_settle:
 * @self: an outbox
 * @parcel: (transfer full): a parcel that is not to be delivered any more
 *
 * Forgets letters.  What came for the same id meanwhile is next.
 *
 * Returns: (transfer full) (element-type DispLetter): the letters of the parcel
 */
GPtrArray *
disp_outbox_settle (DispOutbox *self, DispParcel *parcel)
{
  Pile *pile = find_pile (self, parcel);
  GPtrArray *letters = parcel->letters;

  self->n_letters -= letters->len;
  if (g_queue_is_empty (&pile->letters))
    g_hash_table_remove (self->piles, parcel->posted->id);
  else
    g_queue_push_head (&self->ready, pile);
  g_free (parcel);
  return letters;
}

/**
 * disp_outbox_hurry:
 * @self: an outbox
 *
 * Lets what waits because the store failed at it be taken at any time; what was refused waits on.
 */
void
disp_outbox_hurry (DispOutbox *self)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (self->waiting);

  while (!g_sequence_iter_is_end (iter))
    {
      GSequenceIter *next = g_sequence_iter_next (iter);
      Pile *pile = g_sequence_get (iter);

      if (pile->n_refusals == 0)
        {
          g_sequence_remove (iter);
          g_queue_push_tail (&self->ready, pile);
        }
      iter = next;
    }
}

/**
 * disp_outbox_get_time:
 * @self: an outbox
 *
 * Returns: from when on there is something to post, in microseconds; 0 = now; %G_MAXINT64 = not
 *   before something is added or comes back
 */
gint64
disp_outbox_get_time (DispOutbox *self)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->waiting);

  if (!g_queue_is_empty (&self->ready))
    return 0;
  return g_sequence_iter_is_end (first) ? G_MAXINT64
                                        : ((const Pile *) g_sequence_get (first))->not_before;
}
