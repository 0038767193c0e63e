/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/letter-feed.h"

#include "records/outage.h"

/* How many letters are held in memory, without their documents, and how many are listed at once. */
#define MAX_LETTERS 8192
#define LIST_SIZE 1024
/* Letters that are settled are removed from the spool together: so many, or after so long. */
#define REMOVE_SIZE 512
#define REMOVE_INTERVAL (G_USEC_PER_SEC / 10)
/* While they cannot be removed no more are given out than these. */
#define MAX_SETTLED 4096
/* Between tries of a spool that fails, and between pieces of its upkeep, in microseconds. */
#define RETRY_INTERVAL G_USEC_PER_SEC
#define TIDY_INTERVAL (10 * G_TIME_SPAN_MILLISECOND)

#define NEVER G_MAXINT64

struct _DispLetterFeed
{
  DispSpoolOutlet *outlet; /* (unowned) outlives this */
  DispClock *clock;        /* (owned) */
  DispOutbox *outbox;      /* (owned) */
  DispOutage *outage;      /* (owned) whether the spool fails */
  GPtrArray *listed;       /* (owned) (element-type DispLetter, owned) empty but while listing */
  GPtrArray *settled; /* (owned) (element-type DispLetter, owned) to be removed from the spool */
  gboolean more;      /* the spool may have letters that were not listed */
  gint64 retry_at;    /* when the spool is used again after it failed; 0 = it did not */
  gint64 remove_at;   /* when what is settled is removed, or NEVER */
  gint64 tidy_at;     /* when the spool is tidied up, or NEVER */
};

/* Says how the spool was used the last time. */
static gboolean
note (DispLetterFeed *self, const GError *error)
{
  disp_outage_note (self->outage, error);
  self->retry_at = error != NULL ? disp_clock_now (self->clock) + RETRY_INTERVAL : 0;
  return error == NULL;
}

/**
 * disp_letter_feed_is_failing:
 * @self: a feed
 *
 * Returns: whether the spool failed and is left alone for a while
 */
gboolean
disp_letter_feed_is_failing (DispLetterFeed *self)
{
  return disp_clock_now (self->clock) < self->retry_at;
}

static gboolean
can_list (DispLetterFeed *self)
{
  return self->more && disp_outbox_count (self->outbox) <= MAX_LETTERS - LIST_SIZE;
}

static void
list_letters (DispLetterFeed *self)
{
  g_autofree gpointer *letters = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_letters;

  disp_spool_outlet_list (self->outlet, LIST_SIZE, self->listed, &error);
  if (note (self, error))
    self->more = self->listed->len == LIST_SIZE;
  letters = g_ptr_array_steal (self->listed, &n_letters);
  for (gsize i = 0; i < n_letters; i++)
    disp_outbox_add (self->outbox, letters[i]);
}

static void
remove_settled (DispLetterFeed *self)
{
  g_autoptr (GError) error = NULL;

  disp_spool_outlet_remove (self->outlet, self->settled, &error);
  if (!note (self, error))
    return;
  g_ptr_array_set_size (self->settled, 0);
  self->remove_at = NEVER;
  self->tidy_at = disp_clock_now (self->clock);
}

static void
tidy (DispLetterFeed *self)
{
  g_autoptr (GError) error = NULL;
  gboolean more;

  disp_spool_outlet_tidy (self->outlet, &more, &error);
  if (note (self, error))
    self->tidy_at = more ? disp_clock_now (self->clock) + TIDY_INTERVAL : NEVER;
}

/**
 * disp_letter_feed_run:
 * @self: a feed
 *
 * Removes what is settled and lists what is new, if it is time for that, and tidies up.
 */
void
disp_letter_feed_run (DispLetterFeed *self)
{
  gint64 now = disp_clock_now (self->clock);

  if (now >= self->retry_at)
    self->retry_at = 0;
  if (!disp_letter_feed_is_failing (self)
      && (now >= self->remove_at || self->settled->len >= REMOVE_SIZE))
    remove_settled (self);
  if (!disp_letter_feed_is_failing (self) && now >= self->tidy_at)
    tidy (self);
  if (!disp_letter_feed_is_failing (self) && can_list (self))
    list_letters (self);
}

/**
 * disp_letter_feed_take:
 * @self: a feed
 * @early: whether, when nothing else is left, to take what should wait for a later time
 * @document: (out) (transfer full): what is to be posted
 *
 * Takes out what is to be posted next.
 *
 * Returns: (transfer full) (nullable): a parcel, to be ended with disp_letter_feed_give_back() or
 *   disp_letter_feed_settle(); %NULL = there is nothing to post now
 */
DispParcel *
disp_letter_feed_take (DispLetterFeed *self, gboolean early, GBytes **document)
{
  DispParcel *parcel;
  GBytes *found = NULL;

  while (!disp_letter_feed_is_failing (self) && self->settled->len < MAX_SETTLED
         && (parcel = disp_outbox_take (self->outbox, disp_clock_now (self->clock), early)) != NULL)
    {
      g_autoptr (GError) error = NULL;

      disp_spool_outlet_read (self->outlet, parcel->posted, &found, &error);
      if (!note (self, error))
        disp_outbox_give_back (self->outbox, parcel, 0);
      /* The file may have been moved away with what was in it. */
      else if (found == NULL)
        g_ptr_array_unref (disp_outbox_settle (self->outbox, parcel));
      else
        {
          *document = found;
          return parcel;
        }
    }
  return NULL;
}

/**
 * disp_letter_feed_give_back:
 * @self: a feed
 * @parcel: (transfer full): a parcel that could not be delivered
 * @not_before: when to try again; 0 = any time, but after what is ready now
 *
 * See disp_outbox_give_back().
 */
void
disp_letter_feed_give_back (DispLetterFeed *self, DispParcel *parcel, gint64 not_before)
{
  disp_outbox_give_back (self->outbox, parcel, not_before);
}

/**
 * disp_letter_feed_settle:
 * @self: a feed
 * @parcel: (transfer full): a parcel that was delivered, or is a dead letter
 *
 * Has its letters removed from the spool, with others, soon.
 */
void
disp_letter_feed_settle (DispLetterFeed *self, DispParcel *parcel)
{
  if (self->settled->len == 0)
    self->remove_at = disp_clock_now (self->clock) + REMOVE_INTERVAL;
  g_ptr_array_extend_and_steal (self->settled, disp_outbox_settle (self->outbox, parcel));
}

/**
 * disp_letter_feed_note_appended:
 * @self: a feed
 *
 * Tells that the spool has more letters.
 */
void
disp_letter_feed_note_appended (DispLetterFeed *self)
{
  self->more = TRUE;
}

/**
 * disp_letter_feed_get_parcel_time:
 * @self: a feed
 *
 * Returns: from when on there is something to take, see disp_outbox_get_time()
 */
gint64
disp_letter_feed_get_parcel_time (DispLetterFeed *self)
{
  return disp_outbox_get_time (self->outbox);
}

/**
 * disp_letter_feed_get_run_time:
 * @self: a feed
 *
 * Returns: when disp_letter_feed_run() has something to do at the latest; %G_MAXINT64 = never
 */
gint64
disp_letter_feed_get_run_time (DispLetterFeed *self)
{
  if (self->retry_at != 0)
    return self->retry_at;
  return can_list (self) ? 0 : MIN (self->remove_at, self->tidy_at);
}

/**
 * disp_letter_feed_hurry:
 * @self: a feed
 *
 * See disp_outbox_hurry().
 */
void
disp_letter_feed_hurry (DispLetterFeed *self)
{
  disp_outbox_hurry (self->outbox);
}

/**
 * disp_letter_feed_flush:
 * @self: a feed
 *
 * Removes what is settled from the spool now, if it can.
 */
void
disp_letter_feed_flush (DispLetterFeed *self)
{
  if (self->settled->len > 0)
    remove_settled (self);
}

/**
 * disp_letter_feed_dup_problem:
 * @self: a feed
 *
 * Returns: (transfer full) (nullable): why the spool fails; %NULL = it does not; any thread
 */
char *
disp_letter_feed_dup_problem (DispLetterFeed *self)
{
  return disp_outage_dup_problem (self->outage);
}

/**
 * disp_letter_feed_new:
 * @outlet: the outlet of a spool, which must outlive this
 * @clock: the clock
 * @notice: (nullable): is touched when the problem changes
 * @coalesces: whether of records of one id that wait together only the last state is delivered
 *
 * Returns: (transfer full): a feed, which lists what is in the spool at first
 */
DispLetterFeed *
disp_letter_feed_new (DispSpoolOutlet *outlet, DispClock *clock, DispNotice *notice,
                      gboolean coalesces)
{
  DispLetterFeed *self = g_new0 (DispLetterFeed, 1);

  self->outlet = outlet;
  self->clock = g_object_ref (clock);
  self->outbox = disp_outbox_new (coalesces);
  self->outage = disp_outage_new (clock, notice, "the spool");
  self->listed = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_letter_free);
  self->settled = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_letter_free);
  self->more = TRUE;
  self->remove_at = NEVER;
  self->tidy_at = NEVER;
  return self;
}

/**
 * disp_letter_feed_set_coalesces:
 * @self: a feed
 * @coalesces: as of disp_letter_feed_new(), from the next parcel on
 */
void
disp_letter_feed_set_coalesces (DispLetterFeed *self, gboolean coalesces)
{
  disp_outbox_set_coalesces (self->outbox, coalesces);
}

/**
 * disp_letter_feed_free:
 * @self: (transfer full): a feed of which no parcel is taken
 */
void
disp_letter_feed_free (DispLetterFeed *self)
{
  g_ptr_array_unref (self->listed);
  g_ptr_array_unref (self->settled);
  disp_outage_free (self->outage);
  disp_outbox_free (self->outbox);
  g_object_unref (self->clock);
  g_free (self);
}
