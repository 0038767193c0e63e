/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/open-service.h"

#include "core/error.h"
#include "core/event.h"

#include <glib/gi18n.h>

static const char *
name_sockets (DispSetting setting)
{
  switch (setting)
    {
    case DISP_SETTING_REQUESTS_STORE_LISTEN:
      return DISP_INHERITED_REQUESTS_STORE;
    case DISP_SETTING_CONTAINERS_MANAGER_LISTEN:
      return DISP_INHERITED_CONTAINERS_MANAGER;
    default:
      return DISP_INHERITED_PREDICTIONS;
    }
}

static char *const *
get_addresses (const DispConfig *config, DispSetting setting)
{
  switch (setting)
    {
    case DISP_SETTING_REQUESTS_STORE_LISTEN:
      return config->requests_store_listen;
    case DISP_SETTING_CONTAINERS_MANAGER_LISTEN:
      return config->containers_manager_listen;
    default:
      return config->listen;
    }
}

/**
 * disp_config_check_open:
 * @config: a checked configuration
 * @address: (nullable): where others than this machine can ask for predictions, whoever said so;
 *   %NULL = nowhere
 * @error: %DISP_ERROR_INVALID_CONFIG if they may not
 *
 * Returns: whether predictions may be served there
 */
gboolean
disp_config_check_open (const DispConfig *config, const char *address, GError **error)
{
  if (address == NULL || disp_config_admits_others (config))
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
               _ ("LISTEN_FDS: a socket of %s listens on %s, which others than this machine can "
                  "reach; say with token-file in [server] who may, or with allow-open=yes there "
                  "that all may"),
               DISP_INHERITED_PREDICTIONS, address);
  return FALSE;
}

/* What disp_config_check() checks of addresses that are configured. */
static gboolean
check (const DispConfig *config, DispSetting setting, DispService *service, GError **error)
{
  g_autofree char *open = disp_service_find_open_socket (service);

  if (setting == DISP_SETTING_REQUESTS_STORE_LISTEN
      && !g_str_has_prefix (config->requests_store, "sqlite"))
    g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                 _ ("LISTEN_FDS: a socket of requests-store needs a [records] store that is sqlite "
                    "or sqlite:PATH, found \"%s\" (%s)"),
                 config->requests_store, config->origins[DISP_SETTING_REQUESTS_STORE]);
  else if (setting != DISP_SETTING_LISTEN && !config->allow_open && open != NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                 _ ("LISTEN_FDS: a socket of %s listens on %s, which others than this machine can "
                    "reach; if they may, say allow-open=yes in [embedded]"),
                 name_sockets (setting), open);
  else
    return setting != DISP_SETTING_LISTEN || disp_config_check_open (config, open, error);
  return FALSE;
}

/**
 * disp_config_open_service:
 * @config: a checked configuration
 * @setting: that which says where the service listens
 * @n_threads: how many threads will serve; 0 = this one does
 * @inherited: the sockets that the supervisor handed down
 * @service: (out) (transfer full) (nullable): the service; %NULL when it is not wanted
 * @error: why it cannot listen; %DISP_ERROR_INVALID_CONFIG when it may not
 *
 * Opens a service on the sockets that were inherited for it, which take the place of the addresses
 * that @config says, or else on these.  One that is off in @config is turned on by such sockets.
 *
 * Returns: whether it listens, or is not wanted
 */
gboolean
disp_config_open_service (const DispConfig *config, DispSetting setting, guint n_threads,
                          DispInheritedSockets *inherited, DispService **service, GError **error)
{
  const DispSettingRow *row = disp_setting_get_row (setting);
  char *const *addresses = get_addresses (config, setting);
  g_autoptr (GArray) fds = disp_inherited_sockets_find (inherited, name_sockets (setting));
  DispService *opened = NULL;

  if (fds->len > 0)
    opened = disp_service_adopt (fds, n_threads, error);
  else if (*addresses != NULL)
    opened = disp_service_open (addresses, n_threads, error);
  else
    {
      *service = NULL;
      return TRUE;
    }
  if (opened != NULL && fds->len > 0 && !check (config, setting, opened, error))
    g_clear_pointer (&opened, disp_service_free);
  if (opened == NULL)
    return FALSE;
  if (fds->len > 0 && *addresses != NULL)
    {
      g_autofree char *name = g_strdup_printf ("[%s] %s", row->group, row->key);

      disp_event_log (DISP_EVENT_LISTEN_IGNORED, &(DispEventFields){ .setting = name },
                      "%s=%s does not count: sockets were inherited in its place", name,
                      config->texts[setting]);
    }
  *service = opened;
  return TRUE;
}
