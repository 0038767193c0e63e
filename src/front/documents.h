/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/switchboard.h"
#include "engine/transport.h"

DispAnswer *disp_document_status (DispSwitchboard *switchboard);
DispAnswer *disp_document_live (void);
DispAnswer *disp_document_ready (DispSwitchboard *switchboard);
DispAnswer *disp_document_models (DispSwitchboard *switchboard);
