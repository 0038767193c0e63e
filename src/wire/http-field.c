/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-field.h"

#include "core/error.h"
#include "wire/http-authority.h"
#include "wire/http-coding.h"
#include "wire/timeout-field.h"

/* A header field with rules of its own. */
typedef struct
{
  const char *name;
  gboolean may_repeat;
  gboolean (*judge) (DispSpan value, DispFieldMarks *marks, GError **error); /* (nullable) */
} FieldRule;

static gboolean
judge_host (DispSpan value, G_GNUC_UNUSED DispFieldMarks *marks, GError **error)
{
  return disp_http_authority_check (value, error);
}

/* RFC 9110, section 8.6: digits.  A list of the same number more than once, which a recipient may
 * take, is refused, as are numbers that no file could have as its size. */
static gboolean
judge_content_length (DispSpan value, DispFieldMarks *marks, GError **error)
{
  guint64 length = 0;
  g_autofree char *quoted = NULL;

  for (gsize i = 0; i < value.length; i++)
    {
      guint digit = (guint) (value.start[i] - '0');

      if (!g_ascii_isdigit (value.start[i]) || length > ((guint64) G_MAXINT64 - digit) / 10)
        {
          quoted = disp_span_quote (value);
          return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                                 "Content-Length is \"%s\", expected a number of bytes below 2^63",
                                 quoted);
        }
      length = length * 10 + digit;
    }
  if (value.length == 0)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "Content-Length is empty, expected a number of bytes");
  marks->body_length = length;
  return TRUE;
}

static gboolean
judge_transfer_encoding (DispSpan value, G_GNUC_UNUSED DispFieldMarks *marks, GError **error)
{
  return disp_http_coding_check (value, error);
}

static gboolean
judge_option (DispSpan option, DispFieldMarks *marks, GError **error)
{
  static const char *const needed[] = { "Host", "Content-Length", "Transfer-Encoding" };

  for (gsize i = 0; i < G_N_ELEMENTS (needed); i++)
    if (disp_span_is_any_case (option, needed[i]))
      return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                             "Connection names %s, which is not for one connection alone",
                             needed[i]);
  marks->closes |= disp_span_is_any_case (option, "close");
  marks->stays |= disp_span_is_any_case (option, "keep-alive");
  return TRUE;
}

/* RFC 9110, section 7.6.1: a list of tokens, in which empty members are ignored (section 5.6.1.2).
 * A field that every recipient needs may not be named; who drops it would see another request. */
static gboolean
judge_connection (DispSpan value, DispFieldMarks *marks, GError **error)
{
  DispSpan rest = value;

  do
    {
      disp_span_skip_space (&rest);
      if (!judge_option (disp_span_take_token (&rest), marks, error))
        return FALSE;
      disp_span_skip_space (&rest);
    }
  while (disp_span_take (&rest, ','));
  if (rest.length > 0)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST, "Connection is no list of tokens");
  return TRUE;
}

/* RFC 9110, section 10.1.1 */
static gboolean
judge_expect (DispSpan value, G_GNUC_UNUSED DispFieldMarks *marks, GError **error)
{
  g_autofree char *quoted = NULL;

  if (disp_span_is_any_case (value, "100-continue"))
    return TRUE;
  quoted = disp_span_quote (value);
  return disp_http_fail (error, DISP_ERROR_EXPECTATION_FAILED,
                         "what the request expects, \"%s\", is not done; only 100-continue is",
                         quoted);
}

/* The last four are judged by who reads them. */
static const FieldRule rules[] = {
  [DISP_FIELD_OTHER] = { NULL, TRUE, NULL },
  [DISP_FIELD_HOST] = { "Host", FALSE, judge_host },
  [DISP_FIELD_CONTENT_LENGTH] = { "Content-Length", FALSE, judge_content_length },
  [DISP_FIELD_TRANSFER_ENCODING] = { "Transfer-Encoding", FALSE, judge_transfer_encoding },
  [DISP_FIELD_CONNECTION] = { "Connection", TRUE, judge_connection },
  [DISP_FIELD_EXPECT] = { "Expect", FALSE, judge_expect },
  [DISP_FIELD_AUTHORIZATION] = { "Authorization", FALSE, NULL },
  [DISP_FIELD_CONTENT_TYPE] = { "Content-Type", FALSE, NULL },
  [DISP_FIELD_CONTENT_ENCODING] = { "Content-Encoding", FALSE, NULL },
  [DISP_FIELD_TIMEOUT] = { DISP_TIMEOUT_FIELD, FALSE, NULL },
};

G_STATIC_ASSERT (G_N_ELEMENTS (rules) == DISP_N_FIELD_KINDS);

static DispFieldKind
find_kind (DispSpan name)
{
  for (DispFieldKind kind = DISP_FIELD_OTHER + 1; kind < DISP_N_FIELD_KINDS; kind++)
    if (disp_span_is_any_case (name, rules[kind].name))
      return kind;
  return DISP_FIELD_OTHER;
}

static DispSpan
trim_end (DispSpan text)
{
  while (text.length > 0
         && (text.start[text.length - 1] == ' ' || text.start[text.length - 1] == '\t'))
    text.length--;
  return text;
}

static gboolean
fail_name (DispSpan name, DispSpan rest, GError **error)
{
  g_autofree char *quoted = disp_span_quote (name);

  if (name.length == 0)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST, "a field line has no name");
  if (rest.length == 0)
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                           "the field line \"%s\" has no colon, expected NAME: VALUE", quoted);
  return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                         "the field name \"%s\" is followed by what may be in no name, expected a "
                         "colon",
                         quoted);
}

static gboolean
check_ascii (const char *name, DispSpan value, GError **error)
{
  for (gsize i = 0; i < value.length; i++)
    if ((guchar) value.start[i] >= 0x80)
      return disp_http_fail (error, DISP_ERROR_BAD_REQUEST,
                             "there is a byte 0x%02x in %s, expected ASCII",
                             (guchar) value.start[i], name);
  return TRUE;
}

/**
 * disp_field_line_read:
 * @line: it, without its end, and without control characters but tabs
 * @marks: (inout): what the field lines before have said; takes what this one says
 * @field: (out): its parts; set only on success
 * @error: %DISP_ERROR_BAD_REQUEST, %DISP_ERROR_UNKNOWN_CODING, %DISP_ERROR_EXPECTATION_FAILED
 *
 * Reads a field line (RFC 9112, section 5): a token, a colon right behind it, a value.  The values
 * that the server acts on are ASCII and keep the rules of their fields; of these fields there may
 * be one line each, but for Connection.  In others, bytes above 0x7f are let through (RFC 9110,
 * section 5.5): who reads them must not take them for UTF-8.
 *
 * Returns: whether it is one
 */
gboolean
disp_field_line_read (DispSpan line, DispFieldMarks *marks, DispFieldLine *field, GError **error)
{
  DispSpan rest = line;
  DispSpan name = disp_span_take_token (&rest);
  DispFieldKind kind = find_kind (name);
  const FieldRule *rule = &rules[kind];
  DispSpan value;

  if (name.length == 0 || !disp_span_take (&rest, ':'))
    return fail_name (name, rest, error);
  disp_span_skip_space (&rest);
  value = trim_end (rest);
  if (!rule->may_repeat && disp_field_marks_have (marks, kind))
    return disp_http_fail (error, DISP_ERROR_BAD_REQUEST, "there is more than one field %s",
                           rule->name);
  if (kind != DISP_FIELD_OTHER && !check_ascii (rule->name, value, error))
    return FALSE;
  if (rule->judge != NULL && !rule->judge (value, marks, error))
    return FALSE;
  marks->seen |= 1U << kind;
  *field = (DispFieldLine){ name, value };
  return TRUE;
}

/**
 * disp_field_marks_have:
 * @self: marks
 * @kind: a kind of field
 *
 * Returns: whether a field of that kind was among the lines
 */
gboolean
disp_field_marks_have (const DispFieldMarks *self, DispFieldKind kind)
{
  return (self->seen & (1U << kind)) != 0;
}
