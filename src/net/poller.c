/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

/* How many events are taken in one turn of the loop; the others wait for the next. */
#define MAX_EVENTS 64

struct _DispPoller
{
  GSource source;
  int fd;         /* (owned) of epoll */
  gpointer tag;   /* of fd in the source */
  GQueue waiting; /* (element-type DispPoll, unowned) those to be called */
  guint n_polls;  /* how many are watched */
};

static gboolean
prepare_poller (GSource *source, int *timeout)
{
  *timeout = -1;
  return ((DispPoller *) source)->waiting.length > 0;
}

static gboolean
has_events (DispPoller *self)
{
  return g_source_query_unix_fd (&self->source, self->tag) != 0;
}

static gboolean
check_poller (GSource *source)
{
  DispPoller *self = (DispPoller *) source;

  return self->waiting.length > 0 || has_events (self);
}

static void
enqueue (DispPoll *poll)
{
  if (poll->is_queued)
    return;
  poll->is_queued = TRUE;
  g_queue_push_tail_link (&poll->poller->waiting, &poll->link);
}

static void
dequeue (DispPoll *poll)
{
  if (!poll->is_queued)
    return;
  poll->is_queued = FALSE;
  g_queue_unlink (&poll->poller->waiting, &poll->link);
}

static void
take_event (const struct epoll_event *event)
{
  DispPoll *poll = event->data.ptr;
  gboolean is_broken = (event->events & (EPOLLERR | EPOLLHUP)) != 0;

  if (is_broken || (event->events & (EPOLLIN | EPOLLRDHUP)) != 0)
    poll->is_readable = TRUE;
  if (is_broken || (event->events & EPOLLOUT) != 0)
    poll->is_writable = TRUE;
  if (is_broken || (event->events & EPOLLRDHUP) != 0)
    poll->is_hung_up = TRUE;
  if (is_broken)
    poll->is_broken = TRUE;
  enqueue (poll);
}

static void
take_events (DispPoller *self)
{
  struct epoll_event events[MAX_EVENTS];
  int n = epoll_wait (self->fd, events, MAX_EVENTS, 0);

  for (int i = 0; i < n; i++)
    take_event (&events[i]);
}

/* Events do not wait in an array, but as polls in the queue, where a poll that is removed can be
 * taken out, and where a loop inside of a callback finds those that were not called yet.  Who is
 * queued meanwhile has to wait for the next turn, so that other sources get theirs. */
static gboolean
dispatch_poller (GSource *source, G_GNUC_UNUSED GSourceFunc callback,
                 G_GNUC_UNUSED gpointer user_data)
{
  DispPoller *self = (DispPoller *) source;

  if (has_events (self))
    take_events (self);
  for (guint left = self->waiting.length; left > 0 && self->waiting.length > 0; left--)
    {
      DispPoll *poll = self->waiting.head->data;

      dequeue (poll);
      poll->ready (poll);
    }
  return G_SOURCE_CONTINUE;
}

static void
finalize_poller (GSource *source)
{
  close (((DispPoller *) source)->fd);
}

static GSourceFuncs poller_funcs = {
  .prepare = prepare_poller,
  .check = check_poller,
  .dispatch = dispatch_poller,
  .finalize = finalize_poller,
};

/**
 * disp_poller_new:
 *
 * Watches nothing yet.  Without a file descriptor for epoll the process ends, as it does when a
 * #GMainContext gets none.
 *
 * Returns: (transfer full): a poller that is a source of the thread-default context
 */
DispPoller *
disp_poller_new (void)
{
  GSource *source = g_source_new (&poller_funcs, sizeof (DispPoller));
  DispPoller *self = (DispPoller *) source;

  self->fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->fd < 0)
    g_error ("epoll_create1(): %s", g_strerror (errno));
  g_queue_init (&self->waiting);
  self->tag = g_source_add_unix_fd (source, self->fd, G_IO_IN | G_IO_ERR);
  g_source_set_static_name (source, "poller");
  /* Otherwise GLib takes the descriptor out of the poll, and wakes the context up, each time. */
  g_source_set_can_recurse (source, TRUE);
  g_source_attach (source, g_main_context_get_thread_default ());
  return self;
}

/**
 * disp_poller_free:
 * @self: (transfer full): a poller that watches nothing
 *
 * May be called from inside a callback of it, too.
 */
void
disp_poller_free (DispPoller *self)
{
  g_assert (self->n_polls == 0);
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

static gboolean
add (DispPoller *self, DispPoll *poll, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = poll };

  g_return_val_if_fail (poll->poller == NULL, FALSE);
  g_return_val_if_fail (poll->ready != NULL, FALSE);
  if (epoll_ctl (self->fd, EPOLL_CTL_ADD, poll->fd, &event) < 0)
    return FALSE;
  poll->is_readable = poll->is_writable = poll->is_hung_up = poll->is_broken = FALSE;
  poll->link = (GList){ .data = poll };
  poll->is_queued = FALSE;
  poll->poller = self;
  self->n_polls++;
  return TRUE;
}

/**
 * disp_poller_add:
 * @self: a poller
 * @poll: (transfer none): a poll with its @ready and @fd set, a connected socket or the like
 *
 * Watches @poll for everything, edge-triggered, until disp_poller_remove().  What is already so is
 * told in the next turn of the loop.
 *
 * Returns: %FALSE, with errno set, if the system takes no more of them (ENOMEM, ENOSPC)
 */
gboolean
disp_poller_add (DispPoller *self, DispPoll *poll)
{
  return add (self, poll, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

/**
 * disp_poller_add_listening:
 * @self: a poller
 * @poll: (transfer none): a poll with its @ready and @fd set, a listening socket
 *
 * Watches @poll for connections, level-triggered, until disp_poller_remove(): @ready is called in
 * each turn for as long as one waits, whatever happens to the flags.
 *
 * All threads that watch a socket which they share wake up for each connection.  EPOLLEXCLUSIVE
 * would not change that: it counts who sleeps in epoll_wait(), and a main loop sleeps in poll().
 *
 * Returns: %FALSE, with errno set, if the system takes no more of them (ENOMEM, ENOSPC)
 */
gboolean
disp_poller_add_listening (DispPoller *self, DispPoll *poll)
{
  return add (self, poll, EPOLLIN);
}

/**
 * disp_poller_remove:
 * @poll: a poll, with its @fd still open
 *
 * It is called no more, not even for what has happened already.  Does nothing if it is not watched.
 */
void
disp_poller_remove (DispPoll *poll)
{
  DispPoller *self = poll->poller;

  if (self == NULL)
    return;
  dequeue (poll);
  epoll_ctl (self->fd, EPOLL_CTL_DEL, poll->fd, NULL);
  poll->poller = NULL;
  self->n_polls--;
}

/**
 * disp_poller_again:
 * @poll: a poll that is watched
 *
 * Calls its @ready once more, though nothing may happen: for who stops before a call fails with
 * EAGAIN, to give others their turn.  Never from inside this call, and from inside @ready not in
 * the same turn of the loop.
 */
void
disp_poller_again (DispPoll *poll)
{
  g_return_if_fail (poll->poller != NULL);
  enqueue (poll);
}
