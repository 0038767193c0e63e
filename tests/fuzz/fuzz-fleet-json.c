/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "fuzz/fleet-checks.h"
#include "wire/json-scanner.h"

static void
check_answer (GPtrArray *answer, const GError *error)
{
  if (answer == NULL)
    g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
  else
    g_assert_no_error (error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = (const char *) data;
  g_autoptr (DispFleet) fleet = fuzz_check_fleet (text, size, DISP_DOCUMENT_JSON);
  g_autoptr (GError) models_error = NULL;
  g_autoptr (GError) containers_error = NULL;
  g_autoptr (GPtrArray) models = disp_fleet_document_parse_models (text, size, &models_error);
  g_autoptr (GPtrArray) containers = disp_fleet_document_parse_containers (text, size,
                                                                           &containers_error);

  check_answer (models, models_error);
  check_answer (containers, containers_error);
  /* A document is an object, an answer a list; and both are JSON. */
  g_assert_false (fleet != NULL && models != NULL);
  if (fleet != NULL || models != NULL || containers != NULL)
    g_assert_true (disp_json_check (text, size, DISP_FLEET_DOCUMENT_MAX_DEPTH, NULL));
  return 0;
}
