/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/tokens.h"

#include "core/error.h"
#include "support/fixtures.h"

#include <string.h>

#define TOKEN_A "abcdefghijklmnop"
#define TOKEN_B "ABCDEFGHIJKLMNOP"
#define GOOD                                                                                       \
  "# who may ask\n"                                                                                \
  "alice " TOKEN_A "\n"                                                                            \
  "\n"                                                                                             \
  " \tbob@site-1.x_y \t " TOKEN_B "==  \r\n"                                                       \
  "   # the last line has no end\n"                                                                \
  "carol aB3-._~+/aB3-._~+/"

#define EXPECTED_NAME                                                                              \
  "the name is none, expected at most 64 letters and digits of US-ASCII and -._@"
#define EXPECTED_TOKEN                                                                             \
  "the token has a character that none can have, expected only letters and digits of US-ASCII "    \
  "and -._~+/, and = at its end"
#define EXPECTED_LINE "expected NAME TOKEN"

static const struct
{
  const char *text;
  const char *message;
} bad_files[] = {
  { "", "there is no token, expected at least one line NAME TOKEN" },
  { "\n\n  \n# alice " TOKEN_A "\n", "there is no token, expected at least one line NAME TOKEN" },
  { "alice\n", "line 1: " EXPECTED_LINE },
  { "alice \t \n", "line 1: " EXPECTED_LINE },
  { TOKEN_A, "line 1: " EXPECTED_LINE },
  { "alice " TOKEN_A " # mine\n", "line 1: " EXPECTED_LINE },
  { "alice " TOKEN_A "\nbob " TOKEN_B " x", "line 2: " EXPECTED_LINE },
  { "\n\nal:ice " TOKEN_A "\n", "line 3: " EXPECTED_NAME },
  { "\"alice\" " TOKEN_A "\n", "line 1: " EXPECTED_NAME },
  { "al\303\251 " TOKEN_A "\n", "line 1: " EXPECTED_NAME },
  { "al\001ice " TOKEN_A "\n", "line 1: " EXPECTED_NAME },
  { "alice abcdefghijklmno\n", "line 1: the token has 15 characters, expected 16 to 4096" },
  { "alice abcdefghijklmno,\n", "line 1: " EXPECTED_TOKEN },
  { "alice abcdefgh=ijklmno\n", "line 1: " EXPECTED_TOKEN },
  { "alice ================\n", "line 1: " EXPECTED_TOKEN },
  { "alice abcdefghijklmno\303\251\n", "line 1: " EXPECTED_TOKEN },
  { "alice abcdefghijklmno\001\n", "line 1: " EXPECTED_TOKEN },
  { "alice abcdefghijklmno\r" TOKEN_A "\n", "line 1: " EXPECTED_TOKEN },
  { "alice " TOKEN_A "\nbob " TOKEN_B "\nalice abcdefghijklmnoq",
    "line 3: expected another name than that of line 1" },
  { "alice " TOKEN_A "\n#\nbob " TOKEN_A, "line 3: expected another token than that of line 1" },
};

static DispTokens *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  DispTokens *tokens = disp_tokens_parse (text, &error);

  g_assert_no_error (error);
  g_assert_nonnull (tokens);
  return tokens;
}

static void
assert_bad (const char *text, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (disp_tokens_parse (text, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_null (strstr (error->message, "abcdefgh"));
}

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_files); i++)
    assert_bad (bad_files[i].text, bad_files[i].message);
}

static void
test_lengths (void)
{
  g_autofree char *name = g_strnfill (64, 'n');
  g_autofree char *token = g_strnfill (4096, 't');
  g_autofree char *longest = g_strdup_printf ("%s %s\n", name, token);
  g_autofree char *long_name = g_strdup_printf ("%sn %s\n", name, token);
  g_autofree char *long_token = g_strdup_printf ("%s %st\n", name, token);
  g_autofree char *shown = g_strconcat ("Bearer ", token, NULL);
  g_autoptr (DispTokens) tokens = parse (longest);

  g_assert_cmpstr (disp_tokens_find (tokens, shown), ==, name);
  assert_bad (long_name, "line 1: " EXPECTED_NAME);
  assert_bad (long_token, "line 1: the token has 4097 characters, expected 16 to 4096");
}

static void
test_many (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (DispTokens) tokens = NULL;

  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (text, "name-%u token-of-somebody-%u\n", i, i);
  tokens = parse (text->str);
  g_assert_cmpuint (disp_tokens_count (tokens), ==, 1000);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("name-%u", i);
      g_autofree char *shown = g_strdup_printf ("Bearer token-of-somebody-%u", i);

      g_assert_cmpstr (disp_tokens_find (tokens, shown), ==, name);
    }
  g_assert_null (disp_tokens_find (tokens, "Bearer token-of-somebody-1000"));
  g_string_append (text, "one-more token-of-somebody-else\n");
  assert_bad (text->str, "line 1001: there are too many tokens, expected at most 1000");
}

/* Whatever is cut off, what is left is right or wrong, and says so. */
static void
test_prefixes (void)
{
  for (gsize length = 0; length <= strlen (GOOD); length++)
    {
      g_autofree char *text = g_strndup (GOOD, length);
      g_autoptr (GError) error = NULL;
      g_autoptr (DispTokens) tokens = disp_tokens_parse (text, &error);

      g_assert_true ((tokens == NULL) == (error != NULL));
      if (tokens != NULL)
        g_assert_cmpuint (disp_tokens_count (tokens), >=, 1);
    }
}

static void
test_find (void)
{
  static const struct
  {
    const char *authorization;
    const char *name;
  } rows[] = {
    { "Bearer " TOKEN_A, "alice" },
    { "bearer " TOKEN_A, "alice" },
    { "BEARER   " TOKEN_A, "alice" },
    { "Bearer " TOKEN_B "==", "bob@site-1.x_y" },
    { "Bearer aB3-._~+/aB3-._~+/", "carol" },
    { NULL, NULL },
    { "", NULL },
    { "Bearer", NULL },
    { "Bearer ", NULL },
    { "Bearer\t" TOKEN_A, NULL },
    { "Bearer" TOKEN_A, NULL },
    { TOKEN_A, NULL },
    { "Basic " TOKEN_A, NULL },
    { "Bearer " TOKEN_A " ", NULL },
    { "Bearer " TOKEN_A "=", NULL },
    { "Bearer " TOKEN_B, NULL },
    { "Bearer " TOKEN_B "=", NULL },
    { "Bearer abcdefghijklmno", NULL },
    { "Bearer abcdefghijklmnoP", NULL },
    { "Bearer " TOKEN_A "," TOKEN_A, NULL },
    { "Bearer alice", NULL },
    { "Bearer token=\"" TOKEN_A "\"", NULL },
  };
  g_autoptr (DispTokens) tokens = parse (GOOD);
  g_autoptr (DispTokens) same = disp_tokens_ref (tokens);

  g_assert_cmpuint (disp_tokens_count (tokens), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpstr (disp_tokens_find (same, rows[i].authorization), ==, rows[i].name);
}

static void
test_is_bearer (void)
{
  g_assert_true (disp_authorization_is_bearer ("Bearer x"));
  g_assert_true (disp_authorization_is_bearer ("bEARER"));
  g_assert_false (disp_authorization_is_bearer ("Bearers x"));
  g_assert_false (disp_authorization_is_bearer ("Basic x"));
  g_assert_false (disp_authorization_is_bearer (""));
}

static void
find_in_thread (G_GNUC_UNUSED guint number, gpointer user_data)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (DispTokens) tokens = disp_tokens_ref (user_data);

      g_assert_cmpstr (disp_tokens_find (tokens, "Bearer " TOKEN_A), ==, "alice");
    }
}

static void
test_threads (void)
{
  g_autoptr (DispTokens) tokens = parse (GOOD);

  fixture_run_threads (4, find_in_thread, tokens);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/tokens/bad", test_bad);
  g_test_add_func ("/front/tokens/lengths", test_lengths);
  g_test_add_func ("/front/tokens/many", test_many);
  g_test_add_func ("/front/tokens/prefixes", test_prefixes);
  g_test_add_func ("/front/tokens/find", test_find);
  g_test_add_func ("/front/tokens/is-bearer", test_is_bearer);
  g_test_add_func ("/front/tokens/threads", test_threads);
  return g_test_run ();
}
