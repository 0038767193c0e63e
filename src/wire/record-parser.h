/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"
#include "wire/json-scanner.h"

DispRecord *disp_record_parser_read (DispJsonScanner *scanner, GError **error);
