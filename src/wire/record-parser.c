/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/record-parser.h"

#include "core/error.h"
#include "wire/json-member.h"
#include "wire/json-number.h"
#include "wire/json-string.h"

#include <string.h>

#define TIME "a number of seconds since the epoch"

/* The members that mean something to us. */
typedef enum
{
  MEMBER_ID,
  MEMBER_REQUEST_ID,
  MEMBER_MODEL,
  MEMBER_VERSION,
  MEMBER_INSTANCES,
  MEMBER_INSTANCES_BYTES,
  MEMBER_NODE,
  MEMBER_CONTAINER,
  MEMBER_CONTAINER_ID,
  MEMBER_DEVICE,
  MEMBER_TS_IN,
  MEMBER_TS_WAIT,
  MEMBER_TS_OUT,
  MEMBER_PROCESS_TIME,
  MEMBER_RESP_TIME,
  MEMBER_QUEUE_TIME,
  MEMBER_ATTEMPTS,
  MEMBER_RESPONSE,
  MEMBER_RESPONSE_BYTES,
  MEMBER_STATE,
  MEMBER_STATUS,
  N_MEMBERS
} Member;

static const char *const member_names[] = {
  [MEMBER_ID] = "id",
  [MEMBER_REQUEST_ID] = "request_id",
  [MEMBER_MODEL] = "model",
  [MEMBER_VERSION] = "version",
  [MEMBER_INSTANCES] = "instances",
  [MEMBER_INSTANCES_BYTES] = "instances_bytes",
  [MEMBER_NODE] = "node",
  [MEMBER_CONTAINER] = "container",
  [MEMBER_CONTAINER_ID] = "container_id",
  [MEMBER_DEVICE] = "device",
  [MEMBER_TS_IN] = "ts_in",
  [MEMBER_TS_WAIT] = "ts_wait",
  [MEMBER_TS_OUT] = "ts_out",
  [MEMBER_PROCESS_TIME] = "process_time",
  [MEMBER_RESP_TIME] = "resp_time",
  [MEMBER_QUEUE_TIME] = "queue_time",
  [MEMBER_ATTEMPTS] = "attempts",
  [MEMBER_RESPONSE] = "response",
  [MEMBER_RESPONSE_BYTES] = "response_bytes",
  [MEMBER_STATE] = "state",
  [MEMBER_STATUS] = "status",
};

G_STATIC_ASSERT (G_N_ELEMENTS (member_names) == N_MEMBERS);

/* A record as it stands in the text. */
typedef struct
{
  DispJsonMember members[N_MEMBERS];
  GString *extra; /* (owned) (nullable) all other members, with commas between */
} Parts;

static void
parts_clear (Parts *self)
{
  if (self->extra != NULL)
    g_string_free (g_steal_pointer (&self->extra), TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parts, parts_clear)

/* Keeps a member as it is. */
static void
add_extra (Parts *parts, const char *name, gsize name_length, const DispJsonMember *member)
{
  if (parts->extra == NULL)
    parts->extra = g_string_new (NULL);
  else
    g_string_append_c (parts->extra, ',');
  g_string_append_c (parts->extra, '"');
  g_string_append_len (parts->extra, name, (gssize) name_length);
  g_string_append (parts->extra, "\":");
  g_string_append_len (parts->extra, member->value, (gssize) member->length);
}

static gboolean
scan_member (DispJsonScanner *scanner, Parts *parts, GError **error)
{
  DispJsonMember found;
  guint member;

  if (!disp_json_read_name (scanner, &found, error)
      || !disp_json_read_value (scanner, &found, error))
    return FALSE;
  member = disp_json_member_find (&found, member_names, N_MEMBERS);
  if (member == N_MEMBERS)
    add_extra (parts, found.name, found.name_length, &found);
  else if (parts->members[member].value != NULL)
    return disp_json_member_fail_twice (scanner, &found, member_names[member], error);
  else
    parts->members[member] = found;
  return TRUE;
}

static gboolean
scan_record (DispJsonScanner *scanner, Parts *parts, GError **error)
{
  gboolean more;

  if (!disp_json_enter_object (scanner, "a record, which is a JSON object", &more, error))
    return FALSE;
  while (more)
    if (!scan_member (scanner, parts, error) || !disp_json_next_member (scanner, &more, error))
      return FALSE;
  return TRUE;
}

/* Whether @member is there, and not null. */
static gboolean
has (const Parts *parts, Member member)
{
  const char *value = parts->members[member].value;

  return value != NULL && *value != 'n';
}

static gboolean
fail (const Parts *parts, Member member, const char *expected, GError **error)
{
  const DispJsonMember *found = &parts->members[member];

  if (found->value != NULL)
    return disp_json_member_fail (found, member_names[member], expected, error);
  g_set_error (error, DISP_ERROR, DISP_ERROR_MISSING_KEY, "no \"%s\", expected %s",
               member_names[member], expected);
  return FALSE;
}

static gboolean
has_control (const char *text)
{
  while (*text != '\0' && !g_ascii_iscntrl (*text))
    text++;
  return *text != '\0';
}

static gboolean
read_id (const Parts *parts, DispRecord *record, GError **error)
{
  const DispJsonMember *found = &parts->members[MEMBER_ID];
  g_autofree char *id = has (parts, MEMBER_ID)
                            ? disp_json_member_dup_string (found, DISP_ID_SIZE - 1)
                            : NULL;

  if (id == NULL || *id == '\0' || strlen (id) >= DISP_ID_SIZE || has_control (id))
    return fail (parts, MEMBER_ID, "a string of 1 to 36 bytes without control characters", error);
  g_strlcpy (record->id, id, DISP_ID_SIZE);
  return TRUE;
}

static gboolean
read_string (const Parts *parts, Member member, char **string, GError **error)
{
  const DispJsonMember *found = &parts->members[member];

  if (!has (parts, member))
    return TRUE;
  *string = disp_json_member_dup_string (found, found->length);
  return *string != NULL || fail (parts, member, "a string without NUL, or null", error);
}

static gboolean
read_names (const Parts *parts, DispRecord *record, GError **error)
{
  const DispJsonMember *model = &parts->members[MEMBER_MODEL];

  if (!read_id (parts, record, error)
      || !read_string (parts, MEMBER_REQUEST_ID, &record->request_id, error))
    return FALSE;
  if (has (parts, MEMBER_MODEL))
    record->model = disp_json_member_dup_string (model, model->length);
  if (record->model == NULL || *record->model == '\0')
    return fail (parts, MEMBER_MODEL, "a string that is not empty and names a model", error);
  return TRUE;
}

static gboolean
read_count (const Parts *parts, Member member, gint64 max, const char *expected, gint64 *count,
            GError **error)
{
  const DispJsonMember *found = &parts->members[member];

  return !has (parts, member) || disp_json_read_count (found->value, found->length, max, count)
         || fail (parts, member, expected, error);
}

static gboolean
read_numbers (const Parts *parts, DispRecord *record, GError **error)
{
  gint64 state = DISP_RECORD_CREATED;
  gint64 status = 0;

  if (!read_count (parts, MEMBER_VERSION, G_MAXINT64, "an integer from 0 up, or null",
                   &record->version, error)
      || !read_count (parts, MEMBER_STATE, 9, "a state from 0 to 3", &state, error)
      || !read_count (parts, MEMBER_STATUS, 999, "an HTTP status, or null", &status, error))
    return FALSE;
  if (state > DISP_RECORD_ERROR)
    return fail (parts, MEMBER_STATE, "a state from 0 to 3", error);
  record->state = (DispRecordState) state;
  record->status = (guint) status;
  return TRUE;
}

static gboolean
read_time (const Parts *parts, Member member, gint64 *time, GError **error)
{
  const DispJsonMember *found = &parts->members[member];

  return !has (parts, member) || disp_json_read_seconds (found->value, found->length, time)
         || fail (parts, member, TIME ", or null", error);
}

/* A record that did not come at any time would be no record; others may not know the other times,
 * or write 0 for that. */
static gboolean
read_times (const Parts *parts, DispRecord *record, GError **error)
{
  const DispJsonMember *found = &parts->members[MEMBER_TS_IN];

  if (!has (parts, MEMBER_TS_IN)
      || !disp_json_read_seconds (found->value, found->length, &record->ts_in)
      || record->ts_in == 0)
    return fail (parts, MEMBER_TS_IN, TIME, error);
  return read_time (parts, MEMBER_TS_WAIT, &record->ts_wait, error)
         && read_time (parts, MEMBER_TS_OUT, &record->ts_out, error);
}

static gboolean
read_payload (const Parts *parts, Member member, Member length, DispPayload *payload,
              GError **error)
{
  const DispJsonMember *found = &parts->members[member];
  gint64 count = 0;

  if (!read_count (parts, length, G_MAXINT64, "a number of bytes", &count, error))
    return FALSE;
  payload->length = (gsize) count;
  if (!has (parts, member))
    return TRUE;
  payload->bytes = member == MEMBER_RESPONSE && *found->value == '"'
                       ? disp_json_unescape_bytes (found->value + 1, found->length - 2)
                       : g_bytes_new (found->value, found->length);
  payload->length = g_bytes_get_size (payload->bytes);
  return TRUE;
}

static gboolean
read_container (const Parts *parts, DispRecord *record, GError **error)
{
  gint64 device = DISP_DEVICE_UNKNOWN;
  DispContainer *container;

  if (!has (parts, MEMBER_NODE) && !has (parts, MEMBER_CONTAINER)
      && !has (parts, MEMBER_CONTAINER_ID) && !has (parts, MEMBER_DEVICE))
    return TRUE;
  container = record->container = disp_container_new ();
  if (!read_string (parts, MEMBER_NODE, &container->node, error)
      || !read_string (parts, MEMBER_CONTAINER, &container->name, error)
      || !read_string (parts, MEMBER_CONTAINER_ID, &container->id, error)
      || !read_count (parts, MEMBER_DEVICE, 9, "0 (CPU), 1 (GPU) or null", &device, error))
    return FALSE;
  if (device > DISP_DEVICE_GPU)
    return fail (parts, MEMBER_DEVICE, "0 (CPU), 1 (GPU) or null", error);
  container->device = (DispDevice) device;
  return TRUE;
}

/* A span that follows from two times is not kept besides them. */
static void
keep_span (Parts *parts, Member member, gint64 from, gint64 to)
{
  if (has (parts, member) && (from == 0 || to == 0))
    add_extra (parts, member_names[member], strlen (member_names[member]), &parts->members[member]);
}

/* Of these two others may have an idea of their own, which then is kept as it is. */
static void
read_dispatching (Parts *parts, DispRecord *record)
{
  const DispJsonMember *queue_time = &parts->members[MEMBER_QUEUE_TIME];
  const DispJsonMember *attempts = &parts->members[MEMBER_ATTEMPTS];

  if (has (parts, MEMBER_QUEUE_TIME)
      && !disp_json_read_seconds (queue_time->value, queue_time->length, &record->queue_time))
    add_extra (parts, "queue_time", strlen ("queue_time"), queue_time);
  if (has (parts, MEMBER_ATTEMPTS)
      && !disp_json_read_count (attempts->value, attempts->length, G_MAXINT, &record->n_attempts))
    add_extra (parts, "attempts", strlen ("attempts"), attempts);
}

static gboolean
fill_record (Parts *parts, DispRecord *record, GError **error)
{
  if (!read_names (parts, record, error) || !read_numbers (parts, record, error)
      || !read_times (parts, record, error) || !read_container (parts, record, error)
      || !read_payload (parts, MEMBER_INSTANCES, MEMBER_INSTANCES_BYTES, &record->instances, error)
      || !read_payload (parts, MEMBER_RESPONSE, MEMBER_RESPONSE_BYTES, &record->response, error))
    return FALSE;
  read_dispatching (parts, record);
  keep_span (parts, MEMBER_PROCESS_TIME, record->ts_wait, record->ts_out);
  keep_span (parts, MEMBER_RESP_TIME, record->ts_in, record->ts_out);
  if (parts->extra != NULL)
    record->extra = g_string_free (g_steal_pointer (&parts->extra), FALSE);
  return TRUE;
}

/**
 * disp_record_parser_read:
 * @scanner: a scanner where a record begins
 * @error: %DISP_ERROR_INVALID_JSON with the byte where the text goes wrong,
 *   %DISP_ERROR_MISSING_KEY or %DISP_ERROR_INVALID_VALUE naming the member
 *
 * Reads a record and steps over it.  It needs an id, a model and a ts_in; the other members may be
 * absent or null.  Times are rounded to microseconds.  The response is a string; of a poster that
 * sends another JSON value its text is taken.  Members that mean nothing to us are kept as they
 * are, and so are process_time and resp_time if they do not follow from the times, and queue_time
 * and attempts if they are not what these are for us.  A member that means something may stand
 * there once only.
 *
 * The container of the record has only what the record says of it: all its names may be %NULL.
 *
 * Returns: (transfer full) (nullable): the record
 */
DispRecord *
disp_record_parser_read (DispJsonScanner *scanner, GError **error)
{
  g_autoptr (DispRecord) record = NULL;
  g_auto (Parts) parts = { 0 };

  if (!scan_record (scanner, &parts, error))
    return NULL;
  record = disp_record_new_blank ();
  if (!fill_record (&parts, record, error))
    return NULL;
  return g_steal_pointer (&record);
}
