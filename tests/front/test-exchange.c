/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/exchange.h"

#include "front/front-fixture.h"
#include "front/raw-client.h"

#include <string.h>

#define CALL_PATH "/v1/models/half:predict"
#define PREDICT_BODY "{\"model\":\"half\",\"version\":1,\"instances\":[1]}"

/* A request that is refused. */
typedef struct
{
  const char *name;
  const char *request;
  guint status;
  const char *message;
  const char *allow; /* (nullable) */
  gboolean closes;
} RefusalCase;

#define HEAD(method, path) method " " path " HTTP/1.1\r\nHost: x\r\n"
#define BODY(text, length) "Content-Length: " #length "\r\n\r\n" text
#define TYPED(type) "Content-Type: " type "\r\n"

static const RefusalCase refusal_cases[] = {
  { "no-such-path", HEAD ("GET", "/nowhere") "\r\n", 404, "expected /predict or", NULL, FALSE },
  { "no-such-path-posted", HEAD ("POST", "/predict/") BODY ("{}", 2), 404, "nothing is at", NULL,
    FALSE },
  { "no-such-verb", HEAD ("POST", "/v1/models/half:guess") BODY ("{}", 2), 404, "no such path",
    NULL, FALSE },
  { "no-model-name", HEAD ("GET", "/v1/models/") "\r\n", 404, "empty model name", NULL, FALSE },
  { "chunked-to-nowhere", HEAD ("POST", "/nowhere") "Transfer-Encoding: chunked\r\n\r\n", 404,
    "nothing is at", NULL, TRUE },
  { "post-status", HEAD ("POST", "/") BODY ("{}", 2), 405, "takes GET, HEAD only", "GET, HEAD",
    FALSE },
  { "delete-status", HEAD ("DELETE", "/") "\r\n", 405, "takes GET, HEAD only", "GET, HEAD", FALSE },
  { "post-live", HEAD ("POST", "/healthz/live") BODY ("", 0), 405, "takes GET", "GET, HEAD",
    FALSE },
  { "put-ready", HEAD ("PUT", "/healthz/ready") BODY ("", 0), 405, "takes GET", "GET, HEAD",
    FALSE },
  { "post-models", HEAD ("POST", "/v1/models") BODY ("{}", 2), 405, "takes GET", "GET, HEAD",
    FALSE },
  { "post-model", HEAD ("POST", "/v1/models/half") BODY ("{}", 2), 405, "takes GET", "GET, HEAD",
    FALSE },
  { "patch-metadata", HEAD ("PATCH", "/v1/models/half/metadata") BODY ("{}", 2), 405, "takes GET",
    "GET, HEAD", FALSE },
  { "get-predict", HEAD ("GET", "/predict") "\r\n", 405, "takes POST only", "POST", FALSE },
  { "put-predict", HEAD ("PUT", "/predict") BODY (PREDICT_BODY, 44), 405, "takes POST", "POST",
    FALSE },
  { "get-call", HEAD ("GET", CALL_PATH) "\r\n", 405, "takes POST only", "POST", FALSE },
  { "get-classify", HEAD ("GET", "/v1/models/half:classify") "\r\n", 405, "takes POST", "POST",
    FALSE },
  { "options", HEAD ("OPTIONS", "/predict") "\r\n", 405, "takes POST", "POST", FALSE },
  { "trace", HEAD ("TRACE", "/") "\r\n", 405, "takes GET", "GET, HEAD", FALSE },
  { "unknown-method", HEAD ("BREW", "/predict") "\r\n", 501, "", NULL, TRUE },
  { "unknown-method-on-status", HEAD ("BREW", "/") BODY ("tea", 3), 501, "", NULL, TRUE },
  { "method-in-small-letters", HEAD ("post", "/predict") BODY (PREDICT_BODY, 44), 501, "", NULL,
    TRUE },
  { "chunked-with-wrong-method", HEAD ("PUT", "/predict") "Transfer-Encoding: chunked\r\n\r\n", 405,
    "takes POST", "POST", TRUE },
  { "no-length", HEAD ("POST", "/predict") "\r\n", 411, "no body, expected one with", NULL, FALSE },
  { "no-length-of-a-call", HEAD ("POST", CALL_PATH) "\r\n", 411, "no body", NULL, FALSE },
  { "one-byte-too-long", HEAD ("POST", "/predict") "Content-Length: 1001\r\n\r\n", 413,
    "longer than 1000 bytes", NULL, TRUE },
  { "far-too-long", HEAD ("POST", CALL_PATH) "Content-Length: 62914560\r\n\r\n", 413,
    "longer than 1000 bytes", NULL, TRUE },
  { "too-long-get", HEAD ("GET", "/") "Content-Length: 1001\r\n\r\n", 413, "longer than 1000", NULL,
    TRUE },
  { "too-long-to-nowhere", HEAD ("POST", "/nowhere") "Content-Length: 1001\r\n\r\n", 404,
    "nothing is at", NULL, TRUE },
  { "too-long-and-waiting",
    HEAD ("POST", "/predict") "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n", 413,
    "longer than 1000", NULL, TRUE },
  { "text", HEAD ("POST", "/predict") TYPED ("text/plain") BODY (PREDICT_BODY, 44), 415,
    "claims to be \"text/plain\", expected Content-Type: application/json", NULL, FALSE },
  { "form",
    HEAD ("POST", "/predict") TYPED ("application/x-www-form-urlencoded") BODY (PREDICT_BODY, 44),
    415, "\"application/x-www-form-urlencoded\"", NULL, FALSE },
  { "nearly-json", HEAD ("POST", "/predict") TYPED ("application/jsonp") BODY (PREDICT_BODY, 44),
    415, "\"application/jsonp\"", NULL, FALSE },
  { "no-type", HEAD ("POST", "/predict") TYPED ("json") BODY (PREDICT_BODY, 44), 415, "\"json\"",
    NULL, FALSE },
  { "gzip",
    HEAD ("POST", "/predict")
        TYPED ("application/json") "Content-Encoding: gzip\r\n" BODY (PREDICT_BODY, 44),
    415, "has Content-Encoding \"gzip\", expected none", NULL, FALSE },
  { "text-and-waiting",
    HEAD ("POST", "/predict") TYPED ("text/plain") "Expect: 100-continue\r\nContent-Length: "
                                                   "44\r\n\r\n",
    415, "text/plain", NULL, TRUE },
  { "no-json", HEAD ("POST", "/predict") BODY ("hello", 5), 400, "", NULL, FALSE },
  { "an-array", HEAD ("POST", "/predict") BODY ("[1]", 3), 400, "object", NULL, FALSE },
  { "empty-body", HEAD ("POST", "/predict") BODY ("", 0), 400, "", NULL, FALSE },
  { "no-model", HEAD ("POST", "/predict") BODY ("{\"instances\":[]}", 16), 400, "\"model\"", NULL,
    FALSE },
  { "unknown-model", HEAD ("POST", "/predict") BODY ("{\"model\":\"m\",\"instances\":[1]}", 29),
    404, "\"m\"", NULL, FALSE },
  { "unknown-version",
    HEAD ("POST", "/predict") BODY ("{\"model\":\"half\",\"version\":3,\"instances\":[1]}", 44),
    404, "3", NULL, FALSE },
  { "unknown-model-called", HEAD ("POST", "/v1/models/m:predict") BODY ("{}", 2), 404, "\"m\"",
    NULL, FALSE },
  { "unknown-version-called", HEAD ("POST", "/v1/models/half/versions/3:predict") BODY ("{}", 2),
    404, "3", NULL, FALSE },
  { "unknown-model-asked", HEAD ("GET", "/v1/models/m") "\r\n", 404, "\"m\"", NULL, FALSE },
  { "no-quota", HEAD ("POST", "/v1/models/idle:predict") BODY ("{}", 2), 503, "\"idle\"", NULL,
    FALSE },
};

static void
test_refused (gconstpointer data)
{
  const RefusalCase *row = data;
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (client, row->request, -1);
  answer = raw_client_read (client);
  raw_answer_assert_error (answer, row->status, row->message);
  raw_answer_assert_field (answer, "Allow", row->allow);
  raw_answer_assert_field (answer, "Connection", row->closes ? "close" : NULL);
  g_assert_cmpuint (front->sent->len, ==, 0);
  if (row->closes)
    {
      raw_client_assert_end (client);
      raw_client_shutdown (client);
      front_wait_connections (front, 0);
    }
  else
    {
      g_autoptr (RawAnswer) next = NULL;

      raw_client_send (client, HEAD ("GET", "/") "\r\n", -1);
      next = raw_client_read (client);
      g_assert_cmpuint (next->status, ==, 200);
    }
}

/* A type that is taken for JSON by /predict. */
static const char *const accepted_types[] = {
  "",
  TYPED ("application/json"),
  TYPED ("application/json; charset=utf-8"),
  TYPED ("application/json;charset=\"utf-8\""),
  TYPED ("Application/JSON"),
  TYPED ("text/json"),
  TYPED ("application/vnd.example+json"),
  TYPED ("application/json") "Content-Encoding: identity\r\n",
};

static void
test_accepted_types (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  for (guint i = 0; i < G_N_ELEMENTS (accepted_types); i++)
    {
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_sendf (client, HEAD ("POST", "/predict") "%s" BODY (PREDICT_BODY, 44),
                        accepted_types[i]);
      answer = raw_client_read (client);
      g_assert_cmpuint (answer->status, ==, 200);
      g_assert_cmpstr (answer->body, ==, "{\"predictions\":[1]}");
      /* It is JSON whatever the client calls it. */
      g_assert_cmpstr (front_get_sent (front, i)->content_type, ==, NULL);
      g_assert_cmpmem (g_bytes_get_data (front_get_sent (front, i)->body, NULL),
                       g_bytes_get_size (front_get_sent (front, i)->body), "{\"instances\":[1]}",
                       17);
    }
}

static void
send_chunk (RawClient *client, gsize size)
{
  g_autofree char *filler = g_strnfill (size, ' ');

  raw_client_sendf (client, "%" G_GSIZE_MODIFIER "x\r\n%s\r\n", size, filler);
}

static void
test_chunked (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (client, HEAD ("POST", "/predict") "Transfer-Encoding: chunked\r\n\r\n", -1);
  raw_client_send (client, "2c\r\n" PREDICT_BODY "\r\n", -1);
  send_chunk (client, FRONT_BODY_LIMIT - 44); /* exactly as long as it may be */
  raw_client_send (client, "0\r\nX-Trailer: dropped\r\n\r\n" HEAD ("GET", "/") "\r\n", -1);
  answer = raw_client_read (client);
  g_assert_cmpuint (answer->status, ==, 200);
  raw_answer_assert_field (answer, "Connection", NULL);
  /* Where the body ends the next request begins. */
  g_clear_pointer (&answer, raw_answer_free);
  answer = raw_client_read (client);
  g_assert_cmpuint (answer->status, ==, 200);
}

/* A body in chunks that grows longer than the limit, to an endpoint that wants one or not. */
static void
test_chunked_too_long (gconstpointer data)
{
  const char *head = data;
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_sendf (client, "%sTransfer-Encoding: chunked\r\n\r\n", head);
  send_chunk (client, FRONT_BODY_LIMIT);
  front_settle ();
  g_assert_cmpuint (client->in->len, ==, 0);
  send_chunk (client, 1);
  answer = raw_client_read (client);
  raw_answer_assert_error (answer, 413, "longer than 1000 bytes");
  raw_answer_assert_field (answer, "Connection", "close");
  raw_client_assert_end (client);
  raw_client_shutdown (client);
  front_wait_connections (front, 0);
  g_assert_cmpuint (front->sent->len, ==, 0);
}

static void
test_longest_body (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;
  g_autofree char *filler = g_strnfill (FRONT_BODY_LIMIT - 44, ' ');

  raw_client_sendf (client, HEAD ("POST", "/predict") "Content-Length: 1000\r\n\r\n%s" PREDICT_BODY,
                    filler);
  answer = raw_client_read (client);
  g_assert_cmpuint (answer->status, ==, 200);
}

static void
test_continue (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (RawAnswer) go_on = NULL;
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_send (
          client, HEAD ("POST", "/predict") "Expect: 100-continue\r\nContent-Length: 44\r\n\r\n",
          -1);
      go_on = raw_client_read_head (client);
      g_assert_cmpuint (go_on->status, ==, 100);
      raw_client_send (client, PREDICT_BODY, -1);
      answer = raw_client_read (client);
      g_assert_cmpuint (answer->status, ==, 200);
      raw_answer_assert_field (answer, "X-Dispatch-Container", i == 0 ? "cpu-0" : "cpu-1");
    }
}

static void
test_head (void)
{
  static const char *const paths[] = { "/", "/healthz/live", "/healthz/ready", "/v1/models",
                                       "/v1/models/half" };
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (RawAnswer) head = NULL;
      g_autoptr (RawAnswer) whole = NULL;
      g_autofree char *length = NULL;

      raw_client_sendf (client,
                        "HEAD %s HTTP/1.1\r\nHost: x\r\n\r\nGET %s HTTP/1.1\r\nHost: x\r\n\r\n",
                        paths[i], paths[i]);
      head = raw_client_read_head (client);
      g_assert_cmpuint (head->status, ==, 200);
      raw_answer_assert_field (head, "Content-Type", "application/json");
      whole = raw_client_read (client);
      g_assert_cmpuint (whole->status, ==, 200);
      length = raw_answer_get (whole, "Content-Length");
      raw_answer_assert_field (head, "Content-Length", length);
    }
}

static void
test_head_refused (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_send (client, HEAD ("HEAD", "/") "Content-Length: 1001\r\n\r\n", -1);
  answer = raw_client_read_head (client);
  g_assert_cmpuint (answer->status, ==, 413);
  raw_client_assert_end (client);
}

static void
test_range (gconstpointer data)
{
  const char *range = data;
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autoptr (RawAnswer) answer = NULL;

  raw_client_sendf (client, HEAD ("GET", "/healthz/live") "Range: %s\r\n\r\n", range);
  answer = raw_client_read (client);
  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (answer->body, ==, "{\"status\":\"live\"}");
  raw_answer_assert_field (answer, "Content-Range", NULL);
}

/* What a client sends as X-Request-Id, and whether it comes back. */
typedef struct
{
  const char *name;
  const char *line;
  const char *echoed; /* (nullable) */
} IdCase;

#define CHARACTERS_32 "0123456789abcdef0123456789abcdef"
#define CHARACTERS_128 CHARACTERS_32 CHARACTERS_32 CHARACTERS_32 CHARACTERS_32

static const IdCase id_cases[] = {
  { "none", "", NULL },
  { "sane", "X-Request-Id: order-17/a\r\n", "order-17/a" },
  { "longest", "X-Request-Id: " CHARACTERS_128 "\r\n", CHARACTERS_128 },
  { "too-long", "X-Request-Id: " CHARACTERS_128 "0\r\n", NULL },
  { "empty", "X-Request-Id: \r\n", NULL },
  { "space", "X-Request-Id: a b\r\n", NULL },
  { "not-ascii", "X-Request-Id: \303\274\r\n", NULL },
};

/* The id comes back with every kind of answer: of a container, of ours, and without reading on. */
static void
test_request_id (gconstpointer data)
{
  const IdCase *row = data;
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  static const char *const requests[] = {
    HEAD ("POST", "/predict") "%s" BODY (PREDICT_BODY, 44),
    HEAD ("GET", "/") "%s\r\n",
    HEAD ("GET", "/nowhere") "%s\r\n",
    HEAD ("POST", "/predict") "%sContent-Length: 1001\r\n\r\n",
  };
  const DispRecord *record;

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_auto (GStrv) parts = g_strsplit (requests[i], "%s", 2);
      g_autofree char *request = g_strconcat (parts[0], row->line, parts[1], NULL);
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_send (client, request, -1);
      answer = raw_client_read (client);
      raw_answer_assert_field (answer, "X-Request-Id", row->echoed);
    }
  record = front_get_record (front, 1);
  g_assert_cmpstr (record->request_id, ==, row->echoed);
}

/* Heads that are too long, with and without an end, and by one field or by the request line. */
static void
test_head_too_large (void)
{
  g_autoptr (Front) front = front_new (NULL);
  static const struct
  {
    const char *text;
    guint status;
    const char *message;
  } starts[] = {
    { HEAD ("GET", "/") "X-Long: ", 431, "16384 bytes" },
    { "GET /", 414, "8192 bytes" },
  };
  static const gsize sizes[] = { 16384, 70000, 300000 };

  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
      {
        g_autoptr (RawClient) client = raw_client_new (front->address);
        g_autofree char *filling = g_strnfill (sizes[j], 'a');
        g_autoptr (RawAnswer) answer = NULL;

        raw_client_send (client, starts[i].text, -1);
        raw_client_send (client, filling, -1);
        raw_client_send (client, " HTTP/1.1\r\n\r\n", -1);
        answer = raw_client_read (client);
        raw_answer_assert_error (answer, starts[i].status, starts[i].message);
        raw_answer_assert_field (answer, "Connection", "close");
        raw_client_shutdown (client);
        raw_client_assert_end (client);
      }
}

static void
test_big_answer (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autofree char *body = g_strnfill (5 * 1000 * 1000, 'a');

  front_set_answer (front, 200, "text/plain", body);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_post (client, "/predict", PREDICT_BODY);
      answer = raw_client_read (client);
      g_assert_cmpstr (answer->body, ==, body);
    }
}

/* How a client leaves. */
typedef void (*Leave) (RawClient *client);

static void
assert_client_gone (Front *front, guint index)
{
  const DispRecord *record = front_get_record (front, index);

  g_assert_cmpint (record->state, ==, DISP_RECORD_ERROR);
  g_assert_cmpuint (record->status, ==, 499);
}

static void
test_hang_up (gconstpointer data)
{
  Leave leave = (Leave) data;
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  front_hold (front);
  raw_client_post (client, "/predict", PREDICT_BODY);
  FRONT_WAIT (front->sent->len == 1);
  leave (client);
  FRONT_WAIT (front_get_sent (front, 0)->cancelled);
  front_settle ();
  g_assert_cmpuint (disp_server_count_connections (front->server), ==, 0);
  g_assert_cmpuint (front_count_records (front), ==, 2);
  assert_client_gone (front, 1);
}

/* A query leaves no record, but is given up all the same. */
static void
test_hang_up_of_query (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  front_hold (front);
  raw_client_send (client, HEAD ("GET", "/v1/models/half") "\r\n", -1);
  FRONT_WAIT (front->sent->len == 1);
  raw_client_shutdown (client);
  FRONT_WAIT (front_get_sent (front, 0)->cancelled);
  front_wait_connections (front, 0);
  g_assert_cmpuint (front_count_records (front), ==, 0);
}

/* The next request of a pipeline is not begun when its client has gone. */
static void
test_hang_up_in_pipeline (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);

  front_hold (front);
  raw_client_post (client, CALL_PATH, "{}");
  raw_client_post (client, CALL_PATH, "{}");
  FRONT_WAIT (front->sent->len == 1);
  raw_client_shutdown (client);
  front_wait_connections (front, 0);
  g_assert_cmpuint (front->sent->len, ==, 1);
  assert_client_gone (front, 1);
}

/* The answer and the hang-up meet in one turn of the loop, either first. */
static void
test_hang_up_with_answer (gconstpointer data)
{
  gboolean answer_first = GPOINTER_TO_INT (data);

  for (guint turns = 0; turns < 6; turns++)
    for (guint way = 0; way < 2; way++)
      {
        g_autoptr (Front) front = front_new (NULL);
        g_autoptr (RawClient) client = raw_client_new (front->address);

        front_hold (front);
        raw_client_post (client, "/predict", PREDICT_BODY);
        FRONT_WAIT (front->sent->len == 1);
        if (answer_first)
          front_release (front, 0, 200, "[]");
        for (guint i = 0; i < turns && answer_first; i++)
          g_main_context_iteration (NULL, FALSE);
        (way == 0 ? raw_client_shutdown : raw_client_reset) (client);
        for (guint i = 0; i < turns && !answer_first; i++)
          g_main_context_iteration (NULL, FALSE);
        if (front_get_sent (front, 0)->task != NULL)
          front_release (front, 0, 200, "[]");
        front_wait_connections (front, 0);
        front_settle ();
        g_assert_cmpuint (front_count_records (front), ==, 2);
      }
}

/* A client that goes while its answer is being written. */
static void
test_hang_up_in_answer (void)
{
  g_autoptr (Front) front = front_new (NULL);
  RawClient *client = raw_client_new (front->address);
  g_autofree char *body = g_strnfill (20 * 1000 * 1000, 'a');

  front_set_answer (front, 200, "text/plain", body);
  raw_client_post (client, "/predict", PREDICT_BODY);
  FRONT_WAIT (client->in->len > 100000);
  raw_client_reset (client);
  front_wait_connections (front, 0);
  raw_client_free (client);
}

/* One that has said all it wants before its answer is over still gets all of that. */
static void
test_end_in_answer (void)
{
  g_autoptr (Front) front = front_new (NULL);
  g_autoptr (RawClient) client = raw_client_new (front->address);
  g_autofree char *body = g_strnfill (20 * 1000 * 1000, 'a');
  g_autoptr (RawAnswer) answer = NULL;

  front_set_answer (front, 200, "text/plain", body);
  raw_client_post (client, "/predict", PREDICT_BODY);
  FRONT_WAIT (client->in->len > 100000);
  raw_client_shutdown (client);
  answer = raw_client_read (client);
  g_assert_cmpuint (answer->length, ==, strlen (body));
  raw_client_assert_end (client);
  front_wait_connections (front, 0);
}

/* The forms that the target of a request can have (RFC 9112, section 3.2). */
static void
test_target_forms (void)
{
  static const struct
  {
    const char *line;
    guint status;
  } cases[] = {
    { "GET http://other.example/ HTTP/1.1", 200 },
    { "GET http://other.example/healthz/live HTTP/1.1", 200 },
    { "GET /healthz/live?a=b HTTP/1.1", 200 },
    { "GET /healthz/live%20 HTTP/1.1", 404 },
    { "GET /%00 HTTP/1.1", 400 },
    { "GET //healthz/live HTTP/1.1", 404 },
    { "GET /healthz/../ HTTP/1.1", 404 },
    { "GET /? HTTP/1.1", 200 },
    { "GET ?a HTTP/1.1", 400 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Front) front = front_new (NULL);
      g_autoptr (RawClient) client = raw_client_new (front->address);
      g_autoptr (RawAnswer) answer = NULL;

      raw_client_sendf (client, "%s\r\nHost: x\r\n\r\n", cases[i].line);
      answer = raw_client_read (client);
      g_assert_cmpuint (answer->status, ==, cases[i].status);
    }
}

static void
add_tables (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refusal_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/front/exchange/refused/", refusal_cases[i].name, NULL);

      g_test_add_data_func (path, &refusal_cases[i], test_refused);
    }
  for (guint i = 0; i < G_N_ELEMENTS (id_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/front/exchange/request-id/", id_cases[i].name, NULL);

      g_test_add_data_func (path, &id_cases[i], test_request_id);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_tables ();
  g_test_add_func ("/front/exchange/accepted-types", test_accepted_types);
  g_test_add_func ("/front/exchange/longest-body", test_longest_body);
  g_test_add_func ("/front/exchange/chunked", test_chunked);
  g_test_add_data_func ("/front/exchange/chunked-too-long/predict", HEAD ("POST", "/predict"),
                        test_chunked_too_long);
  g_test_add_data_func ("/front/exchange/chunked-too-long/call", HEAD ("POST", CALL_PATH),
                        test_chunked_too_long);
  g_test_add_data_func ("/front/exchange/chunked-too-long/get", HEAD ("GET", "/"),
                        test_chunked_too_long);
  g_test_add_func ("/front/exchange/continue", test_continue);
  g_test_add_func ("/front/exchange/head", test_head);
  g_test_add_func ("/front/exchange/head-refused", test_head_refused);
  g_test_add_func ("/front/exchange/head-too-large", test_head_too_large);
  g_test_add_data_func ("/front/exchange/range/one", "bytes=0-3", test_range);
  g_test_add_data_func ("/front/exchange/range/many", "bytes=0-1,3-4", test_range);
  g_test_add_data_func ("/front/exchange/range/odd", "bytes=-0,5-1,99999999999999999999-",
                        test_range);
  g_test_add_func ("/front/exchange/big-answer", test_big_answer);
  g_test_add_data_func ("/front/exchange/hang-up/end", raw_client_shutdown, test_hang_up);
  g_test_add_data_func ("/front/exchange/hang-up/reset", raw_client_reset, test_hang_up);
  g_test_add_func ("/front/exchange/hang-up/query", test_hang_up_of_query);
  g_test_add_func ("/front/exchange/hang-up/in-pipeline", test_hang_up_in_pipeline);
  g_test_add_data_func ("/front/exchange/hang-up/then-answer", GINT_TO_POINTER (FALSE),
                        test_hang_up_with_answer);
  g_test_add_data_func ("/front/exchange/hang-up/after-answer", GINT_TO_POINTER (TRUE),
                        test_hang_up_with_answer);
  g_test_add_func ("/front/exchange/hang-up/in-answer", test_hang_up_in_answer);
  g_test_add_func ("/front/exchange/hang-up/end-in-answer", test_end_in_answer);
  g_test_add_func ("/front/exchange/target-forms", test_target_forms);
  return g_test_run ();
}
