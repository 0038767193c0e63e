/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/fetch.h"

#include "core/error.h"
#include "sources/source-log.h"
#include "support/scripted-server.h"

#include <string.h>

#define MAX_SIZE 1024

/* One answer of the server and what becomes of it. */
typedef struct
{
  const char *name;
  const char *answer;    /* in front of @padding */
  gsize padding;         /* how many blanks follow */
  ScriptedAction action; /* what the server does then */
  const char *body;      /* (nullable) what is read */
  const char *message;   /* (nullable) what the error says */
} Case;

#define OK "HTTP/1.1 200 OK\r\n"

static const Case cases[] = {
  { "whole", OK "Content-Length: 2\r\n\r\n[]", 0, SCRIPTED_KEEP, "[]", NULL },
  { "empty", OK "Content-Length: 0\r\n\r\n", 0, SCRIPTED_KEEP, "", NULL },
  { "until-close", "HTTP/1.0 200 OK\r\n\r\n[1]", 0, SCRIPTED_CLOSE, "[1]", NULL },
  { "chunked", OK "Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n", 0,
    SCRIPTED_KEEP, "[]", NULL },
  { "not-decoded", OK "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]", 0, SCRIPTED_KEEP,
    "[]", NULL },
  { "status-500", "HTTP/1.1 500 Broken\r\nContent-Length: 2\r\n\r\n[]", 0, SCRIPTED_KEEP, NULL,
    "answered 500 Internal Server Error, expected 200" },
  { "status-500-without-end", "HTTP/1.1 500 Broken\r\nContent-Length: 99\r\n\r\n[]", 0,
    SCRIPTED_HANG, NULL, "answered 500 Internal Server Error, expected 200" },
  { "status-204", "HTTP/1.1 204 Nothing\r\n\r\n", 0, SCRIPTED_KEEP, NULL,
    "answered 204 No Content" },
  { "redirect", "HTTP/1.1 302 Away\r\nLocation: /other\r\nContent-Length: 2\r\n\r\n[]", 0,
    SCRIPTED_KEEP, NULL, "answered 302 Found" },
  { "login", "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
    0, SCRIPTED_KEEP, NULL, "answered 401 Unauthorized" },
  { "not-http", "220 mail.example ESMTP\r\n\r\n", 0, SCRIPTED_CLOSE, NULL,
    "Could not parse HTTP response" },
  { "half", OK "Content-Length: 99\r\n\r\n[1,", 0, SCRIPTED_CLOSE, NULL,
    "ended after 3 of 99 bytes" },
  { "half-chunk", OK "Transfer-Encoding: chunked\r\n\r\n9\r\n[1,", 0, SCRIPTED_CLOSE, NULL, "" },
  { "half-head", OK "Content-Le", 0, SCRIPTED_CLOSE, NULL, "" },
  { "reset", OK "Content-Length: 99\r\n\r\n[1,", 0, SCRIPTED_RESET, NULL, "" },
  { "nothing", "", 0, SCRIPTED_CLOSE, NULL, "" },
  { "longest", OK "Content-Length: 1024\r\n\r\n", MAX_SIZE, SCRIPTED_KEEP, NULL, NULL },
  { "too-long-said", OK "Content-Length: 1025\r\n\r\n", 0, SCRIPTED_HANG, NULL,
    "too long, expected at most 1024 bytes" },
  { "too-long-chunk", OK "Transfer-Encoding: chunked\r\n\r\nffffff\r\n", MAX_SIZE + 1,
    SCRIPTED_HANG, NULL, "too long, expected at most 1024 bytes" },
  { "too-long-until-close", "HTTP/1.0 200 OK\r\n\r\n", 16 * 1024 * 1024, SCRIPTED_HANG, NULL,
    "too long, expected at most 1024 bytes" },
};

static ScriptedAction
answer_case (const ScriptedRequest *request, GString *answer, gpointer user_data)
{
  const Case *row = user_data;

  g_assert_true (g_str_has_prefix (request->head, "GET /models HTTP/1.1\r\n"));
  g_string_append (answer, row->answer);
  for (gsize i = 0; i < row->padding; i++)
    g_string_append_c (answer, ' ');
  return row->action;
}

static void
keep_result (G_GNUC_UNUSED GObject *object, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **kept = user_data;

  g_assert_null (*kept);
  *kept = g_object_ref (result);
}

static char *
url_of (ScriptedServer *server)
{
  return g_strdup_printf ("http://127.0.0.1:%u/models", scripted_server_get_port (server));
}

static void
test_answer (gconstpointer data)
{
  const Case *row = data;
  g_autoptr (ScriptedServer) server = scripted_server_new (answer_case, (gpointer) row);
  g_autoptr (SoupSession) session = disp_fetch_session_new ();
  g_autofree char *url = url_of (server);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GByteArray) body = NULL;
  g_autoptr (GError) error = NULL;

  disp_fetch_async (session, url, NULL, MAX_SIZE, NULL, keep_result, &result);
  g_assert_null (result);
  while (result == NULL)
    wait_for_event ();
  body = disp_fetch_finish (session, result, &error);
  g_assert_cmpuint (scripted_server_count_requests (server), ==, 1);
  if (row->message != NULL)
    {
      g_test_message ("%s", error->message);
      g_assert_null (body);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_FAILED);
      g_assert_true (g_str_has_prefix (error->message, url));
      assert_contains (error->message, row->message);
      return;
    }
  g_assert_no_error (error);
  if (row->body != NULL)
    g_assert_cmpmem (body->data, body->len, row->body, strlen (row->body));
  else
    g_assert_cmpuint (body->len, ==, row->padding);
}

static void
test_refused (void)
{
  static const Case unused = { 0 };
  ScriptedServer *server = scripted_server_new (answer_case, (gpointer) &unused);
  g_autoptr (SoupSession) session = disp_fetch_session_new ();
  g_autofree char *url = url_of (server);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  scripted_server_free (server);
  disp_fetch_async (session, url, NULL, MAX_SIZE, NULL, keep_result, &result);
  while (result == NULL)
    wait_for_event ();
  g_assert_null (disp_fetch_finish (session, result, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_FAILED);
  g_assert_true (g_str_has_prefix (error->message, url));
  assert_contains (error->message, "Connection refused");
}

static ScriptedAction
answer_with_field (const ScriptedRequest *request, GString *answer, gpointer user_data)
{
  const char *field = strstr (request->head, "Authorization:");

  if (user_data == NULL)
    g_assert_null (field);
  else
    g_assert_true (g_str_has_prefix (field, user_data));
  scripted_append_json (answer, 200, "[]");
  return SCRIPTED_CLOSE;
}

/* @data is the secret that is sent, or that none is. */
static void
test_authorization (gconstpointer data)
{
  const char *secret = data;
  g_autofree char *field = secret != NULL ? g_strdup_printf ("Authorization: %s\r\n", secret)
                                          : NULL;
  g_autoptr (ScriptedServer) server = scripted_server_new (answer_with_field, field);
  g_autoptr (SoupSession) session = disp_fetch_session_new ();
  g_autofree char *url = url_of (server);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GByteArray) body = NULL;
  g_autoptr (GError) error = NULL;

  disp_fetch_async (session, url, secret, MAX_SIZE, NULL, keep_result, &result);
  while (result == NULL)
    wait_for_event ();
  body = disp_fetch_finish (session, result, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (body->data, body->len, "[]", 2);
}

static ScriptedAction
hang (const ScriptedRequest *request, GString *answer, gpointer user_data)
{
  g_assert_cmpuint (g_bytes_get_size (request->body), ==, 0);
  g_string_append (answer, user_data);
  g_main_context_wakeup (NULL);
  return SCRIPTED_HANG;
}

/* @data is how far the answer comes before the fetch is cancelled. */
static void
test_cancel (gconstpointer data)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (hang, (gpointer) data);
  g_autoptr (SoupSession) session = disp_fetch_session_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *url = url_of (server);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  disp_fetch_async (session, url, NULL, MAX_SIZE, cancellable, keep_result, &result);
  while (scripted_server_count_requests (server) == 0)
    wait_for_event ();
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    wait_for_event ();
  g_assert_null (disp_fetch_finish (session, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  /* Whoever obeyed these would reach nothing at all. */
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_setenv ("all_proxy", "http://127.0.0.1:1", TRUE);
  g_unsetenv ("no_proxy");
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/sources/fetch/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_answer);
    }
  g_test_add_func ("/sources/fetch/refused", test_refused);
  g_test_add_data_func ("/sources/fetch/authorization/none", NULL, test_authorization);
  g_test_add_data_func ("/sources/fetch/authorization/bearer", "Bearer a.b-c", test_authorization);
  g_test_add_data_func ("/sources/fetch/cancel-before-head", "", test_cancel);
  g_test_add_data_func ("/sources/fetch/cancel-in-body", OK "Content-Length: 99\r\n\r\n[",
                        test_cancel);
  return g_test_run ();
}
