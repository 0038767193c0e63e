/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/streamed-answer.h"

#include "core/error.h"
#include "front/site-fixture.h"

#include <string.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

/* A site that streams what the test says, and says "plain" at another path. */
#define TYPE_STREAM_SITE (stream_site_get_type ())
G_DECLARE_FINAL_TYPE (StreamSite, stream_site, STREAM, SITE, GObject)

struct _StreamSite
{
  GObject parent_instance;
  GCancellable *aborted; /* (owned) */
  guint n_pieces;        /* how many there are */
  gsize piece_size;      /* how long each is, in bytes */
  guint n_empty;         /* how many empty ones come before each */
  guint fail_at;         /* which of them, counted from 1, is an error; 0 = none */
  guint n_producers;     /* that are alive */
  guint n_made;          /* pieces that were made */
  guint n_live;          /* of these, those in memory */
  guint n_live_most;     /* as many as there ever were */
};

typedef struct
{
  StreamSite *site; /* (unowned) */
  guint n_pieces;
  guint n_empty;
} Production;

static void
piece_free (gpointer data)
{
  StreamSite *site = data;

  site->n_live--;
}

/* The letter that a piece consists of. */
static char
letter (guint index)
{
  return (char) ('a' + index % 26);
}

static GBytes *
make_piece (StreamSite *site, guint index)
{
  static char letters[26][DISP_PIECE_SIZE];

  g_assert_cmpuint (site->piece_size, <=, DISP_PIECE_SIZE);
  memset (letters[index % 26], letter (index), DISP_PIECE_SIZE);
  site->n_made++;
  site->n_live++;
  site->n_live_most = MAX (site->n_live_most, site->n_live);
  return g_bytes_new_with_free_func (letters[index % 26], site->piece_size, piece_free, site);
}

static GBytes *
produce (gpointer user_data, gboolean *over, GError **error)
{
  Production *self = user_data;
  StreamSite *site = self->site;

  if (self->n_empty < site->n_empty)
    {
      self->n_empty++;
      return g_bytes_new_static ("", 0);
    }
  self->n_empty = 0;
  self->n_pieces++;
  if (self->n_pieces == site->fail_at)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_RECORD, "piece %u broke", site->fail_at);
      return NULL;
    }
  *over = self->n_pieces >= site->n_pieces;
  if (site->n_pieces == 0)
    return g_bytes_new_static ("", 0);
  return make_piece (site, self->n_pieces - 1);
}

static void
production_free (gpointer data)
{
  Production *self = data;

  self->site->n_producers--;
  g_free (self);
}

static void
serve_stream (DispSite *site, DispExchange *exchange)
{
  Production *production = g_new0 (Production, 1);
  const DispProducer producer = { produce, production_free, production };

  production->site = STREAM_SITE (site);
  production->site->n_producers++;
  disp_exchange_set_field (exchange, "X-Stream", "yes");
  disp_streamed_answer_start (exchange, "text/letters", &producer, STREAM_SITE (site)->aborted);
}

static void
serve_plain (G_GNUC_UNUSED DispSite *site, DispExchange *exchange)
{
  g_autoptr (DispAnswer) answer = disp_answer_new (200, "text/plain",
                                                   g_bytes_new_static ("plain", 5));

  disp_exchange_respond (exchange, answer);
}

static const DispResource *
stream_site_find (G_GNUC_UNUSED DispSite *site, const char *path, DispTarget *target,
                  GError **error)
{
  static const DispResource resources[] = {
    { "/stream",
      DISP_ENTRY_OPEN,
      { { "GET", DISP_BODY_UNUSED, serve_stream }, { "POST", DISP_BODY_WANTED, serve_stream } } },
    { "/plain", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_plain } } },
  };
  const DispResource *found = disp_resources_find (resources, G_N_ELEMENTS (resources), path,
                                                   target);

  if (found == NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_NOT_FOUND, "nothing is at this path");
  return found;
}

static void
stream_site_abort (DispSite *site)
{
  g_cancellable_cancel (STREAM_SITE (site)->aborted);
}

static void
stream_site_iface_init (DispSiteInterface *iface)
{
  iface->find = stream_site_find;
  iface->abort = stream_site_abort;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (StreamSite, stream_site, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SITE, stream_site_iface_init))

static void
stream_site_finalize (GObject *object)
{
  g_object_unref (STREAM_SITE (object)->aborted);
  G_OBJECT_CLASS (stream_site_parent_class)->finalize (object);
}

static void
stream_site_class_init (StreamSiteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = stream_site_finalize;
}

static void
stream_site_init (StreamSite *self)
{
  self->aborted = g_cancellable_new ();
}

typedef struct
{
  FakeClock *clock;     /* (owned) */
  StreamSite *site;     /* (owned) */
  SiteFixture *fixture; /* (owned) (nullable) once it is ended */
} Rig;

static Rig *
rig_new (guint n_pieces, gsize piece_size)
{
  Rig *rig = g_new0 (Rig, 1);

  rig->clock = fake_clock_new ();
  rig->site = g_object_new (TYPE_STREAM_SITE, NULL);
  rig->site->n_pieces = n_pieces;
  rig->site->piece_size = piece_size;
  rig->fixture = site_fixture_new (DISP_SITE (rig->site), rig->clock);
  return rig;
}

static void
rig_free (Rig *rig)
{
  g_clear_pointer (&rig->fixture, site_fixture_free);
  g_assert_cmpuint (rig->site->n_producers, ==, 0);
  g_assert_cmpuint (rig->site->n_live, ==, 0);
  g_assert_finalize_object (rig->site);
  g_assert_finalize_object (rig->clock);
  g_free (rig);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static void
assert_letters (const RawAnswer *answer, guint n_pieces, gsize piece_size)
{
  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpuint (answer->length, ==, n_pieces * piece_size);
  for (guint i = 0; i < n_pieces; i++)
    for (gsize j = 0; j < piece_size; j++)
      if (answer->body[i * piece_size + j] != letter (i))
        g_error ("byte %" G_GSIZE_FORMAT " of piece %u is wrong", j, i);
}

static void
assert_plain (RawClient *client)
{
  g_autoptr (RawAnswer) answer = raw_client_read (client);

  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (answer->body, ==, "plain");
}

/* What comes to less than a piece is answered as a whole, by GET and by HEAD. */
static void
test_whole (void)
{
  static const guint counts[] = { 0, 1, 3, 65 };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    for (guint n_empty = 0; n_empty < 3; n_empty += 2)
      {
        g_autoptr (Rig) rig = rig_new (counts[i], 1000);
        g_autofree char *length = g_strdup_printf ("%u000", counts[i]);
        g_autoptr (RawAnswer) got = NULL;
        g_autoptr (RawAnswer) head = NULL;

        rig->site->n_empty = n_empty;
        got = site_fixture_ask (rig->fixture, "GET", "/stream", NULL);
        assert_letters (got, counts[i], 1000);
        raw_answer_assert_field (got, "Content-Length", counts[i] > 0 ? length : "0");
        raw_answer_assert_field (got, "Transfer-Encoding", NULL);
        raw_answer_assert_field (got, "Content-Type", "text/letters");
        raw_answer_assert_field (got, "X-Stream", "yes");
        head = site_fixture_ask (rig->fixture, "HEAD", "/stream", NULL);
        g_assert_cmpuint (head->status, ==, 200);
        raw_answer_assert_field (head, "Content-Length", counts[i] > 0 ? length : "0");
        g_assert_cmpuint (rig->site->n_producers, ==, 0);
      }
}

/* How long pieces are, and how many empty ones come between. */
static void
test_chunks (void)
{
  static const struct
  {
    guint n_pieces;
    gsize piece_size;
    guint n_empty;
  } cases[] = { { 2, 65536, 0 },  { 20, 65536, 0 }, { 20, 65536, 3 },
                { 300, 1000, 0 }, { 70, 1000, 1 },  { 67, 1000, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Rig) rig = rig_new (cases[i].n_pieces, cases[i].piece_size);
      g_autoptr (RawAnswer) answer = NULL;

      rig->site->n_empty = cases[i].n_empty;
      answer = site_fixture_ask (rig->fixture, "GET", "/stream", NULL);
      assert_letters (answer, cases[i].n_pieces, cases[i].piece_size);
      raw_answer_assert_field (answer, "Transfer-Encoding", "chunked");
      raw_answer_assert_field (answer, "Content-Length", NULL);
      raw_answer_assert_field (answer, "Content-Type", "text/letters");
      raw_answer_assert_field (answer, "X-Stream", "yes");
      raw_answer_assert_field (answer, "Connection", NULL);
      g_assert_true (g_str_has_prefix (answer->head, "HTTP/1.1 200 OK\r\n"));
    }
}

/* What the front says by itself stands in a streamed answer as in any other. */
static void
test_fields (void)
{
  static const char *const paths[] = { "/plain", "/stream" };
  g_autoptr (Rig) rig = rig_new (5, 65536);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
      g_autoptr (RawAnswer) answer = NULL;
      g_autofree char *date = NULL;

      raw_client_sendf (client,
                        "GET %s HTTP/1.1\r\nHost: x\r\nX-Request-Id: me-1\r\n"
                        "Connection: close\r\n\r\n",
                        paths[i]);
      answer = raw_client_read_stream (client);
      raw_answer_assert_field (answer, "X-Request-Id", "me-1");
      date = raw_answer_get (answer, "Date");
      g_assert_nonnull (date);
      raw_client_assert_end (client);
    }
}

/* A connection goes on after a streamed answer, also with what was sent ahead. */
static void
test_keep_alive (void)
{
  g_autoptr (Rig) rig = rig_new (5, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (RawAnswer) first = NULL;
      g_autoptr (RawAnswer) second = NULL;

      raw_client_send (client, GET ("/stream"), -1);
      first = raw_client_read_stream (client);
      assert_letters (first, 5, 65536);
      raw_client_send (client, GET ("/plain") GET ("/stream") GET ("/plain"), -1);
      assert_plain (client);
      second = raw_client_read_stream (client);
      assert_letters (second, 5, 65536);
      assert_plain (client);
    }
}

static void
test_posted (void)
{
  g_autoptr (Rig) rig = rig_new (5, 65536);
  g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, "POST", "/stream", "body");

  assert_letters (answer, 5, 65536);
}

/* HTTP/1.0 has no chunks: the body goes on to the end of the connection. */
static void
test_old_client (void)
{
  g_autoptr (Rig) rig = rig_new (20, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (client, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", -1);
  answer = raw_client_read_stream (client);
  assert_letters (answer, 20, 65536);
  raw_answer_assert_field (answer, "Transfer-Encoding", NULL);
  raw_answer_assert_field (answer, "Content-Length", NULL);
  raw_client_assert_end (client);
}

/* It knows no transfer codings either, whatever it asks. */
static void
test_head_of_old_client (void)
{
  g_autoptr (Rig) rig = rig_new (1000, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (client, "HEAD /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET ("/plain"),
                   -1);
  answer = raw_client_read_head (client);
  g_assert_cmpuint (answer->status, ==, 200);
  raw_answer_assert_field (answer, "Transfer-Encoding", NULL);
  raw_answer_assert_field (answer, "Connection", "keep-alive");
  assert_plain (client);
}

static void
test_head (void)
{
  g_autoptr (Rig) rig = rig_new (1000, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_send (client, "HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n" GET ("/plain"), -1);
      answer = raw_client_read_head (client);
      g_assert_cmpuint (answer->status, ==, 200);
      raw_answer_assert_field (answer, "Transfer-Encoding", "chunked");
      raw_answer_assert_field (answer, "Content-Length", NULL);
      assert_plain (client);
      g_assert_cmpuint (rig->site->n_producers, ==, 0);
    }
  g_assert_cmpuint (rig->site->n_made, ==, 2);
}

/* What fails before anything was sent is answered like any other error. */
static void
test_early_failure (void)
{
  g_autoptr (Rig) rig = rig_new (100, 1000);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);

  rig->site->n_empty = 1;
  for (rig->site->fail_at = 1; rig->site->fail_at <= 66; rig->site->fail_at += 13)
    {
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_send (client, GET ("/stream") GET ("/plain"), -1);
      answer = raw_client_read (client);
      raw_answer_assert_error (answer, 404, "broke");
      assert_plain (client);
    }
}

static void
test_late_failure (gconstpointer data)
{
  const char *request = data;

  for (guint fail_at = 2; fail_at < 10; fail_at++)
    {
      g_autoptr (Rig) rig = rig_new (10, 65536);
      g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
      g_autoptr (RawAnswer) head = NULL;

      rig->site->fail_at = fail_at;
      raw_client_send (client, request, -1);
      head = raw_client_read_head (client);
      g_assert_cmpuint (head->status, ==, 200);
      SITE_WAIT (client->at_end);
      g_assert_true (client->was_reset);
      g_assert_false (g_str_has_suffix (client->in->str, "\r\n0\r\n\r\n"));
      site_fixture_settle ();
      g_assert_cmpuint (disp_server_count_connections (rig->fixture->server), ==, 0);
    }
}

/* However long a body is, and however slow its reader, little of it is in memory. */
static void
test_bounded (void)
{
  g_autoptr (Rig) rig = rig_new (1600, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
  g_autoptr (RawAnswer) head = NULL;
  gsize total = 0;

  raw_client_send (client, GET ("/stream"), -1);
  head = raw_client_read_head (client);
  while (!g_str_has_suffix (client->in->str, "\r\n0\r\n\r\n"))
    {
      g_main_context_iteration (NULL, TRUE);
      if (client->in->len > 100000)
        {
          total += client->in->len - 100;
          g_string_erase (client->in, 0, (gssize) client->in->len - 100);
        }
    }
  total += client->in->len;
  /* Each chunk has its length in front, and a line end behind. */
  g_assert_cmpuint (total, ==, 1600 * (65536 + strlen ("10000\r\n\r\n")) + strlen ("0\r\n\r\n"));
  g_assert_cmpuint (rig->site->n_made, ==, 1600);
  g_assert_cmpuint (rig->site->n_live_most, <=, 2);
}

/* When the client reads nothing, nothing more is produced than fits on the way to it. */
static void
test_slow_client (void)
{
  g_autoptr (Rig) rig = rig_new (1600, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
  guint n_made;

  g_source_destroy (client->reading);
  raw_client_send (client, GET ("/stream"), -1);
  SITE_WAIT (rig->site->n_made > 0);
  site_fixture_settle ();
  n_made = rig->site->n_made;
  site_fixture_settle ();
  g_assert_cmpuint (rig->site->n_made, ==, n_made);
  g_assert_cmpuint (n_made, <, 1600);
  g_assert_cmpuint (rig->site->n_live, <=, 2);
}

/* A client that goes in the midst, in each way. */
static void
test_gone (gconstpointer data)
{
  guint n_empty = GPOINTER_TO_UINT (data);
  g_autoptr (Rig) rig = rig_new (G_MAXUINT, 65536);
  RawClient *client = raw_client_new (rig->fixture->address);

  rig->site->n_empty = n_empty;
  raw_client_send (client, GET ("/stream"), -1);
  SITE_WAIT (client->in->len > 100000);
  g_assert_cmpuint (rig->site->n_producers, ==, 1);
  raw_client_reset (client);
  SITE_WAIT (rig->site->n_producers == 0);
  SITE_WAIT (disp_server_count_connections (rig->fixture->server) == 0);
  raw_client_free (client);
}

/* Before anything was sent there is nothing that could not be sent: the client is watched. */
static void
test_gone_before (void)
{
  g_autoptr (Rig) rig = rig_new (1, 1000);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);

  rig->site->n_empty = G_MAXUINT;
  raw_client_send (client, GET ("/stream"), -1);
  SITE_WAIT (rig->site->n_producers == 1);
  raw_client_shutdown (client);
  SITE_WAIT (rig->site->n_producers == 0);
  SITE_WAIT (disp_server_count_connections (rig->fixture->server) == 0);
}

/* One that has said all it wants still gets all of its answer. */
static void
test_half_closed (void)
{
  g_autoptr (Rig) rig = rig_new (100, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (client, GET ("/stream"), -1);
  SITE_WAIT (client->in->len > 100000);
  raw_client_shutdown (client);
  answer = raw_client_read_stream (client);
  assert_letters (answer, 100, 65536);
  raw_client_assert_end (client);
}

/* Streams without an end do not keep others from being answered. */
static void
test_turns (gconstpointer data)
{
  guint n_empty = GPOINTER_TO_UINT (data);
  g_autoptr (Rig) rig = rig_new (G_MAXUINT, 65536);
  RawClient *streams[3];

  rig->site->n_empty = n_empty;
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    {
      streams[i] = raw_client_new (rig->fixture->address);
      raw_client_send (streams[i], GET ("/stream"), -1);
    }
  SITE_WAIT (rig->site->n_producers == G_N_ELEMENTS (streams));
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
      guint n_made = rig->site->n_made;

      raw_client_send (client, GET ("/plain"), -1);
      assert_plain (client);
      /* A few turns of the loop; each stream makes at most one piece in each. */
      g_assert_cmpuint (rig->site->n_made - n_made, <, 60);
      for (guint j = 0; j < G_N_ELEMENTS (streams); j++)
        g_string_truncate (streams[j]->in, 0);
    }
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    raw_client_free (streams[i]);
}

static void
count_drained (gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* What has begun comes to its end, and then its connection ends. */
static void
test_drain (void)
{
  g_autoptr (Rig) rig = rig_new (100, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
  g_autoptr (RawAnswer) answer = NULL;
  guint n_drained = 0;

  raw_client_send (client, GET ("/stream"), -1);
  SITE_WAIT (client->in->len > 100000);
  disp_server_drain (rig->fixture->server, count_drained, &n_drained);
  site_fixture_settle ();
  answer = raw_client_read_stream (client);
  assert_letters (answer, 100, 65536);
  raw_client_assert_end (client);
  SITE_WAIT (n_drained > 0);
  g_assert_cmpuint (n_drained, ==, 1);
}

/* What drains for too long is broken off, also for one who reads nothing; what has not begun is
 * told why. */
static void
test_abort (gconstpointer data)
{
  gboolean begun = GPOINTER_TO_INT (data);
  g_autoptr (Rig) rig = rig_new (1600, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
  guint n_drained = 0;

  if (begun)
    g_source_destroy (client->reading);
  else
    rig->site->n_empty = G_MAXUINT;
  raw_client_send (client, GET ("/stream"), -1);
  SITE_WAIT (rig->site->n_producers == 1 && (!begun || rig->site->n_made > 1));
  disp_server_drain (rig->fixture->server, count_drained, &n_drained);
  /* Not until nothing more happens: what has not begun goes on trying. */
  for (guint i = 0; i < 1000; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_drained, ==, 0);
  disp_server_abort (rig->fixture->server);
  SITE_WAIT (rig->site->n_producers == 0);
  if (!begun)
    {
      g_autoptr (RawAnswer) answer = raw_client_read (client);

      raw_answer_assert_error (answer, 503, "the daemon stopped before the answer was complete");
    }
  SITE_WAIT (n_drained > 0);
  g_assert_cmpuint (disp_server_count_connections (rig->fixture->server), ==, 0);
}

/* What comes when all is being given up. */
static void
test_aborted_before (void)
{
  g_autoptr (Rig) rig = rig_new (3, 65536);
  g_autoptr (RawAnswer) answer = NULL;

  g_cancellable_cancel (rig->site->aborted);
  answer = site_fixture_ask (rig->fixture, "GET", "/stream", NULL);
  raw_answer_assert_error (answer, 503, "the daemon stopped");
  g_assert_cmpuint (rig->site->n_made, ==, 0);
}

/* The server ends in the midst of a stream: before its head, while much is on its way, and when all
 * that was produced has come. */
static void
test_server_ends (gconstpointer data)
{
  const char *moment = data;
  g_autoptr (Rig) rig = rig_new (G_MAXUINT, 65536);
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);

  if (g_str_equal (moment, "before"))
    rig->site->n_empty = G_MAXUINT;
  raw_client_send (client, GET ("/stream"), -1);
  SITE_WAIT (rig->site->n_producers == 1);
  if (!g_str_equal (moment, "before"))
    SITE_WAIT (client->in->len > 100000);
  if (g_str_equal (moment, "idle"))
    {
      rig->site->n_empty = G_MAXUINT;
      SITE_WAIT (client->in->len > rig->site->n_made * 65536);
    }
  g_clear_pointer (&rig->fixture, site_fixture_free);
  g_assert_cmpuint (rig->site->n_producers, ==, 0);
  SITE_WAIT (client->at_end);
  g_assert_false (g_str_has_suffix (client->in->str, "\r\n0\r\n\r\n"));
}

static guint
count_descriptors (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, &error);
  guint n = 0;

  g_assert_no_error (error);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* Many streams, each on a connection of its own, leave nothing behind. */
static void
test_many (void)
{
  g_autoptr (Rig) rig = rig_new (2, 40000);
  guint n_before = 0;

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, "GET", "/stream", NULL);

      assert_letters (answer, 2, 40000);
      if (i == 10)
        {
          SITE_WAIT (disp_server_count_connections (rig->fixture->server) == 0);
          n_before = count_descriptors ();
        }
    }
  SITE_WAIT (disp_server_count_connections (rig->fixture->server) == 0);
  g_assert_cmpuint (count_descriptors (), ==, n_before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/streamed-answer/whole", test_whole);
  g_test_add_func ("/front/streamed-answer/chunks", test_chunks);
  g_test_add_func ("/front/streamed-answer/fields", test_fields);
  g_test_add_func ("/front/streamed-answer/keep-alive", test_keep_alive);
  g_test_add_func ("/front/streamed-answer/posted", test_posted);
  g_test_add_func ("/front/streamed-answer/old-client", test_old_client);
  g_test_add_func ("/front/streamed-answer/head", test_head);
  g_test_add_func ("/front/streamed-answer/head/old-client", test_head_of_old_client);
  g_test_add_func ("/front/streamed-answer/early-failure", test_early_failure);
  g_test_add_data_func ("/front/streamed-answer/late-failure/chunks", GET ("/stream"),
                        test_late_failure);
  g_test_add_data_func ("/front/streamed-answer/late-failure/old-client",
                        "GET /stream HTTP/1.0\r\n\r\n", test_late_failure);
  g_test_add_func ("/front/streamed-answer/bounded", test_bounded);
  g_test_add_func ("/front/streamed-answer/slow-client", test_slow_client);
  g_test_add_data_func ("/front/streamed-answer/gone", GUINT_TO_POINTER (0), test_gone);
  g_test_add_data_func ("/front/streamed-answer/gone/sparse", GUINT_TO_POINTER (5), test_gone);
  g_test_add_func ("/front/streamed-answer/gone/before", test_gone_before);
  g_test_add_func ("/front/streamed-answer/half-closed", test_half_closed);
  g_test_add_data_func ("/front/streamed-answer/turns", GUINT_TO_POINTER (0), test_turns);
  g_test_add_data_func ("/front/streamed-answer/turns/empty", GUINT_TO_POINTER (G_MAXUINT),
                        test_turns);
  g_test_add_func ("/front/streamed-answer/drain", test_drain);
  g_test_add_data_func ("/front/streamed-answer/abort/before", GINT_TO_POINTER (FALSE), test_abort);
  g_test_add_data_func ("/front/streamed-answer/abort/midst", GINT_TO_POINTER (TRUE), test_abort);
  g_test_add_func ("/front/streamed-answer/aborted-before", test_aborted_before);
  g_test_add_data_func ("/front/streamed-answer/server-ends/before", "before", test_server_ends);
  g_test_add_data_func ("/front/streamed-answer/server-ends/midst", "midst", test_server_ends);
  g_test_add_data_func ("/front/streamed-answer/server-ends/idle", "idle", test_server_ends);
  g_test_add_func ("/front/streamed-answer/many", test_many);
  return g_test_run ();
}
