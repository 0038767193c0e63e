/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/setting.h"

#include <string.h>

/* Each setting can be found where its row says, and no two are in one place or have one name. */
static void
test_rows (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      const DispSettingRow *row = disp_setting_get_row (i);
      DispSetting setting = DISP_N_SETTINGS;

      g_assert_true (disp_setting_find (row->group, row->key, &setting));
      g_assert_cmpuint (setting, ==, i);
      g_assert_true (g_hash_table_add (names, (gpointer) row->name));
    }
}

static void
test_find (void)
{
  DispSetting setting = DISP_N_SETTINGS;

  g_assert_true (disp_setting_find ("records", "store", &setting));
  g_assert_cmpint (setting, ==, DISP_SETTING_REQUESTS_STORE);
  g_assert_false (disp_setting_find ("server", "store", &setting));
  g_assert_false (disp_setting_find ("", "", &setting));
  g_assert_cmpint (setting, ==, DISP_SETTING_REQUESTS_STORE);
}

static void
test_list (void)
{
  g_autofree char *groups = disp_setting_list (NULL);
  g_autofree char *keys = disp_setting_list ("fleet");

  g_assert_cmpstr (groups, ==,
                   "server, fleet, dispatch, sticky, records, embedded, bus, probabilities");
  g_assert_cmpstr (keys, ==, "source, file, url, refresh-interval");
  g_assert_null (disp_setting_list ("bus-stop"));
}

/* The manual page says of just those settings that they take a restart. */
static void
test_scopes (void)
{
  g_autofree char *page = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree char *group = g_strdup ("");
  DispSetting setting = DISP_N_SETTINGS;
  gboolean restarted[DISP_N_SETTINGS] = { FALSE };

  g_assert_true (g_file_get_contents (MANUAL_PAGE, &page, NULL, NULL));
  lines = g_strsplit (page, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, ".Ss ["))
      {
        g_free (group);
        group = g_strndup (*line + strlen (".Ss ["), strcspn (*line, "]") - strlen (".Ss ["));
      }
    else if (g_str_has_prefix (*line, ".It Cm "))
      disp_setting_find (group, *line + strlen (".It Cm "), &setting);
    else if (g_str_equal (*line, "Takes a restart."))
      {
        g_assert_cmpint (setting, <, DISP_N_SETTINGS);
        restarted[setting] = TRUE;
      }
  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    {
      g_test_message ("%s", disp_setting_get_row (i)->name);
      g_assert_cmpint (disp_setting_get_row (i)->scope, ==,
                       restarted[i] ? DISP_SETTING_RESTARTED : DISP_SETTING_RELOADED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/setting/rows", test_rows);
  g_test_add_func ("/app/setting/find", test_find);
  g_test_add_func ("/app/setting/list", test_list);
  g_test_add_func ("/app/setting/scopes", test_scopes);
  return g_test_run ();
}
