/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/open-store.h"

#include "app/credential.h"
#include "records/http-store.h"
#include "records/null-store.h"
#include "records/sqlite-store.h"

#include <string.h>

#define RECORDS_FILE "records.db"
#define SPOOL_FILE "spool.db"
#define SQLITE_PREFIX "sqlite:"

/**
 * disp_config_dup_store_path:
 * @config: a checked configuration
 *
 * Returns: (transfer full) (nullable): the SQLite file of the records; %NULL if they are elsewhere
 */
char *
disp_config_dup_store_path (const DispConfig *config)
{
  if (g_str_equal (config->requests_store, "sqlite"))
    return g_build_filename (config->state_dir, RECORDS_FILE, NULL);
  if (g_str_has_prefix (config->requests_store, SQLITE_PREFIX))
    return g_strdup (config->requests_store + strlen (SQLITE_PREFIX));
  return NULL;
}

static DispStore *
open_elsewhere (const DispConfig *config, DispClock *clock, DispNotice *notice, GError **error)
{
  g_autofree char *spool = g_build_filename (config->state_dir, SPOOL_FILE, NULL);
  g_autofree char *authorization = NULL;
  DispHttpStoreSettings settings = {
    .spool_path = spool,
    .spool_limit = config->spool_limit,
    .coalesces = config->coalesces,
    .committed = config->is_committed,
  };

  if (!disp_credential_read (DISP_CREDENTIAL_STORE, &authorization, error))
    return NULL;
  settings.authorization = authorization;
  return disp_http_store_new (config->requests_store, &settings, clock, notice, error);
}

/**
 * disp_config_open_store:
 * @config: a checked configuration
 * @clock: the clock, which other threads may ask too
 * @notice: (nullable): is touched when the problem of the store changes
 * @error: %DISP_ERROR_STORE, or %DISP_ERROR_INVALID_CONFIG when the store cannot be what it says
 *
 * Opens the store that the operator chose.
 *
 * Returns: (transfer full) (nullable): the store
 */
DispStore *
disp_config_open_store (const DispConfig *config, DispClock *clock, DispNotice *notice,
                        GError **error)
{
  const DispSqliteStoreSettings settings = {
    .committed = config->is_committed,
    .max_age = config->retention_age,
    .max_size = config->retention_size,
  };
  g_autofree char *path = disp_config_dup_store_path (config);

  if (path != NULL)
    return disp_sqlite_store_new (path, &settings, error);
  if (g_str_equal (config->requests_store, "none"))
    return disp_null_store_new ();
  return open_elsewhere (config, clock, notice, error);
}

/**
 * disp_config_adjust_store:
 * @config: the configuration in force
 * @store: the store that was opened
 *
 * Gives the store what may change while it is used.
 */
void
disp_config_adjust_store (const DispConfig *config, DispStore *store)
{
  if (DISP_IS_SQLITE_STORE (store))
    disp_sqlite_store_set_limits (DISP_SQLITE_STORE (store), config->retention_age,
                                  config->retention_size);
  else if (DISP_IS_HTTP_STORE (store))
    disp_http_store_set_limits (DISP_HTTP_STORE (store), config->spool_limit, config->coalesces);
}
