/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/model.h"

static void
test_new (void)
{
  char name[] = "half_plus_two";
  g_autoptr (DispModel) model = disp_model_new (name, G_MAXINT64);

  name[0] = 'H';
  g_assert_cmpstr (model->name, ==, "half_plus_two");
  g_assert_cmpint (model->version, ==, G_MAXINT64);
  g_assert_cmpfloat (model->sla, ==, 0);
  g_assert_cmpfloat (model->alpha, ==, 0);
  g_assert_cmpfloat (model->profiled_rt, ==, 0);
}

static void
test_version (void)
{
  g_auto (DispVersion) version = { DISP_VERSION_LABEL, 0, g_strdup ("stable") };
  DispVersion latest = { 0 };

  g_assert_cmpint (latest.kind, ==, DISP_VERSION_LATEST);
  disp_version_clear (&version);
  g_assert_null (version.label);
  disp_version_clear (&version);
  disp_version_clear (&latest);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/model/new", test_new);
  g_test_add_func ("/core/model/version", test_version);
  return g_test_run ();
}
