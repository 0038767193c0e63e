/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

int disp_client_main (int argc, char **argv);
