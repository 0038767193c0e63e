/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/rate-limit.h"

#include "core/tsan.h"

#include <string.h>

/* Threads that ask for clients of different shards do not wait for each other. */
#define SHARD_BITS 4
#define N_SHARDS (1 << SHARD_BITS)
#define MAX_BUCKETS (DISP_MAX_BUCKETS / N_SHARDS) /* of a shard */
/* How many of those that nobody took from for longest are looked at, when one must go. */
#define N_OLDEST 8
#define NSEC_PER_USEC 1000
/* No request fills more of a bucket than 1000 s, in nanoseconds: no sum overflows. */
#define MAX_INTERVAL (1000 * (double) G_USEC_PER_SEC * NSEC_PER_USEC)
#define MAX_BURST 1000000

/* A bucket is known by when it will be full again; one that is full now need not be kept (it is the
 * "theoretical arrival time" of the generic cell rate algorithm, ITU-T I.371).  Times are in
 * nanoseconds: fewer, and high rates would be rounded. */
typedef struct
{
  gint64 full_at;
  GList used; /* in the order of use */
  char client[];
} Bucket;

typedef struct
{
  GMutex lock;
  GHashTable *buckets; /* (owned) (element-type utf8 Bucket, owned) (locked-by lock) */
  GQueue used;         /* (element-type Bucket, unowned) (locked-by lock) the oldest first */
} Shard;

struct _DispRateLimit
{
  Shard shards[N_SHARDS];
};

static void
lock (Shard *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
}

static void
unlock (Shard *self)
{
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

/**
 * disp_rate_limit_new:
 *
 * Returns: (transfer full): buckets, all full
 */
DispRateLimit *
disp_rate_limit_new (void)
{
  DispRateLimit *self = g_atomic_rc_box_new0 (DispRateLimit);

  for (guint i = 0; i < N_SHARDS; i++)
    {
      Shard *shard = &self->shards[i];

      g_mutex_init (&shard->lock);
      shard->buckets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
      g_queue_init (&shard->used);
    }
  return self;
}

/**
 * disp_rate_limit_ref:
 * @self: buckets
 *
 * Returns: (transfer full): @self; any thread
 */
DispRateLimit *
disp_rate_limit_ref (DispRateLimit *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
rate_limit_clear (gpointer data)
{
  DispRateLimit *self = data;

  DISP_TSAN_ACQUIRE (self);
  for (guint i = 0; i < N_SHARDS; i++)
    {
      g_hash_table_unref (self->shards[i].buckets);
      g_mutex_clear (&self->shards[i].lock);
    }
}

/**
 * disp_rate_limit_unref:
 * @self: (transfer full): buckets
 */
void
disp_rate_limit_unref (DispRateLimit *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, rate_limit_clear);
}

static void
forget (Shard *self, Bucket *bucket)
{
  g_queue_unlink (&self->used, &bucket->used);
  g_hash_table_remove (self->buckets, bucket->client);
}

/* Two for each that may come: in the end none is left that nobody asks for. */
static void
forget_full (Shard *self, gint64 now)
{
  for (guint i = 0; i < 2; i++)
    {
      Bucket *oldest = g_queue_peek_head (&self->used);

      if (oldest == NULL || oldest->full_at > now)
        return;
      forget (self, oldest);
    }
}

/* Of the oldest, the one that will be full first. */
static void
forget_fullest (Shard *self)
{
  GList *link = self->used.head;
  Bucket *fullest = link->data;

  for (guint i = 0; i < N_OLDEST && link != NULL; i++, link = link->next)
    if (((Bucket *) link->data)->full_at < fullest->full_at)
      fullest = link->data;
  forget (self, fullest);
}

static Bucket *
find (Shard *self, const char *client)
{
  Bucket *bucket = g_hash_table_lookup (self->buckets, client);

  if (bucket == NULL)
    {
      gsize size = strlen (client) + 1;

      if (g_hash_table_size (self->buckets) >= MAX_BUCKETS)
        forget_fullest (self);
      bucket = g_malloc0 (sizeof (Bucket) + size);
      memcpy (bucket->client, client, size);
      bucket->used.data = bucket;
      g_hash_table_insert (self->buckets, bucket->client, bucket);
    }
  else
    g_queue_unlink (&self->used, &bucket->used);
  g_queue_push_tail_link (&self->used, &bucket->used);
  return bucket;
}

/* How long it takes until a bucket has one request more, in nanoseconds, rounded up. */
static gint64
get_interval (double rate)
{
  double exact = MIN ((double) G_USEC_PER_SEC * NSEC_PER_USEC / rate, MAX_INTERVAL);
  gint64 interval = (gint64) exact;

  return (double) interval < exact ? interval + 1 : interval;
}

/* How long it is until @bucket has something in it, in nanoseconds; takes from it if it has. */
static gint64
take (Bucket *bucket, gint64 interval, guint burst, gint64 now)
{
  const gint64 depth = interval * burst;
  /* It may have been deeper on other terms. */
  const gint64 full_at = CLAMP (bucket->full_at, now, now + depth);
  const gint64 wait = full_at + interval - depth - now;

  bucket->full_at = wait > 0 ? full_at : full_at + interval;
  return MAX (wait, 0);
}

/**
 * disp_rate_limit_take:
 * @self: buckets
 * @client: whose
 * @rate: how fast its bucket fills, in requests per second; 0: no limit.  Slower than one in 1000 s
 *   counts as that
 * @burst: how many requests it holds, at least one and at most a million
 * @now: the time of a clock that never goes back, in microseconds
 *
 * Takes one request out of the bucket of a client, if there is one in it.  In any time T not more
 * than @burst + @rate · T are taken.  At most %DISP_MAX_BUCKETS are known that are not full: when
 * there are more clients, the one that did not ask for long, and misses least, is taken for new.
 *
 * Returns: 0 if it was taken; else in how many microseconds it can be, if no other is till then
 */
gint64
disp_rate_limit_take (DispRateLimit *self, const char *client, double rate, guint burst, gint64 now)
{
  const gint64 now_nsec = now * NSEC_PER_USEC;
  gint64 interval;
  gint64 wait;
  Shard *shard;

  if (rate <= 0)
    return 0;
  interval = get_interval (rate);
  /* Not the bits that tell the places in the table of a shard apart. */
  shard = &self->shards[(g_str_hash (client) * 2654435769U) >> (32 - SHARD_BITS)];
  lock (shard);
  forget_full (shard, now_nsec);
  wait = take (find (shard, client), interval, CLAMP (burst, 1, MAX_BURST), now_nsec);
  unlock (shard);
  return (wait + NSEC_PER_USEC - 1) / NSEC_PER_USEC;
}

/**
 * disp_rate_limit_count:
 * @self: buckets
 *
 * Returns: how many are known, any thread
 */
guint
disp_rate_limit_count (DispRateLimit *self)
{
  guint n = 0;

  for (guint i = 0; i < N_SHARDS; i++)
    {
      lock (&self->shards[i]);
      n += g_hash_table_size (self->shards[i].buckets);
      unlock (&self->shards[i]);
    }
  return n;
}
