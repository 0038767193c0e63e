/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/store.h"

#define DISP_TYPE_NULL_STORE (disp_null_store_get_type ())
G_DECLARE_FINAL_TYPE (DispNullStore, disp_null_store, DISP, NULL_STORE, GObject)

DispStore *disp_null_store_new (void);
