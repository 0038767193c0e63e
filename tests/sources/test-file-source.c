/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/file-source.h"

#include "core/error.h"
#include "sources/source-log.h"
#include "wire/fleet-document.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A temporary directory, and in it the file of a source that is not started. */
typedef struct
{
  char *directory;    /* (owned) */
  char *path;         /* (owned) */
  DispClock *clock;   /* (owned) */
  DispSource *source; /* (owned) */
  SourceLog *log;     /* (owned) of the source */
} Fixture;

static char *
in_directory (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->directory, name, NULL);
}

static void
write_text (const char *path, const char *text)
{
  int fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  close (fd);
}

/* Writes a file in place whose fleet has so many containers. */
static void
write_fleet (const char *path, guint n_containers)
{
  g_autoptr (GString) text = g_string_new (
      "models:\n- {name: half_plus_two, version: 1, sla: 1000}\ncontainers:\n");

  if (n_containers == 0)
    g_string_append (text, "  []\n");
  for (guint i = 0; i < n_containers; i++)
    g_string_append_printf (text,
                            "- model: half_plus_two\n  version: 1\n  container: cpu-%u\n"
                            "  active: true\n  device: 0\n  node: 127.0.0.1\n  port: %u\n"
                            "  quota: 100000\n",
                            i, 8500 + i);
  write_text (path, text->str);
}

static void
move (const char *from, const char *to)
{
  g_assert_cmpint (g_rename (from, to), ==, 0);
}

static void
link_to (const char *target, const char *path)
{
  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
make_directory (const char *path)
{
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    directory = g_dir_open (path, 0, NULL);
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
set_up_source (Fixture *fixture, const char *name)
{
  fixture->path = in_directory (fixture, name);
  fixture->source = disp_file_source_new (fixture->path, fixture->clock);
  fixture->log = source_log_new (fixture->source);
}

static void
set_up (Fixture *fixture, gconstpointer name)
{
  g_autoptr (GError) error = NULL;

  fixture->directory = g_dir_make_tmp ("dispatcherd-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->clock = disp_system_clock_new ();
  set_up_source (fixture, name != NULL ? name : "fleet.yaml");
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  disp_source_stop (fixture->source);
  disp_source_stop (fixture->source);
  source_log_free (fixture->log);
  g_assert_finalize_object (fixture->source);
  g_assert_finalize_object (fixture->clock);
  remove_tree (fixture->directory);
  g_free (fixture->path);
  g_free (fixture->directory);
}

static void
start (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (disp_source_start (fixture->source, &error));
  g_assert_no_error (error);
}

/* Starts with a file of one container, and takes its fleet. */
static DispFleet *
start_with_one (Fixture *fixture)
{
  write_fleet (fixture->path, 1);
  start (fixture);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 1);
  return source_log_wait_containers (fixture->log, 1);
}

static void
expect_containers (Fixture *fixture, guint n_containers)
{
  disp_fleet_unref (source_log_wait_containers (fixture->log, n_containers));
}

static void
expect_failed (Fixture *fixture, int code, const char *message)
{
  g_autoptr (GError) error = source_log_take_failed (fixture->log);

  g_assert_error (error, DISP_ERROR, code);
  g_test_message ("%s", error->message);
  assert_contains (error->message, fixture->path);
  assert_contains (error->message, message);
}

static void
expect_no_start (Fixture *fixture, int code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (disp_source_start (fixture->source, &error));
  g_assert_error (error, DISP_ERROR, code);
  g_test_message ("%s", error->message);
  assert_contains (error->message, fixture->path);
  assert_contains (error->message, message);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
}

static DispStats *
stats_of_first (DispFleet *fleet)
{
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);

  g_assert_cmpuint (n_containers, >, 0);
  return containers[0]->stats;
}

static void
test_reads_yaml (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *description = g_strconcat ("file ", fixture->path, NULL);
  guint n_models;
  g_autoptr (DispFleet) fleet = start_with_one (fixture);

  disp_fleet_get_models (fleet, &n_models);
  g_assert_cmpuint (n_models, ==, 1);
  g_assert_cmpstr (disp_source_describe (fixture->source), ==, description);
}

static void
test_reads_json (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  write_text (fixture->path,
              "{\"models\": [], \"containers\": [\n"
              "\t{\"model\": \"all\", \"version\": 1, \"container\": \"gpu\", \"active\": true,\n"
              "\t\"device\": 1, \"node\": \"127.0.0.1\", \"port\": 8500, \"quota\": 1}]}\n");
  start (fixture);
  expect_containers (fixture, 1);
}

static void
test_json_by_name (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  write_fleet (fixture->path, 1); /* YAML */
  expect_no_start (fixture, DISP_ERROR_INVALID_DOCUMENT, "");
}

static void
test_no_file (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  expect_no_start (fixture, DISP_ERROR_INVALID_CONFIG, "No such file");
  write_fleet (fixture->path, 1);
  start (fixture);
  expect_containers (fixture, 1);
}

static void
test_fifo (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  expect_no_start (fixture, DISP_ERROR_INVALID_CONFIG, "not a regular file");
}

static void
test_directory (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  make_directory (fixture->path);
  expect_no_start (fixture, DISP_ERROR_INVALID_CONFIG, "not a regular file");
}

static void
test_device (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  link_to ("/dev/zero", fixture->path);
  expect_no_start (fixture, DISP_ERROR_INVALID_CONFIG, "not a regular file");
}

static void
test_link_to_itself (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  link_to ("fleet.yaml", fixture->path);
  expect_no_start (fixture, DISP_ERROR_INVALID_CONFIG, "symbolic links");
}

static void
test_too_long (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  write_text (fixture->path, "");
  g_assert_cmpint (truncate (fixture->path, DISP_FLEET_DOCUMENT_MAX_SIZE + 1), ==, 0);
  expect_no_start (fixture, DISP_ERROR_INVALID_DOCUMENT, "too long");
}

static void
test_wrong_at_start (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  write_text (fixture->path, "models: []\ncontainers: [\n");
  expect_no_start (fixture, DISP_ERROR_INVALID_DOCUMENT, "line ");
}

static void
test_edit_in_place (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  disp_fleet_unref (start_with_one (fixture));
  for (guint n_containers = 2; n_containers < 5; n_containers++)
    {
      write_fleet (fixture->path, n_containers);
      expect_containers (fixture, n_containers);
    }
}

static void
test_replace_by_rename (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *draft = in_directory (fixture, "draft");

  disp_fleet_unref (start_with_one (fixture));
  for (guint n_containers = 2; n_containers < 5; n_containers++)
    {
      write_fleet (draft, n_containers);
      move (draft, fixture->path);
      expect_containers (fixture, n_containers);
    }
}

/* Some editors first move the old file away. */
static void
test_replace_with_backup (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *backup = in_directory (fixture, "fleet.yaml~");

  disp_fleet_unref (start_with_one (fixture));
  move (fixture->path, backup);
  write_fleet (fixture->path, 2);
  expect_containers (fixture, 2);
}

static void
test_broken_edit (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) first = start_with_one (fixture);
  g_autoptr (DispFleet) fixed = NULL;

  write_text (fixture->path, "models: []\ncontainers: [\n");
  expect_failed (fixture, DISP_ERROR_INVALID_DOCUMENT, "line ");
  write_text (fixture->path, "");
  expect_failed (fixture, DISP_ERROR_INVALID_DOCUMENT, "");
  write_fleet (fixture->path, 2);
  fixed = source_log_wait_containers (fixture->log, 2);
  g_assert_true (stats_of_first (fixed) == stats_of_first (first));
}

static void
test_no_container_left (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  disp_fleet_unref (start_with_one (fixture));
  write_fleet (fixture->path, 0);
  expect_containers (fixture, 0);
}

static void
test_delete (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) first = start_with_one (fixture);
  g_autoptr (DispFleet) again = NULL;

  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  expect_failed (fixture, DISP_ERROR_INVALID_CONFIG, "No such file");
  write_fleet (fixture->path, 2);
  again = source_log_wait_containers (fixture->log, 2);
  g_assert_true (stats_of_first (again) == stats_of_first (first));
}

static void
test_becomes_fifo (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *draft = in_directory (fixture, "draft");

  disp_fleet_unref (start_with_one (fixture));
  g_assert_cmpint (mkfifo (draft, 0600), ==, 0);
  move (draft, fixture->path);
  expect_failed (fixture, DISP_ERROR_INVALID_CONFIG, "not a regular file");
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  expect_failed (fixture, DISP_ERROR_INVALID_CONFIG, "No such file");
  write_fleet (fixture->path, 2);
  expect_containers (fixture, 2);
}

static void
test_directory_goes_and_comes (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);

  make_directory (directory);
  disp_fleet_unref (start_with_one (fixture));
  remove_tree (directory);
  expect_failed (fixture, DISP_ERROR_INVALID_CONFIG, "No such file");
  make_directory (directory);
  write_fleet (fixture->path, 2);
  expect_containers (fixture, 2);
}

/* Swaps the directory behind "..data", as Kubernetes updates a ConfigMap. */
static void
swap_data (Fixture *fixture, const char *version, guint n_containers)
{
  g_autofree char *directory = in_directory (fixture, version);
  g_autofree char *file = g_build_filename (directory, "fleet.yaml", NULL);
  g_autofree char *draft = in_directory (fixture, "..data_tmp");
  g_autofree char *data = in_directory (fixture, "..data");

  make_directory (directory);
  write_fleet (file, n_containers);
  link_to (version, draft);
  move (draft, data);
}

static void
test_symlink_swap (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *first = in_directory (fixture, "..first");
  g_autofree char *behind = in_directory (fixture, "..third/fleet.yaml");

  swap_data (fixture, "..first", 1);
  link_to ("..data/fleet.yaml", fixture->path);
  start (fixture);
  expect_containers (fixture, 1);
  swap_data (fixture, "..second", 2);
  expect_containers (fixture, 2);
  remove_tree (first);
  swap_data (fixture, "..third", 3);
  expect_containers (fixture, 3);
  write_fleet (behind, 4);
  expect_containers (fixture, 4);
}

/* An absolute link and one that climbs. */
static void
test_links_elsewhere (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autofree char *links = in_directory (fixture, "links");
  g_autofree char *files = in_directory (fixture, "files");
  g_autofree char *climbing = g_build_filename (links, "climbing", NULL);
  g_autofree char *file = g_build_filename (files, "real", NULL);

  make_directory (links);
  make_directory (files);
  link_to (climbing, fixture->path);
  link_to ("..//./files/real", climbing);
  write_fleet (file, 1);
  start (fixture);
  expect_containers (fixture, 1);
  write_fleet (file, 2);
  expect_containers (fixture, 2);
  g_assert_cmpint (g_unlink (climbing), ==, 0);
  expect_failed (fixture, DISP_ERROR_INVALID_CONFIG, "No such file");
  write_fleet (climbing, 3);
  expect_containers (fixture, 3);
}

static void
test_refresh (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) first = start_with_one (fixture);
  g_autoptr (DispFleet) fleet = NULL;

  write_fleet (fixture->path, 2);
  disp_source_refresh (fixture->source);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 1);
  fleet = source_log_take_fleet (fixture->log);
  g_assert_cmpuint (count_containers (fleet), ==, 2);
  g_assert_true (stats_of_first (fleet) == stats_of_first (first));

  write_text (fixture->path, "[");
  disp_source_refresh (fixture->source);
  g_assert_cmpuint (source_log_count (fixture->log), ==, 1);
  expect_failed (fixture, DISP_ERROR_INVALID_DOCUMENT, "");
  write_fleet (fixture->path, 3);
  expect_containers (fixture, 3);
}

/* The counters go on from one source to another. */
static void
test_inherit (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispFleet) first = start_with_one (fixture);
  g_autoptr (DispSource) other = disp_file_source_new (fixture->path, fixture->clock);
  g_autoptr (SourceLog) log = source_log_new (other);
  g_autoptr (DispFleet) fleet = NULL;

  disp_source_inherit (other, first);
  g_assert_true (disp_source_start (other, NULL));
  fleet = source_log_take_fleet (log);
  g_assert_true (stats_of_first (fleet) == stats_of_first (first));
  disp_source_stop (other);
}

/* A second source tells when the first would have told. */
static void
test_silent_when_stopped (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  g_autoptr (DispSource) witness = disp_file_source_new (fixture->path, fixture->clock);
  g_autoptr (SourceLog) log = source_log_new (witness);
  g_autoptr (GError) error = NULL;

  disp_fleet_unref (start_with_one (fixture));
  g_assert_true (disp_source_start (witness, &error));
  g_assert_no_error (error);
  disp_source_stop (fixture->source);
  disp_source_refresh (fixture->source);
  write_fleet (fixture->path, 2);
  disp_fleet_unref (source_log_wait_containers (log, 2));
  g_assert_cmpuint (source_log_count (fixture->log), ==, 0);
}

static void
drop_source (DispSource *source, G_GNUC_UNUSED gpointer fleet, gpointer user_data)
{
  DispSource **held = user_data;

  disp_source_stop (source);
  g_clear_object (held);
}

static void
test_dropped_in_signal (Fixture *fixture, G_GNUC_UNUSED gconstpointer unused)
{
  DispSource *source = disp_file_source_new (fixture->path, fixture->clock);
  g_autoptr (GError) error = NULL;
  gpointer witness = source;

  write_fleet (fixture->path, 1);
  g_assert_true (disp_source_start (source, &error));
  g_object_add_weak_pointer (witness, &witness);
  g_signal_connect (source, "fleet", G_CALLBACK (drop_source), &source);
  write_fleet (fixture->path, 2);
  while (witness != NULL)
    wait_for_event ();
}

typedef struct
{
  const char *name;
  const char *file; /* (nullable) the name of the fleet file */
  void (*test) (Fixture *fixture, gconstpointer unused);
} Case;

static const Case cases[] = {
  { "reads-yaml", NULL, test_reads_yaml },
  { "reads-json", "fleet.json", test_reads_json },
  { "json-by-name", "fleet.json", test_json_by_name },
  { "no-file", NULL, test_no_file },
  { "fifo", NULL, test_fifo },
  { "directory", NULL, test_directory },
  { "device", NULL, test_device },
  { "link-to-itself", NULL, test_link_to_itself },
  { "too-long", NULL, test_too_long },
  { "wrong-at-start", NULL, test_wrong_at_start },
  { "edit-in-place", NULL, test_edit_in_place },
  { "replace-by-rename", NULL, test_replace_by_rename },
  { "replace-with-backup", NULL, test_replace_with_backup },
  { "broken-edit", NULL, test_broken_edit },
  { "no-container-left", NULL, test_no_container_left },
  { "delete", NULL, test_delete },
  { "becomes-fifo", NULL, test_becomes_fifo },
  { "directory-goes-and-comes", "sub/fleet.yaml", test_directory_goes_and_comes },
  { "symlink-swap", NULL, test_symlink_swap },
  { "links-elsewhere", NULL, test_links_elsewhere },
  { "refresh", NULL, test_refresh },
  { "inherit", NULL, test_inherit },
  { "silent-when-stopped", NULL, test_silent_when_stopped },
  { "dropped-in-signal", NULL, test_dropped_in_signal },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/sources/file-source/", cases[i].name, NULL);

      g_test_add (path, Fixture, cases[i].file, set_up, cases[i].test, tear_down);
    }
  return g_test_run ();
}
