/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/slot-pool.h"

/* The slots of one endpoint that one worker has.  Only the worker's thread touches it. */
struct _DispSlotPool
{
  GSocketConnectable *address; /* (owned) */
  guint idle_timeout;          /* in seconds */
  GQueue idle; /* (element-type DispSlot, owned) the one given back last at the head */
  guint n_busy;
  gint64 used; /* when a slot was last given back, in microseconds */
};

static void
slot_free (gpointer data)
{
  DispSlot *slot = data;

  g_object_unref (slot->session);
  g_clear_object (&slot->socket);
  g_free (slot);
}

/*
 * Only what a call to a model server needs: no redirects, no cookies, no authentication, no
 * decoding (a body comes back as it is), no time-out of libsoup's own, since deadlines are the
 * engine's, and no proxy.  A resolver that says "direct" would not do: GIO would still load its
 * modules that look for proxies, which takes the first request some 40 ms and reads user settings.
 */
static DispSlot *
slot_new (DispSlotPool *pool)
{
  DispSlot *slot = g_new0 (DispSlot, 1);

  slot->session = g_object_new (SOUP_TYPE_SESSION, "max-conns", 1, "max-conns-per-host", 1,
                                "remote-connectable", pool->address, "proxy-resolver", NULL,
                                "timeout", 0, "idle-timeout", pool->idle_timeout, NULL);
  soup_session_remove_feature_by_type (slot->session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (slot->session, SOUP_TYPE_CONTENT_DECODER);
  return slot;
}

/**
 * disp_slot_pool_new:
 * @endpoint: "http://node:port"
 * @idle_timeout: how long an idle connection is kept, in seconds
 *
 * Returns: (transfer full) (nullable): a pool without slots; %NULL if @endpoint names no host and
 * port
 */
DispSlotPool *
disp_slot_pool_new (const char *endpoint, guint idle_timeout)
{
  g_autoptr (GSocketConnectable) address = g_network_address_parse_uri (endpoint, 80, NULL);
  DispSlotPool *self;

  /* "http://" has a name, which is empty */
  if (address == NULL || *g_network_address_get_hostname (G_NETWORK_ADDRESS (address)) == '\0')
    return NULL;
  self = g_new0 (DispSlotPool, 1);
  self->address = g_steal_pointer (&address);
  self->idle_timeout = idle_timeout;
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
  g_queue_clear_full (&self->idle, slot_free);
  g_object_unref (self->address);
  g_free (self);
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
 * Gives a slot back.  Slots that have been idle for so long that their connection is closed are let
 * go.
 */
void
disp_slot_pool_give (DispSlotPool *self, DispSlot *slot, gint64 now)
{
  gint64 limit = now - (gint64) self->idle_timeout * G_USEC_PER_SEC;
  DispSlot *oldest;

  self->n_busy--;
  self->used = slot->released = now;
  while ((oldest = g_queue_peek_tail (&self->idle)) != NULL && oldest->released < limit)
    slot_free (g_queue_pop_tail (&self->idle));
  g_queue_push_head (&self->idle, slot);
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
  return self->n_busy == 0 && self->used < now - (gint64) self->idle_timeout * G_USEC_PER_SEC;
}
