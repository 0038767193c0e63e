/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/store.h"

#define DISP_TYPE_HTTP_STORE (disp_http_store_get_type ())
G_DECLARE_FINAL_TYPE (DispHttpStore, disp_http_store, DISP, HTTP_STORE, GObject)

DispStore *disp_http_store_new (const char *url, GError **error);
