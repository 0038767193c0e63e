/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/record-archive.h"

typedef struct _DispArchiveReader DispArchiveReader;

DispArchiveReader *disp_archive_reader_new (DispRecordArchive *archive);
DispArchiveReader *disp_archive_reader_ref (DispArchiveReader *self);
void disp_archive_reader_unref (DispArchiveReader *self);

gboolean disp_archive_reader_begin (DispArchiveReader *self, DispRecordFilter *filter,
                                    DispRecordScan *scan, GError **error);
gboolean disp_archive_reader_next (DispArchiveReader *self, DispRecordScan *scan,
                                   GPtrArray *records, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispArchiveReader, disp_archive_reader_unref)
