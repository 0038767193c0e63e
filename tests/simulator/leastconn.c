/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator/leastconn.h"

#include "core/error.h"

/*
 * What dispatcherd is compared with: the algorithm "leastconn" of HAProxy (configuration manual,
 * section 4.2, "balance"), as one would have it in front of model servers: a request goes at once
 * to the server with the fewest connections for its weight, of several to the one that was not used
 * for longest, and waits in the queue that this server has.  Nothing is sent twice but what could
 * not be sent at all ("option redispatch 1"), three times ("retries 3").
 */
struct _Leastconn
{
  SimTransport *transport; /* (owned) */
  FakeClock *clock;        /* (owned) */
  gint64 timeout;
  DispFleet *fleet; /* (owned) (nullable) */
  guint64 n_sent;
  GHashTable *last_uses; /* (owned) (element-type DispStats guint64) */
};

#define MAX_TRIES 4

/* One request. */
typedef struct
{
  Leastconn *balancer;         /* (unowned) */
  DispRequest *request;        /* (owned) */
  GCancellable *cancellable;   /* (owned) the client hangs up by it */
  GCancellable *attempt;       /* (owned) */
  DispContainer *container;    /* (owned) (nullable) */
  DispStats *tried[MAX_TRIES]; /* (owned) */
  guint n_tried;
  GSource *deadline; /* (owned) (nullable) */
  gulong cancelled_id;
  GError *given_up; /* (owned) (nullable) why it was cancelled */
  LeastconnEnded ended;
  gpointer user_data;
} Visit;

/**
 * leastconn_new:
 * @transport: how to reach the devices
 * @clock: its time
 * @timeout: how long a request may take, in microseconds
 *
 * Returns: (transfer full): a balancer without servers
 */
Leastconn *
leastconn_new (SimTransport *transport, FakeClock *clock, gint64 timeout)
{
  Leastconn *self = g_new0 (Leastconn, 1);

  self->transport = g_object_ref (transport);
  self->clock = g_object_ref (clock);
  self->timeout = timeout;
  self->last_uses = g_hash_table_new (NULL, NULL);
  return self;
}

/**
 * leastconn_free:
 * @self: (transfer full): a balancer with no request under way
 */
void
leastconn_free (Leastconn *self)
{
  g_object_unref (self->transport);
  g_object_unref (self->clock);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  g_hash_table_unref (self->last_uses);
  g_free (self);
}

/**
 * leastconn_set_fleet:
 * @self: a balancer
 * @fleet: its servers from now on
 */
void
leastconn_set_fleet (Leastconn *self, DispFleet *fleet)
{
  disp_fleet_ref (fleet);
  g_clear_pointer (&self->fleet, disp_fleet_unref);
  self->fleet = fleet;
}

static gboolean
was_tried (const Visit *visit, const DispContainer *container)
{
  for (guint i = 0; i < visit->n_tried; i++)
    if (visit->tried[i] == container->stats)
      return TRUE;
  return FALSE;
}

static gsize
get_last_use (Leastconn *self, const DispContainer *container)
{
  return GPOINTER_TO_SIZE (g_hash_table_lookup (self->last_uses, container->stats));
}

static DispContainer *
choose (Leastconn *self, const Visit *visit)
{
  const DispRoute *route = disp_fleet_find (self->fleet, visit->request->model,
                                            &visit->request->version, NULL);
  DispContainer *chosen = NULL;
  double lowest = 0;

  for (guint i = 0; route != NULL && i < route->n_eligible; i++)
    {
      DispContainer *container = route->eligible[i];
      double load = disp_stats_get_in_flight (container->stats) / container->quota;

      if (was_tried (visit, container))
        continue;
      if (chosen == NULL || load < lowest
          || (load <= lowest && get_last_use (self, container) < get_last_use (self, chosen)))
        {
          chosen = container;
          lowest = load;
        }
    }
  return chosen;
}

static void
leave (Visit *visit, DispReply *reply)
{
  if (visit->container != NULL)
    reply->container = disp_container_ref (visit->container);
  g_signal_handler_disconnect (visit->cancellable, visit->cancelled_id);
  disp_clock_clear_timer (&visit->deadline);
  visit->ended (reply, visit->user_data);
  for (guint i = 0; i < visit->n_tried; i++)
    disp_stats_unref (visit->tried[i]);
  disp_request_unref (visit->request);
  g_object_unref (visit->cancellable);
  g_object_unref (visit->attempt);
  g_clear_pointer (&visit->container, disp_container_unref);
  g_clear_error (&visit->given_up);
  g_free (visit);
}

static void send (Visit *visit);

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Visit *visit = user_data;
  g_autoptr (GError) error = NULL;
  DispAnswer *answer = disp_transport_send_finish (DISP_TRANSPORT (source), result, &error);

  disp_stats_end (visit->container->stats,
                  answer != NULL ? DISP_OUTCOME_SUCCESS : DISP_OUTCOME_CANCELLED, 1);
  if (visit->given_up != NULL)
    {
      g_clear_pointer (&answer, disp_answer_free);
      leave (visit, disp_reply_new_for_error (visit->given_up, 0));
    }
  else if (answer != NULL)
    leave (visit, disp_reply_new (answer));
  else if (g_error_matches (error, DISP_ERROR, DISP_ERROR_UNREACHABLE) && visit->n_tried < MAX_TRIES
           && choose (visit->balancer, visit) != NULL)
    send (visit);
  else
    leave (visit, disp_reply_new_for_error (error, 0));
}

static void
send (Visit *visit)
{
  Leastconn *self = visit->balancer;
  DispContainer *container = choose (self, visit);

  g_clear_pointer (&visit->container, disp_container_unref);
  visit->container = disp_container_ref (container);
  visit->tried[visit->n_tried++] = disp_stats_ref (container->stats);
  g_hash_table_insert (self->last_uses, container->stats, GSIZE_TO_POINTER (++self->n_sent));
  disp_stats_begin (container->stats);
  disp_transport_send_async (DISP_TRANSPORT (self->transport), container, visit->request, "/",
                             visit->attempt, on_answer, visit);
}

static void
give_up (Visit *visit, int code)
{
  if (visit->given_up != NULL)
    return;
  visit->given_up = g_error_new_literal (DISP_ERROR, code, "given up");
  g_cancellable_cancel (visit->attempt);
}

static gboolean
on_deadline (gpointer user_data)
{
  give_up (user_data, DISP_ERROR_DEADLINE);
  return G_SOURCE_REMOVE;
}

static void
on_hung_up (G_GNUC_UNUSED GCancellable *cancellable, gpointer user_data)
{
  give_up (user_data, DISP_ERROR_CLIENT_GONE);
}

/**
 * leastconn_ask:
 * @self: a balancer
 * @request: a request
 * @cancellable: the client hangs up by it
 * @ended: called once with the reply, which it owns; at once if there is no server
 * @user_data: for @ended
 *
 * Has a request answered.
 */
void
leastconn_ask (Leastconn *self, DispRequest *request, GCancellable *cancellable,
               LeastconnEnded ended, gpointer user_data)
{
  Visit *visit = g_new0 (Visit, 1);
  DispClock *clock = DISP_CLOCK (self->clock);

  visit->balancer = self;
  visit->request = disp_request_ref (request);
  visit->cancellable = g_object_ref (cancellable);
  visit->attempt = g_cancellable_new ();
  visit->ended = ended;
  visit->user_data = user_data;
  visit->cancelled_id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_hung_up), visit);
  visit->deadline = disp_clock_add_timer (clock, disp_clock_now (clock) + self->timeout,
                                          "request deadline", on_deadline, visit);
  if (choose (self, visit) != NULL)
    {
      send (visit);
      return;
    }
  g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, DISP_ERROR_NO_CONTAINER, "no server");

  leave (visit, disp_reply_new_for_error (error, 0));
}
