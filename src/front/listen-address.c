/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/listen-address.h"

#include "core/error.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/un.h>

/* A longer path would be cut without a word. */
static GSocketAddress *
parse_unix (const char *path)
{
  return g_path_is_absolute (path) && strlen (path) < sizeof ((struct sockaddr_un *) NULL)->sun_path
             ? g_unix_socket_address_new (path)
             : NULL;
}

/* An IPv6 address stands in brackets: without them its end could be taken for a port. */
static GSocketAddress *
parse_inet (const char *text)
{
  const char *colon = strrchr (text, ':');
  gboolean bracketed = *text == '[' && colon != NULL && colon[-1] == ']';
  g_autofree char *host = NULL;
  guint64 port;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    return NULL;
  host = bracketed ? g_strndup (text + 1, (gsize) (colon - text) - 2)
                   : g_strndup (text, (gsize) (colon - text));
  if (bracketed != (strchr (host, ':') != NULL))
    return NULL;
  return g_inet_socket_address_new_from_string (
      g_str_equal (host, "localhost") ? "127.0.0.1" : host, (guint) port);
}

/**
 * disp_listen_address_parse:
 * @text: "ADDRESS:PORT", "[ADDRESS]:PORT" or "unix:/PATH"
 * @error: %DISP_ERROR_INVALID_CONFIG, saying what was expected
 *
 * Returns: (transfer full) (nullable): the address
 */
GSocketAddress *
disp_listen_address_parse (const char *text, GError **error)
{
  GSocketAddress *address = g_str_has_prefix (text, DISP_UNIX_PREFIX)
                                ? parse_unix (text + strlen (DISP_UNIX_PREFIX))
                                : parse_inet (text);

  if (address == NULL)
    g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG,
                 "\"%s\" is no address to listen on, expected ADDRESS:PORT with a numeric address, "
                 "[ADDRESS]:PORT with one of IPv6, or unix:/ABSOLUTE/PATH",
                 text);
  return address;
}

/**
 * disp_socket_address_is_local:
 * @address: where something listens
 *
 * Returns: whether nobody outside this machine can connect to it: a loopback address (127.0.0.0/8,
 * ::1) or a UNIX socket
 */
gboolean
disp_socket_address_is_local (GSocketAddress *address)
{
  if (G_IS_UNIX_SOCKET_ADDRESS (address))
    return TRUE;
  return G_IS_INET_SOCKET_ADDRESS (address)
         && g_inet_address_get_is_loopback (
             g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

/**
 * disp_listen_address_is_local:
 * @text: what disp_listen_address_parse() takes
 *
 * Returns: whether it is one for disp_socket_address_is_local()
 */
gboolean
disp_listen_address_is_local (const char *text)
{
  g_autoptr (GSocketAddress) address = disp_listen_address_parse (text, NULL);

  g_return_val_if_fail (address != NULL, FALSE);
  return disp_socket_address_is_local (address);
}

/**
 * disp_listen_address_is_same:
 * @one: what disp_listen_address_parse() takes
 * @other: another
 *
 * Returns: whether both are one place, however they are written; port 0 is never the same, as the
 * system chooses another each time
 */
gboolean
disp_listen_address_is_same (const char *one, const char *other)
{
  g_autoptr (GSocketAddress) first = disp_listen_address_parse (one, NULL);
  g_autoptr (GSocketAddress) second = disp_listen_address_parse (other, NULL);
  g_autofree char *first_name = NULL;
  g_autofree char *second_name = NULL;

  g_return_val_if_fail (first != NULL && second != NULL, FALSE);
  if (G_IS_INET_SOCKET_ADDRESS (first)
      && g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (first)) == 0)
    return FALSE;
  first_name = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (first));
  second_name = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (second));
  return g_str_equal (first_name, second_name)
         && g_socket_address_get_family (first) == g_socket_address_get_family (second);
}
