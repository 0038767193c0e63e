/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "fuzz/fleet-checks.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  DispFleet *fleet = fuzz_check_fleet ((const char *) data, size, DISP_DOCUMENT_YAML);

  g_clear_pointer (&fleet, disp_fleet_unref);
  return 0;
}
