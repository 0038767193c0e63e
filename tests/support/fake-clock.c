/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-clock.h"

/* A clock that stands still until a test moves it.  One thread only. */

typedef struct
{
  gint64 at;
  GSource *source; /* (owned) never attached; tells whether the timer was cleared */
  GSourceFunc callback;
  gpointer user_data;
} FakeTimer;

struct _FakeClock
{
  GObject parent_instance;
  gint64 now;
  GPtrArray *timers; /* (owned) (element-type FakeTimer, owned) */
};

static void
fake_timer_free (gpointer data)
{
  FakeTimer *timer = data;

  g_source_unref (timer->source);
  g_free (timer);
}

static gint64
fake_clock_now (DispClock *clock)
{
  return FAKE_CLOCK (clock)->now;
}

/* The epoch of the fake is in 2001, so that a mix-up of the two scales shows. */
static gint64
fake_clock_now_real (DispClock *clock)
{
  return FAKE_CLOCK (clock)->now + G_GINT64_CONSTANT (1000000000000000);
}

/* Forgets the timers that were cleared, and finds the one that is due first. */
static FakeTimer *
next_timer (FakeClock *self)
{
  FakeTimer *first = NULL;

  for (guint i = self->timers->len; i > 0; i--)
    if (g_source_is_destroyed (((FakeTimer *) g_ptr_array_index (self->timers, i - 1))->source))
      g_ptr_array_remove_index (self->timers, i - 1);
  for (guint i = 0; i < self->timers->len; i++)
    {
      FakeTimer *timer = g_ptr_array_index (self->timers, i);

      if (first == NULL || timer->at < first->at)
        first = timer;
    }
  return first;
}

static GSourceFuncs silent_funcs;

static GSource *
fake_clock_add_timer (DispClock *clock, gint64 at, const char *name, GSourceFunc callback,
                      gpointer user_data)
{
  FakeClock *self = FAKE_CLOCK (clock);
  FakeTimer *timer = g_new0 (FakeTimer, 1);

  next_timer (self);
  timer->at = at;
  timer->source = g_source_new (&silent_funcs, sizeof (GSource));
  g_source_set_static_name (timer->source, name);
  timer->callback = callback;
  timer->user_data = user_data;
  g_ptr_array_add (self->timers, timer);
  return g_source_ref (timer->source);
}

static void
fake_clock_iface_init (DispClockInterface *iface)
{
  iface->now = fake_clock_now;
  iface->now_real = fake_clock_now_real;
  iface->add_timer = fake_clock_add_timer;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeClock, fake_clock, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_CLOCK, fake_clock_iface_init))

static void
fake_clock_finalize (GObject *object)
{
  g_ptr_array_unref (FAKE_CLOCK (object)->timers);
  G_OBJECT_CLASS (fake_clock_parent_class)->finalize (object);
}

static void
fake_clock_class_init (FakeClockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_clock_finalize;
}

static void
fake_clock_init (FakeClock *self)
{
  self->now = G_USEC_PER_SEC;
  self->timers = g_ptr_array_new_with_free_func (fake_timer_free);
}

/**
 * fake_clock_new:
 *
 * Returns: (transfer full): a clock that stands at one second
 */
FakeClock *
fake_clock_new (void)
{
  return g_object_new (TYPE_FAKE_CLOCK, NULL);
}

/**
 * fake_clock_advance:
 * @self: the clock
 * @microseconds: how far to move it
 *
 * Moves the clock, ringing the timers that fall due on the way, each at its time, in order.
 */
void
fake_clock_advance (FakeClock *self, gint64 microseconds)
{
  gint64 end = self->now + microseconds;
  FakeTimer *timer;

  while ((timer = next_timer (self)) != NULL && timer->at <= end)
    {
      GSourceFunc callback = timer->callback;
      gpointer user_data = timer->user_data;

      self->now = MAX (self->now, timer->at);
      g_ptr_array_remove (self->timers, timer);
      callback (user_data);
    }
  self->now = end;
}

/**
 * fake_clock_count_timers:
 * @self: the clock
 *
 * Returns: how many timers wait to ring
 */
guint
fake_clock_count_timers (FakeClock *self)
{
  next_timer (self);
  return self->timers->len;
}

/**
 * fake_clock_count_named_timers:
 * @self: the clock
 * @name: the name of a timer
 *
 * Returns: how many timers of that name wait to ring
 */
guint
fake_clock_count_named_timers (FakeClock *self, const char *name)
{
  guint n = 0;

  next_timer (self);
  for (guint i = 0; i < self->timers->len; i++)
    n += g_strcmp0 (g_source_get_name (((FakeTimer *) g_ptr_array_index (self->timers, i))->source),
                    name)
         == 0;
  return n;
}
