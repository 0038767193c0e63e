/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/chunk-reference.h"

#include "wire/http-chunks.h"

#include <string.h>

#define TOKEN "[!#$%&'*+\\-.^_`|~0-9A-Za-z]++"
#define TEXT "[\\t\\x20-\\x7e\\x80-\\xff]"
#define QUOTED "\"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\" TEXT ")*+\""
#define CHUNK "([0-9A-Fa-f]{1,16})((?:;" TOKEN "(?:=(?:" TOKEN "|" QUOTED "))?)*+)\\r\\n"
#define TRAILER "(?!(?i:" REFUSED "):)(" TOKEN ":" TEXT "*+)\\r\\n"
#define REFUSED                                                                                    \
  "authorization|connection|content-(?:encoding|length|range|type)|cookie|expect|host|keep-alive|" \
  "max-forwards|proxy-(?:authorization|connection)|te|trailer|transfer-encoding|upgrade"

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
refer_to_trailers (const char *bytes, gsize n, gsize *consumed)
{
  gsize size = 0;

  for (guint n_trailers = 0;; n_trailers++)
    {
      g_autoptr (GMatchInfo) end = match ("\\r\\n", bytes, n, *consumed);
      g_autoptr (GMatchInfo) trailer = match (TRAILER, bytes, n, *consumed);

      if (end != NULL)
        {
          *consumed += 2;
          return TRUE;
        }
      if (trailer == NULL || n_trailers == DISP_MAX_TRAILERS)
        return FALSE;
      size += measure (trailer, 1);
      *consumed += measure (trailer, 0);
      if (size > DISP_MAX_TRAILER_SIZE)
        return FALSE;
    }
}

/*
 * fuzz_reference_chunks:
 * @bytes: any bytes
 * @n: how many
 * @data: where to append the data of the chunks
 * @consumed: (inout): where the body begins in @bytes; then how far it was understood
 *
 * Returns: whether a whole body is there, with its trailers; then it ends at @consumed
 */
gboolean
fuzz_reference_chunks (const char *bytes, gsize n, GString *data, gsize *consumed)
{
  gsize extensions = 0;

  for (;;)
    {
      g_autoptr (GMatchInfo) chunk = match (CHUNK, bytes, n, *consumed);
      g_autofree char *digits = NULL;
      guint64 size;

      if (chunk == NULL)
        return FALSE;
      extensions += measure (chunk, 2);
      if (measure (chunk, 2) > DISP_MAX_CHUNK_EXTENSION || extensions > DISP_MAX_CHUNK_EXTENSIONS)
        return FALSE;
      digits = g_match_info_fetch (chunk, 1);
      size = g_ascii_strtoull (digits, NULL, 16);
      *consumed += measure (chunk, 0);
      if (size == 0)
        return refer_to_trailers (bytes, n, consumed);
      if (size > n - *consumed || n - *consumed - size < 2)
        return FALSE;
      g_string_append_len (data, bytes + *consumed, (gssize) size);
      *consumed += size;
      if (memcmp (bytes + *consumed, "\r\n", 2) != 0)
        return FALSE;
      *consumed += 2;
    }
}
