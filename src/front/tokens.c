/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/tokens.h"

#include "core/error.h"
#include "core/tsan.h"

#include <string.h>

#define SCHEME "Bearer"
#define DIGEST_SIZE 32 /* of SHA-256, in bytes */
#define MAX_NAME 64
/* As short as a token may be: 16 characters that were drawn at random are 96 bits. */
#define MIN_TOKEN 16
/* A longer one could not be sent along with other fields. */
#define MAX_TOKEN 4096
/* Each request is compared with all of them. */
#define MAX_TOKENS 1000

typedef struct
{
  char *name; /* (owned) */
  guint line;
  guint8 digest[DIGEST_SIZE]; /* of the token, which is not kept itself */
} Token;

struct _DispTokens
{
  GArray *tokens; /* (owned) (element-type Token) */
};

static void
token_clear (gpointer data)
{
  g_free (((Token *) data)->name);
}

static void
tokens_clear (gpointer data)
{
  DispTokens *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_array_unref (self->tokens);
}

static void
make_digest (const char *token, gsize length, guint8 *digest)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = DIGEST_SIZE;

  g_checksum_update (checksum, (const guchar *) token, (gssize) length);
  g_checksum_get_digest (checksum, digest, &size);
  g_assert (size == DIGEST_SIZE);
}

/* token68 of RFC 9110, section 11.2, which is b64token of RFC 6750, section 2.1. */
static gboolean
is_token68 (const char *text)
{
  gsize length = 0;

  while (g_ascii_isalnum (text[length])
         || (text[length] != '\0' && strchr ("-._~+/", text[length]) != NULL))
    length++;
  return length > 0 && text[length + strspn (text + length, "=")] == '\0';
}

static gboolean
is_name (const char *text)
{
  gsize length = 0;

  while (g_ascii_isalnum (text[length])
         || (text[length] != '\0' && strchr ("-._@", text[length]) != NULL))
    length++;
  return text[length] == '\0' && length > 0 && length <= MAX_NAME;
}

/* Cuts the line in two at the space in it. */
static gboolean
split (char *line, const char **name, const char **token)
{
  char *end = line + strcspn (line, " \t");

  *name = line;
  *token = end + strspn (end, " \t");
  if (**token == '\0')
    return FALSE;
  *end = '\0';
  return (*token)[strcspn (*token, " \t")] == '\0';
}

static gboolean G_GNUC_PRINTF (3, 4)
    set_fault (GError **error, guint number, const char *format, ...)
{
  g_autofree char *fault = NULL;
  va_list arguments;

  va_start (arguments, format);
  fault = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, "line %u: %s", number, fault);
  return FALSE;
}

static gboolean
check_token (const char *token, guint number, GError **error)
{
  gsize length = strlen (token);

  if (!is_token68 (token))
    return set_fault (error, number,
                      "the token has a character that none can have, expected only letters and "
                      "digits of US-ASCII and -._~+/, and = at its end");
  if (length < MIN_TOKEN || length > MAX_TOKEN)
    return set_fault (error, number,
                      "the token has %" G_GSIZE_FORMAT " characters, expected %d to %d", length,
                      MIN_TOKEN, MAX_TOKEN);
  return TRUE;
}

static gboolean
add (DispTokens *self, const char *name, const char *token, guint number, GError **error)
{
  Token new = { .line = number };

  if (self->tokens->len == MAX_TOKENS)
    return set_fault (error, number, "there are too many tokens, expected at most %d", MAX_TOKENS);
  make_digest (token, strlen (token), new.digest);
  for (guint i = 0; i < self->tokens->len; i++)
    {
      const Token *other = &g_array_index (self->tokens, Token, i);

      if (g_str_equal (other->name, name))
        return set_fault (error, number, "expected another name than that of line %u", other->line);
      if (memcmp (other->digest, new.digest, DIGEST_SIZE) == 0)
        return set_fault (error, number, "expected another token than that of line %u",
                          other->line);
    }
  new.name = g_strdup (name);
  g_array_append_val (self->tokens, new);
  return TRUE;
}

static gboolean
parse_line (DispTokens *self, char *line, guint number, GError **error)
{
  const char *name;
  const char *token;

  g_strstrip (line);
  if (*line == '\0' || *line == '#')
    return TRUE;
  /* No fault says what it found: that might be a token. */
  if (!split (line, &name, &token))
    return set_fault (error, number, "expected NAME TOKEN");
  if (!is_name (name))
    return set_fault (error, number,
                      "the name is none, expected at most %d letters and digits of US-ASCII and "
                      "-._@",
                      MAX_NAME);
  return check_token (token, number, error) && add (self, name, token, number, error);
}

static gboolean
parse_lines (DispTokens *self, const char *text, GError **error)
{
  guint number = 1;

  for (const char *line = text; *line != '\0'; number++)
    {
      gsize length = strcspn (line, "\n");
      char *copy = g_strndup (line, length);
      gboolean ok = parse_line (self, copy, number, error);

      explicit_bzero (copy, length);
      g_free (copy);
      if (!ok)
        return FALSE;
      line += length + (line[length] == '\n');
    }
  if (self->tokens->len > 0)
    return TRUE;
  g_set_error_literal (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                       "there is no token, expected at least one line NAME TOKEN");
  return FALSE;
}

/**
 * disp_tokens_parse:
 * @text: what is in a file of tokens: a line "NAME TOKEN" for each, lines that begin with "#", and
 *   empty ones; each name and each token once
 * @error: %DISP_ERROR_INVALID_CONFIG, naming the line and what was expected, but never a token
 *
 * Returns: (transfer full) (nullable): the tokens, at least one
 */
DispTokens *
disp_tokens_parse (const char *text, GError **error)
{
  DispTokens *self = g_atomic_rc_box_new0 (DispTokens);

  self->tokens = g_array_new (FALSE, FALSE, sizeof (Token));
  g_array_set_clear_func (self->tokens, token_clear);
  if (parse_lines (self, text, error))
    return self;
  disp_tokens_unref (self);
  return NULL;
}

/**
 * disp_tokens_ref:
 * @self: tokens
 *
 * Returns: (transfer full): @self; any thread
 */
DispTokens *
disp_tokens_ref (DispTokens *self)
{
  return g_atomic_rc_box_acquire (self);
}

/**
 * disp_tokens_unref:
 * @self: (transfer full): tokens
 */
void
disp_tokens_unref (DispTokens *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, tokens_clear);
}

/**
 * disp_tokens_count:
 * @self: tokens
 *
 * Returns: how many there are
 */
guint
disp_tokens_count (const DispTokens *self)
{
  return self->tokens->len;
}

/* Credentials of RFC 9110, section 11.4: the scheme, 1*SP, and a token68. */
static const char *
skip_scheme (const char *authorization)
{
  gsize n_spaces;

  if (!disp_authorization_is_bearer (authorization))
    return NULL;
  authorization += strlen (SCHEME);
  n_spaces = strspn (authorization, " ");
  return n_spaces > 0 ? authorization + n_spaces : NULL;
}

/* 1 if all bytes of both are the same, else 0; looks at all of them, and never jumps. */
static guint32
is_same (const guint8 *a, const guint8 *b)
{
  guint32 difference = 0;

  for (guint i = 0; i < DIGEST_SIZE; i++)
    difference |= (guint32) (a[i] ^ b[i]);
  return (difference - 1) >> 31;
}

/**
 * disp_tokens_find:
 * @self: tokens
 * @authorization: (nullable): the value of the field Authorization
 *
 * Finds the token that a client shows.  How long that takes tells nothing of what the tokens are:
 * the digest of the one shown is compared with those of all, each to its end, whether one was found
 * or not.  Of digests even a comparison that ends early would tell little, since who does not know
 * a token cannot choose how its digest begins; and they are all of one length, so that the lengths
 * of the tokens are not told either.
 *
 * Returns: (transfer none) (nullable): the name of the token; %NULL if it is not known, or there is
 *   none
 */
const char *
disp_tokens_find (const DispTokens *self, const char *authorization)
{
  const char *token = authorization != NULL ? skip_scheme (authorization) : NULL;
  guint8 digest[DIGEST_SIZE];
  guint32 found = 0; /* its number, from 1 on */

  if (token == NULL || !is_token68 (token))
    return NULL;
  make_digest (token, strlen (token), digest);
  for (guint32 i = 0; i < self->tokens->len; i++)
    found |= (i + 1) & (0 - is_same (g_array_index (self->tokens, Token, i).digest, digest));
  return found > 0 ? g_array_index (self->tokens, Token, found - 1).name : NULL;
}

/**
 * disp_authorization_is_bearer:
 * @authorization: the value of a field Authorization
 *
 * Returns: whether it shows a bearer token, or what is meant to be one
 */
gboolean
disp_authorization_is_bearer (const char *authorization)
{
  gsize length = strlen (SCHEME);

  return g_ascii_strncasecmp (authorization, SCHEME, length) == 0
         && (authorization[length] == ' ' || authorization[length] == '\0');
}
