/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/soup-transport.h"

#include "core/error.h"
#include "upstream/call.h"

struct _DispSoupTransport
{
  GObject parent_instance;
  DispClock *clock;           /* (owned) */
  DispUpstreamLimits *limits; /* (owned) */
  GHashTable *pools;          /* (owned) (element-type utf8 DispSlotPool, owned) by endpoint */
};

/* The pool of an endpoint.  Pools of endpoints that the fleet no longer has are let go when another
 * one comes. */
static DispSlotPool *
ensure_pool (DispSoupTransport *self, const char *endpoint, guint idle_timeout)
{
  DispSlotPool *pool = g_hash_table_lookup (self->pools, endpoint);
  gint64 now = disp_clock_now (self->clock);
  GHashTableIter iter;
  gpointer other;

  if (pool != NULL)
    {
      disp_slot_pool_set_idle_timeout (pool, idle_timeout);
      return pool;
    }
  g_hash_table_iter_init (&iter, self->pools);
  while (g_hash_table_iter_next (&iter, NULL, &other))
    if (disp_slot_pool_is_unused (other, now))
      g_hash_table_iter_remove (&iter);
  pool = disp_slot_pool_new (endpoint, idle_timeout, self->clock);
  if (pool != NULL)
    g_hash_table_insert (self->pools, g_strdup (endpoint), pool);
  return pool;
}

static void
soup_transport_send_async (DispTransport *transport, DispContainer *container, DispRequest *request,
                           const char *path, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  DispSoupTransport *self = DISP_SOUP_TRANSPORT (transport);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *url = g_strconcat (container->endpoint, path, NULL);
  GUri *uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  const DispUpstreamSettings settings = disp_upstream_limits_get (self->limits);
  DispSlotPool *pool = ensure_pool (self, container->endpoint, settings.idle_timeout);

  g_task_set_source_tag (task, soup_transport_send_async);
  if (uri == NULL || pool == NULL || !g_str_equal (g_uri_get_scheme (uri), "http"))
    {
      g_clear_pointer (&uri, g_uri_unref);
      g_task_return_new_error (task, DISP_ERROR, DISP_ERROR_UNREACHABLE,
                               "container \"%s\" has no usable endpoint: \"%s\"", container->name,
                               container->endpoint);
      g_object_unref (task);
      return;
    }
  disp_call_start (task, self->clock, &settings, pool, container, request, uri);
}

static DispAnswer *
soup_transport_send_finish (G_GNUC_UNUSED DispTransport *transport, GAsyncResult *result,
                            GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
soup_transport_iface_init (DispTransportInterface *iface)
{
  iface->send_async = soup_transport_send_async;
  iface->send_finish = soup_transport_send_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispSoupTransport, disp_soup_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_TRANSPORT,
                                                      soup_transport_iface_init))

static void
disp_soup_transport_finalize (GObject *object)
{
  DispSoupTransport *self = DISP_SOUP_TRANSPORT (object);

  g_hash_table_unref (self->pools);
  disp_upstream_limits_unref (self->limits);
  g_object_unref (self->clock);
  G_OBJECT_CLASS (disp_soup_transport_parent_class)->finalize (object);
}

static void
disp_soup_transport_class_init (DispSoupTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_soup_transport_finalize;
}

static void
disp_soup_transport_init (DispSoupTransport *self)
{
  self->pools = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                       (GDestroyNotify) disp_slot_pool_free);
}

/**
 * disp_soup_transport_new:
 * @clock: the clock
 * @limits: what the operator decided, which may change
 *
 * A transport over libsoup, for the thread whose thread-default context is in force now.  The
 * environment variable SOUP_FORCE_HTTP1 must be set before the first thread starts, or connections
 * to one host open one after another.
 *
 * Returns: (transfer full): a transport
 */
DispTransport *
disp_soup_transport_new (DispClock *clock, DispUpstreamLimits *limits)
{
  DispSoupTransport *self = g_object_new (DISP_TYPE_SOUP_TRANSPORT, NULL);

  self->clock = g_object_ref (clock);
  self->limits = disp_upstream_limits_ref (limits);
  return DISP_TRANSPORT (self);
}
