/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/acceptor.h"

#include "front/raw-client.h"
#include "support/fake-clock.h"
#include "support/news.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

/* How long accepting pauses, and how long it must go well until that is told. */
#define PAUSE (100 * G_TIME_SPAN_MILLISECOND)
#define CALM (10 * G_TIME_SPAN_SECOND)

#define BUSY "no more connections can be accepted at the moment"

static GString *news;

/* A certificate that says nothing: an acceptor only looks whether there is one. */
#define TYPE_BLANK_CERTIFICATE (blank_certificate_get_type ())
G_DECLARE_FINAL_TYPE (BlankCertificate, blank_certificate, BLANK, CERTIFICATE, GTlsCertificate)

struct _BlankCertificate
{
  GTlsCertificate parent_instance;
};

G_DEFINE_FINAL_TYPE (BlankCertificate, blank_certificate, G_TYPE_TLS_CERTIFICATE)

static void
blank_certificate_set_property (G_GNUC_UNUSED GObject *object, G_GNUC_UNUSED guint id,
                                G_GNUC_UNUSED const GValue *value, G_GNUC_UNUSED GParamSpec *spec)
{
}

static void
blank_certificate_get_property (G_GNUC_UNUSED GObject *object, G_GNUC_UNUSED guint id,
                                G_GNUC_UNUSED GValue *value, G_GNUC_UNUSED GParamSpec *spec)
{
}

static void
blank_certificate_class_init (BlankCertificateClass *klass)
{
  static const char *const names[] = { "certificate", "certificate-pem", "private-key",
                                       "private-key-pem", "issuer" };

  G_OBJECT_CLASS (klass)->get_property = blank_certificate_get_property;
  G_OBJECT_CLASS (klass)->set_property = blank_certificate_set_property;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_object_class_override_property (G_OBJECT_CLASS (klass), i + 1, names[i]);
}

static void
blank_certificate_init (G_GNUC_UNUSED BlankCertificate *self)
{
}

/* A connection that was let in. */
typedef struct
{
  int fd;         /* (owned) */
  DispPeer *peer; /* (owned) */
} Connection;

/* One who serves, with what was let in. */
typedef struct
{
  DispReception *reception; /* (unowned) */
  DispCrewMember *member;   /* (owned) */
  GArray *connections;      /* (owned) (element-type Connection) */
} Seat;

/* An acceptor, and all that it is given. */
typedef struct
{
  FakeClock *clock; /* (owned) */
  char *directory;  /* (owned) */
  char *path;       /* (owned) in directory */
  DispPoller *poller;
  DispReception *reception; /* (owned) */
  DispCrew *crew;           /* (owned) */
  DispTerms *terms;         /* (owned) */
  Seat seat;
  GSocket *socket;        /* (owned) (nullable) listening */
  char *address;          /* (owned) (nullable) of socket */
  DispAcceptor *acceptor; /* (owned) (nullable) */
  GPtrArray *clients;     /* (owned) (element-type RawClient, owned) */
  guint n_evictable;      /* how many connections make_room() would close */
  guint n_asked;          /* how often it was called */
} Fixture;

static void
on_accepted (int fd, DispPeer *peer, gpointer user_data)
{
  Seat *seat = user_data;
  const Connection connection = { fd, peer };

  g_array_append_val (seat->connections, connection);
}

static void
seat_init (Seat *seat, DispReception *reception, DispCrew *crew)
{
  seat->reception = reception;
  seat->connections = g_array_new (FALSE, FALSE, sizeof (Connection));
  seat->member = disp_crew_join (crew, on_accepted, seat);
}

static void
close_first (Seat *seat)
{
  const Connection *first = &g_array_index (seat->connections, Connection, 0);

  close (first->fd);
  disp_reception_leave (seat->reception, first->peer);
  disp_crew_closed (seat->member);
  g_array_remove_index (seat->connections, 0);
}

static void
seat_clear (Seat *seat)
{
  while (seat->connections->len > 0)
    close_first (seat);
  disp_crew_leave (seat->member);
  g_array_unref (seat->connections);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->clock = fake_clock_new ();
  fixture->directory = g_dir_make_tmp ("acceptor-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, "socket", NULL);
  fixture->poller = disp_poller_new ();
  fixture->reception = disp_reception_new ();
  fixture->crew = disp_crew_new ();
  fixture->terms = disp_terms_new ();
  seat_init (&fixture->seat, fixture->reception, fixture->crew);
  fixture->clients = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_client_free);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_clear_pointer (&fixture->acceptor, disp_acceptor_free);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
  seat_clear (&fixture->seat);
  g_assert_cmpuint (disp_reception_count_connections (fixture->reception), ==, 0);
  disp_crew_unref (fixture->crew);
  disp_reception_unref (fixture->reception);
  disp_terms_unref (fixture->terms);
  disp_poller_free (fixture->poller);
  g_ptr_array_unref (fixture->clients);
  g_clear_object (&fixture->socket);
  g_free (fixture->address);
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->directory);
  g_free (fixture->path);
  g_assert_cmpstr (news->str, ==, "");
}

/* Opens a listening socket at "tcp", "tcp6" or "unix"; FALSE where that is not to be had. */
static gboolean
open_socket (Fixture *fixture, const char *kind)
{
  g_autofree char *local = g_strconcat ("unix:", fixture->path, NULL);
  const char *address = g_str_equal (kind, "tcp") ? "127.0.0.1:0" : local;
  g_autoptr (GPtrArray) sockets = NULL;
  g_autoptr (GError) error = NULL;

  sockets = disp_listener_open (g_str_equal (kind, "tcp6") ? "[::1]:0" : address, 1, &error);
  if (sockets == NULL && g_str_equal (kind, "tcp6"))
    {
      g_test_skip ("there is no IPv6 here");
      return FALSE;
    }
  g_assert_no_error (error);
  g_assert_nonnull (sockets);
  fixture->socket = g_object_ref (g_ptr_array_index (sockets, 0));
  fixture->address = disp_listener_describe (fixture->socket);
  return TRUE;
}

static gboolean
make_room (gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_asked++;
  if (fixture->n_evictable == 0)
    return FALSE;
  fixture->n_evictable--;
  close_first (&fixture->seat);
  return TRUE;
}

static void
start (Fixture *fixture, GSocket *socket)
{
  const DispAcceptorSettings settings = {
    .poller = fixture->poller,
    .clock = DISP_CLOCK (fixture->clock),
    .reception = fixture->reception,
    .member = fixture->seat.member,
    .terms = fixture->terms,
    .make_room = make_room,
    .user_data = fixture,
  };

  fixture->acceptor = disp_acceptor_new (socket, &settings);
}

static void
connect_clients (Fixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (fixture->clients, raw_client_new (fixture->address));
}

static RawClient *
get_client (Fixture *fixture, guint i)
{
  return g_ptr_array_index (fixture->clients, i);
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
wait_accepted (Fixture *fixture, guint n)
{
  while (fixture->seat.connections->len < n)
    g_main_context_iteration (NULL, TRUE);
  turn ();
  g_assert_cmpuint (fixture->seat.connections->len, ==, n);
}

static int
get_option (int fd, int level, int option)
{
  int value = -1;
  socklen_t length = sizeof value;

  g_assert_cmpint (getsockopt (fd, level, option, &value, &length), ==, 0);
  return value;
}

static void
assert_options (int fd, int idle, int interval, int count)
{
  g_assert_cmpint (get_option (fd, IPPROTO_TCP, TCP_NODELAY), ==, 1);
  g_assert_cmpint (get_option (fd, IPPROTO_TCP, TCP_USER_TIMEOUT), ==, 30000);
  g_assert_cmpint (get_option (fd, SOL_SOCKET, SO_KEEPALIVE), ==, 1);
  g_assert_cmpint (get_option (fd, IPPROTO_TCP, TCP_KEEPIDLE), ==, idle);
  g_assert_cmpint (get_option (fd, IPPROTO_TCP, TCP_KEEPINTVL), ==, interval);
  g_assert_cmpint (get_option (fd, IPPROTO_TCP, TCP_KEEPCNT), ==, count);
}

static void
test_accepts (Fixture *fixture, gconstpointer data)
{
  const char *kind = data;
  const char *name = g_str_equal (kind, "tcp") ? "127.0.0.1" : "unix";

  if (!open_socket (fixture, kind))
    return;
  start (fixture, fixture->socket);
  connect_clients (fixture, 200);
  wait_accepted (fixture, 200);
  for (guint i = 0; i < 200; i++)
    {
      const Connection *connection = &g_array_index (fixture->seat.connections, Connection, i);

      g_assert_cmpint (fcntl (connection->fd, F_GETFD), ==, FD_CLOEXEC);
      g_assert_cmpint (fcntl (connection->fd, F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
      g_assert_cmpstr (disp_peer_get_name (connection->peer), ==,
                       g_str_equal (kind, "tcp6") ? "::/64" : name);
      if (!g_str_equal (kind, "unix"))
        assert_options (connection->fd, 60, 15, 4);
    }
  g_assert_cmpuint (disp_reception_count_connections (fixture->reception), ==, 200);
  g_assert_cmpuint (fixture->n_asked, ==, 0);
}

/* What whoever made the socket has set, such as a socket unit, is not changed. */
static void
test_options_stay (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  int fd;

  open_socket (fixture, "tcp");
  fd = g_socket_get_fd (fixture->socket);
  setsockopt (fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof (int));
  setsockopt (fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){ 7 }, sizeof (int));
  setsockopt (fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){ 8 }, sizeof (int));
  setsockopt (fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){ 9 }, sizeof (int));
  start (fixture, fixture->socket);
  connect_clients (fixture, 1);
  wait_accepted (fixture, 1);
  assert_options (g_array_index (fixture->seat.connections, Connection, 0).fd, 7, 8, 9);
}

/* However many wait, other sources get their turn. */
static void
test_bounded (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_socket (fixture, "unix");
  connect_clients (fixture, 100);
  turn ();
  start (fixture, fixture->socket);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (fixture->seat.connections->len, ==, 64);
  wait_accepted (fixture, 100);
}

/* Nobody whom the kernel let in is turned away at the end. */
static void
test_free_accepts (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_socket (fixture, "tcp");
  start (fixture, fixture->socket);
  connect_clients (fixture, 200);
  g_clear_pointer (&fixture->acceptor, disp_acceptor_free);
  g_assert_cmpuint (fixture->seat.connections->len, ==, 200);
  g_assert_true (g_socket_is_closed (fixture->socket));
}

/* Of a socket that others keep open the rest waits for them. */
static void
test_free_leaves (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) sockets = NULL;

  open_socket (fixture, data);
  sockets = disp_listener_adopt (g_socket_get_fd (fixture->socket), 2, NULL);
  start (fixture, g_ptr_array_index (sockets, 0));
  connect_clients (fixture, 5);
  g_clear_pointer (&fixture->acceptor, disp_acceptor_free);
  g_assert_cmpuint (fixture->seat.connections->len, ==, 0);
  g_assert_true (g_socket_is_closed (g_ptr_array_index (sockets, 0)));
  start (fixture, g_ptr_array_index (sockets, 1));
  wait_accepted (fixture, 5);
}

/* One that gave up while it waited is accepted as a closed one. */
static void
test_gave_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  open_socket (fixture, "tcp");
  start (fixture, fixture->socket);
  connect_clients (fixture, 2);
  raw_client_reset (get_client (fixture, 0));
  wait_accepted (fixture, 2);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
}

/* The kernel gives all to one, and that lets others have their part. */
static void
test_spread (Fixture *fixture, gconstpointer data)
{
  Seat other;

  open_socket (fixture, data);
  seat_init (&other, fixture->reception, fixture->crew);
  start (fixture, fixture->socket);
  for (guint i = 0; i < 8; i++)
    {
      connect_clients (fixture, 1);
      turn ();
    }
  g_assert_cmpuint (fixture->seat.connections->len, ==, 4);
  g_assert_cmpuint (other.connections->len, ==, 4);
  seat_clear (&other);
}

static void
assert_turned_away (RawClient *client, const char *message)
{
  g_autoptr (RawAnswer) answer = raw_client_read (client);

  raw_answer_assert_error (answer, 503, message);
  raw_answer_assert_field (answer, "Connection", "close");
  raw_answer_assert_field (answer, "Retry-After", "1");
  raw_client_assert_end (client);
}

static void
assert_news (const char *expected)
{
  g_assert_cmpstr (news->str, ==, expected);
  g_string_truncate (news, 0);
}

static void
test_max_connections (Fixture *fixture, gconstpointer data)
{
  const char *message = "there are as many connections as there may be: 8";
  g_autoptr (DispTerms) more = disp_terms_new ();

  fixture->terms->max_connections = 8;
  open_socket (fixture, data);
  start (fixture, fixture->socket);
  connect_clients (fixture, 9);
  assert_turned_away (get_client (fixture, 8), message);
  g_assert_cmpuint (fixture->seat.connections->len, ==, 8);
  assert_news ("clients are turned away: there are as many connections as there may be: 8\n");

  /* One that was idle makes room. */
  fixture->n_evictable = 1;
  connect_clients (fixture, 1);
  turn ();
  g_assert_cmpuint (fixture->n_evictable, ==, 0);
  g_assert_cmpuint (fixture->seat.connections->len, ==, 8);
  raw_client_assert_end (get_client (fixture, 0));
  connect_clients (fixture, 1);
  assert_turned_away (get_client (fixture, 10), message);
  g_assert_cmpuint (fixture->n_asked, ==, 3);

  disp_acceptor_set_terms (fixture->acceptor, more);
  connect_clients (fixture, 2);
  turn ();
  g_assert_cmpuint (fixture->seat.connections->len, ==, 10);
  assert_news ("there is room for more connections again, 9 are open\n");
}

static void
test_of_one_client (Fixture *fixture, gconstpointer data)
{
  const char *kind = data;

  fixture->terms->max_connections_per_client = 2;
  /* All are taken then, too. */
  if (g_str_equal (kind, "tcp"))
    fixture->terms->max_connections = 2;
  open_socket (fixture, kind);
  start (fixture, fixture->socket);
  connect_clients (fixture, 3);
  if (g_str_equal (kind, "tcp"))
    assert_turned_away (get_client (fixture, 2),
                        "127.0.0.1 has as many connections as one client may have: 2");
  wait_accepted (fixture, g_str_equal (kind, "tcp") ? 2 : 3);
  /* It cannot have connections of others closed, and operators need not hear of it. */
  g_assert_cmpuint (fixture->n_asked, ==, 0);
  assert_news ("");
}

/* What a client has sent before it was turned away does not cost it the answer. */
static void
test_request_unread (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *body = g_strnfill (20000, '1');

  fixture->terms->max_connections = 0;
  open_socket (fixture, "tcp");
  connect_clients (fixture, 1);
  raw_client_post (get_client (fixture, 0), "/predict", body);
  start (fixture, fixture->socket);
  assert_turned_away (get_client (fixture, 0), "as there may be: 0");
  g_string_truncate (news, 0);
}

/* Who begins with TLS does not understand anything else. */
static void
test_tls (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->terms->max_connections = 0;
  fixture->terms->certificate = g_object_new (TYPE_BLANK_CERTIFICATE, NULL);
  open_socket (fixture, "tcp");
  start (fixture, fixture->socket);
  connect_clients (fixture, 1);
  raw_client_assert_end (get_client (fixture, 0));
  g_string_truncate (news, 0);
}

/* Lets this process open no more descriptors; returns the limit before. */
static struct rlimit
exhaust_descriptors (void)
{
  struct rlimit before;
  struct rlimit none;
  int next = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (next, >=, 0);
  close (next);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  none = before;
  none.rlim_cur = (rlim_t) next;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  return before;
}

static void
wait_paused (Fixture *fixture)
{
  while (fake_clock_count_timers (fixture->clock) == 0)
    g_main_context_iteration (NULL, TRUE);
  /* It waits without turning round and round. */
  turn ();
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 1);
}

static void
assert_told_paused (Fixture *fixture)
{
  g_autofree char *expected = g_strdup_printf (
      "no more connections can be accepted on %s, those that come wait: Too many open files\n",
      fixture->address);

  assert_news (expected);
}

/* Each pause one client learns that it is in vain; the others wait, and are let in. */
static void
test_descriptors_run_out (Fixture *fixture, gconstpointer data)
{
  g_autofree char *resumed = NULL;
  struct rlimit before;

  open_socket (fixture, data);
  start (fixture, fixture->socket);
  connect_clients (fixture, 5);
  before = exhaust_descriptors ();
  wait_paused (fixture);
  assert_turned_away (get_client (fixture, 0), BUSY);
  fake_clock_advance (fixture->clock, PAUSE); /* it tries again, in vain */
  wait_paused (fixture);
  assert_turned_away (get_client (fixture, 1), BUSY);
  g_assert_cmpuint (fixture->seat.connections->len, ==, 0);
  g_assert_cmpuint (fixture->n_asked, ==, 2);
  assert_told_paused (fixture); /* once */

  setrlimit (RLIMIT_NOFILE, &before);
  fake_clock_advance (fixture->clock, PAUSE - 1);
  turn ();
  g_assert_cmpuint (fixture->seat.connections->len, ==, 0);
  fake_clock_advance (fixture->clock, 1);
  wait_accepted (fixture, 3);
  fake_clock_advance (fixture->clock, CALM - 1);
  g_assert_cmpstr (news->str, ==, "");
  fake_clock_advance (fixture->clock, 1);
  connect_clients (fixture, 1);
  wait_accepted (fixture, 4);
  resumed = g_strdup_printf ("connections are accepted again on %s\n", fixture->address);
  assert_news (resumed);
}

/* Before anybody is turned away an idle connection is closed. */
static void
test_descriptors_make_room (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  struct rlimit before;

  open_socket (fixture, "tcp");
  start (fixture, fixture->socket);
  connect_clients (fixture, 2);
  wait_accepted (fixture, 2);
  connect_clients (fixture, 2);
  fixture->n_evictable = 2;
  before = exhaust_descriptors ();
  while (fixture->n_evictable > 0)
    g_main_context_iteration (NULL, TRUE);
  turn ();
  setrlimit (RLIMIT_NOFILE, &before);
  g_assert_cmpuint (fixture->seat.connections->len, ==, 2);
  g_assert_cmpuint (fake_clock_count_timers (fixture->clock), ==, 0);
  for (guint i = 0; i < 2; i++)
    raw_client_assert_end (get_client (fixture, i));
  for (guint i = 2; i < 4; i++)
    g_assert_false (get_client (fixture, i)->at_end);
}

/* Somebody else may take the reserve; it is there again later. */
static void
test_reserve_lost (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  struct rlimit before;
  struct rlimit none;

  open_socket (fixture, "tcp");
  connect_clients (fixture, 3);
  before = exhaust_descriptors ();
  start (fixture, fixture->socket);
  wait_paused (fixture);
  assert_told_paused (fixture);
  g_assert_false (get_client (fixture, 0)->at_end);
  /* There is one again: the reserve, not a connection, gets it. */
  none = before;
  getrlimit (RLIMIT_NOFILE, &none);
  none.rlim_cur++;
  setrlimit (RLIMIT_NOFILE, &none);
  fake_clock_advance (fixture->clock, PAUSE);
  wait_accepted (fixture, 1);
  wait_paused (fixture);
  setrlimit (RLIMIT_NOFILE, &before);
  fake_clock_advance (fixture->clock, PAUSE);
  wait_accepted (fixture, 3);
}

/* The end comes while accepting pauses, and there are still no descriptors. */
static void
test_free_while_pausing (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  struct rlimit before;

  open_socket (fixture, "tcp");
  start (fixture, fixture->socket);
  connect_clients (fixture, 4);
  before = exhaust_descriptors ();
  wait_paused (fixture);
  g_clear_pointer (&fixture->acceptor, disp_acceptor_free);
  setrlimit (RLIMIT_NOFILE, &before);
  assert_told_paused (fixture);
  g_assert_cmpuint (fixture->seat.connections->len, ==, 0);
  for (guint i = 0; i < 4; i++)
    assert_turned_away (get_client (fixture, i), BUSY);
}

static void
add_test (const char *path, gconstpointer data, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* That accepting pauses is worth a warning, and no fault here. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  news = g_string_new (NULL);
  news_keep_in (news);
  add_test ("/front/acceptor/accepts/tcp", "tcp", test_accepts);
  add_test ("/front/acceptor/accepts/tcp6", "tcp6", test_accepts);
  add_test ("/front/acceptor/accepts/unix", "unix", test_accepts);
  add_test ("/front/acceptor/options-stay", NULL, test_options_stay);
  add_test ("/front/acceptor/bounded", NULL, test_bounded);
  add_test ("/front/acceptor/free-accepts", NULL, test_free_accepts);
  add_test ("/front/acceptor/free-leaves/tcp", "tcp", test_free_leaves);
  add_test ("/front/acceptor/free-leaves/unix", "unix", test_free_leaves);
  add_test ("/front/acceptor/gave-up", NULL, test_gave_up);
  add_test ("/front/acceptor/spread/tcp", "tcp", test_spread);
  add_test ("/front/acceptor/spread/unix", "unix", test_spread);
  add_test ("/front/acceptor/max-connections/tcp", "tcp", test_max_connections);
  add_test ("/front/acceptor/max-connections/unix", "unix", test_max_connections);
  add_test ("/front/acceptor/of-one-client/tcp", "tcp", test_of_one_client);
  add_test ("/front/acceptor/of-one-client/unix", "unix", test_of_one_client);
  add_test ("/front/acceptor/request-unread", NULL, test_request_unread);
  add_test ("/front/acceptor/tls", NULL, test_tls);
  add_test ("/front/acceptor/descriptors-run-out/tcp", "tcp", test_descriptors_run_out);
  add_test ("/front/acceptor/descriptors-run-out/unix", "unix", test_descriptors_run_out);
  add_test ("/front/acceptor/descriptors-make-room", NULL, test_descriptors_make_room);
  add_test ("/front/acceptor/reserve-lost", NULL, test_reserve_lost);
  add_test ("/front/acceptor/free-while-pausing", NULL, test_free_while_pausing);
  return g_test_run ();
}
