/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/archive-reader.h"

#include "core/error.h"
#include "core/event.h"

/*
 * Reads an archive for clients, who are not told what is wrong with it: that may name files.  The
 * log is, when it begins to fail and when it works again.
 */
struct _DispArchiveReader
{
  DispRecordArchive *archive; /* (owned) */
  gboolean failing;
};

/**
 * disp_archive_reader_new:
 * @archive: what to read
 *
 * Returns: (transfer full): a reader, to be used on one thread
 */
DispArchiveReader *
disp_archive_reader_new (DispRecordArchive *archive)
{
  DispArchiveReader *self = g_rc_box_new0 (DispArchiveReader);

  self->archive = g_object_ref (archive);
  return self;
}

/**
 * disp_archive_reader_ref:
 * @self: a reader
 *
 * Returns: (transfer full): @self
 */
DispArchiveReader *
disp_archive_reader_ref (DispArchiveReader *self)
{
  return g_rc_box_acquire (self);
}

static void
archive_reader_clear (gpointer data)
{
  DispArchiveReader *self = data;

  g_object_unref (self->archive);
}

/**
 * disp_archive_reader_unref:
 * @self: (transfer full): a reader
 */
void
disp_archive_reader_unref (DispArchiveReader *self)
{
  g_rc_box_release_full (self, archive_reader_clear);
}

/* Makes of a problem what a client may see. */
static void
hide (DispArchiveReader *self, GError *problem, GError **error)
{
  g_autoptr (GError) owned = problem;

  if (!g_error_matches (owned, DISP_ERROR, DISP_ERROR_STORE))
    {
      g_propagate_error (error, g_steal_pointer (&owned));
      return;
    }
  if (!self->failing)
    disp_event_log (DISP_EVENT_ARCHIVE_FAILS, &(DispEventFields){ .reason = owned->message },
                    "stored records cannot be read: %s", owned->message);
  self->failing = TRUE;
  g_set_error_literal (error, DISP_ERROR, DISP_ERROR_STORE, "the records cannot be read now");
}

/**
 * disp_archive_reader_begin:
 * @self: a reader
 * @filter: see disp_record_archive_begin()
 * @scan: see there
 * @error: see there
 *
 * Begins a reading.
 *
 * Returns: whether it could
 */
gboolean
disp_archive_reader_begin (DispArchiveReader *self, DispRecordFilter *filter, DispRecordScan *scan,
                           GError **error)
{
  GError *problem = NULL;

  if (disp_record_archive_begin (self->archive, filter, scan, &problem))
    return TRUE;
  hide (self, problem, error);
  return FALSE;
}

/**
 * disp_archive_reader_next:
 * @self: a reader
 * @scan: see disp_record_archive_next()
 * @records: see there
 * @error: see there
 *
 * Goes on with a reading.
 *
 * Returns: whether it could
 */
gboolean
disp_archive_reader_next (DispArchiveReader *self, DispRecordScan *scan, GPtrArray *records,
                          GError **error)
{
  GError *problem = NULL;

  if (!disp_record_archive_next (self->archive, scan, records, &problem))
    {
      hide (self, problem, error);
      return FALSE;
    }
  if (self->failing)
    disp_event_log (DISP_EVENT_ARCHIVE_RECOVERED, NULL, "stored records can be read again");
  self->failing = FALSE;
  return TRUE;
}
