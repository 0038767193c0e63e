/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/entry.h"

#include "core/error.h"

/* RFC 6750, section 3: no error is named to who has shown no token. */
#define CHALLENGE "Bearer realm=\"dispatcherd\""
#define WRONG_TOKEN CHALLENGE ", error=\"invalid_token\""

/* No address has a space. */
static char *
dup_client (const char *token_name, const char *peer)
{
  return token_name != NULL ? g_strconcat ("token ", token_name, NULL) : g_strdup (peer);
}

static gboolean
check_rate (const DispTerms *terms, DispRateLimit *rate_limit, const char *token_name,
            const char *peer, gint64 now, DispEntryRefusal *refusal, GError **error)
{
  g_autofree char *client = NULL;
  char rate[G_ASCII_DTOSTR_BUF_SIZE];
  gint64 wait;

  if (terms->request_rate <= 0)
    return TRUE;
  client = dup_client (token_name, peer);
  wait = disp_rate_limit_take (rate_limit, client, terms->request_rate, terms->request_burst, now);
  if (wait == 0)
    return TRUE;
  *refusal = (DispEntryRefusal){
    .retry_after = (guint) ((wait + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC),
  };
  g_set_error (error, DISP_ERROR, DISP_ERROR_RATE_LIMITED,
               "this client asks too often, expected at most %s requests per second, and %u at "
               "once; it may ask again in %u s",
               g_ascii_formatd (rate, sizeof rate, "%g", terms->request_rate),
               MAX (terms->request_burst, 1), refusal->retry_after);
  return FALSE;
}

static gboolean
refuse_token (const char *authorization, DispEntryRefusal *refusal, GError **error)
{
  gboolean shows_one = authorization != NULL && disp_authorization_is_bearer (authorization);

  *refusal = (DispEntryRefusal){ .challenge = shows_one ? WRONG_TOKEN : CHALLENGE };
  g_set_error_literal (error, DISP_ERROR, DISP_ERROR_UNAUTHENTICATED,
                       shows_one ? "the token is not known here, expected \"Authorization: Bearer "
                                   "TOKEN\" with one that is"
                                 : "a token is needed, expected \"Authorization: Bearer TOKEN\"");
  return FALSE;
}

/**
 * disp_entry_check:
 * @terms: the terms in force
 * @rate_limit: how often each client may ask
 * @authorization: (nullable): the value of the field Authorization
 * @peer: where the request comes from, see disp_peer_get_name()
 * @now: the time of a clock that never goes back, in microseconds
 * @refusal: (out): what the client is told besides the error; set only when it is refused
 * @error: %DISP_ERROR_UNAUTHENTICATED, or %DISP_ERROR_RATE_LIMITED, nothing of which is secret
 *
 * Checks whether a request for what is guarded may come in, and counts it.  Who shows a token that
 * is known counts by its name, wherever it is; all others by where they come from, so that nobody
 * may try tokens faster than @terms let a client ask.  Any thread.
 *
 * Returns: whether it may
 */
gboolean
disp_entry_check (const DispTerms *terms, DispRateLimit *rate_limit, const char *authorization,
                  const char *peer, gint64 now, DispEntryRefusal *refusal, GError **error)
{
  const char *token_name = terms->tokens != NULL ? disp_tokens_find (terms->tokens, authorization)
                                                 : NULL;

  if (!check_rate (terms, rate_limit, token_name, peer, now, refusal, error))
    return FALSE;
  return terms->tokens == NULL || token_name != NULL
         || refuse_token (authorization, refusal, error);
}
