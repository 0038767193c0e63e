/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/sqlite-store.h"

/* A store in a file of its own. */
typedef struct
{
  char *directory;  /* (owned) */
  char *path;       /* (owned) where nothing is yet, nor its directory */
  DispStore *store; /* (owned) (nullable) while it is open */
} StoreFixture;

void store_fixture_set_up (StoreFixture *self, gconstpointer data);
void store_fixture_tear_down (StoreFixture *self, gconstpointer data);
void store_fixture_open (StoreFixture *self, const DispSqliteStoreSettings *settings);
void store_fixture_close (StoreFixture *self);
void store_fixture_check (StoreFixture *self, const char *sql, const char *expected);
