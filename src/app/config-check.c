/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config.h"

#include "app/credential.h"
#include "core/clean-text.h"
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
  disp_clean_message (error);
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

static gboolean
check_body_memory (const DispConfig *self, GError **error)
{
  if (self->body_memory >= self->body_limit)
    return TRUE;
  return set_fault (error, self, DISP_SETTING_BODY_MEMORY,
                    _ ("expected at least what one body may take, [server] body-limit=%s (%s), "
                       "found \"%s\""),
                    self->texts[DISP_SETTING_BODY_LIMIT], self->origins[DISP_SETTING_BODY_LIMIT],
                    self->texts[DISP_SETTING_BODY_MEMORY]);
}

/* What would else be taken for safe, and not be. */
static gboolean
check_tls (const DispConfig *self, GError **error)
{
  const gboolean has_authorities = *self->tls_client_ca != '\0';
  const gboolean wants_clients = self->tls_client_certificate != DISP_CLIENT_CERTIFICATE_NONE;

  if (*self->tls_certificate == '\0' && *self->tls_key != '\0')
    return set_fault (error, self, DISP_SETTING_TLS_KEY,
                      _ ("expected [server] tls-certificate as well"));
  if (*self->tls_certificate == '\0' && wants_clients)
    return set_fault (error, self, DISP_SETTING_TLS_CLIENT_CERTIFICATE,
                      _ ("expected [server] tls-certificate as well"));
  if (wants_clients && !has_authorities)
    return set_fault (error, self, DISP_SETTING_TLS_CLIENT_CERTIFICATE,
                      _ ("expected [server] tls-client-ca as well"));
  if (has_authorities && !wants_clients)
    return set_fault (error, self, DISP_SETTING_TLS_CLIENT_CA,
                      _ ("expected [server] tls-client-certificate=optional or required as well"));
  return TRUE;
}

/* Whoever reaches it may have predictions made. */
static gboolean
check_front (const DispConfig *self, GError **error)
{
  if (disp_config_admits_others (self))
    return TRUE;
  for (char *const *address = self->listen; *address != NULL; address++)
    if (!disp_listen_address_is_local (*address))
      return set_fault (error, self, DISP_SETTING_LISTEN,
                        _ ("expected an address of 127.0.0.0/8, [::1]:PORT or unix:/PATH, found "
                           "\"%s\", which others than this machine can reach; say with "
                           "token-file in [server] who may, or with allow-open=yes there that all "
                           "may"),
                        *address);
  return TRUE;
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
 * disp_config_admits_others:
 * @self: a configuration with all its layers
 *
 * Returns: whether predictions may be served where others than this machine can ask for them: they
 *   need tokens, or the operator says that they need none
 */
gboolean
disp_config_admits_others (const DispConfig *self)
{
  g_autofree char *credential = disp_credential_find (DISP_CREDENTIAL_TOKENS);

  return self->server_allow_open || *self->token_file != '\0' || credential != NULL;
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
         && check_body_memory (self, error) && check_tls (self, error) && check_front (self, error)
         && check_embedded_store (self, error)
         && check_open (self, DISP_SETTING_REQUESTS_STORE_LISTEN, self->requests_store_listen,
                        error)
         && check_open (self, DISP_SETTING_CONTAINERS_MANAGER_LISTEN,
                        self->containers_manager_listen, error)
         && check_addresses (self, error);
}
