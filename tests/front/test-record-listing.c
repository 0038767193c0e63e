/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/record-listing.h"

#include "core/error.h"
#include "support/fake-archive.h"

#include <json-glib/json-glib.h>

typedef struct
{
  FakeArchive *archive;      /* (owned) */
  DispArchiveReader *reader; /* (owned) */
} Rig;

static Rig *
rig_new (guint n_records, gsize payload)
{
  Rig *rig = g_new0 (Rig, 1);

  rig->archive = fake_archive_new ();
  rig->reader = disp_archive_reader_new (DISP_RECORD_ARCHIVE (rig->archive));
  fake_archive_fill (rig->archive, n_records, payload);
  return rig;
}

static void
rig_free (Rig *rig)
{
  disp_archive_reader_unref (rig->reader);
  g_assert_finalize_object (rig->archive);
  g_free (rig);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static void
init_listing (Rig *rig, const char *model, DispProducer *producer)
{
  g_auto (DispRecordFilter) filter = { 0 };
  g_autoptr (GError) error = NULL;

  disp_record_filter_init (&filter);
  filter.model = g_strdup (model);
  g_assert_true (disp_record_listing_init (producer, rig->reader, &filter, &error));
  g_assert_no_error (error);
}

/* Produces to the end, and tells how many pieces there were that were not empty. */
static GString *
produce_all (const DispProducer *producer, guint *n_pieces)
{
  GString *body = g_string_new (NULL);
  gboolean over = FALSE;

  *n_pieces = 0;
  while (!over)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) piece = producer->next (producer->user_data, &over, &error);
      gsize length;
      const char *bytes;

      g_assert_no_error (error);
      bytes = g_bytes_get_data (piece, &length);
      /* One record more than needed, and no small ones. */
      g_assert_cmpuint (length, <, DISP_PIECE_SIZE + 2000);
      g_assert_true (over || length == 0 || length >= DISP_PIECE_SIZE);
      *n_pieces += length > 0;
      g_string_append_len (body, bytes, (gssize) length);
    }
  producer->free (producer->user_data);
  return body;
}

static guint
count_elements (GString *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = json_from_string (body->str, &error);
  guint n;

  g_assert_no_error (error);
  n = json_array_get_length (json_node_get_array (root));
  g_string_free (body, TRUE);
  return n;
}

static void
test_records (void)
{
  static const guint counts[] = { 0, 1, 99, 100, 101, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr (Rig) rig = rig_new (counts[i], 1000);
      DispProducer producer;
      guint n_pieces;
      GString *body;

      init_listing (rig, NULL, &producer);
      body = produce_all (&producer, &n_pieces);
      g_assert_cmpuint (n_pieces, <=, 1 + body->len / DISP_PIECE_SIZE);
      g_assert_cmpuint (count_elements (body), ==, counts[i]);
    }
}

/* Records that match seldom come in as few pieces as others. */
static void
test_sparse (void)
{
  g_autoptr (Rig) rig = rig_new (20000, 10);
  DispProducer producer;
  guint n_pieces;

  init_listing (rig, "nobody", &producer);
  g_assert_cmpuint (count_elements (produce_all (&producer, &n_pieces)), ==, 0);
  g_assert_cmpuint (n_pieces, ==, 1);
  init_listing (rig, "odd", &producer);
  g_assert_cmpuint (count_elements (produce_all (&producer, &n_pieces)), ==, 10000);
  g_assert_cmpuint (fake_archive_count_calls (rig->archive), ==, 400);
}

/* However many records there are, few of them are in memory. */
static void
test_bounded (void)
{
  g_autoptr (Rig) rig = rig_new (30000, 100);
  DispProducer producer;
  gboolean over = FALSE;

  init_listing (rig, NULL, &producer);
  while (!over)
    {
      g_autoptr (GBytes) piece = producer.next (producer.user_data, &over, NULL);

      g_assert_nonnull (piece);
    }
  producer.free (producer.user_data);
  g_assert_cmpuint (fake_archive_count_live (rig->archive), ==, FAKE_ARCHIVE_BATCH);
}

static void
test_metrics (void)
{
  g_autoptr (Rig) rig = rig_new (4000, 10);
  DispProducer producer;
  guint n_pieces;
  GString *body;

  g_assert_true (disp_metrics_listing_init (&producer, rig->reader, NULL));
  g_assert_true (fake_archive_was_brief (rig->archive));
  body = produce_all (&producer, &n_pieces);
  g_assert_cmpuint (n_pieces, ==, 1);
  g_assert_cmpuint (fake_archive_count_calls (rig->archive), ==, 40);
  g_assert_true (g_str_has_prefix (
      body->str, "[{\"model\":\"odd\",\"version\":1,\"metrics\":{\"completed\":2000,\"waiting\":0,"
                 "\"avg\":0.5,\"dev\":0.06"));
  g_string_free (body, TRUE);
}

static void
test_metrics_of_nothing (void)
{
  g_autoptr (Rig) rig = rig_new (0, 0);
  DispProducer producer;
  guint n_pieces;
  GString *body;

  g_assert_true (disp_metrics_listing_init (&producer, rig->reader, NULL));
  body = produce_all (&producer, &n_pieces);
  g_assert_cmpstr (body->str, ==, "[]");
  g_string_free (body, TRUE);
}

static void
test_failing (void)
{
  g_autoptr (Rig) rig = rig_new (1000, 10);
  g_autoptr (GError) error = NULL;
  DispProducer producer;
  gboolean over = FALSE;

  fake_archive_fail_after (rig->archive, 0, "it is broken");
  g_assert_false (disp_metrics_listing_init (&producer, rig->reader, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_clear_error (&error);
  fake_archive_fail_after (rig->archive, 1, "it is broken");
  g_assert_true (disp_metrics_listing_init (&producer, rig->reader, &error));
  g_assert_null (producer.next (producer.user_data, &over, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_false (over);
  producer.free (producer.user_data);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_test_add_func ("/front/record-listing/records", test_records);
  g_test_add_func ("/front/record-listing/sparse", test_sparse);
  g_test_add_func ("/front/record-listing/bounded", test_bounded);
  g_test_add_func ("/front/record-listing/metrics", test_metrics);
  g_test_add_func ("/front/record-listing/metrics-of-nothing", test_metrics_of_nothing);
  g_test_add_func ("/front/record-listing/failing", test_failing);
  return g_test_run ();
}
