/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispSpan:
 *
 * Bytes of a text of somebody else, without a NUL behind them.
 */
typedef struct
{
  const char *start; /* (unowned) */
  gsize length;
} DispSpan;

gboolean disp_span_is (DispSpan self, const char *text);
gboolean disp_span_is_any_case (DispSpan self, const char *text);
char *disp_span_quote (DispSpan self);

void disp_span_skip (DispSpan *self, gsize n);
void disp_span_skip_space (DispSpan *self);
gboolean disp_span_take (DispSpan *self, char wanted);
DispSpan disp_span_take_until (DispSpan *self, char end);
DispSpan disp_span_take_token (DispSpan *self);
gboolean disp_span_take_quoted (DispSpan *self);

gboolean disp_char_is_control (char c);
gboolean disp_char_is_token (char c);
gboolean disp_char_is_in_name (char c);
gsize disp_span_measure_encoded (DispSpan self);

gboolean disp_http_fail (GError **error, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);
