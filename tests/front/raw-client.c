/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/raw-client.h"

#include <gio/gunixsocketaddress.h>
#include <json-glib/json-glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define UNIX_PREFIX "unix:"

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static gboolean
on_readable (G_GNUC_UNUSED GSocket *socket, G_GNUC_UNUSED GIOCondition condition,
             gpointer user_data)
{
  RawClient *self = user_data;
  char buffer[65536];
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive (self->socket, buffer, sizeof buffer, NULL, &error);

  if (n > 0)
    {
      g_string_append_len (self->in, buffer, n);
      return G_SOURCE_CONTINUE;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  self->at_end = TRUE;
  self->was_reset = n < 0;
  clear_source (&self->reading);
  return G_SOURCE_REMOVE;
}

static void
watch (RawClient *self, GSource **source, GIOCondition condition, GSocketSourceFunc callback)
{
  *source = g_socket_create_source (self->socket, condition, NULL);
  g_source_set_callback (*source, G_SOURCE_FUNC (callback), self, NULL);
  g_source_attach (*source, NULL);
}

static GSocketAddress *
parse_address (const char *address)
{
  g_autoptr (GSocketConnectable) connectable = NULL;
  GNetworkAddress *network;

  if (g_str_has_prefix (address, UNIX_PREFIX))
    return g_unix_socket_address_new (address + strlen (UNIX_PREFIX));
  connectable = g_network_address_parse (address, 0, NULL);
  network = G_NETWORK_ADDRESS (connectable);
  return g_inet_socket_address_new_from_string (g_network_address_get_hostname (network),
                                                g_network_address_get_port (network));
}

/**
 * raw_client_new:
 * @address: as disp_listener_describe() gives it
 *
 * Returns: (transfer full): a connected client
 */
RawClient *
raw_client_new (const char *address)
{
  RawClient *self = g_new0 (RawClient, 1);
  g_autoptr (GSocketAddress) parsed = parse_address (address);
  g_autoptr (GError) error = NULL;

  self->socket = g_socket_new (g_socket_address_get_family (parsed), G_SOCKET_TYPE_STREAM,
                               G_SOCKET_PROTOCOL_DEFAULT, &error);
  g_assert_no_error (error);
  g_socket_connect (self->socket, parsed, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (self->socket, FALSE);
  /* What is sent in two parts shall come in two parts, and at once. */
  if (G_IS_INET_SOCKET_ADDRESS (parsed))
    g_socket_set_option (self->socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  self->in = g_string_new (NULL);
  self->out = g_byte_array_new ();
  watch (self, &self->reading, G_IO_IN, on_readable);
  return self;
}

/**
 * raw_client_free:
 * @self: (transfer full): a client
 *
 * Closes the connection if it is open.
 */
void
raw_client_free (RawClient *self)
{
  clear_source (&self->reading);
  clear_source (&self->writing);
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_string_free (self->in, TRUE);
  g_byte_array_unref (self->out);
  g_free (self);
}

static gboolean
on_writable (G_GNUC_UNUSED GSocket *socket, G_GNUC_UNUSED GIOCondition condition,
             gpointer user_data)
{
  RawClient *self = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_send (self->socket, (char *) self->out->data, self->out->len, NULL, &error);

  if (n > 0)
    g_byte_array_remove_range (self->out, 0, (guint) n);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    g_byte_array_set_size (self->out, 0); /* the server has closed: reading tells more */
  if (self->out->len > 0)
    return G_SOURCE_CONTINUE;
  clear_source (&self->writing);
  return G_SOURCE_REMOVE;
}

/**
 * raw_client_send:
 * @self: a client
 * @bytes: what to send
 * @length: how much; -1 = up to the NUL
 *
 * Sends what can be sent now, and the rest while the loop runs.
 */
void
raw_client_send (RawClient *self, const char *bytes, gssize length)
{
  g_byte_array_append (self->out, (const guint8 *) bytes,
                       (guint) (length < 0 ? (gssize) strlen (bytes) : length));
  if (self->writing != NULL || self->out->len == 0)
    return;
  watch (self, &self->writing, G_IO_OUT, on_writable);
  on_writable (self->socket, G_IO_OUT, self);
}

/**
 * raw_client_sendf:
 * @self: a client
 * @format: what to send, as for printf()
 * @...: its arguments
 *
 * See raw_client_send().
 */
void
raw_client_sendf (RawClient *self, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  raw_client_send (self, text, -1);
}

/**
 * raw_client_post:
 * @self: a client
 * @path: where to
 * @body: JSON
 *
 * Sends a plain request.
 */
void
raw_client_post (RawClient *self, const char *path, const char *body)
{
  raw_client_sendf (self,
                    "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
                    path, strlen (body), body);
}

/**
 * raw_client_shutdown:
 * @self: a client
 *
 * Says that nothing more is sent.
 */
void
raw_client_shutdown (RawClient *self)
{
  g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
}

/**
 * raw_client_reset:
 * @self: a client
 *
 * Ends the connection in the rude way.
 */
void
raw_client_reset (RawClient *self)
{
  const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  clear_source (&self->reading);
  setsockopt (g_socket_get_fd (self->socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  g_socket_close (self->socket, NULL);
}

/* Waits for a whole head, and takes it off what came. */
static RawAnswer *
take_head (RawClient *self)
{
  RawAnswer *answer = g_new0 (RawAnswer, 1);
  const char *end;
  gsize length;

  while ((end = strstr (self->in->str, "\r\n\r\n")) == NULL)
    {
      if (self->at_end)
        g_error ("the connection ended after \"%s\"", self->in->str);
      g_main_context_iteration (NULL, TRUE);
    }
  length = (gsize) (end - self->in->str);
  answer->head = g_strndup (self->in->str, length + 2);
  g_string_erase (self->in, 0, (gssize) length + 4);
  g_assert_true (g_str_has_prefix (answer->head, "HTTP/1."));
  answer->status = (guint) g_ascii_strtoull (answer->head + strlen ("HTTP/1.1 "), NULL, 10);
  return answer;
}

/**
 * raw_client_read_head:
 * @self: a client that has sent a HEAD, or waits for "100 Continue"
 *
 * Returns: (transfer full): the next answer, which has no body
 */
RawAnswer *
raw_client_read_head (RawClient *self)
{
  return take_head (self);
}

/**
 * raw_client_read:
 * @self: a client
 *
 * Returns: (transfer full): the next answer, which must say how long it is
 */
RawAnswer *
raw_client_read (RawClient *self)
{
  RawAnswer *answer = take_head (self);
  g_autofree char *length = raw_answer_get (answer, "Content-Length");

  g_assert_nonnull (length);
  answer->length = g_ascii_strtoull (length, NULL, 10);
  while (self->in->len < answer->length)
    {
      g_assert_false (self->at_end);
      g_main_context_iteration (NULL, TRUE);
    }
  answer->body = g_malloc (answer->length + 1);
  memcpy (answer->body, self->in->str, answer->length);
  answer->body[answer->length] = '\0';
  g_string_erase (self->in, 0, (gssize) answer->length);
  return answer;
}

/**
 * raw_client_assert_end:
 * @self: a client
 *
 * Waits until the server closes in good order, and checks that nothing more came before.
 */
void
raw_client_assert_end (RawClient *self)
{
  while (!self->at_end)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (self->in->str, ==, "");
  g_assert_false (self->was_reset);
}

void
raw_answer_free (RawAnswer *self)
{
  g_free (self->head);
  g_free (self->body);
  g_free (self);
}

/**
 * raw_answer_get:
 * @self: an answer
 * @name: the name of a header field
 *
 * Returns: (transfer full) (nullable): its value; it must not stand there twice
 */
char *
raw_answer_get (const RawAnswer *self, const char *name)
{
  g_auto (GStrv) lines = g_strsplit (self->head, "\r\n", -1);
  g_autofree char *start = g_strconcat (name, ":", NULL);
  char *value = NULL;

  for (char **line = lines + 1; *line != NULL; line++)
    if (g_ascii_strncasecmp (*line, start, strlen (start)) == 0)
      {
        g_assert_null (value);
        value = g_strstrip (g_strdup (*line + strlen (start)));
      }
  return value;
}

/**
 * raw_answer_assert_field:
 * @self: an answer
 * @name: the name of a header field
 * @value: (nullable): what it must say; %NULL = it must not be there
 */
void
raw_answer_assert_field (const RawAnswer *self, const char *name, const char *value)
{
  g_autofree char *found = raw_answer_get (self, name);

  g_assert_cmpstr (found, ==, value);
}

/**
 * raw_answer_assert_error:
 * @self: an answer
 * @status: the status that it must have
 * @message: what its message must contain
 *
 * Checks that it is an error in our form: JSON with one member.
 */
void
raw_answer_assert_error (const RawAnswer *self, guint status, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = json_from_string (self->body, &error);
  JsonObject *object;

  g_assert_cmpuint (self->status, ==, status);
  raw_answer_assert_field (self, "Content-Type", "application/json");
  g_assert_no_error (error);
  object = json_node_get_object (root);
  g_assert_cmpuint (json_object_get_size (object), ==, 1);
  if (strstr (json_object_get_string_member (object, "error"), message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", json_object_get_string_member (object, "error"),
             message);
}
