/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-sink.h"

#include "core/tsan.h"

/* A sink that keeps every record that any thread pushes. */
struct _FakeSink
{
  GObject parent_instance;
  GMutex lock;
  GPtrArray *records; /* (owned) (element-type DispRecord, owned) (locked-by lock) */
  char *problem;      /* (owned) (nullable) (locked-by lock) */
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
fake_sink_admit (G_GNUC_UNUSED DispRecordSink *sink, G_GNUC_UNUSED guint n_records)
{
  return DISP_ADMISSION_RECORDED;
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
  iface->read = fake_sink_read;
  iface->dup_problem = fake_sink_dup_problem;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeSink, fake_sink, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_RECORD_SINK, fake_sink_iface_init))

static void
fake_sink_finalize (GObject *object)
{
  FakeSink *self = FAKE_SINK (object);

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
