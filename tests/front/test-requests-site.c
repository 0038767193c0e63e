/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/requests-site.h"

#include "front/site-fixture.h"
#include "support/fake-archive.h"
#include "support/fake-sink.h"
#include "support/fixtures.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define RECORD_1                                                                                   \
  "{\"id\":\"11111111-1111-4111-8111-111111111111\",\"model\":\"m\",\"version\":1,"                \
  "\"instances\":[1.0, NaN],\"node\":\"n\",\"container\":\"c\",\"ts_in\":1566830435.1093774,"      \
  "\"ts_out\":null,\"resp_time\":null,\"response\":\"\",\"state\":0}"
#define RECORD_2                                                                                   \
  "{\"id\":\"22222222-2222-4222-8222-222222222222\",\"model\":\"m\",\"version\":1,"                \
  "\"instances\":[2],\"node\":\"n\",\"container\":\"c\",\"ts_in\":1566830435.1093774,"             \
  "\"ts_out\":1566830436.5,\"resp_time\":1.39,\"response\":\"{}\",\"state\":2}"

typedef struct
{
  FakeClock *clock;     /* (owned) */
  FakeArchive *archive; /* (owned) */
  FakeSink *sink;       /* (owned) */
  DispSite *site;       /* (owned) */
  SiteFixture *fixture; /* (owned) (nullable) once it is ended */
} Rig;

static Rig *
rig_new (void)
{
  Rig *rig = g_new0 (Rig, 1);

  rig->clock = fake_clock_new ();
  rig->archive = fake_archive_new ();
  rig->sink = fake_sink_new ();
  rig->site = disp_requests_site_new (DISP_RECORD_ARCHIVE (rig->archive),
                                      DISP_RECORD_SINK (rig->sink), DISP_CLOCK (rig->clock));
  rig->fixture = site_fixture_new (rig->site, rig->clock);
  return rig;
}

static void
rig_free (Rig *rig)
{
  g_clear_pointer (&rig->fixture, site_fixture_free);
  g_assert_cmpuint (fake_clock_count_named_timers (rig->clock, "store wait"), ==, 0);
  g_assert_finalize_object (rig->site);
  g_assert_finalize_object (rig->sink);
  g_assert_finalize_object (rig->archive);
  g_assert_finalize_object (rig->clock);
  g_free (rig);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

/* Adds a record with an id of 36 times @letter. */
static void
add (Rig *rig, char letter, const char *model, const char *node, const char *container,
     DispRecordState state)
{
  g_autoptr (DispRequest) request = fixture_request (model, 1, "[1]");
  DispRecord *record;

  memset (request->id, letter, DISP_ID_SIZE - 1);
  record = disp_record_new (request, G_USEC_PER_SEC, -1);
  record->state = state;
  if (container != NULL)
    {
      record->container = fixture_container (container, model, 1, DISP_DEVICE_CPU, 1);
      g_free (record->container->node);
      record->container->node = g_strdup (node);
    }
  if (state == DISP_RECORD_COMPLETED)
    record->ts_out = 3 * G_USEC_PER_SEC;
  fake_archive_add (rig->archive, record);
}

static void
add_some (Rig *rig)
{
  add (rig, 'a', "one", NULL, NULL, DISP_RECORD_CREATED);
  add (rig, 'b', "two", "192.168.99.103", "cpu-0", DISP_RECORD_COMPLETED);
  add (rig, 'c', "one", "192.168.99.103", "cpu-1", DISP_RECORD_ERROR);
  add (rig, 'd', "two", "odd node/\303\274", "cpu-0", DISP_RECORD_WAITING);
  add (rig, 'e', "two", "odd node/\303\274", "cpu-0", DISP_RECORD_COMPLETED);
}

/* The first letters of the ids in an answer, in their order. */
static char *
read_letters (const RawAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = json_from_string (answer->body, &error);
  JsonArray *array;
  GString *letters = g_string_new (NULL);

  g_assert_no_error (error);
  g_assert_cmpuint (answer->status, ==, 200);
  raw_answer_assert_field (answer, "Content-Type", "application/json");
  array = json_node_get_array (root);
  for (guint i = 0; i < json_array_get_length (array); i++)
    g_string_append_c (
        letters, *json_object_get_string_member (json_array_get_object_element (array, i), "id"));
  return g_string_free (letters, FALSE);
}

static void
test_status (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, "GET", "/", NULL);

  g_assert_cmpuint (answer->status, ==, 200);
  raw_answer_assert_field (answer, "Content-Type", "application/json");
  g_assert_cmpstr (answer->body, ==, "{\"status\":\"running\"}");
}

static void
test_none (void)
{
  g_autoptr (Rig) rig = rig_new ();
  static const char *const paths[] = { "/requests", "/requests/n", "/metrics",
                                       "/requests?limit=3" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, "GET", paths[i], NULL);

      g_assert_cmpuint (answer->status, ==, 200);
      g_assert_cmpstr (answer->body, ==, "[]");
    }
}

/* A path, and the records that it gives. */
static const struct
{
  const char *path;
  const char *letters;
} record_cases[] = {
  { "/requests", "abcde" },
  { "/requests?", "abcde" },
  { "/requests?limit=2", "ab" },
  { "/requests?limit=0", "" },
  { "/requests?limit=100", "abcde" },
  { "/requests?model=two", "bde" },
  { "/requests?model=nobody", "" },
  { "/requests?container=cpu-1", "c" },
  { "/requests?node=192.168.99.103", "bc" },
  { "/requests?node=odd+node%2F%C3%BC", "de" },
  { "/requests?state=2", "be" },
  { "/requests?state=created", "a" },
  { "/requests?model=two&state=completed&limit=1", "b" },
  { "/requests?after=cccccccccccccccccccccccccccccccccccc", "de" },
  { "/requests?after=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb&limit=2", "cd" },
  { "/requests?after=eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "" },
  { "/requests/192.168.99.103", "bc" },
  { "/requests/odd%20node%2F%C3%BC", "de" },
  { "/requests/odd%20node%2F%C3%BC?state=1", "d" },
  { "/requests/nobody", "" },
};

static void
test_records (void)
{
  g_autoptr (Rig) rig = rig_new ();

  add_some (rig);
  for (guint i = 0; i < G_N_ELEMENTS (record_cases); i++)
    {
      g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, "GET", record_cases[i].path,
                                                       NULL);
      g_autofree char *letters = read_letters (answer);

      g_assert_cmpstr (letters, ==, record_cases[i].letters);
    }
}

/* A request that is refused. */
static const struct
{
  const char *method;
  const char *path;
  guint status;
  const char *message;
  const char *allow; /* (nullable) */
} refusal_cases[] = {
  { "GET", "/requests?foo=1", 400, "no parameter \"foo\"", NULL },
  { "GET", "/requests?limit=x", 400, "limit is \"x\", expected a number", NULL },
  { "GET", "/requests?limit=1&limit=1", 400, "limit is given twice", NULL },
  { "GET", "/requests/n?node=n", 400, "node is given twice", NULL },
  { "GET", "/requests?state=done", 400, "state is \"done\"", NULL },
  { "GET", "/requests?model", 400, "cannot be read", NULL },
  { "GET", "/requests?after=nobody", 404, "no record \"nobody\"", NULL },
  { "GET", "/requests/", 404, "nothing is at this path", NULL },
  { "GET", "/requests/a/b", 404, "nothing is at this path", NULL },
  { "GET", "/requests/%ff", 404, "nothing is at this path", NULL },
  { "GET", "/predict", 404, "expected /requests, /requests/NODE or /metrics", NULL },
  { "POST", "/", 405, "takes GET, HEAD only", "GET, HEAD" },
  { "PUT", "/requests", 405, "takes GET, HEAD, POST, DELETE only", "GET, HEAD, POST, DELETE" },
  { "PATCH", "/requests", 405, "takes GET", "GET, HEAD, POST, DELETE" },
  { "DELETE", "/requests/n", 405, "takes GET, HEAD only", "GET, HEAD" },
  { "POST", "/metrics", 405, "takes GET, HEAD only", "GET, HEAD" },
  { "POST", "/requests", 411, "no body", NULL },
};

static void
test_refused (void)
{
  g_autoptr (Rig) rig = rig_new ();

  add_some (rig);
  for (guint i = 0; i < G_N_ELEMENTS (refusal_cases); i++)
    {
      g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, refusal_cases[i].method,
                                                       refusal_cases[i].path, NULL);

      raw_answer_assert_error (answer, refusal_cases[i].status, refusal_cases[i].message);
      raw_answer_assert_field (answer, "Allow", refusal_cases[i].allow);
    }
  g_assert_cmpuint (fake_sink_count (rig->sink), ==, 0);
}

static void
test_head (void)
{
  static const char *const paths[] = { "/", "/requests", "/requests/192.168.99.103", "/metrics" };
  g_autoptr (Rig) rig = rig_new ();

  add_some (rig);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (RawAnswer) head = site_fixture_ask (rig->fixture, "HEAD", paths[i], NULL);
      g_autoptr (RawAnswer) whole = site_fixture_ask (rig->fixture, "GET", paths[i], NULL);
      g_autofree char *length = raw_answer_get (whole, "Content-Length");

      g_assert_cmpuint (head->status, ==, 200);
      g_assert_nonnull (length);
      raw_answer_assert_field (head, "Content-Length", length);
      raw_answer_assert_field (head, "Content-Type", "application/json");
    }
}

static void
test_metrics (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawAnswer) answer = NULL;

  add_some (rig);
  answer = site_fixture_ask (rig->fixture, "GET", "/metrics", NULL);
  g_assert_cmpuint (answer->status, ==, 200);
  raw_answer_assert_field (answer, "Content-Type", "application/json");
  g_assert_cmpstr (answer->body, ==,
                   "[{\"model\":\"one\",\"version\":1,\"metrics\":{\"completed\":0,\"waiting\":2,"
                   "\"avg\":null,\"dev\":null,\"min\":null,\"max\":null}},"
                   "{\"model\":\"two\",\"version\":1,\"metrics\":{\"completed\":2,\"waiting\":1,"
                   "\"avg\":2,\"dev\":0,\"min\":2,\"max\":2}}]");
  g_assert_true (fake_archive_was_brief (rig->archive));
}

/* A body that is longer than memory should be comes in chunks; metrics of as many do not keep
 * others from being answered. */
static void
test_many (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawAnswer) records = NULL;
  g_autoptr (RawClient) client = NULL;

  fake_archive_fill (rig->archive, 2000, 1000);
  records = site_fixture_ask (rig->fixture, "GET", "/requests", NULL);
  raw_answer_assert_field (records, "Transfer-Encoding", "chunked");
  {
    g_autofree char *letters = read_letters (records);

    g_assert_cmpuint (strlen (letters), ==, 2000);
  }
  g_assert_cmpuint (fake_archive_count_live (rig->archive), ==, FAKE_ARCHIVE_BATCH);
  g_assert_false (fake_archive_was_brief (rig->archive));

  fake_archive_fill (rig->archive, 1000000, 0);
  client = raw_client_new (rig->fixture->address);
  raw_client_send (client, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", -1);
  SITE_WAIT (fake_archive_count_calls (rig->archive) > 30);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (RawAnswer) status = site_fixture_ask (rig->fixture, "GET", "/", NULL);

      g_assert_cmpuint (status->status, ==, 200);
    }
  g_assert_cmpuint (client->in->len, ==, 0);
  raw_client_shutdown (client);
  SITE_WAIT (client->at_end);
  g_assert_cmpuint (client->in->len, ==, 0);
}

static void
test_unreadable (void)
{
  static const char *const paths[] = { "/requests", "/requests/n", "/metrics" };
  g_autoptr (Rig) rig = rig_new ();

  fake_archive_fill (rig->archive, 1000, 1000);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    for (int n_calls = 0; n_calls < 2; n_calls++)
      {
        g_autoptr (RawAnswer) answer = NULL;

        fake_archive_fail_after (rig->archive, n_calls, "/a/path is broken");
        answer = site_fixture_ask (rig->fixture, "GET", paths[i], NULL);
        raw_answer_assert_error (answer, 500, "the records cannot be read now");
      }
}

/* What fails in the midst is no array, and no whole answer. */
static void
test_unreadable_later (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
  g_autoptr (RawAnswer) head = NULL;

  fake_archive_fill (rig->archive, 1000, 1000);
  fake_archive_fail_after (rig->archive, 5, "/a/path is broken");
  raw_client_send (client, "GET /requests HTTP/1.1\r\nHost: x\r\n\r\n", -1);
  head = raw_client_read_head (client);
  g_assert_cmpuint (head->status, ==, 200);
  SITE_WAIT (client->at_end);
  g_assert_true (client->was_reset);
  g_assert_null (strstr (client->in->str, "]\r\n"));
}

/* A body, and the ids of the records that it posts. */
static const struct
{
  const char *body;
  guint n_records;
} post_cases[] = {
  { RECORD_1, 1 },
  { " " RECORD_2 "\n", 1 },
  { "[" RECORD_1 "," RECORD_2 "]", 2 },
  { "[\n" RECORD_2 "\n]", 1 },
  { "[]", 0 },
};

static void
test_post (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (post_cases); i++)
    {
      g_autoptr (Rig) rig = rig_new ();
      g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, "POST", "/requests",
                                                       post_cases[i].body);

      g_assert_cmpuint (answer->status, ==, 200);
      raw_answer_assert_field (answer, "Content-Type", "application/json");
      g_assert_cmpstr (answer->body, ==, post_cases[i].body);
      g_assert_cmpuint (fake_sink_count (rig->sink), ==, post_cases[i].n_records);
      if (post_cases[i].n_records == 2)
        {
          g_assert_cmpstr (fake_sink_get (rig->sink, 0)->id, ==,
                           "11111111-1111-4111-8111-111111111111");
          g_assert_cmpstr (fake_sink_get (rig->sink, 1)->id, ==,
                           "22222222-2222-4222-8222-222222222222");
          g_assert_cmpint (fake_sink_get (rig->sink, 1)->state, ==, DISP_RECORD_COMPLETED);
        }
    }
}

/* One bad record, and none is stored. */
static void
test_post_refused (void)
{
  static const struct
  {
    const char *body;
    const char *message;
  } cases[] = {
    { "", "" },
    { "{", "" },
    { "17", "" },
    { "{\"model\":\"m\"}", "\"id\"" },
    { "[" RECORD_1 ",{\"model\":\"m\"}]", "element 1" },
    { RECORD_1 RECORD_2, "" },
  };
  g_autoptr (Rig) rig = rig_new ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (RawAnswer) answer = site_fixture_ask (rig->fixture, "POST", "/requests",
                                                       cases[i].body);

      raw_answer_assert_error (answer, 400, cases[i].message);
    }
  g_assert_cmpuint (fake_sink_count (rig->sink), ==, 0);
}

static void
test_post_of_other_type (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawClient) client = raw_client_new (rig->fixture->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (client,
                   "POST /requests HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
                   "Content-Length: 2\r\n\r\n[]",
                   -1);
  answer = raw_client_read (client);
  raw_answer_assert_error (answer, 415, "text/plain");
}

/* Who posts must know when there is no room, be that with others dropped or refused. */
static void
test_post_full (void)
{
  static const DispAdmission admissions[] = { DISP_ADMISSION_REFUSED, DISP_ADMISSION_DROPPED };
  g_autoptr (Rig) rig = rig_new ();

  for (guint i = 0; i < G_N_ELEMENTS (admissions); i++)
    {
      g_autoptr (RawAnswer) answer = NULL;

      fake_sink_set_admission (rig->sink, admissions[i]);
      answer = site_fixture_ask (rig->fixture, "POST", "/requests", "[" RECORD_1 "," RECORD_2 "]");
      raw_answer_assert_error (answer, 503, "no room for 2 more records");
      raw_answer_assert_field (answer, "X-Dispatch-Reason", "records-full");
      raw_answer_assert_field (answer, "Retry-After", "5");
    }
  g_assert_cmpuint (fake_sink_count (rig->sink), ==, 0);
}

/* What waits for the store: a request and its good answer. */
typedef struct
{
  const char *method;
  const char *body; /* (nullable) */
  guint n_held;
  const char *answer;
} WaitCase;

static const WaitCase wait_cases[] = {
  { "POST", RECORD_1, 1, RECORD_1 },
  { "POST", "[" RECORD_1 "," RECORD_2 "]", 2, "[" RECORD_1 "," RECORD_2 "]" },
  { "DELETE", NULL, 1, "{}" },
};

static RawClient *
begin_wait (Rig *rig, const WaitCase *row)
{
  RawClient *client = raw_client_new (rig->fixture->address);

  fake_sink_hold (rig->sink);
  raw_client_sendf (client, "%s /requests HTTP/1.1\r\nHost: x\r\n", row->method);
  if (row->body != NULL)
    raw_client_sendf (client, "Content-Length: %" G_GSIZE_FORMAT "\r\n", strlen (row->body));
  raw_client_sendf (client, "\r\n%s", row->body != NULL ? row->body : "");
  SITE_WAIT (fake_sink_count_held (rig->sink) == row->n_held);
  site_fixture_settle ();
  g_assert_cmpuint (client->in->len, ==, 0);
  return client;
}

static void
test_wait (gconstpointer data)
{
  const WaitCase *row = data;
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawClient) client = begin_wait (rig, row);
  g_autoptr (RawAnswer) answer = NULL;

  fake_clock_advance (rig->clock, 5 * G_USEC_PER_SEC - 1);
  site_fixture_settle ();
  g_assert_cmpuint (client->in->len, ==, 0);
  fake_sink_release (rig->sink, NULL);
  answer = raw_client_read (client);
  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (answer->body, ==, row->answer);
}

static void
assert_not_recorded (RawClient *client, const char *message)
{
  g_autoptr (RawAnswer) answer = raw_client_read (client);

  raw_answer_assert_error (answer, 503, message);
  raw_answer_assert_field (answer, "X-Dispatch-Reason", "not-recorded");
  raw_answer_assert_field (answer, "Retry-After", "5");
}

static void
test_wait_failed (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawClient) client = begin_wait (rig, data);
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "/a/path is full");

  fake_sink_release (rig->sink, error);
  assert_not_recorded (client, "the store could not do it");
}

/* Nobody waits for ever; and what is stored after all does no harm. */
static void
test_wait_too_long (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawClient) client = begin_wait (rig, data);
  g_autoptr (RawAnswer) next = NULL;

  fake_clock_advance (rig->clock, 5 * G_USEC_PER_SEC);
  assert_not_recorded (client, "within 5 s");
  raw_client_send (client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", -1);
  next = raw_client_read (client);
  g_assert_cmpuint (next->status, ==, 200);
  fake_sink_release (rig->sink, NULL);
  site_fixture_settle ();
  g_assert_cmpuint (client->in->len, ==, 0);
}

/* A client that goes while it waits, and a store that ends before it or after. */
static void
test_wait_gone (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawClient) client = begin_wait (rig, data);

  raw_client_shutdown (client);
  SITE_WAIT (client->at_end);
  SITE_WAIT (disp_server_count_connections (rig->fixture->server) == 0);
  g_assert_cmpuint (fake_clock_count_named_timers (rig->clock, "store wait"), ==, 0);
  fake_sink_release (rig->sink, NULL);
  site_fixture_settle ();
}

/* When the daemon cannot wait any longer, neither can its clients. */
static void
test_wait_aborted (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawClient) client = begin_wait (rig, data);

  disp_server_abort (rig->fixture->server);
  assert_not_recorded (client, "the daemon stopped");
  g_assert_cmpuint (fake_clock_count_named_timers (rig->clock, "store wait"), ==, 0);
  fake_sink_release (rig->sink, NULL);
  site_fixture_settle ();
}

/* The server may end while the store is busy for a client. */
static void
test_wait_server_ends (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawClient) client = begin_wait (rig, data);

  g_clear_pointer (&rig->fixture, site_fixture_free);
  SITE_WAIT (client->at_end);
  fake_sink_release (rig->sink, NULL);
  site_fixture_settle ();
}

static void
test_delete (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (RawAnswer) posted = NULL;
  g_autoptr (RawAnswer) answer = NULL;

  posted = site_fixture_ask (rig->fixture, "POST", "/requests", RECORD_1);
  g_assert_cmpuint (posted->status, ==, 200);
  g_assert_cmpuint (fake_sink_count (rig->sink), ==, 1);
  answer = site_fixture_ask (rig->fixture, "DELETE", "/requests", NULL);
  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (answer->body, ==, "{}");
  g_assert_cmpuint (fake_sink_count (rig->sink), ==, 0);
}

static void
add_wait (const char *name, GTestDataFunc test)
{
  for (guint i = 0; i < G_N_ELEMENTS (wait_cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/front/requests-site/wait/%s/%u", name, i);

      g_test_add_data_func (path, &wait_cases[i], test);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/requests-site/status", test_status);
  g_test_add_func ("/front/requests-site/none", test_none);
  g_test_add_func ("/front/requests-site/records", test_records);
  g_test_add_func ("/front/requests-site/refused", test_refused);
  g_test_add_func ("/front/requests-site/head", test_head);
  g_test_add_func ("/front/requests-site/metrics", test_metrics);
  g_test_add_func ("/front/requests-site/many", test_many);
  g_test_add_func ("/front/requests-site/unreadable", test_unreadable);
  g_test_add_func ("/front/requests-site/unreadable-later", test_unreadable_later);
  g_test_add_func ("/front/requests-site/post", test_post);
  g_test_add_func ("/front/requests-site/post/refused", test_post_refused);
  g_test_add_func ("/front/requests-site/post/other-type", test_post_of_other_type);
  g_test_add_func ("/front/requests-site/post/full", test_post_full);
  g_test_add_func ("/front/requests-site/delete", test_delete);
  add_wait ("done", test_wait);
  add_wait ("failed", test_wait_failed);
  add_wait ("too-long", test_wait_too_long);
  add_wait ("gone", test_wait_gone);
  add_wait ("aborted", test_wait_aborted);
  add_wait ("server-ends", test_wait_server_ends);
  return g_test_run ();
}
