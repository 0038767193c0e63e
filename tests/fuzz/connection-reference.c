/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/connection-reference.h"

#include "front/local-server.h"
#include "fuzz/chunk-reference.h"
#include "fuzz/head-reference.h"
#include "wire/json-scanner.h"

#include <string.h>

static const struct
{
  const char *path;
  gboolean is_post;
  gboolean is_json;
} resources[] = {
  { "/", FALSE, FALSE },
  { "/healthz/live", FALSE, FALSE },
  { "/predict", TRUE, TRUE },
  { "/v1/models/m:predict", TRUE, FALSE },
};

static gboolean
claims_json (const DispHttpHead *head)
{
  const char *type = disp_http_head_get (head, "Content-Type");
  const char *encoding = disp_http_head_get (head, "Content-Encoding");

  return (type == NULL
          || g_regex_match_simple ("^([^;]*\\+json|(application|text)/json)[\\t\\v\\f ]*(;|$)",
                                   type, G_REGEX_CASELESS | G_REGEX_RAW | G_REGEX_DOLLAR_ENDONLY,
                                   0))
         && (encoding == NULL || g_ascii_strcasecmp (encoding, "identity") == 0);
}

/* Returns the status that a head leads to, as long as nothing is wrong with the body. */
static guint
judge_head (const DispHttpHead *head, gboolean *is_json)
{
  guint i = 0;
  gboolean is_get = g_str_equal (head->method, "GET") || g_str_equal (head->method, "HEAD");

  while (i < G_N_ELEMENTS (resources) && !g_str_equal (resources[i].path, head->path))
    i++;
  if (i == G_N_ELEMENTS (resources))
    return 404;
  if (resources[i].is_post ? !g_str_equal (head->method, "POST") : !is_get)
    return 405;
  if (head->framing == DISP_BODY_LENGTH && head->body_length > LOCAL_BODY_LIMIT)
    return 413;
  if (resources[i].is_post && head->framing == DISP_BODY_NONE)
    return 411;
  *is_json = resources[i].is_json;
  return *is_json && !claims_json (head) ? 415 : 200;
}

/* Whether all of the body is there, and may be as long as it is; it is @body then. */
static gboolean
take_body (const DispHttpHead *head, const char *bytes, gsize n, gsize *at, GString *body)
{
  if (head->framing == DISP_BODY_CHUNKS)
    return fuzz_reference_chunks (bytes, n, body, at) && body->len <= LOCAL_BODY_LIMIT;
  if (head->body_length > n - *at)
    return FALSE;
  g_string_append_len (body, bytes + *at, (gssize) head->body_length);
  *at += head->body_length;
  return TRUE;
}

static void
add_answer (FuzzReference *self, const DispHttpHead *head, guint status)
{
  FuzzAnswer answer = { status, g_str_equal (head->method, "HEAD") };

  g_array_append_val (self->answers, answer);
}

/* Returns whether another request may follow. */
static gboolean
take_request (FuzzReference *self, const DispHttpHead *head, const char *bytes, gsize n, gsize *at)
{
  g_autoptr (GString) body = g_string_new (NULL);
  gboolean is_json = FALSE;
  guint status = judge_head (head, &is_json);

  /* What is refused is told at once, when the client waits for that or its body is long. */
  if (status != 200
      && (head->expects_continue || head->framing == DISP_BODY_CHUNKS
          || head->body_length > LOCAL_BODY_LIMIT))
    {
      add_answer (self, head, status);
      return FALSE;
    }
  if (!take_body (head, bytes, n, at, body))
    {
      self->is_head = g_str_equal (head->method, "HEAD");
      return FALSE;
    }
  if (status == 200 && is_json
      && !disp_json_check (body->str, body->len, DISP_JSON_MAX_DEPTH, NULL))
    status = 400;
  else if (status == 200 && !is_json && g_str_equal (head->method, "POST"))
    g_byte_array_append (self->bodies, (const guint8 *) body->str, (guint) body->len);
  add_answer (self, head, status);
  return head->is_persistent;
}

/* Returns how long the head is that is there, 0 if none is. */
static gsize
measure_head (const char *bytes, gsize n)
{
  gsize skipped = n >= 2 && memcmp (bytes, "\r\n", 2) == 0 ? 2 : 0;
  const char *end = memmem (bytes + skipped, n - skipped, "\r\n\r\n", 4);

  return end != NULL ? (gsize) (end - bytes) + 4 : 0;
}

/*
 * fuzz_reference_connection:
 * @self: (out caller-allocates): what must become of it
 * @bytes: all that a client sends
 * @n: how much
 */
void
fuzz_reference_connection (FuzzReference *self, const char *bytes, gsize n)
{
  gsize at = 0;

  self->answers = g_array_new (FALSE, FALSE, sizeof (FuzzAnswer));
  self->bodies = g_byte_array_new ();
  self->is_open = TRUE;
  while (self->is_open && at < n)
    {
      gsize length = measure_head (bytes + at, n - at);
      g_autoptr (DispHttpHead) head = NULL;

      self->is_open = length > 0 && fuzz_reference_accepts (bytes + at, length);
      if (!self->is_open)
        return;
      head = disp_http_head_parse (bytes + at, length, NULL);
      g_assert_nonnull (head);
      fuzz_reference_check (head, bytes + at, length);
      at += length;
      self->is_open = take_request (self, head, bytes, n, &at);
    }
}

void
fuzz_reference_clear (FuzzReference *self)
{
  g_clear_pointer (&self->answers, g_array_unref);
  g_clear_pointer (&self->bodies, g_byte_array_unref);
}
