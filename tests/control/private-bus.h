/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

/* A message bus of its own, which anybody of this machine may join. */
typedef struct
{
  char *directory;      /* (owned) */
  char *address;        /* (owned) the same whenever it runs */
  GSubprocess *process; /* (owned) (nullable) while it runs */
} PrivateBus;

void private_bus_init (PrivateBus *self);
void private_bus_clear (PrivateBus *self);
void private_bus_start (PrivateBus *self);
void private_bus_kill (PrivateBus *self);

GDBusConnection *private_bus_join (PrivateBus *self);
GDBusConnection *private_bus_join_as (PrivateBus *self, uid_t user);
void private_bus_leave (GDBusConnection *connection);

/* Has the default context turn until it is so. */
#define spin_until(condition)                                                                      \
  while (!(condition))                                                                             \
  g_main_context_iteration (NULL, TRUE)

GVariant *bus_call (GDBusConnection *connection, const char *destination, const char *path,
                    const char *method, GVariant *parameters, GError **error);
GVariant *bus_get (GDBusConnection *connection, const char *destination, const char *path,
                   const char *interface, const char *property);
void bus_assert_error (GVariant *reply, const GError *error, const char *name, const char *words);
char *bus_dup_owner (GDBusConnection *connection, const char *name);
