/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/slot-pool.h"

/* How many slots are kept while they are idle.  libsoup has a source in the loop for each, which
 * every turn of it looks at: those that a burst leaves would slow down all that follows. */
#define MAX_IDLE 64

/* The slots of one endpoint that one worker has.  Only the worker's thread touches it. */
struct _DispSlotPool
{
  GSocketConnectable *address; /* (owned) */
  DispClock *clock;            /* (owned) */
  gint64 idle_timeout;         /* in microseconds */
  GQueue idle; /* (element-type DispSlot, owned) the one given back last at the head */
  guint n_busy;
  gint64 used;    /* when a slot was last given back, in microseconds */
  GSource *timer; /* (owned) (nullable) rings when the slot that was idle longest is to go */
};

static void watch_idle (DispSlotPool *self);

static void
slot_free (gpointer data)
{
  DispSlot *slot = data;

  g_object_unref (slot->session);
  g_clear_object (&slot->socket);
  g_free (slot);
}

/* Lets go of the slots that were idle for longer than the time, and of those that are too many. */
static void
trim (DispSlotPool *self, gint64 now)
{
  DispSlot *oldest;

  while ((oldest = g_queue_peek_tail (&self->idle)) != NULL
         && (oldest->released < now - self->idle_timeout || self->idle.length > MAX_IDLE))
    slot_free (g_queue_pop_tail (&self->idle));
}

static gboolean
on_idle_over (gpointer user_data)
{
  DispSlotPool *self = user_data;

  disp_clock_clear_timer (&self->timer);
  trim (self, disp_clock_now (self->clock));
  watch_idle (self);
  return G_SOURCE_REMOVE;
}

static void
watch_idle (DispSlotPool *self)
{
  const DispSlot *oldest = g_queue_peek_tail (&self->idle);

  if (oldest != NULL && self->timer == NULL)
    self->timer = disp_clock_add_timer (self->clock, oldest->released + self->idle_timeout + 1,
                                        "idle slots", on_idle_over, self);
}

/*
 * Only what a call to a model server needs: no redirects, no cookies, no authentication, no
 * decoding (a body comes back as it is), no time-out of libsoup's own, since deadlines are the
 * engine's, and no proxy.  A resolver that says "direct" would not do: GIO would still load its
 * modules that look for proxies, which takes the first request some 40 ms and reads user settings.
 *
 * Nor libsoup's own timer for idle connections.  Version 3.2 stops it by taking its ready time
 * back, but a source that was already found ready is dispatched all the same: the connection would
 * be freed under a request that has just been put on it.
 */
static DispSlot *
slot_new (DispSlotPool *pool)
{
  DispSlot *slot = g_new0 (DispSlot, 1);

  slot->session = g_object_new (SOUP_TYPE_SESSION, "max-conns", 1, "max-conns-per-host", 1,
                                "remote-connectable", pool->address, "proxy-resolver", NULL,
                                "timeout", 0, "idle-timeout", 0, NULL);
  soup_session_remove_feature_by_type (slot->session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (slot->session, SOUP_TYPE_CONTENT_DECODER);
  return slot;
}

/**
 * disp_slot_pool_new:
 * @endpoint: "http://node:port"
 * @idle_timeout: how long an idle connection is kept, in seconds
 * @clock: the clock
 *
 * Idle connections are closed on the thread-default context.
 *
 * Returns: (transfer full) (nullable): a pool without slots; %NULL if @endpoint names no host and
 * port
 */
DispSlotPool *
disp_slot_pool_new (const char *endpoint, guint idle_timeout, DispClock *clock)
{
  g_autoptr (GSocketConnectable) address = g_network_address_parse_uri (endpoint, 80, NULL);
  DispSlotPool *self;

  /* "http://" has a name, which is empty */
  if (address == NULL || *g_network_address_get_hostname (G_NETWORK_ADDRESS (address)) == '\0')
    return NULL;
  self = g_new0 (DispSlotPool, 1);
  self->address = g_steal_pointer (&address);
  self->clock = g_object_ref (clock);
  self->idle_timeout = (gint64) idle_timeout * G_USEC_PER_SEC;
  g_queue_init (&self->idle);
  return self;
}

/**
 * disp_slot_pool_free:
 * @self: (transfer full): a pool none of whose slots is taken
 *
 * Closes its connections.
 */
void
disp_slot_pool_free (DispSlotPool *self)
{
  g_assert (self->n_busy == 0);
  disp_clock_clear_timer (&self->timer);
  g_queue_clear_full (&self->idle, slot_free);
  g_object_unref (self->clock);
  g_object_unref (self->address);
  g_free (self);
}

/**
 * disp_slot_pool_set_idle_timeout:
 * @self: a pool
 * @idle_timeout: how long an idle connection is kept from now on, in seconds
 *
 * Also those that are idle already.
 */
void
disp_slot_pool_set_idle_timeout (DispSlotPool *self, guint idle_timeout)
{
  const gint64 wanted = (gint64) idle_timeout * G_USEC_PER_SEC;

  if (self->idle_timeout == wanted)
    return;
  self->idle_timeout = wanted;
  disp_clock_clear_timer (&self->timer);
  watch_idle (self);
}

/**
 * disp_slot_pool_take:
 * @self: a pool
 *
 * Returns: (transfer full): the slot that was used last, so that few connections stay warm, or a
 * new one
 */
DispSlot *
disp_slot_pool_take (DispSlotPool *self)
{
  DispSlot *slot = g_queue_pop_head (&self->idle);

  self->n_busy++;
  return slot != NULL ? slot : slot_new (self);
}

/**
 * disp_slot_pool_give:
 * @self: the pool
 * @slot: (transfer full): a slot that was taken from it and is idle again
 * @now: the time, in microseconds
 *
 * Gives a slot back.  It is let go, and its connection closed, when nobody takes it for longer than
 * the idle timeout, or when more than 64 are idle that were given back later.
 */
void
disp_slot_pool_give (DispSlotPool *self, DispSlot *slot, gint64 now)
{
  self->n_busy--;
  self->used = slot->released = now;
  g_queue_push_head (&self->idle, slot);
  trim (self, now);
  watch_idle (self);
}

/**
 * disp_slot_pool_discard:
 * @self: the pool
 * @slot: (transfer full): a slot that was taken from it and has failed
 *
 * Ends a slot and its connection, and forgets the addresses that the host name stood for.
 */
void
disp_slot_pool_discard (DispSlotPool *self, DispSlot *slot)
{
  GNetworkAddress *address = G_NETWORK_ADDRESS (self->address);
  GSocketConnectable *fresh = g_network_address_new (g_network_address_get_hostname (address),
                                                     g_network_address_get_port (address));

  self->n_busy--;
  slot_free (slot);
  g_object_unref (self->address);
  self->address = fresh;
}

/**
 * disp_slot_pool_is_unused:
 * @self: a pool
 * @now: the time, in microseconds
 *
 * Returns: whether no slot is taken and all connections have been idle for so long that they are
 * closed
 */
gboolean
disp_slot_pool_is_unused (DispSlotPool *self, gint64 now)
{
  return self->n_busy == 0 && self->used < now - self->idle_timeout;
}
