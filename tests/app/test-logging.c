/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/logging.h"

#include <string.h>

/* Each case runs in a process of its own, since a log writer cannot be taken back. */
static void
run_case (void)
{
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

/* In the process of its own: starts logging, with warnings that end nothing. */
static void
start (gboolean verbose)
{
  g_unsetenv ("G_MESSAGES_DEBUG");
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  disp_logging_start (verbose);
}

static void
log_foreign (GLogLevelFlags level, const char *message)
{
  g_log_structured ("libfoo", level, "MESSAGE", "%s", message);
}

static void
test_levels (void)
{
  if (g_test_subprocess ())
    {
      start (FALSE);
      g_debug ("some-debug");
      g_info ("some-info");
      g_message ("some-message");
      g_warning ("some-warning");
      g_critical ("some-critical");
      return;
    }
  run_case ();
  g_test_trap_assert_stderr ("*dispatcherd: some-message\n"
                             "dispatcherd: warning: some-warning\n"
                             "dispatcherd: critical: some-critical\n*");
  g_test_trap_assert_stderr_unmatched ("*some-debug*");
  g_test_trap_assert_stderr_unmatched ("*some-info*");
}

static void
test_verbose (void)
{
  if (g_test_subprocess ())
    {
      start (TRUE);
      g_debug ("some-debug");
      g_info ("some-info");
      log_foreign (G_LOG_LEVEL_INFO, "foreign-info");
      return;
    }
  run_case ();
  g_test_trap_assert_stderr ("*dispatcherd: some-info\n*");
  g_test_trap_assert_stderr_unmatched ("*some-debug*");
  g_test_trap_assert_stderr_unmatched ("*foreign-info*");
}

static void
test_messages_debug (void)
{
  if (g_test_subprocess ())
    {
      start (FALSE);
      g_setenv ("G_MESSAGES_DEBUG", "libfoo", TRUE);
      g_debug ("some-debug");
      log_foreign (G_LOG_LEVEL_DEBUG, "foreign-debug");
      return;
    }
  run_case ();
  g_test_trap_assert_stderr ("*libfoo: foreign-debug\n*");
  g_test_trap_assert_stderr_unmatched ("*some-debug*");
}

/* A client that makes a library complain cannot fill the log; what is ours is all told. */
static void
test_foreign_limit (void)
{
  if (g_test_subprocess ())
    {
      start (FALSE);
      for (guint i = 0; i < 1000; i++)
        {
          g_autofree char *text = g_strdup_printf ("foreign-%u.", i);

          log_foreign (G_LOG_LEVEL_WARNING, text);
        }
      for (guint i = 0; i < 100; i++)
        g_warning ("ours-%u.", i);
      return;
    }
  run_case ();
  g_test_trap_assert_stderr ("*libfoo: warning: foreign-9.\n*");
  g_test_trap_assert_stderr_unmatched ("*foreign-10.*");
  g_test_trap_assert_stderr ("*dispatcherd: warning: ours-99.\n*");
}

/* A client whose words end in a message cannot add lines to the log. */
static void
test_one_line (void)
{
  if (g_test_subprocess ())
    {
      start (FALSE);
      g_message ("model \"a\r\ndispatcherd: critical: \033[31mforged\"");
      return;
    }
  run_case ();
  g_test_trap_assert_stderr ("*dispatcherd: model \"a  dispatcherd: critical:  [31mforged\"\n*");
}

/* One loud library does not hide another. */
static void
test_foreign_domains (void)
{
  if (g_test_subprocess ())
    {
      start (FALSE);
      for (guint i = 0; i < 1000; i++)
        log_foreign (G_LOG_LEVEL_WARNING, "loud");
      g_log_structured ("libbar", G_LOG_LEVEL_WARNING, "MESSAGE", "quiet");
      return;
    }
  run_case ();
  g_test_trap_assert_stderr ("*libbar: warning: quiet\n*");
}

static void
test_no_domain (void)
{
  if (g_test_subprocess ())
    {
      const GLogField fields[] = { { "MESSAGE", "without-a-domain", -1 } };

      start (FALSE);
      g_log_structured_array (G_LOG_LEVEL_MESSAGE, fields, G_N_ELEMENTS (fields));
      return;
    }
  run_case ();
  g_test_trap_assert_stderr ("*dispatcherd: without-a-domain\n*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/logging/levels", test_levels);
  g_test_add_func ("/app/logging/verbose", test_verbose);
  g_test_add_func ("/app/logging/messages-debug", test_messages_debug);
  g_test_add_func ("/app/logging/foreign-limit", test_foreign_limit);
  g_test_add_func ("/app/logging/foreign-domains", test_foreign_domains);
  g_test_add_func ("/app/logging/one-line", test_one_line);
  g_test_add_func ("/app/logging/no-domain", test_no_domain);
  return g_test_run ();
}
