/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/setting-value.h"

/* The section whose keys are models, each with the probabilities of its containers. */
#define DISP_PROBABILITIES_GROUP "probabilities"

/**
 * DispSetting:
 *
 * Every setting, in the order of the configuration file.
 */
typedef enum
{
  DISP_SETTING_LISTEN,
  DISP_SETTING_TOKEN_FILE,
  DISP_SETTING_SERVER_ALLOW_OPEN,
  DISP_SETTING_REQUEST_RATE,
  DISP_SETTING_REQUEST_BURST,
  DISP_SETTING_TLS_CERTIFICATE,
  DISP_SETTING_TLS_KEY,
  DISP_SETTING_TLS_CLIENT_CERTIFICATE,
  DISP_SETTING_TLS_CLIENT_CA,
  DISP_SETTING_WORKERS,
  DISP_SETTING_MAX_CONNECTIONS,
  DISP_SETTING_MAX_CONNECTIONS_PER_CLIENT,
  DISP_SETTING_BODY_LIMIT,
  DISP_SETTING_BODY_MEMORY,
  DISP_SETTING_HEAD_TIMEOUT,
  DISP_SETTING_BODY_TIMEOUT,
  DISP_SETTING_WRITE_TIMEOUT,
  DISP_SETTING_MIN_RATE,
  DISP_SETTING_CLIENT_IDLE_TIMEOUT,
  DISP_SETTING_HALF_CLOSE,
  DISP_SETTING_DRAIN_TIMEOUT,
  DISP_SETTING_STATE_DIR,
  DISP_SETTING_VERBOSE,
  DISP_SETTING_SOURCE,
  DISP_SETTING_FLEET,
  DISP_SETTING_CONTAINERS_MANAGER,
  DISP_SETTING_REFRESH_INTERVAL,
  DISP_SETTING_POLICY,
  DISP_SETTING_SHADOW_POLICY,
  DISP_SETTING_TIMEOUT,
  DISP_SETTING_ATTEMPT_TIMEOUT,
  DISP_SETTING_RETRIES,
  DISP_SETTING_NOT_IDEMPOTENT,
  DISP_SETTING_HEDGE,
  DISP_SETTING_MAX_IN_FLIGHT,
  DISP_SETTING_QUEUE_POLICY,
  DISP_SETTING_DISPATCH_QUEUE_LIMIT,
  DISP_SETTING_DISPATCH_QUEUE_BYTES,
  DISP_SETTING_QUEUE_TIMEOUT,
  DISP_SETTING_CONNECT_TIMEOUT,
  DISP_SETTING_IDLE_TIMEOUT,
  DISP_SETTING_ANSWER_LIMIT,
  DISP_SETTING_VERSION_PATH,
  DISP_SETTING_HEALTH_INTERVAL,
  DISP_SETTING_HEALTH_PATH,
  DISP_SETTING_STICKY_HEADER,
  DISP_SETTING_STICKY_LOAD_FACTOR,
  DISP_SETTING_REQUESTS_STORE,
  DISP_SETTING_DURABILITY,
  DISP_SETTING_FLUSH_INTERVAL,
  DISP_SETTING_QUEUE_LIMIT,
  DISP_SETTING_QUEUE_BYTES,
  DISP_SETTING_OVERFLOW,
  DISP_SETTING_PAYLOAD_LIMIT,
  DISP_SETTING_RETENTION_AGE,
  DISP_SETTING_RETENTION_SIZE,
  DISP_SETTING_SPOOL_LIMIT,
  DISP_SETTING_COALESCE,
  DISP_SETTING_REQUESTS_STORE_LISTEN,
  DISP_SETTING_CONTAINERS_MANAGER_LISTEN,
  DISP_SETTING_ALLOW_OPEN,
  DISP_SETTING_BUS,
  DISP_SETTING_PERSIST,
  DISP_N_SETTINGS /*< skip >*/
} DispSetting;

/**
 * DispSettingScope:
 * @DISP_SETTING_RELOADED: a reload changes it
 * @DISP_SETTING_RESTARTED: it stays as it was when the daemon started
 *
 * When a setting that was changed in a configuration file comes into force.
 */
typedef enum
{
  DISP_SETTING_RELOADED,
  DISP_SETTING_RESTARTED,
} DispSettingScope;

/**
 * DispSettingRow:
 * @name: its name, which is its flag and, in capitals, its environment variable
 * @group: its section in a configuration file
 * @key: its key there
 * @parse: makes its value of a text
 * @offset: of the value in #DispConfig
 * @fallback: (nullable): its default; %NULL if that depends on where the daemon runs
 * @scope: when another value comes into force
 *
 * What is known of a setting.
 */
typedef struct
{
  const char *name;
  const char *group;
  const char *key;
  DispSettingParse parse;
  gsize offset;
  const char *fallback;
  DispSettingScope scope;
} DispSettingRow;

const DispSettingRow *disp_setting_get_row (DispSetting setting);
gboolean disp_setting_find (const char *group, const char *key, DispSetting *setting);
char *disp_setting_list (const char *group);
