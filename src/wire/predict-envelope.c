/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/predict-envelope.h"

#include "core/error.h"
#include "wire/json-member.h"

#include <string.h>

/* The longest name of a model, in bytes: it ends up in records and in messages. */
#define MAX_NAME 1024
/* How much is read of a version: more than any number of 64 bits has digits. */
#define MAX_DIGITS 40

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
  DispJsonMember members[N_MEMBERS];
  DispEnvelope *envelope; /* (unowned) being filled */
  gsize kept_from;        /* where the slice begins that is still open */
  gsize comma;            /* where the last comma of the object stands */
  gboolean kept_any;      /* whether some member so far is forwarded */
} Scan;

void
disp_envelope_clear (DispEnvelope *self)
{
  g_clear_pointer (&self->model, g_free);
  disp_version_clear (&self->version);
}

/* Where the scanner stands. */
static gsize
offset_of (const Scan *scan)
{
  return (gsize) (scan->scanner.at - scan->scanner.text);
}

static DispSlice
slice_of (const Scan *scan, const DispJsonMember *member)
{
  if (member->value == NULL)
    return (DispSlice){ 0, 0 };
  return (DispSlice){ (gsize) (member->value - scan->scanner.text), member->length };
}

/* Whether @member means something with this kind of body. */
static gboolean
is_ours (const Scan *scan, Member member)
{
  if (scan->kind == DISP_ENVELOPE_ROUTED)
    return member != MEMBER_EXAMPLES;
  return member >= MEMBER_INSTANCES;
}

static Member
find_member (const Scan *scan, const DispJsonMember *found)
{
  Member member = disp_json_member_find (found, member_names, N_MEMBERS);

  return member != MEMBER_OTHER && is_ours (scan, member) ? member : MEMBER_OTHER;
}

static gboolean
fail_value (const Scan *scan, Member member, const char *expected, GError **error)
{
  return disp_json_member_fail (&scan->members[member], member_names[member], expected, error);
}

static gboolean
take_model (Scan *scan, GError **error)
{
  g_autofree char *model = disp_json_member_dup_string (&scan->members[MEMBER_MODEL], MAX_NAME);

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
  const DispJsonMember *member = &scan->members[MEMBER_VERSION];
  DispVersion *version = &scan->envelope->version;
  g_autofree char *digits = *member->value == '"'
                                ? disp_json_member_dup_string (member, MAX_DIGITS)
                                : g_strndup (member->value, MIN (member->length, MAX_DIGITS));

  if (digits == NULL || strspn (digits, "0123456789") != strlen (digits)
      || !g_ascii_string_to_signed (digits, 10, 0, G_MAXINT64, &version->number, NULL))
    return fail_value (scan, MEMBER_VERSION,
                       "an integer of at most 64 bits that is not negative, or a string of digits",
                       error);
  version->kind = DISP_VERSION_NUMBER;
  return TRUE;
}

static gboolean
take_member (Scan *scan, Member member, const DispJsonMember *found, GError **error)
{
  if (member == MEMBER_OTHER)
    return TRUE;
  if (scan->members[member].value != NULL)
    return disp_json_member_fail_twice (&scan->scanner, found, member_names[member], error);
  scan->members[member] = *found;
  if (member == MEMBER_MODEL)
    return take_model (scan, error);
  if (member == MEMBER_VERSION)
    return take_version (scan, error);
  if (member == MEMBER_INSTANCES && scan->kind == DISP_ENVELOPE_ROUTED && *found->value != '[')
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
scan_member (Scan *scan, GError **error)
{
  DispJsonScanner *scanner = &scan->scanner;
  gsize start = offset_of (scan);
  DispJsonMember found;
  Member member;

  if (!disp_json_read_name (scanner, &found, error))
    return FALSE;
  member = find_member (scan, &found);
  scanner->nan = member >= MEMBER_INSTANCES && member != MEMBER_OTHER;
  if (!disp_json_read_value (scanner, &found, error) || !take_member (scan, member, &found, error))
    return FALSE;
  if (member == MEMBER_MODEL || member == MEMBER_VERSION)
    drop_member (scan, start);
  else
    scan->kept_any = TRUE;
  return TRUE;
}

static gboolean
scan_object (Scan *scan, GError **error)
{
  DispJsonScanner *scanner = &scan->scanner;
  gboolean more;

  if (!disp_json_enter_object (scanner, "a JSON object", &more, error))
    return FALSE;
  while (more)
    {
      if (!scan_member (scan, error))
        return FALSE;
      disp_json_scanner_space (scanner);
      scan->comma = offset_of (scan);
      if (!disp_json_next_member (scanner, &more, error))
        return FALSE;
    }
  return disp_json_scanner_end (scanner, error);
}

static gboolean
check_present (const Scan *scan, GError **error)
{
  if (scan->kind == DISP_ENVELOPE_PLAIN)
    return TRUE;
  if (scan->members[MEMBER_MODEL].value == NULL)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_MISSING_KEY,
                   "the body has no \"model\", expected the name of a model");
      return FALSE;
    }
  if (scan->members[MEMBER_INSTANCES].value == NULL && scan->members[MEMBER_INPUTS].value == NULL)
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
    found.instances = slice_of (&scan, &scan.members[member]);

  *envelope = found;
  memset (&found, 0, sizeof found);
  return TRUE;
}
