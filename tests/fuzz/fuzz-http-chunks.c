/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "wire/http-chunks.h"

#include <string.h>

/* The first byte says how the others are cut.  However they are, the reader finds what a reference
 * finds that has all of them at once and reads by regular expressions. */

#define TOKEN "[!#$%&'*+\\-.^_`|~0-9A-Za-z]++"
#define TEXT "[\\t\\x20-\\x7e\\x80-\\xff]"
#define QUOTED "\"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\" TEXT ")*+\""
#define CHUNK "([0-9A-Fa-f]{1,16})((?:;" TOKEN "(?:=(?:" TOKEN "|" QUOTED "))?)*+)\\r\\n"
#define TRAILER "(?!(?i:" REFUSED "):)(" TOKEN ":" TEXT "*+)\\r\\n"
#define REFUSED                                                                                    \
  "authorization|connection|content-(?:encoding|length|range|type)|cookie|expect|host|keep-alive|" \
  "max-forwards|proxy-(?:authorization|connection)|te|trailer|transfer-encoding|upgrade"

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

/* Returns what the groups of the pattern matched, or NULL if the bytes do not go on so. */
static GMatchInfo *
match (const char *pattern, const char *bytes, gsize n, gsize at)
{
  static GHashTable *regexes = NULL;
  g_autoptr (GMatchInfo) matched = NULL;
  g_autoptr (GError) error = NULL;

  if (regexes == NULL)
    regexes = g_hash_table_new (g_str_hash, g_str_equal);
  if (!g_hash_table_contains (regexes, pattern))
    g_hash_table_insert (regexes, (char *) pattern,
                         g_regex_new (pattern, G_REGEX_RAW, G_REGEX_MATCH_ANCHORED, &error));
  g_assert_no_error (error);
  g_regex_match_full (g_hash_table_lookup (regexes, pattern), bytes, (gssize) n, (int) at, 0,
                      &matched, &error);
  g_assert_no_error (error);
  return g_match_info_matches (matched) ? g_steal_pointer (&matched) : NULL;
}

static gsize
measure (GMatchInfo *matched, int group)
{
  int start, end;

  g_match_info_fetch_pos (matched, group, &start, &end);
  return (gsize) (end - start);
}

static gboolean
refer_to_trailers (const char *bytes, gsize n, Found *found)
{
  gsize size = 0;

  for (guint n_trailers = 0;; n_trailers++)
    {
      g_autoptr (GMatchInfo) end = match ("\\r\\n", bytes, n, found->consumed);
      g_autoptr (GMatchInfo) trailer = match (TRAILER, bytes, n, found->consumed);

      if (end != NULL)
        {
          found->consumed += 2;
          return TRUE;
        }
      if (trailer == NULL || n_trailers == DISP_MAX_TRAILERS)
        return FALSE;
      size += measure (trailer, 1);
      found->consumed += measure (trailer, 0);
      if (size > DISP_MAX_TRAILER_SIZE)
        return FALSE;
    }
}

static gboolean
refer_to_chunks (const char *bytes, gsize n, Found *found)
{
  gsize extensions = 0;

  for (;;)
    {
      g_autoptr (GMatchInfo) chunk = match (CHUNK, bytes, n, found->consumed);
      g_autofree char *digits = NULL;
      guint64 size;

      if (chunk == NULL)
        return FALSE;
      extensions += measure (chunk, 2);
      if (measure (chunk, 2) > DISP_MAX_CHUNK_EXTENSION || extensions > DISP_MAX_CHUNK_EXTENSIONS)
        return FALSE;
      digits = g_match_info_fetch (chunk, 1);
      size = g_ascii_strtoull (digits, NULL, 16);
      found->consumed += measure (chunk, 0);
      if (size == 0)
        return refer_to_trailers (bytes, n, found);
      if (size > n - found->consumed || n - found->consumed - size < 2)
        return FALSE;
      g_string_append_len (found->data, bytes + found->consumed, (gssize) size);
      found->consumed += size;
      if (memcmp (bytes + found->consumed, "\r\n", 2) != 0)
        return FALSE;
      found->consumed += 2;
    }
}

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
  reference.is_complete = refer_to_chunks (bytes, n, &reference);
  read_pieces (bytes, n, 0, FALSE, &whole);
  check_same (&whole, &reference);
  read_pieces (bytes, n, data[0] | 1U, FALSE, &cut);
  check_same (&cut, &reference);
  read_pieces (bytes, n, data[0] | 1U, TRUE, &direct);
  check_same (&direct, &reference);
  return 0;
}
