/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* One end of a pair of sockets that a poller watches, and the other. */
typedef struct _End End;
struct _End
{
  DispPoll poll;
  int peer;       /* (owned) */
  guint n_calls;  /* how often it was called */
  guint n_agains; /* how often it has yet to ask for another call */
  GQueue *others; /* (element-type End, unowned) (nullable) to free when it is called */
  End *awaited;   /* (unowned) (nullable) to be called before this one returns */
};

/* A poller in a context of its own. */
typedef struct
{
  GMainContext *context; /* (owned) */
  DispPoller *poller;    /* (owned) (nullable) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->context = g_main_context_new ();
  g_main_context_push_thread_default (fixture->context);
  fixture->poller = disp_poller_new ();
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_clear_pointer (&fixture->poller, disp_poller_free);
  g_main_context_pop_thread_default (fixture->context);
  g_main_context_unref (fixture->context);
}

static gboolean
turn (Fixture *fixture)
{
  return g_main_context_iteration (fixture->context, FALSE);
}

/* Turns until nothing happens any more. */
static void
settle (Fixture *fixture)
{
  guint n_turns = 0;

  while (turn (fixture))
    g_assert_cmpuint (++n_turns, <, 1000);
}

static void
end_free (End *self)
{
  disp_poller_remove (&self->poll);
  g_assert_null (self->poll.poller);
  close (self->poll.fd);
  close (self->peer);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (End, end_free)

static void
on_ready (DispPoll *poll)
{
  End *self = (End *) poll;
  GQueue *others = self->others;
  End *other;

  self->n_calls++;
  if (self->n_agains > 0)
    {
      self->n_agains--;
      disp_poller_again (poll);
    }
  if (self->awaited != NULL)
    while (self->awaited->n_calls == 0)
      g_assert_true (g_main_context_iteration (g_main_context_get_thread_default (), FALSE));
  while (others != NULL && (other = g_queue_pop_head (others)) != NULL)
    end_free (other);
}

static End *
end_new (Fixture *fixture)
{
  End *self = g_new0 (End, 1);
  int pair[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), ==,
                   0);
  self->poll.fd = pair[0];
  self->poll.ready = on_ready;
  self->peer = pair[1];
  g_assert_true (disp_poller_add (fixture->poller, &self->poll));
  return self;
}

/* An end whose first event is over. */
static End *
end_new_settled (Fixture *fixture)
{
  End *self = end_new (fixture);

  settle (fixture);
  g_assert_cmpuint (self->n_calls, ==, 1);
  self->n_calls = 0;
  return self;
}

static void
send_byte (End *self)
{
  g_assert_cmpint (send (self->peer, "x", 1, MSG_NOSIGNAL), ==, 1);
}

static void
send_bytes (const GQueue *ends)
{
  for (GList *link = ends->head; link != NULL; link = link->next)
    send_byte (link->data);
}

static void
test_edges (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (End) end = end_new (fixture);

  g_assert_cmpuint (end->n_calls, ==, 0);
  settle (fixture);
  g_assert_cmpuint (end->n_calls, ==, 1);
  g_assert_true (end->poll.is_writable);
  g_assert_false (end->poll.is_readable);

  send_byte (end);
  settle (fixture);
  g_assert_cmpuint (end->n_calls, ==, 2);
  g_assert_true (end->poll.is_readable);
  g_assert_false (end->poll.is_hung_up);

  /* The byte is still there, but that is told only once; another is news. */
  end->poll.is_readable = FALSE;
  settle (fixture);
  g_assert_cmpuint (end->n_calls, ==, 2);
  g_assert_false (g_main_context_pending (fixture->context));
  send_byte (end);
  settle (fixture);
  g_assert_cmpuint (end->n_calls, ==, 3);
  g_assert_true (end->poll.is_readable);
}

static void
test_half_closed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (End) end = end_new_settled (fixture);

  g_assert_cmpint (shutdown (end->peer, SHUT_WR), ==, 0);
  settle (fixture);
  g_assert_true (end->poll.is_readable);
  g_assert_true (end->poll.is_hung_up);
  g_assert_false (end->poll.is_broken);
}

static void
test_closed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (End) end = end_new_settled (fixture);

  end->poll.is_writable = FALSE;
  close (end->peer);
  end->peer = -1;
  settle (fixture);
  g_assert_true (end->poll.is_readable);
  g_assert_true (end->poll.is_writable);
  g_assert_true (end->poll.is_hung_up);
  g_assert_true (end->poll.is_broken);
}

/* What is watched anew begins anew. */
static void
test_add_again (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (End) end = end_new_settled (fixture);

  send_byte (end);
  settle (fixture);
  disp_poller_remove (&end->poll);
  disp_poller_remove (&end->poll);
  send_byte (end);
  settle (fixture);
  g_assert_cmpuint (end->n_calls, ==, 1);

  g_assert_true (disp_poller_add (fixture->poller, &end->poll));
  g_assert_false (end->poll.is_readable);
  settle (fixture);
  g_assert_true (end->poll.is_readable);
  g_assert_cmpuint (end->n_calls, ==, 2);
}

static gboolean
count (gpointer user_data)
{
  (*(guint *) user_data)++;
  return G_SOURCE_CONTINUE;
}

/* Who asks for calls again and again gets one in each turn, and so does another source. */
static void
test_again (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (End) end = end_new_settled (fixture);
  g_autoptr (End) another = end_new_settled (fixture);
  g_autoptr (GSource) source = g_idle_source_new ();
  guint n_others = 0;

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, count, &n_others, NULL);
  g_source_attach (source, fixture->context);
  end->n_agains = 9;
  disp_poller_again (&end->poll);
  disp_poller_again (&end->poll);
  g_assert_cmpuint (end->n_calls, ==, 0);
  for (guint i = 1; i <= 10; i++)
    {
      g_assert_true (turn (fixture));
      g_assert_cmpuint (end->n_calls, ==, i);
      g_assert_cmpuint (n_others, ==, i);
    }
  turn (fixture);
  g_assert_cmpuint (end->n_calls, ==, 10);
  g_assert_cmpuint (another->n_calls, ==, 0);
  g_source_destroy (source);
  g_assert_false (g_main_context_pending (fixture->context));
}

static void
test_again_removed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  End *end = end_new_settled (fixture);

  disp_poller_again (&end->poll);
  end_free (end);
  settle (fixture);
}

/* Many events are told in several turns, each of them once. */
static void
test_many (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) ends = g_ptr_array_new_with_free_func ((GDestroyNotify) end_free);
  guint n_called = 0;

  for (guint i = 0; i < 200; i++)
    g_ptr_array_add (ends, end_new (fixture));
  turn (fixture);
  for (guint i = 0; i < ends->len; i++)
    n_called += ((End *) g_ptr_array_index (ends, i))->n_calls;
  g_assert_cmpuint (n_called, ==, 64);
  settle (fixture);
  for (guint i = 0; i < ends->len; i++)
    g_assert_cmpuint (((End *) g_ptr_array_index (ends, i))->n_calls, ==, 1);
}

/* The first that is called frees all others, whose events were taken with its own, and their
 * descriptors get new owners, who must not be called for them. */
static void
test_remove_others (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GQueue ends = G_QUEUE_INIT;
  g_autoptr (End) reused = NULL;
  End *first;

  for (guint i = 0; i < 10; i++)
    g_queue_push_tail (&ends, end_new_settled (fixture));
  send_bytes (&ends);
  first = g_queue_pop_head (&ends);
  first->others = &ends;
  turn (fixture);
  g_assert_cmpuint (first->n_calls, ==, 1);
  g_assert_cmpuint (ends.length, ==, 0);
  reused = end_new (fixture);
  g_assert_cmpint (reused->poll.fd, >, first->peer);
  settle (fixture);
  g_assert_cmpuint (reused->n_calls, ==, 1);
  g_assert_false (reused->poll.is_readable);
  end_free (first);
}

/* What frees itself and takes its number over for another, while it is called. */
typedef struct
{
  End *end;
  Fixture *fixture;
} Heir;

static Heir heir;

static void
on_ready_to_go (DispPoll *poll)
{
  end_free ((End *) poll);
  heir.end = end_new (heir.fixture);
}

static void
test_remove_itself (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  End *end = end_new_settled (fixture);
  int fd = end->poll.fd;

  heir.fixture = fixture;
  end->poll.ready = on_ready_to_go;
  send_byte (end);
  disp_poller_again (&end->poll);
  turn (fixture);
  g_assert_nonnull (heir.end);
  g_assert_cmpint (heir.end->poll.fd, ==, fd);
  g_assert_cmpuint (heir.end->n_calls, ==, 0);
  settle (fixture);
  g_assert_cmpuint (heir.end->n_calls, ==, 1);
  g_assert_false (heir.end->poll.is_readable);
  g_clear_pointer (&heir.end, end_free);
}

/* A loop inside of a callback gets the events that were taken together with that of the callback,
 * and new ones. */
static void
test_nested (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (End) one = end_new_settled (fixture);
  g_autoptr (End) two = end_new_settled (fixture);
  g_autoptr (End) three = end_new_settled (fixture);

  /* Whichever of them is called first has to wait for the other. */
  one->awaited = two;
  two->awaited = three;
  send_byte (one);
  send_byte (two);
  send_byte (three);
  settle (fixture);
  g_assert_cmpuint (one->n_calls, ==, 1);
  g_assert_cmpuint (two->n_calls, ==, 1);
  g_assert_cmpuint (three->n_calls, ==, 1);

  two->n_calls = three->n_calls = 0;
  disp_poller_again (&one->poll);
  send_byte (two);
  send_byte (three);
  turn (fixture);
  g_assert_cmpuint (one->n_calls, ==, 2);
  g_assert_cmpuint (two->n_calls, ==, 1);
  g_assert_cmpuint (three->n_calls, ==, 1);
  settle (fixture);
}

static Fixture *doomed;

static void
on_ready_to_end (DispPoll *poll)
{
  End *self = (End *) poll;
  End *other;

  while ((other = g_queue_pop_head (self->others)) != NULL)
    end_free (other);
  end_free (self);
  g_clear_pointer (&doomed->poller, disp_poller_free);
}

static void
test_free_inside (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GQueue ends = G_QUEUE_INIT;
  End *first = end_new_settled (fixture);

  for (guint i = 0; i < 3; i++)
    g_queue_push_tail (&ends, end_new_settled (fixture));
  doomed = fixture;
  first->others = &ends;
  first->poll.ready = on_ready_to_end;
  send_byte (first);
  send_bytes (&ends);
  settle (fixture);
  g_assert_null (fixture->poller);
  g_assert_cmpuint (ends.length, ==, 0);
}

/* A listening socket is told for as long as something waits there. */
static void
test_listening (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocket) accepted = NULL;
  End end = { .poll.ready = on_ready };

  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, any, TRUE, &error) && g_socket_listen (socket, &error));
  address = g_socket_get_local_address (socket, &error);
  g_assert_no_error (error);
  end.poll.fd = g_socket_get_fd (socket);
  g_assert_true (disp_poller_add_listening (fixture->poller, &end.poll));
  settle (fixture);
  g_assert_cmpuint (end.n_calls, ==, 0);

  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &error);
  g_assert_no_error (error);
  for (guint i = 1; i <= 3; i++)
    {
      g_assert_true (turn (fixture));
      g_assert_cmpuint (end.n_calls, ==, i);
      g_assert_true (end.poll.is_readable);
    }
  accepted = g_socket_accept (socket, NULL, &error);
  g_assert_no_error (error);
  settle (fixture);
  g_assert_cmpuint (end.n_calls, ==, 3);
  disp_poller_remove (&end.poll);
}

static void
test_refused (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  End end = { .poll.ready = on_ready, .poll.fd = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC) };

  g_assert_cmpint (end.poll.fd, >=, 0);
  g_assert_false (disp_poller_add (fixture->poller, &end.poll));
  g_assert_cmpint (errno, ==, EPERM);
  g_assert_null (end.poll.poller);
  disp_poller_remove (&end.poll);
  close (end.poll.fd);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add ("/net/poller/" path, Fixture, NULL, set_up, test, tear_down)
  ADD ("edges", test_edges);
  ADD ("half-closed", test_half_closed);
  ADD ("closed", test_closed);
  ADD ("add-again", test_add_again);
  ADD ("again", test_again);
  ADD ("again-removed", test_again_removed);
  ADD ("many", test_many);
  ADD ("remove-others", test_remove_others);
  ADD ("remove-itself", test_remove_itself);
  ADD ("nested", test_nested);
  ADD ("free-inside", test_free_inside);
  ADD ("listening", test_listening);
  ADD ("refused", test_refused);
#undef ADD
  return g_test_run ();
}
