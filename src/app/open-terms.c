/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/open-terms.h"

#include "app/credential.h"
#include "app/open-tls.h"
#include "core/error.h"
#include "sources/regular-file.h"

#include <string.h>

/* A thousand tokens of a usual length, with comments, in bytes. */
#define MAX_TOKEN_FILE (1024 * 1024)

/* All that a file of tokens can be; of one that is wrong the fault is told, and never a token. */
static DispTokens *
parse_tokens (const char *path, const GString *text, GError **error)
{
  DispTokens *tokens = NULL;

  if (strlen (text->str) < text->len)
    g_set_error_literal (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                         "there is a byte 0, expected text");
  else
    tokens = disp_tokens_parse (text->str, error);
  if (tokens == NULL)
    g_prefix_error (error, "%s: ", path);
  return tokens;
}

static DispTokens *
read_tokens (const char *path, GError **error)
{
  GString *text = disp_regular_file_read (path, "file of tokens", MAX_TOKEN_FILE, error);
  DispTokens *tokens;

  if (text == NULL)
    return NULL;
  tokens = parse_tokens (path, text, error);
  explicit_bzero (text->str, text->len);
  g_string_free (text, TRUE);
  return tokens;
}

static gboolean
load_tokens (DispTerms *terms, const DispConfig *config, GError **error)
{
  const gboolean is_setting = *config->token_file != '\0';
  g_autofree char *credential = is_setting ? NULL : disp_credential_find (DISP_CREDENTIAL_TOKENS);
  const char *path = is_setting ? config->token_file : credential;
  g_autoptr (GError) fault = NULL;

  if (path == NULL)
    return TRUE;
  terms->tokens = read_tokens (path, &fault);
  if (terms->tokens != NULL)
    return TRUE;
  if (is_setting)
    g_prefix_error (&fault, "%s: [server] token-file: ", config->origins[DISP_SETTING_TOKEN_FILE]);
  /* However the reader calls it. */
  g_set_error_literal (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, fault->message);
  return FALSE;
}

/* As many as come in one second, unless something else is said. */
static guint
get_burst (const DispConfig *config)
{
  guint whole = (guint) config->request_rate;

  if (config->request_burst > 0)
    return config->request_burst;
  return MAX (whole < config->request_rate ? whole + 1 : whole, 1);
}

/**
 * disp_config_make_embedded_terms:
 * @config: a checked configuration
 *
 * Returns: (transfer full): on what terms the embedded services are served: what clients may send,
 *   and how fast
 */
DispTerms *
disp_config_make_embedded_terms (const DispConfig *config)
{
  DispTerms *terms = disp_terms_new ();

  terms->body_limit = (gsize) config->body_limit;
  terms->body_memory = (gsize) config->body_memory;
  terms->max_connections = config->max_connections;
  terms->max_connections_per_client = config->max_connections_per_client;
  terms->head_timeout = config->head_timeout;
  terms->idle_timeout = config->client_idle_timeout;
  terms->body_timeout = config->body_timeout;
  terms->write_timeout = config->write_timeout;
  terms->min_rate = (gsize) config->min_rate;
  terms->allows_half_close = config->allows_half_close;
  return terms;
}

/**
 * disp_config_make_terms:
 * @config: a checked configuration
 * @error: %DISP_ERROR_INVALID_CONFIG, naming the file, and the line, and what was expected there,
 *   but nothing that is secret
 *
 * Reads the files that the terms are in.
 *
 * Returns: (transfer full) (nullable): on what terms predictions are served: those of the embedded
 *   services, and besides who may come in, and with which certificate TLS is spoken
 */
DispTerms *
disp_config_make_terms (const DispConfig *config, GError **error)
{
  g_autoptr (DispTerms) terms = disp_config_make_embedded_terms (config);

  terms->request_rate = config->request_rate;
  terms->request_burst = get_burst (config);
  if (!load_tokens (terms, config, error) || !disp_config_load_tls (config, terms, error))
    return NULL;
  return g_steal_pointer (&terms);
}
