/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/operations.h"
#include "engine/switchboard.h"

#define TYPE_FAKE_OPERATIONS (fake_operations_get_type ())
G_DECLARE_FINAL_TYPE (FakeOperations, fake_operations, FAKE, OPERATIONS, GObject)

FakeOperations *fake_operations_new (DispSwitchboard *switchboard);
char *fake_operations_take_calls (FakeOperations *self);
void fake_operations_fail (FakeOperations *self, int code, const char *message);
void fake_operations_finish (FakeOperations *self);
