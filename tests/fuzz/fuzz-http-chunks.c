/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "fuzz/chunk-reference.h"
#include "wire/http-chunks.h"

#include <string.h>

/* The first byte says how the others are cut.  However they are, the reader finds what a reference
 * finds that has all of them at once and reads by regular expressions. */

typedef struct
{
  GString *data; /* (owned) */
  gsize consumed;
  gboolean is_complete;
} Found;

static void
found_clear (Found *found)
{
  g_string_free (found->data, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Found, found_clear)

/* Takes the data that is there past the reader. */
static gsize
take_left (DispChunkReader *reader, const char *bytes, gsize n, Found *found)
{
  gsize length = (gsize) MIN (disp_chunk_reader_get_left (reader), n);

  g_string_append_len (found->data, bytes, (gssize) length);
  disp_chunk_reader_skip (reader, length);
  return length;
}

/* Returns whether the reader wants more. */
static gboolean
read_piece (DispChunkReader *reader, const char *bytes, gsize n, gboolean takes_left, Found *found)
{
  gsize at = takes_left ? take_left (reader, bytes, n, found) : 0;

  found->consumed += at;
  while (at < n)
    {
      g_autoptr (GError) error = NULL;
      DispChunkStep step;
      DispChunkState state = disp_chunk_reader_step (reader, bytes + at, n - at, &step, &error);

      if (state == DISP_CHUNKS_WRONG)
        {
          g_assert_true (g_error_matches (error, DISP_ERROR, DISP_ERROR_BAD_REQUEST)
                         || g_error_matches (error, DISP_ERROR, DISP_ERROR_HEAD_TOO_LARGE));
          g_assert_true (g_str_is_ascii (error->message));
          return FALSE;
        }
      g_assert_no_error (error);
      if (state == DISP_CHUNKS_DATA)
        g_string_append_len (found->data, bytes + at + step.offset, (gssize) step.length);
      at += step.consumed;
      found->consumed += step.consumed;
      found->is_complete = state == DISP_CHUNKS_COMPLETE;
      if (found->is_complete)
        return FALSE;
    }
  g_assert_cmpuint (at, ==, n);
  return TRUE;
}

/* The pieces are copies of just their lengths, so that reading on is seen. */
static void
read_pieces (const char *bytes, gsize n, guint cut, gboolean takes_left, Found *found)
{
  DispChunkReader reader = { 0 };
  gboolean wants_more = TRUE;

  for (gsize at = 0; at < n && wants_more;)
    {
      gsize length = cut == 0 ? n : MIN (1 + (cut * (at + 1)) % 7, n - at);
      g_autofree char *piece = g_memdup2 (bytes + at, length);

      wants_more = read_piece (&reader, piece, length, takes_left, found);
      at += length;
    }
}

static void
check_same (const Found *found, const Found *reference)
{
  g_assert_cmpint (found->is_complete, ==, reference->is_complete);
  if (!found->is_complete)
    return;
  g_assert_cmpuint (found->consumed, ==, reference->consumed);
  g_assert_cmpmem (found->data->str, found->data->len, reference->data->str, reference->data->len);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *bytes = (const char *) data + 1;
  gsize n = size - 1;
  g_auto (Found) reference = { .data = g_string_new (NULL) };
  g_auto (Found) whole = { .data = g_string_new (NULL) };
  g_auto (Found) cut = { .data = g_string_new (NULL) };
  g_auto (Found) direct = { .data = g_string_new (NULL) };

  if (size == 0)
    return 0;
  reference.is_complete = fuzz_reference_chunks (bytes, n, reference.data, &reference.consumed);
  read_pieces (bytes, n, 0, FALSE, &whole);
  check_same (&whole, &reference);
  read_pieces (bytes, n, data[0] | 1U, FALSE, &cut);
  check_same (&cut, &reference);
  read_pieces (bytes, n, data[0] | 1U, TRUE, &direct);
  check_same (&direct, &reference);
  return 0;
}
