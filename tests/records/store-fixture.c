/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/store-fixture.h"

#include "records/fixture.h"
#include "records/sqlite-probe.h"

/**
 * store_fixture_set_up:
 * @self: (out caller-allocates): a fixture
 * @data: not used; as GTest calls it
 *
 * Finds a place for a store, which is not opened yet.
 */
void
store_fixture_set_up (StoreFixture *self, G_GNUC_UNUSED gconstpointer data)
{
  self->directory = fixture_directory ();
  self->path = g_build_filename (self->directory, "state", "records.db", NULL);
}

/**
 * store_fixture_tear_down:
 * @self: a fixture
 * @data: not used; as GTest calls it
 */
void
store_fixture_tear_down (StoreFixture *self, G_GNUC_UNUSED gconstpointer data)
{
  store_fixture_close (self);
  g_free (self->path);
  fixture_remove_directory (self->directory);
}

/**
 * store_fixture_open:
 * @self: a fixture whose store is not open
 * @settings: (nullable): its settings
 */
void
store_fixture_open (StoreFixture *self, const DispSqliteStoreSettings *settings)
{
  g_autoptr (GError) error = NULL;

  self->store = disp_sqlite_store_new (self->path, settings, &error);
  g_assert_no_error (error);
}

/**
 * store_fixture_close:
 * @self: a fixture
 *
 * Frees the store, if it is open, and checks that nobody keeps it.
 */
void
store_fixture_close (StoreFixture *self)
{
  if (self->store != NULL)
    g_assert_finalize_object (self->store);
  self->store = NULL;
}

/**
 * store_fixture_check:
 * @self: a fixture
 * @sql: a query
 * @expected: what it has to give, see probe_check()
 */
void
store_fixture_check (StoreFixture *self, const char *sql, const char *expected)
{
  probe_check (self->path, sql, expected);
}
