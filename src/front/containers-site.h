/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/fleet-editor.h"
#include "engine/switchboard.h"
#include "front/site.h"

#define DISP_TYPE_CONTAINERS_SITE (disp_containers_site_get_type ())
G_DECLARE_FINAL_TYPE (DispContainersSite, disp_containers_site, DISP, CONTAINERS_SITE, GObject)

DispSite *disp_containers_site_new (DispSwitchboard *switchboard, DispFleetEditor *editor);
