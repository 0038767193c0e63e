/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Forward declarations of the types that headers name before they need their layout. */

#include <glib.h>

typedef struct _DispContainer DispContainer;
typedef struct _DispFleet DispFleet;
typedef struct _DispModel DispModel;

typedef struct _DispPolicySpec DispPolicySpec;
typedef struct _DispRecord DispRecord;
typedef struct _DispRequest DispRequest;
typedef struct _DispRoute DispRoute;
typedef struct _DispRouting DispRouting;
typedef struct _DispStats DispStats;
