/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/worker.h"

#include "core/tsan.h"

/*
 * A thread that serves: its own loop, its own listening sockets, its own site.  What belongs to the
 * loop is made and ended on its thread.
 */
struct _DispWorker
{
  GPtrArray *sockets; /* (owned) (nullable) (element-type GSocket, owned) until they are served */
  DispWorkerSettings settings; /* all that it names: (owned) */
  GMainContext *owner;         /* (owned) where settings.ended is called */
  GMainContext *context;       /* (owned) */
  GMainLoop *loop;             /* (owned) */
  GThread *thread;             /* (owned) (nullable) */
  DispServer *server;          /* (owned) (nullable) of the worker's thread */
  DispHeartbeat *heartbeat;    /* (owned) */
};

static void
start_serving (DispWorker *self)
{
  const DispWorkerSettings *settings = &self->settings;
  g_autoptr (DispSite) site = settings->make_site (settings->user_data);
  const DispServerSettings server = {
    .clock = settings->clock,
    .sockets = self->sockets,
    .reception = settings->reception,
    .crew = settings->crew,
    .rate_limit = settings->rate_limit,
    .terms = settings->terms,
  };

  self->server = disp_server_new (site, &server);
  g_clear_pointer (&self->sockets, g_ptr_array_unref);
}

/* Not by g_main_context_invoke(), which calls at once, in this thread, when nobody runs the
 * context.
 */
static void
tell_ended (DispWorker *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, self->settings.ended, self->settings.user_data, NULL);
  DISP_TSAN_RELEASE (self);
  g_source_attach (source, self->owner);
}

static gpointer
run (gpointer data)
{
  DispWorker *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_main_context_push_thread_default (self->context);
  start_serving (self);
  g_main_loop_run (self->loop);
  g_clear_object (&self->server);
  /* What libsoup put off is done now, or it would never be. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  disp_heartbeat_rest (self->heartbeat);
  tell_ended (self);
  return NULL;
}

static void
on_drained (gpointer user_data)
{
  DispWorker *self = user_data;

  g_main_loop_quit (self->loop);
}

static gboolean
drain (gpointer user_data)
{
  DispWorker *self = user_data;

  DISP_TSAN_ACQUIRE (self);
  disp_server_drain (self->server, on_drained, self);
  return G_SOURCE_REMOVE;
}

/* Terms on their way to a worker. */
typedef struct
{
  DispWorker *worker; /* (unowned) outlives its context */
  DispTerms *terms;   /* (owned) */
} NewTerms;

static void
new_terms_free (gpointer data)
{
  NewTerms *self = data;

  disp_terms_unref (self->terms);
  g_free (self);
}

static gboolean
take_terms (gpointer user_data)
{
  NewTerms *new = user_data;
  DispWorker *self;

  DISP_TSAN_ACQUIRE (new);
  self = new->worker;
  DISP_TSAN_ACQUIRE (self);
  if (self->server != NULL)
    disp_server_set_terms (self->server, new->terms);
  return G_SOURCE_REMOVE;
}

static gboolean
abort_all (gpointer user_data)
{
  DispWorker *self = user_data;

  DISP_TSAN_ACQUIRE (self);
  if (self->server != NULL)
    disp_server_abort (self->server);
  return G_SOURCE_REMOVE;
}

static gboolean
quit (gpointer user_data)
{
  DispWorker *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

/* Has something done on the thread of the worker, in the order in which it is told. */
static void
call_with (DispWorker *self, GSourceFunc function, gpointer data, GDestroyNotify free)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, function, data, free);
  DISP_TSAN_RELEASE (self);
  g_source_attach (source, self->context);
}

static void
call (DispWorker *self, GSourceFunc function)
{
  call_with (self, function, self, NULL);
}

/**
 * disp_worker_new:
 * @name: its name, for debuggers
 * @sockets: (transfer full) (element-type GSocket): its listening sockets
 * @settings: what it is given; copied, with references to all that it names
 *
 * Starts a worker, which serves at once.
 *
 * Returns: (transfer full): the worker
 */
DispWorker *
disp_worker_new (const char *name, GPtrArray *sockets, const DispWorkerSettings *settings)
{
  DispWorker *self = g_new0 (DispWorker, 1);

  self->sockets = sockets;
  self->settings = *settings;
  g_object_ref (self->settings.clock);
  disp_reception_ref (self->settings.reception);
  disp_crew_ref (self->settings.crew);
  disp_rate_limit_ref (self->settings.rate_limit);
  disp_terms_ref (self->settings.terms);
  self->owner = g_main_context_ref_thread_default ();
  self->context = g_main_context_new ();
  self->heartbeat = disp_heartbeat_new (name, self->context);
  self->loop = g_main_loop_new (self->context, FALSE);
  DISP_TSAN_RELEASE (self);
  self->thread = g_thread_new (name, run, self);
  return self;
}

/**
 * disp_worker_set_terms:
 * @self: a worker
 * @terms: on what terms clients are served from soon on
 *
 * Any thread.
 */
void
disp_worker_set_terms (DispWorker *self, DispTerms *terms)
{
  NewTerms *new = g_new0 (NewTerms, 1);

  new->worker = self;
  new->terms = disp_terms_ref (terms);
  DISP_TSAN_RELEASE (new);
  call_with (self, take_terms, new, new_terms_free);
}

/**
 * disp_worker_get_heartbeat:
 * @self: a worker
 *
 * Returns: (transfer none): tells whether its thread makes progress, or has ended
 */
DispHeartbeat *
disp_worker_get_heartbeat (DispWorker *self)
{
  return self->heartbeat;
}

/**
 * disp_worker_drain:
 * @self: a worker that was not asked yet
 *
 * Has it end as soon as what is in flight has ended.  Any thread.
 */
void
disp_worker_drain (DispWorker *self)
{
  call (self, drain);
}

/**
 * disp_worker_abort:
 * @self: a worker that is draining
 *
 * Has it give up what is in flight.  Any thread.
 */
void
disp_worker_abort (DispWorker *self)
{
  call (self, abort_all);
}

/**
 * disp_worker_quit:
 * @self: a worker
 *
 * Has it end at once, and close the connections that are open.  Any thread.
 */
void
disp_worker_quit (DispWorker *self)
{
  call (self, quit);
}

/**
 * disp_worker_free:
 * @self: (transfer full): a worker that has ended or is about to
 *
 * Waits for its thread.
 */
void
disp_worker_free (DispWorker *self)
{
  g_thread_join (self->thread);
  DISP_TSAN_ACQUIRE (self);
  /* What others told it in the meantime would be kept for ever. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_object_unref (self->settings.clock);
  disp_reception_unref (self->settings.reception);
  disp_crew_unref (self->settings.crew);
  disp_rate_limit_unref (self->settings.rate_limit);
  disp_terms_unref (self->settings.terms);
  disp_heartbeat_unref (self->heartbeat);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_main_context_unref (self->owner);
  g_free (self);
}
