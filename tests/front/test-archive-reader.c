/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/archive-reader.h"

#include "core/error.h"
#include "support/fake-archive.h"
#include "support/fixtures.h"

/* What was logged at the level of a message and above. */
static GString *logged;

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           G_GNUC_UNUSED gpointer user_data)
{
  if ((level & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL)) == 0)
    return G_LOG_WRITER_HANDLED;
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      g_string_append_printf (logged, "%s|", (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

static void
assert_logged (const char *text)
{
  g_assert_cmpstr (logged->str, ==, text);
  g_string_truncate (logged, 0);
}

/* Begins to read, and reads once. */
static gboolean
read_once (DispArchiveReader *reader, const char *after, GError **error)
{
  g_auto (DispRecordFilter) filter = { 0 };
  g_auto (DispRecordScan) scan = { 0 };
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (
      (GDestroyNotify) disp_record_unref);

  disp_record_filter_init (&filter);
  filter.after = g_strdup (after);
  return disp_archive_reader_begin (reader, &filter, &scan, error)
         && disp_archive_reader_next (reader, &scan, records, error);
}

static void
assert_hidden (DispArchiveReader *reader)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (read_once (reader, NULL, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_cmpstr (error->message, ==, "the records cannot be read now");
}

static void
assert_read (DispArchiveReader *reader)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (read_once (reader, NULL, &error));
  g_assert_no_error (error);
}

/* A client is not told what is wrong, the log is, once. */
static void
test_hidden (void)
{
  g_autoptr (FakeArchive) archive = fake_archive_new ();
  g_autoptr (DispArchiveReader) reader = disp_archive_reader_new (DISP_RECORD_ARCHIVE (archive));

  fake_archive_fill (archive, 1000, 1);
  assert_read (reader);
  assert_logged ("");
  fake_archive_fail_after (archive, 0, "/var/lib/records.db: disk image is malformed");
  assert_hidden (reader);
  assert_logged ("stored records cannot be read: /var/lib/records.db: disk image is malformed|");
  fake_archive_fail_after (archive, 1, "/var/lib/records.db: disk image is malformed");
  assert_hidden (reader);
  assert_logged ("");
  fake_archive_fail_after (archive, -1, NULL);
  assert_read (reader);
  assert_logged ("stored records can be read again|");
  assert_read (reader);
  assert_logged ("");
  fake_archive_fail_after (archive, 1, "no");
  assert_hidden (reader);
  assert_logged ("stored records cannot be read: no|");
}

/* What is the client's own fault is told. */
static void
test_not_hidden (void)
{
  g_autoptr (FakeArchive) archive = fake_archive_new ();
  g_autoptr (DispArchiveReader) reader = disp_archive_reader_new (DISP_RECORD_ARCHIVE (archive));
  g_autoptr (GError) error = NULL;

  g_assert_false (read_once (reader, "nobody", &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_RECORD);
  g_assert_cmpstr (error->message, ==, "there is no record \"nobody\"");
  assert_logged ("");
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  logged = g_string_new (NULL);
  g_log_set_writer_func (write_log, NULL, NULL);
  g_test_add_func ("/front/archive-reader/hidden", test_hidden);
  g_test_add_func ("/front/archive-reader/not-hidden", test_not_hidden);
  status = g_test_run ();
  g_string_free (logged, TRUE);
  return status;
}
