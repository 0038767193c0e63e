/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-target.h"

#include "core/error.h"

#include <string.h>

static const struct
{
  const char *section; /* of RFC 3986 or RFC 9112 */
  const char *text;
  const char *authority;
  const char *path;
  const char *query; /* (nullable) */
} accepted[] = {
  { "9112 3.2.1", "/", "", "/", NULL },
  { "9112 3.2.1", "/a/b", "", "/a/b", NULL },
  { "9112 3.2.1", "//", "", "//", NULL },
  { "9112 3.2.1", "//a.example/b", "", "//a.example/b", NULL },
  { "9112 3.2.1", "/a?", "", "/a", "" },
  { "9112 3.2.1", "/a?b?c=/d:@", "", "/a", "b?c=/d:@" },
  { "9112 3.2.1", "/?http://a", "", "/", "http://a" },
  { "3986 3.3", "/-._~!$&'()*+,;=:@09azAZ", "", "/-._~!$&'()*+,;=:@09azAZ", NULL },
  { "3986 2.1", "/%41%c3%A9%2f%2e%25?%3f%01", "", "/%41%c3%A9%2f%2e%25", "%3f%01" },
  { "3986 6.2.2.3", "/../a/./b/..", "", "/../a/./b/..", NULL },
  { "9112 3.2.2", "http://a", "a", "", NULL },
  { "9112 3.2.2", "http://a/", "a", "/", NULL },
  { "9112 3.2.2", "http://a?", "a", "", "" },
  { "9112 3.2.2", "http://a?b/c", "a", "", "b/c" },
  { "9112 3.2.2", "hTTp://a:1//b?c", "a:1", "//b", "c" },
  { "9112 3.2.2", "HTTPS://[::1]:1/b", "[::1]:1", "/b", NULL },
};

static const struct
{
  const char *section;
  const char *text;
} refused[] = {
  { "9112 3.2", "" },
  { "9112 3.2.4", "*" },
  { "9112 3.2.3", "a.example:443" },
  { "9112 3.2.3", "a.example" },
  { "9112 3.2.1", "a/b" },
  { "9112 3.2.1", "./a" },
  { "9112 3.2.1", "?a" },
  { "9112 3.2.1", "\\a" },
  { "9112 3.2.1", "%2fa" },
  { "9110 4.2", "ftp://a/" },
  { "9110 4.2", "file:///etc" },
  { "9110 4.2", "ws://a/" },
  { "9110 4.2", "httpx://a/" },
  { "9110 4.2", "javascript:1" },
  { "9110 4.2.1", "http:" },
  { "9110 4.2.1", "http:a" },
  { "9110 4.2.1", "http:/a" },
  { "9110 4.2.1", "http:///a" },
  { "9110 4.2.1", "http://" },
  { "9110 4.2.1", "http://?a" },
  { "9110 4.2.1", "https://:1/a" },
  { "9110 4.2.4", "http://u@a/" },
  { "9110 4.2.4", "http://u:p@a/" },
  { "9110 4.2.1", "http://a:70000/" },
  { "9110 4.2.1", "http://a\\b/" },
  { "9110 4.2.1", "http://a%00/" },
  { "9112 3.2.1", "/a#" },
  { "9112 3.2.1", "/a#b" },
  { "9112 3.2.1", "/a?b#c" },
  { "9112 3.2.2", "http://a#b" },
  { "9112 3.2.2", "http://a/#b" },
  { "3986 2.1", "/%" },
  { "3986 2.1", "/a%4" },
  { "3986 2.1", "/%4g" },
  { "3986 2.1", "/%g4" },
  { "3986 2.1", "/%%41" },
  { "3986 2.1", "/%u0041" },
  { "3986 2.1", "/a?%" },
  { "3986 2.1", "/a?b%zz" },
  { "3986 7.3", "/%00" },
  { "3986 7.3", "/a?b=%00" },
  { "3986 2", "/\xc3\xa9" },
  { "3986 2", "/a?\xff" },
  { "3986 2", "/ a" },
  { "3986 2", "/\"" },
  { "3986 2", "/<" },
  { "3986 2", "/>" },
  { "3986 2", "/\\" },
  { "3986 2", "/..\\a" },
  { "3986 2", "/^" },
  { "3986 2", "/`" },
  { "3986 2", "/{" },
  { "3986 2", "/|" },
  { "3986 2", "/}" },
  { "3986 2.2", "/[" },
  { "3986 2.2", "/]" },
  { "3986 2.2", "/?a[]=1" },
  { "3986 2", "/?\"" },
  { "3986 2", "/\x7f" },
};

static gboolean
read_target (const char *text, DispHttpTarget *target, GError **error)
{
  return disp_http_target_read ((DispSpan){ text, strlen (text) }, target, error);
}

static void
test_accepts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      DispHttpTarget target = { 0 };
      g_autofree char *shown = g_strescape (accepted[i].text, NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("RFC %s: %s", accepted[i].section, shown);
      g_assert_true (read_target (accepted[i].text, &target, &error));
      g_assert_no_error (error);
      g_assert_true (disp_span_is (target.authority, accepted[i].authority));
      g_assert_true (disp_span_is (target.path, accepted[i].path));
      g_assert_cmpint (target.has_query, ==, accepted[i].query != NULL);
      g_assert_true (disp_span_is (target.query, target.has_query ? accepted[i].query : ""));
    }
}

static void
test_refuses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      DispHttpTarget target = { .has_query = 42 };
      g_autofree char *shown = g_strescape (refused[i].text, NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("RFC %s: %s", refused[i].section, shown);
      g_assert_false (read_target (refused[i].text, &target, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_BAD_REQUEST);
      g_assert_true (g_str_is_ascii (error->message));
      g_assert_cmpint (target.has_query, ==, 42);
    }
}

/* Each byte by itself: what may be in a path and in a query as it is (RFC 3986, sections 3.3 and
 * 3.4). */
static void
test_bytes (void)
{
  static const char both[] = "-._~!$&'()*+,;=:@/0123456789"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  for (guint byte = 0; byte < 256; byte++)
    {
      char path[] = { '/', (char) byte };
      char query[] = { '/', '?', (char) byte };
      gboolean is_right = byte != 0 && (byte == '?' || strchr (both, (int) byte) != NULL);
      DispHttpTarget target;

      g_test_message ("0x%02x", byte);
      g_assert_cmpint (disp_http_target_read ((DispSpan){ path, sizeof path }, &target, NULL), ==,
                       is_right);
      g_assert_cmpint (disp_http_target_read ((DispSpan){ query, sizeof query }, &target, NULL), ==,
                       is_right);
    }
}

static void
test_messages (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } rows[] = {
    { "*", "the target \"*\" is no path from \"/\" on and no http or https URI" },
    { "a:443", "the target \"a:443\" is no path from \"/\" on and no http or https URI" },
    { "/a#b", "the target has a fragment" },
    { "http://a#b", "the target has a fragment" },
    { "/%zz1", "\"%zz\" may not be in the path of the target as it is" },
    { "/%00", "\"%00\" may not be in the path of the target as it is" },
    { "/?\xc3\xa9", "\"\\xc3\" may not be in the query of the target as it is" },
    { "http://u@a/", "the host \"u@a\" has user information, expected HOST[:PORT]" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      DispHttpTarget target;
      g_autoptr (GError) error = NULL;

      g_assert_false (read_target (rows[i].text, &target, &error));
      g_assert_cmpstr (error->message, ==, rows[i].message);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/http-target/accepts", test_accepts);
  g_test_add_func ("/wire/http-target/refuses", test_refuses);
  g_test_add_func ("/wire/http-target/bytes", test_bytes);
  g_test_add_func ("/wire/http-target/messages", test_messages);
  return g_test_run ();
}
