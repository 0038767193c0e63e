/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "wire/status-document.h"

#include <string.h>

/* With wanted versions it must be the same document, and cannot be available more easily. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const gint64 wanted[] = { 1, 7 };
  const char *text = (const char *) data;
  g_autofree char *any_state = NULL;
  g_autofree char *state = NULL;
  g_autoptr (GError) error = NULL;
  gboolean any;
  gboolean available;

  disp_status_document_is_missing (text, size, "m");
  if (!disp_status_document_parse (text, size, NULL, 0, &any, &any_state, &error))
    {
      g_assert_cmpint (error->domain, ==, DISP_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_false (disp_status_document_parse (text, size, wanted, 2, &available, &state, NULL));
      return 0;
    }
  g_assert_no_error (error);
  g_assert_true (disp_status_document_parse (text, size, wanted, 2, &available, &state, &error));
  g_assert_true (any || !available);
  g_assert_true (any_state != NULL || state == NULL);
  g_assert_cmpint (any, ==, g_strcmp0 (any_state, "AVAILABLE") == 0);
  g_assert_cmpint (available, ==, g_strcmp0 (state, "AVAILABLE") == 0);
  g_assert_true (any_state == NULL || strlen (any_state) <= 32);
  return 0;
}
