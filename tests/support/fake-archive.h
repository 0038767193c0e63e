/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/record-archive.h"

#define TYPE_FAKE_ARCHIVE (fake_archive_get_type ())
G_DECLARE_FINAL_TYPE (FakeArchive, fake_archive, FAKE, ARCHIVE, GObject)

/* How many records one call looks at. */
#define FAKE_ARCHIVE_BATCH 100

FakeArchive *fake_archive_new (void);
void fake_archive_add (FakeArchive *self, DispRecord *record);
void fake_archive_fill (FakeArchive *self, guint n, gsize payload);
guint fake_archive_count_live (FakeArchive *self);
guint fake_archive_count_calls (FakeArchive *self);
gboolean fake_archive_was_brief (FakeArchive *self);
void fake_archive_fail_after (FakeArchive *self, int n_calls, const char *message);
