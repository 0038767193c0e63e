/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls, and replay.c: a target aborts when what must hold does not. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
