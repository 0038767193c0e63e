/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/store.h"

#define TYPE_FAKE_STORE (fake_store_get_type ())
G_DECLARE_FINAL_TYPE (FakeStore, fake_store, FAKE, STORE, GObject)

FakeStore *fake_store_new (void);
void fake_store_fail (FakeStore *self, guint n_times, guint n_taken);
void fake_store_fail_at_random (FakeStore *self, guint32 seed);
void fake_store_hang (FakeStore *self, gboolean hangs);
void fake_store_fail_clears (FakeStore *self, guint n_times);
void fake_store_script_tidy (FakeStore *self, const gint64 *waits, guint n_waits);
void fake_store_set_delivery (FakeStore *self, const DispStoreValues *values, const char *problem);
void fake_store_refuse (FakeStore *self, guint n_records);
void fake_store_wait_for_records (FakeStore *self, guint n_records);
void fake_store_wait_for_batches (FakeStore *self, guint n_batches);
void fake_store_wait_for_clears (FakeStore *self, guint n_clears);
void fake_store_wait_for_tidies (FakeStore *self, guint n_tidies);
GPtrArray *fake_store_copy_records (FakeStore *self);
GArray *fake_store_copy_batches (FakeStore *self);
GArray *fake_store_copy_tidies (FakeStore *self, gint64 *tidied_at);
gint64 fake_store_get_patience (FakeStore *self);
