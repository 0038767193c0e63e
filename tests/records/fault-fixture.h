/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/faulty-vfs.h"
#include "records/store.h"

/* What becomes of a fault in the end. */
typedef enum
{
  FAULT_PASSES, /* by itself, after a few calls */
  FAULT_HEALED, /* it lasts until the disk is mended under what uses it */
  FAULT_CLOSED, /* it lasts until that has ended */
} FaultEnd;

/* One way in which a disk fails. */
typedef struct
{
  const char *name;
  FaultyFault fault;
  FaultEnd end;
} FaultCase;

/* The file itself, and the write-ahead log beside it. */
#define FAULT_N_SEEDS 2

/* A file that is used over and over, on a disk that fails one call later each time. */
typedef struct
{
  char *directory;              /* (owned) */
  char *path;                   /* (owned) the file, which is not there at first */
  FaultyVfs *vfs;               /* (owned) under everything */
  GBytes *seeds[FAULT_N_SEEDS]; /* (owned) (nullable) what is there when a round begins */
  guint nth;                    /* which call is the first that fails in this round */
} FaultFixture;

typedef void (*FaultTest) (FaultFixture *fixture, const FaultCase *fault);

void fault_fixture_add (const char *path, FaultTest test);
void fault_fixture_shrink_pages (FaultFixture *self);
void fault_fixture_keep (FaultFixture *self);
gboolean fault_fixture_next (FaultFixture *self);
void fault_fixture_arm (FaultFixture *self, const FaultCase *fault);
guint fault_count_tries (const FaultCase *fault);
void fault_check_error (FaultFixture *self, const GError *error);

/* What a store has acknowledged: of each record, by its number, the state. */
typedef struct
{
  guint n;
  gint8 *states; /* (owned) (array length=n) -1 = nothing was acknowledged */
} FaultLedger;

FaultLedger *fault_ledger_new (guint n);
void fault_ledger_free (FaultLedger *self);
void fault_ledger_forget (FaultLedger *self);
void fault_ledger_note (FaultLedger *self, guint first, guint n, DispRecordState state);
gboolean fault_ledger_append (FaultLedger *self, FaultFixture *fixture, DispStore *store,
                              guint first, guint n, DispRecordState state);
void fault_ledger_check (FaultLedger *self, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FaultLedger, fault_ledger_free)
