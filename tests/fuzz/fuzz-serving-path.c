/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "wire/serving-path.h"

#include <string.h>

static void
assert_same (const DispServingTarget *first, const DispServingTarget *second)
{
  g_assert_cmpstr (first->model, ==, second->model);
  g_assert_cmpint (first->version.kind, ==, second->version.kind);
  g_assert_cmpint (first->version.number, ==, second->version.number);
  g_assert_cmpstr (first->version.label, ==, second->version.label);
  g_assert_cmpint (first->verb, ==, second->verb);
}

/* What was read and written names the same when it is read again, and is written the same. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *path = g_strndup ((const char *) data, size);
  g_auto (DispServingTarget) first = { 0 };
  g_auto (DispServingTarget) second = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *built = NULL;
  g_autofree char *rebuilt = NULL;

  if (!disp_serving_path_parse (path, &first, &error))
    {
      g_assert_error (error, DISP_ERROR, DISP_ERROR_NOT_FOUND);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  g_assert_cmpuint (strlen (first.model), >, 0);
  g_assert_true (g_utf8_validate (first.model, -1, NULL));
  built = disp_serving_path_build (DISP_VERSION_PATH_EXACT, first.model, &first.version, 0,
                                   first.verb);
  g_assert_true (g_str_is_ascii (built));
  g_assert_true (disp_serving_path_parse (built, &second, NULL));
  assert_same (&first, &second);
  rebuilt = disp_serving_path_build (DISP_VERSION_PATH_EXACT, second.model, &second.version, 0,
                                     second.verb);
  g_assert_cmpstr (rebuilt, ==, built);
  return 0;
}
