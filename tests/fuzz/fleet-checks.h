/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/fleet-document.h"

DispFleet *fuzz_check_fleet (const char *text, gsize length, DispDocumentFormat format);
