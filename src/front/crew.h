/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "front/reception.h"

/**
 * DispCrew:
 *
 * Those who serve the same addresses, each on a thread of its own, and pass connections to whoever
 * of them has the fewest.  Counted by references; any thread.
 */
typedef struct _DispCrew DispCrew;

/**
 * DispCrewMember:
 *
 * One of them; belongs to the thread where it joined.
 */
typedef struct _DispCrewMember DispCrewMember;

/**
 * DispAccepted:
 * @fd: (transfer full): a connected, non-blocking socket
 * @peer: (transfer full): from where; to be given to disp_reception_leave() when it is closed
 * @user_data: as given to disp_crew_join()
 *
 * Takes a new connection, on the thread of the member.  When that is closed, be it at once,
 * disp_crew_closed() says so, unless the member has left.
 */
typedef void (*DispAccepted) (int fd, DispPeer *peer, gpointer user_data);

DispCrew *disp_crew_new (void);
DispCrew *disp_crew_ref (DispCrew *self);
void disp_crew_unref (DispCrew *self);

DispCrewMember *disp_crew_join (DispCrew *self, DispAccepted accepted, gpointer user_data);
void disp_crew_leave (DispCrewMember *member);
void disp_crew_pass (DispCrewMember *member, int fd, DispPeer *peer);
void disp_crew_closed (DispCrewMember *member);
guint disp_crew_count_open (DispCrewMember *member);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispCrew, disp_crew_unref)
