/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-clock.h"

/* A clock that stands still until a test moves it.  Its timers are a binary heap, so that a
 * simulation may have millions of them.  One thread only. */

typedef struct
{
  gint64 at;
  guint64 number;  /* of several that are due at once the one that was added first rings first */
  GSource *source; /* (owned) never attached; tells whether the timer was cleared */
  GSourceFunc callback;
  gpointer user_data;
} FakeTimer;

struct _FakeClock
{
  GObject parent_instance;
  gint64 now;
  guint64 n_added;
  GPtrArray *timers; /* (owned) (element-type FakeTimer, owned) a heap: none rings after those at
                        twice its place, counted from 1, and beside that */
  guint n_swept;     /* how many there were when those that were cleared were last forgotten */
};

/* With fewer timers it does not pay to look for those that were cleared. */
#define SWEEP_MIN 64

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

static gboolean
rings_before (const FakeTimer *one, const FakeTimer *other)
{
  return one->at != other->at ? one->at < other->at : one->number < other->number;
}

static void
swap (FakeClock *self, guint one, guint other)
{
  gpointer timer = self->timers->pdata[one];

  self->timers->pdata[one] = self->timers->pdata[other];
  self->timers->pdata[other] = timer;
}

/* Moves a timer up to where nothing above it rings later. */
static void
lift (FakeClock *self, guint place)
{
  gpointer *timers = self->timers->pdata;

  for (; place > 0 && rings_before (timers[place], timers[(place - 1) / 2]);
       place = (place - 1) / 2)
    swap (self, place, (place - 1) / 2);
}

/* Moves a timer down to where nothing below it rings earlier. */
static void
sink (FakeClock *self, guint place)
{
  gpointer *timers = self->timers->pdata;
  guint lower;

  while ((lower = 2 * place + 1) < self->timers->len)
    {
      if (lower + 1 < self->timers->len && rings_before (timers[lower + 1], timers[lower]))
        lower++;
      if (!rings_before (timers[lower], timers[place]))
        return;
      swap (self, place, lower);
      place = lower;
    }
}

static FakeTimer *
take_first (FakeClock *self)
{
  swap (self, 0, self->timers->len - 1);
  FakeTimer *timer = g_ptr_array_steal_index_fast (self->timers, self->timers->len - 1);

  sink (self, 0);
  return timer;
}

/* Forgets the timers that were cleared. */
static void
sweep (FakeClock *self)
{
  for (guint i = self->timers->len; i > 0; i--)
    if (g_source_is_destroyed (((FakeTimer *) g_ptr_array_index (self->timers, i - 1))->source))
      g_ptr_array_remove_index_fast (self->timers, i - 1);
  for (guint i = self->timers->len / 2; i > 0; i--)
    sink (self, i - 1);
  self->n_swept = self->timers->len;
}

/* Finds the one that is due first and was not cleared. */
static FakeTimer *
peek_first (FakeClock *self)
{
  while (self->timers->len > 0)
    {
      FakeTimer *first = g_ptr_array_index (self->timers, 0);

      if (!g_source_is_destroyed (first->source))
        return first;
      fake_timer_free (take_first (self));
    }
  return NULL;
}

static GSourceFuncs silent_funcs;

static GSource *
fake_clock_add_timer (DispClock *clock, gint64 at, const char *name, GSourceFunc callback,
                      gpointer user_data)
{
  FakeClock *self = FAKE_CLOCK (clock);
  FakeTimer *timer = g_new0 (FakeTimer, 1);

  if (self->timers->len >= SWEEP_MIN && self->timers->len >= 2 * self->n_swept)
    sweep (self);
  timer->at = at;
  timer->number = self->n_added++;
  timer->source = g_source_new (&silent_funcs, sizeof (GSource));
  g_source_set_static_name (timer->source, name);
  timer->callback = callback;
  timer->user_data = user_data;
  g_ptr_array_add (self->timers, timer);
  lift (self, self->timers->len - 1);
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
 * fake_clock_step:
 * @self: the clock
 * @end: how far it may go, on its own scale
 *
 * Moves the clock to the next timer that falls due, and rings it; or to @end, if none does before.
 *
 * Returns: whether a timer rang
 */
gboolean
fake_clock_step (FakeClock *self, gint64 end)
{
  FakeTimer *timer = peek_first (self);

  if (timer == NULL || timer->at > end)
    {
      self->now = MAX (self->now, end);
      return FALSE;
    }
  self->now = MAX (self->now, timer->at);
  timer = take_first (self);
  GSourceFunc callback = timer->callback;
  gpointer user_data = timer->user_data;

  fake_timer_free (timer);
  callback (user_data);
  return TRUE;
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

  while (fake_clock_step (self, end))
    ;
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
  sweep (self);
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

  sweep (self);
  for (guint i = 0; i < self->timers->len; i++)
    n += g_strcmp0 (g_source_get_name (((FakeTimer *) g_ptr_array_index (self->timers, i))->source),
                    name)
         == 0;
  return n;
}
