/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* What a supervisor listens on: a real datagram socket. */
typedef struct
{
  char *directory; /* (owned) (nullable) of the path */
  char *address;   /* (owned) as NOTIFY_SOCKET has it */
  GSocket *socket; /* (owned) */
} Supervisor;

Supervisor *supervisor_new (gboolean is_abstract);
void supervisor_free (Supervisor *self);
void supervisor_assert_next (Supervisor *self, const char *expected);
void supervisor_assert_silent (Supervisor *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Supervisor, supervisor_free)
