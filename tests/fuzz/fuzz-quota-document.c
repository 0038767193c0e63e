/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "wire/quota-document.h"

#include <math.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (DispQuotaChange) change = { 0 };
  g_autoptr (GError) error = NULL;

  if (!disp_quota_document_parse ((const char *) data, size, &change, &error))
    {
      g_assert_cmpint (error->domain, ==, DISP_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  g_assert_no_error (error);
  g_assert_true (change.container_id != NULL || change.container != NULL);
  g_assert_true (isfinite (change.quota) && change.quota >= 0);
  return 0;
}
