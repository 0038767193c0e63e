/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/record.h"

#include "core/tsan.h"

#include <string.h>

/* A kept range of a body keeps the whole body in memory.  That much more than the range, in bytes,
 * is always accepted. */
#define MAX_WASTE 4096

/* Whether a body of @length bytes is kept: -1 keeps all. */
static gboolean
is_kept (gsize length, gssize payload_limit)
{
  return payload_limit < 0 || length <= (gsize) payload_limit;
}

/* A copy is made only of less than half a body, so there is never a second one of a big part. */
static GBytes *
keep_slice (GBytes *body, const DispSlice *slice)
{
  gsize waste = g_bytes_get_size (body) - slice->length;

  if (waste <= MAX (slice->length, MAX_WASTE))
    return g_bytes_new_from_bytes (body, slice->offset, slice->length);
  return g_bytes_new ((const char *) g_bytes_get_data (body, NULL) + slice->offset, slice->length);
}

/**
 * disp_record_new_blank:
 *
 * Returns: (transfer full): a record in the state created, of which nothing is known yet
 */
DispRecord *
disp_record_new_blank (void)
{
  DispRecord *self = g_atomic_rc_box_new0 (DispRecord);

  self->queue_time = DISP_RECORD_UNKNOWN;
  self->n_attempts = DISP_RECORD_UNKNOWN;
  return self;
}

/**
 * disp_record_new:
 * @request: the request
 * @ts_in: when it came, in microseconds since the epoch
 * @payload_limit: the longest instances to keep, in bytes; 0 = none, -1 = all
 *
 * The instances are a range of the request's body, not a copy of it, unless most of the body is
 * something else.
 *
 * Returns: (transfer full): a record in the state created
 */
DispRecord *
disp_record_new (const DispRequest *request, gint64 ts_in, gssize payload_limit)
{
  DispRecord *self = disp_record_new_blank ();

  memcpy (self->id, request->id, DISP_ID_SIZE);
  self->request_id = g_strdup (request->request_id);
  self->model = g_strdup (request->model);
  self->version = request->version.kind == DISP_VERSION_NUMBER ? request->version.number : 0;
  self->ts_in = ts_in;
  self->instances.length = request->instances.length;
  if (request->instances.length > 0 && !request->skip_instances
      && is_kept (request->instances.length, payload_limit))
    self->instances.bytes = keep_slice (request->body, &request->instances);
  return self;
}

/**
 * disp_record_ref:
 * @self: a record
 *
 * Returns: (transfer full): @self; any thread
 */
DispRecord *
disp_record_ref (DispRecord *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
record_clear (gpointer data)
{
  DispRecord *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_free (self->request_id);
  g_free (self->model);
  g_clear_pointer (&self->instances.bytes, g_bytes_unref);
  g_clear_pointer (&self->response.bytes, g_bytes_unref);
  g_clear_pointer (&self->container, disp_container_unref);
  g_free (self->extra);
}

/**
 * disp_record_unref:
 * @self: (transfer full): a record
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_record_unref (DispRecord *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, record_clear);
}

/**
 * disp_record_get_size:
 * @self: a record
 *
 * What two records share, such as the instances, counts for both.
 *
 * Returns: about how much memory it takes, in bytes
 */
gsize
disp_record_get_size (const DispRecord *self)
{
  const char *const texts[] = { self->request_id, self->model, self->extra };
  gsize size = sizeof *self;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    size += texts[i] != NULL ? strlen (texts[i]) + 1 : 0;
  if (self->instances.bytes != NULL)
    size += g_bytes_get_size (self->instances.bytes);
  if (self->response.bytes != NULL)
    size += g_bytes_get_size (self->response.bytes);
  return size;
}

/**
 * disp_record_set_response:
 * @self: a record that is still being made
 * @body: (nullable): the body of the answer
 * @payload_limit: the longest body to keep, in bytes; 0 = none, -1 = all
 *
 * The body is not copied.
 */
void
disp_record_set_response (DispRecord *self, GBytes *body, gssize payload_limit)
{
  g_clear_pointer (&self->response.bytes, g_bytes_unref);
  self->response.length = body != NULL ? g_bytes_get_size (body) : 0;
  if (body != NULL && is_kept (self->response.length, payload_limit))
    self->response.bytes = g_bytes_ref (body);
}
