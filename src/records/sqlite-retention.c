/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/sqlite-retention.h"

#include "records/sqlite-rows.h"
#include "records/sqlite-schema.h"
#include "records/sqlite-space.h"
#include "records/store.h"

/* How much one run removes when nothing has come, in rows and in bytes of bodies. */
#define PIECE_ROWS 256
#define PIECE_BYTES (1024 * 1024)
/* After so many rows the size of the file is looked at again. */
#define STEP_ROWS 64
/* How many rows at the front are looked at for old ones, which may stand behind younger ones. */
#define FRONT_ROWS 256
/* And how many of the rest each time. */
#define SWEEP_ROWS 1024
/* Free pages that are kept for what comes. */
#define RESERVED_PAGES 1024
/* The age is looked at so often while records come, and while none do, in microseconds. */
#define AGE_INTERVAL G_USEC_PER_SEC
#define IDLE_INTERVAL (60 * G_USEC_PER_SEC)

struct _DispSqliteRetention
{
  DispSqliteFile *file; /* (unowned) outlives this */
  gint64 max_age;       /* microseconds; 0 = no limit */
  gint64 max_size;      /* bytes; 0 = no limit */
  DispSqliteSpace space;
  DispSqliteRows records;
  char *aside; /* (owned) (nullable) a table that was set aside */
  DispSqliteRows aside_rows;
  DispSqliteBudget budget; /* what has come since the last run goes on top of a piece */
  gint64 aged_at;          /* when the age was looked at last, by the real clock */
  gint64 swept;            /* the last row of the rest whose age was looked at */
};

static gboolean
prune (DispSqliteRetention *self, gint64 cutoff, gint64 n_rows, gint64 *seq, guint *n_removed,
       GError **error)
{
  return disp_sqlite_rows_prune (&self->records, cutoff, n_rows, seq, &self->budget, n_removed,
                                 error);
}

/* Removes a piece of a table that was set aside, and in the end the table. */
static gboolean
remove_aside (DispSqliteRetention *self, GError **error)
{
  g_autofree char *drop = NULL;
  gint64 seq = 0;
  guint n_removed;

  if (self->aside_rows.remove == NULL
      && !disp_sqlite_rows_open (&self->aside_rows, self->file, self->aside, error))
    return FALSE;
  if (!disp_sqlite_rows_prune (&self->aside_rows, DISP_SQLITE_ANY_AGE, self->budget.rows, &seq,
                               &self->budget, &n_removed, error))
    return FALSE;
  if (n_removed > 0)
    return TRUE;
  disp_sqlite_rows_close (&self->aside_rows);
  drop = g_strconcat ("DROP TABLE ", self->aside, NULL);
  g_clear_pointer (&self->aside, g_free);
  return disp_sqlite_file_execute (self->file, drop, error)
         && disp_sqlite_schema_dup_aside (self->file, &self->aside, error);
}

static gboolean
may_go_on (DispSqliteRetention *self)
{
  return self->budget.rows > 0 && self->budget.bytes > 0;
}

/* Removes what came first until the size is within the limit, as far as the budget goes. */
static gboolean
apply_size (DispSqliteRetention *self, gboolean *more, GError **error)
{
  guint n_removed;
  gint64 n_free;
  gint64 size;

  do
    {
      gint64 seq = 0;

      if (!prune (self, DISP_SQLITE_ANY_AGE, STEP_ROWS, &seq, &n_removed, error)
          || !disp_sqlite_space_read (&self->space, &size, &n_free, error))
        return FALSE;
      *more = n_removed > 0 && size > self->max_size;
    }
  while (*more && may_go_on (self));
  return TRUE;
}

/* Rows are in the order in which they came, which is nearly that of their age: an index by age
 * would cost each insertion a fifth more.  So the front is looked at, and since something of the
 * future may stand there, a part of the rest too, which goes through all of it in time. */
static gboolean
apply_age (DispSqliteRetention *self, gint64 now_real, gboolean *more, GError **error)
{
  gint64 cutoff = now_real - self->max_age;
  guint n_removed;

  do
    {
      gint64 front = 0;

      if (!prune (self, cutoff, FRONT_ROWS, &front, &n_removed, error))
        return FALSE;
    }
  while (n_removed > 0 && may_go_on (self));
  *more = n_removed > 0;
  self->aged_at = *more ? 0 : now_real;
  return *more || prune (self, cutoff, SWEEP_ROWS, &self->swept, &n_removed, error);
}

/* What there is to remove now. */
typedef enum
{
  REMOVE_NOTHING,
  REMOVE_ASIDE,
  REMOVE_SIZE,
  REMOVE_AGE,
} Removal;

static gboolean
choose (DispSqliteRetention *self, gint64 now_real, Removal *removal, GError **error)
{
  gint64 since = now_real - self->aged_at;
  gint64 size = 0;
  gint64 n_free;

  if (self->max_size > 0 && !disp_sqlite_space_read (&self->space, &size, &n_free, error))
    return FALSE;
  if (self->aside != NULL)
    *removal = REMOVE_ASIDE;
  else if (size > self->max_size)
    *removal = REMOVE_SIZE;
  else if (self->max_age > 0 && (since >= AGE_INTERVAL || since < 0))
    *removal = REMOVE_AGE;
  else
    *removal = REMOVE_NOTHING;
  return TRUE;
}

static gboolean
remove_piece (DispSqliteRetention *self, Removal removal, gint64 now_real, gboolean *more,
              GError **error)
{
  switch (removal)
    {
    case REMOVE_ASIDE:
      *more = TRUE;
      return remove_aside (self, error);
    case REMOVE_SIZE:
      return apply_size (self, more, error);
    case REMOVE_AGE:
      return apply_age (self, now_real, more, error);
    case REMOVE_NOTHING:
    default:
      return TRUE;
    }
}

static gboolean
give_back (DispSqliteRetention *self, gboolean *more, GError **error)
{
  gint64 size;
  gint64 n_free;

  if (!self->space.shrinks)
    return TRUE;
  if (!disp_sqlite_space_read (&self->space, &size, &n_free, error))
    return FALSE;
  *more = n_free > RESERVED_PAGES + DISP_SQLITE_SPACE_PIECE;
  return n_free <= RESERVED_PAGES || disp_sqlite_space_give_back (&self->space, error);
}

/**
 * disp_sqlite_retention_set_limits:
 * @self: a retention
 * @max_age: as of disp_sqlite_retention_new()
 * @max_size: as of disp_sqlite_retention_new()
 *
 * What the next run keeps to.
 */
void
disp_sqlite_retention_set_limits (DispSqliteRetention *self, gint64 max_age, gint64 max_size)
{
  self->max_age = max_age;
  self->max_size = max_size;
}

/**
 * disp_sqlite_retention_note_rows:
 * @self: a retention
 * @n_rows: so many have come
 * @size: with bodies of so many bytes
 *
 * The next run removes up to twice as much, and a piece.
 */
void
disp_sqlite_retention_note_rows (DispSqliteRetention *self, guint n_rows, gsize size)
{
  self->budget.rows += 2 * (gint64) n_rows;
  self->budget.bytes += 2 * (gint64) size;
}

/**
 * disp_sqlite_retention_note_cleared:
 * @self: a retention
 * @error: %DISP_ERROR_STORE
 *
 * Looks whether there is a table that was set aside.
 *
 * Returns: whether it could
 */
gboolean
disp_sqlite_retention_note_cleared (DispSqliteRetention *self, GError **error)
{
  return self->aside != NULL || disp_sqlite_schema_dup_aside (self->file, &self->aside, error);
}

/**
 * disp_sqlite_retention_run:
 * @self: a retention
 * @now_real: the time, in microseconds since the epoch
 * @wait: (out): in how many microseconds there is more to do, or %DISP_STORE_TIDY
 * @error: %DISP_ERROR_STORE
 *
 * Removes a piece of what is too much, or gives a piece of what is free back: as much as takes a
 * few milliseconds, but always more than has come since the last time, so that it keeps up.
 *
 * Returns: whether it could
 */
gboolean
disp_sqlite_retention_run (DispSqliteRetention *self, gint64 now_real, gint64 *wait, GError **error)
{
  gboolean more = FALSE;
  gboolean removed;
  Removal removal;

  if (!choose (self, now_real, &removal, error))
    return FALSE;
  removed = removal == REMOVE_NOTHING
            || (disp_sqlite_file_execute (self->file, "BEGIN IMMEDIATE", error)
                && remove_piece (self, removal, now_real, &more, error)
                && disp_sqlite_file_execute (self->file, "COMMIT", error));
  self->budget = (DispSqliteBudget){ .rows = PIECE_ROWS, .bytes = PIECE_BYTES };
  if (!removed)
    {
      disp_sqlite_file_roll_back (self->file);
      disp_sqlite_retention_note_cleared (self, NULL);
    }
  if (!removed || (!more && !give_back (self, &more, error)))
    return FALSE;
  if (more)
    *wait = 0;
  else
    *wait = self->max_age > 0 ? IDLE_INTERVAL : DISP_STORE_TIDY;
  return TRUE;
}

/**
 * disp_sqlite_retention_free:
 * @self: (transfer full): a retention, to be ended before its file is closed
 */
void
disp_sqlite_retention_free (DispSqliteRetention *self)
{
  disp_sqlite_rows_close (&self->records);
  disp_sqlite_rows_close (&self->aside_rows);
  disp_sqlite_space_close (&self->space);
  g_free (self->aside);
  g_free (self);
}

/**
 * disp_sqlite_retention_new:
 * @file: the file of a Requests Store, which must outlive this
 * @max_age: how long after they came requests are remembered, in microseconds; 0 = for ever
 * @max_size: how much of the file may hold something, in bytes; 0 = all that fits
 * @error: %DISP_ERROR_STORE
 *
 * Returns: (transfer full) (nullable): a retention
 */
DispSqliteRetention *
disp_sqlite_retention_new (DispSqliteFile *file, gint64 max_age, gint64 max_size, GError **error)
{
  g_autoptr (DispSqliteRetention) self = g_new0 (DispSqliteRetention, 1);

  self->file = file;
  self->max_age = max_age;
  self->max_size = max_size;
  self->budget = (DispSqliteBudget){ .rows = PIECE_ROWS, .bytes = PIECE_BYTES };
  if (!disp_sqlite_space_open (&self->space, file, error)
      || !disp_sqlite_rows_open (&self->records, file, "records", error)
      || !disp_sqlite_schema_dup_aside (file, &self->aside, error))
    return NULL;
  return g_steal_pointer (&self);
}
