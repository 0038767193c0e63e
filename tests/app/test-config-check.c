/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config.h"

#include "app/private-home.h"
#include "core/error.h"

#include <glib/gstdio.h>
#include <string.h>

/* A file of which each line by itself is right, and the message, behind the path of the file, of
 * the error that they are together; %NULL if they are none. */
typedef struct
{
  const char *name;
  const char *text;
  const char *message; /* (nullable) */
} CheckCase;

#define OPEN_TO_OTHERS                                                                             \
  ", which others than this machine can reach; if they may, say allow-open=yes in [embedded]"

static const CheckCase check_cases[] = {
  { "nothing", "", NULL },
  { "source-without-file", "[fleet]\nsource=file\n",
    "[fleet] source: it is \"file\", expected [fleet] file as well" },
  { "source-without-url", "[fleet]\nsource=containers-manager\nfile=/f\n",
    "[fleet] source: it is \"containers-manager\", expected [fleet] url as well" },
  { "empty-file", "[fleet]\nfile=\n",
    "[fleet] source: it is \"file\", expected [fleet] file as well" },
  { "committed", "[records]\ndurability=committed\n", NULL },
  { "committed-elsewhere", "[records]\ndurability=committed\nstore=http://s\n", NULL },
  { "committed-nowhere", "[records]\ndurability=committed\nstore=none\n",
    "[records] durability: expected \"relaxed\" or another [records] store, found \"committed\", "
    "and \"none\", which keeps nothing (" },
  { "committed-dropping", "[records]\ndurability=committed\noverflow=drop\n",
    "[records] durability: expected \"relaxed\" or [records] overflow=refuse, found "
    "\"committed\", and \"drop\", with which answers may leave no records (" },
  { "relaxed-nowhere", "[records]\ndurability=relaxed\nstore=none\n", NULL },
  { "store", "[embedded]\nrequests-store-listen=127.0.0.1:5002\n", NULL },
  { "store-of-a-file", "[records]\nstore=sqlite:/r.db\n[embedded]\nrequests-store-listen=unix:/s\n",
    NULL },
  { "store-of-nothing", "[records]\nstore=none\n[embedded]\nrequests-store-listen=[::1]:5002\n",
    "[embedded] requests-store-listen: expected nothing, or a [records] store that is sqlite or "
    "sqlite:PATH, found \"none\" (" },
  { "store-of-another",
    "[records]\nstore=http://s\n[embedded]\nrequests-store-listen=127.0.0.1:5002\n",
    "[embedded] requests-store-listen: expected nothing, or a [records] store that is sqlite or "
    "sqlite:PATH, found \"http://s\" (" },
  { "manager-before-another",
    "[fleet]\nurl=http://m\n[embedded]\ncontainers-manager-listen=127.0.0.1:5001\n", NULL },
  { "open-store", "[embedded]\nrequests-store-listen=127.0.0.1:5002;0.0.0.0:5002\n",
    "[embedded] requests-store-listen: expected an address of 127.0.0.0/8, [::1]:PORT or "
    "unix:/PATH, found \"0.0.0.0:5002\"" OPEN_TO_OTHERS },
  { "open-manager", "[embedded]\ncontainers-manager-listen=[::]:5001\n",
    "[embedded] containers-manager-listen: expected an address of 127.0.0.0/8, [::1]:PORT or "
    "unix:/PATH, found \"[::]:5001\"" OPEN_TO_OTHERS },
  { "open-on-purpose",
    "[embedded]\ncontainers-manager-listen=[::]:5001\nrequests-store-listen=10.0.0.1:1\n"
    "allow-open=yes\n",
    NULL },
  { "open-front", "[server]\nlisten=127.0.0.1:1;0.0.0.0:8000\n",
    "[server] listen: expected an address of 127.0.0.0/8, [::1]:PORT or unix:/PATH, found "
    "\"0.0.0.0:8000\", which others than this machine can reach; say with token-file in [server] "
    "who may, or with allow-open=yes there that all may" },
  { "open-front-on-purpose", "[server]\nlisten=0.0.0.0:8000\nallow-open=yes\n", NULL },
  { "open-front-with-tokens", "[server]\nlisten=[::]:8000\ntoken-file=/t\n", NULL },
  { "open-front-embedded", "[server]\nlisten=[::]:8000\n[embedded]\nallow-open=yes\n",
    "[server] listen: " },
  { "open-embedded-front",
    "[server]\nallow-open=yes\ntoken-file=/t\n[embedded]\nrequests-store-listen=0.0.0.0:1\n",
    "[embedded] requests-store-listen: " },
  { "bodies", "[server]\nbody-limit=2G\nbody-memory=2048M\n", NULL },
  { "little-body-memory", "[server]\nbody-memory=1M\n",
    "[server] body-memory: expected at least what one body may take, [server] body-limit=64M "
    "(default), found \"1M\"" },
  { "tls", "[server]\ntls-certificate=/c\n", NULL },
  { "tls-with-key", "[server]\ntls-certificate=/c\ntls-key=/k\n", NULL },
  { "key-alone", "[server]\ntls-key=/k\n",
    "[server] tls-key: expected [server] tls-certificate as well" },
  { "client-certificates",
    "[server]\ntls-certificate=/c\ntls-client-certificate=required\ntls-client-ca=/a\n", NULL },
  { "client-certificates-alone", "[server]\ntls-client-certificate=optional\ntls-client-ca=/a\n",
    "[server] tls-client-certificate: expected [server] tls-certificate as well" },
  { "client-certificates-of-whom",
    "[server]\ntls-certificate=/c\ntls-client-certificate=optional\n",
    "[server] tls-client-certificate: expected [server] tls-client-ca as well" },
  { "ca-for-nothing", "[server]\ntls-certificate=/c\ntls-client-ca=/a\n",
    "[server] tls-client-ca: expected [server] tls-client-certificate=optional or required as "
    "well" },
  { "ports-of-the-system",
    "[server]\nlisten=127.0.0.1:0;127.0.0.1:0\n[embedded]\nrequests-store-listen=127.0.0.1:0\n",
    NULL },
  { "same-twice", "[server]\nlisten=127.0.0.1:1;[::1]:1;127.0.0.1:1\n",
    "[server] listen: expected an address of its own, found \"127.0.0.1:1\", which is listened on "
    "already" },
  { "store-at-the-front", "[embedded]\nrequests-store-listen=localhost:8000\n",
    "[embedded] requests-store-listen: expected an address of its own, found \"localhost:8000\", "
    "which is listened on already" },
  { "manager-at-the-store",
    "[embedded]\nrequests-store-listen=unix:/s\ncontainers-manager-listen=[::1]:1;unix:/s\n",
    "[embedded] containers-manager-listen: expected an address of its own, found \"unix:/s\", "
    "which is listened on already" },
};

static void
test_check (gconstpointer data)
{
  const CheckCase *row = data;
  g_autofree char *path = private_home_write ("a.conf", row->text);
  g_autoptr (DispConfig) config = disp_config_new ();
  g_autofree char *start = NULL;
  g_autoptr (GError) error = NULL;

  disp_config_load_file (config, path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (disp_config_check (config, &error), ==, row->message == NULL);
  if (row->message == NULL)
    {
      g_assert_no_error (error);
      return;
    }
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  start = g_strdup_printf ("%s: %s", path, row->message);
  if (!g_str_has_prefix (error->message, start))
    g_error ("\"%s\" does not begin with \"%s\"", error->message, start);
}

/* The fault is where the setting was written that cannot be, and the other's place is told too. */
static void
test_origins (void)
{
  g_autofree char *path = private_home_write ("a.conf", "[records]\ndurability=committed\n");
  g_autofree char *start = g_strdup_printf ("%s: [records] durability: ", path);
  g_autoptr (DispConfig) config = disp_config_new ();
  g_autoptr (GError) error = NULL;

  disp_config_load_file (config, path, &error);
  g_assert_no_error (error);
  g_assert_true (disp_config_set (config, "requests-store", "none", "--requests-store", NULL));
  g_assert_false (disp_config_check (config, &error));
  g_assert_true (g_str_has_prefix (error->message, start));
  g_assert_true (g_str_has_suffix (error->message, "which keeps nothing (--requests-store)"));
}

/* Tokens that the supervisor passes on are as good as a file of them. */
static void
test_credential (void)
{
  g_autofree char *directory = g_dir_make_tmp ("dispatcherd-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "predictions.tokens", NULL);
  g_autoptr (DispConfig) config = disp_config_new ();

  g_assert_true (disp_config_set (config, "listen", "0.0.0.0:0", "--listen", NULL));
  g_assert_false (disp_config_check (config, NULL));
  g_setenv ("CREDENTIALS_DIRECTORY", directory, TRUE);
  g_assert_false (disp_config_check (config, NULL));
  g_assert_true (g_file_set_contents (path, "alice alices-token-0001\n", -1, NULL));
  g_assert_true (disp_config_check (config, NULL));
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  private_home_enter ();
  for (guint i = 0; i < G_N_ELEMENTS (check_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/app/config-check/", check_cases[i].name, NULL);

      g_test_add_data_func (path, &check_cases[i], test_check);
    }
  g_test_add_func ("/app/config-check/origins", test_origins);
  g_test_add_func ("/app/config-check/credential", test_credential);
  status = g_test_run ();
  private_home_leave ();
  return status;
}
