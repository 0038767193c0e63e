/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "wire/record-document.h"

#include <string.h>

static GPtrArray *
new_records (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
}

static char *
write_record (const DispRecord *record)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_record_document_write (&writer, NULL, record);
  return disp_json_writer_steal (&writer);
}

static void
check_payloads (const DispPayload *a, const DispPayload *b)
{
  g_assert_cmpuint (a->length, ==, b->length);
  g_assert_true ((a->bytes == NULL) == (b->bytes == NULL));
  if (a->bytes != NULL)
    g_assert_true (g_bytes_equal (a->bytes, b->bytes));
}

static void
check_containers (const DispContainer *a, const DispContainer *b)
{
  g_assert_true ((a == NULL) == (b == NULL));
  if (a == NULL)
    return;
  g_assert_cmpstr (a->node, ==, b->node);
  g_assert_cmpstr (a->name, ==, b->name);
  g_assert_cmpstr (a->id, ==, b->id);
  g_assert_cmpint (a->device, ==, b->device);
}

static void
check_equal (const DispRecord *a, const DispRecord *b)
{
  g_assert_cmpstr (a->id, ==, b->id);
  g_assert_cmpstr (a->request_id, ==, b->request_id);
  g_assert_cmpstr (a->model, ==, b->model);
  g_assert_cmpint (a->version, ==, b->version);
  check_payloads (&a->instances, &b->instances);
  check_payloads (&a->response, &b->response);
  check_containers (a->container, b->container);
  g_assert_cmpint (a->ts_in, ==, b->ts_in);
  g_assert_cmpint (a->ts_wait, ==, b->ts_wait);
  g_assert_cmpint (a->ts_out, ==, b->ts_out);
  g_assert_cmpint (a->state, ==, b->state);
  g_assert_cmpuint (a->status, ==, b->status);
  g_assert_cmpstr (a->extra, ==, b->extra);
}

/* A record that is written and parsed again is the same, and is written in the same way. */
static void
check_record (const DispRecord *record)
{
  g_autofree char *text = write_record (record);
  g_autofree char *again = NULL;
  g_autoptr (GPtrArray) parsed = new_records ();
  g_autoptr (GError) error = NULL;

  disp_record_document_parse (text, strlen (text), parsed, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (parsed->len, ==, 1);
  check_equal (g_ptr_array_index (parsed, 0), record);
  again = write_record (g_ptr_array_index (parsed, 0));
  g_assert_cmpstr (again, ==, text);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GPtrArray) records = new_records ();
  g_autoptr (GError) error = NULL;

  if (!disp_record_document_parse ((const char *) data, size, records, &error))
    {
      g_assert_cmpint (error->domain, ==, DISP_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_cmpuint (records->len, ==, 0);
      return 0;
    }
  g_assert_no_error (error);
  for (guint i = 0; i < records->len; i++)
    check_record (g_ptr_array_index (records, i));
  return 0;
}
