/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/serving-path.h"

#include <glib.h>

/* The section whose keys are models, each with the probabilities of its containers. */
#define DISP_PROBABILITIES_GROUP "probabilities"

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
 * DispSetting:
 *
 * Every setting, in the order of the configuration file.
 */
typedef enum
{
  DISP_SETTING_LISTEN,
  DISP_SETTING_WORKERS,
  DISP_SETTING_BODY_LIMIT,
  DISP_SETTING_DRAIN_TIMEOUT,
  DISP_SETTING_STATE_DIR,
  DISP_SETTING_VERBOSE,
  DISP_SETTING_SOURCE,
  DISP_SETTING_FLEET,
  DISP_SETTING_CONTAINERS_MANAGER,
  DISP_SETTING_REFRESH_INTERVAL,
  DISP_SETTING_POLICY,
  DISP_SETTING_TIMEOUT,
  DISP_SETTING_CONNECT_TIMEOUT,
  DISP_SETTING_IDLE_TIMEOUT,
  DISP_SETTING_ANSWER_LIMIT,
  DISP_SETTING_VERSION_PATH,
  DISP_SETTING_REQUESTS_STORE,
  DISP_SETTING_FLUSH_INTERVAL,
  DISP_SETTING_PAYLOAD_LIMIT,
  DISP_N_SETTINGS /*< skip >*/
} DispSetting;

/**
 * DispConfig:
 *
 * The configuration in force.  Times are in microseconds, sizes in bytes.
 */
typedef struct
{
  char **listen; /* (owned) at least one */
  guint workers;
  gint64 body_limit;
  gint64 drain_timeout;
  char *state_dir; /* (owned) */
  gboolean verbose;
  DispSourceKind source;
  char *fleet;              /* (owned) path */
  char *containers_manager; /* (owned) URL */
  gint64 refresh_interval;
  char *policy;            /* (owned) */
  GVariant *probabilities; /* (owned) a{sv}, as the policy of that name takes it */
  gint64 timeout;
  gint64 connect_timeout;
  gint64 idle_timeout;
  gint64 answer_limit;
  DispVersionPath version_path;
  char *requests_store; /* (owned) */
  gint64 flush_interval;
  gint64 payload_limit;
  char *texts[DISP_N_SETTINGS];   /* (owned) each setting as it was written */
  char *origins[DISP_N_SETTINGS]; /* (owned) where each was written */
  char *probabilities_origin;     /* (owned) (nullable) */
} DispConfig;

DispConfig *disp_config_new (void);
void disp_config_free (DispConfig *self);
gboolean disp_config_load_file (DispConfig *self, const char *path, GError **error);
gboolean disp_config_load_default_files (DispConfig *self, GError **error);
gboolean disp_config_load_environment (DispConfig *self, const char *const *environment,
                                       GError **error);
gboolean disp_config_set (DispConfig *self, const char *name, const char *text, const char *origin,
                          GError **error);
gboolean disp_config_check (DispConfig *self, GError **error);
char *disp_config_to_text (const DispConfig *self);

gboolean disp_config_set_setting (DispConfig *self, DispSetting setting, const char *text,
                                  const char *origin, GError **error);
gboolean disp_config_imply_source (DispConfig *self, const gboolean *given, const char *origin,
                                   GError **error);
gboolean disp_config_find_setting (const char *group, const char *key, DispSetting *setting);
char *disp_config_list_settings (const char *group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispConfig, disp_config_free)
