/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/handshake-queue.h"

#include "core/tsan.h"
#include "net/socket-stream.h"

#include <stdatomic.h>
#include <sys/socket.h>

/* How many are made at once.  GIO takes a thread of its shared pool for each, whoever calls it, and
 * keeps it while the client is waited for; of the ten that are there, some must be left for what
 * else GIO does in threads, such as looking up names. */
#define MAX_AT_ONCE 8

/* How long one may take while another waits for its turn, in microseconds, so that clients which
 * begin one and do not go on do not keep others from theirs. */
#define PATIENCE (500 * 1000)

struct _DispHandshakeQueue
{
  GThreadPool *threads; /* (owned) */
  atomic_uint n_pushed; /* (atomic) */
  GMutex lock;
  GQueue running; /* (locked-by lock) (element-type DispHandshakeJob, owned) */
};

struct _DispHandshakeJob
{
  GIOStream *socket;     /* (owned) */
  DispTerms *terms;      /* (owned) */
  GMainContext *context; /* (owned) (nullable) of the thread that asked, until that is told */
  guint serial;          /* the later one was pushed */
  GList link;            /* in the queue of those that run */
  gint64 pressed;        /* (locked-by lock of the queue) since when another waits; 0: none does */
  atomic_bool is_begun;  /* (atomic) */
  atomic_bool is_given_up; /* (atomic) */
  /* Once it is over, what it came to: kept for as long as somebody may give it up, since with it
   * goes its socket. */
  GTlsConnection *connection; /* (owned) (nullable) */
  gboolean is_made;           /* it is TLS */
  DispHandshakeJobDone done;  /* (nullable) once nobody wants to know */
  gpointer user_data;
};

static void
job_clear (gpointer data)
{
  DispHandshakeJob *self = data;

  DISP_TSAN_ACQUIRE (self);
  /* Not by TLS, which would say so first. */
  if (self->is_made && self->connection != NULL)
    g_io_stream_close (self->socket, NULL, NULL);
  g_clear_object (&self->connection);
  g_object_unref (self->socket);
  disp_terms_unref (self->terms);
  g_clear_pointer (&self->context, g_main_context_unref);
}

static void
job_unref (gpointer data)
{
  DISP_TSAN_RELEASE (data);
  g_atomic_rc_box_release_full (data, job_clear);
}

/* Whatever it is at, it finds its connection closed.  GIO's way to cancel returns while the thread
 * is still at work, on what its caller then takes away. */
static void
give_up (DispHandshakeJob *job)
{
  atomic_store (&job->is_given_up, TRUE);
  shutdown (disp_socket_stream_get_fd (DISP_SOCKET_STREAM (job->socket)), SHUT_RDWR);
}

static gboolean
on_over (gpointer user_data)
{
  DispHandshakeJob *job = user_data;

  DISP_TSAN_ACQUIRE (job);
  if (job->done == NULL)
    return G_SOURCE_REMOVE;
  job->done (job->is_made ? g_steal_pointer (&job->connection) : NULL, job->user_data);
  return G_SOURCE_REMOVE;
}

/* Passes a reference on to the thread that asked for it. */
static void
report (DispHandshakeJob *job)
{
  /* The source, which holds the job, is the context's, which is kept until the source is let go:
   * that takes its lock. */
  g_autoptr (GMainContext) context = g_steal_pointer (&job->context);
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "handshake");
  g_source_set_callback (source, on_over, job, job_unref);
  DISP_TSAN_RELEASE (job);
  g_source_attach (source, context);
}

/* Of a client GIO asks its user about each certificate, also about those with which nothing is
 * wrong. */
static gboolean
on_accept_certificate (G_GNUC_UNUSED GTlsConnection *connection,
                       G_GNUC_UNUSED GTlsCertificate *certificate, GTlsCertificateFlags errors,
                       G_GNUC_UNUSED gpointer user_data)
{
  return errors == 0;
}

/* Only for HTTP/1.1, so that a client that insists on another protocol learns it at once (RFC 7301,
 * section 3.2). */
static void
set_up (GTlsConnection *connection, const DispTerms *terms)
{
  static const char *const protocols[] = { "http/1.1", NULL };
  GTlsAuthenticationMode mode = G_TLS_AUTHENTICATION_NONE;

  if (terms->client_authorities != NULL)
    mode = terms->needs_client_certificate ? G_TLS_AUTHENTICATION_REQUIRED
                                           : G_TLS_AUTHENTICATION_REQUESTED;
  g_tls_connection_set_advertised_protocols (connection, protocols);
  g_tls_connection_set_database (connection, terms->client_authorities);
  g_signal_connect (connection, "accept-certificate", G_CALLBACK (on_accept_certificate), NULL);
  g_object_set (connection, "authentication-mode", mode, NULL);
}

/* An old version may also be asked for in an extension. */
static gboolean
is_new_enough (GTlsConnection *connection)
{
  return g_tls_connection_get_protocol_version (connection) >= G_TLS_PROTOCOL_VERSION_TLS_1_2;
}

static void
shake_hands (DispHandshakeJob *job, GError **error)
{
  GIOStream *stream = g_tls_server_connection_new (job->socket, job->terms->certificate, error);

  if (stream == NULL)
    return;
  job->connection = G_TLS_CONNECTION (stream);
  set_up (job->connection, job->terms);
  job->is_made = g_tls_connection_handshake (job->connection, NULL, error)
                 && is_new_enough (job->connection);
}

static void
set_running (DispHandshakeQueue *self, DispHandshakeJob *job, gboolean is_running)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  if (is_running)
    g_queue_push_tail_link (&self->running, &job->link);
  else
    g_queue_unlink (&self->running, &job->link);
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

static void
on_turn (gpointer data, gpointer user_data)
{
  DispHandshakeQueue *self = user_data;
  DispHandshakeJob *job = data;
  g_autoptr (GError) error = NULL;

  DISP_TSAN_ACQUIRE (job);
  atomic_store (&job->is_begun, TRUE);
  set_running (self, job, TRUE);
  if (!atomic_load (&job->is_given_up))
    shake_hands (job, &error);
  set_running (self, job, FALSE);
  if (error != NULL)
    g_debug ("no TLS with a client: %s", error->message);
  report (job);
}

/* The last to come is the first to be served: when too many come it is those who have waited for
 * long that are given up, and not in the end everybody. */
static int
compare_jobs (gconstpointer a, gconstpointer b, G_GNUC_UNUSED gpointer user_data)
{
  const DispHandshakeJob *one = a;
  const DispHandshakeJob *other = b;

  DISP_TSAN_ACQUIRE (one);
  DISP_TSAN_ACQUIRE (other);
  return (int) (other->serial - one->serial);
}

/**
 * disp_handshake_queue_new:
 *
 * Returns: (transfer full): a queue, which takes no threads while it is empty
 */
DispHandshakeQueue *
disp_handshake_queue_new (void)
{
  DispHandshakeQueue *self = g_new0 (DispHandshakeQueue, 1);

  g_mutex_init (&self->lock);
  g_queue_init (&self->running);
  self->threads = g_thread_pool_new (on_turn, self, MAX_AT_ONCE, FALSE, NULL);
  g_thread_pool_set_sort_function (self->threads, compare_jobs, NULL);
  return self;
}

/**
 * disp_handshake_queue_free:
 * @self: (transfer full): a queue, all of whose jobs are over or cancelled
 *
 * Waits for the threads, which soon notice that they are cancelled.
 */
void
disp_handshake_queue_free (DispHandshakeQueue *self)
{
  g_thread_pool_free (self->threads, FALSE, TRUE);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/**
 * disp_handshake_queue_push:
 * @self: a queue
 * @fd: (transfer full): a connected, non-blocking socket
 * @terms: (transfer none): terms with a certificate
 * @done: called once on the thread-default context, unless the job is cancelled before; never from
 *   inside this function
 * @user_data: for @done
 *
 * Has a handshake made as a server.  It can take for ever, if the client does.
 *
 * Returns: (transfer full): the job, to be given to disp_handshake_job_free() in or after @done, or
 *   to disp_handshake_job_cancel()
 */
DispHandshakeJob *
disp_handshake_queue_push (DispHandshakeQueue *self, int fd, DispTerms *terms,
                           DispHandshakeJobDone done, gpointer user_data)
{
  DispHandshakeJob *job = g_atomic_rc_box_new0 (DispHandshakeJob);

  job->socket = disp_socket_stream_new (fd);
  job->terms = disp_terms_ref (terms);
  job->context = g_main_context_ref_thread_default ();
  job->serial = atomic_fetch_add (&self->n_pushed, 1);
  job->link.data = job;
  job->done = done;
  job->user_data = user_data;
  DISP_TSAN_RELEASE (job);
  g_thread_pool_push (self->threads, g_atomic_rc_box_acquire (job), NULL);
  return job;
}

/**
 * disp_handshake_job_is_waiting:
 * @self: a job
 *
 * Returns: whether its turn has not come yet
 */
gboolean
disp_handshake_job_is_waiting (DispHandshakeJob *self)
{
  return !atomic_load (&self->is_begun);
}

/**
 * disp_handshake_job_free:
 * @self: (transfer full): a job that is over
 */
void
disp_handshake_job_free (DispHandshakeJob *self)
{
  self->done = NULL;
  job_unref (self);
}

/**
 * disp_handshake_job_cancel:
 * @self: (transfer full): a job that is not over
 *
 * Gives it up, and its socket.
 */
void
disp_handshake_job_cancel (DispHandshakeJob *self)
{
  give_up (self);
  disp_handshake_job_free (self);
}

/**
 * disp_handshake_queue_press:
 * @self: a queue
 * @now: what time it is, in microseconds, on a scale that all who call this have in common
 *
 * To be called again and again while a job waits: gives up those that have kept it waiting for half
 * a second.
 */
void
disp_handshake_queue_press (DispHandshakeQueue *self, gint64 now)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
  for (GList *link = self->running.head; link != NULL; link = link->next)
    {
      DispHandshakeJob *job = link->data;

      if (job->pressed == 0)
        job->pressed = now;
      else if (now - job->pressed >= PATIENCE)
        give_up (job);
    }
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}
