/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/check-subject.h"

void disp_check_line_enter (GSequence *line, DispCheckSubject *subject, gint64 due);
void disp_check_line_hurry (GSequence *line, DispCheckSubject *subject, gint64 due);
void disp_check_line_leave (DispCheckSubject *subject);
DispCheckSubject *disp_check_line_peek (GSequence *line);
