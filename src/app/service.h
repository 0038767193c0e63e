/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/worker.h"

typedef struct _DispService DispService;

DispService *disp_service_open (char *const *addresses, guint n_threads, GError **error);
DispService *disp_service_adopt (const GArray *fds, guint n_threads, GError **error);
char *disp_service_find_open_socket (DispService *self);
void disp_service_start (DispService *self, const char *name, const DispWorkerSettings *settings);
GStrv disp_service_list_addresses (DispService *self);
void disp_service_announce (DispService *self, const char *what);
void disp_service_set_terms (DispService *self, DispTerms *terms);
void disp_service_add_heartbeats (DispService *self, GPtrArray *heartbeats);
void disp_service_drain (DispService *self);
void disp_service_abort (DispService *self);
void disp_service_quit (DispService *self);
void disp_service_free (DispService *self);
