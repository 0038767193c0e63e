/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/file-watch.h"

#include "core/error.h"

#include <string.h>

/* How long it must be quiet after a change before the file is read: editors and deployment tools
 * take several steps to replace one. */
#define SETTLE_TIME (G_USEC_PER_SEC / 10)

/* The same after a write that no close has followed yet.  GIO says that a file is closed, or after
 * two seconds guesses so; this is for the case that it does neither. */
#define WRITING_TIME (3 * G_USEC_PER_SEC)

/* The kernel's own limit on symbolic links in one path, path_resolution(7). */
#define MAX_LINKS 40

/* How often the names are looked up anew when they change while the watches are being set. */
#define MAX_LOOKUPS 8

struct _DispFileWatch
{
  char *path;       /* (owned) absolute */
  DispClock *clock; /* (owned) */
  DispFileWatchFunc settled;
  gpointer user_data;
  GPtrArray *monitors; /* (owned) (element-type GFileMonitor) */
  GSource *timer;      /* (owned) (nullable) rings when the file has settled */
};

static void
monitor_free (gpointer data)
{
  GFileMonitor *monitor = data;

  g_file_monitor_cancel (monitor);
  g_object_unref (monitor);
}

/**
 * disp_file_watch_new:
 * @path: the file, whether it exists or not
 * @clock: the clock
 * @settled: called once after each change, on the context of disp_file_watch_update()
 * @user_data: for @settled, which may free the watch
 *
 * A watch on a name rather than on a file: it sees edits in place, replacements by rename,
 * deletion, creation, and the exchange of any symbolic link on the way, which is how Kubernetes
 * updates the files of a ConfigMap.  It uses inotify and wakes up only when something happens.  Not
 * seen is the renaming of a plain directory above the file.
 *
 * Returns: (transfer full): a watch that watches nothing until disp_file_watch_update()
 */
DispFileWatch *
disp_file_watch_new (const char *path, DispClock *clock, DispFileWatchFunc settled,
                     gpointer user_data)
{
  DispFileWatch *self = g_new0 (DispFileWatch, 1);
  g_autofree char *directory = g_get_current_dir ();

  self->path = g_path_is_absolute (path) ? g_strdup (path)
                                         : g_build_filename (directory, path, NULL);
  self->clock = g_object_ref (clock);
  self->settled = settled;
  self->user_data = user_data;
  self->monitors = g_ptr_array_new_with_free_func (monitor_free);
  return self;
}

/**
 * disp_file_watch_free:
 * @self: (transfer full): a watch
 *
 * Ends it; nothing is called after this.
 */
void
disp_file_watch_free (DispFileWatch *self)
{
  disp_clock_clear_timer (&self->timer);
  g_ptr_array_unref (self->monitors);
  g_object_unref (self->clock);
  g_free (self->path);
  g_free (self);
}

static void
cut_last_name (GString *path)
{
  const char *slash = strrchr (path->str, '/');

  g_string_truncate (path, slash != NULL ? (gsize) (slash - path->str) : 0);
}

static void
put_ahead (GQueue *ahead, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);

  for (guint i = g_strv_length (names); i > 0; i--)
    if (names[i - 1][0] != '\0' && !g_str_equal (names[i - 1], "."))
      g_queue_push_head (ahead, g_strdup (names[i - 1]));
}

/* Goes along @path name by name, as the kernel does, and lists each symbolic link on the way, and
 * last what is at the end, or the first name that does not exist. */
static GPtrArray *
list_names (const char *path)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) walked = g_string_new (NULL);
  GQueue ahead = G_QUEUE_INIT;
  guint links = 0;

  put_ahead (&ahead, path);
  while (!g_queue_is_empty (&ahead))
    {
      g_autofree char *name = g_queue_pop_head (&ahead);
      g_autofree char *target = NULL;

      if (g_str_equal (name, ".."))
        {
          cut_last_name (walked);
          continue;
        }
      g_string_append_printf (walked, "/%s", name);
      target = g_file_read_link (walked->str, NULL);
      if (target == NULL && !g_queue_is_empty (&ahead)
          && g_file_test (walked->str, G_FILE_TEST_IS_DIR))
        continue;
      g_ptr_array_add (names, g_strdup (walked->str));
      if (target == NULL || ++links > MAX_LINKS)
        break;
      if (g_path_is_absolute (target))
        g_string_truncate (walked, 0);
      else
        cut_last_name (walked);
      put_ahead (&ahead, target);
    }
  g_queue_clear_full (&ahead, g_free);
  return names;
}

static gboolean
same_names (GPtrArray *names, GPtrArray *others)
{
  if (names->len != others->len)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    if (!g_str_equal (g_ptr_array_index (names, i), g_ptr_array_index (others, i)))
      return FALSE;
  return TRUE;
}

static gboolean
file_settled (gpointer data)
{
  DispFileWatch *self = data;

  disp_clock_clear_timer (&self->timer);
  self->settled (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
name_changed (G_GNUC_UNUSED GFileMonitor *monitor, G_GNUC_UNUSED GFile *file,
              G_GNUC_UNUSED GFile *other, GFileMonitorEvent event, gpointer user_data)
{
  DispFileWatch *self = user_data;
  gboolean writing = event == G_FILE_MONITOR_EVENT_CHANGED || event == G_FILE_MONITOR_EVENT_CREATED;

  disp_clock_clear_timer (&self->timer);
  self->timer = disp_clock_add_timer (
      self->clock, disp_clock_now (self->clock) + (writing ? WRITING_TIME : SETTLE_TIME),
      "file-settled", file_settled, self);
}

static GFileMonitor *
watch_name (DispFileWatch *self, const char *name, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (name);
  g_autoptr (GError) reason = NULL;
  GFileMonitor *monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &reason);

  if (monitor == NULL)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_FAILED, "%s: cannot be watched: %s", name,
                   reason->message);
      return NULL;
    }
  /* Else a write that begins soon after another would be told only when it is over. */
  g_file_monitor_set_rate_limit (monitor, 0);
  g_signal_connect (monitor, "changed", G_CALLBACK (name_changed), self);
  return monitor;
}

/**
 * disp_file_watch_update:
 * @self: a watch
 * @error: %DISP_ERROR_FAILED when the system cannot watch
 *
 * Watches what the path goes through now.  To be called before each time that the file is read, so
 * that no change after the reading goes unseen.
 *
 * Returns: whether everything on the way is watched
 */
gboolean
disp_file_watch_update (DispFileWatch *self, GError **error)
{
  g_autoptr (GPtrArray) names = list_names (self->path);

  for (guint lookups = 0; lookups < MAX_LOOKUPS; lookups++)
    {
      g_autoptr (GPtrArray) monitors = g_ptr_array_new_with_free_func (monitor_free);
      g_autoptr (GPtrArray) names_now = NULL;

      for (guint i = 0; i < names->len; i++)
        {
          GFileMonitor *monitor = watch_name (self, g_ptr_array_index (names, i), error);

          if (monitor == NULL)
            return FALSE;
          g_ptr_array_add (monitors, monitor);
        }
      g_ptr_array_unref (self->monitors);
      self->monitors = g_steal_pointer (&monitors);
      names_now = list_names (self->path);
      if (same_names (names, names_now))
        return TRUE;
      g_ptr_array_unref (names);
      names = g_steal_pointer (&names_now);
    }
  return TRUE;
}
