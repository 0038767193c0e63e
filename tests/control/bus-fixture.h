/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "control/bus-service.h"
#include "control/fake-operations.h"
#include "control/private-bus.h"
#include "support/fake-clock.h"
#include "support/fake-sink.h"

#define ROOT "org.dispatcherd.Dispatcher1"
#define MODEL "org.dispatcherd.Model1"
#define CONTAINER "org.dispatcherd.Container1"

/* A service on a bus of its own, with a switchboard behind it, and a client.  Everything but the
 * bus runs on the default context.  The switchboard serves with 2 workers. */
typedef struct
{
  PrivateBus bus;
  FakeClock *clock;             /* (owned) */
  FakeSink *sink;               /* (owned) */
  DispSwitchboard *switchboard; /* (owned) */
  FakeOperations *operations;   /* (owned) */
  DispAuthority *authority;     /* (owned) */
  DispBusService *service;      /* (owned) (nullable) */
  GDBusConnection *client;      /* (owned) */
  char *name;                   /* (owned) the unique name of the service */
  GPtrArray *signals;           /* (owned) (element-type utf8, owned) what the client was told */
} BusFixture;

void bus_fixture_set_up (BusFixture *self, gconstpointer owner);
void bus_fixture_tear_down (BusFixture *self, gconstpointer unused);
void bus_fixture_wait_for_name (BusFixture *self);

GVariant *bus_fixture_call (BusFixture *self, const char *path, const char *method,
                            GVariant *parameters, GError **error);
void bus_fixture_do (BusFixture *self, const char *path, const char *method, GVariant *parameters);
GVariant *bus_fixture_set (BusFixture *self, const char *path, const char *interface,
                           const char *property, GVariant *value, GError **error);
void bus_fixture_assert (BusFixture *self, const char *path, const char *interface,
                         const char *property, const char *text);
void bus_fixture_assert_calls (BusFixture *self, const char *calls);
void bus_fixture_assert_no_signal (BusFixture *self);
void bus_fixture_check_signals (BusFixture *self, const char *const *expected);
/* Takes the signals one by one, and NULL after the last. */
#define bus_fixture_assert_signals(self, ...)                                                      \
  bus_fixture_check_signals ((self), (const char *const[]){ __VA_ARGS__ })
