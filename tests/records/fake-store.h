/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/store.h"

#define TYPE_FAKE_STORE (fake_store_get_type ())
G_DECLARE_FINAL_TYPE (FakeStore, fake_store, FAKE, STORE, GObject)

FakeStore *fake_store_new (void);
void fake_store_fail (FakeStore *self, guint n_times, guint n_taken);
void fake_store_hang (FakeStore *self);
void fake_store_refuse (FakeStore *self, guint n_records);
void fake_store_wait_for_records (FakeStore *self, guint n_records);
void fake_store_wait_for_batches (FakeStore *self, guint n_batches);
GPtrArray *fake_store_copy_records (FakeStore *self);
GArray *fake_store_copy_batches (FakeStore *self);
