/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/reception.h"

#include "core/error.h"
#include "core/event.h"
#include "core/tsan.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>

/* Peers are in so many tables, each with a lock, so that threads seldom wait for one another. */
#define SHARD_BITS 4
#define N_SHARDS (1 << SHARD_BITS)
/* Of the memory for bodies as much again, divided by this, is kept for small ones. */
#define RESERVE_DIVISOR 16
/* There is room again when more than so much of the connections is free, divided by this: whoever
 * fills it again and again does not fill the log too. */
#define ROOM_DIVISOR 8

/* An address of IPv4 counts as the IPv6 network that nobody has; so does a UNIX socket. */
#define IPV4_PREFIX (G_GUINT64_CONSTANT (0xffff) << 32)
#define UNIX_PREFIX G_MAXUINT64

struct _DispPeer
{
  guint64 key;                     /* immutable; scrambled, first for the look-up */
  guint n_open;                    /* (locked-by lock of its shard) */
  gboolean was_turned_away;        /* (locked-by lock of its shard) */
  char name[INET6_ADDRSTRLEN + 3]; /* immutable */
};

typedef struct
{
  GMutex lock;
  GHashTable *peers; /* (owned) (locked-by lock) (element-type guint64 DispPeer, owned) by key */
} Shard;

struct _DispReception
{
  guint64 seed; /* immutable: nobody outside knows which peers share a bucket */
  Shard shards[N_SHARDS];
  atomic_uint n_open;   /* (atomic) */
  atomic_uint full_at;  /* (atomic) at how many somebody was turned away; 0: there is room */
  atomic_size_t memory; /* (atomic) */
  DispHandshakeQueue *handshakes; /* (owned) */
};

/**
 * disp_reception_new:
 *
 * Returns: (transfer full): a reception where nobody is
 */
DispReception *
disp_reception_new (void)
{
  DispReception *self = g_atomic_rc_box_new0 (DispReception);

  self->seed = ((guint64) g_random_int () << 32) | g_random_int ();
  for (guint i = 0; i < N_SHARDS; i++)
    {
      g_mutex_init (&self->shards[i].lock);
      self->shards[i].peers = g_hash_table_new (g_int64_hash, g_int64_equal);
    }
  self->handshakes = disp_handshake_queue_new ();
  return self;
}

/**
 * disp_reception_ref:
 * @self: a reception
 *
 * Returns: (transfer full): @self; any thread
 */
DispReception *
disp_reception_ref (DispReception *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
reception_clear (gpointer data)
{
  DispReception *self = data;

  DISP_TSAN_ACQUIRE (self);
  disp_handshake_queue_free (self->handshakes);
  for (guint i = 0; i < N_SHARDS; i++)
    {
      g_assert (g_hash_table_size (self->shards[i].peers) == 0);
      g_hash_table_unref (self->shards[i].peers);
      g_mutex_clear (&self->shards[i].lock);
    }
}

/**
 * disp_reception_unref:
 * @self: (transfer full): a reception; the last reference goes when all have left
 */
void
disp_reception_unref (DispReception *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, reception_clear);
}

static Shard *
lock_shard (DispReception *self, guint64 key)
{
  Shard *shard = &self->shards[key >> (64 - SHARD_BITS)];

  g_mutex_lock (&shard->lock);
  DISP_TSAN_ACQUIRE (shard);
  return shard;
}

static void
unlock_shard (Shard *shard)
{
  DISP_TSAN_RELEASE (shard);
  g_mutex_unlock (&shard->lock);
}

/* From whom an address comes, as a number: the network of 64 bits. */
static guint64
get_prefix (const struct sockaddr *address, socklen_t length)
{
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
  guint64 prefix;
  guint32 mapped;

  /* Copies, since nothing is known of how the address is aligned. */
  if (length >= sizeof ipv4 && address->sa_family == AF_INET)
    {
      memcpy (&ipv4, address, sizeof ipv4);
      return IPV4_PREFIX | ntohl (ipv4.sin_addr.s_addr);
    }
  if (length < sizeof ipv6 || address->sa_family != AF_INET6)
    return UNIX_PREFIX;
  memcpy (&ipv6, address, sizeof ipv6);
  if (IN6_IS_ADDR_V4MAPPED (&ipv6.sin6_addr))
    {
      memcpy (&mapped, &ipv6.sin6_addr.s6_addr[12], sizeof mapped);
      return IPV4_PREFIX | ntohl (mapped);
    }
  memcpy (&prefix, &ipv6.sin6_addr, sizeof prefix);
  return GUINT64_FROM_BE (prefix);
}

static void
write_name (DispPeer *peer, guint64 prefix)
{
  struct in6_addr network = { 0 };
  struct in_addr host;

  if (prefix == UNIX_PREFIX)
    g_strlcpy (peer->name, "unix", sizeof peer->name);
  else if (prefix >> 32 == IPV4_PREFIX >> 32)
    {
      host.s_addr = htonl ((guint32) prefix);
      inet_ntop (AF_INET, &host, peer->name, sizeof peer->name);
    }
  else
    {
      prefix = GUINT64_TO_BE (prefix);
      memcpy (&network, &prefix, sizeof prefix);
      inet_ntop (AF_INET6, &network, peer->name, sizeof peer->name);
      g_strlcat (peer->name, "/64", sizeof peer->name);
    }
}

/* Maps each number to another one, in an order that depends on the seed (the finish of MurmurHash3,
 * which is a bijection: equal keys are equal prefixes). */
static guint64
scramble (const DispReception *self, guint64 prefix)
{
  guint64 key = prefix ^ self->seed;

  key = (key ^ (key >> 33)) * G_GUINT64_CONSTANT (0xff51afd7ed558ccd);
  key = (key ^ (key >> 33)) * G_GUINT64_CONSTANT (0xc4ceb9fe1a85ec53);
  return key ^ (key >> 33);
}

/* Counts one more connection, unless there are @max. */
static gboolean
count_one (DispReception *self, guint max)
{
  guint n_open = atomic_load (&self->n_open);

  do
    if (n_open >= max)
      return FALSE;
  while (!atomic_compare_exchange_weak (&self->n_open, &n_open, n_open + 1));
  return TRUE;
}

/* Tells that there is room for more than @n_open connections, once, when that is enough of it for
 * @max. */
static void
note_room (DispReception *self, guint n_open, guint max)
{
  guint full_at = atomic_load (&self->full_at);

  if (full_at == 0 || n_open >= max - max / ROOM_DIVISOR)
    return;
  if (atomic_compare_exchange_strong (&self->full_at, &full_at, 0))
    disp_event_log (DISP_EVENT_CONNECTIONS_ROOM, &(DispEventFields){ .count = n_open },
                    "there is room for more connections again, %u are open", n_open);
}

static DispPeer *
add_peer (Shard *shard, guint64 key, guint64 prefix)
{
  DispPeer *peer = g_new0 (DispPeer, 1);

  peer->key = key;
  write_name (peer, prefix);
  g_hash_table_insert (shard->peers, &peer->key, peer);
  return peer;
}

/* Counts a connection from @prefix, unless that has @max_of_one, or there are @max in all.
 * @was_turned_away is set when it has, to whether it had before. */
static DispPeer *
count_peer (DispReception *self, guint64 prefix, guint max, guint max_of_one, int *was_turned_away)
{
  guint64 key = scramble (self, prefix);
  Shard *shard = lock_shard (self, key);
  DispPeer *peer = g_hash_table_lookup (shard->peers, &key);

  if (peer != NULL && max_of_one > 0 && peer->n_open >= max_of_one)
    {
      *was_turned_away = peer->was_turned_away;
      peer->was_turned_away = TRUE;
      peer = NULL;
    }
  else if (!count_one (self, max))
    peer = NULL;
  else
    {
      if (peer == NULL)
        peer = add_peer (shard, key, prefix);
      peer->n_open++;
    }
  unlock_shard (shard);
  return peer;
}

/* Tells of one client the first time only, since that decides how often it comes. */
static void
set_error_of_one (GError **error, guint64 prefix, guint max, gboolean was_turned_away)
{
  DispPeer peer;

  write_name (&peer, prefix);
  g_set_error (error, DISP_ERROR, DISP_ERROR_TOO_MANY_CONNECTIONS,
               "%s has as many connections as one client may have: %u", peer.name, max);
  if (!was_turned_away)
    g_info ("%s has %u connections, and gets no more", peer.name, max);
}

/**
 * disp_reception_admit:
 * @self: a reception
 * @terms: how many connections there may be
 * @address: where a connection comes from
 * @length: how long @address is, as accept() says
 * @is_full: (out) (optional): whether it is not admitted for the limit of all, and could be once
 *   somebody leaves
 * @error: %DISP_ERROR_TOO_MANY_CONNECTIONS, with the limit that is reached
 *
 * Counts one more connection.  Those to UNIX sockets count for the limit of the daemon only, since
 * who comes so cannot be told apart.  Any thread.
 *
 * Returns: (transfer full) (nullable): from where it is, to be given to disp_reception_leave()
 */
DispPeer *
disp_reception_admit (DispReception *self, const DispTerms *terms, const struct sockaddr *address,
                      socklen_t length, gboolean *is_full, GError **error)
{
  guint64 prefix = get_prefix (address, length);
  guint max_of_one = prefix == UNIX_PREFIX ? 0 : terms->max_connections_per_client;
  int was_turned_away = -1;
  DispPeer *peer = count_peer (self, prefix, terms->max_connections, max_of_one, &was_turned_away);

  if (is_full != NULL)
    *is_full = peer == NULL && was_turned_away < 0;
  if (peer != NULL)
    note_room (self, atomic_load (&self->n_open), terms->max_connections);
  else if (was_turned_away >= 0)
    set_error_of_one (error, prefix, max_of_one, was_turned_away);
  else
    g_set_error (error, DISP_ERROR, DISP_ERROR_TOO_MANY_CONNECTIONS,
                 "there are as many connections as there may be: %u", terms->max_connections);
  return peer;
}

/**
 * disp_reception_leave:
 * @self: a reception
 * @peer: (transfer full): from where a connection was that is closed
 *
 * Any thread.
 */
void
disp_reception_leave (DispReception *self, DispPeer *peer)
{
  Shard *shard = lock_shard (self, peer->key);

  g_assert (peer->n_open > 0);
  if (--peer->n_open == 0)
    {
      g_hash_table_remove (shard->peers, &peer->key);
      g_free (peer);
    }
  unlock_shard (shard);
  note_room (self, atomic_fetch_sub (&self->n_open, 1) - 1, atomic_load (&self->full_at));
}

/**
 * disp_reception_turned_away:
 * @self: a reception
 * @terms: the terms
 * @error: what disp_reception_admit() said
 *
 * Says that a client was sent away because all connections are taken, which operators hear of when
 * it begins and when it is over.  That one has too many is its own affair.  Any thread.
 */
void
disp_reception_turned_away (DispReception *self, const DispTerms *terms, const GError *error)
{
  guint max = MAX (terms->max_connections, 1);
  guint none = 0;

  if (!atomic_compare_exchange_strong (&self->full_at, &none, max))
    return;
  disp_event_log (DISP_EVENT_CONNECTIONS_FULL,
                  &(DispEventFields){ .reason = error->message, .count = max },
                  "clients are turned away: %s", error->message);
}

/**
 * disp_reception_count_connections:
 * @self: a reception
 *
 * Returns: how many connections there are; any thread
 */
guint
disp_reception_count_connections (DispReception *self)
{
  return atomic_load (&self->n_open);
}

/**
 * disp_reception_get_handshakes:
 * @self: a reception
 *
 * Returns: (transfer none): where handshakes of TLS are made; any thread
 */
DispHandshakeQueue *
disp_reception_get_handshakes (DispReception *self)
{
  return self->handshakes;
}

/**
 * disp_peer_get_name:
 * @self: a peer that has a connection
 *
 * Returns: (transfer none): "192.0.2.1", "2001:db8:0:1::/64" or "unix"; any thread
 */
const char *
disp_peer_get_name (const DispPeer *self)
{
  return self->name;
}

/**
 * disp_reception_take_memory:
 * @self: a reception
 * @terms: how much memory there may be
 * @had: how much a body has already, in bytes
 * @size: how much it needs in all, in bytes
 *
 * Any thread.
 *
 * Returns: whether it may have that, and gives it back by disp_reception_give_memory(); not when
 * all bodies together would have more than they may, and up to %DISP_SMALL_BODY not when they would
 *   have one sixteenth more than that
 */
gboolean
disp_reception_take_memory (DispReception *self, const DispTerms *terms, gsize had, gsize size)
{
  gsize limit = terms->body_memory;
  gsize memory = atomic_load (&self->memory);

  if (size <= DISP_SMALL_BODY)
    limit += MIN (limit / RESERVE_DIVISOR, G_MAXSIZE - limit);
  do
    if (memory > limit || size - had > limit - memory)
      return FALSE;
  while (!atomic_compare_exchange_weak (&self->memory, &memory, memory + size - had));
  return TRUE;
}

/**
 * disp_reception_give_memory:
 * @self: a reception
 * @size: how much of what was taken is not needed any more, in bytes
 *
 * Any thread.
 */
void
disp_reception_give_memory (DispReception *self, gsize size)
{
  gsize before = atomic_fetch_sub (&self->memory, size);

  g_assert (before >= size);
}

/**
 * disp_reception_get_memory:
 * @self: a reception
 *
 * Returns: how much memory the bodies have, in bytes; any thread
 */
gsize
disp_reception_get_memory (DispReception *self)
{
  return atomic_load (&self->memory);
}
