/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * DispPoller:
 *
 * One epoll instance as one source of a main context: however many descriptors it watches, a turn
 * of the loop costs the same.  Belongs to the thread of the context.
 */
typedef struct _DispPoller DispPoller;
typedef struct _DispPoll DispPoll;

/**
 * DispPollReady:
 * @self: what is ready; it may be removed, and freed, from inside
 *
 * Called from the dispatch of the loop, never from inside another call of ours.
 */
typedef void (*DispPollReady) (DispPoll *self);

/**
 * DispPoll:
 *
 * A descriptor that a poller watches; a member of what uses it.  Edge-triggered: a flag stays set
 * until its user has seen a call fail with EAGAIN, or read less than there was room for, and clears
 * it.
 */
struct _DispPoll
{
  DispPollReady ready;
  int fd;
  gboolean is_readable; /* also when the peer has closed, or there is an error */
  gboolean is_writable;
  gboolean is_hung_up; /* the peer sends nothing more, or the connection is broken */
  gboolean is_broken;  /* the connection is broken both ways */
  /*< private >*/
  DispPoller *poller; /* (unowned) (nullable) while it is watched */
  GList link;         /* in the queue of those to be called */
  gboolean is_queued;
};

DispPoller *disp_poller_new (void);
void disp_poller_free (DispPoller *self);

gboolean disp_poller_add (DispPoller *self, DispPoll *poll);
gboolean disp_poller_add_listening (DispPoller *self, DispPoll *poll);
void disp_poller_remove (DispPoll *poll);
void disp_poller_again (DispPoll *poll);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispPoller, disp_poller_free)
