/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/service.h"

#include "front/exchange.h"
#include "front/listener-sockets.h"
#include "front/raw-client.h"

#include <glib/gstdio.h>
#include <string.h>

/* A site whose one page is there at once, and whose other one when it is told to give up. */
#define TYPE_PLAIN_SITE (plain_site_get_type ())
G_DECLARE_FINAL_TYPE (PlainSite, plain_site, PLAIN, SITE, GObject)

struct _PlainSite
{
  GObject parent_instance;
  GThread *thread;       /* (unowned) that made it */
  DispExchange *waiting; /* (owned) (nullable) */
};

static void
serve_at_once (DispSite *site, DispExchange *exchange)
{
  g_autoptr (DispAnswer) answer = disp_answer_new (200, "text/plain",
                                                   g_bytes_new_static ("here", 4));

  g_assert_true (g_thread_self () == PLAIN_SITE (site)->thread);
  disp_exchange_respond (exchange, answer);
}

static void
serve_late (DispSite *site, DispExchange *exchange)
{
  PLAIN_SITE (site)->waiting = disp_exchange_ref (exchange);
  disp_exchange_begin_work (exchange);
}

static const DispResource *
plain_site_find (G_GNUC_UNUSED DispSite *site, const char *path, DispTarget *target,
                 G_GNUC_UNUSED GError **error)
{
  static const DispResource resources[] = {
    { "/", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_at_once } } },
    { "/late", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_late } } },
  };

  return disp_resources_find (resources, G_N_ELEMENTS (resources), path, target);
}

static void
plain_site_abort (DispSite *site)
{
  PlainSite *self = PLAIN_SITE (site);
  g_autoptr (DispExchange) waiting = g_steal_pointer (&self->waiting);

  if (waiting != NULL)
    serve_at_once (site, waiting);
}

static void
plain_site_iface_init (DispSiteInterface *iface)
{
  iface->find = plain_site_find;
  iface->abort = plain_site_abort;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (PlainSite, plain_site, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SITE, plain_site_iface_init))

static void
plain_site_finalize (GObject *object)
{
  g_clear_pointer (&PLAIN_SITE (object)->waiting, disp_exchange_unref);
  G_OBJECT_CLASS (plain_site_parent_class)->finalize (object);
}

static void
plain_site_class_init (PlainSiteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = plain_site_finalize;
}

static void
plain_site_init (PlainSite *self)
{
  self->thread = g_thread_self ();
}

/* A service at two UNIX sockets, by so many threads. */
typedef struct
{
  char *directory;      /* (owned) */
  char *paths[2];       /* (owned) */
  char *addresses[3];   /* (owned) */
  DispClock *clock;     /* (owned) */
  DispService *service; /* (owned) */
  GThread *main_thread; /* (unowned) */
  guint n_threads;
  gint n_sites; /* (atomic) */
  guint n_ended;
} Fixture;

static DispSite *
make_site (gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpint (g_thread_self () == fixture->main_thread, ==, fixture->n_threads == 0);
  g_atomic_int_inc (&fixture->n_sites);
  return g_object_new (TYPE_PLAIN_SITE, NULL);
}

static gboolean
on_ended (gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (g_thread_self () == fixture->main_thread);
  fixture->n_ended++;
  return G_SOURCE_REMOVE;
}

static void
open_service (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->service = disp_service_open (fixture->addresses, fixture->n_threads, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer n_threads)
{
  fixture->n_threads = GPOINTER_TO_UINT (n_threads);
  fixture->directory = g_dir_make_tmp ("dispatcherd-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (fixture->paths); i++)
    {
      fixture->paths[i] = g_strdup_printf ("%s/%u", fixture->directory, i);
      fixture->addresses[i] = g_strconcat ("unix:", fixture->paths[i], NULL);
    }
  fixture->clock = disp_system_clock_new ();
  fixture->main_thread = g_thread_self ();
  open_service (fixture);
}

static void
start (Fixture *fixture)
{
  g_autoptr (DispReception) reception = disp_reception_new ();
  g_autoptr (DispRateLimit) rate_limit = disp_rate_limit_new ();
  g_autoptr (DispTerms) terms = disp_terms_new ();
  const DispWorkerSettings settings = {
    .clock = fixture->clock,
    .reception = reception,
    .rate_limit = rate_limit,
    .terms = terms,
    .make_site = make_site,
    .ended = on_ended,
    .user_data = fixture,
  };

  disp_service_start (fixture->service, "test", &settings);
}

static void
wait_ended (Fixture *fixture)
{
  while (fixture->n_ended == 0)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (fixture->n_ended, ==, 1);
  g_assert_cmpint (g_atomic_int_get (&fixture->n_sites), ==, (int) MAX (fixture->n_threads, 1));
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_clear_pointer (&fixture->service, disp_service_free);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint i = 0; i < G_N_ELEMENTS (fixture->paths); i++)
    {
      g_assert_false (g_file_test (fixture->paths[i], G_FILE_TEST_EXISTS));
      g_free (fixture->paths[i]);
      g_free (fixture->addresses[i]);
    }
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_assert_finalize_object (fixture->clock);
  g_free (fixture->directory);
}

static void
assert_serves (const char *address)
{
  g_autoptr (RawClient) client = raw_client_new (address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", -1);
  answer = raw_client_read (client);
  g_assert_cmpstr (answer->body, ==, "here");
}

static void
test_serves (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  start (fixture);
  for (guint i = 0; i < 10; i++)
    assert_serves (fixture->addresses[i % 2]);
  disp_service_drain (fixture->service);
  g_assert_false (g_file_test (fixture->paths[0], G_FILE_TEST_EXISTS));
  wait_ended (fixture);
}

/* All who serve get new terms. */
static void
test_set_terms (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (DispTerms) terms = disp_terms_new ();
  guint n_refused = 0;

  terms->body_limit = 1;
  start (fixture);
  disp_service_set_terms (fixture->service, terms);
  /* One after another, so that each of those who serve has some. */
  for (guint i = 0; i < 100000 && n_refused < 20; i++)
    {
      g_autoptr (RawClient) client = raw_client_new (fixture->addresses[0]);
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_send (client, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", -1);
      answer = raw_client_read (client);
      n_refused = answer->status == 413 ? n_refused + 1 : 0;
    }
  g_assert_cmpuint (n_refused, ==, 20);
  disp_service_drain (fixture->service);
  wait_ended (fixture);
}

static void
test_not_started (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_auto (GStrv) listed = disp_service_list_addresses (fixture->service);

  g_assert_cmpstrv (listed, fixture->addresses);
  g_assert_true (g_file_test (fixture->paths[1], G_FILE_TEST_EXISTS));
}

/* Of a service that cannot have all its addresses nothing is left, and others keep theirs. */
static void
test_taken (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *free_path = g_strconcat (fixture->directory, "/free", NULL);
  g_autofree char *free_address = g_strconcat ("unix:", free_path, NULL);
  char *addresses[] = { free_address, fixture->addresses[0], NULL };
  g_autoptr (GError) error = NULL;

  start (fixture);
  g_assert_null (disp_service_open (addresses, fixture->n_threads, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, fixture->paths[0]));
  g_assert_false (g_file_test (free_path, G_FILE_TEST_EXISTS));
  assert_serves (fixture->addresses[0]);
  disp_service_drain (fixture->service);
  wait_ended (fixture);
}

/* What is drained while a request waits ends when that is given up. */
static void
test_abort (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (RawClient) client = raw_client_new (fixture->addresses[0]);
  g_autoptr (RawClient) idle = raw_client_new (fixture->addresses[1]);
  g_autoptr (RawAnswer) answer = NULL;

  start (fixture);
  raw_client_send (client, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n", -1);
  assert_serves (fixture->addresses[0]);
  disp_service_drain (fixture->service);
  raw_client_assert_end (idle); /* it drains, and still has the other one */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (fixture->n_ended, ==, 0);
  disp_service_abort (fixture->service);
  answer = raw_client_read (client);
  g_assert_cmpstr (answer->body, ==, "here");
  wait_ended (fixture);
}

/* Half a request keeps a service from draining, but not from ending. */
static void
test_quit (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (RawClient) client = raw_client_new (fixture->addresses[0]);

  start (fixture);
  raw_client_send (client, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", -1);
  assert_serves (fixture->addresses[0]);
  disp_service_drain (fixture->service);
  disp_service_quit (fixture->service);
  wait_ended (fixture);
  while (!client->at_end)
    g_main_context_iteration (NULL, TRUE);
  disp_service_quit (fixture->service);
}

#define ADD(path, n_threads, function)                                                             \
  g_test_add ("/app/service/" path, Fixture, GUINT_TO_POINTER (n_threads), set_up, function,       \
              tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("serves-here", 0, test_serves);
  ADD ("serves", 1, test_serves);
  ADD ("serves-many", 3, test_serves);
  ADD ("set-terms-here", 0, test_set_terms);
  ADD ("set-terms", 3, test_set_terms);
  ADD ("not-started", 2, test_not_started);
  ADD ("taken", 1, test_taken);
  ADD ("abort-here", 0, test_abort);
  ADD ("abort", 1, test_abort);
  ADD ("quit-here", 0, test_quit);
  ADD ("quit", 1, test_quit);
  return g_test_run ();
}
