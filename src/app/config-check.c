/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config.h"

#include "core/error.h"
#include "front/listen-address.h"

#include <glib/gi18n.h>

/* What no setting can say alone. */

/* Says where the fault is, "FILE: [SECTION] KEY: ", and what it is. */
static gboolean G_GNUC_PRINTF (4, 5)
    set_fault (GError **error, const DispConfig *self, DispSetting setting, const char *format, ...)
{
  const DispSettingRow *row = disp_setting_get_row (setting);
  g_autofree char *fault = NULL;
  va_list arguments;

  va_start (arguments, format);
  fault = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, "%s: [%s] %s: %s",
               self->origins[setting], row->group, row->key, fault);
  return FALSE;
}

static gboolean
check_source (const DispConfig *self, GError **error)
{
  if (self->source == DISP_SOURCE_FILE && *self->fleet == '\0')
    return set_fault (error, self, DISP_SETTING_SOURCE,
                      _ ("it is \"file\", expected [fleet] file as well"));
  if (self->source == DISP_SOURCE_CONTAINERS_MANAGER && *self->containers_manager == '\0')
    return set_fault (error, self, DISP_SETTING_SOURCE,
                      _ ("it is \"containers-manager\", expected [fleet] url as well"));
  return TRUE;
}

static gboolean
check_durability (const DispConfig *self, GError **error)
{
  if (!self->is_committed)
    return TRUE;
  if (g_str_equal (self->requests_store, "none"))
    return set_fault (error, self, DISP_SETTING_DURABILITY,
                      _ ("expected \"relaxed\" or another [records] store, found \"committed\", "
                         "and \"none\", which keeps nothing (%s)"),
                      self->origins[DISP_SETTING_REQUESTS_STORE]);
  if (self->drops_records)
    return set_fault (error, self, DISP_SETTING_DURABILITY,
                      _ ("expected \"relaxed\" or [records] overflow=refuse, found "
                         "\"committed\", and \"drop\", with which answers may leave no records "
                         "(%s)"),
                      self->origins[DISP_SETTING_OVERFLOW]);
  return TRUE;
}

static gboolean
check_embedded_store (const DispConfig *self, GError **error)
{
  if (*self->requests_store_listen == NULL || g_str_has_prefix (self->requests_store, "sqlite"))
    return TRUE;
  return set_fault (error, self, DISP_SETTING_REQUESTS_STORE_LISTEN,
                    _ ("expected nothing, or a [records] store that is sqlite or sqlite:PATH, "
                       "found \"%s\" (%s)"),
                    self->requests_store, self->origins[DISP_SETTING_REQUESTS_STORE]);
}

/* The embedded services answer whoever reaches them, and let everybody change things. */
static gboolean
check_open (const DispConfig *self, DispSetting setting, char *const *addresses, GError **error)
{
  if (self->allow_open)
    return TRUE;
  for (; *addresses != NULL; addresses++)
    if (!disp_listen_address_is_local (*addresses))
      return set_fault (error, self, setting,
                        _ ("expected an address of 127.0.0.0/8, [::1]:PORT or unix:/PATH, found "
                           "\"%s\", which others than this machine can reach; if they may, say "
                           "allow-open=yes in [embedded]"),
                        *addresses);
  return TRUE;
}

/* All addresses, of which none may be there twice. */
static gboolean
check_addresses (const DispConfig *self, GError **error)
{
  const struct
  {
    DispSetting setting;
    char *const *addresses;
  } lists[] = {
    { DISP_SETTING_LISTEN, self->listen },
    { DISP_SETTING_REQUESTS_STORE_LISTEN, self->requests_store_listen },
    { DISP_SETTING_CONTAINERS_MANAGER_LISTEN, self->containers_manager_listen },
  };
  g_autoptr (GPtrArray) seen = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (char *const *address = lists[i].addresses; *address != NULL; address++)
      {
        for (guint j = 0; j < seen->len; j++)
          if (disp_listen_address_is_same (*address, g_ptr_array_index (seen, j)))
            return set_fault (error, self, lists[i].setting,
                              _ ("expected an address of its own, found \"%s\", which is listened "
                                 "on already"),
                              *address);
        g_ptr_array_add (seen, *address);
      }
  return TRUE;
}

/**
 * disp_config_check:
 * @self: a configuration with all its layers
 * @error: %DISP_ERROR_INVALID_CONFIG, naming the file, the section, the key and what was expected
 *
 * Checks what no setting can say alone.
 *
 * Returns: whether the daemon can start with it
 */
gboolean
disp_config_check (const DispConfig *self, GError **error)
{
  return check_source (self, error) && check_durability (self, error)
         && check_embedded_store (self, error)
         && check_open (self, DISP_SETTING_REQUESTS_STORE_LISTEN, self->requests_store_listen,
                        error)
         && check_open (self, DISP_SETTING_CONTAINERS_MANAGER_LISTEN,
                        self->containers_manager_listen, error)
         && check_addresses (self, error);
}
