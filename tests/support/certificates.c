/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/certificates.h"

#include <glib/gstdio.h>

/**
 * certificate_new:
 * @directory: where its files are made
 * @name: what it is called; for a server that is also found as localhost and 127.0.0.1
 * @days: how long it is valid
 * @issuer: (nullable): who signs it; %NULL: itself, and it may sign others
 *
 * Makes a certificate by openssl.
 *
 * Returns: (transfer full): the certificate
 */
Certificate *
certificate_new (const char *directory, const char *name, guint days, const Certificate *issuer)
{
  Certificate *self = g_new0 (Certificate, 1);
  g_autofree char *subject = g_strdup_printf ("/CN=%s", name);
  g_autofree char *validity = g_strdup_printf ("%u", days);
  g_autofree char *names = g_strdup_printf ("subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1",
                                            name);
  g_autofree char *output = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arguments = NULL;
  int status;

  self->path = g_strdup_printf ("%s/%s.crt", directory, name);
  self->key_path = g_strdup_printf ("%s/%s.key", directory, name);
  g_strv_builder_add_many (builder, "openssl", "req", "-x509", "-nodes", "-newkey", "ec",
                           "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", subject, "-days",
                           validity, "-out", self->path, "-keyout", self->key_path, "-addext",
                           names, NULL);
  if (issuer != NULL)
    g_strv_builder_add_many (builder, "-CA", issuer->path, "-CAkey", issuer->key_path, "-addext",
                             "basicConstraints=critical,CA:FALSE", "-addext",
                             "extendedKeyUsage=serverAuth,clientAuth", NULL);
  arguments = g_strv_builder_end (builder);
  g_spawn_sync (NULL, arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                NULL, &output, &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("openssl made no certificate: %s", output);
  return self;
}

/**
 * certificate_free:
 * @self: (transfer full): a certificate
 *
 * Removes its files, if they are still there.
 */
void
certificate_free (Certificate *self)
{
  g_unlink (self->path);
  g_unlink (self->key_path);
  g_free (self->path);
  g_free (self->key_path);
  g_free (self);
}
