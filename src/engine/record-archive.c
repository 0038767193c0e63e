/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/record-archive.h"

G_DEFINE_INTERFACE (DispRecordArchive, disp_record_archive, G_TYPE_OBJECT)

static void
disp_record_archive_default_init (G_GNUC_UNUSED DispRecordArchiveInterface *iface)
{
}

/**
 * disp_record_filter_init:
 * @self: (out caller-allocates): a filter that lets all records through
 */
void
disp_record_filter_init (DispRecordFilter *self)
{
  *self = (DispRecordFilter){ .state = DISP_ANY_STATE, .limit = -1 };
}

void
disp_record_filter_clear (DispRecordFilter *self)
{
  g_clear_pointer (&self->model, g_free);
  g_clear_pointer (&self->node, g_free);
  g_clear_pointer (&self->container, g_free);
  g_clear_pointer (&self->after, g_free);
}

void
disp_record_scan_clear (DispRecordScan *self)
{
  disp_record_filter_clear (&self->filter);
}

/**
 * disp_record_archive_begin:
 * @self: an archive
 * @filter: which records; what it owns is taken over, and it is left empty
 * @scan: (out caller-allocates): the reading, to be freed with disp_record_scan_clear()
 * @error: %DISP_ERROR_UNKNOWN_RECORD if there is no record whose id is @filter's "after";
 *   %DISP_ERROR_STORE
 *
 * Begins to read.  Records that come later are not part of it.
 *
 * Returns: whether it could
 */
gboolean
disp_record_archive_begin (DispRecordArchive *self, DispRecordFilter *filter, DispRecordScan *scan,
                           GError **error)
{
  return DISP_RECORD_ARCHIVE_GET_IFACE (self)->begin (self, filter, scan, error);
}

/**
 * disp_record_archive_next:
 * @self: an archive
 * @scan: a reading that is not over
 * @records: (element-type DispRecord): takes what was found, in the order in which they were first
 *   stored; perhaps nothing, since a call looks at a bounded number of records only
 * @error: %DISP_ERROR_STORE
 *
 * Goes on reading, for a few milliseconds at most.  Does not hinder who writes.
 *
 * Returns: whether it could; disp_record_scan_is_over() tells whether there is more
 */
gboolean
disp_record_archive_next (DispRecordArchive *self, DispRecordScan *scan, GPtrArray *records,
                          GError **error)
{
  return DISP_RECORD_ARCHIVE_GET_IFACE (self)->next (self, scan, records, error);
}

/**
 * disp_record_scan_is_over:
 * @self: a reading
 *
 * Returns: whether nothing will follow
 */
gboolean
disp_record_scan_is_over (const DispRecordScan *self)
{
  return self->at >= self->last || self->left == 0;
}
