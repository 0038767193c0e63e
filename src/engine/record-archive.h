/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record.h"

#include <gio/gio.h>

#define DISP_TYPE_RECORD_ARCHIVE (disp_record_archive_get_type ())
G_DECLARE_INTERFACE (DispRecordArchive, disp_record_archive, DISP, RECORD_ARCHIVE, GObject)

/* The value of DispRecordFilter.state that stands for every state. */
#define DISP_ANY_STATE (-1)

/**
 * DispRecordFilter:
 *
 * Which records are wanted.
 */
typedef struct
{
  char *model;     /* (owned) (nullable) */
  char *node;      /* (owned) (nullable) */
  char *container; /* (owned) (nullable) its name */
  int state;       /* a DispRecordState, or DISP_ANY_STATE */
  char *after;     /* (owned) (nullable) an id: only what was stored first after that one */
  gint64 limit;    /* at most so many; -1 = all */
  gint64 last;     /* only the last so many; 0 = all */
  gboolean brief;  /* without instances, response and extra, which are then left out */
} DispRecordFilter;

void disp_record_filter_init (DispRecordFilter *self);
void disp_record_filter_clear (DispRecordFilter *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispRecordFilter, disp_record_filter_clear)

/**
 * DispRecordScan:
 *
 * One reading of the records, from the oldest to those that were there when it began.  It holds
 * nothing of the archive, so that it may take as long as its reader needs.
 */
typedef struct
{
  DispRecordFilter filter; /* (owned) */
  gint64 at;               /* the place of the last record that was looked at */
  gint64 last;             /* where it ends */
  gint64 left;             /* so many may follow; -1 = all */
} DispRecordScan;

void disp_record_scan_clear (DispRecordScan *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispRecordScan, disp_record_scan_clear)

/**
 * DispRecordArchiveInterface:
 * @begin: see disp_record_archive_begin()
 * @next: see disp_record_archive_next()
 *
 * The port through which stored records are read.  One thread at a time.
 */
struct _DispRecordArchiveInterface
{
  GTypeInterface parent;
  gboolean (*begin) (DispRecordArchive *self, DispRecordFilter *filter, DispRecordScan *scan,
                     GError **error);
  gboolean (*next) (DispRecordArchive *self, DispRecordScan *scan, GPtrArray *records,
                    GError **error);
};

gboolean disp_record_archive_begin (DispRecordArchive *self, DispRecordFilter *filter,
                                    DispRecordScan *scan, GError **error);
gboolean disp_record_archive_next (DispRecordArchive *self, DispRecordScan *scan,
                                   GPtrArray *records, GError **error);
gboolean disp_record_scan_is_over (const DispRecordScan *self);
