/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/delivery.h"

#include "core/error.h"
#include "core/event.h"
#include "engine/bell.h"
#include "records/circuit.h"
#include "records/letter-feed.h"
#include "records/outage.h"

#include <stdatomic.h>

/* The documents that are on their way may take so much memory, in bytes, and one more. */
#define MAX_BYTES (16 * 1024 * 1024)
/* How often a record is offered that is refused, and how long it waits before it is offered again;
 * each time four times as long, in microseconds. */
#define MAX_REFUSALS 3
#define REFUSAL_WAIT G_USEC_PER_SEC
/* When so many became dead letters in a row, and none was accepted meanwhile, what the store says
 * of its address is taken for a failure of the store, and not of each record. */
#define MAX_DEAD 100
/* How long a record waits that failed when others did not, each time twice as long, and how often
 * that grows. */
#define FAILURE_WAIT G_USEC_PER_SEC
#define MAX_DOUBLINGS 6
/* After so many failures in a row it is said that the store fails. */
#define OUTAGE_FAILURES 2
/* So many records in a row must be accepted before refusals are news again. */
#define CALM 1000

/* All of it happens on one thread, but for what others may tell or ask. */
struct _DispDelivery
{
  DispHttpPoster *poster; /* (owned) */
  DispClock *clock;       /* (owned) */
  DispLetterFeed *feed;   /* (owned) */
  DispOutage *outage;     /* (owned) whether the store fails */
  GRand *random;          /* (owned) */
  GSource *bell;          /* (owned) rings when others have told something */
  GCancellable *cancel;   /* (owned) of all posts */
  DispCircuit circuit;
  gsize n_bytes;           /* of the documents that are on their way */
  GSource *timer;          /* (owned) (nullable) */
  gint64 timer_at;         /* with timer */
  gboolean refusing;       /* a refusal was reported */
  guint n_accepted;        /* in a row, while refusing */
  guint n_dead;            /* dead letters since a record was accepted */
  gboolean stuck;          /* it is to end, and the store failed since */
  atomic_ullong n_refused; /* (atomic) records that became dead letters */
  atomic_bool coalesces;   /* (atomic) told: what the feed is to do */
  atomic_bool appended;    /* (atomic) told: the spool has more */
  atomic_bool ending;      /* (atomic) told: deliver what can be delivered now, and end */
  atomic_bool aborting;    /* (atomic) told: end */
  atomic_bool ended;       /* (atomic) */
};

/* One post on its way. */
typedef struct
{
  DispDelivery *delivery; /* (unowned) outlives its posts */
  DispParcel *parcel;     /* (owned) */
  gsize size;             /* of its document, in bytes */
  guint ticket;           /* of the circuit */
} Errand;

static void work (DispDelivery *self);

static void
note_success (DispDelivery *self, guint ticket)
{
  disp_circuit_succeed (&self->circuit, ticket);
  /* What was on its way when the store began to fail says nothing of it. */
  if (!disp_circuit_is_open (&self->circuit))
    disp_outage_note (self->outage, NULL);
}

static void
accept (DispDelivery *self, Errand *errand)
{
  note_success (self, errand->ticket);
  disp_letter_feed_settle (self->feed, errand->parcel);
  self->n_dead = 0;
  if (self->refusing && ++self->n_accepted == CALM)
    self->refusing = FALSE;
}

/* Reports the first refusal, and the next after a time without any. */
static void
report_refusal (DispDelivery *self, const DispLetter *letter, const DispPostAnswer *answer)
{
  self->n_accepted = 0;
  if (self->refusing)
    return;
  self->refusing = TRUE;
  disp_event_log (DISP_EVENT_RECORD_REFUSED,
                  &(DispEventFields){ .request_id = letter->id,
                                      .store = disp_http_poster_get_address (self->poster),
                                      .status = answer->status,
                                      .reason = answer->text },
                  "the Requests Store \"%s\" refused record %s with HTTP status %u (%s); what it "
                  "refuses is counted, and kept as a dead letter in the spool",
                  disp_http_poster_get_address (self->poster), letter->id, answer->status,
                  answer->text);
}

/* A refusal may be a mistake of the store that it gets over, so the record is offered again. */
static void
refuse (DispDelivery *self, Errand *errand, const DispPostAnswer *answer)
{
  DispParcel *parcel = errand->parcel;

  note_success (self, errand->ticket);
  if (++parcel->n_refusals < MAX_REFUSALS)
    {
      gint64 wait = (gint64) REFUSAL_WAIT << (2 * (parcel->n_refusals - 1));

      disp_letter_feed_give_back (self->feed, parcel, disp_clock_now (self->clock) + wait);
      return;
    }
  self->n_dead++;
  report_refusal (self, parcel->posted, answer);
  atomic_fetch_add (&self->n_refused, 1);
  disp_letter_refuse (parcel->posted, answer->status, answer->text,
                      disp_clock_now_real (self->clock));
  disp_letter_feed_settle (self->feed, parcel);
}

/* The store fails.  Or it fails at this record alone: when it was well before, the record has to
 * wait on its own, so that it is not always in the way of the others. */
static void
fail (DispDelivery *self, Errand *errand, gint64 retry_after, const GError *error)
{
  DispParcel *parcel = errand->parcel;
  gint64 now = disp_clock_now (self->clock);
  gint64 not_before = 0;

  if (disp_circuit_fail (&self->circuit, errand->ticket, now, retry_after, self->random))
    parcel->n_failures++;
  /* One that failed by itself before is in nobody's way as a probe either. */
  if (parcel->n_failures > 0)
    not_before = now + ((gint64) FAILURE_WAIT << MIN (parcel->n_failures - 1, MAX_DOUBLINGS));
  /* The store may be at another address by now. */
  disp_http_poster_renew (self->poster);
  disp_letter_feed_give_back (self->feed, parcel, not_before);
  if (self->circuit.n_failures >= OUTAGE_FAILURES)
    disp_outage_note (self->outage, error);
  self->stuck = atomic_load (&self->ending);
}

static void
withdraw (DispDelivery *self, Errand *errand)
{
  disp_circuit_withdraw (&self->circuit, errand->ticket);
  disp_letter_feed_give_back (self->feed, errand->parcel, 0);
}

static void
take_answer (DispDelivery *self, Errand *errand, const DispPostAnswer *answer)
{
  g_autoptr (GError) error = NULL;

  if (disp_post_answer_is_accepted (answer))
    accept (self, errand);
  else if (disp_post_answer_is_refusal (answer)
           && (self->n_dead < MAX_DEAD || !disp_post_answer_is_of_address (answer)))
    refuse (self, errand, answer);
  else
    {
      error = g_error_new (DISP_ERROR, DISP_ERROR_STORE,
                           "the Requests Store \"%s\" answered HTTP status %u, expected 2xx",
                           disp_http_poster_get_address (self->poster), answer->status);
      fail (self, errand, answer->retry_after, error);
    }
}

static void
on_posted (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Errand *errand = user_data;
  DispDelivery *self = errand->delivery;
  g_autoptr (GError) error = NULL;
  g_autoptr (DispPostAnswer) answer = disp_http_poster_post_finish (self->poster, result, &error);

  self->n_bytes -= errand->size;
  if (answer != NULL)
    take_answer (self, errand, answer);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    withdraw (self, errand);
  else
    fail (self, errand, 0, error);
  work (self);
}

/* Whether more may go as far as the circuit has nothing against it. */
static gboolean
may_post (DispDelivery *self)
{
  return !self->stuck && !atomic_load (&self->aborting) && self->n_bytes < MAX_BYTES;
}

/* Sends the next parcel, if one may go and there is one. */
static gboolean
post_next (DispDelivery *self)
{
  g_autoptr (GBytes) document = NULL;
  DispParcel *parcel;
  Errand *errand;
  guint ticket;

  if (!may_post (self))
    return FALSE;
  ticket = disp_circuit_admit (&self->circuit, disp_clock_now (self->clock));
  if (ticket == 0)
    return FALSE;
  parcel = disp_letter_feed_take (self->feed, disp_circuit_is_open (&self->circuit), &document);
  if (parcel == NULL)
    {
      disp_circuit_withdraw (&self->circuit, ticket);
      return FALSE;
    }
  errand = g_new (Errand, 1);
  *errand = (Errand){
    .delivery = self, .parcel = parcel, .size = g_bytes_get_size (document), .ticket = ticket
  };
  self->n_bytes += errand->size;
  disp_http_poster_post_async (self->poster, document, self->cancel, on_posted, errand);
  return TRUE;
}

static gboolean
on_timer (gpointer user_data)
{
  DispDelivery *self = user_data;

  disp_clock_clear_timer (&self->timer);
  work (self);
  return G_SOURCE_REMOVE;
}

/* When there is something to do although nothing comes back and nothing is told. */
static gint64
find_next_time (DispDelivery *self)
{
  gint64 run_at = disp_letter_feed_get_run_time (self->feed);
  gint64 parcel_at = disp_letter_feed_get_parcel_time (self->feed);

  if (disp_letter_feed_is_failing (self->feed) || parcel_at == G_MAXINT64 || !may_post (self))
    return run_at;
  if (disp_circuit_is_open (&self->circuit))
    return MIN (run_at, disp_circuit_get_probe_time (&self->circuit));
  /* What could go now and did not waits for one that is on its way. */
  return parcel_at > 0 && disp_circuit_has_room (&self->circuit) ? MIN (run_at, parcel_at) : run_at;
}

static void
set_timer (DispDelivery *self, gint64 at)
{
  if (self->timer != NULL && self->timer_at == at)
    return;
  disp_clock_clear_timer (&self->timer);
  self->timer_at = at;
  if (at != G_MAXINT64)
    self->timer = disp_clock_add_timer (self->clock, at, "delivery", on_timer, self);
}

static void
end (DispDelivery *self)
{
  disp_clock_clear_timer (&self->timer);
  disp_letter_feed_flush (self->feed);
  disp_http_poster_renew (self->poster);
  atomic_store (&self->ended, TRUE);
}

/* Does all that can be done now, and sees to it that the rest is done in its time. */
static void
work (DispDelivery *self)
{
  if (atomic_load (&self->ended))
    return;
  disp_letter_feed_run (self->feed);
  while (post_next (self))
    ;
  if (self->circuit.n_in_flight == 0
      && (atomic_load (&self->ending) || atomic_load (&self->aborting)))
    end (self);
  else
    set_timer (self, find_next_time (self));
}

static gboolean
on_bell (gpointer user_data)
{
  DispDelivery *self = user_data;

  disp_letter_feed_set_coalesces (self->feed, atomic_load (&self->coalesces));
  if (atomic_exchange (&self->appended, FALSE))
    disp_letter_feed_note_appended (self->feed);
  if (atomic_load (&self->ending))
    {
      disp_circuit_hurry (&self->circuit);
      disp_letter_feed_hurry (self->feed);
    }
  if (atomic_load (&self->aborting))
    g_cancellable_cancel (self->cancel);
  work (self);
  return G_SOURCE_CONTINUE;
}

/**
 * disp_delivery_new:
 * @outlet: the outlet of a spool, which must outlive this
 * @poster: posts to the store
 * @clock: the clock
 * @notice: (nullable): is touched when the problem changes
 * @coalesces: whether of records of one id that wait together only the last state is delivered
 * @n_posts: how many posts may be on their way at once
 * @context: the main context of the thread on which all happens, whose thread-default it is there
 *
 * Delivers what is in the spool, and what comes: in order for each id, and again until the store
 * has taken it.  While the store fails only a probe goes now and then.  A record that it refuses is
 * offered three times, and then becomes a dead letter.  When it refuses one hundred in a row in a
 * way that is no fault of theirs, as with 404, it fails.
 *
 * It begins when it is woken first.
 *
 * Returns: (transfer full): a delivery
 */
DispDelivery *
disp_delivery_new (DispSpoolOutlet *outlet, DispHttpPoster *poster, DispClock *clock,
                   DispNotice *notice, gboolean coalesces, guint n_posts, GMainContext *context)
{
  DispDelivery *self = g_new0 (DispDelivery, 1);

  self->poster = g_object_ref (poster);
  self->clock = g_object_ref (clock);
  atomic_init (&self->coalesces, coalesces);
  self->feed = disp_letter_feed_new (outlet, clock, notice, coalesces);
  self->outage = disp_outage_new (clock, notice, disp_http_poster_get_address (poster));
  self->random = g_rand_new ();
  self->cancel = g_cancellable_new ();
  disp_circuit_init (&self->circuit, n_posts);
  self->bell = disp_bell_new (context, "delivery", on_bell, self);
  return self;
}

/**
 * disp_delivery_free:
 * @self: (transfer full): a delivery that has ended or was never woken
 */
void
disp_delivery_free (DispDelivery *self)
{
  g_assert (self->circuit.n_in_flight == 0);
  disp_clock_clear_timer (&self->timer);
  g_source_destroy (self->bell);
  g_source_unref (self->bell);
  disp_letter_feed_free (self->feed);
  disp_outage_free (self->outage);
  g_rand_free (self->random);
  g_object_unref (self->cancel);
  g_object_unref (self->poster);
  g_object_unref (self->clock);
  g_free (self);
}

static void
tell (DispDelivery *self, atomic_bool *what)
{
  atomic_store (what, TRUE);
  disp_bell_ring (self->bell);
}

/**
 * disp_delivery_wake:
 * @self: a delivery
 *
 * Tells that there is more in the spool.  Any thread.
 */
void
disp_delivery_wake (DispDelivery *self)
{
  tell (self, &self->appended);
}

/**
 * disp_delivery_set_coalesces:
 * @self: a delivery
 * @coalesces: as of disp_delivery_new(), from the next post on
 *
 * Any thread.
 */
void
disp_delivery_set_coalesces (DispDelivery *self, gboolean coalesces)
{
  atomic_store (&self->coalesces, coalesces);
  disp_bell_ring (self->bell);
}

/**
 * disp_delivery_end:
 * @self: a delivery
 *
 * Has it deliver what it can deliver, and end as soon as the store fails or nothing is left but
 * what was refused and waits to be offered again.  That stays in the spool.  Any thread.
 */
void
disp_delivery_end (DispDelivery *self)
{
  tell (self, &self->ending);
}

/**
 * disp_delivery_abort:
 * @self: a delivery
 *
 * Has it give up what is on its way, and end.  Any thread.
 */
void
disp_delivery_abort (DispDelivery *self)
{
  tell (self, &self->aborting);
}

/**
 * disp_delivery_has_ended:
 * @self: a delivery
 *
 * Returns: whether it has ended: nothing is on its way, and nothing will be; any thread
 */
gboolean
disp_delivery_has_ended (DispDelivery *self)
{
  return atomic_load (&self->ended);
}

/**
 * disp_delivery_count_posts:
 * @self: a delivery
 *
 * Returns: how many posts are on their way; on its thread
 */
guint
disp_delivery_count_posts (DispDelivery *self)
{
  return self->circuit.n_in_flight;
}

/**
 * disp_delivery_count_refused:
 * @self: a delivery
 *
 * Returns: how many records the store refused for good; any thread
 */
guint64
disp_delivery_count_refused (DispDelivery *self)
{
  return atomic_load (&self->n_refused);
}

/**
 * disp_delivery_dup_problem:
 * @self: a delivery
 *
 * Returns: (transfer full) (nullable): why it does not go on now; %NULL = it does; any thread
 */
char *
disp_delivery_dup_problem (DispDelivery *self)
{
  char *problem = disp_outage_dup_problem (self->outage);

  return problem != NULL ? problem : disp_letter_feed_dup_problem (self->feed);
}
