/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/override-source.h"

#include "core/error.h"
#include "engine/fleet-editor.h"
#include "sources/scripted-source.h"
#include "sources/source-log.h"
#include "support/fixtures.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* A source behind the overrides of a temporary directory; restart() makes both anew. */
typedef struct
{
  char *directory;            /* (owned) */
  char *path;                 /* (owned) of the file with the overrides */
  ScriptedSource *inner;      /* (owned) */
  DispOverrideSource *source; /* (owned) */
  SourceLog *log;             /* (owned) of the source */
  DispFleet *said;            /* (owned) (nullable) what the inner source said last */
} Fixture;

static guint n_warnings;
static GString *news; /* what was logged as a message */

static GLogWriterOutput
keep_news (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
           G_GNUC_UNUSED gpointer user_data)
{
  if ((level & G_LOG_LEVEL_WARNING) != 0)
    n_warnings++;
  for (gsize i = 0; i < n_fields; i++)
    if ((level & G_LOG_LEVEL_MESSAGE) != 0 && g_str_equal (fields[i].key, "MESSAGE"))
      g_string_append_printf (news, "%s\n", (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

static void
start (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->inner = scripted_source_new ();
  fixture->source = disp_override_source_new (DISP_SOURCE (fixture->inner), fixture->directory,
                                              &error);
  g_assert_no_error (error);
  fixture->log = source_log_new (DISP_SOURCE (fixture->source));
  g_assert_true (disp_source_start (DISP_SOURCE (fixture->source), &error));
  g_assert_no_error (error);
}

static void
stop (Fixture *fixture)
{
  g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
  source_log_free (fixture->log);
  disp_source_stop (DISP_SOURCE (fixture->source));
  g_assert_finalize_object (fixture->source);
  g_assert_finalize_object (fixture->inner);
  g_clear_pointer (&fixture->said, disp_fleet_unref);
}

static void
restart (Fixture *fixture)
{
  stop (fixture);
  start (fixture);
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *top = g_dir_make_tmp ("dispatcherd-XXXXXX", &error);

  g_assert_no_error (error);
  fixture->directory = g_build_filename (top, "state", NULL);
  fixture->path = g_build_filename (fixture->directory, "overrides.json", NULL);
  n_warnings = 0;
  g_string_truncate (news, 0);
  start (fixture);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *top = g_path_get_dirname (fixture->directory);

  stop (fixture);
  g_assert_cmpuint (n_warnings, ==, 0);
  g_remove (fixture->path);
  g_remove (fixture->directory);
  g_assert_no_errno (g_rmdir (top));
  g_free (fixture->path);
  g_free (fixture->directory);
}

static DispContainer *
cpu (const char *name, double quota)
{
  return fixture_container (name, "m", 1, DISP_DEVICE_CPU, quota);
}

/* Has the inner source say a fleet, and returns what comes of it. */
static DispFleet *
say_fleet (Fixture *fixture, DispFleet *fleet)
{
  g_clear_pointer (&fixture->said, disp_fleet_unref);
  fixture->said = fleet;
  disp_source_emit_fleet (DISP_SOURCE (fixture->inner), fleet);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 1);
  return source_log_take_fleet (fixture->log);
}

static void
assert_quotas (DispFleet *fleet, double a, double b)
{
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);

  g_assert_cmpuint (n_containers, ==, 2);
  g_assert_cmpstr (containers[0]->name, ==, "a");
  g_assert_cmpfloat (containers[0]->quota, ==, a);
  g_assert_cmpstr (containers[1]->name, ==, "b");
  g_assert_cmpfloat (containers[1]->quota, ==, b);
}

/* Has the inner source say containers "a" and "b" with these quotas; other quotas come of it. */
static void
say (Fixture *fixture, double a, double b, double expected_a, double expected_b)
{
  g_autoptr (DispFleet) fleet = say_fleet (
      fixture, fixture_fleet (fixture->said, "m:1", cpu ("a", a), cpu ("b", b), NULL));

  assert_quotas (fleet, expected_a, expected_b);
}

static DispContainer *
edit (Fixture *fixture, const char *id, const char *name, double quota, GError **error)
{
  const DispQuotaChange change = { (char *) id, (char *) name, quota, NULL };

  return disp_fleet_editor_set_quota (DISP_FLEET_EDITOR (fixture->source), &change, error);
}

/* Sets the quota of a container; returns the fleet that is in force then. */
static DispFleet *
set_quota (Fixture *fixture, const char *name, double quota)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispContainer) container = edit (fixture, NULL, name, quota, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (container->name, ==, name);
  g_assert_cmpfloat (container->quota, ==, quota);
  /* It is emitted already. */
  g_assert_cmpuint (source_log_count (fixture->log), ==, 1);
  return source_log_take_fleet (fixture->log);
}

static void
set (Fixture *fixture, const char *name, double quota, double expected_a, double expected_b)
{
  g_autoptr (DispFleet) fleet = set_quota (fixture, name, quota);

  assert_quotas (fleet, expected_a, expected_b);
}

static void
refuse (Fixture *fixture, const char *id, const char *name, DispError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (edit (fixture, id, name, 7, &error));
  g_assert_error (error, DISP_ERROR, (int) code);
  assert_contains (error->message, message);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
}

static void
assert_file (Fixture *fixture, const char *contents)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (fixture->path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, contents);
}

#define NONE "{\"version\":2,\"overrides\":[]}"
#define ENTRY(name, quota, source_quota)                                                           \
  "{\"container_id\":\"id-of-" name "\",\"container\":\"" name                                     \
  "\",\"node\":\"127.0.0.1\",\"endpoint\":\"http://127.0.0.1:1\",\"quota\":" #quota                \
  ",\"source_quota\":" #source_quota "}"
#define FILE_OF(entries) "{\"version\":2,\"overrides\":[" entries "]}"

/* Without overrides it is as if nothing was in between. */
static void
test_passes_on (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, DISP_ERROR_UPSTREAM, "it is away");
  g_autoptr (GError) told = NULL;
  g_autoptr (DispFleet) fleet = say_fleet (fixture, fixture_fleet (NULL, NULL, cpu ("a", 1), NULL));

  g_assert_true (fleet == fixture->said);
  g_assert_false (g_file_test (fixture->directory, G_FILE_TEST_EXISTS));
  g_assert_cmpstr (news->str, ==, "");
  g_assert_false (disp_override_source_is_failing (fixture->source));
  disp_source_emit_failed (DISP_SOURCE (fixture->inner), error);
  g_assert_true (disp_override_source_is_failing (fixture->source));
  told = source_log_take_failed (fixture->log);
  g_assert_error (told, DISP_ERROR, DISP_ERROR_UPSTREAM);
  g_assert_cmpstr (told->message, ==, "it is away");
  disp_fleet_unref (set_quota (fixture, "a", 2));
  g_assert_true (disp_override_source_is_failing (fixture->source));
  disp_fleet_unref (set_quota (fixture, "a", 1));
  disp_fleet_unref (say_fleet (fixture, fixture_fleet (NULL, NULL, cpu ("a", 1), NULL)));
  g_assert_false (disp_override_source_is_failing (fixture->source));
  g_assert_cmpstr (disp_source_describe (DISP_SOURCE (fixture->source)), ==, "scripted");
  disp_source_refresh (DISP_SOURCE (fixture->source));
  g_assert_cmpuint (fixture->inner->n_refreshes, ==, 1);
  g_assert_cmpuint (fixture->inner->n_starts, ==, 1);
  disp_source_stop (DISP_SOURCE (fixture->source));
  g_assert_cmpuint (fixture->inner->n_stops, ==, 1);
}

static void
test_start_fails (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) refusal = g_error_new_literal (DISP_ERROR, DISP_ERROR_INVALID_CONFIG, "no");
  g_autoptr (GError) error = NULL;

  fixture->inner->refusal = refusal;
  g_assert_false (disp_source_start (DISP_SOURCE (fixture->source), &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
}

/* Drains container "a", or ends that, and returns the fleet that is in force then. */
static DispFleet *
drain (Fixture *fixture, gboolean drained)
{
  const DispQuotaChange which = { .container = (char *) "a" };
  g_autoptr (GError) error = NULL;
  g_autoptr (DispContainer) container = disp_fleet_editor_set_drained (
      DISP_FLEET_EDITOR (fixture->source), &which, drained, &error);

  g_assert_no_error (error);
  g_assert_cmpint (container->drained, ==, drained);
  g_assert_cmpint (disp_container_is_eligible (container), ==, !drained);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 1);
  return source_log_take_fleet (fixture->log);
}

static void
test_drain (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  const DispQuotaChange which = { .container = (char *) "a" };
  g_autoptr (DispContainer) reset = NULL;
  g_autoptr (GError) error = NULL;

  say (fixture, 100, 200, 100, 200);
  disp_fleet_unref (drain (fixture, TRUE));
  set (fixture, "a", 5, 5, 200);
  assert_contains (news->str, "container \"a\" on 127.0.0.1 is drained");
  /* The source takes the quota back, not the drain. */
  say (fixture, 101, 200, 101, 200);
  set (fixture, "a", 6, 6, 200);
  reset = disp_fleet_editor_reset_quota (DISP_FLEET_EDITOR (fixture->source), &which, &error);
  g_assert_no_error (error);
  g_assert_true (reset->drained);
  g_assert_cmpfloat (reset->quota, ==, 101);
  disp_fleet_unref (source_log_take_fleet (fixture->log));
  disp_fleet_unref (drain (fixture, FALSE));
  assert_file (fixture, NONE);

  disp_fleet_unref (drain (fixture, TRUE));
  set (fixture, "b", 1, 101, 1);
  g_assert_true (disp_fleet_editor_reset (DISP_FLEET_EDITOR (fixture->source), &error));
  g_assert_no_error (error);
  disp_fleet_unref (source_log_take_fleet (fixture->log));
  assert_file (fixture, NONE);
  say (fixture, 101, 200, 101, 200);
  g_string_truncate (news, 0);
}

static void
test_edit (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  GStatBuf status;
  guint n_models;
  g_autoptr (DispFleet) fleet = NULL;

  say (fixture, 100, 200, 100, 200);
  set (fixture, "a", 0, 0, 200);
  assert_file (fixture, FILE_OF (ENTRY ("a", 0, 100)));
  g_assert_no_errno (g_stat (fixture->path, &status));
  g_assert_cmphex (status.st_mode & 0777, ==, 0600);
  g_assert_no_errno (g_stat (fixture->directory, &status));
  g_assert_cmphex (status.st_mode & 0777, ==, 0700);
  set (fixture, "b", 0.5, 0, 0.5);
  assert_file (fixture, FILE_OF (ENTRY ("a", 0, 100) "," ENTRY ("b", 0.5, 200)));
  fleet = set_quota (fixture, "a", 7);
  assert_quotas (fleet, 7, 0.5);
  assert_file (fixture, FILE_OF (ENTRY ("b", 0.5, 200) "," ENTRY ("a", 7, 100)));
  g_assert_cmpstr (disp_fleet_get_models (fleet, &n_models)[0]->name, ==, "m");
  say (fixture, 100, 200, 7, 0.5);
}

static void
test_by_id (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispContainer) container = NULL;

  say (fixture, 100, 200, 100, 200);
  container = edit (fixture, "id-of-b", NULL, 3, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (container->name, ==, "b");
  g_clear_pointer (&container, disp_container_unref);
  disp_fleet_unref (source_log_take_fleet (fixture->log));
  container = edit (fixture, "id-of-b", "b", 4, &error);
  g_assert_no_error (error);
  disp_fleet_unref (source_log_take_fleet (fixture->log));
  assert_file (fixture, FILE_OF (ENTRY ("b", 4, 200)));
}

static void
test_refused (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispContainer *elsewhere = cpu ("a", 100);

  refuse (fixture, NULL, "a", DISP_ERROR_NO_FLEET, "no fleet is known");
  say (fixture, 100, 200, 100, 200);
  refuse (fixture, NULL, "c", DISP_ERROR_UNKNOWN_CONTAINER, "no container \"c\"");
  refuse (fixture, "id-of-c", NULL, DISP_ERROR_UNKNOWN_CONTAINER, "container_id \"id-of-c\"");
  refuse (fixture, "id-of-a", "b", DISP_ERROR_UNKNOWN_CONTAINER, "no container \"b\" with");

  g_free (elsewhere->id);
  elsewhere->id = g_strdup ("other");
  fixture_container_set_port (elsewhere, 2);
  disp_fleet_unref (
      say_fleet (fixture, fixture_fleet (NULL, NULL, cpu ("a", 100), elsewhere, NULL)));
  refuse (fixture, NULL, "a", DISP_ERROR_INVALID_VALUE, "expected \"container_id\"");
  g_assert_false (g_file_test (fixture->directory, G_FILE_TEST_EXISTS));

  disp_source_stop (DISP_SOURCE (fixture->source));
  refuse (fixture, "other", NULL, DISP_ERROR_NO_FLEET, "no fleet is known");
}

/* A container with another quota counts on, and those beside it are the same as before. */
static void
test_counters (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) before = say_fleet (
      fixture, fixture_fleet (NULL, NULL, cpu ("a", 1), cpu ("b", 1), NULL));
  g_autoptr (DispFleet) edited = set_quota (fixture, "a", 0);
  g_autoptr (DispFleet) after = say_fleet (
      fixture, fixture_fleet (fixture->said, NULL, cpu ("a", 1), cpu ("b", 1), NULL));
  guint n;

  assert_quotas (after, 0, 1);
  for (guint i = 0; i < 2; i++)
    {
      const DispStats *stats = disp_fleet_get_containers (before, &n)[i]->stats;

      g_assert_true (disp_fleet_get_containers (edited, &n)[i]->stats == stats);
      g_assert_true (disp_fleet_get_containers (after, &n)[i]->stats == stats);
    }
  g_assert_true (disp_fleet_get_containers (edited, &n)[1]
                 == disp_fleet_get_containers (before, &n)[1]);
}

static void
note_file (G_GNUC_UNUSED DispSource *source, G_GNUC_UNUSED gpointer fleet, gpointer user_data)
{
  assert_file (user_data, FILE_OF (ENTRY ("a", 0, 100)));
  g_object_set_data (G_OBJECT (source), "noted", source);
}

/* Nobody sees a quota that could be forgotten. */
static void
test_written_first (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  say (fixture, 100, 200, 100, 200);
  g_signal_connect (fixture->source, "fleet", G_CALLBACK (note_file), fixture);
  set (fixture, "a", 0, 0, 200);
  g_assert_nonnull (g_object_get_data (G_OBJECT (fixture->source), "noted"));
}

static void
test_restart (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  say (fixture, 100, 0.1, 100, 0.1);
  set (fixture, "a", 0, 0, 0.1);
  set (fixture, "b", 1e300, 0, 1e300);
  g_assert_cmpstr (news->str, ==,
                   "quota of container \"a\" on 127.0.0.1 set to 0, was 100\n"
                   "quota of container \"b\" on 127.0.0.1 set to 1e+300, was 0.1\n");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *expected = g_strdup_printf (
          "overrides of containers: 2 in force, 0 for containers that are not in the fleet (%s)\n",
          fixture->path);

      g_string_truncate (news, 0);
      restart (fixture);
      say (fixture, 100, 0.1, 0, 1e300);
      say (fixture, 100, 0.1, 0, 1e300);
      g_assert_cmpstr (news->str, ==, expected);
    }
}

/* The source has the last word when it says a new one. */
static void
test_outdated (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  say (fixture, 100, 200, 100, 200);
  set (fixture, "a", 0, 0, 200);
  set (fixture, "b", 0, 0, 0);
  say (fixture, 100, 200, 0, 0);
  say (fixture, 101, 200, 101, 0);
  assert_contains (news->str, "no longer says quota 100 for container \"a\" on 127.0.0.1");
  assert_file (fixture, FILE_OF (ENTRY ("b", 0, 200)));
  /* What is over does not come back. */
  say (fixture, 100, 200, 100, 0);
  restart (fixture);
  say (fixture, 100, 200, 100, 0);
  say (fixture, 100, 0, 100, 0);
  assert_file (fixture, NONE);
  say (fixture, 100, 200, 100, 200);
}

/* Also what the source said while nobody listened. */
static void
test_outdated_at_start (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  say (fixture, 100, 200, 100, 200);
  set (fixture, "a", 0, 0, 200);
  restart (fixture);
  say (fixture, 50, 200, 50, 200);
  assert_file (fixture, NONE);
}

static void
test_comes_and_goes (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  say (fixture, 100, 200, 100, 200);
  set (fixture, "a", 0, 0, 200);
  disp_fleet_unref (say_fleet (fixture, fixture_fleet (NULL, NULL, cpu ("b", 200), NULL)));
  refuse (fixture, NULL, "a", DISP_ERROR_UNKNOWN_CONTAINER, "no container \"a\"");
  disp_fleet_unref (say_fleet (fixture, fixture_fleet (NULL, NULL, NULL)));
  restart (fixture);
  disp_fleet_unref (say_fleet (fixture, fixture_fleet (NULL, NULL, NULL)));
  assert_contains (news->str, "0 in force, 1 for containers that are not in the fleet");
  assert_file (fixture, FILE_OF (ENTRY ("a", 0, 100)));
  say (fixture, 100, 200, 0, 200);
}

static void
test_reset (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  say (fixture, 100, 200, 100, 200);
  set (fixture, "a", 0, 0, 200);
  set (fixture, "a", 100, 100, 200);
  assert_file (fixture, NONE);
  g_string_truncate (news, 0);
  say (fixture, 99, 200, 99, 200);
  g_assert_cmpstr (news->str, ==, "");
}

/* What is so already costs nothing. */
static void
test_unchanged (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  static const double quotas[] = { 100, 0, 0 };

  say (fixture, 100, 200, 100, 200);
  for (guint i = 0; i < G_N_ELEMENTS (quotas); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DispContainer) container = NULL;

      if (i == 1)
        {
          set (fixture, "a", 0, 0, 200);
          g_assert_no_errno (g_remove (fixture->path));
        }
      container = edit (fixture, NULL, "a", quotas[i], &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (container->quota, ==, quotas[i]);
      g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
      g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
    }
}

/* What cannot be kept is not done.  The user may be root, whom no permissions stop. */
static void
test_cannot_write (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  say (fixture, 100, 200, 100, 200);
  g_assert_true (g_file_set_contents (fixture->directory, "no directory", -1, NULL));
  refuse (fixture, NULL, "a", DISP_ERROR_FAILED, fixture->path);
  say (fixture, 100, 200, 100, 200);
  g_assert_no_errno (g_remove (fixture->directory));

  set (fixture, "a", 0, 0, 200);
  g_assert_no_errno (g_remove (fixture->path));
  g_assert_no_errno (g_mkdir (fixture->path, 0700));
  refuse (fixture, NULL, "a", DISP_ERROR_FAILED, "cannot be written");
  refuse (fixture, NULL, "b", DISP_ERROR_FAILED, "cannot be written");
  say (fixture, 100, 200, 0, 200);
  g_assert_no_errno (g_rmdir (fixture->path));
  set (fixture, "b", 1, 0, 1);
  assert_file (fixture, FILE_OF (ENTRY ("a", 0, 100) "," ENTRY ("b", 1, 200)));
}

/* What is over is over, though the file still says it; that is made good with the next edit. */
static void
test_cannot_forget (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispContainer) container = NULL;

  say (fixture, 100, 200, 100, 200);
  set (fixture, "a", 0, 0, 200);
  g_assert_no_errno (g_remove (fixture->path));
  g_assert_no_errno (g_mkdir (fixture->path, 0700));
  say (fixture, 50, 200, 50, 200);
  g_assert_cmpuint (n_warnings, ==, 1);
  n_warnings = 0;
  say (fixture, 100, 200, 100, 200);
  g_assert_no_errno (g_rmdir (fixture->path));
  container = edit (fixture, NULL, "b", 200, &error);
  g_assert_no_error (error);
  assert_file (fixture, NONE);
  disp_fleet_unref (source_log_take_fleet (fixture->log));
}

/* Or with the next fleet, without news while it goes on failing. */
static void
test_forgets_later (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  say (fixture, 100, 200, 100, 200);
  set (fixture, "a", 0, 0, 200);
  g_assert_no_errno (g_remove (fixture->path));
  g_assert_no_errno (g_mkdir (fixture->path, 0700));
  for (guint i = 0; i < 3; i++)
    say (fixture, 50, 200, 50, 200);
  g_assert_cmpuint (n_warnings, ==, 1);
  n_warnings = 0;
  g_assert_no_errno (g_rmdir (fixture->path));
  g_string_truncate (news, 0);
  say (fixture, 50, 200, 50, 200);
  assert_file (fixture, NONE);
  assert_contains (news->str, "are written again");
  /* Then nothing is left to write. */
  g_assert_no_errno (g_remove (fixture->path));
  say (fixture, 50, 200, 50, 200);
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
}

static void
expect_no_start (Fixture *fixture, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (
      disp_override_source_new (DISP_SOURCE (fixture->inner), fixture->directory, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_FAILED);
  assert_contains (error->message, message);
  assert_contains (error->message, fixture->path);
  assert_contains (error->message, "; mend the file, or remove it to forget the quotas that");
}

/* A file that no start gets over, and what is said of it. */
static const struct
{
  const char *text;
  const char *message;
} damaged_cases[] = {
  { "", "" },
  { "{\"version\":1,\"overr", "" },
  { "\177ELF", "" },
  { "{\"version\":3,\"overrides\":[]}", "expected 2, found 3, which a newer dispatcherd wrote" },
  { FILE_OF (ENTRY ("a", -1, 100)), "overrides[0].quota: expected a number from 0 up" },
};

static void
test_damaged (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_assert_no_errno (g_mkdir (fixture->directory, 0700));
  for (guint i = 0; i < G_N_ELEMENTS (damaged_cases); i++)
    {
      g_assert_true (g_file_set_contents (fixture->path, damaged_cases[i].text, -1, NULL));
      expect_no_start (fixture, damaged_cases[i].message);
      assert_file (fixture, damaged_cases[i].text);
    }
  g_assert_no_errno (g_remove (fixture->path));
  g_assert_no_errno (g_mkdir (fixture->path, 0700));
  expect_no_start (fixture, "not a regular file, expected a file of overrides");
  g_assert_no_errno (g_rmdir (fixture->path));
  g_assert_no_errno (mkfifo (fixture->path, 0600));
  expect_no_start (fixture, "not a regular file");
}

static void
drop_source (G_GNUC_UNUSED DispSource *source, G_GNUC_UNUSED gpointer fleet, gpointer user_data)
{
  DispOverrideSource **held = user_data;

  disp_source_stop (DISP_SOURCE (*held));
  g_clear_object (held);
}

static void
test_dropped_in_signal (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispOverrideSource *source = disp_override_source_new (DISP_SOURCE (fixture->inner),
                                                         fixture->directory, NULL);
  gpointer witness = source;

  g_object_add_weak_pointer (witness, &witness);
  g_signal_connect (source, "fleet", G_CALLBACK (drop_source), &source);
  say (fixture, 100, 200, 100, 200);
  g_assert_null (witness);
}

/* What was set stays over a change of the source; the old one is stopped and not heard any more. */
static void
test_other_source (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (ScriptedSource) before = NULL;
  g_autoptr (DispFleet) fleet = NULL;
  g_autoptr (DispFleet) said = NULL;
  g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, DISP_ERROR_UPSTREAM, "gone");

  say (fixture, 100, 200, 100, 200);
  set (fixture, "a", 50, 50, 200);
  disp_source_emit_failed (DISP_SOURCE (fixture->inner), error);
  g_error_free (source_log_take_failed (fixture->log));
  before = g_steal_pointer (&fixture->inner);
  fixture->inner = scripted_source_new ();
  said = fixture_fleet (fixture->said, "m:1", cpu ("a", 100), cpu ("b", 300), NULL);
  disp_override_source_set_source (fixture->source, DISP_SOURCE (fixture->inner), said);
  fleet = source_log_take_fleet (fixture->log);
  assert_quotas (fleet, 50, 300);
  g_assert_false (disp_override_source_is_failing (fixture->source));
  g_assert_cmpuint (before->n_stops, ==, 1);
  g_assert_cmpuint (fixture->inner->n_starts, ==, 0);
  disp_source_emit_fleet (DISP_SOURCE (before), said);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
  say (fixture, 100, 400, 50, 400);
}

static const struct
{
  const char *name;
  void (*test) (Fixture *fixture, gconstpointer unused);
} cases[] = {
  { "passes-on", test_passes_on },
  { "start-fails", test_start_fails },
  { "edit", test_edit },
  { "by-id", test_by_id },
  { "refused", test_refused },
  { "counters", test_counters },
  { "written-first", test_written_first },
  { "drain", test_drain },
  { "restart", test_restart },
  { "outdated", test_outdated },
  { "outdated-at-start", test_outdated_at_start },
  { "comes-and-goes", test_comes_and_goes },
  { "reset", test_reset },
  { "unchanged", test_unchanged },
  { "cannot-write", test_cannot_write },
  { "cannot-forget", test_cannot_forget },
  { "forgets-later", test_forgets_later },
  { "other-source", test_other_source },
  { "damaged", test_damaged },
  { "dropped-in-signal", test_dropped_in_signal },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (keep_news, NULL, NULL);
  news = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/sources/override-source/", cases[i].name, NULL);

      g_test_add (path, Fixture, NULL, set_up, cases[i].test, tear_down);
    }
  return g_test_run ();
}
