/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/predict-envelope.h"

#include "core/error.h"
#include "wire/json-string.h"

#include <string.h>

/* The longest name of a model, in bytes: it ends up in records and in messages. */
#define MAX_NAME 1024
/* How much of a wrong value an error quotes, in bytes. */
#define MAX_QUOTED 40

/* The members that mean something to us.  The order of the last three is the order in which they
 * are taken for the instances. */
typedef enum
{
  MEMBER_MODEL,
  MEMBER_VERSION,
  MEMBER_INSTANCES,
  MEMBER_INPUTS,
  MEMBER_EXAMPLES,
  N_MEMBERS,
  MEMBER_OTHER = N_MEMBERS
} Member;

static const char *const member_names[] = { "model", "version", "instances", "inputs", "examples" };

G_STATIC_ASSERT (G_N_ELEMENTS (member_names) == N_MEMBERS);

typedef struct
{
  DispJsonScanner scanner;
  DispEnvelopeKind kind;
  DispSlice values[N_MEMBERS]; /* length 0 = not seen */
  DispEnvelope *envelope;      /* (unowned) being filled */
  gsize kept_from;             /* where the slice begins that is still open */
  gsize comma;                 /* where the last comma of the object stands */
  gboolean kept_any;           /* whether some member so far is forwarded */
} Scan;

void
disp_envelope_clear (DispEnvelope *self)
{
  g_clear_pointer (&self->model, g_free);
  disp_version_clear (&self->version);
}

static gsize
offset_of (const Scan *scan)
{
  return (gsize) (scan->scanner.at - scan->scanner.text);
}

/* Whether @member means something with this kind of body. */
static gboolean
is_ours (const Scan *scan, Member member)
{
  if (scan->kind == DISP_ENVELOPE_ROUTED)
    return member != MEMBER_EXAMPLES;
  return member >= MEMBER_INSTANCES;
}

/* Which member a name, as it stands between its quotes, means: "mod\u0065l" is "model" (RFC 8259
 * section 8.3). */
static Member
find_member (const Scan *scan, const char *name, gsize length)
{
  g_autofree char *unescaped = NULL;

  if (memchr (name, '\\', length) != NULL)
    {
      /* Six bytes stand for a character at most. */
      if (length > 6 * strlen ("instances"))
        return MEMBER_OTHER;
      unescaped = disp_json_unescape (name, length);
      if (unescaped == NULL)
        return MEMBER_OTHER;
      name = unescaped;
      length = strlen (unescaped);
    }
  for (Member member = 0; member < N_MEMBERS; member++)
    if (is_ours (scan, member) && strlen (member_names[member]) == length
        && memcmp (member_names[member], name, length) == 0)
      return member;
  return MEMBER_OTHER;
}

/* What was found in place of what was expected: short values as they are, others by their type. */
static char *
describe_value (const char *text, const DispSlice *value)
{
  const char *start = text + value->offset;

  if (*start == '{')
    return g_strdup ("an object");
  if (*start == '[')
    return g_strdup ("an array");
  if (value->length <= MAX_QUOTED)
    return g_strndup (start, value->length);
  return g_strdup (*start == '"' ? "a long string" : "a long number");
}

static gboolean
fail_value (const Scan *scan, Member member, const char *expected, GError **error)
{
  g_autofree char *found = describe_value (scan->scanner.text, &scan->values[member]);

  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE, "\"%s\": expected %s, found %s",
               member_names[member], expected, found);
  return FALSE;
}

/* The characters of a string, or NULL for a value of another type, or that a name cannot be. */
static char *
take_string (const Scan *scan, Member member)
{
  const DispSlice *value = &scan->values[member];
  const char *start = scan->scanner.text + value->offset;

  if (*start != '"' || value->length - 2 > 6 * MAX_NAME)
    return NULL;
  return disp_json_unescape (start + 1, value->length - 2);
}

static gboolean
take_model (Scan *scan, GError **error)
{
  g_autofree char *model = take_string (scan, MEMBER_MODEL);

  if (model == NULL || *model == '\0' || strlen (model) > MAX_NAME)
    return fail_value (
        scan, MEMBER_MODEL,
        "a string that is not empty and names a model in at most " G_STRINGIFY (MAX_NAME) " bytes",
        error);
  scan->envelope->model = g_steal_pointer (&model);
  return TRUE;
}

static gboolean
take_version (Scan *scan, GError **error)
{
  const DispSlice *value = &scan->values[MEMBER_VERSION];
  const char *start = scan->scanner.text + value->offset;
  DispVersion *version = &scan->envelope->version;
  g_autofree char *digits = *start == '"' ? take_string (scan, MEMBER_VERSION)
                                          : g_strndup (start, MIN (value->length, MAX_QUOTED));

  if (digits == NULL || strspn (digits, "0123456789") != strlen (digits)
      || !g_ascii_string_to_signed (digits, 10, 0, G_MAXINT64, &version->number, NULL))
    return fail_value (scan, MEMBER_VERSION,
                       "an integer of at most 64 bits that is not negative, or a string of digits",
                       error);
  version->kind = DISP_VERSION_NUMBER;
  return TRUE;
}

static gboolean
take_member (Scan *scan, Member member, const DispSlice *value, GError **error)
{
  if (member == MEMBER_OTHER)
    return TRUE;
  if (scan->values[member].length > 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE,
                   "\"%s\" appears twice, the second time before byte %" G_GSIZE_FORMAT
                   ", expected it once",
                   member_names[member], value->offset);
      return FALSE;
    }
  scan->values[member] = *value;
  if (member == MEMBER_MODEL)
    return take_model (scan, error);
  if (member == MEMBER_VERSION)
    return take_version (scan, error);
  if (member == MEMBER_INSTANCES && scan->kind == DISP_ENVELOPE_ROUTED
      && scan->scanner.text[value->offset] != '[')
    return fail_value (scan, member, "an array", error);
  return TRUE;
}

static void
close_slice (Scan *scan, gsize end)
{
  DispEnvelope *envelope = scan->envelope;

  if (end == scan->kept_from)
    return;
  envelope->slices[envelope->n_slices].offset = scan->kept_from;
  envelope->slices[envelope->n_slices].length = end - scan->kept_from;
  envelope->n_slices++;
}

/* Leaves out the member that began at @start and ended here, and one comma: the one before it if a
 * member is kept before it, else the one after it. */
static void
drop_member (Scan *scan, gsize start)
{
  close_slice (scan, scan->kept_any ? scan->comma : start);
  disp_json_scanner_space (&scan->scanner);
  if (!scan->kept_any && scan->scanner.at < scan->scanner.end && *scan->scanner.at == ',')
    scan->kept_from = offset_of (scan) + 1;
  else
    scan->kept_from = offset_of (scan);
}

static gboolean
scan_name (Scan *scan, Member *member, GError **error)
{
  DispJsonScanner *scanner = &scan->scanner;
  const char *name = scanner->at + 1;

  if (scanner->at == scanner->end || *scanner->at != '"')
    return disp_json_scanner_fail_found (scanner, "a member name", error);
  if (!disp_json_skip_string (scanner, error))
    return FALSE;
  *member = find_member (scan, name, (gsize) (scanner->at - 1 - name));
  disp_json_scanner_space (scanner);
  if (!disp_json_scanner_take (scanner, ':'))
    return disp_json_scanner_fail_found (scanner, "':' after a member name", error);
  disp_json_scanner_space (scanner);
  return TRUE;
}

static gboolean
scan_member (Scan *scan, GError **error)
{
  DispJsonScanner *scanner = &scan->scanner;
  gsize start = offset_of (scan);
  Member member = MEMBER_OTHER;
  DispSlice value;

  if (!scan_name (scan, &member, error))
    return FALSE;
  value.offset = offset_of (scan);
  scanner->nan = member >= MEMBER_INSTANCES && member != MEMBER_OTHER;
  if (!disp_json_scanner_value (scanner, error))
    return FALSE;
  value.length = offset_of (scan) - value.offset;
  if (!take_member (scan, member, &value, error))
    return FALSE;
  if (member == MEMBER_MODEL || member == MEMBER_VERSION)
    drop_member (scan, start);
  else
    scan->kept_any = TRUE;
  return TRUE;
}

static gboolean
scan_members (Scan *scan, GError **error)
{
  DispJsonScanner *scanner = &scan->scanner;

  disp_json_scanner_space (scanner);
  if (disp_json_scanner_take (scanner, '}'))
    return TRUE;
  for (;;)
    {
      if (!scan_member (scan, error))
        return FALSE;
      disp_json_scanner_space (scanner);
      if (disp_json_scanner_take (scanner, '}'))
        return TRUE;
      scan->comma = offset_of (scan);
      if (!disp_json_scanner_take (scanner, ','))
        return disp_json_scanner_fail_found (scanner, "',' or '}'", error);
      disp_json_scanner_space (scanner);
    }
}

static gboolean
fail_top (const DispJsonScanner *scanner, GError **error)
{
  static const struct
  {
    const char *start;
    const char *name;
  } known[]
      = { { "[", "an array" }, { "\"", "a string" }, { "\xef\xbb\xbf", "a byte order mark" } };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      gsize length = strlen (known[i].start);

      if ((gsize) (scanner->end - scanner->at) >= length
          && memcmp (scanner->at, known[i].start, length) == 0)
        return disp_json_scanner_fail (scanner, scanner->at, error,
                                       "expected a JSON object, found %s", known[i].name);
    }
  return disp_json_scanner_fail_found (scanner, "a JSON object", error);
}

static gboolean
scan_object (Scan *scan, GError **error)
{
  DispJsonScanner *scanner = &scan->scanner;

  disp_json_scanner_space (scanner);
  if (!disp_json_scanner_take (scanner, '{'))
    return fail_top (scanner, error);
  scanner->depth++; /* what is in it is one level down */
  if (!scan_members (scan, error))
    return FALSE;
  scanner->depth--;
  return disp_json_scanner_end (scanner, error);
}

static gboolean
check_present (const Scan *scan, GError **error)
{
  if (scan->kind == DISP_ENVELOPE_PLAIN)
    return TRUE;
  if (scan->values[MEMBER_MODEL].length == 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_MISSING_KEY,
                   "the body has no \"model\", expected the name of a model");
      return FALSE;
    }
  if (scan->values[MEMBER_INSTANCES].length == 0 && scan->values[MEMBER_INPUTS].length == 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_MISSING_KEY,
                   "the body has no \"instances\" and no \"inputs\", expected one of them");
      return FALSE;
    }
  return TRUE;
}

/**
 * disp_envelope_scan:
 * @text: a body, which need not end in a NUL
 * @length: its length in bytes
 * @kind: what kind of body
 * @envelope: (out caller-allocates): what it says; set only on success
 * @error: %DISP_ERROR_INVALID_JSON with the byte where the text goes wrong,
 * %DISP_ERROR_MISSING_KEY or %DISP_ERROR_INVALID_VALUE naming the member
 *
 * Reads a body in one pass, without recursion and without a copy, strictly by RFC 8259, but that
 * NaN, Infinity and -Infinity are values inside the instances, since TensorFlow Serving takes them.
 * Names are compared after unescaping, and a member that means something to us may stand there
 * once only: else we and the model server could read two different things.
 *
 * Returns: whether the body can be forwarded
 */
gboolean
disp_envelope_scan (const char *text, gsize length, DispEnvelopeKind kind, DispEnvelope *envelope,
                    GError **error)
{
  g_auto (DispEnvelope) found = { 0 };
  Scan scan = { .kind = kind, .envelope = &found };

  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  disp_json_scanner_init (&scan.scanner, text, length, DISP_JSON_MAX_DEPTH);
  if (!scan_object (&scan, error) || !check_present (&scan, error))
    return FALSE;
  close_slice (&scan, length);
  for (Member member = MEMBER_INSTANCES; member < N_MEMBERS && found.instances.length == 0;
       member++)
    found.instances = scan.values[member];

  *envelope = found;
  memset (&found, 0, sizeof found);
  return TRUE;
}
