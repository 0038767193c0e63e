/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/local-server.h"

#include "core/error.h"
#include "front/exchange.h"
#include "front/serve.h"
#include "wire/json-scanner.h"

#include <errno.h>
#include <unistd.h>

#define TYPE_LOCAL_SITE (local_site_get_type ())
G_DECLARE_FINAL_TYPE (LocalSite, local_site, LOCAL, SITE, GObject)

struct _LocalSite
{
  GObject parent_instance;
  LocalServer *server; /* (unowned) */
};

static void
respond (DispSite *site, DispExchange *exchange)
{
  g_autoptr (DispAnswer) answer = disp_answer_new (200, "application/json",
                                                   g_bytes_new_static ("{}", 2));

  LOCAL_SITE (site)->server->n_served++;
  disp_exchange_respond (exchange, answer);
}

static void
serve_post (DispSite *site, DispExchange *exchange)
{
  g_autoptr (GBytes) body = disp_exchange_steal_body (exchange);
  gsize length;
  const guint8 *bytes = g_bytes_get_data (body, &length);

  g_byte_array_append (LOCAL_SITE (site)->server->bodies, bytes, (guint) length);
  respond (site, exchange);
}

static void
serve_json (DispSite *site, DispExchange *exchange)
{
  g_autoptr (GBytes) body = disp_exchange_steal_body (exchange);
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *text = g_bytes_get_data (body, &length);

  if (disp_json_check (text, length, DISP_JSON_MAX_DEPTH, &error))
    respond (site, exchange);
  else
    disp_exchange_respond_error (exchange, error);
}

static const DispResource resources[] = {
  { "/", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, respond } } },
  { "/healthz/live", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, respond } } },
  { "/predict", DISP_ENTRY_OPEN, { { "POST", DISP_BODY_JSON, serve_json } } },
  { "/v1/models/m:predict", DISP_ENTRY_OPEN, { { "POST", DISP_BODY_WANTED, serve_post } } },
};

static const DispResource *
local_site_find (G_GNUC_UNUSED DispSite *site, const char *path, DispTarget *target, GError **error)
{
  const DispResource *resource = disp_resources_find (resources, G_N_ELEMENTS (resources), path,
                                                      target);

  if (resource == NULL)
    g_set_error_literal (error, DISP_ERROR, DISP_ERROR_NOT_FOUND, "nothing is at this path");
  return resource;
}

static void
local_site_iface_init (DispSiteInterface *iface)
{
  iface->find = local_site_find;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (LocalSite, local_site, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SITE, local_site_iface_init))

static void
local_site_class_init (G_GNUC_UNUSED LocalSiteClass *klass)
{
}

static void
local_site_init (G_GNUC_UNUSED LocalSite *self)
{
}

/* The system chooses a name when none is given. */
static GSocket *
open_socket (LocalServer *self)
{
  g_autoptr (GSocket) opened = NULL;
  g_autoptr (GError) error = NULL;
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  self->address.sun_family = AF_UNIX;
  g_assert_cmpint (
      bind (fd, (const struct sockaddr *) &self->address, sizeof self->address.sun_family), ==, 0);
  self->address_length = sizeof self->address;
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &self->address, &self->address_length), ==,
                   0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  opened = g_socket_new_from_fd (fd, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&opened);
}

/**
 * local_server_new:
 *
 * Returns: (transfer full): a server on this thread
 */
LocalServer *
local_server_new (void)
{
  LocalServer *self = g_new0 (LocalServer, 1);
  g_autoptr (LocalSite) site = g_object_new (TYPE_LOCAL_SITE, NULL);
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);

  site->server = self;
  self->bodies = g_byte_array_new ();
  self->clock = fake_clock_new ();
  g_ptr_array_add (sockets, open_socket (self));
  self->server = serve_site (DISP_SITE (site), DISP_CLOCK (self->clock), sockets,
                             serve_terms_new (LOCAL_BODY_LIMIT));
  return self;
}

/**
 * local_server_free:
 * @self: (transfer full): a server
 *
 * Ends it, whatever is in flight, and sees that nothing of it is left.
 */
void
local_server_free (LocalServer *self)
{
  gpointer watched = self->server;

  g_object_add_weak_pointer (G_OBJECT (self->server), &watched);
  g_object_unref (self->server);
  local_server_settle ();
  g_assert_null (watched);
  g_assert_cmpuint (fake_clock_count_timers (self->clock), ==, 0);
  g_object_unref (self->clock);
  g_byte_array_unref (self->bodies);
  g_free (self);
}

/**
 * local_server_settle:
 *
 * Runs the loop until nothing more happens by itself.
 */
void
local_server_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/**
 * local_server_connect:
 * @self: a server
 *
 * Returns: a connection that it has accepted, which does not block
 */
int
local_server_connect (LocalServer *self)
{
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  g_assert_cmpint (connect (fd, (const struct sockaddr *) &self->address, self->address_length), ==,
                   0);
  local_server_settle ();
  return fd;
}

/**
 * local_server_send:
 * @fd: a connection
 * @bytes: (array length=n): what to send
 * @n: its length in bytes
 *
 * Sends it; when there is no room, the server takes some of it first.  What comes after the server
 * has closed is lost.
 */
void
local_server_send (int fd, const char *bytes, gsize n)
{
  while (n > 0)
    {
      gssize sent = send (fd, bytes, n, MSG_NOSIGNAL);

      if (sent < 0 && errno != EAGAIN)
        return;
      if (sent < 0)
        local_server_settle ();
      bytes += MAX (sent, 0);
      n -= (gsize) MAX (sent, 0);
    }
}

/**
 * local_server_receive:
 * @fd: a connection
 * @received: where to append what has come
 *
 * Returns: whether the server has not closed it
 */
gboolean
local_server_receive (int fd, GString *received)
{
  char buffer[65536];
  gssize n;

  while ((n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    {
      g_string_append_len (received, buffer, n);
      local_server_settle ();
    }
  if (n < 0)
    g_assert_cmpint (errno, ==, EAGAIN);
  return n < 0;
}
