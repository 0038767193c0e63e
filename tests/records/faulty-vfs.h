/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What SQLite asks of the system, as a set. */
typedef enum
{
  FAULTY_WRITE = 1 << 0,
  FAULTY_TRUNCATE = 1 << 1,
  FAULTY_SYNC = 1 << 2,
  FAULTY_CREATE = 1 << 3, /* a file beside the database */
  FAULTY_GROW = 1 << 4,   /* the memory that all connections to a file share */
  FAULTY_DELETE = 1 << 5,
  FAULTY_READ = 1 << 6,
} FaultyCalls;

/* What fails, and how. */
typedef struct
{
  FaultyCalls calls; /* these are counted */
  int error;         /* an error number of the system */
  gboolean partly;   /* the first half of a write that fails is written */
  guint times;       /* so many fail in a row; G_MAXUINT = all */
} FaultyFault;

/* The system under SQLite, in which calls can be made to fail.  Any thread may use it. */
typedef struct _FaultyVfs FaultyVfs;

FaultyVfs *faulty_vfs_new (void);
void faulty_vfs_free (FaultyVfs *self);
void faulty_vfs_arm (FaultyVfs *self, const FaultyFault *fault, guint nth);
guint faulty_vfs_count_failed (FaultyVfs *self);
guint faulty_vfs_heal (FaultyVfs *self);
void faulty_vfs_forget_files (FaultyVfs *self);
void faulty_vfs_cut_power (FaultyVfs *self);
void faulty_vfs_restore_power (FaultyVfs *self, guint lucky);
