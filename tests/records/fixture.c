/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/fixture.h"

#include <glib/gstdio.h>

#define TS_IN G_GINT64_CONSTANT (1566830435109377)

/**
 * fixture_id:
 * @number: a number
 * @id: (out caller-allocates): the id of the record of that number
 */
void
fixture_id (guint number, char id[DISP_ID_SIZE])
{
  g_snprintf (id, DISP_ID_SIZE, "%08x-0000-4000-8000-000000000000", number);
}

static DispContainer *
make_container (void)
{
  DispContainer *container = disp_container_new ();

  container->model = g_strdup (DISP_MODEL_ALL);
  container->name = g_strdup ("tfserving-gpu-0");
  container->id = g_strdup ("0058c1");
  container->active = TRUE;
  container->device = DISP_DEVICE_GPU;
  container->node = g_strdup ("192.168.99.103");
  container->port = 30001;
  container->endpoint = g_strdup ("http://192.168.99.103:30001");
  container->quota = 100000;
  return container;
}

/**
 * fixture_record:
 * @number: which of the records
 * @state: in which state
 *
 * Returns: (transfer full): a record with everything that a request has in that state
 */
DispRecord *
fixture_record (guint number, DispRecordState state)
{
  static const char body[] = "{\"model\":\"half_plus_two\",\"version\":1,\"instances\":[1.0, NaN]}";
  g_autoptr (DispRequest) request = disp_request_new (DISP_VERB_PREDICT, TS_IN);
  DispRecord *record;

  fixture_id (number, request->id);
  request->model = g_strdup ("half_plus_two");
  request->version = (DispVersion){ .kind = DISP_VERSION_NUMBER, .number = 1 };
  request->body = g_bytes_new_static (body, sizeof body - 1);
  request->instances = (DispSlice){ .offset = sizeof body - 12, .length = 10 };
  disp_request_set_request_id (request, "of-the-client");
  record = disp_record_new (request, TS_IN + number, -1);
  record->state = state;
  if (state == DISP_RECORD_CREATED)
    return record;
  record->container = make_container ();
  record->ts_wait = record->ts_in + 100;
  record->queue_time = 100;
  record->n_attempts = 2;
  if (state == DISP_RECORD_WAITING)
    return record;
  record->ts_out = record->ts_in + 2000;
  record->status = state == DISP_RECORD_COMPLETED ? 200 : 502;
  if (state == DISP_RECORD_COMPLETED)
    {
      g_autoptr (GBytes) answer = g_bytes_new_static ("{\"predictions\":[2.5]}", 21);

      disp_record_set_response (record, answer, -1);
    }
  return record;
}

/**
 * fixture_records:
 * @first: the number of the first record
 * @n: how many
 * @state: in which state
 *
 * Returns: (transfer full) (element-type DispRecord): records of consecutive numbers
 */
GPtrArray *
fixture_records (guint first, guint n, DispRecordState state)
{
  GPtrArray *batch = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);

  for (guint i = first; i < first + n; i++)
    g_ptr_array_add (batch, fixture_record (i, state));
  return batch;
}

/**
 * fixture_append:
 * @store: a store which takes a batch as a whole or not at all
 * @records: (element-type DispRecord): a batch
 * @error: why it was not taken
 *
 * Returns: whether it was
 */
gboolean
fixture_append (DispStore *store, GPtrArray *records, GError **error)
{
  guint n_taken;
  guint n_refused;
  gboolean stored = disp_store_append_batch (store, (DispRecord *const *) records->pdata,
                                             records->len, &n_taken, &n_refused, NULL, error);

  g_assert_cmpuint (n_taken, ==, stored ? records->len : 0);
  g_assert_cmpuint (n_refused, ==, 0);
  return stored;
}

/**
 * fixture_append_one:
 * @store: a store
 * @record: (transfer full): a record, which it has to take
 */
void
fixture_append_one (DispStore *store, DispRecord *record)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (batch, record);
  fixture_append (store, batch, &error);
  g_assert_no_error (error);
}

/**
 * fixture_append_some:
 * @store: a store
 * @first: the number of the first record
 * @n: how many, all completed, which it has to take as one batch
 */
void
fixture_append_some (DispStore *store, guint first, guint n)
{
  g_autoptr (GPtrArray) batch = fixture_records (first, n, DISP_RECORD_COMPLETED);
  g_autoptr (GError) error = NULL;

  fixture_append (store, batch, &error);
  g_assert_no_error (error);
}

/**
 * fixture_directory:
 *
 * Returns: (transfer full): a new directory for the files of a test
 */
char *
fixture_directory (void)
{
  g_autoptr (GError) error = NULL;
  char *directory = g_dir_make_tmp ("dispatcherd-records-XXXXXX", &error);

  g_assert_no_error (error);
  return directory;
}

/**
 * fixture_remove_directory:
 * @directory: (transfer full): a directory, with files and directories in it
 */
void
fixture_remove_directory (char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      char *path = g_build_filename (directory, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          fixture_remove_directory (path);
          continue;
        }
      g_assert_no_errno (g_unlink (path));
      g_free (path);
    }
  g_assert_no_errno (g_rmdir (directory));
  g_free (directory);
}
