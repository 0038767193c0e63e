/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/scripted-server.h"

/* What a fake remote does with the posts from @from on, until the next step. */
typedef struct
{
  guint from;
  guint status; /* 0 = no answer at all */
  ScriptedAction action;
  const char *fields; /* (nullable) more of the head, each with CR LF */
} RemoteStep;

typedef struct _FakeRemote FakeRemote;

FakeRemote *fake_remote_new (void);
void fake_remote_free (FakeRemote *self);
const char *fake_remote_get_url (FakeRemote *self);
const char *fake_remote_get_address (FakeRemote *self);
void fake_remote_set_steps (FakeRemote *self, const RemoteStep *steps, guint n_steps);
void fake_remote_dislike (FakeRemote *self, guint number, guint status);
void fake_remote_hold (FakeRemote *self, gboolean hold);
void fake_remote_wait_for_posts (FakeRemote *self, guint n);
void fake_remote_wait_for_accepted (FakeRemote *self, guint n);
guint fake_remote_count_posts (FakeRemote *self);
guint fake_remote_count_accepted (FakeRemote *self);
guint fake_remote_count_connections (FakeRemote *self);
guint fake_remote_count_held (FakeRemote *self);
guint fake_remote_get_most (FakeRemote *self);
void fake_remote_check_accepted (FakeRemote *self, const char *expected);
void fake_remote_check_each_once (FakeRemote *self, guint n, const char *states);
void fake_remote_check_each_reached (FakeRemote *self, guint n, char state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeRemote, fake_remote_free)
