/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/request-body.h"

#include "core/error.h"
#include "wire/http-chunks.h"

#include <string.h>

/* What a body is given room for at first, in bytes; then twice as much each time.  Not all that the
 * head announces: that costs a client nothing. */
#define FIRST_ROOM 4096

/* What a body that is thrown away is read into, at most, in bytes. */
#define WASTE_SIZE 16384

struct _DispRequestBody
{
  DispReception *reception; /* (owned) */
  DispTerms *terms;         /* (owned) */
  DispBodyFraming framing;
  DispChunkReader chunks; /* with DISP_BODY_CHUNKS */
  guint64 left;           /* with DISP_BODY_LENGTH, in bytes */
  gsize limit;
  gsize received; /* of the body itself, in bytes */
  gboolean is_kept;
  char *data; /* (owned) (nullable) what is kept of it */
  gsize room; /* of data, in bytes, which were taken from the memory for bodies */
};

/* A body that was given away. */
typedef struct
{
  DispReception *reception; /* (owned) */
  char *data;               /* (owned) */
  gsize room;
} KeptBody;

static void
kept_body_free (gpointer user_data)
{
  KeptBody *kept = user_data;

  disp_reception_give_memory (kept->reception, kept->room);
  disp_reception_unref (kept->reception);
  g_free (kept->data);
  g_free (kept);
}

/**
 * disp_request_body_new:
 * @reception: counts the memory
 * @terms: how much of that there may be
 * @head: the head of the request
 * @limit: the longest body, in bytes
 * @is_kept: whether it is kept, rather than thrown away
 *
 * Returns: (transfer full): the body of a request whose head has come
 */
DispRequestBody *
disp_request_body_new (DispReception *reception, DispTerms *terms, const DispHttpHead *head,
                       gsize limit, gboolean is_kept)
{
  DispRequestBody *self = g_new0 (DispRequestBody, 1);

  self->reception = disp_reception_ref (reception);
  self->terms = disp_terms_ref (terms);
  self->framing = head->framing;
  self->left = head->framing == DISP_BODY_LENGTH ? head->body_length : 0;
  self->limit = limit;
  self->is_kept = is_kept;
  return self;
}

/**
 * disp_request_body_free:
 * @self: (transfer full): a body
 */
void
disp_request_body_free (DispRequestBody *self)
{
  disp_reception_give_memory (self->reception, self->room);
  disp_reception_unref (self->reception);
  disp_terms_unref (self->terms);
  g_free (self->data);
  g_free (self);
}

static gboolean
set_too_large (DispRequestBody *self, GError **error)
{
  g_set_error (error, DISP_ERROR, DISP_ERROR_BODY_TOO_LARGE,
               "the body is longer than %" G_GSIZE_FORMAT " bytes", self->limit);
  return FALSE;
}

static gboolean
set_full (GError **error)
{
  g_set_error_literal (error, DISP_ERROR, DISP_ERROR_BODIES_FULL,
                       "the bodies of the requests in flight take all memory that they may");
  return FALSE;
}

/* Makes room for @n bytes more.  Growing is cheap: the system moves pages, not bytes. */
static gboolean
make_room (DispRequestBody *self, gsize n, GError **error)
{
  gsize room = MAX (self->room, FIRST_ROOM);
  char *data;

  if (n > self->limit - self->received)
    return set_too_large (self, error);
  if (!self->is_kept || n <= self->room - self->received)
    return TRUE;
  while (room - self->received < n)
    room *= 2;
  /* Of a known length there never is more than that. */
  if (self->framing == DISP_BODY_LENGTH)
    room = MIN (room, self->received + (gsize) self->left);
  if (!disp_reception_take_memory (self->reception, self->terms, self->room, room))
    return set_full (error);
  data = g_try_realloc (self->data, room);
  if (data == NULL)
    {
      disp_reception_give_memory (self->reception, room - self->room);
      return set_full (error);
    }
  self->data = data;
  self->room = room;
  return TRUE;
}

static gboolean
add (DispRequestBody *self, const char *bytes, gsize n, GError **error)
{
  if (n == 0)
    return TRUE;
  if (!make_room (self, n, error))
    return FALSE;
  if (self->is_kept)
    memcpy (self->data + self->received, bytes, n);
  self->received += n;
  return TRUE;
}

static DispBodyState
feed_chunks (DispRequestBody *self, const char *bytes, gsize n, gsize *consumed, GError **error)
{
  while (*consumed < n)
    {
      DispChunkStep step;
      DispChunkState state = disp_chunk_reader_step (&self->chunks, bytes + *consumed,
                                                     n - *consumed, &step, error);

      if (state == DISP_CHUNKS_WRONG
          || (state == DISP_CHUNKS_DATA
              && !add (self, bytes + *consumed + step.offset, step.length, error)))
        return DISP_BODY_WRONG;
      *consumed += step.consumed;
      if (state == DISP_CHUNKS_COMPLETE)
        return DISP_BODY_COMPLETE;
      /* A chunk says how long it is before it comes. */
      if (disp_chunk_reader_get_left (&self->chunks) > self->limit - self->received)
        {
          set_too_large (self, error);
          return DISP_BODY_WRONG;
        }
    }
  return DISP_BODY_PARTIAL;
}

/**
 * disp_request_body_feed:
 * @self: a body that is not complete
 * @bytes: what came next
 * @n: how much, in bytes
 * @consumed: (out): how much of that belongs to the body, in bytes; all unless it is complete
 * @error: with %DISP_BODY_WRONG: %DISP_ERROR_BAD_REQUEST, %DISP_ERROR_HEAD_TOO_LARGE (of trailers),
 *   %DISP_ERROR_BODY_TOO_LARGE, %DISP_ERROR_BODIES_FULL
 *
 * Returns: how far it is
 */
DispBodyState
disp_request_body_feed (DispRequestBody *self, const char *bytes, gsize n, gsize *consumed,
                        GError **error)
{
  *consumed = 0;
  if (self->framing == DISP_BODY_CHUNKS)
    return feed_chunks (self, bytes, n, consumed, error);
  n = (gsize) MIN ((guint64) n, self->left);
  if (!add (self, bytes, n, error))
    return DISP_BODY_WRONG;
  self->left -= n;
  *consumed = n;
  return self->left > 0 ? DISP_BODY_PARTIAL : DISP_BODY_COMPLETE;
}

/* How many bytes of the body must come before anything else can, in bytes. */
static guint64
get_left (const DispRequestBody *self)
{
  return self->framing == DISP_BODY_CHUNKS ? disp_chunk_reader_get_left (&self->chunks)
                                           : self->left;
}

/**
 * disp_request_body_get_room:
 * @self: a body that is not complete
 * @size: (out): how much may be put there, in bytes
 *
 * Returns: (transfer none) (nullable): where what comes next can be put, as it belongs to the body
 *   as it is; %NULL when it must be fed, because there is no such room, or what comes may be more
 */
char *
disp_request_body_get_room (DispRequestBody *self, gsize *size)
{
  static __thread char waste[WASTE_SIZE];
  guint64 left = get_left (self);

  if (left == 0)
    return NULL;
  if (!self->is_kept)
    {
      *size = (gsize) MIN (left, (guint64) sizeof waste);
      return waste;
    }
  if (self->room == self->received)
    return NULL;
  *size = (gsize) MIN (left, (guint64) (self->room - self->received));
  return self->data + self->received;
}

/**
 * disp_request_body_filled:
 * @self: a body that has given room
 * @n: how much of it was filled, in bytes
 * @error: as of disp_request_body_feed()
 *
 * Returns: how far it is
 */
DispBodyState
disp_request_body_filled (DispRequestBody *self, gsize n, GError **error)
{
  if (n > self->limit - self->received)
    {
      set_too_large (self, error);
      return DISP_BODY_WRONG;
    }
  self->received += n;
  if (self->framing == DISP_BODY_CHUNKS)
    {
      disp_chunk_reader_skip (&self->chunks, n);
      return DISP_BODY_PARTIAL;
    }
  self->left -= n;
  return self->left > 0 ? DISP_BODY_PARTIAL : DISP_BODY_COMPLETE;
}

/**
 * disp_request_body_is_kept:
 * @self: a body
 *
 * Returns: whether it is kept, rather than thrown away
 */
gboolean
disp_request_body_is_kept (const DispRequestBody *self)
{
  return self->is_kept;
}

/**
 * disp_request_body_steal:
 * @self: a body that is complete and kept
 *
 * Returns: (transfer full): its bytes, which count as memory for bodies until they are freed
 */
GBytes *
disp_request_body_steal (DispRequestBody *self)
{
  KeptBody *kept = g_new (KeptBody, 1);

  *kept = (KeptBody){ disp_reception_ref (self->reception), g_steal_pointer (&self->data),
                      self->room };
  self->room = 0;
  return g_bytes_new_with_free_func (kept->data, self->received, kept_body_free, kept);
}
