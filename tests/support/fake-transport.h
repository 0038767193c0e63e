/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/transport.h"

#define TYPE_FAKE_TRANSPORT (fake_transport_get_type ())
G_DECLARE_FINAL_TYPE (FakeTransport, fake_transport, FAKE, TRANSPORT, GObject)

/**
 * FakeCall:
 *
 * What a fake transport was asked to send.
 */
typedef struct
{
  DispContainer *container;  /* (owned) */
  DispRequest *request;      /* (owned) */
  char *path;                /* (owned) */
  GCancellable *cancellable; /* (owned) (nullable) */
  GTask *task;               /* (owned) (nullable) while nobody has answered it */
  gulong cancelled_id;
} FakeCall;

FakeTransport *fake_transport_new (void);
guint fake_transport_count_calls (FakeTransport *self);
guint fake_transport_count_open (FakeTransport *self);
const FakeCall *fake_transport_get_call (FakeTransport *self, guint index);
void fake_transport_answer (FakeTransport *self, guint index, guint status, const char *body);
void fake_transport_fail (FakeTransport *self, guint index, const char *message);
void fake_transport_fail_with (FakeTransport *self, guint index, int code, const char *message);
void fake_transport_set_stubborn (FakeTransport *self, gboolean stubborn);
void fake_transport_set_immediate (FakeTransport *self, const char *body);
