/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"
#include "engine/notice.h"
#include "records/store.h"

#define DISP_TYPE_HTTP_STORE (disp_http_store_get_type ())
G_DECLARE_FINAL_TYPE (DispHttpStore, disp_http_store, DISP, HTTP_STORE, GObject)

/**
 * DispHttpStoreSettings:
 *
 * What the operator decided for a Requests Store elsewhere.
 */
typedef struct
{
  const char *spool_path; /* the file in which records wait */
  gint64 spool_limit;     /* how much of it may be in use, in bytes */
  gboolean coalesces;     /* of records of one id that wait together only the last is sent */
  gboolean committed;     /* what was taken outlives a power cut, not only the end of the process */
  const char *authorization; /* (nullable) what it gets as the field Authorization; secret */
} DispHttpStoreSettings;

gboolean disp_http_store_check_url (const char *url, GError **error);
DispStore *disp_http_store_new (const char *url, const DispHttpStoreSettings *settings,
                                DispClock *clock, DispNotice *notice, GError **error);
void disp_http_store_set_limits (DispHttpStore *self, gint64 spool_limit, gboolean coalesces);
