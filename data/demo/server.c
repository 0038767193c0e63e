/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thread over epoll: a model server that is measured through a dispatcher must cost next to
 * nothing itself, and its timers must be exact. */
#include "demo/server.h"

#include "demo/catalogue.h"
#include "demo/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64
#define ACCEPTS_AT_ONCE 32

/* An inference whose answer is due later. */
typedef struct
{
  gint64 due;                 /* in microseconds on the monotonic clock */
  guint64 number;             /* keeps those that are due at once in order */
  DemoConnection *connection; /* (not owned) (nullable) NULL when it ended before */
  DemoAnswer answer;
} Inference;

struct _DemoServer
{
  DemoServerOptions options;
  int epoll;     /* (owned) */
  int listening; /* (owned) */
  int timer;     /* (owned) */
  int signals;   /* (owned) */
  gboolean stopped;
  gboolean faulty;  /* misbehaves as options.fault says */
  guint64 n_struck; /* with how many inferences it misbehaved */
  gboolean deaf;    /* out of descriptors: accepts nothing until a connection ends */

  GHashTable *connections;    /* (owned) (element-type DemoConnection) */
  GPtrArray *ended;           /* (owned) (element-type DemoConnection) freed after this turn */
  GSequence *inferences;      /* (owned) (element-type Inference) in the order they are due */
  guint64 n_inferences;       /* how many there ever were */
  gint64 device_free;         /* when the device is free, with options.serial */
  struct sockaddr_in address; /* where it listens */
};

static void
inference_free (gpointer data)
{
  Inference *self = data;

  demo_answer_clear (&self->answer);
  g_free (self);
}

static int
compare_inferences (gconstpointer a, gconstpointer b, G_GNUC_UNUSED gpointer user_data)
{
  const Inference *first = a;
  const Inference *second = b;

  if (first->due != second->due)
    return first->due < second->due ? -1 : 1;
  return first->number < second->number ? -1 : first->number > second->number;
}

static gboolean
fail_errno (const char *what, GError **error)
{
  int saved = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved), "%s: %s", what,
               g_strerror (saved));
  return FALSE;
}

static gboolean
watch (DemoServer *self, int *fd)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = fd };

  return *fd >= 0 && epoll_ctl (self->epoll, EPOLL_CTL_ADD, *fd, &event) == 0;
}

static gboolean
listen_on (DemoServer *self, GError **error)
{
  socklen_t length = sizeof self->address;
  int on = 1;

  self->address.sin_family = AF_INET;
  self->address.sin_port = htons (self->options.port);
  self->address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->listening = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self->listening < 0
      || setsockopt (self->listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
      || bind (self->listening, (struct sockaddr *) &self->address, length) != 0
      || listen (self->listening, SOMAXCONN) != 0
      || getsockname (self->listening, (struct sockaddr *) &self->address, &length) != 0)
    {
      g_autofree char *what = g_strdup_printf ("127.0.0.1:%d", self->options.port);

      return fail_errno (what, error);
    }
  return TRUE;
}

static gboolean
watch_all (DemoServer *self, GError **error)
{
  sigset_t awaited;

  sigemptyset (&awaited);
  sigaddset (&awaited, SIGTERM);
  sigaddset (&awaited, SIGINT);
  sigaddset (&awaited, SIGUSR1);
  sigaddset (&awaited, SIGUSR2);
  sigprocmask (SIG_BLOCK, &awaited, NULL);
  self->signals = signalfd (-1, &awaited, SFD_NONBLOCK | SFD_CLOEXEC);
  self->timer = timerfd_create (CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (!watch (self, &self->listening) || !watch (self, &self->timer)
      || !watch (self, &self->signals))
    return fail_errno ("epoll", error);
  return TRUE;
}

/**
 * demo_server_new:
 * @options: (transfer none): what it points to must outlive the server
 * @error: what of the system refused
 *
 * Blocks SIGTERM and SIGINT: from now on they end demo_server_run().  SIGUSR2 has it behave well,
 * and SIGUSR1 misbehave again, as at first.
 *
 * Returns: (transfer full): a server that listens
 */
DemoServer *
demo_server_new (const DemoServerOptions *options, GError **error)
{
  g_autoptr (DemoServer) self = g_new0 (DemoServer, 1);

  self->options = *options;
  self->faulty = TRUE;
  self->epoll = self->listening = self->timer = self->signals = -1;
  self->connections = g_hash_table_new (NULL, NULL);
  self->ended = g_ptr_array_new_with_free_func ((GDestroyNotify) demo_connection_free);
  self->inferences = g_sequence_new (inference_free);
  if (!listen_on (self, error) || !watch_all (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
close_if_open (int fd)
{
  if (fd >= 0)
    close (fd);
}

void
demo_server_free (DemoServer *self)
{
  GHashTableIter iter;
  gpointer connection;

  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    demo_connection_free (connection);
  g_hash_table_unref (self->connections);
  g_ptr_array_unref (self->ended);
  g_sequence_free (self->inferences);
  close_if_open (self->signals);
  close_if_open (self->timer);
  close_if_open (self->listening);
  close_if_open (self->epoll);
  g_free (self);
}

/**
 * demo_server_get_port:
 * @self: a server
 *
 * Returns: the port that it listens on
 */
int
demo_server_get_port (DemoServer *self)
{
  return ntohs (self->address.sin_port);
}

/* Rings when the first inference is due. */
static void
set_timer (DemoServer *self)
{
  struct itimerspec at = { 0 };

  if (!g_sequence_is_empty (self->inferences))
    {
      const Inference *first = g_sequence_get (g_sequence_get_begin_iter (self->inferences));

      at.it_value.tv_sec = first->due / G_USEC_PER_SEC;
      at.it_value.tv_nsec = first->due % G_USEC_PER_SEC * 1000;
    }
  if (timerfd_settime (self->timer, TFD_TIMER_ABSTIME, &at, NULL) != 0)
    g_error ("timerfd_settime: %s", g_strerror (errno));
}

/* When an inference that comes now is done. */
static gint64
occupy_device (DemoServer *self, guint n_instances)
{
  gint64 now = g_get_monotonic_time ();
  double cost = self->options.service_time + self->options.per_instance * n_instances;

  if (!self->options.serial)
    return now + (gint64) (cost * 1000);
  self->device_free = MAX (self->device_free, now) + (gint64) (cost * 1000);
  return self->device_free;
}

static void
obey_signals (DemoServer *self)
{
  struct signalfd_siginfo signal;

  while (read (self->signals, &signal, sizeof signal) == sizeof signal)
    {
      if (signal.ssi_signo == SIGUSR1 || signal.ssi_signo == SIGUSR2)
        self->faulty = signal.ssi_signo == SIGUSR1;
      else
        self->stopped = TRUE;
    }
}

/* Returns whether the request has got all that it gets. */
static gboolean
misbehave (DemoServer *self, DemoConnection *connection, DemoAnswer *answer)
{
  gboolean infers = answer->n_instances > 0;

  if (self->options.fault == DEMO_FAULT_NONE)
    return FALSE;
  /* What was sent before the request counts for it, whatever epoll tells first. */
  obey_signals (self);
  return self->faulty
         && demo_fault_strike (self->options.fault, infers ? self->n_struck++ : 0, connection,
                               answer);
}

static void
on_request (DemoConnection *connection, const DemoHttpReader *reader, gpointer user_data)
{
  DemoServer *self = user_data;
  g_autofree Inference *inference = NULL;
  GSequenceIter *place;
  DemoAnswer answer;

  demo_answer_init (&answer);
  demo_catalogue_answer (self->options.models, reader->method, reader->target, reader->body,
                         reader->body_length, &answer);
  if (misbehave (self, connection, &answer))
    {
      demo_answer_clear (&answer);
      return;
    }
  inference = g_new0 (Inference, 1);
  inference->answer = answer;
  if (answer.n_instances > 0)
    inference->due = occupy_device (self, answer.n_instances);
  if (inference->due <= g_get_monotonic_time ())
    {
      demo_connection_answer (connection, &answer);
      demo_answer_clear (&answer);
      return;
    }
  inference->connection = connection;
  inference->number = self->n_inferences++;
  place = g_sequence_insert_sorted (self->inferences, g_steal_pointer (&inference),
                                    compare_inferences, NULL);
  if (g_sequence_iter_is_begin (place))
    set_timer (self);
}

static void
forget_connection (gpointer data, gpointer user_data)
{
  Inference *inference = data;

  if (inference->connection == user_data)
    inference->connection = NULL;
}

/* What still computes for a client that left goes on, as the work of a device does. */
static void
end_connection (DemoServer *self, DemoConnection *connection)
{
  g_sequence_foreach (self->inferences, forget_connection, connection);
  g_hash_table_remove (self->connections, connection);
  g_ptr_array_add (self->ended, connection);
  if (self->deaf)
    self->deaf = !watch (self, &self->listening);
}

static void
finish_due (DemoServer *self)
{
  gint64 now = g_get_monotonic_time ();

  while (!g_sequence_is_empty (self->inferences))
    {
      GSequenceIter *first = g_sequence_get_begin_iter (self->inferences);
      Inference *inference = g_sequence_get (first);
      DemoConnection *connection = inference->connection;

      if (inference->due > now)
        break;
      if (connection != NULL)
        demo_connection_answer (connection, &inference->answer);
      g_sequence_remove (first);
      if (connection != NULL && !demo_connection_proceed (connection))
        end_connection (self, connection);
    }
  set_timer (self);
}

static void
accept_some (DemoServer *self)
{
  for (guint i = 0; i < ACCEPTS_AT_ONCE; i++)
    {
      int fd = accept4 (self->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
      int on = 1;

      if (fd < 0)
        {
          if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
            return;
          self->deaf = epoll_ctl (self->epoll, EPOLL_CTL_DEL, self->listening, NULL) == 0;
          return;
        }
      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      g_hash_table_add (self->connections, demo_connection_new (fd, self->epoll, self->options.name,
                                                                on_request, self));
    }
}

static void
dispatch (DemoServer *self, const struct epoll_event *event)
{
  guint64 expirations;

  if (event->data.ptr == &self->signals)
    obey_signals (self);
  else if (event->data.ptr == &self->listening)
    accept_some (self);
  else if (event->data.ptr == &self->timer)
    {
      if (read (self->timer, &expirations, sizeof expirations) > 0)
        finish_due (self);
    }
  else if (g_hash_table_contains (self->connections, event->data.ptr)
           && !demo_connection_dispatch (event->data.ptr, event->events))
    end_connection (self, event->data.ptr);
}

/**
 * demo_server_run:
 * @self: a server
 * @error: what of the system failed
 *
 * Serves until SIGTERM or SIGINT.
 *
 * Returns: whether it was one of these that ended it
 */
gboolean
demo_server_run (DemoServer *self, GError **error)
{
  struct epoll_event events[EVENTS_AT_ONCE];

  while (!self->stopped)
    {
      int n = epoll_wait (self->epoll, events, EVENTS_AT_ONCE, -1);

      if (n < 0 && errno != EINTR)
        return fail_errno ("epoll_wait", error);
      for (int i = 0; i < n; i++)
        dispatch (self, &events[i]);
      g_ptr_array_set_size (self->ended, 0);
    }
  return TRUE;
}
