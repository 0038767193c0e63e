/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/record-listing.h"

#include "wire/metrics-document.h"
#include "wire/record-document.h"

/*
 * Stored records as JSON, made while they are read: as one array, or summed up as metrics.  Of the
 * archive no more than one reading's worth is in memory.
 */
typedef struct
{
  DispArchiveReader *reader; /* (owned) */
  DispRecordScan scan;       /* (owned) */
  GPtrArray *records;        /* (owned) (element-type DispRecord, owned) what was read last */
  guint n_written;           /* of these */
  DispJsonWriter writer;     /* (owned) */
  DispMetrics *metrics;      /* (owned) (nullable) of what was read before, for those */
} Listing;

static void
listing_free (gpointer data)
{
  Listing *self = data;

  disp_archive_reader_unref (self->reader);
  disp_record_scan_clear (&self->scan);
  g_ptr_array_unref (self->records);
  disp_json_writer_clear (&self->writer);
  g_clear_pointer (&self->metrics, disp_metrics_free);
  g_free (self);
}

static Listing *
listing_new (DispArchiveReader *reader, DispRecordFilter *filter, GError **error)
{
  g_auto (DispRecordScan) scan = { 0 };
  Listing *self;

  if (!disp_archive_reader_begin (reader, filter, &scan, error))
    return NULL;
  self = g_new0 (Listing, 1);
  self->reader = disp_archive_reader_ref (reader);
  self->scan = scan;
  scan = (DispRecordScan){ 0 };
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
  disp_json_writer_init (&self->writer);
  return self;
}

/* Reads on when all that was read is written. */
static gboolean
read_more (Listing *self, GError **error)
{
  if (self->n_written < self->records->len || disp_record_scan_is_over (&self->scan))
    return TRUE;
  g_ptr_array_set_size (self->records, 0);
  self->n_written = 0;
  return disp_archive_reader_next (self->reader, &self->scan, self->records, error);
}

static GBytes *
next_records (gpointer user_data, gboolean *over, GError **error)
{
  Listing *self = user_data;

  if (!read_more (self, error))
    return NULL;
  while (self->n_written < self->records->len && self->writer.text->len < DISP_PIECE_SIZE)
    disp_record_document_write (&self->writer, NULL,
                                g_ptr_array_index (self->records, self->n_written++));
  if (self->n_written == self->records->len && disp_record_scan_is_over (&self->scan))
    {
      disp_json_writer_end_array (&self->writer);
      *over = TRUE;
    }
  /* Few records may match: better a piece later than many small ones. */
  if (!*over && self->writer.text->len < DISP_PIECE_SIZE)
    return g_bytes_new_static ("", 0);
  return disp_json_writer_take_bytes (&self->writer);
}

/**
 * disp_record_listing_init:
 * @producer: (out caller-allocates): makes the array of records; set only on success
 * @reader: the archive
 * @filter: which records; what it owns is taken over, and it is left empty
 * @error: %DISP_ERROR_UNKNOWN_RECORD, %DISP_ERROR_STORE
 *
 * Returns: whether the reading could begin
 */
gboolean
disp_record_listing_init (DispProducer *producer, DispArchiveReader *reader,
                          DispRecordFilter *filter, GError **error)
{
  Listing *self = listing_new (reader, filter, error);

  if (self == NULL)
    return FALSE;
  disp_json_writer_begin_array (&self->writer, NULL);
  *producer = (DispProducer){ next_records, listing_free, self };
  return TRUE;
}

static GBytes *
next_metrics (gpointer user_data, gboolean *over, GError **error)
{
  Listing *self = user_data;

  if (!read_more (self, error))
    return NULL;
  for (; self->n_written < self->records->len; self->n_written++)
    disp_metrics_add (self->metrics, g_ptr_array_index (self->records, self->n_written));
  *over = disp_record_scan_is_over (&self->scan);
  if (*over)
    disp_metrics_document_write (&self->writer, self->metrics);
  return disp_json_writer_take_bytes (&self->writer);
}

/**
 * disp_metrics_listing_init:
 * @producer: (out caller-allocates): makes the metrics of all records; set only on success
 * @reader: the archive
 * @error: %DISP_ERROR_STORE
 *
 * Returns: whether the reading could begin
 */
gboolean
disp_metrics_listing_init (DispProducer *producer, DispArchiveReader *reader, GError **error)
{
  g_auto (DispRecordFilter) filter = { 0 };
  Listing *self;

  disp_record_filter_init (&filter);
  filter.brief = TRUE;
  self = listing_new (reader, &filter, error);
  if (self == NULL)
    return FALSE;
  self->metrics = disp_metrics_new ();
  *producer = (DispProducer){ next_metrics, listing_free, self };
  return TRUE;
}
