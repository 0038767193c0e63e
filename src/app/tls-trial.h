/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

gboolean disp_tls_trial (GTlsCertificate *certificate, GError **error);
