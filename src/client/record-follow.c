/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/record-view.h"

#include "core/error.h"

#include <glib/gi18n.h>
#include <stdio.h>

/* So many records are looked at before the first end is waited for. */
#define WINDOW "200"

/* A request that has not ended after so long never will: its daemon did not live to tell it. */
#define LONGEST (120 * G_TIME_SPAN_SECOND)

/*
 * Records come in the order in which their requests came, and change where they are when those end.
 * So all after the last one before which everything has ended are looked at again and again, and
 * shown when they have ended.
 */
typedef struct
{
  const DispInvocation *invocation; /* (unowned) */
  char *anchor;      /* (owned) (nullable) the id of that record; NULL = the window is looked at */
  GHashTable *shown; /* (owned) (element-type utf8) ids that are behind the anchor and done with */
  gboolean titles;   /* whether they still have to be printed */
  gboolean failing;  /* whether the last look failed, which was told */
  gboolean lost;     /* whether the record of the anchor is not there any more */
  GMainLoop *loop;   /* (owned) */
} Follow;

static void
follow_clear (Follow *self)
{
  g_free (self->anchor);
  g_clear_pointer (&self->shown, g_hash_table_unref);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Follow, follow_clear)

static gboolean
has_ended (const DispRecord *record)
{
  return record->state == DISP_RECORD_COMPLETED || record->state == DISP_RECORD_ERROR;
}

static gboolean
is_wanted (const DispFlags *flags, const DispRecord *record)
{
  const DispContainer *container = record->container;

  if (flags->state != NULL
      && (record->state == DISP_RECORD_ERROR) != g_str_equal (flags->state, "error"))
    return FALSE;
  if (flags->container != NULL
      && (container == NULL || g_strcmp0 (container->name, flags->container) != 0))
    return FALSE;
  return flags->node == NULL
         || (container != NULL && g_strcmp0 (container->node, flags->node) == 0);
}

/* What is up to the new anchor is not asked for again. */
static void
move_anchor (Follow *self, const DispRecord *record)
{
  g_hash_table_remove (self->shown, record->id);
  g_free (self->anchor);
  self->anchor = g_strdup (record->id);
}

/* Takes in what was read; @quiet: what has ended is known, and not shown. */
static void
take (Follow *self, GPtrArray *records, gboolean quiet)
{
  g_autoptr (GPtrArray) ended = g_ptr_array_new ();
  gboolean all_ended = TRUE;

  for (guint i = 0; i < records->len; i++)
    {
      DispRecord *record = records->pdata[i];
      gboolean over = has_ended (record);

      if (over && g_hash_table_add (self->shown, g_strdup (record->id)) && !quiet
          && is_wanted (&self->invocation->flags, record))
        g_ptr_array_add (ended, record);
      all_ended = all_ended && (over || g_get_real_time () - record->ts_in > LONGEST);
      if (all_ended)
        move_anchor (self, record);
    }
  if (ended->len == 0)
    return;
  disp_records_print (self->invocation, ended, self->titles);
  fflush (stdout);
  self->titles = FALSE;
}

static GPtrArray *
look (Follow *self, GError **error)
{
  const DispFlags *flags = &self->invocation->flags;
  g_autofree char *path = self->anchor != NULL
                              ? disp_records_get_path (flags, TRUE, "after", self->anchor)
                              : disp_records_get_path (flags, TRUE, "last", WINDOW);

  return disp_records_read (self->invocation->daemon, path, error);
}

/* A daemon that restarts is waited for. */
static gboolean
on_interval (gpointer user_data)
{
  Follow *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = look (self, &error);

  if (records != NULL)
    {
      self->failing = FALSE;
      take (self, records, self->lost);
      self->lost = FALSE;
    }
  else if (g_error_matches (error, DISP_ERROR, DISP_ERROR_UNKNOWN_RECORD))
    {
      g_clear_pointer (&self->anchor, g_free);
      self->lost = TRUE;
    }
  else if (!self->failing)
    {
      self->failing = TRUE;
      g_printerr (_ ("dispatcherctl: %s; trying again\n"), error->message);
    }
  /* Nothing more can be shown. */
  if (ferror (stdout))
    g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

/* The last records, as without --follow, but for those that have not ended. */
static gboolean
show_last (Follow *self, GError **error)
{
  const DispFlags *flags = &self->invocation->flags;
  gint64 limit = flags->limit != DISP_NOT_GIVEN ? flags->limit : DISP_RECORDS_LIMIT;
  g_autofree char *value = g_strdup_printf ("%" G_GINT64_FORMAT, limit);
  g_autofree char *path = disp_records_get_path (flags, FALSE, "last", value);
  g_autoptr (GPtrArray) records = disp_records_read (self->invocation->daemon, path, error);
  g_autoptr (GPtrArray) ended = g_ptr_array_new ();

  if (records == NULL)
    return FALSE;
  for (guint i = 0; i < records->len; i++)
    {
      DispRecord *record = records->pdata[i];

      if (!has_ended (record))
        continue;
      g_hash_table_add (self->shown, g_strdup (record->id));
      g_ptr_array_add (ended, record);
    }
  disp_records_print (self->invocation, ended, TRUE);
  fflush (stdout);
  self->titles = FALSE;
  return TRUE;
}

/**
 * disp_records_follow:
 * @self: an invocation
 * @error: as of disp_records_ask(), of the first look
 *
 * Prints the last records, and then each when it ends; returns only when the first look fails, or
 * when nothing can be printed any more.
 *
 * Returns: whether the first look went well
 */
gboolean
disp_records_follow (const DispInvocation *self, GError **error)
{
  g_auto (Follow) follow = { .invocation = self, .titles = TRUE };
  g_autoptr (GPtrArray) window = NULL;

  follow.shown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  window = look (&follow, error);
  if (window == NULL)
    return FALSE;
  take (&follow, window, TRUE);
  if (!show_last (&follow, error))
    return FALSE;
  follow.loop = g_main_loop_new (NULL, FALSE);
  g_timeout_add ((guint) (self->flags.interval * 1000), on_interval, &follow);
  g_main_loop_run (follow.loop);
  return TRUE;
}
