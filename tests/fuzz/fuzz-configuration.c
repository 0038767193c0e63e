/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "app/config.h"
#include "core/error.h"

#include <stdlib.h>
#include <string.h>

#define ORIGIN "FILE"

/* What GLib takes for a mistake of ours ends the run, and by a signal with which the input is kept.
 */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           G_GNUC_UNUSED gpointer user_data)
{
  GLogWriterOutput output = g_log_writer_default (level, fields, n_fields, NULL);

  if ((level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) != 0)
    abort ();
  return output;
}

/* The same wherever it runs. */
static void
prepare (void)
{
  static gboolean prepared;

  if (prepared)
    return;
  g_setenv ("STATE_DIRECTORY", "/var/lib/dispatcherd", TRUE);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  g_log_set_writer_func (write_log, NULL, NULL);
  prepared = TRUE;
}

/* One line of UTF-8 that says where: in which line, at which key, or at what source of the fleet
 * that two keys say. */
static void
check_fault (const GError *error)
{
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  for (const char *at = error->message; *at != '\0'; at = g_utf8_next_char (at))
    g_assert_false (g_unichar_iscntrl (g_utf8_get_char (at)));
  g_assert_true (g_str_has_prefix (error->message, ORIGIN ": ")
                 || g_str_has_prefix (error->message, "default: "));
  g_assert_true (strstr (error->message, ": [") != NULL || strstr (error->message, ": line ")
                 || strstr (error->message, "[fleet] source") != NULL);
}

static void
assert_same (const DispConfig *first, const DispConfig *second)
{
  for (guint i = 0; i < DISP_N_SETTINGS; i++)
    g_assert_cmpstr (second->texts[i], ==, first->texts[i]);
  g_assert_true (g_variant_equal (second->probabilities, first->probabilities));
  g_assert_cmpint (second->source, ==, first->source);
  g_assert_cmpint (second->body_limit, ==, first->body_limit);
  g_assert_cmpint (second->timeout, ==, first->timeout);
  g_assert_true (second->request_rate == first->request_rate);
  g_assert_true (
      g_strv_equal ((const char *const *) second->listen, (const char *const *) first->listen));
}

/* As "dispatcherd --check-config" prints it, it is a configuration that says the same. */
static void
check_written (const DispConfig *config)
{
  g_autofree char *text = disp_config_to_text (config);
  g_autoptr (DispConfig) again = disp_config_new ();
  g_autoptr (GError) error = NULL;

  disp_config_load_text (again, text, strlen (text), ORIGIN, &error);
  g_assert_no_error (error);
  assert_same (config, again);
  g_assert_true (disp_config_check (again, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_malloc (size + 1);
  g_autoptr (DispConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  prepare ();
  if (size > 0)
    memcpy (text, data, size);
  text[size] = '\0';
  config = disp_config_new ();
  if (!disp_config_load_text (config, text, size, ORIGIN, &error)
      || !disp_config_check (config, &error))
    check_fault (error);
  else
    check_written (config);
  return 0;
}
