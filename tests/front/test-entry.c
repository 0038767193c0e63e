/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/entry.h"

#include "core/error.h"

#include <string.h>

#define ALICE "Bearer alices-token-0001"
#define BOB "bearer bobs-token-000002"
#define WRONG "Bearer nobodys-token-03"

typedef struct
{
  DispTerms *terms;     /* (owned) */
  DispRateLimit *limit; /* (owned) */
  gint64 now;
  DispEntryRefusal refusal;
  GError *error; /* (owned) (nullable) of the last refusal */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->terms = disp_terms_new ();
  fixture->limit = disp_rate_limit_new ();
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_terms_unref (fixture->terms);
  disp_rate_limit_unref (fixture->limit);
  g_clear_error (&fixture->error);
}

static void
set_tokens (Fixture *fixture)
{
  fixture->terms->tokens = disp_tokens_parse (
      "alice alices-token-0001\nbob bobs-token-000002\n10.0.0.1 ten-is-no-address-0\n", NULL);
  g_assert_nonnull (fixture->terms->tokens);
}

static void
set_rate (Fixture *fixture, double rate, guint burst)
{
  fixture->terms->request_rate = rate;
  fixture->terms->request_burst = burst;
}

static gboolean
check (Fixture *fixture, const char *authorization, const char *peer)
{
  g_clear_error (&fixture->error);
  fixture->refusal = (DispEntryRefusal){ .challenge = "as it was" };
  return disp_entry_check (fixture->terms, fixture->limit, authorization, peer, fixture->now,
                           &fixture->refusal, &fixture->error);
}

static void
assert_enters (Fixture *fixture, const char *authorization, const char *peer)
{
  g_assert_true (check (fixture, authorization, peer));
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (fixture->refusal.challenge, ==, "as it was");
}

static void
assert_unauthenticated (Fixture *fixture, const char *authorization, const char *challenge)
{
  g_assert_false (check (fixture, authorization, "10.0.0.1"));
  g_assert_error (fixture->error, DISP_ERROR, DISP_ERROR_UNAUTHENTICATED);
  g_assert_cmpstr (fixture->refusal.challenge, ==, challenge);
  g_assert_cmpuint (fixture->refusal.retry_after, ==, 0);
  g_assert_null (strstr (fixture->error->message, "nobodys"));
}

static void
assert_limited (Fixture *fixture, const char *authorization, const char *peer, guint retry_after)
{
  g_assert_false (check (fixture, authorization, peer));
  g_assert_error (fixture->error, DISP_ERROR, DISP_ERROR_RATE_LIMITED);
  g_assert_null (fixture->refusal.challenge);
  g_assert_cmpuint (fixture->refusal.retry_after, ==, retry_after);
}

static void
test_open (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  for (guint i = 0; i < 100; i++)
    {
      assert_enters (fixture, NULL, "10.0.0.1");
      assert_enters (fixture, WRONG, "10.0.0.1");
    }
}

static void
test_tokens (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  static const char challenge[] = "Bearer realm=\"dispatcherd\"";
  static const char wrong[] = "Bearer realm=\"dispatcherd\", error=\"invalid_token\"";

  set_tokens (fixture);
  assert_enters (fixture, ALICE, "10.0.0.1");
  assert_enters (fixture, BOB, "10.0.0.1");
  assert_unauthenticated (fixture, NULL, challenge);
  g_assert_cmpstr (fixture->error->message, ==,
                   "a token is needed, expected \"Authorization: Bearer TOKEN\"");
  assert_unauthenticated (fixture, "", challenge);
  assert_unauthenticated (fixture, "Basic nobodys-password", challenge);
  assert_unauthenticated (fixture, WRONG, wrong);
  g_assert_cmpstr (fixture->error->message, ==,
                   "the token is not known here, expected \"Authorization: Bearer TOKEN\" with one "
                   "that is");
  assert_unauthenticated (fixture, "Bearer", wrong);
  assert_unauthenticated (fixture, ALICE " nobodys", wrong);
}

static void
test_rate_of_address (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  set_rate (fixture, 0.4, 2);
  assert_enters (fixture, NULL, "10.0.0.1");
  assert_enters (fixture, WRONG, "10.0.0.1");
  assert_limited (fixture, NULL, "10.0.0.1", 3);
  g_assert_cmpstr (fixture->error->message, ==,
                   "this client asks too often, expected at most 0.4 requests per second, and 2 at "
                   "once; it may ask again in 3 s");
  assert_enters (fixture, NULL, "10.0.0.2");
  fixture->now += 2499999;
  assert_limited (fixture, NULL, "10.0.0.1", 1);
  fixture->now += 1;
  assert_enters (fixture, NULL, "10.0.0.1");
  assert_limited (fixture, NULL, "10.0.0.1", 3);
}

/* Who has a token counts by it, wherever it is; who has none cannot use up what is another's. */
static void
test_rate_of_token (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  set_tokens (fixture);
  set_rate (fixture, 1, 1);
  assert_enters (fixture, ALICE, "10.0.0.1");
  assert_limited (fixture, ALICE, "10.0.0.2", 1);
  assert_enters (fixture, BOB, "10.0.0.1");
  assert_unauthenticated (fixture, NULL, "Bearer realm=\"dispatcherd\"");
  assert_enters (fixture, "Bearer ten-is-no-address-0", "10.0.0.9");
}

/* Tokens cannot be tried as fast as one likes. */
static void
test_rate_of_guesses (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  set_tokens (fixture);
  set_rate (fixture, 1, 2);
  for (guint i = 0; i < 2; i++)
    assert_unauthenticated (fixture, WRONG,
                            "Bearer realm=\"dispatcherd\", error=\"invalid_token\"");
  assert_limited (fixture, WRONG, "10.0.0.1", 1);
  assert_enters (fixture, ALICE, "10.0.0.1");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/front/entry/open", Fixture, NULL, set_up, test_open, tear_down);
  g_test_add ("/front/entry/tokens", Fixture, NULL, set_up, test_tokens, tear_down);
  g_test_add ("/front/entry/rate-of-address", Fixture, NULL, set_up, test_rate_of_address,
              tear_down);
  g_test_add ("/front/entry/rate-of-token", Fixture, NULL, set_up, test_rate_of_token, tear_down);
  g_test_add ("/front/entry/rate-of-guesses", Fixture, NULL, set_up, test_rate_of_guesses,
              tear_down);
  return g_test_run ();
}
