/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/predictions-site.h"

#include "core/error.h"
#include "front/front-fixture.h"
#include "front/raw-client.h"
#include "wire/serving-path.h"

#include <string.h>

#define CALL_PATH "/v1/models/half:predict"
#define PREDICT_BODY "{\"model\":\"half\",\"version\":1,\"instances\":[1]}"

#define HEAD(method, path) method " " path " HTTP/1.1\r\nHost: x\r\n"
#define BODY(text, length) "Content-Length: " #length "\r\n\r\n" text

#define GETS "GET, HEAD"
#define POSTS "POST"

/* A path, and what is there. */
typedef struct
{
  const char *path;
  const char *allow;
  const char *model; /* (nullable) */
  DispVerb verb;
} PathCase;

static const PathCase path_cases[] = {
  { "/", GETS, NULL, 0 },
  { "/predict", POSTS, NULL, 0 },
  { "/healthz/live", GETS, NULL, 0 },
  { "/healthz/ready", GETS, NULL, 0 },
  { "/v1/models", GETS, NULL, 0 },
  { "/v1/models/m:predict", POSTS, "m", DISP_VERB_PREDICT },
  { "/v1/models/m:classify", POSTS, "m", DISP_VERB_CLASSIFY },
  { "/v1/models/m/versions/1:regress", POSTS, "m", DISP_VERB_REGRESS },
  { "/v1/models/a%20b", GETS, "a b", DISP_VERB_STATUS },
  { "/v1/models/m/labels/l/metadata", GETS, "m", DISP_VERB_METADATA },
};

static void
test_found (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (DispSite) site = disp_predictions_site_new (front->dispatcher);

  for (guint i = 0; i < G_N_ELEMENTS (path_cases); i++)
    {
      const PathCase *row = &path_cases[i];
      g_auto (DispTarget) target = { 0 };
      g_autoptr (GError) error = NULL;
      const DispResource *resource = disp_site_find (site, row->path, &target, &error);
      g_autofree char *allow = NULL;

      g_assert_no_error (error);
      g_assert_nonnull (resource);
      allow = disp_resource_dup_allow (resource);
      g_assert_cmpstr (allow, ==, row->allow);
      g_assert_cmpint (target.value != NULL, ==, row->model != NULL);
      if (row->model != NULL)
        {
          const DispServingTarget *serving = target.value;

          g_assert_cmpstr (serving->model, ==, row->model);
          g_assert_cmpint (serving->verb, ==, row->verb);
        }
    }
}

static void
test_not_found (void)
{
  static const char *const paths[] = { "",
                                       "//",
                                       "/Predict",
                                       "/predict/",
                                       "/predict:predict",
                                       "/healthz",
                                       "/healthz/",
                                       "/healthz/live/",
                                       "/v1",
                                       "/v1/",
                                       "/v1/models/",
                                       "/v1/modelsm",
                                       "/v2/models/m",
                                       "/v1/models/m:",
                                       "/v1/models/m:guess",
                                       "/v1/models/m/versions/x",
                                       "/v1/models/m/metadata/",
                                       "/v1/models/%zz" };

  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (DispSite) site = disp_predictions_site_new (front->dispatcher);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_auto (DispTarget) target = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_null (disp_site_find (site, paths[i], &target, &error));
      g_assert_null (target.value);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_NOT_FOUND);
    }
}

static void
test_prediction_fields (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;
  const DispRecord *record;

  front_hold (front);
  raw_client_post (client, "/predict", PREDICT_BODY);
  FRONT_WAIT (front->sent->len == 1);
  fake_clock_advance (front->clock, 12345);
  front_release (front, 0, 200, "[]");
  answer = raw_client_read (client);
  g_assert_cmpuint (answer->status, ==, 200);
  raw_answer_assert_field (answer, "X-Dispatch-Container", "cpu-0");
  raw_answer_assert_field (answer, "Server-Timing", "queue;dur=0.000, upstream;dur=12.345");
  raw_answer_assert_field (answer, "X-Dispatch-Reason", NULL);
  raw_answer_assert_field (answer, "Retry-After", NULL);
  g_assert_cmpuint (front_count_records (front), ==, 2);
  record = front_get_record (front, 0);
  raw_answer_assert_field (answer, "X-Dispatch-Id", record->id);
  g_assert_true (g_uuid_string_is_valid (record->id));
  record = front_get_record (front, 1);
  raw_answer_assert_field (answer, "X-Dispatch-Id", record->id);
  g_assert_cmpint (record->state, ==, DISP_RECORD_COMPLETED);
}

/* The id is that of a record, so what leaves none has none. */
static void
test_query_fields (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) query = NULL;
  g_autoptr (RawAnswer) status = NULL;

  raw_client_send (client, HEAD ("GET", "/v1/models/half") "\r\n" HEAD ("GET", "/") "\r\n", -1);
  query = raw_client_read (client);
  raw_answer_assert_field (query, "X-Dispatch-Id", NULL);
  raw_answer_assert_field (query, "X-Dispatch-Container", "cpu-2");
  status = raw_client_read (client);
  raw_answer_assert_field (status, "X-Dispatch-Id", NULL);
  raw_answer_assert_field (status, "X-Dispatch-Container", NULL);
  raw_answer_assert_field (status, "Server-Timing", NULL);
  g_assert_cmpuint (front_count_records (front), ==, 0);
}

static void
assert_unavailable (RawClient *client, const char *reason)
{
  g_autoptr (RawAnswer) answer = raw_client_read (client);
  g_autofree char *id = raw_answer_get (answer, "X-Dispatch-Id");

  raw_answer_assert_error (answer, 503, "");
  raw_answer_assert_field (answer, "X-Dispatch-Reason", reason);
  raw_answer_assert_field (answer, "Retry-After", "5");
  raw_answer_assert_field (answer, "X-Dispatch-Container", NULL);
  g_assert_nonnull (id);
}

static void
test_unavailable (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (Front) empty = front_new_without_fleet ();
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawClient) other = raw_client_new (empty->address);

  raw_client_post (client, "/v1/models/idle:predict", "{}");
  assert_unavailable (client, "no-container");
  raw_client_post (other, "/predict", PREDICT_BODY);
  assert_unavailable (other, "no-fleet");
}

/* The daemon asks one container, and says which reason ended the request. */
static void
test_deadline (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;

  front_hold (front);
  raw_client_post (client, "/predict", PREDICT_BODY);
  FRONT_WAIT (front->sent->len == 1);
  fake_clock_advance (front->clock, 60 * G_USEC_PER_SEC);
  answer = raw_client_read (client);
  raw_answer_assert_error (answer, 504, "did not answer within 60 s");
  raw_answer_assert_field (answer, "X-Dispatch-Reason", "deadline");
  raw_answer_assert_field (answer, "X-Dispatch-Container", "cpu-0");
  g_assert_true (front_get_sent (front, 0)->cancelled);
}

/* A client may have less time than there is, for each request anew; not more. */
static void
test_timeout (void)
{
  static const struct
  {
    const char *request;
    gint64 milliseconds; /* when it is over, as the test has it */
    const char *message;
  } rows[] = {
    { HEAD ("POST", CALL_PATH) "X-Timeout-Ms: 250\r\n" BODY ("{}", 2), 250, "within 0.25 s" },
    { HEAD ("GET", "/v1/models/half") "x-timeout-ms: 1\r\n\r\n", 1, "within 0.001 s" },
    { HEAD ("POST", "/predict") "X-Timeout-Ms: 9000\r\n" BODY (PREDICT_BODY, 44), 9000,
      "within 9 s" },
    { HEAD ("POST", CALL_PATH) "X-Timeout-Ms: 60001\r\n" BODY ("{}", 2), 60000, "within 60 s" },
    { HEAD ("POST", CALL_PATH) "grpc-timeout: 1m\r\n" BODY ("{}", 2), 60000, "within 60 s" },
  };
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  front_hold (front);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_send (client, rows[i].request, -1);
      FRONT_WAIT (front->sent->len == i + 1);
      fake_clock_advance (front->clock, rows[i].milliseconds * 1000 - 1);
      front_settle ();
      g_assert_false (front_get_sent (front, i)->cancelled);
      fake_clock_advance (front->clock, 1);
      answer = raw_client_read (client);
      raw_answer_assert_error (answer, 504, rows[i].message);
      raw_answer_assert_field (answer, "X-Dispatch-Reason", "deadline");
      g_assert_true (front_get_sent (front, i)->cancelled);
    }
}

/* A time that is none is told, before anything is sent or recorded. */
static void
test_bad_timeout (void)
{
  static const char *const heads[] = { HEAD ("POST", "/predict"), HEAD ("POST", CALL_PATH),
                                       HEAD ("GET", "/v1/models/half") };
  static const char *const values[] = { "0", "-1", "soon", "1, 2", "1.5", "" };
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    for (guint j = 0; j < G_N_ELEMENTS (values); j++)
      {
        g_autoptr (RawAnswer) answer = NULL;

        raw_client_sendf (client, "%sX-Timeout-Ms: %s\r\nX-Request-Id: me-1\r\n%s", heads[i],
                          values[j], i < 2 ? BODY ("{}", 2) : "\r\n");
        answer = raw_client_read (client);
        raw_answer_assert_error (answer, 400, "X-Timeout-Ms is \"");
        raw_answer_assert_field (answer, "X-Request-Id", "me-1");
        raw_answer_assert_field (answer, "X-Dispatch-Reason", NULL);
      }
  g_assert_cmpuint (front->sent->len, ==, 0);
  g_assert_cmpuint (front_count_records (front), ==, 0);
}

/* Of two times neither is taken. */
static void
test_two_timeouts (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (
      client, HEAD ("POST", CALL_PATH) "X-Timeout-Ms: 5\r\nX-Timeout-Ms: 5\r\n" BODY ("{}", 2), -1);
  answer = raw_client_read (client);
  raw_answer_assert_error (answer, 400, "there is more than one field X-Timeout-Ms");
  g_assert_cmpuint (front->sent->len, ==, 0);
}

/* What a container says comes back as it is. */
static void
test_answer_unchanged (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  static const guint statuses[] = { 200, 400, 404, 429, 500, 503 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (RawAnswer) answer = NULL;

      front_set_answer (front, statuses[i], "text/odd; x=y", " {\"predictions\": [NaN] }\n");
      front->answer->content_encoding = g_strdup ("odd");
      front->answer->retry_after = g_strdup ("7");
      raw_client_post (client, "/predict", PREDICT_BODY);
      answer = raw_client_read (client);
      g_assert_cmpuint (answer->status, ==, statuses[i]);
      /* Each of these has a phrase, also where libsoup knows none. */
      g_assert_null (strstr (answer->head, "Unknown Error"));
      g_assert_cmpstr (answer->body, ==, " {\"predictions\": [NaN] }\n");
      raw_answer_assert_field (answer, "Content-Type", "text/odd; x=y");
      raw_answer_assert_field (answer, "Content-Encoding", "odd");
      raw_answer_assert_field (answer, "Retry-After", "7");
      raw_answer_assert_field (answer, "X-Dispatch-Reason", NULL);
    }
}

/* Bodies with NUL bytes, of no type, and of nothing. */
static void
test_odd_answers (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) first = NULL;
  g_autoptr (RawAnswer) second = NULL;

  front_set_answer (front, 200, NULL, "");
  raw_client_post (client, "/predict", PREDICT_BODY);
  first = raw_client_read (client);
  g_assert_cmpuint (first->length, ==, 0);
  raw_answer_assert_field (first, "Content-Type", NULL);
  g_bytes_unref (front->answer->body);
  front->answer->body = g_bytes_new_static ("a\0b", 3);
  raw_client_post (client, "/predict", PREDICT_BODY);
  second = raw_client_read (client);
  g_assert_cmpmem (second->body, second->length, "a\0b", 3);
}

/* A serving path and what a container is asked. */
typedef struct
{
  const char *path;
  const char *sent;      /* what the container is asked */
  const char *container; /* who is asked first */
} CallCase;

static const CallCase call_cases[] = {
  { "/v1/models/half:predict", "/v1/models/half/versions/2:predict", "cpu-2" },
  { "/v1/models/half:classify", "/v1/models/half/versions/2:classify", "cpu-2" },
  { "/v1/models/half/versions/1:regress", "/v1/models/half/versions/1:regress", "cpu-0" },
  { "/v1/models/half/versions/001:predict", "/v1/models/half/versions/1:predict", "cpu-0" },
  { "/v1/models/%68alf/versions/2:predict", "/v1/models/half/versions/2:predict", "cpu-2" },
  { "/v1/models/odd%20name%2f%c3%bc:predict", "/v1/models/odd%20name%2F%C3%BC/versions/1:predict",
    "cpu-3" },
  { "/v1/models/odd%20name%2F%C3%BC/labels/a%3Ab:predict",
    "/v1/models/odd%20name%2F%C3%BC/labels/a%3Ab:predict", "cpu-3" },
  { "/v1/models/half:predict?verbose=1", "/v1/models/half/versions/2:predict", "cpu-2" },
};

/* Serving paths are forwarded whatever their body is. */
static void
test_call (gconstpointer data)
{
  const CallCase *row = data;
  static const char *const bodies[] = { "{\"instances\": [1.0, NaN] }", "no JSON", "",
                                        "{\"model\":\"other\",\"version\":9}",
                                        "{\"instances\":[1],\"instances\":[2]}" };
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      const FrontSent *sent;
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_sendf (client,
                        "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: text/odd; x=\"y\"\r\n"
                        "Content-Encoding: odd\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
                        row->path, strlen (bodies[i]), bodies[i]);
      answer = raw_client_read (client);
      g_assert_cmpuint (answer->status, ==, 200);
      sent = front_get_sent (front, i);
      g_assert_cmpstr (sent->path, ==, row->sent);
      g_assert_cmpmem (g_bytes_get_data (sent->body, NULL), g_bytes_get_size (sent->body),
                       bodies[i], strlen (bodies[i]));
      g_assert_cmpstr (sent->content_type, ==, "text/odd; x=\"y\"");
      g_assert_cmpstr (sent->content_encoding, ==, "odd");
      if (i == 0)
        g_assert_cmpstr (sent->container, ==, row->container);
    }
}

static void
test_call_binary (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;
  const FrontSent *sent;

  raw_client_send (client, HEAD ("POST", CALL_PATH) "Content-Length: 5\r\n\r\n", -1);
  raw_client_send (client, "\0\377\r\n\0", 5);
  answer = raw_client_read (client);
  g_assert_cmpuint (answer->status, ==, 200);
  sent = front_get_sent (front, 0);
  g_assert_cmpmem (g_bytes_get_data (sent->body, NULL), g_bytes_get_size (sent->body),
                   "\0\377\r\n\0", 5);
}

/* What of a body a record keeps. */
static void
test_call_records (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autofree char *filler = g_strnfill (100, ' ');
  g_autofree char *big = g_strconcat ("{\"instances\":[1]}", filler, NULL);
  static const char *const kept[] = { "[1, 2]", NULL, NULL };
  const char *const bodies[] = { "{\"instances\":[1, 2]}", "no JSON", big };
  static const gsize lengths[] = { 6, 0, 117 };

  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      const DispRecord *record;
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_post (client, CALL_PATH, bodies[i]);
      answer = raw_client_read (client);
      g_assert_cmpuint (answer->status, ==, 200);
      record = front_get_record (front, 2 * i + 1);
      g_assert_cmpuint (record->instances.length, ==, lengths[i]);
      g_assert_true ((record->instances.bytes != NULL) == (kept[i] != NULL));
      if (kept[i] != NULL)
        g_assert_cmpmem (g_bytes_get_data (record->instances.bytes, NULL),
                         g_bytes_get_size (record->instances.bytes), kept[i], strlen (kept[i]));
      g_assert_cmpstr (record->model, ==, "half");
      g_assert_cmpint (record->version, ==, 2);
    }
}

/* A GET goes on without a body, whatever came with it. */
static void
test_query (void)
{
  static const struct
  {
    const char *request;
    const char *sent;
  } cases[] = {
    { HEAD ("GET", "/v1/models/half") "\r\n", "/v1/models/half/versions/2" },
    { HEAD ("GET", "/v1/models/half/versions/1/metadata") "\r\n",
      "/v1/models/half/versions/1/metadata" },
    { HEAD ("GET", "/v1/models/half/metadata") BODY ("{\"a\":1}", 7),
      "/v1/models/half/versions/2/metadata" },
    { HEAD ("HEAD", "/v1/models/half/metadata") "\r\n", "/v1/models/half/versions/2/metadata" },
    { HEAD ("GET", "/v1/models/half/metadata") "Transfer-Encoding: chunked\r\n\r\n"
                                               "2\r\n{}\r\n0\r\n\r\n",
      "/v1/models/half/versions/2/metadata" },
  };
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_send (client, cases[i].request, -1);
      answer = g_str_has_prefix (cases[i].request, "HEAD") ? raw_client_read_head (client)
                                                           : raw_client_read (client);
      g_assert_cmpuint (answer->status, ==, 200);
      g_assert_cmpstr (front_get_sent (front, i)->path, ==, cases[i].sent);
      g_assert_null (front_get_sent (front, i)->body);
      g_assert_null (front_get_sent (front, i)->content_type);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/predictions-site/found", test_found);
  g_test_add_func ("/front/predictions-site/not-found", test_not_found);
  g_test_add_func ("/front/predictions-site/prediction-fields", test_prediction_fields);
  g_test_add_func ("/front/predictions-site/query-fields", test_query_fields);
  g_test_add_func ("/front/predictions-site/unavailable", test_unavailable);
  g_test_add_func ("/front/predictions-site/deadline", test_deadline);
  g_test_add_func ("/front/predictions-site/timeout", test_timeout);
  g_test_add_func ("/front/predictions-site/bad-timeout", test_bad_timeout);
  g_test_add_func ("/front/predictions-site/two-timeouts", test_two_timeouts);
  g_test_add_func ("/front/predictions-site/answer-unchanged", test_answer_unchanged);
  g_test_add_func ("/front/predictions-site/odd-answers", test_odd_answers);
  g_test_add_func ("/front/predictions-site/call-binary", test_call_binary);
  g_test_add_func ("/front/predictions-site/call-records", test_call_records);
  g_test_add_func ("/front/predictions-site/query", test_query);
  for (guint i = 0; i < G_N_ELEMENTS (call_cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/front/predictions-site/call/%u", i);

      g_test_add_data_func (path, &call_cases[i], test_call);
    }
  return g_test_run ();
}
