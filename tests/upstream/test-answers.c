/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/peer.h"

/* One answer of a container on a fresh connection, and what becomes of it. */
typedef struct
{
  const char *name;
  const char *answer;
  ScriptedAction action;
  guint status;     /* BROKEN, BAD: the call fails */
  const char *text; /* the body, or why the call fails */
} Case;

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n"
#define JSON "Content-Type: application/json; charset=utf-8\r\n"
#define CLOSE "Connection: close\r\n"
#define CUT "closed the connection before its whole answer came"
#define PARTS "gave an answer whose chunks are not a whole JSON text"
#define LIMIT 40
/* In place of a status: the call fails since the connection broke, or since the answer cannot be
 * passed on. */
#define BROKEN 0
#define BAD 1
#define FORTY "\"56789012345678901234567890123456789012\""

static const Case cases[] = {
  { "whole", OK "Content-Length: 2\r\n\r\n{}", SCRIPTED_KEEP, 200, "{}" },
  { "whole-then-close", OK CLOSE "Content-Length: 2\r\n\r\n{}", SCRIPTED_CLOSE, 200, "{}" },
  { "whole-then-close-unannounced", OK "Content-Length: 2\r\n\r\n{}", SCRIPTED_CLOSE, 200, "{}" },
  { "old", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", SCRIPTED_CLOSE, 200, "{}" },
  { "empty", OK "Content-Length: 0\r\n\r\n", SCRIPTED_KEEP, 200, "" },
  { "no-content", "HTTP/1.1 204 None\r\n\r\n", SCRIPTED_KEEP, 204, "" },
  { "not-json", OK "Content-Length: 3\r\n\r\n{{{", SCRIPTED_KEEP, 200, "{{{" },
  { "continue", "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\n{}", SCRIPTED_KEEP,
    200, "{}" },
  { "hints", "HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n" OK "Content-Length: 2\r\n\r\n{}",
    SCRIPTED_KEEP, 200, "{}" },
  { "status-400", "HTTP/1.1 400 Bad\r\nContent-Length: 13\r\n\r\n{\"error\":\"x\"}", SCRIPTED_KEEP,
    400, "{\"error\":\"x\"}" },
  { "status-500", "HTTP/1.1 500 Bad\r\nContent-Length: 4\r\n\r\noops", SCRIPTED_KEEP, 500, "oops" },
  { "status-503", "HTTP/1.1 503 Bad\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 503, "" },
  { "redirect-301", "HTTP/1.1 301 Away\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP,
    301, "" },
  { "redirect-302", "HTTP/1.1 302 Away\r\nLocation: /b\r\nContent-Length: 1\r\n\r\nx",
    SCRIPTED_KEEP, 302, "x" },
  { "redirect-307",
    "HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    SCRIPTED_KEEP, 307, "" },
  { "status-401",
    "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 1"
    "\r\n\r\nw",
    SCRIPTED_KEEP, 401, "w" },
  { "status-407",
    "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"r\"\r\n"
    "Content-Length: 1\r\n\r\nw",
    SCRIPTED_KEEP, 407, "w" },
  { "longest", OK "Content-Length: 40\r\n\r\n" FORTY, SCRIPTED_KEEP, 200, FORTY },
  { "longest-chunked", CHUNKED "\r\n28\r\n" FORTY "\r\n0\r\n\r\n", SCRIPTED_KEEP, 200, FORTY },

  { "chunked", CHUNKED "\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n", SCRIPTED_KEEP, 200, "[1,2]" },
  { "chunked-empty", CHUNKED "\r\n0\r\n\r\n", SCRIPTED_KEEP, 200, "" },
  { "chunked-extension", CHUNKED "\r\n2;a=b\r\n{}\r\n0\r\n\r\n", SCRIPTED_KEEP, 200, "{}" },
  { "chunked-trailer", CHUNKED "\r\n2\r\n{}\r\n0\r\nX-T: 1\r\n\r\n", SCRIPTED_KEEP, 200, "{}" },
  { "chunked-then-close", CHUNKED CLOSE "\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n", SCRIPTED_CLOSE, 200,
    "[1,2]" },
  { "chunked-whole-json-without-end", CHUNKED "\r\n5\r\n[NaN]\r\n", SCRIPTED_CLOSE, 200, "[NaN]" },
  { "chunked-cut-between", CHUNKED "\r\n3\r\n[1,\r\n", SCRIPTED_CLOSE, BROKEN, CUT },
  { "chunked-cut-between-after-close", CHUNKED CLOSE "\r\n3\r\n[1,\r\n", SCRIPTED_CLOSE, BROKEN,
    CUT },
  { "chunked-cut-before-first", CHUNKED "\r\n", SCRIPTED_CLOSE, BROKEN, CUT },
  { "chunked-cut-in-chunk", CHUNKED "\r\n9\r\n[1,", SCRIPTED_CLOSE, BROKEN, CUT },
  { "chunked-cut-in-size", CHUNKED "\r\n3\r\n[1,\r\n2", SCRIPTED_CLOSE, BROKEN, CUT },
  { "chunked-not-json", CHUNKED "Content-Type: text/plain\r\n\r\n2\r\n{{\r\n0\r\n\r\n",
    SCRIPTED_KEEP, 200, "{{" },
  { "chunked-not-json-then-close", CHUNKED "Content-Type: text/plain\r\n\r\n2\r\n{{\r\n0\r\n\r\n",
    SCRIPTED_CLOSE, 200, "{{" },
  { "chunked-encoded", CHUNKED JSON "Content-Encoding: gzip\r\n\r\n2\r\n{{\r\n0\r\n\r\n",
    SCRIPTED_KEEP, 200, "{{" },
  { "chunked-encoded-then-close", CHUNKED JSON "Content-Encoding: gzip\r\n\r\n2\r\n{{\r\n0\r\n\r\n",
    SCRIPTED_CLOSE, 200, "{{" },
  { "chunked-json-cut", CHUNKED JSON "\r\n3\r\n[1,\r\n", SCRIPTED_CLOSE, BROKEN, CUT },
  { "chunked-json", CHUNKED JSON "\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n", SCRIPTED_KEEP, 200,
    "[1,2]" },
  /* what libsoup takes for the last chunk */
  { "chunked-wrong-size", CHUNKED JSON "\r\nzz\r\n{}\r\n0\r\n\r\n", SCRIPTED_KEEP, BAD, PARTS },
  { "chunked-wrong-second-size", CHUNKED JSON "\r\n3\r\n[1,\r\n-2\r\n2]\r\n0\r\n\r\n",
    SCRIPTED_KEEP, BAD, "" },
  { "chunked-too-short", CHUNKED JSON "\r\n3\r\n[1,2]\r\n0\r\n\r\n", SCRIPTED_KEEP, BAD, PARTS },
  { "chunked-too-long", CHUNKED JSON "\r\n9\r\n[1,2]\r\n0\r\n\r\n", SCRIPTED_CLOSE, BROKEN, "" },
  { "chunked-reset", CHUNKED "\r\n3\r\n[1,\r\n", SCRIPTED_RESET, BROKEN, "" },

  { "half", OK "Content-Length: 9\r\n\r\n[1,", SCRIPTED_CLOSE, BROKEN, CUT },
  { "half-after-close", OK CLOSE "Content-Length: 9\r\n\r\n[1,", SCRIPTED_CLOSE, BROKEN, CUT },
  { "half-looks-whole", OK CLOSE "Content-Length: 9\r\n\r\n[1,2]", SCRIPTED_CLOSE, BROKEN, CUT },
  { "half-reset", OK "Content-Length: 9\r\n\r\n[1,", SCRIPTED_RESET, BROKEN, "" },
  { "head-only", OK "Content-Length: 9\r\n\r\n", SCRIPTED_CLOSE, BROKEN, CUT },
  /* of half a line nobody knows what it was to be */
  { "half-head", OK "Content-Len", SCRIPTED_CLOSE, BAD, "gave an answer that is not HTTP" },
  { "half-head-of-lines", OK "Content-Length: 9\r\n", SCRIPTED_CLOSE, BROKEN, CUT },
  { "nothing", "", SCRIPTED_CLOSE, BROKEN, "" },
  { "nothing-reset", "", SCRIPTED_RESET, BROKEN, "" },
  { "only-continue", "HTTP/1.1 100 Continue\r\n\r\n", SCRIPTED_CLOSE, BROKEN, "" },
  { "garbage", "220 mail.example ESMTP\r\n\r\n", SCRIPTED_CLOSE, BAD,
    "gave an answer that is not HTTP" },
  { "garbage-kept", "SSH-2.0-OpenSSH\r\n\r\n", SCRIPTED_HANG, BAD,
    "gave an answer that is not HTTP" },
  { "until-close", OK "\r\n{}", SCRIPTED_CLOSE, BAD,
    "gave an answer with neither Content-Length nor chunks" },
  { "until-close-old", "HTTP/1.0 200 OK\r\n\r\n{}", SCRIPTED_CLOSE, BAD,
    "gave an answer with neither Content-Length nor chunks" },
  { "too-long", OK "Content-Length: 41\r\n\r\n" FORTY " ", SCRIPTED_HANG, BAD,
    "gave an answer longer than 40 bytes" },
  { "too-long-chunked", CHUNKED "\r\n28\r\n" FORTY "\r\n1\r\n \r\n", SCRIPTED_HANG, BAD,
    "gave an answer longer than 40 bytes" },
  { "too-long-until-close", OK "\r\n" FORTY " ", SCRIPTED_HANG, BAD,
    "gave an answer longer than 40 bytes" },
  { "too-long-by-far", OK "Content-Length: 99999999999999\r\n\r\n" FORTY " ", SCRIPTED_HANG, BAD,
    "gave an answer longer than 40 bytes" },
};

static void
test_case (gconstpointer data)
{
  const Case *row = data;
  const Step step = { row->answer, row->action };
  DispUpstreamSettings settings = caller_settings;
  Peer *peer;
  Sent *sent;
  Caller caller;

  settings.answer_limit = LIMIT;
  caller_init (&caller, &settings);
  peer = peer_new (&step, 1);
  sent = caller_send_to (&caller, peer_get_port (peer));
  if (row->status > BAD)
    sent_assert_answer (sent, row->status, row->text);
  else
    sent_assert_failed (sent, row->status == BAD ? DISP_ERROR_BAD_ANSWER : DISP_ERROR_UPSTREAM,
                        row->text);
  g_assert_cmpuint (peer_count_requests (peer), ==, 1);
  g_assert_cmpuint (peer_count_connections (peer), ==, 1);
  /* a connection that failed is closed at once, and not only with the transport */
  if (row->status <= BAD)
    peer_wait_ended (peer, 1);
  sent_free (sent);
  peer_free (peer);
  caller_clear (&caller);
}

int
main (int argc, char **argv)
{
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/upstream/answers/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  return g_test_run ();
}
