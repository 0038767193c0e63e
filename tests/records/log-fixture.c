/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/log-fixture.h"

#include "core/tsan.h"
#include "records/fixture.h"

const DispRequestLogSettings log_flushes_soon = SETTINGS (G_TIME_SPAN_MILLISECOND);
const DispRequestLogSettings log_flushes_never = SETTINGS (AN_HOUR);

/* What was logged, as "level message".  GLib takes one log writer for the whole life of a process,
 * and gives it no thread of its own. */
static GMutex news_lock;
static GPtrArray *news; /* (owned) (element-type utf8) (locked-by news_lock) */

static GLogWriterOutput
note_news (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           G_GNUC_UNUSED gpointer user_data)
{
  const char *name = level == G_LOG_LEVEL_WARNING   ? "warning"
                     : level == G_LOG_LEVEL_MESSAGE ? "message"
                                                    : "other";

  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return g_log_writer_default (level, fields, n_fields, NULL);
  /* GIO has a lot to say there. */
  if (level & G_LOG_LEVEL_DEBUG)
    return G_LOG_WRITER_HANDLED;
  g_mutex_lock (&news_lock);
  DISP_TSAN_ACQUIRE (&news_lock);
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      g_ptr_array_add (news, g_strdup_printf ("%s %s", name, (const char *) fields[i].value));
  DISP_TSAN_RELEASE (&news_lock);
  g_mutex_unlock (&news_lock);
  return G_LOG_WRITER_HANDLED;
}

/**
 * log_news_catch:
 *
 * Keeps what is logged from now on.  Once a process.
 */
void
log_news_catch (void)
{
  news = g_ptr_array_new_with_free_func (g_free);
  g_log_set_writer_func (note_news, NULL, NULL);
}

/**
 * log_news_forget:
 *
 * Forgets what was logged.
 */
void
log_news_forget (void)
{
  g_mutex_lock (&news_lock);
  g_ptr_array_set_size (news, 0);
  g_mutex_unlock (&news_lock);
}

/**
 * log_news_count:
 *
 * Returns: how many lines were logged
 */
guint
log_news_count (void)
{
  guint n;

  g_mutex_lock (&news_lock);
  n = news->len;
  g_mutex_unlock (&news_lock);
  return n;
}

/**
 * log_news_check:
 * @number: a line, from 0
 * @pattern: what it has to be like, with its level in front
 */
void
log_news_check (guint number, const char *pattern)
{
  g_autofree char *line = NULL;

  g_assert_cmpuint (log_news_count (), >, number);
  g_mutex_lock (&news_lock);
  line = g_strdup (g_ptr_array_index (news, number));
  g_mutex_unlock (&news_lock);
  if (!g_pattern_match_simple (pattern, line))
    g_test_fail_printf ("\"%s\" is not like \"%s\"", line, pattern);
}

/**
 * log_fixture_set_up:
 * @self: (out caller-allocates): a fixture
 * @settings: a #DispRequestLogSettings
 */
void
log_fixture_set_up (LogFixture *self, gconstpointer settings)
{
  log_news_forget ();
  self->clock = disp_system_clock_new ();
  self->notice = disp_notice_new ();
  self->store = fake_store_new ();
  self->log = disp_request_log_new (DISP_STORE (self->store), self->clock, self->notice, settings);
  self->sink = DISP_RECORD_SINK (self->log);
}

/**
 * log_fixture_tear_down:
 * @self: a fixture
 * @settings: what it was made with
 *
 * Closes the log, and checks that nobody keeps a part of it.
 */
void
log_fixture_tear_down (LogFixture *self, G_GNUC_UNUSED gconstpointer settings)
{
  disp_request_log_close (self->log, 0);
  g_assert_finalize_object (self->log);
  g_assert_finalize_object (self->store);
  g_clear_pointer (&self->notice, disp_notice_unref);
  g_assert_finalize_object (self->clock);
}

/**
 * log_fixture_push:
 * @self: a fixture
 * @first: the number of the first record
 * @n: how many
 */
void
log_fixture_push (LogFixture *self, guint first, guint n)
{
  for (guint i = first; i < first + n; i++)
    disp_record_sink_push (self->sink, fixture_record (i, DISP_RECORD_CREATED));
}

/**
 * log_fixture_check_stored:
 * @self: a fixture
 * @n: a number
 *
 * Checks that the store has the records 0 to @n - 1, each once, in order.
 */
void
log_fixture_check_stored (LogFixture *self, guint n)
{
  g_autoptr (GPtrArray) records = fake_store_copy_records (self->store);

  g_assert_cmpuint (records->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      const DispRecord *record = g_ptr_array_index (records, i);
      char id[DISP_ID_SIZE];

      fixture_id (i, id);
      g_assert_cmpstr (record->id, ==, id);
    }
}

/**
 * log_fixture_check_values:
 * @self: a fixture
 * @pushed: how many records must have been pushed
 * @stored: how many of these stored
 * @refused: how many refused
 * @lost: how many lost; the others are queued
 */
void
log_fixture_check_values (LogFixture *self, guint pushed, guint stored, guint refused, guint lost)
{
  DispRecordSinkValues values;

  disp_record_sink_read (self->sink, &values);
  g_assert_cmpuint (values.pushed, ==, pushed);
  g_assert_cmpuint (values.stored, ==, stored);
  g_assert_cmpuint (values.refused, ==, refused);
  g_assert_cmpuint (values.lost, ==, lost);
  g_assert_cmpuint (values.queued, ==, pushed - stored - refused - lost);
  g_assert_cmpint (values.queued_bytes > 0, ==, values.queued > 0);
}
