/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/listen-address.h"

#include "core/error.h"

#include <string.h>

#define EXPECTED                                                                                   \
  "is no address to listen on, expected ADDRESS:PORT with a numeric address, [ADDRESS]:PORT with " \
  "one of IPv6, or unix:/ABSOLUTE/PATH"

static const char *const bad_addresses[] = {
  "",
  ":",
  ":8000",
  "8000",
  "127.0.0.1",
  "127.0.0.1:",
  "127.0.0.1:65536",
  "127.0.0.1:99999999999999999999",
  "127.0.0.1:-1",
  "127.0.0.1:+1",
  "127.0.0.1: 1",
  "127.0.0.1:1 ",
  "127.0.0.1:80x",
  "127.0.0.1:http",
  "127.0.0.256:80",
  "127.1:80",
  "somewhere.example:80",
  "http://127.0.0.1:80",
  "::1",
  "::1:80",
  "[::1]",
  "[::1]80",
  "[::1:80",
  "::1]:80",
  "[]:80",
  "]:80",
  "[:80",
  "[127.0.0.1]:80",
  "[localhost]:80",
  "*:80",
  "unix:",
  "unix:socket",
  "unix:./socket",
  "UNIX:/tmp/socket",
  "/tmp/socket",
};

static void
test_bad_addresses (void)
{
  g_autofree char *longest = g_strnfill (107, 'a');
  g_autofree char *too_long = g_strconcat ("unix:/", longest, NULL);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad_addresses); i++)
    {
      g_autofree char *message = g_strdup_printf ("\"%s\" " EXPECTED, bad_addresses[i]);

      g_assert_null (disp_listen_address_parse (bad_addresses[i], &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_cmpstr (error->message, ==, message);
      g_clear_error (&error);
    }
  g_assert_null (disp_listen_address_parse (too_long, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  too_long[strlen (too_long) - 1] = '\0';
  address = disp_listen_address_parse (too_long, NULL);
  g_assert_nonnull (address);
}

static void
test_good_addresses (void)
{
  static const char *const addresses[] = { "127.0.0.1:0", "localhost:65535", "0.0.0.0:1",
                                           "[::]:8000",   "[::1]:0",         "unix:/a;b c" };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocketAddress) address = disp_listen_address_parse (addresses[i], &error);

      g_assert_no_error (error);
      g_assert_nonnull (address);
    }
}

static void
test_local (void)
{
  static const char *const local[] = { "127.0.0.1:1", "127.255.255.254:0",     "localhost:80",
                                       "[::1]:80",    "[::ffff:127.0.0.1]:80", "unix:/s" };
  static const char *const open[] = { "0.0.0.0:1",           "[::]:1",       "10.0.0.1:80",
                                      "128.0.0.1:80",        "[fe80::1]:80", "[::2]:80",
                                      "[::ffff:10.0.0.1]:80" };

  for (guint i = 0; i < G_N_ELEMENTS (local); i++)
    g_assert_true (disp_listen_address_is_local (local[i]));
  for (guint i = 0; i < G_N_ELEMENTS (open); i++)
    g_assert_false (disp_listen_address_is_local (open[i]));
}

static void
test_same (void)
{
  static const char *const same[][2] = { { "127.0.0.1:80", "127.0.0.1:80" },
                                         { "127.0.0.1:80", "localhost:080" },
                                         { "[::1]:80", "[0:0::1]:80" },
                                         { "unix:/s", "unix:/s" } };
  static const char *const different[][2]
      = { { "127.0.0.1:80", "127.0.0.1:81" }, { "127.0.0.1:80", "127.0.0.2:80" },
          { "127.0.0.1:80", "[::1]:80" },     { "127.0.0.1:0", "127.0.0.1:0" },
          { "unix:/s", "unix:/t" },           { "unix:/127.0.0.1:80", "127.0.0.1:80" } };

  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    g_assert_true (disp_listen_address_is_same (same[i][0], same[i][1]));
  for (guint i = 0; i < G_N_ELEMENTS (different); i++)
    {
      g_assert_false (disp_listen_address_is_same (different[i][0], different[i][1]));
      g_assert_false (disp_listen_address_is_same (different[i][1], different[i][0]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/listen-address/bad", test_bad_addresses);
  g_test_add_func ("/front/listen-address/good", test_good_addresses);
  g_test_add_func ("/front/listen-address/local", test_local);
  g_test_add_func ("/front/listen-address/same", test_same);
  return g_test_run ();
}
