/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-sink.h"

#include "core/tsan.h"

/* A sink that keeps every record that any thread pushes.  What is to be stored is stored at once,
 * or when the test says. */
struct _FakeSink
{
  GObject parent_instance;
  GMutex lock;
  GPtrArray *records;      /* (owned) (element-type DispRecord, owned) (locked-by lock) */
  char *problem;           /* (owned) (nullable) (locked-by lock) */
  DispAdmission admission; /* (locked-by lock) */
  gboolean holding;        /* (locked-by lock) */
  GPtrArray *held;         /* (owned) (element-type GTask, owned) (locked-by lock) not told yet */
};

static void
lock (FakeSink *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
}

static void
unlock (FakeSink *self)
{
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

static void
fake_sink_push (DispRecordSink *sink, DispRecord *record)
{
  FakeSink *self = FAKE_SINK (sink);

  lock (self);
  g_ptr_array_add (self->records, record);
  unlock (self);
}

static DispAdmission
fake_sink_admit (DispRecordSink *sink, G_GNUC_UNUSED guint n_records)
{
  FakeSink *self = FAKE_SINK (sink);
  DispAdmission admission;

  lock (self);
  admission = self->admission;
  unlock (self);
  return admission;
}

/* Tells now or later that something is stored. */
static void
tell (FakeSink *self, GTask *task)
{
  G_GNUC_UNUSED g_autoptr (GTask) owned = task;
  gboolean holding;

  lock (self);
  holding = self->holding;
  if (holding)
    g_ptr_array_add (self->held, g_object_ref (task));
  unlock (self);
  if (!holding)
    g_task_return_boolean (task, TRUE);
}

static void
fake_sink_commit_async (DispRecordSink *sink, DispRecord *record, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (sink, NULL, callback, user_data);

  g_task_set_source_tag (task, fake_sink_commit_async);
  fake_sink_push (sink, record);
  tell (FAKE_SINK (sink), task);
}

static void
fake_sink_clear_async (DispRecordSink *sink, GAsyncReadyCallback callback, gpointer user_data)
{
  FakeSink *self = FAKE_SINK (sink);
  GTask *task = g_task_new (sink, NULL, callback, user_data);

  g_task_set_source_tag (task, fake_sink_clear_async);
  lock (self);
  g_ptr_array_set_size (self->records, 0);
  unlock (self);
  tell (self, task);
}

static gboolean
fake_sink_finish (G_GNUC_UNUSED DispRecordSink *sink, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
fake_sink_read (DispRecordSink *sink, DispRecordSinkValues *values)
{
  FakeSink *self = FAKE_SINK (sink);

  lock (self);
  *values = (DispRecordSinkValues){ .pushed = self->records->len, .stored = self->records->len };
  unlock (self);
}

static char *
fake_sink_dup_problem (DispRecordSink *sink)
{
  FakeSink *self = FAKE_SINK (sink);
  char *problem;

  lock (self);
  problem = g_strdup (self->problem);
  unlock (self);
  return problem;
}

static void
fake_sink_iface_init (DispRecordSinkInterface *iface)
{
  iface->admit = fake_sink_admit;
  iface->push = fake_sink_push;
  iface->commit_async = fake_sink_commit_async;
  iface->commit_finish = fake_sink_finish;
  iface->clear_async = fake_sink_clear_async;
  iface->clear_finish = fake_sink_finish;
  iface->read = fake_sink_read;
  iface->dup_problem = fake_sink_dup_problem;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeSink, fake_sink, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_RECORD_SINK, fake_sink_iface_init))

static void
fake_sink_finalize (GObject *object)
{
  FakeSink *self = FAKE_SINK (object);

  g_assert_cmpuint (self->held->len, ==, 0);
  g_ptr_array_unref (self->held);
  g_ptr_array_unref (self->records);
  g_free (self->problem);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (fake_sink_parent_class)->finalize (object);
}

static void
fake_sink_class_init (FakeSinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_sink_finalize;
}

static void
fake_sink_init (FakeSink *self)
{
  g_mutex_init (&self->lock);
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify) disp_record_unref);
  self->held = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * fake_sink_new:
 *
 * Returns: (transfer full): a sink without records and without a problem
 */
FakeSink *
fake_sink_new (void)
{
  return g_object_new (TYPE_FAKE_SINK, NULL);
}

/**
 * fake_sink_get:
 * @self: a sink
 * @index: which record, from 0 in the order in which they were pushed
 *
 * Returns: (transfer none): the record, which has to be there
 */
DispRecord *
fake_sink_get (FakeSink *self, guint index)
{
  DispRecord *record;

  lock (self);
  g_assert_cmpuint (index, <, self->records->len);
  record = g_ptr_array_index (self->records, index);
  unlock (self);
  return record;
}

/**
 * fake_sink_count:
 * @self: a sink
 *
 * Returns: how many records it has
 */
guint
fake_sink_count (FakeSink *self)
{
  guint n;

  lock (self);
  n = self->records->len;
  unlock (self);
  return n;
}

/**
 * fake_sink_set_admission:
 * @self: a sink
 * @admission: what it answers from now on to who asks for room
 */
void
fake_sink_set_admission (FakeSink *self, DispAdmission admission)
{
  lock (self);
  self->admission = admission;
  unlock (self);
}

/**
 * fake_sink_hold:
 * @self: a sink
 *
 * Has it tell nobody from now on that something is stored or cleared, until fake_sink_release().
 */
void
fake_sink_hold (FakeSink *self)
{
  lock (self);
  self->holding = TRUE;
  unlock (self);
}

/**
 * fake_sink_count_held:
 * @self: a sink
 *
 * Returns: how many have not been told yet
 */
guint
fake_sink_count_held (FakeSink *self)
{
  guint n;

  lock (self);
  n = self->held->len;
  unlock (self);
  return n;
}

/**
 * fake_sink_release:
 * @self: a sink that holds
 * @error: (nullable): why it failed; %NULL = it did not
 *
 * Tells those who wait, each on its thread, and holds no longer.
 */
void
fake_sink_release (FakeSink *self, const GError *error)
{
  g_autoptr (GPtrArray) held = NULL;

  lock (self);
  self->holding = FALSE;
  held = g_steal_pointer (&self->held);
  self->held = g_ptr_array_new_with_free_func (g_object_unref);
  unlock (self);
  for (guint i = 0; i < held->len; i++)
    if (error != NULL)
      g_task_return_error (g_ptr_array_index (held, i), g_error_copy (error));
    else
      g_task_return_boolean (g_ptr_array_index (held, i), TRUE);
}

/**
 * fake_sink_set_problem:
 * @self: a sink
 * @problem: (nullable): why it cannot store records
 */
void
fake_sink_set_problem (FakeSink *self, const char *problem)
{
  lock (self);
  g_free (self->problem);
  self->problem = g_strdup (problem);
  unlock (self);
}
