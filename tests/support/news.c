/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/news.h"

static GLogWriterOutput
keep (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const GLogLevelFlags wanted = G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL;

  for (gsize i = 0; i < n_fields; i++)
    if ((level & wanted) != 0 && g_str_equal (fields[i].key, "MESSAGE"))
      g_string_append_printf (user_data, "%s\n", (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

/**
 * news_keep_in:
 * @news: lives as long as something is logged
 *
 * From now on what an operator is told, messages and worse, becomes lines of @news.  Once in a
 * program, which logs from one thread.
 */
void
news_keep_in (GString *news)
{
  g_log_set_writer_func (keep, news, NULL);
}
