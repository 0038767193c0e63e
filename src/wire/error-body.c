/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/error-body.h"

#include "wire/json-writer.h"

/**
 * disp_error_body_new:
 * @message: what went wrong
 *
 * Returns: (transfer full): the body of an answer that is an error, in the form of TensorFlow
 * Serving's: `{"error":"…"}`
 */
GBytes *
disp_error_body_new (const char *message)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_string (&writer, "error", message);
  disp_json_writer_end_object (&writer);
  return disp_json_writer_steal_bytes (&writer);
}
