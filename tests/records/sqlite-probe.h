/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

char *probe_query (const char *path, const char *sql);
void probe_check (const char *path, const char *sql, const char *expected);
void probe_execute (const char *path, const char *sql);
