/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/slot-pool.h"

#define IDLE 10
#define SECOND G_USEC_PER_SEC

/* Sessions are followed by weak pointers: a slot that is let go ends its session. */
static void
follow (DispSlot *slot, SoupSession **session)
{
  *session = slot->session;
  g_object_add_weak_pointer (G_OBJECT (*session), (gpointer *) session);
}

static void
test_order (void)
{
  DispSlotPool *pool = disp_slot_pool_new ("http://127.0.0.1:1", IDLE);
  DispSlot *a = disp_slot_pool_take (pool);
  DispSlot *b = disp_slot_pool_take (pool);
  DispSlot *c = disp_slot_pool_take (pool);

  g_assert_true (a != b && b != c && a != c);
  disp_slot_pool_give (pool, b, 1);
  disp_slot_pool_give (pool, a, 2);
  disp_slot_pool_give (pool, c, 3);
  g_assert_true (disp_slot_pool_take (pool) == c);
  g_assert_true (disp_slot_pool_take (pool) == a);
  disp_slot_pool_give (pool, c, 4);
  g_assert_true (disp_slot_pool_take (pool) == c);
  g_assert_true (disp_slot_pool_take (pool) == b);
  disp_slot_pool_give (pool, a, 5);
  disp_slot_pool_give (pool, b, 5);
  disp_slot_pool_give (pool, c, 5);
  disp_slot_pool_free (pool);
}

/* Slots that were not used for the idle time go when one is given back. */
static void
test_trim (void)
{
  DispSlotPool *pool = disp_slot_pool_new ("http://127.0.0.1:1", IDLE);
  DispSlot *slots[3];
  SoupSession *sessions[3];

  for (guint i = 0; i < 3; i++)
    {
      slots[i] = disp_slot_pool_take (pool);
      follow (slots[i], &sessions[i]);
    }
  for (guint i = 0; i < 3; i++)
    disp_slot_pool_give (pool, slots[i], i * SECOND);
  g_assert_true (disp_slot_pool_take (pool) == slots[2]);
  disp_slot_pool_give (pool, slots[2], IDLE * SECOND);
  g_assert_nonnull (sessions[0]);
  g_assert_true (disp_slot_pool_take (pool) == slots[2]);
  disp_slot_pool_give (pool, slots[2], IDLE * SECOND + 1);
  g_assert_null (sessions[0]);
  g_assert_nonnull (sessions[1]);
  g_assert_true (disp_slot_pool_take (pool) == slots[2]);
  disp_slot_pool_give (pool, slots[2], 100 * IDLE * SECOND);
  g_assert_null (sessions[1]);
  g_assert_nonnull (sessions[2]);
  disp_slot_pool_free (pool);
  g_assert_null (sessions[2]);
}

static void
test_discard (void)
{
  DispSlotPool *pool = disp_slot_pool_new ("http://localhost:1", IDLE);
  DispSlot *a = disp_slot_pool_take (pool);
  DispSlot *b = disp_slot_pool_take (pool);
  DispSlot *fresh;
  SoupSession *session;
  GSocketConnectable *before;
  GSocketConnectable *after;

  before = soup_session_get_remote_connectable (b->session);
  follow (a, &session);
  disp_slot_pool_discard (pool, a);
  g_assert_null (session);
  /* the name is looked up anew, and it is the same name */
  fresh = disp_slot_pool_take (pool);
  after = soup_session_get_remote_connectable (fresh->session);
  g_assert_true (after != before);
  g_assert_cmpstr (g_network_address_get_hostname (G_NETWORK_ADDRESS (after)), ==, "localhost");
  g_assert_cmpuint (g_network_address_get_port (G_NETWORK_ADDRESS (after)), ==, 1);
  disp_slot_pool_give (pool, b, 1);
  disp_slot_pool_give (pool, fresh, 1);
  disp_slot_pool_free (pool);
}

static void
test_unused (void)
{
  DispSlotPool *pool = disp_slot_pool_new ("http://127.0.0.1:1", IDLE);
  DispSlot *a = disp_slot_pool_take (pool);
  DispSlot *b = disp_slot_pool_take (pool);

  g_assert_false (disp_slot_pool_is_unused (pool, 1000 * SECOND));
  disp_slot_pool_give (pool, a, 5 * SECOND);
  g_assert_false (disp_slot_pool_is_unused (pool, 1000 * SECOND));
  disp_slot_pool_discard (pool, b);
  g_assert_false (disp_slot_pool_is_unused (pool, (5 + IDLE) * SECOND));
  g_assert_true (disp_slot_pool_is_unused (pool, (5 + IDLE) * SECOND + 1));
  a = disp_slot_pool_take (pool);
  g_assert_false (disp_slot_pool_is_unused (pool, 1000 * SECOND));
  disp_slot_pool_discard (pool, a);
  disp_slot_pool_free (pool);
}

static void
test_endpoints (void)
{
  static const char *const wrong[] = { "", "x", "http://", "http://:80", "127.0.0.1:80" };
  static const char *const right[] = { "http://127.0.0.1:1", "http://[::1]:1", "http://a",
                                       "http://a.example:65535" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    g_assert_null (disp_slot_pool_new (wrong[i], IDLE));
  for (guint i = 0; i < G_N_ELEMENTS (right); i++)
    {
      DispSlotPool *pool = disp_slot_pool_new (right[i], IDLE);

      g_assert_nonnull (pool);
      disp_slot_pool_free (pool);
    }
}

/* A session can do what a call needs, and nothing else. */
static void
test_session (void)
{
  DispSlotPool *pool = disp_slot_pool_new ("http://127.0.0.1:1", IDLE);
  DispSlot *slot = disp_slot_pool_take (pool);

  g_assert_false (soup_session_has_feature (slot->session, SOUP_TYPE_AUTH_MANAGER));
  g_assert_false (soup_session_has_feature (slot->session, SOUP_TYPE_CONTENT_DECODER));
  g_assert_false (soup_session_has_feature (slot->session, SOUP_TYPE_COOKIE_JAR));
  g_assert_null (soup_session_get_proxy_resolver (slot->session));
  g_assert_cmpuint (soup_session_get_timeout (slot->session), ==, 0);
  g_assert_cmpuint (soup_session_get_idle_timeout (slot->session), ==, IDLE);
  g_assert_null (slot->socket);
  disp_slot_pool_give (pool, slot, 1);
  disp_slot_pool_free (pool);
}

int
main (int argc, char **argv)
{
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/upstream/slot-pool/order", test_order);
  g_test_add_func ("/upstream/slot-pool/trim", test_trim);
  g_test_add_func ("/upstream/slot-pool/discard", test_discard);
  g_test_add_func ("/upstream/slot-pool/unused", test_unused);
  g_test_add_func ("/upstream/slot-pool/endpoints", test_endpoints);
  g_test_add_func ("/upstream/slot-pool/session", test_session);
  return g_test_run ();
}
