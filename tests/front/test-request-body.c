/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/request-body.h"

#include "core/error.h"

#include <string.h>

#define LIMIT 100000

/* A body, and what counts its memory. */
typedef struct
{
  DispReception *reception; /* (owned) */
  DispTerms *terms;         /* (owned) */
  DispRequestBody *body;    /* (owned) (nullable) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->reception = disp_reception_new ();
  fixture->terms = disp_terms_new ();
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_clear_pointer (&fixture->body, disp_request_body_free);
  g_assert_cmpuint (disp_reception_get_memory (fixture->reception), ==, 0);
  disp_terms_unref (fixture->terms);
  disp_reception_unref (fixture->reception);
}

static void
begin (Fixture *fixture, DispBodyFraming framing, guint64 length, gboolean is_kept)
{
  const DispHttpHead head = { .framing = framing, .body_length = length };

  fixture->body = disp_request_body_new (fixture->reception, fixture->terms, &head, LIMIT, is_kept);
}

static void
feed (Fixture *fixture, const char *bytes, gsize n, gsize expected, DispBodyState state)
{
  g_autoptr (GError) error = NULL;
  gsize consumed;

  g_assert_cmpint (disp_request_body_feed (fixture->body, bytes, n, &consumed, &error), ==, state);
  g_assert_no_error (error);
  g_assert_cmpuint (consumed, ==, expected);
}

static void
assert_wrong (Fixture *fixture, const char *bytes, int code)
{
  g_autoptr (GError) error = NULL;
  gsize consumed;

  g_assert_cmpint (disp_request_body_feed (fixture->body, bytes, strlen (bytes), &consumed, &error),
                   ==, DISP_BODY_WRONG);
  g_assert_error (error, DISP_ERROR, code);
}

static void
assert_body (Fixture *fixture, const char *expected)
{
  g_autoptr (GBytes) bytes = disp_request_body_steal (fixture->body);

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected,
                   strlen (expected));
}

static void
test_length (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  begin (fixture, DISP_BODY_LENGTH, 5, TRUE);
  feed (fixture, NULL, 0, 0, DISP_BODY_PARTIAL);
  feed (fixture, "he", 2, 2, DISP_BODY_PARTIAL);
  feed (fixture, "lloGET /", 8, 3, DISP_BODY_COMPLETE);
  assert_body (fixture, "hello");
}

static void
test_empty (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  begin (fixture, DISP_BODY_LENGTH, 0, TRUE);
  feed (fixture, "GET /", 5, 0, DISP_BODY_COMPLETE);
  assert_body (fixture, "");
}

static void
test_none (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  begin (fixture, DISP_BODY_NONE, 0, FALSE);
  feed (fixture, "GET /", 5, 0, DISP_BODY_COMPLETE);
}

static void
test_chunks (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char text[] = "3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nX: y\r\n\r\n";

  for (gsize cut = 0; cut < sizeof text - 1; cut++)
    {
      begin (fixture, DISP_BODY_CHUNKS, 0, TRUE);
      feed (fixture, text, cut, cut, DISP_BODY_PARTIAL);
      feed (fixture, text + cut, sizeof text - 1 - cut, sizeof text - 1 - cut, DISP_BODY_COMPLETE);
      assert_body (fixture, "hello");
      g_clear_pointer (&fixture->body, disp_request_body_free);
    }
}

/* What is read right into the body is the same as what is fed. */
static void
test_room (Fixture *fixture, gconstpointer data)
{
  gboolean is_chunked = GPOINTER_TO_INT (data);
  g_autofree char *sent = g_malloc (LIMIT);
  g_autoptr (GBytes) bytes = NULL;
  gsize done = 10;

  for (guint i = 0; i < LIMIT; i++)
    sent[i] = (char) (i % 251);
  begin (fixture, is_chunked ? DISP_BODY_CHUNKS : DISP_BODY_LENGTH, LIMIT, TRUE);
  if (is_chunked)
    feed (fixture, "186a0\r\n", 7, 7, DISP_BODY_PARTIAL);
  feed (fixture, sent, done, done, DISP_BODY_PARTIAL);
  while (done < LIMIT)
    {
      g_autoptr (GError) error = NULL;
      gsize size;
      char *room = disp_request_body_get_room (fixture->body, &size);

      if (room == NULL)
        {
          feed (fixture, sent + done, 1, 1,
                done + 1 == LIMIT && !is_chunked ? DISP_BODY_COMPLETE : DISP_BODY_PARTIAL);
          done++;
          continue;
        }
      size = MIN (size, 777);
      g_assert_cmpuint (size, <=, LIMIT - done);
      memcpy (room, sent + done, size);
      done += size;
      g_assert_cmpint (disp_request_body_filled (fixture->body, size, &error), ==,
                       done == LIMIT && !is_chunked ? DISP_BODY_COMPLETE : DISP_BODY_PARTIAL);
      g_assert_no_error (error);
    }
  if (is_chunked)
    feed (fixture, "\r\n0\r\n\r\n", 7, 7, DISP_BODY_COMPLETE);
  bytes = disp_request_body_steal (fixture->body);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), sent, LIMIT);
}

static void
test_thrown_away (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *sent = g_malloc0 (LIMIT);

  begin (fixture, DISP_BODY_LENGTH, LIMIT, FALSE);
  feed (fixture, sent, LIMIT - 1, LIMIT - 1, DISP_BODY_PARTIAL);
  g_assert_cmpuint (disp_reception_get_memory (fixture->reception), ==, 0);
  g_assert_false (disp_request_body_is_kept (fixture->body));
  feed (fixture, sent, 1, 1, DISP_BODY_COMPLETE);
}

static void
test_too_large (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *sent = g_malloc0 (LIMIT);

  begin (fixture, DISP_BODY_CHUNKS, 0, TRUE);
  feed (fixture, "186a0\r\n", 7, 7, DISP_BODY_PARTIAL);
  feed (fixture, sent, LIMIT, LIMIT, DISP_BODY_PARTIAL);
  assert_wrong (fixture, "\r\n1\r\n", DISP_ERROR_BODY_TOO_LARGE);
}

/* It is known before any of it has come. */
static void
test_too_large_chunk (Fixture *fixture, gconstpointer data)
{
  begin (fixture, DISP_BODY_CHUNKS, 0, GPOINTER_TO_INT (data));
  assert_wrong (fixture, "186a1\r\n", DISP_ERROR_BODY_TOO_LARGE);
}

/* What is announced costs nothing; what came is counted until nobody has it any more. */
static void
test_memory (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *sent = g_malloc0 (LIMIT);
  GBytes *bytes;

  begin (fixture, DISP_BODY_LENGTH, LIMIT, TRUE);
  g_assert_cmpuint (disp_reception_get_memory (fixture->reception), ==, 0);
  feed (fixture, sent, LIMIT / 2, LIMIT / 2, DISP_BODY_PARTIAL);
  g_assert_cmpuint (disp_reception_get_memory (fixture->reception), >=, LIMIT / 2);
  feed (fixture, sent, LIMIT / 2, LIMIT / 2, DISP_BODY_COMPLETE);
  bytes = disp_request_body_steal (fixture->body);
  g_clear_pointer (&fixture->body, disp_request_body_free);
  g_assert_cmpuint (disp_reception_get_memory (fixture->reception), ==, LIMIT);
  g_bytes_unref (bytes);
  g_assert_cmpuint (disp_reception_get_memory (fixture->reception), ==, 0);
}

static void
test_full (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *sent = g_strnfill (LIMIT, 'a');

  fixture->terms->body_memory = 1;
  begin (fixture, DISP_BODY_LENGTH, LIMIT, TRUE);
  assert_wrong (fixture, sent, DISP_ERROR_BODIES_FULL);
}

/* A body that grows beyond what is small takes nothing of what is kept for small ones. */
static void
test_grown (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *sent = g_malloc0 (LIMIT);

  fixture->terms->body_memory = DISP_SMALL_BODY;
  begin (fixture, DISP_BODY_CHUNKS, 0, TRUE);
  feed (fixture, "186a0\r\n", 7, 7, DISP_BODY_PARTIAL);
  feed (fixture, sent, DISP_SMALL_BODY, DISP_SMALL_BODY, DISP_BODY_PARTIAL);
  assert_wrong (fixture, "a", DISP_ERROR_BODIES_FULL);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
    gboolean is_chunked;
  } tests[] = {
    { "/front/request-body/length", test_length, FALSE },
    { "/front/request-body/empty", test_empty, FALSE },
    { "/front/request-body/none", test_none, FALSE },
    { "/front/request-body/chunks", test_chunks, FALSE },
    { "/front/request-body/room/length", test_room, FALSE },
    { "/front/request-body/room/chunks", test_room, TRUE },
    { "/front/request-body/thrown-away", test_thrown_away, FALSE },
    { "/front/request-body/too-large", test_too_large, FALSE },
    { "/front/request-body/too-large/chunk", test_too_large_chunk, TRUE },
    { "/front/request-body/too-large/chunk/thrown-away", test_too_large_chunk, FALSE },
    { "/front/request-body/memory", test_memory, FALSE },
    { "/front/request-body/full", test_full, FALSE },
    { "/front/request-body/grown", test_grown, FALSE },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, GINT_TO_POINTER (tests[i].is_chunked), set_up,
                tests[i].test, tear_down);
  return g_test_run ();
}
