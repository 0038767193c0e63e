/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * Certificate:
 *
 * A certificate and its key, each in a file of PEM.
 */
typedef struct
{
  char *path;     /* (owned) */
  char *key_path; /* (owned) */
} Certificate;

Certificate *certificate_new (const char *directory, const char *name, guint days,
                              const Certificate *issuer);
void certificate_free (Certificate *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Certificate, certificate_free)
