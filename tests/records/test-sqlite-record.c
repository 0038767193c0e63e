/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-record.h"

#include "records/fixture.h"
#include "records/sqlite-archive.h"
#include "records/sqlite-store.h"
#include "wire/record-document.h"

#include <string.h>

static const char nul_bytes[] = "a\0b\0";

typedef struct
{
  const char *name;
  void (*change) (DispRecord *record);
} Row;

static void
set_bytes (DispPayload *payload, const char *bytes, gsize length)
{
  g_clear_pointer (&payload->bytes, g_bytes_unref);
  payload->bytes = g_bytes_new (bytes, length);
  payload->length = length;
}

static void
change_nothing (G_GNUC_UNUSED DispRecord *record)
{
}

static void
make_bare (DispRecord *record)
{
  g_clear_pointer (&record->request_id, g_free);
  g_clear_pointer (&record->container, disp_container_unref);
  g_clear_pointer (&record->instances.bytes, g_bytes_unref);
  record->instances.length = 0;
  record->version = 0;
  record->ts_in = 0;
  record->ts_wait = 0;
  record->ts_out = 0;
  record->status = 0;
}

static void
forget_container_id (DispRecord *record)
{
  g_clear_pointer (&record->container->id, g_free);
}

/* What others wrote may name no more of a container than where it was. */
static void
know_only_node (DispRecord *record)
{
  g_clear_pointer (&record->container->id, g_free);
  g_clear_pointer (&record->container->name, g_free);
  record->container->device = DISP_DEVICE_UNKNOWN;
}

static void
know_only_device (DispRecord *record)
{
  g_clear_pointer (&record->container->node, g_free);
  g_clear_pointer (&record->container->id, g_free);
  g_clear_pointer (&record->container->name, g_free);
  record->container->device = DISP_DEVICE_CPU;
}

static void
set_nul_bytes (DispRecord *record)
{
  set_bytes (&record->response, nul_bytes, sizeof nul_bytes);
}

static void
set_not_utf8 (DispRecord *record)
{
  set_bytes (&record->response, "caf\xe9 \xff\xd8", 7);
  set_bytes (&record->instances, "[\"caf\xe9\"]", 8);
}

static void
set_utf8 (DispRecord *record)
{
  set_bytes (&record->response, "caf\xc3\xa9", 5);
}

static void
set_nan (DispRecord *record)
{
  set_bytes (&record->instances, "[NaN, -Infinity, 1e400, 12345678901234567890]", 45);
}

static void
set_number_like (DispRecord *record)
{
  set_bytes (&record->instances, "1.50", 4);
  set_bytes (&record->response, "007", 3);
}

static void
set_empty_response (DispRecord *record)
{
  set_bytes (&record->response, "", 0);
}

static void
set_long (DispRecord *record)
{
  g_autofree char *text = g_strnfill (200000, '7');

  set_bytes (&record->instances, text, 200000);
  set_bytes (&record->response, text, 200000);
}

static void
keep_no_bodies (DispRecord *record)
{
  g_clear_pointer (&record->instances.bytes, g_bytes_unref);
  g_clear_pointer (&record->response.bytes, g_bytes_unref);
  record->instances.length = 70000;
  record->response.length = 80000;
}

static void
set_extra (DispRecord *record)
{
  record->extra = g_strdup ("\"shoe_size\":43,\"caf\xc3\xa9\":[null]");
}

static const Row rows[] = {
  { "whole", change_nothing },
  { "bare", make_bare },
  { "no-container-id", forget_container_id },
  { "only-node", know_only_node },
  { "only-device", know_only_device },
  { "nul-bytes", set_nul_bytes },
  { "not-utf8", set_not_utf8 },
  { "utf8", set_utf8 },
  { "nan", set_nan },
  { "number-like", set_number_like },
  { "empty-response", set_empty_response },
  { "long", set_long },
  { "bodies-not-kept", keep_no_bodies },
  { "extra", set_extra },
};

static char *
write_document (const DispRecord *record)
{
  g_auto (DispJsonWriter) writer;

  disp_json_writer_init (&writer);
  disp_record_document_write (&writer, NULL, record);
  return disp_json_writer_steal (&writer);
}

static DispRecord *
store_and_read (DispRecord *record)
{
  char *directory = fixture_directory ();
  g_autofree char *path = g_build_filename (directory, "records.db", NULL);
  g_autoptr (DispStore) store = disp_sqlite_store_new (path, NULL, NULL);
  g_autoptr (DispRecordArchive) archive = disp_sqlite_archive_new (path, NULL);
  g_autoptr (GPtrArray) found = fixture_records (0, 0, DISP_RECORD_CREATED);
  g_auto (DispRecordFilter) filter;
  g_auto (DispRecordScan) scan = { 0 };
  g_autoptr (GError) error = NULL;

  fixture_append_one (store, disp_record_ref (record));
  disp_record_filter_init (&filter);
  disp_record_archive_begin (archive, &filter, &scan, &error);
  g_assert_no_error (error);
  disp_record_archive_next (archive, &scan, found, &error);
  g_assert_no_error (error);
  g_assert_true (disp_record_scan_is_over (&scan));
  g_assert_cmpuint (found->len, ==, 1);
  g_clear_object (&archive);
  g_clear_object (&store);
  fixture_remove_directory (directory);
  return disp_record_ref (g_ptr_array_index (found, 0));
}

static void
check_payload (const DispPayload *found, const DispPayload *expected)
{
  g_assert_cmpuint (found->length, ==, expected->length);
  g_assert_cmpint (found->bytes != NULL, ==, expected->bytes != NULL);
  if (found->bytes != NULL)
    g_assert_true (g_bytes_equal (found->bytes, expected->bytes));
}

/* What comes back is the same to who reads it. */
static void
test_round_trip (gconstpointer data)
{
  const Row *row = data;

  for (guint state = DISP_RECORD_WAITING; state <= DISP_RECORD_ERROR; state++)
    {
      g_autoptr (DispRecord) record = fixture_record (state, state);
      g_autoptr (DispRecord) found = NULL;
      g_autofree char *expected = NULL;
      g_autofree char *document = NULL;

      row->change (record);
      found = store_and_read (record);
      expected = write_document (record);
      document = write_document (found);
      g_assert_cmpstr (document, ==, expected);
      g_assert_cmpint (found->state, ==, state);
      g_assert_cmpstr (found->extra, ==, record->extra);
      check_payload (&found->instances, &record->instances);
      check_payload (&found->response, &record->response);
    }
}

static void
test_supersedes (void)
{
  for (guint state = DISP_RECORD_CREATED; state <= DISP_RECORD_ERROR; state++)
    for (guint other = DISP_RECORD_CREATED; other <= DISP_RECORD_ERROR; other++)
      {
        g_autoptr (DispRecord) record = fixture_record (1, state);
        g_autoptr (DispRecord) before = fixture_record (1, other);

        g_assert_cmpint (disp_sqlite_record_supersedes (record, before), ==, state >= other);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/records/sqlite-record/round-trip/", rows[i].name,
                                           NULL);

      g_test_add_data_func (path, &rows[i], test_round_trip);
    }
  g_test_add_func ("/records/sqlite-record/supersedes", test_supersedes);
  return g_test_run ();
}
