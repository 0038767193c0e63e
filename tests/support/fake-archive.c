/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-archive.h"

#include "core/error.h"
#include "support/fixtures.h"

#include <string.h>

/* An archive of records that a test has added, or that are only made when they are read.  One
 * thread only. */
struct _FakeArchive
{
  GObject parent_instance;
  GPtrArray *records;  /* (owned) (element-type DispRecord, owned) */
  guint n_made_up;     /* records that come after these, and are made when they are read */
  gsize payload;       /* how long the instances of those are, in bytes */
  guint n_live;        /* of those, how many are in memory */
  guint n_live_most;   /* as many as there ever were */
  guint n_calls;       /* of next() */
  gboolean brief;      /* payloads were not wanted by the last reader */
  int n_calls_to_fail; /* how many more calls go well; -1 = all */
  char *message;       /* (owned) (nullable) what those say that do not */
};

typedef struct
{
  FakeArchive *archive; /* (unowned) */
  char *text;           /* (owned) */
} MadeUp;

static void
made_up_free (gpointer data)
{
  MadeUp *made_up = data;

  made_up->archive->n_live--;
  g_free (made_up->text);
  g_free (made_up);
}

/* The record that has the place @at, counted from 1. */
static DispRecord *
make_up (FakeArchive *self, gint64 at)
{
  g_autoptr (DispRequest) request = fixture_request (at % 2 == 0 ? "even" : "odd", 1, "0");
  DispRecord *record = disp_record_new (request, at * G_USEC_PER_SEC, -1);
  MadeUp *made_up = g_new0 (MadeUp, 1);

  made_up->archive = self;
  made_up->text = g_strnfill (self->payload, '1');
  g_bytes_unref (record->instances.bytes);
  record->instances.bytes = g_bytes_new_with_free_func (made_up->text, self->payload, made_up_free,
                                                        made_up);
  record->instances.length = self->payload;
  record->state = DISP_RECORD_COMPLETED;
  record->ts_out = record->ts_in + at % 4 * 250000;
  self->n_live++;
  self->n_live_most = MAX (self->n_live_most, self->n_live);
  return record;
}

static gboolean
fail (FakeArchive *self, GError **error)
{
  if (self->n_calls_to_fail != 0)
    {
      self->n_calls_to_fail -= self->n_calls_to_fail > 0 ? 1 : 0;
      return FALSE;
    }
  g_set_error_literal (error, DISP_ERROR, DISP_ERROR_STORE, self->message);
  return TRUE;
}

/* The place of the record with an id; 0 = there is none. */
static gint64
find (FakeArchive *self, const char *id)
{
  for (guint i = 0; i < self->records->len; i++)
    if (g_str_equal (((DispRecord *) g_ptr_array_index (self->records, i))->id, id))
      return i + 1;
  return 0;
}

static gboolean
fake_archive_begin (DispRecordArchive *archive, DispRecordFilter *filter, DispRecordScan *scan,
                    GError **error)
{
  FakeArchive *self = FAKE_ARCHIVE (archive);
  gint64 at = filter->after != NULL ? find (self, filter->after) : 0;

  if (fail (self, error))
    return FALSE;
  if (filter->after != NULL && at == 0)
    {
      g_set_error (error, DISP_ERROR, DISP_ERROR_UNKNOWN_RECORD, "there is no record \"%s\"",
                   filter->after);
      return FALSE;
    }
  self->brief = filter->brief;
  *scan = (DispRecordScan){
    .filter = *filter,
    .at = at,
    .last = self->records->len + self->n_made_up,
    .left = filter->limit,
  };
  disp_record_filter_init (filter);
  return TRUE;
}

static gboolean
is_wanted (const char *wanted, const char *found)
{
  return wanted == NULL || g_strcmp0 (wanted, found) == 0;
}

static gboolean
passes (const DispRecordFilter *filter, const DispRecord *record)
{
  const DispContainer *container = record->container;

  return is_wanted (filter->model, record->model)
         && is_wanted (filter->node, container != NULL ? container->node : NULL)
         && is_wanted (filter->container, container != NULL ? container->name : NULL)
         && (filter->state == DISP_ANY_STATE || filter->state == (int) record->state);
}

static gboolean
fake_archive_next (DispRecordArchive *archive, DispRecordScan *scan, GPtrArray *records,
                   GError **error)
{
  FakeArchive *self = FAKE_ARCHIVE (archive);

  g_assert_false (disp_record_scan_is_over (scan));
  self->n_calls++;
  if (fail (self, error))
    return FALSE;
  for (guint i = 0; i < FAKE_ARCHIVE_BATCH && !disp_record_scan_is_over (scan); i++)
    {
      g_autoptr (DispRecord) record = NULL;

      record = scan->at < self->records->len
                   ? disp_record_ref (g_ptr_array_index (self->records, scan->at))
                   : make_up (self, scan->at + 1);
      scan->at++;
      if (!passes (&scan->filter, record))
        continue;
      g_ptr_array_add (records, g_steal_pointer (&record));
      scan->left -= scan->left > 0 ? 1 : 0;
    }
  return TRUE;
}

static void
fake_archive_iface_init (DispRecordArchiveInterface *iface)
{
  iface->begin = fake_archive_begin;
  iface->next = fake_archive_next;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeArchive, fake_archive, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_RECORD_ARCHIVE,
                                                      fake_archive_iface_init))

static void
fake_archive_finalize (GObject *object)
{
  FakeArchive *self = FAKE_ARCHIVE (object);

  g_assert_cmpuint (self->n_live, ==, 0);
  g_ptr_array_unref (self->records);
  g_free (self->message);
  G_OBJECT_CLASS (fake_archive_parent_class)->finalize (object);
}

static void
fake_archive_class_init (FakeArchiveClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_archive_finalize;
}

static void
fake_archive_init (FakeArchive *self)
{
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
  self->n_calls_to_fail = -1;
}

/**
 * fake_archive_new:
 *
 * Returns: (transfer full): an archive without records
 */
FakeArchive *
fake_archive_new (void)
{
  return g_object_new (TYPE_FAKE_ARCHIVE, NULL);
}

/**
 * fake_archive_add:
 * @self: an archive that was not filled
 * @record: (transfer full): a record
 */
void
fake_archive_add (FakeArchive *self, DispRecord *record)
{
  g_assert_cmpuint (self->n_made_up, ==, 0);
  g_ptr_array_add (self->records, record);
}

/**
 * fake_archive_fill:
 * @self: an archive
 * @n: how many records to add
 * @payload: how long the instances of each are, in bytes
 *
 * Adds records that are made when they are read: in turn of the models "odd" and "even", completed
 * within 250, 500, 750 and 0 ms.
 */
void
fake_archive_fill (FakeArchive *self, guint n, gsize payload)
{
  self->n_made_up = n;
  self->payload = payload;
}

/**
 * fake_archive_count_live:
 * @self: an archive that was filled
 *
 * Returns: how many of its records were in memory at most
 */
guint
fake_archive_count_live (FakeArchive *self)
{
  return self->n_live_most;
}

/**
 * fake_archive_count_calls:
 * @self: an archive
 *
 * Returns: how often it was read on
 */
guint
fake_archive_count_calls (FakeArchive *self)
{
  return self->n_calls;
}

/**
 * fake_archive_was_brief:
 * @self: an archive
 *
 * Returns: whether the last who began to read wanted no payloads
 */
gboolean
fake_archive_was_brief (FakeArchive *self)
{
  return self->brief;
}

/**
 * fake_archive_fail_after:
 * @self: an archive
 * @n_calls: how many more calls, those that begin included, go well; -1 = all
 * @message: (nullable): what is wrong then
 */
void
fake_archive_fail_after (FakeArchive *self, int n_calls, const char *message)
{
  self->n_calls_to_fail = n_calls;
  g_free (self->message);
  self->message = g_strdup (message);
}
