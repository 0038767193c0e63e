/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/notify.h"

#include "control/supervisor.h"
#include "core/error.h"

#include <string.h>

static DispNotify *
open_well (const Supervisor *supervisor)
{
  g_autoptr (GError) error = NULL;
  DispNotify *notify = disp_notify_new (supervisor->address, &error);

  g_assert_no_error (error);
  return notify;
}

static void
test_messages (gconstpointer data)
{
  g_autoptr (Supervisor) supervisor = supervisor_new (GPOINTER_TO_INT (data));
  g_autoptr (DispNotify) notify = open_well (supervisor);

  supervisor_assert_silent (supervisor);
  disp_notify_ready (notify, "all well");
  supervisor_assert_next (supervisor, "READY=1\nSTATUS=all well");
  disp_notify_reloading (notify, 123456);
  supervisor_assert_next (supervisor, "RELOADING=1\nMONOTONIC_USEC=123456");
  disp_notify_status (notify, "à 1/2");
  supervisor_assert_next (supervisor, "STATUS=à 1/2");
  disp_notify_alive (notify);
  supervisor_assert_next (supervisor, "WATCHDOG=1");
  disp_notify_stopping (notify, "draining");
  supervisor_assert_next (supervisor, "STOPPING=1\nSTATUS=draining");
  disp_notify_extend (notify, 5000000);
  supervisor_assert_next (supervisor, "EXTEND_TIMEOUT_USEC=5000000");
  supervisor_assert_silent (supervisor);
}

/* No text can say more than a status. */
static void
test_line_breaks (void)
{
  g_autoptr (Supervisor) supervisor = supervisor_new (FALSE);
  g_autoptr (DispNotify) notify = open_well (supervisor);

  disp_notify_status (notify, "one\nWATCHDOG=1\r\tend");
  supervisor_assert_next (supervisor, "STATUS=one WATCHDOG=1  end");
}

static void
test_nobody (void)
{
  disp_notify_ready (NULL, "x");
  disp_notify_reloading (NULL, 1);
  disp_notify_stopping (NULL, "x");
  disp_notify_status (NULL, "x");
  disp_notify_extend (NULL, 1);
  disp_notify_alive (NULL);
}

static void
test_bad_address (void)
{
  g_autofree char *longest = g_strnfill (107, 'x');
  g_autofree char *too_long = g_strconcat ("/", longest, NULL);
  const char *const addresses[] = { "", "/", "@", "relative", "vsock:2:1", too_long };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (disp_notify_new (addresses[i], &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_FAILED);
      g_assert_nonnull (strstr (error->message, "expected an absolute path"));
    }
}

static GLogWriterOutput
count_warnings (GLogLevelFlags level, G_GNUC_UNUSED const GLogField *fields,
                G_GNUC_UNUSED gsize n_fields, gpointer user_data)
{
  guint *n = user_data;

  if ((level & G_LOG_LEVEL_WARNING) != 0)
    (*n)++;
  return G_LOG_WRITER_HANDLED;
}

static guint n_warnings;

/* Who does not listen is mentioned once, until somebody listens again. */
static void
test_gone (void)
{
  Supervisor *supervisor = supervisor_new (FALSE);
  g_autoptr (DispNotify) notify = open_well (supervisor);

  supervisor_free (supervisor);
  n_warnings = 0;
  disp_notify_status (notify, "x");
  disp_notify_status (notify, "y");
  g_assert_cmpuint (n_warnings, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (count_warnings, &n_warnings, NULL);
  g_test_add_data_func ("/control/notify/messages/path", GINT_TO_POINTER (FALSE), test_messages);
  g_test_add_data_func ("/control/notify/messages/abstract", GINT_TO_POINTER (TRUE), test_messages);
  g_test_add_func ("/control/notify/line-breaks", test_line_breaks);
  g_test_add_func ("/control/notify/nobody", test_nobody);
  g_test_add_func ("/control/notify/bad-address", test_bad_address);
  g_test_add_func ("/control/notify/gone", test_gone);
  return g_test_run ();
}
