/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "records/fixture.h"
#include "records/log-fixture.h"
#include "records/spool-inlet.h"
#include "records/spool-outlet.h"
#include "records/sqlite-probe.h"

#include <glib/gstdio.h>
#include <string.h>

#define NO_LIMIT G_GINT64_CONSTANT (1000000000)
#define LIMIT (1024 * 1024)
/* How much a large record is, in bytes. */
#define LARGE 100000

typedef struct
{
  char *directory; /* (owned) */
  char *path;      /* (owned) */
  DispSpool *spool;
  DispSpoolInlet *inlet;
  DispSpoolOutlet *outlet;
  gboolean coalesces;
} Fixture;

static void
open_spool (Fixture *fixture, gint64 limit)
{
  g_autoptr (GError) error = NULL;

  fixture->spool = disp_spool_new (fixture->path, limit, &error);
  g_assert_no_error (error);
  fixture->inlet = disp_spool_inlet_new (fixture->spool, fixture->coalesces, FALSE, &error);
  g_assert_no_error (error);
  fixture->outlet = disp_spool_outlet_new (fixture->spool, &error);
  g_assert_no_error (error);
}

static void
close_spool (Fixture *fixture)
{
  g_clear_pointer (&fixture->inlet, disp_spool_inlet_free);
  g_clear_pointer (&fixture->outlet, disp_spool_outlet_free);
  g_clear_pointer (&fixture->spool, disp_spool_free);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  log_news_forget ();
  fixture->directory = fixture_directory ();
  fixture->path = g_build_filename (fixture->directory, "state", "spool.db", NULL);
  open_spool (fixture, data != NULL ? GPOINTER_TO_INT (data) : NO_LIMIT);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  close_spool (fixture);
  g_free (fixture->path);
  fixture_remove_directory (fixture->directory);
}

/* Adds one record, whatever becomes of it. */
static gboolean
append_one (Fixture *fixture, DispRecord *record, guint *n_taken, guint *n_refused, GError **error)
{
  g_autoptr (DispRecord) owned G_GNUC_UNUSED = record;

  return disp_spool_inlet_append (fixture->inlet, &record, 1, n_taken, n_refused, error);
}

static void
append (Fixture *fixture, guint first, guint n, DispRecordState state)
{
  g_autoptr (GPtrArray) records = fixture_records (first, n, state);
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  disp_spool_inlet_append (fixture->inlet, (DispRecord *const *) records->pdata, n, &n_taken,
                           &n_refused, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_taken, ==, n);
  g_assert_cmpuint (n_refused, ==, 0);
}

/* A record whose response has so many bytes. */
static DispRecord *
large_record (guint number, gsize size)
{
  DispRecord *record = fixture_record (number, DISP_RECORD_WAITING);
  g_autoptr (GBytes) response = g_bytes_new_take (g_strnfill (size, 'x'), size);

  disp_record_set_response (record, response, -1);
  return record;
}

static GPtrArray *
list (Fixture *fixture, guint max)
{
  GPtrArray *letters = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_letter_free);
  g_autoptr (GError) error = NULL;

  disp_spool_outlet_list (fixture->outlet, max, letters, &error);
  g_assert_no_error (error);
  return letters;
}

static void
remove_letters (Fixture *fixture, GPtrArray *letters)
{
  g_autoptr (GError) error = NULL;

  disp_spool_outlet_remove (fixture->outlet, letters, &error);
  g_assert_no_error (error);
}

/* Checks which letters these are, as "number:state". */
static void
check_letters (GPtrArray *letters, const char *expected)
{
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; i < letters->len; i++)
    {
      const DispLetter *letter = g_ptr_array_index (letters, i);

      g_string_append_printf (found, "%s%" G_GUINT64_FORMAT ":%d", i > 0 ? " " : "",
                              g_ascii_strtoull (letter->id, NULL, 16), (int) letter->state);
    }
  g_assert_cmpstr (found->str, ==, expected);
}

static GBytes *
read_letter (Fixture *fixture, const DispLetter *letter)
{
  g_autoptr (GError) error = NULL;
  GBytes *document = NULL;

  disp_spool_outlet_read (fixture->outlet, letter, &document, &error);
  g_assert_no_error (error);
  return document;
}

static void
test_in_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) letters = NULL;
  g_autoptr (GPtrArray) more = NULL;
  g_autoptr (GPtrArray) rest = NULL;

  append (fixture, 0, 3, DISP_RECORD_CREATED);
  append (fixture, 1, 1, DISP_RECORD_COMPLETED);
  append (fixture, 0, 1, DISP_RECORD_ERROR);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 5);
  letters = list (fixture, 2);
  check_letters (letters, "0:0 1:0");
  more = list (fixture, 100);
  check_letters (more, "2:0 1:2 0:3");
  rest = list (fixture, 100);
  check_letters (rest, "");
}

/* What is to be posted is what the Requests Store takes, NaN of the client's and all. */
static void
test_document (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) letters = NULL;
  g_autoptr (GBytes) document = NULL;
  g_autofree char *text = NULL;

  append (fixture, 7, 1, DISP_RECORD_COMPLETED);
  letters = list (fixture, 1);
  document = read_letter (fixture, g_ptr_array_index (letters, 0));
  text = g_strndup (g_bytes_get_data (document, NULL), g_bytes_get_size (document));
  g_assert_true (g_str_has_prefix (text, "{\"id\":\"00000007-0000-4000-8000-000000000000\","));
  g_assert_nonnull (strstr (text, "\"instances\":[1.0, NaN],"));
  g_assert_true (g_str_has_suffix (text, "\"state\":2,\"status\":200}"));
}

static void
test_removed (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) letters = NULL;
  g_autoptr (GPtrArray) more = NULL;

  append (fixture, 0, 3, DISP_RECORD_CREATED);
  letters = list (fixture, 2);
  remove_letters (fixture, letters);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 1);
  g_assert_null (read_letter (fixture, g_ptr_array_index (letters, 0)));
  /* Again is none the worse. */
  remove_letters (fixture, letters);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 1);

  /* What comes after all was removed is still found. */
  more = list (fixture, 100);
  check_letters (more, "2:0");
  remove_letters (fixture, more);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 0);
  append (fixture, 3, 2, DISP_RECORD_CREATED);
  g_ptr_array_unref (g_steal_pointer (&more));
  more = list (fixture, 100);
  check_letters (more, "3:0 4:0");
}

/* The spool of a daemon that ended is that of the next one. */
static void
test_reopened (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) letters = NULL;
  g_autoptr (GPtrArray) again = NULL;

  append (fixture, 0, 3, DISP_RECORD_CREATED);
  letters = list (fixture, 1);
  remove_letters (fixture, letters);
  close_spool (fixture);
  open_spool (fixture, NO_LIMIT);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 2);
  append (fixture, 0, 1, DISP_RECORD_COMPLETED);
  again = list (fixture, 100);
  check_letters (again, "1:0 2:0 0:2");
}

static void
test_dead_letters (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) letters = NULL;

  append (fixture, 0, 3, DISP_RECORD_COMPLETED);
  letters = list (fixture, 100);
  disp_letter_refuse (g_ptr_array_index (letters, 1), 422, "no such \"model\"", 1234567);
  disp_letter_refuse (g_ptr_array_index (letters, 2), 404, NULL, 1234568);
  remove_letters (fixture, letters);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 0);
  probe_check (fixture->path,
               "SELECT seq, substr (id, 1, 8), state, status, reason, refused_at,"
               " CAST (document AS TEXT) GLOB '{\"id\":\"0000000?-*}' FROM dead_letters",
               "2|00000001|2|422|no such \"model\"|1234567|1\n3|00000002|2|404|NULL|1234568|1");
}

/* An operator may have them delivered after all. */
static void
test_resurrected (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) letters = NULL;
  g_autoptr (GPtrArray) again = NULL;

  append (fixture, 0, 2, DISP_RECORD_COMPLETED);
  letters = list (fixture, 100);
  disp_letter_refuse (g_ptr_array_index (letters, 0), 404, NULL, 1234568);
  remove_letters (fixture, letters);
  probe_execute (fixture->path,
                 "INSERT INTO letters (id, state, document)"
                 " SELECT id, state, document FROM dead_letters; DELETE FROM dead_letters");
  append (fixture, 5, 1, DISP_RECORD_CREATED);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 2);
  again = list (fixture, 100);
  check_letters (again, "0:2 5:0");
  probe_check (fixture->path, "SELECT * FROM totals", "2|0");
}

/* Has letters of so many bytes refused, one after the other. */
static void
bury (Fixture *fixture, guint n, gsize size)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GPtrArray) letters = NULL;
      guint n_taken;
      guint n_refused;

      append_one (fixture, large_record (i, size), &n_taken, &n_refused, NULL);
      g_assert_cmpuint (n_taken, ==, 1);
      letters = list (fixture, 1);
      disp_letter_refuse (g_ptr_array_index (letters, 0), 400, NULL, 1);
      remove_letters (fixture, letters);
    }
}

/* They have their part of the limit, and no more of the oldest go than have to, which is said once.
 */
static void
test_dead_letters_limited (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  bury (fixture, 10, LIMIT / 100);
  g_assert_cmpuint (log_news_count (), ==, 0);
  bury (fixture, 190, LIMIT / 100);
  probe_check (fixture->path,
               "SELECT count(*) BETWEEN 11 AND 13, max(seq), dead_bytes BETWEEN 117000 AND 131072,"
               " dead_bytes = sum(length(document)) FROM dead_letters, totals",
               "1|200|1|1");
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning the dead letters in the spool * the oldest are removed");

  /* The news are worth telling again after an operator made room. */
  probe_execute (fixture->path, "DELETE FROM dead_letters");
  bury (fixture, 1, LIMIT / 100);
  g_assert_cmpuint (log_news_count (), ==, 1);
  bury (fixture, 20, LIMIT / 100);
  g_assert_cmpuint (log_news_count (), ==, 2);
}

/* The newest stays whatever its size. */
static void
test_large_dead_letters (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  bury (fixture, 3, LIMIT / 4);
  probe_check (fixture->path,
               "SELECT count(*), max(seq), dead_bytes > 262144 FROM dead_letters, totals", "1|3|1");
}

/* A limit that is lower than before counts from the start. */
static void
test_dead_letters_at_start (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  bury (fixture, 41, 2 * LARGE);
  close_spool (fixture);
  open_spool (fixture, 8 * LIMIT);
  probe_check (fixture->path, "SELECT count(*), max(seq) FROM dead_letters", "5|41");
  g_assert_cmpuint (log_news_count (), ==, 1);
}

static void
test_full (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) letters = g_ptr_array_new_with_free_func (
      (GDestroyNotify) disp_letter_free);
  g_autoptr (GError) error = NULL;
  guint n_taken = 1;
  guint n_refused;
  guint n = 0;

  while (append_one (fixture, large_record (n, LARGE), &n_taken, &n_refused, &error))
    n++;
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "is full"));
  g_assert_cmpuint (n_taken, ==, 0);
  g_assert_cmpuint (n, >=, 8);
  g_assert_cmpuint (n, <=, 10);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, n);
  probe_check (fixture->path,
               "SELECT (page_count - freelist_count) * page_size <= 1048576"
               " FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
               "1");

  /* Now not even a small one is taken, until an eighth is free. */
  g_assert_false (append_one (fixture, fixture_record (0, 0), &n_taken, &n_refused, NULL));
  g_assert_cmpuint (n_taken, ==, 0);
  disp_spool_outlet_list (fixture->outlet, 2, letters, NULL);
  remove_letters (fixture, letters);
  append (fixture, 100, 1, DISP_RECORD_CREATED);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, n - 1);
}

/* Another limit counts from the next record on. */
static void
test_other_limit (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  guint n_taken = 1;
  guint n_refused;
  guint n = 0;

  while (append_one (fixture, large_record (n, LARGE), &n_taken, &n_refused, NULL))
    n++;
  disp_spool_set_limit (fixture->spool, 2 * LIMIT);
  g_assert_cmpint (disp_spool_get_limit (fixture->spool), ==, 2 * LIMIT);
  append (fixture, 100, 1, DISP_RECORD_CREATED);
  disp_spool_set_limit (fixture->spool, 1);
  g_assert_cmpint (disp_spool_get_limit (fixture->spool), ==, LIMIT);
  g_assert_false (append_one (fixture, large_record (n, LARGE), &n_taken, &n_refused, NULL));
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, n + 1);
}

/* Of a batch that is too much, the first records are taken. */
static void
test_half_full (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (
      (GDestroyNotify) disp_record_unref);
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  for (guint i = 0; i < 20; i++)
    g_ptr_array_add (records, large_record (i, LARGE));
  g_assert_false (disp_spool_inlet_append (fixture->inlet, (DispRecord *const *) records->pdata,
                                           records->len, &n_taken, &n_refused, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_cmpuint (n_taken, >=, 8);
  g_assert_cmpuint (n_taken, <=, 10);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, n_taken);
}

/* Opens the spool anew, so that what comes together is merged. */
static void
coalesce (Fixture *fixture, gint64 limit)
{
  close_spool (fixture);
  fixture->coalesces = TRUE;
  open_spool (fixture, limit);
}

/* A batch: of the records 0 to @n - 1 each as created, and then each as completed. */
static GPtrArray *
both_states (guint n)
{
  GPtrArray *records = fixture_records (0, n, DISP_RECORD_CREATED);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (records, fixture_record (i, DISP_RECORD_COMPLETED));
  return records;
}

static void
test_coalesces (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) records = both_states (3);
  g_autoptr (GPtrArray) letters = NULL;
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  coalesce (fixture, NO_LIMIT);
  append (fixture, 1, 1, DISP_RECORD_CREATED);
  g_assert_true (disp_spool_inlet_append (fixture->inlet, (DispRecord *const *) records->pdata, 6,
                                          &n_taken, &n_refused, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_taken, ==, 6);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 4);
  letters = list (fixture, 100);
  check_letters (letters, "1:0 0:2 1:2 2:2");
}

/* When not all can be kept it is known of each record whether it was. */
static void
test_coalesces_half_full (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) records = both_states (4);
  g_autoptr (GPtrArray) letters = NULL;
  guint n_taken;
  guint n_refused;

  coalesce (fixture, LIMIT);
  for (guint i = 0; i < 20; i++)
    g_ptr_array_insert (records, 4, large_record (10 + i, LARGE));
  g_assert_false (disp_spool_inlet_append (fixture->inlet, (DispRecord *const *) records->pdata,
                                           records->len, &n_taken, &n_refused, NULL));
  g_assert_cmpuint (n_taken, >=, 4 + 8);
  g_assert_cmpuint (n_taken, <=, 4 + 10);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, n_taken);
  letters = list (fixture, 4);
  check_letters (letters, "0:0 1:0 2:0 3:0");
}

/* And when the last state is too large, that before it is kept. */
static void
test_coalesces_too_large (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) records = both_states (2);
  g_autoptr (GPtrArray) letters = NULL;
  guint n_taken;
  guint n_refused;

  coalesce (fixture, LIMIT);
  g_ptr_array_add (records, large_record (5, LIMIT / 2));
  g_ptr_array_insert (records, 0, fixture_record (5, DISP_RECORD_CREATED));
  g_assert_true (disp_spool_inlet_append (fixture->inlet, (DispRecord *const *) records->pdata, 6,
                                          &n_taken, &n_refused, NULL));
  g_assert_cmpuint (n_taken, ==, 6);
  g_assert_cmpuint (n_refused, ==, 1);
  letters = list (fixture, 100);
  check_letters (letters, "5:0 0:0 1:0 0:2 1:2");
}

/* What can never be kept is not in the way of the others. */
static void
test_too_large (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) records = fixture_records (0, 3, DISP_RECORD_CREATED);
  g_autoptr (GError) error = NULL;
  guint n_taken;
  guint n_refused;

  g_ptr_array_insert (records, 1, large_record (9, LIMIT / 2));
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (disp_spool_inlet_append (fixture->inlet, (DispRecord *const *) records->pdata,
                                              records->len, &n_taken, &n_refused, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (n_taken, ==, 4);
      g_assert_cmpuint (n_refused, ==, 1);
    }
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 6);
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning the record 00000009-* is too large for the spool *");
}

static void
test_second (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispSpool) second = disp_spool_new (fixture->path, NO_LIMIT, &error);

  g_assert_null (second);
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "another dispatcherd uses it"));

  /* The attempt has not loosened the hold of the first, and that ends with it. */
  append (fixture, 0, 1, DISP_RECORD_CREATED);
  close_spool (fixture);
  open_spool (fixture, NO_LIMIT);
}

static void
test_moved (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *aside = g_strconcat (fixture->path, ".old", NULL);
  g_autoptr (GPtrArray) letters = NULL;
  g_autoptr (GPtrArray) fresh = NULL;

  append (fixture, 0, 3, DISP_RECORD_CREATED);
  letters = list (fixture, 1);
  g_assert_no_errno (g_rename (fixture->path, aside));
  append (fixture, 10, 2, DISP_RECORD_CREATED);
  g_assert_cmpuint (log_news_count (), ==, 1);
  log_news_check (0, "warning * was moved or deleted *");
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 2);

  /* A letter of the old file is none of the new one, whatever its number. */
  g_assert_null (read_letter (fixture, g_ptr_array_index (letters, 0)));
  remove_letters (fixture, letters);
  fresh = list (fixture, 100);
  check_letters (fresh, "10:0 11:0");
  probe_check (aside, "SELECT count(*) FROM letters", "3");
}

/* Rows that are not there as a whole do not pass for a spool. */
static void
test_damaged (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  close_spool (fixture);
  g_assert_true (g_file_set_contents (fixture->path, "this is no database, but a text", -1, NULL));
  fixture->spool = disp_spool_new (fixture->path, NO_LIMIT, &error);
  g_assert_no_error (error);
  fixture->inlet = disp_spool_inlet_new (fixture->spool, fixture->coalesces, FALSE, &error);
  g_assert_null (fixture->inlet);
  g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_nonnull (strstr (error->message, "the spool"));
}

static goffset
file_size (const char *path)
{
  GStatBuf status;

  g_assert_no_errno (g_stat (path, &status));
  return status.st_size;
}

/* What a long outage took is given back in the end, and the log does not grow without end. */
static void
test_shrinks (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  g_autoptr (GError) error = NULL;
  gboolean more = TRUE;
  guint n_taken;
  guint n_refused;

  for (guint i = 0; i < 400; i++)
    {
      append_one (fixture, large_record (i, LARGE), &n_taken, &n_refused, NULL);
      disp_spool_inlet_tidy (fixture->inlet);
    }
  g_assert_cmpint (file_size (log), <, 32 * 1024 * 1024);
  for (guint i = 0; i < 8; i++)
    {
      g_autoptr (GPtrArray) letters = list (fixture, 50);

      remove_letters (fixture, letters);
      disp_spool_outlet_tidy (fixture->outlet, &more, &error);
      g_assert_no_error (error);
    }
  while (more)
    {
      disp_spool_outlet_tidy (fixture->outlet, &more, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpint (file_size (log), <, 32 * 1024 * 1024);
  close_spool (fixture);
  g_assert_cmpint (file_size (fixture->path), <, 6 * 1024 * 1024);
  probe_check (fixture->path, "PRAGMA integrity_check", "ok");
}

/* Both ends at once, each on its own thread. */
static gpointer
append_many (gpointer user_data)
{
  for (guint i = 0; i < 100; i++)
    append (user_data, i * 20, 20, DISP_RECORD_CREATED);
  return NULL;
}

static void
test_threads (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  GThread *thread = g_thread_new ("inlet", append_many, fixture);
  guint n = 0;

  while (n < 2000)
    {
      g_autoptr (GPtrArray) letters = list (fixture, 30);

      for (guint i = 0; i < letters->len; i++, n++)
        {
          const DispLetter *letter = g_ptr_array_index (letters, i);
          g_autoptr (GBytes) document = read_letter (fixture, letter);

          g_assert_cmpuint (g_ascii_strtoull (letter->id, NULL, 16), ==, n);
          g_assert_nonnull (document);
        }
      if (letters->len > 0)
        remove_letters (fixture, letters);
    }
  g_thread_join (thread);
  g_assert_cmpuint (disp_spool_count (fixture->spool), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  log_news_catch ();

#define ADD(name, limit, test)                                                                     \
  g_test_add ("/records/spool/" name, Fixture, GINT_TO_POINTER (limit), set_up, test, tear_down)
  ADD ("in-order", 0, test_in_order);
  ADD ("document", 0, test_document);
  ADD ("removed", 0, test_removed);
  ADD ("reopened", 0, test_reopened);
  ADD ("dead-letters", 0, test_dead_letters);
  ADD ("resurrected", 0, test_resurrected);
  ADD ("dead-letters-limited", LIMIT, test_dead_letters_limited);
  ADD ("large-dead-letters", LIMIT, test_large_dead_letters);
  ADD ("dead-letters-at-start", 0, test_dead_letters_at_start);
  ADD ("full", LIMIT, test_full);
  ADD ("other-limit", LIMIT, test_other_limit);
  ADD ("half-full", LIMIT, test_half_full);
  ADD ("coalesces", 0, test_coalesces);
  ADD ("coalesces/half-full", LIMIT, test_coalesces_half_full);
  ADD ("coalesces/too-large", LIMIT, test_coalesces_too_large);
  ADD ("too-large", LIMIT, test_too_large);
  ADD ("second", 0, test_second);
  ADD ("moved", 0, test_moved);
  ADD ("damaged", 0, test_damaged);
  ADD ("shrinks", 0, test_shrinks);
  ADD ("threads", 0, test_threads);
#undef ADD
  return g_test_run ();
}
