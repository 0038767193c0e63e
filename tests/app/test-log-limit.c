/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/log-limit.h"

static guint
admit (DispLogLimit *limit, const char *domain, gint64 now, guint n)
{
  guint n_admitted = 0;

  for (guint i = 0; i < n; i++)
    n_admitted += disp_log_limit_admit (limit, domain, now);
  return n_admitted;
}

static void
test_window (void)
{
  static DispLogLimit limit;

  g_assert_cmpuint (admit (&limit, "libfoo", 5, DISP_LOG_LIMIT + 3), ==, DISP_LOG_LIMIT);
  g_assert_false (disp_log_limit_admit (&limit, "libfoo", 5 + DISP_LOG_WINDOW - 1));
  g_assert_true (disp_log_limit_admit (&limit, "libfoo", 5 + DISP_LOG_WINDOW));
}

/* A library that says much does not hide what another one says. */
static void
test_each_domain (void)
{
  static DispLogLimit limit;

  g_assert_cmpuint (admit (&limit, "libfoo", 0, 1000), ==, DISP_LOG_LIMIT);
  g_assert_cmpuint (admit (&limit, "libbar", 0, 1000), ==, DISP_LOG_LIMIT);
}

static void
test_left_out (void)
{
  static DispLogLimit limit;
  char domain[DISP_LOG_DOMAIN_SIZE];

  admit (&limit, "libfoo", 0, DISP_LOG_LIMIT + 7);
  admit (&limit, "libbar", 0, DISP_LOG_LIMIT);
  admit (&limit, "libbaz", 1, DISP_LOG_LIMIT + 1);
  g_assert_cmpuint (disp_log_limit_take_left_out (&limit, DISP_LOG_WINDOW - 1, domain), ==, 0);
  g_assert_cmpuint (disp_log_limit_take_left_out (&limit, DISP_LOG_WINDOW, domain), ==, 7);
  g_assert_cmpstr (domain, ==, "libfoo");
  g_assert_cmpuint (disp_log_limit_take_left_out (&limit, DISP_LOG_WINDOW, domain), ==, 0);
  g_assert_cmpuint (disp_log_limit_take_left_out (&limit, DISP_LOG_WINDOW + 1, domain), ==, 1);
  g_assert_cmpstr (domain, ==, "libbaz");
  g_assert_cmpuint (disp_log_limit_take_left_out (&limit, 9 * DISP_LOG_WINDOW, domain), ==, 0);
}

/* However many domains there are, there is an end of it. */
static void
test_many_domains (void)
{
  static DispLogLimit limit;
  char domain[DISP_LOG_DOMAIN_SIZE];
  guint n_admitted = 0;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u-library-with-quite-a-long-name", i);

      n_admitted += admit (&limit, name, 0, 2);
    }
  g_assert_cmpuint (n_admitted, ==, (DISP_LOG_DOMAINS - 1) * 2 + DISP_LOG_LIMIT);
  g_assert_cmpuint (disp_log_limit_take_left_out (&limit, DISP_LOG_WINDOW, domain), >, 0);
  g_assert_cmpstr (domain, ==, "others");
}

static gpointer
admit_many (gpointer limit)
{
  return GUINT_TO_POINTER (admit (limit, "libfoo", 0, 10000));
}

static void
test_threads (void)
{
  static DispLogLimit limit;
  GThread *threads[4];
  char domain[DISP_LOG_DOMAIN_SIZE];
  guint n_admitted = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("log", admit_many, &limit);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    n_admitted += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  g_assert_cmpuint (n_admitted, ==, DISP_LOG_LIMIT);
  g_assert_cmpuint (disp_log_limit_take_left_out (&limit, DISP_LOG_WINDOW, domain), ==,
                    4 * 10000 - DISP_LOG_LIMIT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/log-limit/window", test_window);
  g_test_add_func ("/app/log-limit/each-domain", test_each_domain);
  g_test_add_func ("/app/log-limit/left-out", test_left_out);
  g_test_add_func ("/app/log-limit/many-domains", test_many_domains);
  g_test_add_func ("/app/log-limit/threads", test_threads);
  return g_test_run ();
}
