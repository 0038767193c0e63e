/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/crew.h"

#include "core/tsan.h"
#include "engine/bell.h"

#include <stdatomic.h>

/* A member that has more connections than another keeps a new one as long as it has no more than
 * the other by this part of its own: what comes and goes need not be exact, and to be woken up
 * costs. */
#define SLACK_DIVISOR 8

/* A connection that was passed and waits to be taken. */
typedef struct
{
  int fd;         /* (owned) */
  DispPeer *peer; /* (owned) */
} Passed;

struct _DispCrewMember
{
  DispCrew *crew; /* (owned) */
  DispAccepted accepted;
  gpointer user_data;
  GSource *bell;      /* (owned) rung when something is passed */
  GArray *inbox;      /* (owned) (locked-by lock of crew) (element-type Passed) */
  atomic_uint n_open; /* (atomic) its connections, with those in its inbox */
};

struct _DispCrew
{
  GMutex lock;
  GPtrArray *members;    /* (owned) (locked-by lock) (element-type DispCrewMember) */
  atomic_uint n_members; /* (atomic) how many are in members */
};

/**
 * disp_crew_new:
 *
 * Returns: (transfer full): a crew without members
 */
DispCrew *
disp_crew_new (void)
{
  DispCrew *self = g_atomic_rc_box_new0 (DispCrew);

  g_mutex_init (&self->lock);
  self->members = g_ptr_array_new ();
  return self;
}

/**
 * disp_crew_ref:
 * @self: a crew
 *
 * Returns: (transfer full): @self; any thread
 */
DispCrew *
disp_crew_ref (DispCrew *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
crew_clear (gpointer data)
{
  DispCrew *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_assert (self->members->len == 0);
  g_ptr_array_unref (self->members);
  g_mutex_clear (&self->lock);
}

/**
 * disp_crew_unref:
 * @self: (transfer full): a crew
 */
void
disp_crew_unref (DispCrew *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, crew_clear);
}

static void
lock_crew (DispCrew *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (self);
}

static void
unlock_crew (DispCrew *self)
{
  DISP_TSAN_RELEASE (self);
  g_mutex_unlock (&self->lock);
}

static GArray *
make_inbox (void)
{
  return g_array_new (FALSE, FALSE, sizeof (Passed));
}

static void
take_all (DispCrewMember *self, const GArray *inbox)
{
  for (guint i = 0; i < inbox->len; i++)
    {
      const Passed *passed = &g_array_index (inbox, Passed, i);

      self->accepted (passed->fd, passed->peer, self->user_data);
    }
}

/* Takes the inbox of a member away from it; the lock of the crew is held. */
static GArray *
steal_inbox (DispCrewMember *self)
{
  GArray *inbox = self->inbox;

  self->inbox = make_inbox ();
  return inbox;
}

static gboolean
on_passed (gpointer user_data)
{
  DispCrewMember *self = user_data;
  g_autoptr (GArray) inbox = NULL;

  lock_crew (self->crew);
  inbox = steal_inbox (self);
  unlock_crew (self->crew);
  take_all (self, inbox);
  return G_SOURCE_CONTINUE;
}

/**
 * disp_crew_join:
 * @self: a crew
 * @accepted: takes new connections
 * @user_data: for @accepted
 *
 * Joins the crew with the calling thread and its thread-default context.
 *
 * Returns: (transfer full): the new member, to be given to disp_crew_leave()
 */
DispCrewMember *
disp_crew_join (DispCrew *self, DispAccepted accepted, gpointer user_data)
{
  DispCrewMember *member = g_new0 (DispCrewMember, 1);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  member->crew = disp_crew_ref (self);
  member->accepted = accepted;
  member->user_data = user_data;
  member->inbox = make_inbox ();
  member->bell = disp_bell_new (context, "passed connections", on_passed, member);
  lock_crew (self);
  g_ptr_array_add (self->members, member);
  atomic_store (&self->n_members, self->members->len);
  unlock_crew (self);
  return member;
}

/**
 * disp_crew_leave:
 * @member: (transfer full): a member, on its thread, but not inside its #DispAccepted
 *
 * Takes what was passed to it before, from inside this call; nobody passes it anything from now on.
 * What it has is not counted any more.
 */
void
disp_crew_leave (DispCrewMember *member)
{
  DispCrew *crew = member->crew;
  g_autoptr (GArray) inbox = NULL;

  lock_crew (crew);
  g_ptr_array_remove (crew->members, member);
  atomic_store (&crew->n_members, crew->members->len);
  inbox = steal_inbox (member);
  unlock_crew (crew);
  take_all (member, inbox);
  g_source_destroy (member->bell);
  g_source_unref (member->bell);
  g_array_unref (member->inbox);
  g_free (member);
  disp_crew_unref (crew);
}

/* Who takes a connection that @self accepted; the lock of the crew is held. */
static DispCrewMember *
choose_taker (DispCrewMember *self)
{
  const GPtrArray *members = self->crew->members;
  DispCrewMember *taker = self;
  guint n_own = atomic_load (&self->n_open);
  guint fewest = n_own;

  for (guint i = 0; i < members->len; i++)
    {
      DispCrewMember *member = g_ptr_array_index (members, i);
      guint n_open = atomic_load (&member->n_open);

      if (n_open < fewest)
        {
          fewest = n_open;
          taker = member;
        }
    }
  return n_own - fewest > n_own / SLACK_DIVISOR ? taker : self;
}

/* Gives a connection to whoever should have it; returns whether that is another. */
static gboolean
hand_over (DispCrewMember *self, int fd, DispPeer *peer)
{
  const Passed passed = { fd, peer };
  DispCrewMember *taker;

  lock_crew (self->crew);
  taker = choose_taker (self);
  atomic_fetch_add (&taker->n_open, 1);
  if (taker != self)
    {
      g_array_append_val (taker->inbox, passed);
      /* Whoever finds something there already knows that it was rung. */
      if (taker->inbox->len == 1)
        disp_bell_ring (taker->bell);
    }
  unlock_crew (self->crew);
  return taker != self;
}

/**
 * disp_crew_pass:
 * @member: a member, on its thread
 * @fd: (transfer full): a connection that it accepted
 * @peer: (transfer full): from where
 *
 * Gives the connection to the member with the fewest: to itself at once, from inside this call,
 * when it has no more than that, or little more for one that has many.
 */
void
disp_crew_pass (DispCrewMember *member, int fd, DispPeer *peer)
{
  if (atomic_load (&member->crew->n_members) == 1)
    atomic_fetch_add (&member->n_open, 1);
  else if (hand_over (member, fd, peer))
    return;
  member->accepted (fd, peer, member->user_data);
}

/**
 * disp_crew_closed:
 * @member: a member, on its thread
 *
 * Says that a connection that it took is closed.
 */
void
disp_crew_closed (DispCrewMember *member)
{
  guint before = atomic_fetch_sub (&member->n_open, 1);

  g_assert (before > 0);
}

/**
 * disp_crew_count_open:
 * @member: a member
 *
 * Returns: how many connections it has; any thread
 */
guint
disp_crew_count_open (DispCrewMember *member)
{
  return atomic_load (&member->n_open);
}
