/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/reception.h"

#include "core/error.h"
#include "support/fixtures.h"
#include "support/news.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <sys/un.h>

#define N_THREADS 8
#define N_TURNS 20000

static GString *news;

/* An address as accept() gives it: of IPv4, of IPv6, or "unix". */
typedef struct
{
  struct sockaddr_storage storage;
  socklen_t length;
} Address;

static Address
make_address (const char *text)
{
  Address address = { .length = 0 };
  struct sockaddr_in *ipv4 = (struct sockaddr_in *) &address.storage;
  struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *) &address.storage;

  if (g_str_equal (text, "unix"))
    {
      address.storage.ss_family = AF_UNIX;
      address.length = sizeof (sa_family_t); /* a client that is not bound */
    }
  else if (inet_pton (AF_INET, text, &ipv4->sin_addr) == 1)
    {
      ipv4->sin_family = AF_INET;
      ipv4->sin_port = htons (4711);
      address.length = sizeof *ipv4;
    }
  else
    {
      g_assert_cmpint (inet_pton (AF_INET6, text, &ipv6->sin6_addr), ==, 1);
      ipv6->sin6_family = AF_INET6;
      address.length = sizeof *ipv6;
    }
  return address;
}

static DispPeer *
admit (DispReception *reception, const DispTerms *terms, const char *text)
{
  const Address address = make_address (text);
  g_autoptr (GError) error = NULL;
  DispPeer *peer = disp_reception_admit (
      reception, terms, (const struct sockaddr *) &address.storage, address.length, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (peer);
  return peer;
}

static void
assert_turned_away (DispReception *reception, const DispTerms *terms, const char *text,
                    const char *message)
{
  const Address address = make_address (text);
  guint before = disp_reception_count_connections (reception);
  g_autoptr (GError) error = NULL;
  gboolean is_full;

  g_assert_null (disp_reception_admit (reception, terms, (const struct sockaddr *) &address.storage,
                                       address.length, &is_full, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_TOO_MANY_CONNECTIONS);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_cmpuint (disp_reception_count_connections (reception), ==, before);
  if (is_full)
    disp_reception_turned_away (reception, terms, error);
}

/* Which addresses are one client, and what it is called. */
static void
test_names (void)
{
  static const char *const rows[][3] = {
    { "192.0.2.1", "192.0.2.1", "192.0.2.1" },
    { "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1" },
    { "2001:db8:0:7::1", "2001:db8:0:7:ffff:ffff:ffff:ffff", "2001:db8:0:7::/64" },
    { "::1", "::2", "::/64" },
    { "0.0.0.0", "::ffff:0.0.0.0", "0.0.0.0" },
    { "255.255.255.255", "255.255.255.255", "255.255.255.255" },
    { "ffff:ffff:ffff:fffe::", "ffff:ffff:ffff:fffe::9", "ffff:ffff:ffff:fffe::/64" },
    { "unix", "unix", "unix" },
  };
  const DispTerms terms = { .max_connections = 100 };
  g_autoptr (DispReception) reception = disp_reception_new ();
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  DispPeer *peers[G_N_ELEMENTS (rows)];

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DispPeer *again;

      peers[i] = admit (reception, &terms, rows[i][0]);
      again = admit (reception, &terms, rows[i][1]);
      g_assert_true (again == peers[i]);
      g_assert_cmpstr (disp_peer_get_name (again), ==, rows[i][2]);
      disp_reception_leave (reception, again);
      g_hash_table_add (names, (gpointer) disp_peer_get_name (peers[i]));
    }
  g_assert_cmpuint (g_hash_table_size (names), ==, G_N_ELEMENTS (rows) - 1);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    disp_reception_leave (reception, peers[i]);
  g_assert_cmpuint (disp_reception_count_connections (reception), ==, 0);
}

/* What comes with a length that is too short for its family is no address of it. */
static void
test_truncated (void)
{
  const DispTerms terms = { .max_connections = 1 };
  g_autoptr (DispReception) reception = disp_reception_new ();
  const Address address = make_address ("2001:db8::1");

  for (socklen_t length = 0; length < address.length; length++)
    {
      DispPeer *peer = disp_reception_admit (
          reception, &terms, (const struct sockaddr *) &address.storage, length, NULL, NULL);

      g_assert_cmpstr (disp_peer_get_name (peer), ==, "unix");
      disp_reception_leave (reception, peer);
    }
}

static void
test_of_one_client (void)
{
  const DispTerms terms = { .max_connections = 100, .max_connections_per_client = 2 };
  g_autoptr (DispReception) reception = disp_reception_new ();
  DispPeer *first = admit (reception, &terms, "2001:db8::1");
  DispPeer *second = admit (reception, &terms, "2001:db8::2");
  DispPeer *other = admit (reception, &terms, "2001:db8:0:1::1");

  for (guint i = 0; i < 3; i++)
    assert_turned_away (reception, &terms, "2001:db8::3",
                        "2001:db8::/64 has as many connections as one client may have: 2");
  disp_reception_leave (reception, first);
  second = admit (reception, &terms, "2001:db8::3");
  disp_reception_leave (reception, second);
  disp_reception_leave (reception, second);
  disp_reception_leave (reception, other);
  /* Operators need not look at what one client does. */
  g_assert_cmpstr (news->str, ==, "");
}

/* Who comes over a UNIX socket is not one client. */
static void
test_unix_is_exempt (void)
{
  const DispTerms terms = { .max_connections = 10, .max_connections_per_client = 1 };
  g_autoptr (DispReception) reception = disp_reception_new ();
  DispPeer *peer = NULL;

  for (guint i = 0; i < 10; i++)
    peer = admit (reception, &terms, "unix");
  assert_turned_away (reception, &terms, "unix",
                      "there are as many connections as there may be: 10");
  for (guint i = 0; i < 10; i++)
    disp_reception_leave (reception, peer);
  g_string_truncate (news, 0);
}

static void
fill (DispReception *reception, const DispTerms *terms, GPtrArray *peers)
{
  while (disp_reception_count_connections (reception) < terms->max_connections)
    {
      g_autofree char *text = g_strdup_printf ("198.51.100.%u", peers->len);

      g_ptr_array_add (peers, admit (reception, terms, text));
    }
}

static void
leave_some (DispReception *reception, GPtrArray *peers, guint n)
{
  for (guint i = 0; i < n; i++)
    disp_reception_leave (reception, g_ptr_array_steal_index (peers, peers->len - 1));
}

/* Operators hear of it when it begins, and when there is room again. */
static void
test_of_all (void)
{
  const DispTerms terms = { .max_connections = 16 };
  const DispTerms more = { .max_connections = 32 };
  const char *full = "clients are turned away: there are as many connections as there may be: 16\n";
  g_autoptr (DispReception) reception = disp_reception_new ();
  g_autoptr (GPtrArray) peers = g_ptr_array_new ();

  fill (reception, &terms, peers);
  g_assert_cmpuint (disp_reception_count_connections (reception), ==, 16);
  for (guint i = 0; i < 3; i++)
    {
      assert_turned_away (reception, &terms, "203.0.113.1",
                          "there are as many connections as there may be: 16");
      leave_some (reception, peers, 1);
      fill (reception, &terms, peers);
    }
  g_assert_cmpstr (news->str, ==, full);
  g_string_truncate (news, 0);
  leave_some (reception, peers, 2);
  g_assert_cmpstr (news->str, ==, "");
  leave_some (reception, peers, 1);
  g_assert_cmpstr (news->str, ==, "there is room for more connections again, 13 are open\n");
  g_string_truncate (news, 0);

  /* So it is when there may be more than before. */
  fill (reception, &terms, peers);
  assert_turned_away (reception, &terms, "203.0.113.1",
                      "there are as many connections as there may be: 16");
  g_assert_cmpstr (news->str, ==, full);
  g_string_truncate (news, 0);
  g_ptr_array_add (peers, admit (reception, &more, "203.0.113.1"));
  g_assert_cmpstr (news->str, ==, "there is room for more connections again, 17 are open\n");
  g_string_truncate (news, 0);
  leave_some (reception, peers, peers->len);
  g_assert_cmpstr (news->str, ==, "");
}

/* What the threads of a test share. */
typedef struct
{
  DispReception *reception; /* (owned) */
  DispTerms terms;
  atomic_uint n_admitted;
} Shared;

static void
come_and_go (guint number, gpointer user_data)
{
  Shared *shared = user_data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (number);
  DispPeer *peers[8] = { NULL };

  for (guint i = 0; i < N_TURNS; i++)
    {
      DispPeer **peer = &peers[g_rand_int_range (rand, 0, G_N_ELEMENTS (peers))];
      g_autofree char *text = g_strdup_printf ("192.0.2.%d", g_rand_int_range (rand, 0, 3));
      const Address address = make_address (text);

      if (*peer != NULL)
        disp_reception_leave (shared->reception, g_steal_pointer (peer));
      else
        *peer = disp_reception_admit (shared->reception, &shared->terms,
                                      (const struct sockaddr *) &address.storage, address.length,
                                      NULL, NULL);
      if (*peer != NULL)
        atomic_fetch_add (&shared->n_admitted, 1);
      g_assert_cmpuint (disp_reception_count_connections (shared->reception), <=,
                        shared->terms.max_connections);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (peers); i++)
    if (peers[i] != NULL)
      disp_reception_leave (shared->reception, peers[i]);
}

static void
test_threads (void)
{
  g_autoptr (DispReception) reception = disp_reception_new ();
  Shared shared = { .reception = reception,
                    .terms = { .max_connections = 20, .max_connections_per_client = 9 } };

  fixture_run_threads (N_THREADS, come_and_go, &shared);
  g_assert_cmpuint (disp_reception_count_connections (reception), ==, 0);
  g_assert_cmpuint (atomic_load (&shared.n_admitted), >, N_TURNS);
  g_string_truncate (news, 0);
}

static void
test_memory (void)
{
  const gsize limit = 16 * DISP_SMALL_BODY;
  const DispTerms terms = { .body_memory = limit };
  g_autoptr (DispReception) reception = disp_reception_new ();

  g_assert_false (disp_reception_take_memory (reception, &terms, 0, limit + 1));
  g_assert_false (disp_reception_take_memory (reception, &terms, 0, G_MAXSIZE));
  g_assert_cmpuint (disp_reception_get_memory (reception), ==, 0);
  g_assert_true (disp_reception_take_memory (reception, &terms, 0, limit - 1));
  g_assert_false (disp_reception_take_memory (reception, &terms, 0, DISP_SMALL_BODY + 1));
  g_assert_cmpuint (disp_reception_get_memory (reception), ==, limit - 1);
  /* Small ones have some on top. */
  g_assert_true (disp_reception_take_memory (reception, &terms, 0, DISP_SMALL_BODY));
  g_assert_true (disp_reception_take_memory (reception, &terms, 0, 1));
  g_assert_false (disp_reception_take_memory (reception, &terms, 0, 1));
  g_assert_true (disp_reception_take_memory (reception, &terms, 0, 0));
  disp_reception_give_memory (reception, DISP_SMALL_BODY + 1);
  g_assert_false (disp_reception_take_memory (reception, &terms, 0, DISP_SMALL_BODY + 1));
  disp_reception_give_memory (reception, limit - 1);
  g_assert_cmpuint (disp_reception_get_memory (reception), ==, 0);
}

/* There may be as much as can be counted. */
static void
test_memory_without_limit (void)
{
  const DispTerms terms = { .body_memory = G_MAXSIZE };
  g_autoptr (DispReception) reception = disp_reception_new ();

  g_assert_true (disp_reception_take_memory (reception, &terms, 0, G_MAXSIZE));
  g_assert_false (disp_reception_take_memory (reception, &terms, 0, 1));
  disp_reception_give_memory (reception, G_MAXSIZE);
}

static void
take_and_give (guint number, gpointer user_data)
{
  Shared *shared = user_data;
  gsize size = (number + 1) * DISP_SMALL_BODY;

  for (guint i = 0; i < N_TURNS; i++)
    if (disp_reception_take_memory (shared->reception, &shared->terms, 0, size))
      {
        g_assert_cmpuint (disp_reception_get_memory (shared->reception), <=,
                          shared->terms.body_memory + shared->terms.body_memory / 16);
        disp_reception_give_memory (shared->reception, size);
      }
}

static void
test_memory_threads (void)
{
  g_autoptr (DispReception) reception = disp_reception_new ();
  Shared shared = { .reception = reception, .terms = { .body_memory = 16 * DISP_SMALL_BODY } };

  fixture_run_threads (N_THREADS, take_and_give, &shared);
  g_assert_cmpuint (disp_reception_get_memory (reception), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* That clients are turned away is worth a warning, and no fault here. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  news = g_string_new (NULL);
  news_keep_in (news);
  g_test_add_func ("/front/reception/names", test_names);
  g_test_add_func ("/front/reception/truncated", test_truncated);
  g_test_add_func ("/front/reception/of-one-client", test_of_one_client);
  g_test_add_func ("/front/reception/unix-is-exempt", test_unix_is_exempt);
  g_test_add_func ("/front/reception/of-all", test_of_all);
  g_test_add_func ("/front/reception/threads", test_threads);
  g_test_add_func ("/front/reception/memory", test_memory);
  g_test_add_func ("/front/reception/memory/without-limit", test_memory_without_limit);
  g_test_add_func ("/front/reception/memory/threads", test_memory_threads);
  return g_test_run ();
}
