/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/setting.h"

#include "app/config.h"
#include "app/setting-number.h"

#define VALUE(field) G_STRUCT_OFFSET (DispConfig, field)

static const DispSettingRow setting_rows[] = {
  [DISP_SETTING_LISTEN] = { "listen", "server", "listen", disp_setting_parse_listen, VALUE (listen),
                            "127.0.0.1:8000", DISP_SETTING_RESTARTED },
  [DISP_SETTING_TOKEN_FILE] = { "token-file", "server", "token-file", disp_setting_parse_string,
                                VALUE (token_file), "", DISP_SETTING_RELOADED },
  [DISP_SETTING_SERVER_ALLOW_OPEN] = { "server-allow-open", "server", "allow-open",
                                       disp_setting_parse_boolean, VALUE (server_allow_open), "no",
                                       DISP_SETTING_RELOADED },
  [DISP_SETTING_REQUEST_RATE] = { "request-rate", "server", "request-rate",
                                  disp_setting_parse_request_rate, VALUE (request_rate), "0",
                                  DISP_SETTING_RELOADED },
  [DISP_SETTING_REQUEST_BURST] = { "request-burst", "server", "request-burst",
                                   disp_setting_parse_request_burst, VALUE (request_burst), "auto",
                                   DISP_SETTING_RELOADED },
  [DISP_SETTING_TLS_CERTIFICATE] = { "tls-certificate", "server", "tls-certificate",
                                     disp_setting_parse_string, VALUE (tls_certificate), "",
                                     DISP_SETTING_RELOADED },
  [DISP_SETTING_TLS_KEY] = { "tls-key", "server", "tls-key", disp_setting_parse_string,
                             VALUE (tls_key), "", DISP_SETTING_RELOADED },
  [DISP_SETTING_TLS_CLIENT_CERTIFICATE]
  = { "tls-client-certificate", "server", "tls-client-certificate",
      disp_setting_parse_client_certificate, VALUE (tls_client_certificate), "none",
      DISP_SETTING_RELOADED },
  [DISP_SETTING_TLS_CLIENT_CA] = { "tls-client-ca", "server", "tls-client-ca",
                                   disp_setting_parse_string, VALUE (tls_client_ca), "",
                                   DISP_SETTING_RELOADED },
  [DISP_SETTING_WORKERS] = { "workers", "server", "workers", disp_setting_parse_workers,
                             VALUE (workers), "auto", DISP_SETTING_RESTARTED },
  [DISP_SETTING_MAX_CONNECTIONS] = { "max-connections", "server", "max-connections",
                                     disp_setting_parse_max_connections, VALUE (max_connections),
                                     "auto", DISP_SETTING_RELOADED },
  [DISP_SETTING_MAX_CONNECTIONS_PER_CLIENT]
  = { "max-connections-per-client", "server", "max-connections-per-client",
      disp_setting_parse_count_or_none, VALUE (max_connections_per_client), "0",
      DISP_SETTING_RELOADED },
  [DISP_SETTING_BODY_LIMIT] = { "body-limit", "server", "body-limit", disp_setting_parse_size,
                                VALUE (body_limit), "64M", DISP_SETTING_RELOADED },
  [DISP_SETTING_BODY_MEMORY] = { "body-memory", "server", "body-memory", disp_setting_parse_space,
                                 VALUE (body_memory), "512M", DISP_SETTING_RELOADED },
  [DISP_SETTING_HEAD_TIMEOUT] = { "head-timeout", "server", "head-timeout",
                                  disp_setting_parse_duration, VALUE (head_timeout), "10s",
                                  DISP_SETTING_RELOADED },
  [DISP_SETTING_BODY_TIMEOUT] = { "body-timeout", "server", "body-timeout",
                                  disp_setting_parse_duration, VALUE (body_timeout), "10s",
                                  DISP_SETTING_RELOADED },
  [DISP_SETTING_WRITE_TIMEOUT] = { "write-timeout", "server", "write-timeout",
                                   disp_setting_parse_duration, VALUE (write_timeout), "30s",
                                   DISP_SETTING_RELOADED },
  [DISP_SETTING_MIN_RATE] = { "min-rate", "server", "min-rate", disp_setting_parse_min_rate,
                              VALUE (min_rate), "1000", DISP_SETTING_RELOADED },
  [DISP_SETTING_CLIENT_IDLE_TIMEOUT] = { "client-idle-timeout", "server", "client-idle-timeout",
                                         disp_setting_parse_duration, VALUE (client_idle_timeout),
                                         "75s", DISP_SETTING_RELOADED },
  [DISP_SETTING_HALF_CLOSE] = { "half-close", "server", "half-close", disp_setting_parse_half_close,
                                VALUE (allows_half_close), "close", DISP_SETTING_RELOADED },
  [DISP_SETTING_DRAIN_TIMEOUT] = { "drain-timeout", "server", "drain-timeout",
                                   disp_setting_parse_duration, VALUE (drain_timeout), "20s",
                                   DISP_SETTING_RELOADED },
  [DISP_SETTING_STATE_DIR] = { "state-dir", "server", "state-dir", disp_setting_parse_directory,
                               VALUE (state_dir), NULL, DISP_SETTING_RESTARTED },
  [DISP_SETTING_VERBOSE] = { "verbose", "server", "verbose", disp_setting_parse_boolean,
                             VALUE (verbose), "no", DISP_SETTING_RELOADED },
  [DISP_SETTING_SOURCE] = { "source", "fleet", "source", disp_setting_parse_source, VALUE (source),
                            "none", DISP_SETTING_RELOADED },
  [DISP_SETTING_FLEET] = { "fleet", "fleet", "file", disp_setting_parse_string, VALUE (fleet), "",
                           DISP_SETTING_RELOADED },
  [DISP_SETTING_CONTAINERS_MANAGER] = { "containers-manager", "fleet", "url",
                                        disp_setting_parse_manager, VALUE (containers_manager), "",
                                        DISP_SETTING_RELOADED },
  [DISP_SETTING_REFRESH_INTERVAL] = { "refresh-interval", "fleet", "refresh-interval",
                                      disp_setting_parse_duration, VALUE (refresh_interval), "5s",
                                      DISP_SETTING_RELOADED },
  [DISP_SETTING_POLICY] = { "policy", "dispatch", "policy", disp_setting_parse_policy,
                            VALUE (policy), "round-robin", DISP_SETTING_RELOADED },
  [DISP_SETTING_SHADOW_POLICY] = { "shadow-policy", "dispatch", "shadow-policy",
                                   disp_setting_parse_shadow_policy, VALUE (shadow_policy), "none",
                                   DISP_SETTING_RELOADED },
  [DISP_SETTING_TIMEOUT] = { "timeout", "dispatch", "timeout", disp_setting_parse_duration,
                             VALUE (timeout), "30s", DISP_SETTING_RELOADED },
  [DISP_SETTING_ATTEMPT_TIMEOUT] = { "attempt-timeout", "dispatch", "attempt-timeout",
                                     disp_setting_parse_attempt_timeout, VALUE (attempt_timeout),
                                     "auto", DISP_SETTING_RELOADED },
  [DISP_SETTING_RETRIES] = { "retries", "dispatch", "retries", disp_setting_parse_retries,
                             VALUE (retries), "1", DISP_SETTING_RELOADED },
  [DISP_SETTING_NOT_IDEMPOTENT] = { "not-idempotent", "dispatch", "not-idempotent",
                                    disp_setting_parse_list, VALUE (not_idempotent), "",
                                    DISP_SETTING_RELOADED },
  [DISP_SETTING_HEDGE] = { "hedge", "dispatch", "hedge", disp_setting_parse_list, VALUE (hedge), "",
                           DISP_SETTING_RELOADED },
  [DISP_SETTING_MAX_IN_FLIGHT] = { "max-in-flight", "dispatch", "max-in-flight",
                                   disp_setting_parse_max_in_flight, VALUE (max_in_flight), "auto",
                                   DISP_SETTING_RELOADED },
  [DISP_SETTING_QUEUE_POLICY] = { "queue-policy", "dispatch", "queue-policy",
                                  disp_setting_parse_queue_policy, VALUE (queue_policy), "deadline",
                                  DISP_SETTING_RELOADED },
  [DISP_SETTING_DISPATCH_QUEUE_LIMIT]
  = { "dispatch-queue-limit", "dispatch", "queue-limit", disp_setting_parse_count_or_nothing,
      VALUE (dispatch_queue_limit), "1000", DISP_SETTING_RELOADED },
  [DISP_SETTING_DISPATCH_QUEUE_BYTES] = { "dispatch-queue-bytes", "dispatch", "queue-bytes",
                                          disp_setting_parse_space, VALUE (dispatch_queue_bytes),
                                          "256M", DISP_SETTING_RELOADED },
  [DISP_SETTING_QUEUE_TIMEOUT] = { "queue-timeout", "dispatch", "queue-timeout",
                                   disp_setting_parse_queue_timeout, VALUE (queue_timeout), "0",
                                   DISP_SETTING_RELOADED },
  [DISP_SETTING_CONNECT_TIMEOUT] = { "connect-timeout", "dispatch", "connect-timeout",
                                     disp_setting_parse_duration, VALUE (connect_timeout), "2s",
                                     DISP_SETTING_RELOADED },
  [DISP_SETTING_IDLE_TIMEOUT] = { "idle-timeout", "dispatch", "idle-timeout",
                                  disp_setting_parse_duration, VALUE (idle_timeout), "30s",
                                  DISP_SETTING_RELOADED },
  [DISP_SETTING_ANSWER_LIMIT] = { "answer-limit", "dispatch", "answer-limit",
                                  disp_setting_parse_size, VALUE (answer_limit), "256M",
                                  DISP_SETTING_RELOADED },
  [DISP_SETTING_VERSION_PATH] = { "version-path", "dispatch", "version-path",
                                  disp_setting_parse_version_path, VALUE (version_path), "exact",
                                  DISP_SETTING_RELOADED },
  [DISP_SETTING_HEALTH_INTERVAL] = { "health-interval", "dispatch", "health-interval",
                                     disp_setting_parse_health_interval, VALUE (health_interval),
                                     "5s", DISP_SETTING_RELOADED },
  [DISP_SETTING_HEALTH_PATH] = { "health-path", "dispatch", "health-path",
                                 disp_setting_parse_health_path, VALUE (health_path), "",
                                 DISP_SETTING_RELOADED },
  [DISP_SETTING_STICKY_HEADER] = { "sticky-header", "sticky", "header", disp_setting_parse_header,
                                   VALUE (sticky_header), "", DISP_SETTING_RELOADED },
  [DISP_SETTING_STICKY_LOAD_FACTOR] = { "sticky-load-factor", "sticky", "load-factor",
                                        disp_setting_parse_load_factor, VALUE (sticky_load_factor),
                                        "1.25", DISP_SETTING_RELOADED },
  [DISP_SETTING_REQUESTS_STORE] = { "requests-store", "records", "store", disp_setting_parse_store,
                                    VALUE (requests_store), "sqlite", DISP_SETTING_RESTARTED },
  [DISP_SETTING_DURABILITY] = { "durability", "records", "durability",
                                disp_setting_parse_durability, VALUE (is_committed), "relaxed",
                                DISP_SETTING_RESTARTED },
  [DISP_SETTING_FLUSH_INTERVAL] = { "flush-interval", "records", "flush-interval",
                                    disp_setting_parse_duration, VALUE (flush_interval), "50ms",
                                    DISP_SETTING_RELOADED },
  [DISP_SETTING_QUEUE_LIMIT] = { "queue-limit", "records", "queue-limit", disp_setting_parse_count,
                                 VALUE (queue_limit), "100000", DISP_SETTING_RELOADED },
  [DISP_SETTING_QUEUE_BYTES] = { "queue-bytes", "records", "queue-bytes", disp_setting_parse_space,
                                 VALUE (queue_bytes), "256M", DISP_SETTING_RELOADED },
  [DISP_SETTING_OVERFLOW] = { "overflow", "records", "overflow", disp_setting_parse_overflow,
                              VALUE (drops_records), "refuse", DISP_SETTING_RELOADED },
  [DISP_SETTING_PAYLOAD_LIMIT] = { "payload-limit", "records", "payload-limit",
                                   disp_setting_parse_payload_limit, VALUE (payload_limit), "64K",
                                   DISP_SETTING_RELOADED },
  [DISP_SETTING_RETENTION_AGE] = { "retention-age", "records", "retention-age",
                                   disp_setting_parse_retention_age, VALUE (retention_age), "0",
                                   DISP_SETTING_RELOADED },
  [DISP_SETTING_RETENTION_SIZE] = { "retention-size", "records", "retention-size",
                                    disp_setting_parse_retention_size, VALUE (retention_size), "0",
                                    DISP_SETTING_RELOADED },
  [DISP_SETTING_SPOOL_LIMIT] = { "spool-limit", "records", "spool-limit", disp_setting_parse_space,
                                 VALUE (spool_limit), "1G", DISP_SETTING_RELOADED },
  [DISP_SETTING_COALESCE] = { "coalesce", "records", "coalesce", disp_setting_parse_boolean,
                              VALUE (coalesces), "yes", DISP_SETTING_RELOADED },
  [DISP_SETTING_REQUESTS_STORE_LISTEN]
  = { "requests-store-listen", "embedded", "requests-store-listen",
      disp_setting_parse_listen_or_none, VALUE (requests_store_listen), "",
      DISP_SETTING_RESTARTED },
  [DISP_SETTING_CONTAINERS_MANAGER_LISTEN]
  = { "containers-manager-listen", "embedded", "containers-manager-listen",
      disp_setting_parse_listen_or_none, VALUE (containers_manager_listen), "",
      DISP_SETTING_RESTARTED },
  [DISP_SETTING_ALLOW_OPEN] = { "allow-open", "embedded", "allow-open", disp_setting_parse_boolean,
                                VALUE (allow_open), "no", DISP_SETTING_RESTARTED },
  [DISP_SETTING_BUS] = { "bus", "bus", "bus", disp_setting_parse_bus, VALUE (bus), "auto",
                         DISP_SETTING_RESTARTED },
  [DISP_SETTING_PERSIST] = { "persist", "bus", "persist", disp_setting_parse_boolean,
                             VALUE (persists), "yes", DISP_SETTING_RESTARTED },
};

G_STATIC_ASSERT (G_N_ELEMENTS (setting_rows) == DISP_N_SETTINGS);

/**
 * disp_setting_get_row:
 * @setting: a setting
 *
 * Returns: (transfer none): what is known of it
 */
const DispSettingRow *
disp_setting_get_row (DispSetting setting)
{
  g_return_val_if_fail (setting < DISP_N_SETTINGS, NULL);
  return &setting_rows[setting];
}

/**
 * disp_setting_find:
 * @group: a section
 * @key: a key in it
 * @setting: (out): the setting
 *
 * Returns: whether there is such a setting
 */
gboolean
disp_setting_find (const char *group, const char *key, DispSetting *setting)
{
  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    if (g_str_equal (setting_rows[i].group, group) && g_str_equal (setting_rows[i].key, key))
      {
        *setting = i;
        return TRUE;
      }
  return FALSE;
}

/**
 * disp_setting_list:
 * @group: (nullable): a section
 *
 * Returns: (transfer full) (nullable): its keys for a message, or with %NULL the sections; %NULL if
 * there is no such section
 */
char *
disp_setting_list (const char *group)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      const DispSettingRow *row = &setting_rows[i];
      const char *name = group != NULL ? row->key : row->group;

      if ((group == NULL || g_str_equal (row->group, group))
          && !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        g_ptr_array_add (names, (gpointer) name);
    }
  if (names->len == 0)
    return NULL;
  if (group == NULL)
    g_ptr_array_add (names, (gpointer) DISP_PROBABILITIES_GROUP);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
}
