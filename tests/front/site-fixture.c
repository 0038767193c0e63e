/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/site-fixture.h"

#include "front/listener-sockets.h"
#include "front/serve.h"

#include <string.h>

/**
 * site_fixture_new:
 * @site: what to serve
 * @clock: the clock of the server
 *
 * Returns: (transfer full): a server on this thread, at a free port
 */
SiteFixture *
site_fixture_new (DispSite *site, FakeClock *clock)
{
  SiteFixture *self = g_new0 (SiteFixture, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sockets = disp_listener_open ("127.0.0.1:0", 1, &error);

  g_assert_no_error (error);
  /* That records cannot be read is worth a warning, and no fault here. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  self->server = serve_site (site, DISP_CLOCK (clock), sockets, serve_terms_new (SITE_BODY_LIMIT));
  self->address = disp_listener_describe (g_ptr_array_index (sockets, 0));
  return self;
}

/**
 * site_fixture_free:
 * @self: (transfer full): a fixture
 *
 * Ends it, whatever is in flight.
 */
void
site_fixture_free (SiteFixture *self)
{
  gpointer watched = self->server;

  g_object_add_weak_pointer (G_OBJECT (self->server), &watched);
  g_object_unref (self->server);
  site_fixture_settle ();
  g_assert_null (watched);
  g_free (self->address);
  g_free (self);
}

/**
 * site_fixture_settle:
 *
 * Runs the loop until nothing more happens by itself.
 */
void
site_fixture_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/**
 * site_fixture_ask:
 * @self: a fixture
 * @method: a method
 * @path: a path, perhaps with a query
 * @body: (nullable): JSON; %NULL = none
 *
 * Returns: (transfer full): the answer to a request on a connection of its own
 */
RawAnswer *
site_fixture_ask (SiteFixture *self, const char *method, const char *path, const char *body)
{
  g_autoptr (RawClient) client = raw_client_new (self->address);

  raw_client_sendf (client, "%s %s HTTP/1.1\r\nHost: x\r\n", method, path);
  if (body != NULL)
    raw_client_sendf (
        client, "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
        strlen (body), body);
  else
    raw_client_send (client, "\r\n", -1);
  return g_str_equal (method, "HEAD") ? raw_client_read_head (client)
                                      : raw_client_read_stream (client);
}

static void
wait_for (RawClient *client, gsize length)
{
  while (client->in->len < length)
    {
      g_assert_false (client->at_end);
      g_main_context_iteration (NULL, TRUE);
    }
}

/* Takes one chunk off what came, and returns how long it was. */
static gsize
take_chunk (RawClient *client, GString *body)
{
  const char *end;
  gsize head;
  gsize length;

  while ((end = strstr (client->in->str, "\r\n")) == NULL)
    wait_for (client, client->in->len + 1);
  g_assert_true (g_ascii_isxdigit (client->in->str[0]));
  length = (gsize) g_ascii_strtoull (client->in->str, NULL, 16);
  head = (gsize) (end - client->in->str) + 2;
  wait_for (client, head + length + 2);
  g_string_append_len (body, client->in->str + head, (gssize) length);
  g_assert_cmpmem (client->in->str + head + length, 2, "\r\n", 2);
  g_string_erase (client->in, 0, (gssize) (head + length + 2));
  return length;
}

/**
 * raw_client_read_stream:
 * @client: a client
 *
 * Returns: (transfer full): the next answer, which says how long it is, or comes in chunks, or ends
 *   with the connection
 */
RawAnswer *
raw_client_read_stream (RawClient *client)
{
  RawAnswer *answer = raw_client_read_head (client);
  g_autofree char *length = raw_answer_get (answer, "Content-Length");
  g_autofree char *encoding = raw_answer_get (answer, "Transfer-Encoding");
  GString *body = g_string_new (NULL);

  if (length != NULL)
    {
      g_assert_null (encoding);
      wait_for (client, g_ascii_strtoull (length, NULL, 10));
      g_string_append_len (body, client->in->str, (gssize) g_ascii_strtoull (length, NULL, 10));
      g_string_erase (client->in, 0, (gssize) body->len);
    }
  else if (encoding != NULL)
    {
      g_assert_cmpstr (encoding, ==, "chunked");
      while (take_chunk (client, body) > 0)
        ;
    }
  else
    {
      while (!client->at_end)
        g_main_context_iteration (NULL, TRUE);
      g_string_append_len (body, client->in->str, (gssize) client->in->len);
      g_string_truncate (client->in, 0);
    }
  answer->length = body->len;
  answer->body = g_string_free (body, FALSE);
  return answer;
}
