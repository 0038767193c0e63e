/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/http-authority.h"

#include "core/error.h"

#include <string.h>

/* The sections are of RFC 3986, but for those with four digits before. */

static const struct
{
  const char *section;
  const char *text;
} accepted[] = {
  { "3.2.2", "a" },
  { "3.2.2", "a.example" },
  { "3.2.2", "A.Example." },
  { "3.2.2", "localhost:8080" },
  { "3.2.2", "under_score" },
  { "3.2.2", "-._~!$&'()*+,;=" },
  { "3.2.2", "%c3%A9" },
  { "3.2.2", "127.0.0.1" },
  { "3.2.2", "127.0.0.1:80" },
  { "3.2.2", "999.1.1.1.1" }, /* a name, as far as the grammar goes */
  { "3.2.3", "a:" },
  { "3.2.3", "a:0" },
  { "3.2.3", "a:65535" },
  { "3.2.3", "a:0000000000000000000080" },
  { "3.2.2", "[::]" },
  { "3.2.2", "[::1]" },
  { "3.2.2", "[::1]:80" },
  { "3.2.2", "[::1]:" },
  { "3.2.2", "[1::]" },
  { "3.2.2", "[1:2:3:4:5:6:7:8]" },
  { "3.2.2", "[1:2:3:4:5:6:7::]" },
  { "3.2.2", "[::2:3:4:5:6:7:8]" },
  { "3.2.2", "[1::3:4:5:6:7:8]" },
  { "3.2.2", "[fe80::abCD:0123]" },
  { "3.2.2", "[::ffff:192.0.2.1]" },
  { "3.2.2", "[1:2:3:4:5:6:255.249.199.0]" },
  { "3.2.2", "[1:2:3:4:5::255.249.199.0]" },
  { "3.2.2", "[v1.a]" },
  { "3.2.2", "[VfF.a:b!~]:1" },
};

static const struct
{
  const char *section;
  const char *text;
} refused[] = {
  { "9110 4.2.1", "" },
  { "9110 4.2.1", ":80" },
  { "9110 4.2.1", ":" },
  { "9110 4.2.4", "u@a" },
  { "9110 4.2.4", "u:p@a" },
  { "9110 4.2.4", "@a" },
  { "9110 4.2.4", "u@[::1]" },
  { "3.2.2", "a b" },
  { "3.2.2", "a\tb" },
  { "3.2.2", "a/b" },
  { "3.2.2", "a?b" },
  { "3.2.2", "a#b" },
  { "3.2.2", "a\\b" },
  { "3.2.2", "a\"b" },
  { "3.2.2", "<a>" },
  { "3.2.2", "{a}" },
  { "3.2.2", "a|b" },
  { "3.2.2", "a^b" },
  { "3.2.2", "a`b" },
  { "3.2.2", "a[b" },
  { "3.2.2", "a]b" },
  { "3.2.2", "\xc3\xa9" },
  { "3.2.2", "a\x01" },
  { "3.2.2", "a\x7f" },
  { "2.1", "%" },
  { "2.1", "%4" },
  { "2.1", "a%4g" },
  { "2.1", "a%g4" },
  { "2.1", "a%00" },
  { "3.2.3", "a:65536" },
  { "3.2.3", "a:99999999999999999999999999" },
  { "3.2.3", "a:-1" },
  { "3.2.3", "a:+1" },
  { "3.2.3", "a:8o" },
  { "3.2.3", "a:0x50" },
  { "3.2.3", "a: 80" },
  { "3.2.3", "a:80:80" },
  { "3.2.3", "a::80" },
  { "3.2.2", "::1" },
  { "3.2.2", "[]" },
  { "3.2.2", "[" },
  { "3.2.2", "[::1" },
  { "3.2.2", "[::1]x" },
  { "3.2.2", "[::1]80" },
  { "3.2.2", "[::1]]" },
  { "3.2.2", "[[::1]]" },
  { "3.2.2", "[:]" },
  { "3.2.2", "[:1]" },
  { "3.2.2", "[1:]" },
  { "3.2.2", "[:::]" },
  { "3.2.2", "[1:::2]" },
  { "3.2.2", "[1::2::3]" },
  { "3.2.2", "[::1::]" },
  { "3.2.2", "[1]" },
  { "3.2.2", "[a.example]" },
  { "3.2.2", "[127.0.0.1]" },
  { "3.2.2", "[1:2:3:4:5:6:7]" },
  { "3.2.2", "[1:2:3:4:5:6:7:]" },
  { "3.2.2", "[1:2:3:4:5:6:7:8:]" },
  { "3.2.2", "[1:2:3:4:5:6:7:8:9]" },
  { "3.2.2", "[1:2:3:4:5:6:7:8::]" },
  { "3.2.2", "[::1:2:3:4:5:6:7:8]" },
  { "3.2.2", "[1:2:3:4::5:6:7:8]" },
  { "3.2.2", "[12345::]" },
  { "3.2.2", "[g::]" },
  { "3.2.2", "[::1%25eth0]" },
  { "3.2.2", "[::1%eth0]" },
  { "3.2.2", "[::1.2.3]" },
  { "3.2.2", "[::1.2.3.4.5]" },
  { "3.2.2", "[::1.2.3.256]" },
  { "3.2.2", "[::1.2.3.04]" },
  { "3.2.2", "[::1.2.3.]" },
  { "3.2.2", "[::1.2.3.4:5]" },
  { "3.2.2", "[::a.2.3.4]" },
  { "3.2.2", "[1.2.3.4::]" },
  { "3.2.2", "[1:2:3:4:5:6:7:1.2.3.4]" },
  { "3.2.2", "[1:2:3:4:5:1.2.3.4]" },
  { "3.2.2", "[v1]" },
  { "3.2.2", "[v1.]" },
  { "3.2.2", "[v.a]" },
  { "3.2.2", "[vg.a]" },
  { "3.2.2", "[v1.a/b]" },
  { "3.2.2", "[v1.%41]" },
};

static gboolean
check (const char *text, GError **error)
{
  gsize length = strlen (text);
  g_autofree char *exact = g_memdup2 (text, MAX (length, 1));

  return disp_http_authority_check ((DispSpan){ exact, length }, error);
}

static void
test_accepts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("RFC %s: %s", accepted[i].section, accepted[i].text);
      g_assert_true (check (accepted[i].text, &error));
      g_assert_no_error (error);
    }
}

static void
test_refuses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("RFC %s: %s", refused[i].section, refused[i].text);
      g_assert_false (check (refused[i].text, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_BAD_REQUEST);
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
    { "", "the host is empty" },
    { "u@a", "the host \"u@a\" has user information, expected HOST[:PORT]" },
    { "\xc3\xa9 b\x1b",
      "the host \"\\xc3\\xa9 b\\x1b\" is no name or address with or without a port" },
    { "a:99999", "the host \"a:99999\" is no name or address with or without a port" },
    { "012345678901234567890123456789012345678901234567890123456789/",
      "the host \"012345678901234567890123456789012345678901234567890123456789...\" is no name or "
      "address with or without a port" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (check (rows[i].text, &error));
      g_assert_cmpstr (error->message, ==, rows[i].message);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/http-authority/accepts", test_accepts);
  g_test_add_func ("/wire/http-authority/refuses", test_refuses);
  g_test_add_func ("/wire/http-authority/messages", test_messages);
  return g_test_run ();
}
