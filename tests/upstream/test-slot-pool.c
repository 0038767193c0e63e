/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-clock.h"
#include "upstream/slot-pool.h"

#define IDLE 10
#define MAX_IDLE 64
#define BURST 100
#define SECOND G_USEC_PER_SEC

/* Sessions are followed by weak pointers: a slot that is let go ends its session. */
static void
follow (DispSlot *slot, SoupSession **session)
{
  *session = slot->session;
  g_object_add_weak_pointer (G_OBJECT (*session), (gpointer *) session);
}

/* The clock of a pool of its own stands still. */
static DispSlotPool *
new_pool (const char *endpoint)
{
  g_autoptr (FakeClock) clock = fake_clock_new ();

  return disp_slot_pool_new (endpoint, IDLE, DISP_CLOCK (clock));
}

static void
test_order (void)
{
  DispSlotPool *pool = new_pool ("http://127.0.0.1:1");
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
  DispSlotPool *pool = new_pool ("http://127.0.0.1:1");
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

/* Of the many that a burst needs the last that were given back are kept. */
static void
test_burst (void)
{
  DispSlotPool *pool = new_pool ("http://127.0.0.1:1");
  DispSlot *slots[BURST];
  SoupSession *sessions[BURST];

  for (guint i = 0; i < BURST; i++)
    {
      slots[i] = disp_slot_pool_take (pool);
      follow (slots[i], &sessions[i]);
    }
  for (guint i = 0; i < BURST; i++)
    disp_slot_pool_give (pool, slots[i], 1);
  for (guint i = 0; i < BURST; i++)
    g_assert_cmpint (sessions[i] != NULL, ==, i >= BURST - MAX_IDLE);
  for (guint i = BURST; i > BURST - MAX_IDLE; i--)
    g_assert_true (disp_slot_pool_take (pool) == slots[i - 1]);
  for (guint i = BURST - MAX_IDLE; i < BURST; i++)
    disp_slot_pool_give (pool, slots[i], 2);
  disp_slot_pool_free (pool);
  for (guint i = 0; i < BURST; i++)
    g_assert_null (sessions[i]);
}

/* They go in their time by themselves, and then nothing rings any more. */
static void
test_idle (void)
{
  g_autoptr (FakeClock) fake = fake_clock_new ();
  DispClock *clock = DISP_CLOCK (fake);
  DispSlotPool *pool = disp_slot_pool_new ("http://127.0.0.1:1", IDLE, clock);
  DispSlot *a = disp_slot_pool_take (pool);
  DispSlot *b = disp_slot_pool_take (pool);
  SoupSession *sessions[2];

  follow (a, &sessions[0]);
  follow (b, &sessions[1]);
  g_assert_cmpuint (fake_clock_count_timers (fake), ==, 0);
  disp_slot_pool_give (pool, a, disp_clock_now (clock));
  fake_clock_advance (fake, SECOND);
  disp_slot_pool_give (pool, b, disp_clock_now (clock));
  g_assert_cmpuint (fake_clock_count_timers (fake), ==, 1);

  fake_clock_advance (fake, (IDLE - 1) * SECOND);
  g_assert_nonnull (sessions[0]);
  fake_clock_advance (fake, 1);
  g_assert_null (sessions[0]);
  g_assert_nonnull (sessions[1]);
  /* one that is used meanwhile stays */
  g_assert_true (disp_slot_pool_take (pool) == b);
  fake_clock_advance (fake, 10 * IDLE * SECOND);
  g_assert_nonnull (sessions[1]);
  g_assert_cmpuint (fake_clock_count_timers (fake), ==, 0);
  disp_slot_pool_give (pool, b, disp_clock_now (clock));
  fake_clock_advance (fake, IDLE * SECOND + 1);
  g_assert_null (sessions[1]);
  g_assert_cmpuint (fake_clock_count_timers (fake), ==, 0);
  disp_slot_pool_free (pool);
}

/* Another idle time counts for what is idle already, too. */
static void
test_other_idle (void)
{
  g_autoptr (FakeClock) fake = fake_clock_new ();
  DispClock *clock = DISP_CLOCK (fake);
  DispSlotPool *pool = disp_slot_pool_new ("http://127.0.0.1:1", 10 * IDLE, clock);
  DispSlot *slot = disp_slot_pool_take (pool);
  SoupSession *session;

  follow (slot, &session);
  disp_slot_pool_give (pool, slot, disp_clock_now (clock));
  disp_slot_pool_set_idle_timeout (pool, IDLE);
  g_assert_cmpuint (fake_clock_count_timers (fake), ==, 1);
  fake_clock_advance (fake, IDLE * SECOND);
  g_assert_nonnull (session);
  fake_clock_advance (fake, 1);
  g_assert_null (session);
  disp_slot_pool_free (pool);
}

static void
test_discard (void)
{
  DispSlotPool *pool = new_pool ("http://localhost:1");
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
  DispSlotPool *pool = new_pool ("http://127.0.0.1:1");
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
    g_assert_null (new_pool (wrong[i]));
  for (guint i = 0; i < G_N_ELEMENTS (right); i++)
    {
      DispSlotPool *pool = new_pool (right[i]);

      g_assert_nonnull (pool);
      disp_slot_pool_free (pool);
    }
}

/* A session can do what a call needs, and nothing else. */
static void
test_session (void)
{
  DispSlotPool *pool = new_pool ("http://127.0.0.1:1");
  DispSlot *slot = disp_slot_pool_take (pool);

  g_assert_false (soup_session_has_feature (slot->session, SOUP_TYPE_AUTH_MANAGER));
  g_assert_false (soup_session_has_feature (slot->session, SOUP_TYPE_CONTENT_DECODER));
  g_assert_false (soup_session_has_feature (slot->session, SOUP_TYPE_COOKIE_JAR));
  g_assert_null (soup_session_get_proxy_resolver (slot->session));
  g_assert_cmpuint (soup_session_get_timeout (slot->session), ==, 0);
  /* its own timer can ring while the connection is in use */
  g_assert_cmpuint (soup_session_get_idle_timeout (slot->session), ==, 0);
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
  g_test_add_func ("/upstream/slot-pool/burst", test_burst);
  g_test_add_func ("/upstream/slot-pool/idle", test_idle);
  g_test_add_func ("/upstream/slot-pool/other-idle", test_other_idle);
  g_test_add_func ("/upstream/slot-pool/discard", test_discard);
  g_test_add_func ("/upstream/slot-pool/unused", test_unused);
  g_test_add_func ("/upstream/slot-pool/endpoints", test_endpoints);
  g_test_add_func ("/upstream/slot-pool/session", test_session);
  return g_test_run ();
}
