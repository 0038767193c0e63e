/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/policy-file.h"

#include "core/error.h"
#include "support/news.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* A file in a temporary directory, which the first save makes. */
typedef struct
{
  char *directory;    /* (owned) */
  char *state;        /* (owned) the directory of the file */
  char *path;         /* (owned) */
  DispPolicies *base; /* (owned) what is configured: round robin */
  GString *news;      /* (owned) what was logged */
} Fixture;

static DispPolicySpec *
spec_new (const char *name, const char *options)
{
  g_autoptr (GVariant) parsed = options != NULL ? g_variant_parse (G_VARIANT_TYPE_VARDICT, options,
                                                                   NULL, NULL, NULL)
                                                : NULL;
  g_autoptr (GError) error = NULL;
  DispPolicySpec *spec = disp_policy_spec_new (name, parsed, &error);

  g_assert_no_error (error);
  return spec;
}

static void
set_up (Fixture *fixture, gconstpointer news)
{
  g_autoptr (DispPolicySpec) configured = spec_new ("round-robin", NULL);
  g_autoptr (GError) error = NULL;

  fixture->news = (GString *) news;
  g_string_truncate (fixture->news, 0);
  fixture->directory = g_dir_make_tmp ("dispatcherd-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->state = g_build_filename (fixture->directory, "state", NULL);
  fixture->path = g_build_filename (fixture->state, "policies", NULL);
  fixture->base = disp_policies_new (configured);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_remove (fixture->path);
  g_rmdir (fixture->state);
  g_assert_no_errno (g_rmdir (fixture->directory));
  disp_policies_unref (fixture->base);
  g_free (fixture->path);
  g_free (fixture->state);
  g_free (fixture->directory);
}

static DispPolicies *
load (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  DispPolicies *policies = disp_policy_file_load (fixture->path, fixture->base, &error);

  g_assert_no_error (error);
  return policies;
}

static void
save (Fixture *fixture, DispPolicies *policies)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_policy_file_save (fixture->path, policies, &error));
  g_assert_no_error (error);
}

static void
write_text (Fixture *fixture, const char *text, gssize length)
{
  g_assert_cmpint (g_mkdir_with_parents (fixture->state, 0700), ==, 0);
  g_assert_true (g_file_set_contents (fixture->path, text, length, NULL));
}

static void
set (DispPolicies **policies, const char *model, const char *name, const char *options)
{
  g_autoptr (DispPolicySpec) spec = spec_new (name, options);
  DispPolicies *changed = disp_policies_set (*policies, model, spec);

  disp_policies_unref (*policies);
  *policies = changed;
}

/* Whatever a model is called, and however odd the numbers are, it comes back as it was. */
static void
test_round_trip (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  static const char *const names[] = { "m",   " half plus two ", "a=b;c",  "[x]", "#1", "t\ta\nb",
                                       "\\s", "caffè",           "policy", "file" };
  g_autoptr (DispPolicies) policies = disp_policies_ref (fixture->base);
  g_autoptr (DispPolicies) loaded = NULL;
  g_autoptr (GPtrArray) models = NULL;
  struct stat status;

  set (&policies, NULL, "probabilities",
       "{'m': <{'a': 0.1, 'b c': 0.9}>, 'caff\xc3\xa8 \"x\"': <{'a\\n': 0.33333333333333331, "
       "'b': 0.66666666666666674}>}");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    set (&policies, names[i], i % 2 == 0 ? "random" : "probabilities", "@a{sv} {}");
  save (fixture, policies);
  g_assert_no_errno (stat (fixture->path, &status));
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  loaded = load (fixture);
  g_assert_true (disp_policy_spec_equal (disp_policies_get_own (policies, NULL),
                                         disp_policies_get_own (loaded, NULL)));
  models = disp_policies_list_models (loaded);
  g_assert_cmpuint (models->len, ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_true (disp_policy_spec_equal (disp_policies_get_own (policies, names[i]),
                                           disp_policies_get_own (loaded, names[i])));
  /* What was forgotten does not come back. */
  save (fixture, fixture->base);
  disp_policies_unref (loaded);
  loaded = load (fixture);
  g_assert_null (disp_policies_get_own (loaded, NULL));
  g_assert_null (disp_policies_get_own (loaded, "m"));
  g_assert_cmpstr (fixture->news->str, ==, "");
}

/* The shadow comes back too, and that an operator wants none. */
static void
test_shadow (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autoptr (DispPolicySpec) sticky = spec_new ("sticky", "{'header': <'X-A'>}");
  g_autoptr (DispPolicySpec) random = spec_new ("random", NULL);
  g_autoptr (DispPolicies) configured = disp_policies_configure_shadow (fixture->base, random);
  g_autoptr (DispPolicies) set = disp_policies_set_shadow (configured, sticky);
  g_autoptr (DispPolicies) none = disp_policies_set_shadow (configured, NULL);
  g_autoptr (DispPolicies) loaded = NULL;

  save (fixture, set);
  loaded = load (fixture);
  g_assert_true (disp_policy_spec_equal (disp_policies_get_shadow (loaded), sticky));
  save (fixture, none);
  disp_policies_unref (loaded);
  loaded = disp_policy_file_load (fixture->path, configured, NULL);
  g_assert_null (disp_policies_get_shadow (loaded));
  g_assert_true (disp_policies_has_own_shadow (loaded));
  save (fixture, configured);
  disp_policies_unref (loaded);
  loaded = load (fixture);
  g_assert_false (disp_policies_has_own_shadow (loaded));
  g_assert_cmpstr (fixture->news->str, ==, "");
}

static void
test_no_file (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autoptr (DispPolicies) loaded = load (fixture);

  g_assert_true (loaded == fixture->base);
}

/* What such a daemon does not have is left out, and said. */
static void
test_misfit (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autoptr (DispPolicies) loaded = NULL;

  write_text (fixture,
              "[file]\nversion=1\n[policy]\npolicy=luckiest\noptions=@a{sv} {}\n"
              "[model 1]\nmodel=m\npolicy=random\noptions={'x': <1>}\n"
              "[model 2]\nmodel=n\npolicy=random\noptions=@a{sv} {}\n",
              -1);
  loaded = load (fixture);
  g_assert_null (disp_policies_get_own (loaded, NULL));
  g_assert_null (disp_policies_get_own (loaded, "m"));
  g_assert_cmpstr (disp_policy_spec_get_name (disp_policies_get_own (loaded, "n")), ==, "random");
  g_assert_nonnull (strstr (fixture->news->str, "[policy]: a policy that was set is forgotten: "));
  g_assert_nonnull (strstr (fixture->news->str, "[model 1]: a policy that was set is forgotten: "));
}

static void
test_damaged (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  static const char *const texts[] = {
    "",
    "version=1\n",
    "[file]\n",
    "[file]\nversion=0\n",
    "[file]\nversion=2\n",
    "[file]\nversion=-1\n",
    "[file]\nversion=x\n",
    "[file]\nversion=1\n[policy]\npolicy=random\n",
    "[file]\nversion=1\n[polciy]\npolicy=random\noptions=@a{sv} {}\n",
    "[file]\nversion=1\n[policy]\noptions=@a{sv} {}\n",
    "[file]\nversion=1\n[policy]\npolicy=random\noptions={\n",
    "[file]\nversion=1\n[policy]\npolicy=random\noptions='x'\n",
    "[file]\nversion=1\n[model 1]\npolicy=random\noptions=@a{sv} {}\n",
    "[file]\nversion=1\n[policy]\npolicy=\377\noptions=@a{sv} {}\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("text %u", i);
      write_text (fixture, texts[i], -1);
      g_assert_null (disp_policy_file_load (fixture->path, fixture->base, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_FAILED);
      g_assert_true (g_str_has_prefix (error->message, fixture->path));
      g_assert_true (g_str_has_suffix (
          error->message, "; mend the file, or remove it to forget the policies that were set"));
    }
}

/* However much of it is there, it is read or refused. */
static void
test_prefixes (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autoptr (DispPolicies) policies = disp_policies_ref (fixture->base);
  g_autofree char *text = NULL;
  guint n_refused = 0;
  gsize length;

  set (&policies, NULL, "probabilities", "{'m': <{'a': 0.5, 'b': 0.5}>}");
  set (&policies, "m", "random", NULL);
  save (fixture, policies);
  g_assert_true (g_file_get_contents (fixture->path, &text, &length, NULL));
  for (gsize i = 0; i < length; i++)
    {
      g_autoptr (DispPolicies) loaded = NULL;
      g_autoptr (GError) error = NULL;

      write_text (fixture, text, (gssize) i);
      loaded = disp_policy_file_load (fixture->path, fixture->base, &error);
      g_assert_true ((loaded == NULL) == (error != NULL));
      n_refused += loaded == NULL ? 1 : 0;
    }
  g_assert_cmpuint (n_refused, >, length / 2);
}

static void
test_not_writable (Fixture *fixture, G_GNUC_UNUSED gconstpointer news)
{
  g_autofree char *below = g_build_filename (fixture->path, "policies", NULL);
  g_autoptr (GError) error = NULL;

  write_text (fixture, "[file]\nversion=1\n", -1);
  g_assert_false (disp_policy_file_save (below, fixture->base, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_FAILED);
  g_assert_true (g_str_has_prefix (error->message, below));
}

int
main (int argc, char **argv)
{
  g_autoptr (GString) news = g_string_new (NULL);

  g_test_init (&argc, &argv, NULL);
  news_keep_in (news);
#define ADD(name, test)                                                                            \
  g_test_add ("/app/policy-file/" name, Fixture, news, set_up, test, tear_down)
  ADD ("round-trip", test_round_trip);
  ADD ("shadow", test_shadow);
  ADD ("no-file", test_no_file);
  ADD ("misfit", test_misfit);
  ADD ("damaged", test_damaged);
  ADD ("prefixes", test_prefixes);
  ADD ("not-writable", test_not_writable);
  return g_test_run ();
}
