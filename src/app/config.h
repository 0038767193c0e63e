/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/setting.h"
#include "engine/queue-policy.h"
#include "wire/serving-path.h"

/**
 * DispSourceKind:
 * @DISP_SOURCE_NONE: nothing was configured
 * @DISP_SOURCE_FILE: a file
 * @DISP_SOURCE_CONTAINERS_MANAGER: a Containers Manager elsewhere
 *
 * Where the fleet comes from.
 */
typedef enum
{
  DISP_SOURCE_NONE,
  DISP_SOURCE_FILE,
  DISP_SOURCE_CONTAINERS_MANAGER,
} DispSourceKind;

/**
 * DispBusKind:
 * @DISP_BUS_AUTO: the system bus for root and users of the system, the session bus for others
 * @DISP_BUS_SESSION: the bus of the session
 * @DISP_BUS_SYSTEM: the bus of the system
 * @DISP_BUS_NONE: none
 *
 * Which D-Bus the daemon can be seen and changed on.
 */
typedef enum
{
  DISP_BUS_AUTO,
  DISP_BUS_SESSION,
  DISP_BUS_SYSTEM,
  DISP_BUS_NONE,
} DispBusKind;

/**
 * DispClientCertificate:
 * @DISP_CLIENT_CERTIFICATE_NONE: none is asked for
 * @DISP_CLIENT_CERTIFICATE_OPTIONAL: one that is shown must be right
 * @DISP_CLIENT_CERTIFICATE_REQUIRED: one must be shown, and be right
 *
 * Whether clients show certificates of their own.
 */
typedef enum
{
  DISP_CLIENT_CERTIFICATE_NONE,
  DISP_CLIENT_CERTIFICATE_OPTIONAL,
  DISP_CLIENT_CERTIFICATE_REQUIRED,
} DispClientCertificate;

/**
 * DispConfig:
 *
 * The configuration in force.  Times are in microseconds, sizes in bytes.
 */
typedef struct
{
  char **listen;    /* (owned) at least one */
  char *token_file; /* (owned) path */
  gboolean server_allow_open;
  double request_rate;   /* per second; 0: without limit */
  guint request_burst;   /* 0: as many as come in one second */
  char *tls_certificate; /* (owned) path */
  char *tls_key;         /* (owned) path */
  DispClientCertificate tls_client_certificate;
  char *tls_client_ca; /* (owned) path */
  guint workers;
  guint max_connections;
  guint max_connections_per_client; /* 0: without limit */
  gint64 body_limit;
  gint64 body_memory;
  gint64 head_timeout;
  gint64 body_timeout;
  gint64 write_timeout;
  gint64 min_rate; /* per second; 0: any */
  gint64 client_idle_timeout;
  gboolean allows_half_close;
  gint64 drain_timeout;
  char *state_dir; /* (owned) */
  gboolean verbose;
  DispSourceKind source;
  char *fleet;              /* (owned) path */
  char *containers_manager; /* (owned) URL */
  gint64 refresh_interval;
  char *policy;            /* (owned) */
  char *shadow_policy;     /* (owned) "none" = none */
  GVariant *probabilities; /* (owned) a{sv}, as the policy of that name takes it */
  char *sticky_header;     /* (owned) may be empty */
  double sticky_load_factor;
  gint64 timeout;
  gint64 attempt_timeout; /* 0: an attempt is not given up, but another is made beside it */
  guint retries;
  char **not_idempotent; /* (owned) may be empty */
  char **hedge;          /* (owned) may be empty */
  guint max_in_flight;   /* DISP_CAPACITY_AUTO: measured */
  DispQueuePolicy queue_policy;
  guint dispatch_queue_limit;
  gint64 dispatch_queue_bytes;
  gint64 queue_timeout; /* 0: as long as the request has time */
  gint64 connect_timeout;
  gint64 idle_timeout;
  gint64 answer_limit;
  DispVersionPath version_path;
  gint64 health_interval; /* 0: never */
  char *health_path;      /* (owned) empty: the status of each model */
  char *requests_store;   /* (owned) */
  gboolean is_committed;  /* whether durability is "committed" */
  gint64 flush_interval;
  guint queue_limit;
  gint64 queue_bytes;
  gboolean drops_records; /* whether overflow is "drop" */
  gint64 payload_limit;   /* -1: none */
  gint64 retention_age;   /* 0: for ever */
  gint64 retention_size;  /* 0: without limit */
  gint64 spool_limit;
  gboolean coalesces;
  char **requests_store_listen;     /* (owned) may be empty */
  char **containers_manager_listen; /* (owned) may be empty */
  gboolean allow_open;
  DispBusKind bus;
  gboolean persists;              /* whether what operators change while the daemon runs stays */
  char *texts[DISP_N_SETTINGS];   /* (owned) each setting as it was written */
  char *origins[DISP_N_SETTINGS]; /* (owned) where each was written */
  char *probabilities_origin;     /* (owned) (nullable) */
} DispConfig;

DispConfig *disp_config_new (void);
void disp_config_free (DispConfig *self);
gboolean disp_config_load_file (DispConfig *self, const char *path, GError **error);
gboolean disp_config_load_text (DispConfig *self, const char *text, gsize length,
                                const char *origin, GError **error);
gboolean disp_config_load_default_files (DispConfig *self, GError **error);
gboolean disp_config_load_environment (DispConfig *self, const char *const *environment,
                                       GError **error);
gboolean disp_config_set (DispConfig *self, const char *name, const char *text, const char *origin,
                          GError **error);
gboolean disp_config_admits_others (const DispConfig *self);
gboolean disp_config_check (const DispConfig *self, GError **error);
char *disp_config_to_text (const DispConfig *self);

gboolean disp_config_set_setting (DispConfig *self, DispSetting setting, const char *text,
                                  const char *origin, GError **error);
gboolean disp_config_imply_source (DispConfig *self, const gboolean *given, const char *origin,
                                   GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispConfig, disp_config_free)
