/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What is sent as the field Authorization to a Containers Manager, and to a Requests Store. */
#define DISP_CREDENTIAL_MANAGER "containers-manager.authorization"
#define DISP_CREDENTIAL_STORE "requests-store.authorization"
/* The bearer tokens that clients of predictions may show. */
#define DISP_CREDENTIAL_TOKENS "predictions.tokens"
/* The private key with which predictions are served over TLS. */
#define DISP_CREDENTIAL_TLS_KEY "predictions.tls-key"

char *disp_credential_find (const char *name);
gboolean disp_credential_read (const char *name, char **value, GError **error);
