/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "demo/http-reader.h"

#include <string.h>

/* A buffer that grew beyond this is given back when it is empty. */
#define KEPT_BUFFER (1024 * 1024)

/* What the fields of a head say about the body. */
typedef struct
{
  gboolean needs_host;
  guint n_hosts;
  guint n_lengths;
  guint n_codings;
  guint64 length;
  gboolean chunked; /* the coding is that one and no other */
} Framing;

/**
 * demo_http_reader_init:
 * @self: (out caller-allocates): a reader of nothing yet
 */
void
demo_http_reader_init (DemoHttpReader *self)
{
  memset (self, 0, sizeof *self);
  self->input = g_byte_array_new ();
  self->collected = g_string_new (NULL);
}

void
demo_http_reader_clear (DemoHttpReader *self)
{
  g_byte_array_unref (self->input);
  g_string_free (self->collected, TRUE);
  g_free (self->method);
  g_free (self->target);
}

static DemoHttpResult
refuse (DemoHttpReader *self, guint status, const char *reason)
{
  self->status = status;
  self->reason = reason;
  self->keep_alive = FALSE;
  return DEMO_HTTP_REFUSED;
}

/* Forgets what was read, so that the buffers do not grow with every request. */
static void
drop_read (DemoHttpReader *self)
{
  if (self->collected->allocated_len > KEPT_BUFFER)
    {
      g_string_free (self->collected, TRUE);
      self->collected = g_string_new (NULL);
    }
  g_string_truncate (self->collected, 0);
  if (self->at < self->input->len)
    g_byte_array_remove_range (self->input, 0, self->at);
  else if (self->at > KEPT_BUFFER)
    {
      g_byte_array_unref (self->input);
      self->input = g_byte_array_new ();
    }
  else
    g_byte_array_set_size (self->input, 0);
  self->at = 0;
}

static gboolean
is_token (const char *text)
{
  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr ("!#$%&'*+-.^_`|~", *at) == NULL)
      return FALSE;
  return *text != '\0';
}

static gboolean
read_request_line (DemoHttpReader *self, const char *line, Framing *framing)
{
  g_auto (GStrv) parts = g_strsplit (line, " ", 4);

  if (g_strv_length (parts) != 3 || !is_token (parts[0]) || parts[1][0] != '/'
      || (!g_str_equal (parts[2], "HTTP/1.1") && !g_str_equal (parts[2], "HTTP/1.0")))
    return FALSE;
  framing->needs_host = g_str_equal (parts[2], "HTTP/1.1");
  self->keep_alive = framing->needs_host;
  self->wants_continue = FALSE;
  g_free (self->method);
  g_free (self->target);
  self->method = g_strdup (parts[0]);
  self->target = g_strdup (parts[1]);
  return TRUE;
}

static gboolean
read_field (DemoHttpReader *self, char *line, Framing *framing)
{
  char *value = strchr (line, ':');

  if (value == NULL)
    return FALSE;
  *value++ = '\0';
  g_strstrip (value);
  if (!is_token (line))
    return FALSE;
  if (g_ascii_strcasecmp (line, "Host") == 0)
    framing->n_hosts++;
  else if (g_ascii_strcasecmp (line, "Content-Length") == 0)
    {
      framing->n_lengths++;
      return g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &framing->length, NULL);
    }
  else if (g_ascii_strcasecmp (line, "Transfer-Encoding") == 0)
    {
      framing->n_codings++;
      framing->chunked = g_ascii_strcasecmp (value, "chunked") == 0;
    }
  else if (g_ascii_strcasecmp (line, "Connection") == 0)
    {
      if (g_ascii_strcasecmp (value, "close") == 0)
        self->keep_alive = FALSE;
      else if (g_ascii_strcasecmp (value, "keep-alive") == 0)
        self->keep_alive = TRUE;
    }
  else if (g_ascii_strcasecmp (line, "Expect") == 0)
    self->wants_continue = g_ascii_strcasecmp (value, "100-continue") == 0;
  return TRUE;
}

/* RFC 9112 section 6.3; what could be understood in two ways is refused. */
static DemoHttpResult
choose_framing (DemoHttpReader *self, const Framing *framing)
{
  if (framing->needs_host && framing->n_hosts == 0)
    return refuse (self, 400, "Host is missing");
  if (framing->n_hosts > 1 || framing->n_lengths > 1 || framing->n_codings > 1
      || (framing->n_lengths > 0 && framing->n_codings > 0))
    return refuse (self, 400, "Host, Content-Length or Transfer-Encoding is ambiguous");
  if (framing->n_codings > 0 && !framing->chunked)
    return refuse (self, 501, "no other transfer coding than chunked is known");
  if (framing->length > DEMO_HTTP_MAX_BODY)
    return refuse (self, 413, "the body is too long");
  self->stage = framing->chunked ? DEMO_HTTP_CHUNK_SIZE : DEMO_HTTP_BODY;
  self->expected = framing->length;
  return DEMO_HTTP_MORE;
}

static const char *
find (const DemoHttpReader *self, const char *what)
{
  if (self->input->len == self->at)
    return NULL;
  return memmem (self->input->data + self->at, self->input->len - self->at, what, strlen (what));
}

static DemoHttpResult
read_head (DemoHttpReader *self)
{
  Framing framing = { 0 };
  const char *start;
  const char *end;

  drop_read (self);
  if (self->input->len == 0)
    return DEMO_HTTP_MORE;
  start = (const char *) self->input->data;
  end = find (self, "\r\n\r\n");
  if ((end == NULL ? self->input->len : (gsize) (end - start)) > DEMO_HTTP_MAX_HEAD)
    return refuse (self, 431, "the head is too long");
  if (end == NULL)
    return DEMO_HTTP_MORE;
  if (memchr (start, '\0', end - start) != NULL)
    return refuse (self, 400, "the head has a NUL");

  g_autofree char *head = g_strndup (start, end - start);
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);

  if (!read_request_line (self, lines[0], &framing))
    return refuse (self, 400, "the request line is malformed");
  for (guint i = 1; lines[i] != NULL; i++)
    if (!read_field (self, lines[i], &framing))
      return refuse (self, 400, "a header field is malformed");
  self->at = end - start + strlen ("\r\n\r\n");
  return choose_framing (self, &framing);
}

static DemoHttpResult
read_body (DemoHttpReader *self)
{
  if (self->input->len - self->at < self->expected)
    return DEMO_HTTP_MORE;
  self->body = (const char *) self->input->data + self->at;
  self->body_length = self->expected;
  self->at += self->expected;
  self->stage = DEMO_HTTP_HEAD;
  return DEMO_HTTP_REQUEST;
}

static DemoHttpResult
read_chunk_size (DemoHttpReader *self)
{
  const char *start = (const char *) self->input->data + self->at;
  const char *end = find (self, "\r\n");
  guint64 size;

  if ((end == NULL ? self->input->len - self->at : (gsize) (end - start)) > 256)
    return refuse (self, 400, "the line of a chunk is too long");
  if (end == NULL)
    return DEMO_HTTP_MORE;

  g_autofree char *line = g_strndup (start, end - start);

  line[strcspn (line, ";")] = '\0';
  if (!g_ascii_string_to_unsigned (line, 16, 0, G_MAXINT64, &size, NULL))
    return refuse (self, 400, "the size of a chunk is malformed");
  if (size > DEMO_HTTP_MAX_BODY - self->collected->len)
    return refuse (self, 413, "the body is too long");
  self->at += end - start + 2;
  self->expected = size;
  self->stage = size > 0 ? DEMO_HTTP_CHUNK : DEMO_HTTP_TRAILERS;
  return DEMO_HTTP_MORE;
}

static DemoHttpResult
read_chunk (DemoHttpReader *self)
{
  const char *start = (const char *) self->input->data + self->at;

  if (self->input->len - self->at < self->expected + 2)
    return DEMO_HTTP_MORE;
  if (memcmp (start + self->expected, "\r\n", 2) != 0)
    return refuse (self, 400, "a chunk is longer than its size");
  g_string_append_len (self->collected, start, self->expected);
  self->at += self->expected + 2;
  self->stage = DEMO_HTTP_CHUNK_SIZE;
  return DEMO_HTTP_MORE;
}

static DemoHttpResult
read_trailers (DemoHttpReader *self)
{
  const char *start = (const char *) self->input->data + self->at;
  const char *end = find (self, "\r\n");

  if (self->expected > DEMO_HTTP_MAX_HEAD || self->input->len - self->at > DEMO_HTTP_MAX_HEAD)
    return refuse (self, 431, "the trailers are too long");
  if (end == NULL)
    return DEMO_HTTP_MORE;
  self->at += end - start + 2;
  self->expected += end - start + 2;
  if (end > start)
    return DEMO_HTTP_MORE;
  self->body = self->collected->str;
  self->body_length = self->collected->len;
  self->stage = DEMO_HTTP_HEAD;
  return DEMO_HTTP_REQUEST;
}

static DemoHttpResult
read_stage (DemoHttpReader *self)
{
  switch (self->stage)
    {
    case DEMO_HTTP_HEAD:
      return read_head (self);
    case DEMO_HTTP_BODY:
      return read_body (self);
    case DEMO_HTTP_CHUNK_SIZE:
      return read_chunk_size (self);
    case DEMO_HTTP_CHUNK:
      return read_chunk (self);
    case DEMO_HTTP_TRAILERS:
      return read_trailers (self);
    default:
      g_assert_not_reached ();
    }
}

/**
 * demo_http_reader_next:
 * @self: a reader
 *
 * Goes on where it stopped.  The method and target that it found are valid until the next call, the
 * body only until more is put into the input.
 *
 * Returns: whether there is a request
 */
DemoHttpResult
demo_http_reader_next (DemoHttpReader *self)
{
  DemoHttpResult result;
  DemoHttpStage stage;
  gsize at;

  do
    {
      stage = self->stage;
      at = self->at;
      result = read_stage (self);
    }
  while (result == DEMO_HTTP_MORE && (self->stage != stage || self->at != at));
  return result;
}
