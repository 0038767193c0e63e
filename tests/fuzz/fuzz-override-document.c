/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "wire/override-document.h"

/* What is read can be written and read again, as the same. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) overrides = disp_override_document_parse ((const char *) data, size,
                                                                  &error);
  g_autoptr (GBytes) document = NULL;
  g_autoptr (GPtrArray) back = NULL;

  if (overrides == NULL)
    {
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  g_assert_no_error (error);
  document = disp_override_document_write (overrides);
  back = disp_override_document_parse (g_bytes_get_data (document, NULL),
                                       g_bytes_get_size (document), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (back->len, ==, overrides->len);
  for (guint i = 0; i < back->len; i++)
    {
      const DispOverride *override = g_ptr_array_index (back, i);
      const DispOverride *first = g_ptr_array_index (overrides, i);

      g_assert_cmpstr (override->container_id, ==, first->container_id);
      g_assert_cmpstr (override->container, ==, first->container);
      g_assert_cmpstr (override->node, ==, first->node);
      g_assert_cmpstr (override->endpoint, ==, first->endpoint);
      g_assert_cmpint (override->is_drained, ==, first->is_drained);
      g_assert_cmpint (override->has_quota, ==, first->has_quota);
      g_assert_true (override->quota == first->quota);
      g_assert_true (override->source_quota == first->source_quota);
    }
  return 0;
}
