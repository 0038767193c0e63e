/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/head-reference.h"

#include <string.h>

#define DIGITS "0123456789"
#define ALNUM DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define NAME ALNUM "-._~!$&'()*+,;="
#define TOKEN ALNUM "!#$%&'*+-.^_`|~"

static gboolean
consists_of (const char *text, const char *set)
{
  return strspn (text, set) == strlen (text);
}

/* Percent-encodings are taken out, and what is left consists of @set. */
static gboolean
is_encoded (const char *text, const char *set)
{
  g_auto (GStrv) parts = g_strsplit (text, "%", -1);

  if (parts[0] == NULL)
    return TRUE;
  for (guint i = 1; parts[i] != NULL; i++)
    {
      if (!g_ascii_isxdigit (parts[i][0]) || !g_ascii_isxdigit (parts[i][1])
          || g_str_has_prefix (parts[i], "00"))
        return FALSE;
      memmove (parts[i], parts[i] + 2, strlen (parts[i] + 2) + 1);
    }
  for (guint i = 0; parts[i] != NULL; i++)
    if (!consists_of (parts[i], set))
      return FALSE;
  return TRUE;
}

static gboolean
is_literal (const char *text)
{
  g_auto (GStrv) parts = NULL;

  /* GLib takes a lone colon for an IPv6 address. */
  if (g_ascii_tolower (text[0]) != 'v')
    return strchr (text, ':') != NULL && !g_str_equal (text, ":")
           && consists_of (text, DIGITS "abcdefABCDEF:.") && g_hostname_is_ip_address (text);
  parts = g_strsplit (text + 1, ".", 2);
  return g_strv_length (parts) == 2 && parts[0][0] != '\0' && parts[1][0] != '\0'
         && consists_of (parts[0], DIGITS "abcdefABCDEF") && consists_of (parts[1], NAME ":");
}

static gboolean
is_port (const char *text)
{
  guint64 port;

  return text[0] == '\0'
         || (consists_of (text, DIGITS)
             && g_ascii_string_to_unsigned (text, 10, 0, 65535, &port, NULL));
}

static gboolean
is_authority (const char *text)
{
  const char *end = text[0] == '[' ? strchr (text, ']') : strchrnul (text, ':');
  g_autofree char *host = NULL;

  if (end == NULL)
    return FALSE;
  host = g_strndup (text, (gsize) (end - text));
  if (text[0] == '[')
    return is_literal (host + 1) && (end[1] == '\0' || (end[1] == ':' && is_port (end + 2)));
  return host[0] != '\0' && is_encoded (host, NAME) && (end[0] == '\0' || is_port (end + 1));
}

/* Takes a scheme and an authority off. */
static const char *
skip_authority (const char *target, char **authority)
{
  g_autofree char *small = g_ascii_strdown (target, -1);
  gsize length = 0;

  if (g_str_has_prefix (small, "http://"))
    length = strlen ("http://");
  if (g_str_has_prefix (small, "https://"))
    length = strlen ("https://");
  if (length == 0)
    return target;
  *authority = g_strndup (target + length, strcspn (target + length, "/?"));
  return target + length + strlen (*authority);
}

static gboolean
is_target (const char *target)
{
  g_autofree char *authority = NULL;
  const char *rest = skip_authority (target, &authority);
  g_auto (GStrv) parts = g_strsplit (rest, "?", 2);

  if (authority != NULL ? !is_authority (authority) : rest[0] != '/')
    return FALSE;
  return parts[0] == NULL
         || (is_encoded (parts[0], NAME ":@/")
             && (parts[1] == NULL || is_encoded (parts[1], NAME ":@/?")));
}

static gboolean
is_request_line (const char *line)
{
  static const char *const methods[] = { "GET",   "HEAD",    "POST",  "PUT", "DELETE",
                                         "PATCH", "OPTIONS", "TRACE", NULL };
  g_auto (GStrv) parts = g_strsplit (line, " ", -1);

  return strlen (line) <= DISP_MAX_REQUEST_LINE && g_strv_length (parts) == 3
         && g_strv_contains (methods, parts[0]) && is_target (parts[1])
         && g_str_has_prefix (parts[2], "HTTP/1.") && g_ascii_isdigit (parts[2][7])
         && parts[2][8] == '\0';
}

static gboolean
is_connection (const char *value)
{
  g_auto (GStrv) options = g_strsplit (value, ",", -1);

  for (guint i = 0; options[i] != NULL; i++)
    {
      const char *option = g_strstrip (options[i]);

      if (!consists_of (option, TOKEN) || g_ascii_strcasecmp (option, "host") == 0
          || g_ascii_strcasecmp (option, "content-length") == 0
          || g_ascii_strcasecmp (option, "transfer-encoding") == 0)
        return FALSE;
    }
  return TRUE;
}

/* @name: in small letters */
static gboolean
is_value (const char *name, const char *value)
{
  guint64 number;

  if (g_str_equal (name, "host"))
    return is_authority (value);
  if (g_str_equal (name, "connection"))
    return is_connection (value);
  if (g_str_equal (name, "transfer-encoding"))
    return g_ascii_strcasecmp (value, "chunked") == 0;
  if (g_str_equal (name, "expect"))
    return g_ascii_strcasecmp (value, "100-continue") == 0;
  if (g_str_equal (name, "content-length"))
    return value[0] != '\0' && consists_of (value, DIGITS)
           && g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &number, NULL);
  if (g_str_equal (name, "authorization") || g_str_equal (name, "content-type")
      || g_str_equal (name, "content-encoding") || g_str_equal (name, "x-timeout-ms"))
    return g_str_is_ascii (value);
  return TRUE;
}

/* Whether the field lines are right, each by itself, into @fields: from names in small letters to
 * values, of which the last counts. */
static gboolean
read_fields (const char *const *lines, GHashTable *fields)
{
  if (g_strv_length ((char **) lines) > DISP_MAX_FIELDS)
    return FALSE;
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (lines[i], ":", 2);
      g_autofree char *name = parts[0] != NULL ? g_ascii_strdown (parts[0], -1) : NULL;
      gboolean is_there;

      if (name == NULL || parts[1] == NULL || name[0] == '\0' || !consists_of (name, TOKEN)
          || !is_value (name, g_strstrip (parts[1])))
        return FALSE;
      is_there = g_hash_table_contains (fields, name);
      if (is_there && g_str_equal (name, "connection"))
        {
          char *both = g_strconcat (g_hash_table_lookup (fields, name), ",", parts[1], NULL);

          g_hash_table_replace (fields, g_steal_pointer (&name), both);
          continue;
        }
      /* Fields that may have any value may have any number of them. */
      if (is_there && !is_value (name, "\xff"))
        return FALSE;
      g_hash_table_replace (fields, g_steal_pointer (&name), g_strdup (parts[1]));
    }
  return TRUE;
}

static gboolean
fit_together (const char *request_line, GHashTable *fields)
{
  const char *length = g_hash_table_lookup (fields, "content-length");
  gboolean has_chunks = g_hash_table_contains (fields, "transfer-encoding");
  gboolean is_old = g_str_has_suffix (request_line, "HTTP/1.0");

  if (!is_old && !g_hash_table_contains (fields, "host"))
    return FALSE;
  if (has_chunks && (is_old || length != NULL))
    return FALSE;
  return !g_str_has_prefix (request_line, "TRACE ")
         || (!has_chunks && (length == NULL || consists_of (length, "0")));
}

/* Returns: (transfer full) (nullable): the lines, if these are the lines of one head */
static GStrv
split_lines (const char *bytes, gsize length)
{
  g_autofree char *text = g_strndup (bytes, length);
  const char *start = g_str_has_prefix (text, "\r\n") ? text + 2 : text;
  const char *end = strstr (start, "\r\n\r\n");
  g_auto (GStrv) lines = NULL;

  if (strlen (text) != length || length > DISP_MAX_HEAD_SIZE || end == NULL || end[4] != '\0'
      || end == start || g_str_has_prefix (start, "\r\n"))
    return NULL;
  text[end - text] = '\0';
  lines = g_strsplit (start, "\r\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    for (const char *c = lines[i]; *c != '\0'; c++)
      if (g_ascii_iscntrl (*c) && (*c != '\t' || i == 0))
        return NULL;
  return g_steal_pointer (&lines);
}

/*
 * fuzz_reference_accepts:
 * @bytes: any bytes
 * @length: how many
 *
 * Returns: whether they are the head of a request, and nothing more
 */
gboolean
fuzz_reference_accepts (const char *bytes, gsize length)
{
  g_autoptr (GHashTable) fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) lines = split_lines (bytes, length);

  return lines != NULL && is_request_line (lines[0])
         && read_fields ((const char *const *) lines + 1, fields)
         && fit_together (lines[0], fields);
}

static gboolean
has_option (GHashTable *fields, const char *wanted)
{
  const char *value = g_hash_table_lookup (fields, "connection");
  g_auto (GStrv) options = g_strsplit (value != NULL ? value : "", ",", -1);

  for (guint i = 0; options[i] != NULL; i++)
    if (g_ascii_strcasecmp (g_strstrip (options[i]), wanted) == 0)
      return TRUE;
  return FALSE;
}

static void
check_target (const DispHttpHead *head, const char *target, const char *host)
{
  g_autofree char *authority = NULL;
  const char *rest = skip_authority (target, &authority);
  g_auto (GStrv) parts = g_strsplit (rest, "?", 2);

  g_assert_cmpstr (head->path, ==, parts[0] == NULL || parts[0][0] == '\0' ? "/" : parts[0]);
  g_assert_cmpstr (head->query, ==, parts[0] == NULL ? NULL : parts[1]);
  g_assert_cmpstr (head->authority, ==, authority != NULL ? authority : host);
}

/*
 * fuzz_reference_check:
 * @head: what was made of @bytes
 * @bytes: a head that fuzz_reference_accepts()
 * @length: how many bytes it is
 *
 * Aborts if @head does not say what @bytes do.
 */
void
fuzz_reference_check (const DispHttpHead *head, const char *bytes, gsize length)
{
  g_autoptr (GHashTable) fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) lines = split_lines (bytes, length);
  g_auto (GStrv) parts = g_strsplit (lines[0], " ", 3);
  const char *body_length;
  gboolean is_new = !g_str_equal (parts[2], "HTTP/1.0");
  gboolean has_body;

  g_assert_true (read_fields ((const char *const *) lines + 1, fields));
  body_length = g_hash_table_lookup (fields, "content-length");
  g_assert_cmpstr (head->method, ==, parts[0]);
  g_assert_cmpuint (head->minor_version, ==, is_new ? 1 : 0);
  check_target (head, parts[1], g_hash_table_lookup (fields, "host"));
  g_assert_cmpuint (head->n_fields, ==, g_strv_length (lines) - 1);
  g_assert_cmpuint (head->body_length, ==,
                    body_length != NULL ? g_ascii_strtoull (body_length, NULL, 10) : 0);
  g_assert_cmpint (head->framing == DISP_BODY_LENGTH, ==, body_length != NULL);
  g_assert_cmpint (head->framing == DISP_BODY_CHUNKS, ==,
                   g_hash_table_contains (fields, "transfer-encoding"));
  has_body = head->framing == DISP_BODY_CHUNKS || head->body_length > 0;
  g_assert_cmpint (head->expects_continue, ==,
                   is_new && has_body && g_hash_table_contains (fields, "expect"));
  g_assert_cmpint (head->is_persistent, ==,
                   !has_option (fields, "close") && (is_new || has_option (fields, "keep-alive")));
}
