/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/open-tls.h"

#include "app/credential.h"
#include "app/tls-trial.h"
#include "core/error.h"
#include "core/event.h"
#include "sources/regular-file.h"

#include <string.h>

/* The longest file of PEM, in bytes: hundreds of certificates. */
#define MAX_FILE (1024 * 1024)

/* How long before its end an operator is told that a certificate ends, in days. */
#define WARNING_DAYS 14

/* A file, and the setting that names it. */
typedef struct
{
  const DispConfig *config; /* (unowned) */
  DispSetting setting;
  const char *name; /* (unowned) of the setting; NULL: a credential */
  const char *path; /* (unowned) */
} Source;

static void set_fault (GError **error, const Source *source, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static void
set_fault (GError **error, const Source *source, const char *format, ...)
{
  g_autofree char *fault = NULL;
  va_list arguments;

  va_start (arguments, format);
  fault = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (source->name == NULL)
    g_set_error_literal (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, fault);
  else
    g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, "%s: [server] %s: %s",
                 source->config->origins[source->setting], source->name, fault);
}

static gboolean
read_pem (const Source *source, const char *noun, GString *pem, GError **error)
{
  g_autoptr (GError) fault = NULL;
  GString *text = disp_regular_file_read (source->path, noun, MAX_FILE, &fault);

  if (text == NULL)
    {
      set_fault (error, source, "%s", fault->message);
      return FALSE;
    }
  g_string_append_printf (pem, "%s\n", text->str);
  explicit_bzero (text->str, text->len);
  g_string_free (text, TRUE);
  return TRUE;
}

static gboolean
check_key (const Source *source, const GString *pem, GError **error)
{
  if (strstr (pem->str, "PRIVATE KEY-----") == NULL)
    set_fault (error, source, "%s: there is no private key, expected one in PEM", source->path);
  else if (strstr (pem->str, "ENCRYPTED") != NULL)
    set_fault (error, source, "%s: the private key is encrypted, expected one without a passphrase",
               source->path);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_certificate (const Source *source, const GString *pem, GError **error)
{
  if (strstr (pem->str, "-----BEGIN CERTIFICATE-----") != NULL)
    return TRUE;
  set_fault (error, source, "%s: there is no certificate, expected one in PEM", source->path);
  return FALSE;
}

static GTlsCertificate *
make_certificate (const Source *source, const Source *key, const GString *pem, GError **error)
{
  g_autoptr (GError) fault = NULL;
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_pem (
      pem->str, (gssize) pem->len, &fault);

  if (certificate == NULL)
    {
      set_fault (error, source, "%s, with the key in %s: %s", source->path, key->path,
                 fault->message);
      return NULL;
    }
  if (!disp_tls_trial (certificate, &fault))
    {
      set_fault (error, key,
                 "%s: no TLS can be spoken with this key and the certificate in %s, "
                 "expected the key of that certificate: %s",
                 key->path, source->path, fault->message);
      return NULL;
    }
  return g_steal_pointer (&certificate);
}

/* @key may be the same as @source.  The caller wipes @pem. */
static GTlsCertificate *
read_certificate (const Source *source, const Source *key, GString *pem, GError **error)
{
  if (!read_pem (source, "file of a certificate", pem, error)
      || !check_certificate (source, pem, error)
      || (key != source && !read_pem (key, "file of a key", pem, error))
      || !check_key (key, pem, error))
    return NULL;
  return make_certificate (source, key, pem, error);
}

static void
warn_of_end (const Source *source, GTlsCertificate *certificate)
{
  g_autoptr (GDateTime) end = g_tls_certificate_get_not_valid_after (certificate);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *day = end != NULL ? g_date_time_format (end, "%F %H:%M UTC") : NULL;
  GTimeSpan left;

  if (end == NULL)
    return;
  left = g_date_time_difference (end, now);
  if (left >= WARNING_DAYS * G_TIME_SPAN_DAY)
    return;
  disp_event_log (DISP_EVENT_CERTIFICATE_ENDS, &(DispEventFields){ .path = source->path },
                  left > 0 ? "the certificate in %s ends soon, at %s"
                           : "the certificate in %s has ended, at %s",
                  source->path, day);
}

static gboolean
load_certificate (const DispConfig *config, DispTerms *terms, GError **error)
{
  g_autofree char *credential = *config->tls_key == '\0'
                                    ? disp_credential_find (DISP_CREDENTIAL_TLS_KEY)
                                    : NULL;
  const Source certificate = { config, DISP_SETTING_TLS_CERTIFICATE, "tls-certificate",
                               config->tls_certificate };
  const Source key = { config, DISP_SETTING_TLS_KEY, credential != NULL ? NULL : "tls-key",
                       credential != NULL ? credential : config->tls_key };
  const gboolean is_apart = *key.path != '\0';
  g_autoptr (GString) pem = g_string_new (NULL);

  terms->certificate = read_certificate (&certificate, is_apart ? &key : &certificate, pem, error);
  explicit_bzero (pem->str, pem->allocated_len);
  if (terms->certificate == NULL)
    return FALSE;
  warn_of_end (&certificate, terms->certificate);
  return TRUE;
}

static gboolean
load_authorities (const DispConfig *config, DispTerms *terms, GError **error)
{
  const Source source = { config, DISP_SETTING_TLS_CLIENT_CA, "tls-client-ca",
                          config->tls_client_ca };
  g_autofree char *path = g_canonicalize_filename (config->tls_client_ca, NULL);
  g_autoptr (GString) pem = g_string_new (NULL);
  g_autoptr (GError) fault = NULL;

  if (!read_pem (&source, "file of certificates", pem, error)
      || !check_certificate (&source, pem, error))
    return FALSE;
  terms->client_authorities = g_tls_file_database_new (path, &fault);
  if (terms->client_authorities == NULL)
    set_fault (error, &source, "%s: %s, expected certificates in PEM", source.path, fault->message);
  terms->needs_client_certificate = config->tls_client_certificate
                                    == DISP_CLIENT_CERTIFICATE_REQUIRED;
  return terms->client_authorities != NULL;
}

/**
 * disp_config_load_tls:
 * @config: a checked configuration
 * @terms: the terms that are being made
 * @error: %DISP_ERROR_INVALID_CONFIG, naming the file and what was expected in it
 *
 * Reads what TLS needs, if it is to be spoken, and tries it out.  Warns of a certificate that ends
 * soon, or has.
 *
 * Returns: whether @terms are complete
 */
gboolean
disp_config_load_tls (const DispConfig *config, DispTerms *terms, GError **error)
{
  if (*config->tls_certificate == '\0')
    return TRUE;
  return load_certificate (config, terms, error)
         && (*config->tls_client_ca == '\0' || load_authorities (config, terms, error));
}
