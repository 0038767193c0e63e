/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/request.h"

#include "core/tsan.h"

#include <string.h>

/* Ids made one after the other stand near each other in the index of a store, so that it can be
 * much larger than the memory: a UUID of version 7 (RFC 9562, section 5.7).  It has milliseconds
 * since the epoch in its first 48 bits; its variant, and the bits left at random, are those of
 * version 4. */
static void
make_id (char id[DISP_ID_SIZE], gint64 now_real)
{
  g_autofree char *random = g_uuid_string_random ();
  guint64 milliseconds = (guint64) now_real / 1000;
  char stamp[] = "tttttttt-tttt-7";

  g_snprintf (stamp, sizeof stamp, "%08x-%04x-7", (guint32) (milliseconds >> 16),
              (guint) (milliseconds & 0xffff));
  memcpy (id, random, DISP_ID_SIZE);
  memcpy (id, stamp, sizeof stamp - 1);
}

/**
 * disp_request_new:
 * @verb: what is wanted
 * @now_real: the time, in microseconds since the epoch
 *
 * The id tells @now_real to the millisecond: ids of a later millisecond sort after it.
 *
 * Returns: (transfer full): a request with a fresh id and nothing else
 */
DispRequest *
disp_request_new (DispVerb verb, gint64 now_real)
{
  DispRequest *self = g_atomic_rc_box_new0 (DispRequest);

  make_id (self->id, now_real);
  self->verb = verb;
  return self;
}

/**
 * disp_request_ref:
 * @self: a request
 *
 * Returns: (transfer full): @self; any thread
 */
DispRequest *
disp_request_ref (DispRequest *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
request_clear (gpointer data)
{
  DispRequest *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_free (self->request_id);
  g_free (self->model);
  disp_version_clear (&self->version);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->content_type);
  g_free (self->content_encoding);
  g_free (self->affinity);
}

/**
 * disp_request_unref:
 * @self: (transfer full): a request
 *
 * Gives a reference up; whichever thread gives up the last frees it.
 */
void
disp_request_unref (DispRequest *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, request_clear);
}

/**
 * disp_request_is_prediction:
 * @self: a request
 *
 * Returns: whether it leaves a record
 */
gboolean
disp_request_is_prediction (const DispRequest *self)
{
  return self->verb <= DISP_VERB_REGRESS;
}

/**
 * disp_request_id_is_sane:
 * @request_id: (nullable): what a client sent as X-Request-Id
 *
 * A sane one is 1 to %DISP_MAX_REQUEST_ID visible ASCII characters: it is echoed into a header
 * field and written to logs.
 *
 * Returns: whether it is sane
 */
gboolean
disp_request_id_is_sane (const char *request_id)
{
  gsize length = request_id != NULL ? strnlen (request_id, DISP_MAX_REQUEST_ID + 1) : 0;

  if (length == 0 || length > DISP_MAX_REQUEST_ID)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (request_id[i]))
      return FALSE;
  return TRUE;
}

/**
 * disp_request_set_request_id:
 * @self: a request that is still being made
 * @request_id: (nullable): what the client sent as X-Request-Id
 *
 * Keeps @request_id if it is sane.
 */
void
disp_request_set_request_id (DispRequest *self, const char *request_id)
{
  if (!disp_request_id_is_sane (request_id))
    return;
  g_free (self->request_id);
  self->request_id = g_strdup (request_id);
}

/**
 * disp_verb_to_string:
 * @verb: a verb
 *
 * Returns: (transfer none): its name in a serving path
 */
const char *
disp_verb_to_string (DispVerb verb)
{
  static const char *const names[] = {
    [DISP_VERB_PREDICT] = "predict",   [DISP_VERB_CLASSIFY] = "classify",
    [DISP_VERB_REGRESS] = "regress",   [DISP_VERB_STATUS] = "status",
    [DISP_VERB_METADATA] = "metadata",
  };

  return names[verb];
}
