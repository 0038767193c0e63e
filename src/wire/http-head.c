/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-head.h"

#include "core/error.h"
#include "wire/http-field.h"
#include "wire/http-line.h"
#include "wire/http-request-line.h"

#include <string.h>

/* What the lines of a head say, before it is known whether they go together. */
typedef struct
{
  DispRequestLine request_line;
  DispFieldMarks marks;
  DispFieldLine fields[DISP_MAX_FIELDS];
  guint n_fields;
} HeadDraft;

/* @line: what @scan has just passed */
static gboolean
check_line (DispHeadScan *scan, DispSpan line, GError **error)
{
  DispRequestLine request_line;
  DispFieldMarks marks = { .seen = scan->seen };
  DispFieldLine field;

  if (scan->n_lines == 1)
    return disp_request_line_read (line, &request_line, error);
  if (!disp_field_line_read (line, &marks, &field, error))
    return FALSE;
  scan->seen = marks.seen;
  return TRUE;
}

static gboolean
keep_line (const DispHeadScan *scan, DispSpan line, HeadDraft *draft, GError **error)
{
  if (scan->n_lines == 1)
    return disp_request_line_read (line, &draft->request_line, error);
  return disp_field_line_read (line, &draft->marks, &draft->fields[draft->n_fields++], error);
}

/* @draft: (nullable): who takes what they say */
static DispHeadState
read_lines (DispHeadScan *scan, const char *bytes, gsize n, HeadDraft *draft, GError **error)
{
  for (;;)
    {
      DispSpan line = { NULL, 0 };

      switch (disp_http_line_next (scan, bytes, n, &line, error))
        {
        case DISP_LINE_PARTIAL:
          return DISP_HEAD_PARTIAL;
        case DISP_LINE_END:
          return DISP_HEAD_COMPLETE;
        case DISP_LINE_WRONG:
          return DISP_HEAD_WRONG;
        case DISP_LINE_WHOLE:
          break;
        }
      if (draft == NULL ? !check_line (scan, line, error) : !keep_line (scan, line, draft, error))
        return DISP_HEAD_WRONG;
    }
}

/**
 * disp_http_head_scan:
 * @scan: (inout): how far the head was looked at; all zero at first, and again for the next head
 * @bytes: all of the head that has come, from its first byte on
 * @n: how many bytes that are; what follows the head may be among them
 * @error: why, with %DISP_HEAD_WRONG; the codes are those of disp_http_head_parse()
 *
 * Looks at what has come since the call before, each byte once and each line once more when it is
 * whole.  What is wrong with a line by itself is said as soon as it can be known, at the same byte
 * however what comes is cut; whether the lines go together, by disp_http_head_parse() alone.  An
 * empty line before the request line is skipped, once (RFC 9112, section 2.2).  Not to be called
 * again for the same head when it was complete or wrong.
 *
 * Returns: how it stands; with %DISP_HEAD_COMPLETE, the length of @scan is that of the head, with
 * the empty line that ends it and the one that was skipped
 */
DispHeadState
disp_http_head_scan (DispHeadScan *scan, const char *bytes, gsize n, GError **error)
{
  g_return_val_if_fail (scan != NULL, DISP_HEAD_WRONG);
  g_return_val_if_fail (bytes != NULL || n == 0, DISP_HEAD_WRONG);
  g_return_val_if_fail (n >= scan->scanned, DISP_HEAD_WRONG);

  return read_lines (scan, bytes, n, NULL, error);
}

/* RFC 9112, section 3.2.  That an authority in the target counts more than Host is section 3.2.2.
 */
static gboolean
check_host (const HeadDraft *draft, GError **error)
{
  if (draft->request_line.minor_version > 0
      && !disp_field_marks_have (&draft->marks, DISP_FIELD_HOST))
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "the request has no field Host, which HTTP/1.1 requires");
  return TRUE;
}

/* RFC 9112, section 6.3, and of what a server may refuse there, all. */
static gboolean
check_framing (const HeadDraft *draft, GError **error)
{
  gboolean has_length = disp_field_marks_have (&draft->marks, DISP_FIELD_CONTENT_LENGTH);
  gboolean has_chunks = disp_field_marks_have (&draft->marks, DISP_FIELD_TRANSFER_ENCODING);

  if (has_length && has_chunks)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "the request has both Content-Length and Transfer-Encoding");
  if (has_chunks && draft->request_line.minor_version == 0)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "the request is HTTP/1.0, which has no Transfer-Encoding");
  if (g_str_equal (draft->request_line.method, "TRACE")
      && (has_chunks || draft->marks.body_length > 0))
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "the request is TRACE and has a body, expected none");
  return TRUE;
}

/* Ends a span of @text with a NUL, in the place of what follows it. */
static char *
cut (char *text, DispSpan span)
{
  char *start = text + (span.start - text);

  start[span.length] = '\0';
  return start;
}

/* Right behind the authority comes the path, so it moves over the slash before it. */
static char *
cut_authority (char *text, DispSpan authority)
{
  char *start = text + (authority.start - text) - 1;

  memmove (start, authority.start, authority.length);
  start[authority.length] = '\0';
  return start;
}

static void
take_target (DispHttpHead *self, const DispHttpTarget *target)
{
  if (target->authority.length > 0)
    self->authority = cut_authority (self->text, target->authority);
  else
    self->authority = disp_http_head_get (self, "Host");
  if (target->has_query)
    self->query = cut (self->text, target->query);
  self->path = target->path.length > 0 ? cut (self->text, target->path) : "/";
}

static void
take_framing (DispHttpHead *self, const DispFieldMarks *marks)
{
  gboolean has_body;

  if (disp_field_marks_have (marks, DISP_FIELD_TRANSFER_ENCODING))
    self->framing = DISP_BODY_CHUNKS;
  else if (disp_field_marks_have (marks, DISP_FIELD_CONTENT_LENGTH))
    self->framing = DISP_BODY_LENGTH;
  else
    self->framing = DISP_BODY_NONE;
  self->body_length = marks->body_length;
  has_body = self->framing == DISP_BODY_CHUNKS || self->body_length > 0;
  /* RFC 9110, section 10.1.1: HTTP/1.0 knows no 100 (Continue), nor does it help without a body. */
  self->expects_continue = self->minor_version > 0 && has_body
                           && disp_field_marks_have (marks, DISP_FIELD_EXPECT);
  /* RFC 9112, section 9.3 */
  self->is_persistent = !marks->closes && (self->minor_version > 0 || marks->stays);
}

/**
 * disp_http_head_parse:
 * @bytes: a head for which disp_http_head_scan() said that it is complete
 * @length: as the scan has it, in bytes
 * @error: %DISP_ERROR_BAD_REQUEST, %DISP_ERROR_TARGET_TOO_LONG, %DISP_ERROR_EXPECTATION_FAILED,
 *   %DISP_ERROR_HEAD_TOO_LARGE, %DISP_ERROR_UNKNOWN_METHOD, %DISP_ERROR_UNKNOWN_CODING,
 *   %DISP_ERROR_UNKNOWN_HTTP_VERSION
 *
 * Reads the head of a request, and refuses all that RFC 9110 and RFC 9112 let a server refuse: what
 * breaks their grammar, and what two readers might take differently.  Whatever the scan would have
 * said is said here too.
 *
 * Returns: (transfer full): the request, but for its body
 */
DispHttpHead *
disp_http_head_parse (const char *bytes, gsize length, GError **error)
{
  g_autoptr (DispHttpHead) self = NULL;
  DispHeadScan scan = { 0 };
  HeadDraft draft = { 0 };
  DispHeadState state;

  g_return_val_if_fail (bytes != NULL || length == 0, NULL);

  self = g_new0 (DispHttpHead, 1);
  self->text = g_memdup2 (bytes, length);
  state = read_lines (&scan, self->text, length, &draft, error);
  if (state == DISP_HEAD_WRONG)
    return NULL;
  if (state != DISP_HEAD_COMPLETE || scan.length != length)
    {
      disp_http_fail (error, DISP_ERROR_BAD_REQUEST, "the head of the request %s",
                      state == DISP_HEAD_COMPLETE ? "is followed by more" : "is cut");
      return NULL;
    }
  /* An empty line ends nothing before there was a request line. */
  g_assert (draft.request_line.method != NULL);
  if (!check_host (&draft, error) || !check_framing (&draft, error))
    return NULL;

  self->method = draft.request_line.method;
  self->minor_version = draft.request_line.minor_version;
  self->n_fields = draft.n_fields;
  self->fields = g_new0 (DispHttpField, self->n_fields);
  for (guint i = 0; i < self->n_fields; i++)
    {
      self->fields[i].name = cut (self->text, draft.fields[i].name);
      self->fields[i].value = cut (self->text, draft.fields[i].value);
    }
  take_target (self, &draft.request_line.target);
  take_framing (self, &draft.marks);
  return g_steal_pointer (&self);
}

/**
 * disp_http_head_free:
 * @self: (transfer full): a head
 */
void
disp_http_head_free (DispHttpHead *self)
{
  g_free (self->fields);
  g_free (self->text);
  g_free (self);
}

/**
 * disp_http_head_get:
 * @self: a head
 * @name: of a field, in any case
 *
 * Returns: (transfer none) (nullable): the value of the first field with that name; it has no
 * control characters but tabs, and may be no UTF-8.  Of Host, Content-Length, Transfer-Encoding,
 * Expect, Authorization, Content-Type, Content-Encoding and X-Timeout-Ms there is no second, and
 * they are ASCII
 */
const char *
disp_http_head_get (const DispHttpHead *self, const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; i < self->n_fields; i++)
    if (g_ascii_strcasecmp (self->fields[i].name, name) == 0)
      return self->fields[i].value;
  return NULL;
}
