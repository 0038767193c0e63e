/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/reception.h"
#include "wire/http-head.h"

/**
 * DispRequestBody:
 *
 * The body of a request while it comes: collected in one piece, in memory that is counted, or
 * thrown away.
 */
typedef struct _DispRequestBody DispRequestBody;

/**
 * DispBodyState:
 * @DISP_BODY_PARTIAL: more must come
 * @DISP_BODY_COMPLETE: all is there
 * @DISP_BODY_WRONG: it is not what it has to be, too long, or there is no memory for it
 *
 * How far a body is.
 */
typedef enum
{
  DISP_BODY_PARTIAL,
  DISP_BODY_COMPLETE,
  DISP_BODY_WRONG,
} DispBodyState;

DispRequestBody *disp_request_body_new (DispReception *reception, DispTerms *terms,
                                        const DispHttpHead *head, gsize limit, gboolean is_kept);
void disp_request_body_free (DispRequestBody *self);

DispBodyState disp_request_body_feed (DispRequestBody *self, const char *bytes, gsize n,
                                      gsize *consumed, GError **error);
char *disp_request_body_get_room (DispRequestBody *self, gsize *size);
DispBodyState disp_request_body_filled (DispRequestBody *self, gsize n, GError **error);
gboolean disp_request_body_is_kept (const DispRequestBody *self);
GBytes *disp_request_body_steal (DispRequestBody *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispRequestBody, disp_request_body_free)
