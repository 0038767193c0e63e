/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include "bus-interfaces.h"
#include "client/screen.h"
#include "client/watch-view.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>

/* A watch, from its begin to Ctrl-C. */
typedef struct
{
  const DispInvocation *invocation; /* (unowned) */
  DispBusDispatcher1 *proxy;        /* (owned) of the daemon, also of the next one */
  DispStatistics *now;              /* (owned) (nullable) */
  DispStatistics *before;           /* (owned) (nullable) */
  gboolean on_screen;               /* whether the window is drawn again and again */
  gboolean away;                    /* whether the daemon is gone, which was told */
  gint64 left;                      /* so many tables, until the end; -1 = any number */
  GError *problem;                  /* (owned) (nullable) why it ended */
  GMainLoop *loop;                  /* (owned) */
} Watch;

static void
watch_clear (Watch *self)
{
  g_clear_object (&self->proxy);
  g_clear_pointer (&self->now, disp_statistics_free);
  g_clear_pointer (&self->before, disp_statistics_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_error (&self->problem);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watch, watch_clear)

static DispWatchMoment
get_moment (const Watch *self)
{
  const char *status = disp_bus_dispatcher1_get_status (self->proxy);
  const char *policy = disp_bus_dispatcher1_get_policy (self->proxy);

  return (DispWatchMoment){
    .status = status != NULL ? status : "",
    .policy = policy != NULL ? policy : "",
    .now = self->now,
    .before = self->before,
  };
}

/* The head and the table; no wider than @width, unless that is 0. */
static char *
get_text (const Watch *self, guint width)
{
  DispWatchMoment moment = get_moment (self);
  const DispColumn whole[] = { { "", FALSE, 0 } };
  g_autofree char *headline = self->away ? g_strdup (_ ("dispatcherd is away; waiting for it"))
                                         : disp_watch_get_headline (&moment);
  g_autoptr (DispTable) head = disp_table_new (whole, G_N_ELEMENTS (whole));
  g_autoptr (DispTable) table = disp_watch_get_table (&moment);
  g_autofree char *head_text = NULL;
  g_autofree char *table_text = disp_table_to_text (table, self->invocation->colours, width);

  disp_table_add_styled (head, self->away ? DISP_STYLE_BAD : DISP_STYLE_TITLE, headline);
  head_text = disp_table_to_text (head, self->invocation->colours, width);
  /* Its titles are an empty line. */
  return g_strconcat (head_text + 1, "\n", table_text, NULL);
}

static void
draw (const Watch *self)
{
  guint width;
  guint height;
  g_autofree char *text = NULL;

  if (!self->on_screen || self->now == NULL)
    return;
  disp_screen_get_size (&width, &height);
  text = get_text (self, width);
  g_strchomp (text);
  disp_screen_draw (text, height);
}

static void
print (const Watch *self)
{
  DispWatchMoment moment = get_moment (self);
  g_auto (DispJsonWriter) writer = { 0 };
  g_autofree char *text = NULL;

  if (self->invocation->flags.json)
    {
      disp_json_writer_init (&writer);
      disp_watch_write (&writer, &moment);
      disp_invocation_print_json (&writer);
      return;
    }
  text = get_text (self, 0);
  g_print ("%s\n", text);
  fflush (stdout);
}

static void
on_statistics (G_GNUC_UNUSED DispBusDispatcher1 *proxy, GVariant *document, gpointer user_data)
{
  Watch *self = user_data;

  g_clear_pointer (&self->before, disp_statistics_free);
  self->before = g_steal_pointer (&self->now);
  self->now = disp_statistics_parse (document);
  self->away = FALSE;
  if (!disp_statistics_follows (self->now, self->before))
    g_clear_pointer (&self->before, disp_statistics_free);
  draw (self);
  /* The first says nothing of rates: it is only what the next is compared with. */
  if (self->before == NULL)
    return;
  if (!self->on_screen)
    print (self);
  if (ferror (stdout) || (self->left > 0 && --self->left == 0))
    g_main_loop_quit (self->loop);
}

static void
subscribe (Watch *self)
{
  guint64 interval = (guint64) (self->invocation->flags.interval * G_USEC_PER_SEC);

  disp_bus_dispatcher1_call_subscribe (self->proxy, interval, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                                       NULL, NULL, NULL);
}

/* The next daemon knows nothing of what was agreed with the one before. */
static void
on_owner (GObject *proxy, G_GNUC_UNUSED GParamSpec *property, gpointer user_data)
{
  Watch *self = user_data;
  g_autofree char *owner = g_dbus_proxy_get_name_owner (G_DBUS_PROXY (proxy));

  if (owner != NULL)
    {
      subscribe (self);
      return;
    }
  self->away = TRUE;
  g_clear_pointer (&self->before, disp_statistics_free);
  draw (self);
  if (!self->on_screen)
    g_printerr (_ ("dispatcherctl: %s\n"), _ ("dispatcherd is away; waiting for it"));
}

static void
on_closed (G_GNUC_UNUSED GDBusConnection *connection, G_GNUC_UNUSED gboolean vanished,
           G_GNUC_UNUSED GError *error, gpointer user_data)
{
  Watch *self = user_data;

  g_set_error_literal (&self->problem, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("the bus is gone"));
  g_main_loop_quit (self->loop);
}

static gboolean
on_end (gpointer user_data)
{
  g_main_loop_quit (((Watch *) user_data)->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_resize (gpointer user_data)
{
  draw (user_data);
  return G_SOURCE_CONTINUE;
}

static void
run (Watch *self)
{
  guint sources[] = {
    g_unix_signal_add (SIGINT, on_end, self),
    g_unix_signal_add (SIGTERM, on_end, self),
    g_unix_signal_add (SIGHUP, on_end, self),
    g_unix_signal_add (SIGWINCH, on_resize, self),
  };

  if (self->on_screen)
    disp_screen_begin ();
  g_main_loop_run (self->loop);
  if (self->on_screen)
    disp_screen_end ();
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  /* What was seen last stays. */
  if (self->on_screen && self->now != NULL)
    print (self);
}

gboolean
disp_command_watch (DispInvocation *self, GError **error)
{
  g_auto (Watch) watch = { .invocation = self };
  gboolean there;
  gboolean failed;

  watch.on_screen = self->is_terminal && !self->flags.json;
  watch.left = self->flags.count != DISP_NOT_GIVEN ? self->flags.count : -1;
  watch.loop = g_main_loop_new (NULL, FALSE);
  watch.proxy = disp_bus_dispatcher1_proxy_new_sync (self->daemon->connection,
                                                     G_DBUS_PROXY_FLAGS_NONE, DISP_DAEMON_NAME,
                                                     DISP_DAEMON_PATH, NULL, error);
  if (watch.proxy == NULL)
    return FALSE;
  g_signal_connect (watch.proxy, "statistics", G_CALLBACK (on_statistics), &watch);
  g_signal_connect (watch.proxy, "notify::g-name-owner", G_CALLBACK (on_owner), &watch);
  g_signal_connect (self->daemon->connection, "closed", G_CALLBACK (on_closed), &watch);
  there = disp_bus_dispatcher1_call_subscribe_sync (
      watch.proxy, (guint64) (self->flags.interval * G_USEC_PER_SEC), G_DBUS_CALL_FLAGS_NONE, -1,
      NULL, error);
  if (there)
    run (&watch);
  g_signal_handlers_disconnect_by_data (watch.proxy, &watch);
  g_signal_handlers_disconnect_by_data (self->daemon->connection, &watch);
  failed = watch.problem != NULL;
  if (failed)
    g_propagate_error (error, g_steal_pointer (&watch.problem));
  return there && !failed;
}
