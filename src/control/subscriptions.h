/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/clock.h"

/* Times between two signals are at least so long, in microseconds. */
#define DISP_SUBSCRIPTIONS_SHORTEST (100 * G_TIME_SPAN_MILLISECOND)
/* And at most so long: longer ones are cut, so that they can be added to a time. */
#define DISP_SUBSCRIPTIONS_LONGEST G_TIME_SPAN_DAY
/* So many may be subscribed at once. */
#define DISP_SUBSCRIPTIONS_MAX 32

/**
 * DispSubscriptionDue:
 * @connection: the connection of the subscriber
 * @subscriber: its unique name
 * @user_data: as given to disp_subscriptions_new()
 *
 * Sends the subscriber what it waits for.
 */
typedef void (*DispSubscriptionDue) (GDBusConnection *connection, const char *subscriber,
                                     gpointer user_data);

typedef struct _DispSubscriptions DispSubscriptions;

DispSubscriptions *disp_subscriptions_new (DispClock *clock, DispSubscriptionDue due,
                                           gpointer user_data);
void disp_subscriptions_free (DispSubscriptions *self);
gboolean disp_subscriptions_add (DispSubscriptions *self, GDBusConnection *connection,
                                 const char *subscriber, guint64 interval, GError **error);
void disp_subscriptions_remove (DispSubscriptions *self, const char *subscriber);
void disp_subscriptions_clear (DispSubscriptions *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DispSubscriptions, disp_subscriptions_free)
