/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/manager-source.h"

#include "core/backoff.h"
#include "core/error.h"
#include "sources/fetch.h"
#include "wire/fleet-document.h"

#include <string.h>

/* A round gets as long as the interval between rounds, within these bounds. */
#define SHORTEST_DEADLINE (2 * G_USEC_PER_SEC)
#define LONGEST_DEADLINE (10 * G_USEC_PER_SEC)

/* How long to wait after a first failure, and at most. */
#define FIRST_RETRY G_USEC_PER_SEC
#define LONGEST_RETRY (30 * G_USEC_PER_SEC)

typedef struct _Round Round;

typedef GPtrArray *(*ParseFunc) (const char *text, gsize length, GError **error);

/* One of the two questions of a round. */
typedef struct
{
  Round *round; /* (unowned) */
  char *url;    /* (owned) */
  ParseFunc parse;
  GPtrArray *answer; /* (owned) (nullable) */
  gboolean ended;
} Question;

enum
{
  MODELS,
  CONTAINERS,
  N_QUESTIONS,
};

/* One time that the Containers Manager is asked.  It lives until both questions have ended, maybe
 * longer than it matters to the source. */
struct _Round
{
  DispManagerSource *source; /* (unowned) (nullable) NULL when it does not matter any more */
  GCancellable *cancellable; /* (owned) */
  Question questions[N_QUESTIONS];
};

struct _DispManagerSource
{
  GObject parent_instance;
  char *url;               /* (owned) without a slash at the end */
  char *authorization;     /* (owned) (nullable) secret */
  char *description;       /* (owned) */
  gint64 refresh_interval; /* microseconds */
  DispClock *clock;        /* (owned) */
  GRand *random;           /* (owned) */
  DispBackoff backoff;
  SoupSession *session; /* (owned) (nullable) NULL unless started */
  Round *round;         /* (unowned) (nullable) the one that runs */
  gboolean again;       /* a refresh was asked for while a round runs */
  GSource *deadline;    /* (owned) (nullable) of the round that runs */
  GSource *next;        /* (owned) (nullable) when the next round begins, while none runs */
  DispFleet *fleet;     /* (owned) (nullable) the last good one, or one that was inherited */
};

static void start_round (DispManagerSource *self);

static void
round_free (Round *round)
{
  for (guint i = 0; i < N_QUESTIONS; i++)
    {
      g_free (round->questions[i].url);
      g_clear_pointer (&round->questions[i].answer, g_ptr_array_unref);
    }
  g_object_unref (round->cancellable);
  g_free (round);
}

/* What comes of the round from now on is of no interest. */
static void
abandon_round (DispManagerSource *self)
{
  Round *round = g_steal_pointer (&self->round);

  disp_clock_clear_timer (&self->deadline);
  self->again = FALSE;
  if (round == NULL)
    return;
  round->source = NULL;
  g_cancellable_cancel (round->cancellable);
}

static gboolean
next_due (gpointer data)
{
  DispManagerSource *self = data;

  disp_clock_clear_timer (&self->next);
  start_round (self);
  return G_SOURCE_REMOVE;
}

/* Ends the round, and sees to the next: at once if somebody asked meanwhile, else after @wait. */
static void
end_round (DispManagerSource *self, gint64 wait)
{
  gboolean again = self->again;

  abandon_round (self);
  if (again)
    start_round (self);
  else
    self->next = disp_clock_add_timer (self->clock, disp_clock_now (self->clock) + wait,
                                       "fleet-refresh", next_due, self);
}

static void
fail_round (DispManagerSource *self, const GError *error)
{
  end_round (self, disp_backoff_next (&self->backoff, self->random));
  disp_source_emit_failed (DISP_SOURCE (self), error);
}

static void
complete_round (DispManagerSource *self)
{
  Question *questions = self->round->questions;
  g_autoptr (DispFleet) fleet = disp_fleet_new (g_steal_pointer (&questions[MODELS].answer),
                                                g_steal_pointer (&questions[CONTAINERS].answer),
                                                self->fleet);

  g_clear_pointer (&self->fleet, disp_fleet_unref);
  self->fleet = disp_fleet_ref (fleet);
  disp_backoff_reset (&self->backoff);
  end_round (self, self->refresh_interval);
  disp_source_emit_fleet (DISP_SOURCE (self), fleet);
}

static gint64
get_time_limit (DispManagerSource *self)
{
  return CLAMP (self->refresh_interval, SHORTEST_DEADLINE, LONGEST_DEADLINE);
}

static gboolean
deadline_passed (gpointer data)
{
  DispManagerSource *self = data;
  const Question *questions = self->round->questions;
  g_autoptr (GError) error = NULL;

  g_set_error (&error, DISP_ERROR, DISP_ERROR_DEADLINE,
               "%s: no whole answer came within %" G_GINT64_FORMAT " ms",
               questions[questions[MODELS].ended ? CONTAINERS : MODELS].url,
               get_time_limit (self) / 1000);
  fail_round (self, error);
  return G_SOURCE_REMOVE;
}

static gboolean
take_answer (Question *question, SoupSession *session, GAsyncResult *result, GError **error)
{
  g_autoptr (GByteArray) body = disp_fetch_finish (session, result, error);

  if (body == NULL)
    return FALSE;
  g_byte_array_append (body, (const guint8 *) "", 1);
  question->answer = question->parse ((const char *) body->data, body->len - 1, error);
  if (question->answer == NULL)
    g_prefix_error (error, "%s: ", question->url);
  return question->answer != NULL;
}

static void
question_ended (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Question *question = user_data;
  Round *round = question->round;
  g_autoptr (GError) error = NULL;
  gboolean good = take_answer (question, SOUP_SESSION (object), result, &error);
  gboolean all_ended;

  question->ended = TRUE;
  all_ended = round->questions[MODELS].ended && round->questions[CONTAINERS].ended;
  if (round->source != NULL && !good)
    fail_round (round->source, error);
  else if (round->source != NULL && all_ended)
    complete_round (round->source);
  if (all_ended)
    round_free (round);
}

static void
ask (DispManagerSource *self, guint which, const char *path, ParseFunc parse)
{
  Question *question = &self->round->questions[which];

  question->round = self->round;
  question->url = g_strconcat (self->url, path, NULL);
  question->parse = parse;
  disp_fetch_async (self->session, question->url, self->authorization, DISP_FLEET_DOCUMENT_MAX_SIZE,
                    self->round->cancellable, question_ended, question);
}

static void
start_round (DispManagerSource *self)
{
  self->round = g_new0 (Round, 1);
  self->round->source = self;
  self->round->cancellable = g_cancellable_new ();
  self->deadline = disp_clock_add_timer (self->clock,
                                         disp_clock_now (self->clock) + get_time_limit (self),
                                         "fleet-deadline", deadline_passed, self);
  ask (self, MODELS, "/models", disp_fleet_document_parse_models);
  ask (self, CONTAINERS, "/containers", disp_fleet_document_parse_containers);
}

static gboolean
manager_source_start (DispSource *source, G_GNUC_UNUSED GError **error)
{
  DispManagerSource *self = DISP_MANAGER_SOURCE (source);

  g_return_val_if_fail (self->session == NULL, FALSE);

  self->session = disp_fetch_session_new ();
  start_round (self);
  return TRUE;
}

static guint
manager_source_refresh (DispSource *source)
{
  DispManagerSource *self = DISP_MANAGER_SOURCE (source);

  if (self->session == NULL)
    return 0;
  disp_clock_clear_timer (&self->next);
  if (self->round == NULL)
    {
      start_round (self);
      return 0;
    }
  self->again = TRUE;
  return 1;
}

static void
manager_source_stop (DispSource *source)
{
  DispManagerSource *self = DISP_MANAGER_SOURCE (source);

  abandon_round (self);
  disp_clock_clear_timer (&self->next);
  g_clear_object (&self->session);
}

static void
manager_source_inherit (DispSource *source, DispFleet *fleet)
{
  DispManagerSource *self = DISP_MANAGER_SOURCE (source);

  disp_fleet_ref (fleet);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  self->fleet = fleet;
}

static const char *
manager_source_describe (DispSource *source)
{
  return DISP_MANAGER_SOURCE (source)->description;
}

static void
manager_source_iface_init (DispSourceInterface *iface)
{
  iface->inherit = manager_source_inherit;
  iface->start = manager_source_start;
  iface->refresh = manager_source_refresh;
  iface->stop = manager_source_stop;
  iface->describe = manager_source_describe;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispManagerSource, disp_manager_source, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SOURCE, manager_source_iface_init))

static void
disp_manager_source_dispose (GObject *object)
{
  manager_source_stop (DISP_SOURCE (object));
  G_OBJECT_CLASS (disp_manager_source_parent_class)->dispose (object);
}

static void
disp_manager_source_finalize (GObject *object)
{
  DispManagerSource *self = DISP_MANAGER_SOURCE (object);

  g_clear_pointer (&self->fleet, disp_fleet_unref);
  g_clear_pointer (&self->random, g_rand_free);
  g_clear_object (&self->clock);
  g_free (self->description);
  g_free (self->authorization);
  g_free (self->url);
  G_OBJECT_CLASS (disp_manager_source_parent_class)->finalize (object);
}

static void
disp_manager_source_class_init (DispManagerSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = disp_manager_source_dispose;
  G_OBJECT_CLASS (klass)->finalize = disp_manager_source_finalize;
}

static void
disp_manager_source_init (G_GNUC_UNUSED DispManagerSource *self)
{
}

static gboolean
is_base_url (GUri *uri)
{
  const char *scheme = g_uri_get_scheme (uri);
  const char *host = g_uri_get_host (uri);

  return (g_str_equal (scheme, "http") || g_str_equal (scheme, "https")) && host != NULL
         && host[0] != '\0' && g_uri_get_port (uri) != 0 && g_uri_get_userinfo (uri) == NULL
         && g_uri_get_query (uri) == NULL && g_uri_get_fragment (uri) == NULL;
}

/* Returns the URL without a slash at the end, so that a path can follow. */
static char *
normalize_url (const char *text, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GUri) uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, &reason);
  char *url;

  if (uri == NULL || !is_base_url (uri))
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                   "the URL of the Containers Manager is \"%s\"%s%s, expected http://HOST[:PORT] "
                   "or https://HOST[:PORT], with or without a path, and without a user name, "
                   "query or fragment",
                   text, reason != NULL ? ": " : "", reason != NULL ? reason->message : "");
      return NULL;
    }
  url = g_uri_to_string (uri);
  for (gsize length = strlen (url); url[length - 1] == '/'; length--)
    url[length - 1] = '\0';
  return url;
}

/**
 * disp_manager_source_new:
 * @url: where the Containers Manager is, "http://127.0.0.1:5001"
 * @refresh_interval: from the end of one round of questions to the next, in microseconds
 * @clock: the clock
 * @random: where the jitter of the retries comes from; it is copied
 * @error: %DISP_ERROR_INVALID_CONFIG, naming the URL and what was expected
 *
 * The fleet of a Containers Manager, which tells of changes only when it is asked: each round GETs
 * /models and /containers, both at once, and only a pair of whole, valid answers is a fleet, also
 * an empty one.  Anything else is told by "failed" with the URL and the reason; the next round then
 * comes after a second or the interval, whichever is less, and later with each failure in a row, up
 * to 30 seconds.  A round may take as long as the interval, but at least 2 and at most 10 seconds.
 *
 * disp_source_start() never fails, and all answers come later.  Call everything on the context of
 * disp_source_start().
 *
 * Returns: (transfer full) (nullable): the source
 */
DispSource *
disp_manager_source_new (const char *url, gint64 refresh_interval, DispClock *clock, GRand *random,
                         GError **error)
{
  DispManagerSource *self;
  g_autofree char *base = NULL;

  g_return_val_if_fail (refresh_interval > 0, NULL);

  base = normalize_url (url, error);
  if (base == NULL)
    return NULL;
  self = g_object_new (DISP_TYPE_MANAGER_SOURCE, NULL);
  self->url = g_steal_pointer (&base);
  self->description = g_strdup_printf ("containers-manager %s", self->url);
  self->refresh_interval = refresh_interval;
  self->clock = g_object_ref (clock);
  self->random = g_rand_copy (random);
  disp_backoff_init (&self->backoff, MIN (FIRST_RETRY, refresh_interval), LONGEST_RETRY);
  return DISP_SOURCE (self);
}

/**
 * disp_manager_source_set_authorization:
 * @self: a source that was not started
 * @authorization: (nullable): a value of the field Authorization, which the Containers Manager gets
 *   with each question
 */
void
disp_manager_source_set_authorization (DispManagerSource *self, const char *authorization)
{
  g_return_if_fail (self->session == NULL);

  g_free (self->authorization);
  self->authorization = g_strdup (authorization);
}
