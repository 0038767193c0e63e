/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/device.h"

#include "simulator/chance.h"

/*
 * A model server: some requests are served at once, the others wait in its own queue.  A request
 * is on its way for half of the latency, is then served or not, as the mode has it, and what came
 * of it is on its way for the other half.
 */
struct _SimDevice
{
  SimDeviceSpec spec;
  FakeClock *clock; /* (owned) */
  GRand *random;    /* (owned) */
  SimMode mode;
  GQueue waiting; /* (element-type SimWork, owned) in its own queue */
  GQueue served;  /* (element-type SimWork, owned) being served */
  GQueue moving;  /* (element-type SimWork, owned) on their way */
  guint64 n_served;
  GSource *change; /* (owned) (nullable) when the mode changes */
};

/* A request at a device. */
struct _SimWork
{
  SimDevice *device; /* (unowned) */
  guint n_instances;
  guint status;       /* what comes of it, while that is on its way */
  SimWorkEnded ended; /* (nullable) NULL = nobody waits for it any more */
  gpointer user_data;
  GSource *timer;  /* (owned) (nullable) when the next happens to it */
  GQueue *station; /* (unowned) where it is */
  GList link;      /* in the queue of those at its station */
};

static void
move (SimWork *work, GQueue *station)
{
  if (work->station != NULL)
    g_queue_unlink (work->station, &work->link);
  work->station = station;
  g_queue_push_tail_link (station, &work->link);
}

static void
work_free (SimWork *work)
{
  g_queue_unlink (work->station, &work->link);
  disp_clock_clear_timer (&work->timer);
  g_free (work);
}

static void
set_timer (SimWork *work, double delay, const char *name, GSourceFunc callback)
{
  DispClock *clock = DISP_CLOCK (work->device->clock);

  disp_clock_clear_timer (&work->timer);
  work->timer = disp_clock_add_timer (clock, disp_clock_now (clock) + (gint64) (delay + 0.5), name,
                                      callback, work);
}

static gboolean
on_returned (gpointer user_data)
{
  SimWork *work = user_data;
  SimWorkEnded ended = work->ended;
  gpointer told = work->user_data;
  guint status = work->status;

  work_free (work);
  if (ended != NULL)
    ended (status, told);
  return G_SOURCE_REMOVE;
}

/* Sends back what came of a request. */
static void
give_back (SimWork *work, guint status)
{
  work->status = status;
  move (work, &work->device->moving);
  set_timer (work, (double) work->device->spec.latency / 2, "answer", on_returned);
}

static void serve_more (SimDevice *self);

static gboolean
on_served (gpointer user_data)
{
  SimWork *work = user_data;
  SimDevice *device = work->device;

  device->n_served++;
  give_back (work, 200);
  serve_more (device);
  return G_SOURCE_REMOVE;
}

/**
 * sim_device_get_mean:
 * @spec: a device
 * @n_instances: how many instances a request has, on average
 *
 * Returns: how long it takes for a request, on average, in microseconds
 */
double
sim_device_get_mean (const SimDeviceSpec *spec, double n_instances)
{
  return spec->fixed + spec->per_instance * n_instances;
}

static double
draw_service_time (SimDevice *self, guint n_instances)
{
  double mean = sim_device_get_mean (&self->spec, n_instances);

  switch (self->spec.noise)
    {
    case SIM_NOISE_EXPONENTIAL:
      return sim_draw_exponential (self->random, mean);
    case SIM_NOISE_LOGNORMAL:
      return sim_draw_lognormal (self->random, mean, self->spec.sigma);
    case SIM_NOISE_NONE:
    default:
      return mean;
    }
}

static void
serve_more (SimDevice *self)
{
  while (self->mode == SIM_WELL && self->served.length < self->spec.n_parallel
         && self->waiting.length > 0)
    {
      SimWork *work = self->waiting.head->data;

      move (work, &self->served);
      set_timer (work, draw_service_time (self, work->n_instances), "service", on_served);
    }
}

static gboolean
on_arrived (gpointer user_data)
{
  SimWork *work = user_data;
  SimDevice *device = work->device;
  const SimDeviceSpec *spec = &device->spec;

  if (device->mode == SIM_REFUSES)
    give_back (work, SIM_REFUSED);
  else if (device->mode == SIM_RESETS)
    give_back (work, SIM_BROKEN);
  else if (device->mode == SIM_FAILS)
    give_back (work, 500);
  else if (device->mode == SIM_BUSY
           || (spec->queue_limit > 0 && device->served.length == spec->n_parallel
               && device->waiting.length >= spec->queue_limit))
    give_back (work, 503);
  else
    {
      disp_clock_clear_timer (&work->timer);
      move (work, &device->waiting);
      serve_more (device);
    }
  return G_SOURCE_REMOVE;
}

/**
 * sim_device_begin:
 * @self: a device
 * @n_instances: how many instances the request has
 * @ended: called once, never from inside this call, unless the work is abandoned before
 * @user_data: for @ended
 *
 * Sends a request.
 *
 * Returns: (transfer none): the work, which is valid until @ended is called
 */
SimWork *
sim_device_begin (SimDevice *self, guint n_instances, SimWorkEnded ended, gpointer user_data)
{
  SimWork *work = g_new0 (SimWork, 1);

  work->device = self;
  work->n_instances = n_instances;
  work->ended = ended;
  work->user_data = user_data;
  work->link.data = work;
  move (work, &self->moving);
  set_timer (work, (double) self->spec.latency / 2, "request", on_arrived);
  return work;
}

/**
 * sim_work_abandon:
 * @self: (transfer full): work that has not ended
 *
 * The client has hung up.  What is being served is served to its end, as model servers do, for
 * nobody; what waits is forgotten.
 */
void
sim_work_abandon (SimWork *self)
{
  if (self->station == &self->device->served)
    self->ended = NULL;
  else
    work_free (self);
}

static void
break_all (GQueue *station)
{
  while (station->length > 0)
    give_back (station->head->data, SIM_BROKEN);
}

/* Those that are being served wait again, in the order in which they came. */
static void
stand_still (SimDevice *self)
{
  while (self->served.length > 0)
    {
      SimWork *work = self->served.tail->data;

      disp_clock_clear_timer (&work->timer);
      g_queue_unlink (&self->served, &work->link);
      work->station = &self->waiting;
      g_queue_push_head_link (&self->waiting, &work->link);
      if (work->ended == NULL)
        work_free (work);
    }
}

/**
 * sim_device_set_mode:
 * @self: a device
 * @mode: what it does from now on
 */
void
sim_device_set_mode (SimDevice *self, SimMode mode)
{
  self->mode = mode;
  if (mode == SIM_REFUSES || mode == SIM_RESETS)
    {
      break_all (&self->served);
      break_all (&self->waiting);
    }
  else if (mode == SIM_HANGS)
    stand_still (self);
  else
    serve_more (self);
}

static gboolean
on_change (gpointer user_data)
{
  SimDevice *self = user_data;
  gboolean is_well = self->mode != SIM_WELL;
  DispClock *clock = DISP_CLOCK (self->clock);
  double delay = sim_draw_exponential (self->random, is_well ? self->spec.up : self->spec.down);

  disp_clock_clear_timer (&self->change);
  self->change = disp_clock_add_timer (clock, disp_clock_now (clock) + (gint64) delay + 1,
                                       "change of mode", on_change, self);
  sim_device_set_mode (self, is_well ? SIM_WELL : self->spec.mode);
  return G_SOURCE_REMOVE;
}

/**
 * sim_device_new:
 * @spec: what it is; copied, its strings must live longer
 * @clock: its time
 * @seed: for what it leaves to chance
 *
 * Returns: (transfer full): a device, which is well at first
 */
SimDevice *
sim_device_new (const SimDeviceSpec *spec, FakeClock *clock, guint32 seed)
{
  SimDevice *self = g_new0 (SimDevice, 1);

  self->spec = *spec;
  self->clock = g_object_ref (clock);
  self->random = g_rand_new_with_seed (seed);
  if (spec->up > 0)
    {
      double delay = sim_draw_exponential (self->random, spec->up);

      self->change = disp_clock_add_timer (DISP_CLOCK (clock),
                                           disp_clock_now (DISP_CLOCK (clock)) + (gint64) delay + 1,
                                           "change of mode", on_change, self);
    }
  return self;
}

/**
 * sim_device_free:
 * @self: (transfer full): a device for whose answers nobody waits
 */
void
sim_device_free (SimDevice *self)
{
  GQueue *stations[] = { &self->waiting, &self->served, &self->moving };

  for (guint i = 0; i < G_N_ELEMENTS (stations); i++)
    while (stations[i]->length > 0)
      work_free (stations[i]->head->data);
  disp_clock_clear_timer (&self->change);
  g_object_unref (self->clock);
  g_rand_free (self->random);
  g_free (self);
}

/**
 * sim_device_settle:
 * @self: a device
 *
 * From now on it is well.
 */
void
sim_device_settle (SimDevice *self)
{
  disp_clock_clear_timer (&self->change);
  sim_device_set_mode (self, SIM_WELL);
}

/**
 * sim_device_get_spec:
 * @self: a device
 *
 * Returns: (transfer none): what it is
 */
const SimDeviceSpec *
sim_device_get_spec (const SimDevice *self)
{
  return &self->spec;
}

/**
 * sim_device_get_mode:
 * @self: a device
 *
 * Returns: what it does
 */
SimMode
sim_device_get_mode (const SimDevice *self)
{
  return self->mode;
}

/**
 * sim_device_count_works:
 * @self: a device
 *
 * Returns: how many requests are there, or on their way
 */
guint
sim_device_count_works (const SimDevice *self)
{
  return self->waiting.length + self->served.length + self->moving.length;
}

/**
 * sim_device_count_served:
 * @self: a device
 *
 * Returns: how many requests it has served to their end
 */
guint64
sim_device_count_served (const SimDevice *self)
{
  return self->n_served;
}
