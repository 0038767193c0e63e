/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "engine/attempt.h"
#include "engine/rig.h"
#include "support/fixtures.h"
#include "support/watcher.h"

static const char *const outcomes[] = {
  [DISP_OUTCOME_SUCCESS] = "success",
  [DISP_OUTCOME_BUSY] = "busy",
  [DISP_OUTCOME_FAILURE] = "failure",
  [DISP_OUTCOME_CANCELLED] = "cancelled",
};

/* A policy that notes what it is told. */

#define TYPE_NOTING_POLICY (noting_policy_get_type ())
G_DECLARE_FINAL_TYPE (NotingPolicy, noting_policy, NOTING, POLICY, GObject)

struct _NotingPolicy
{
  GObject parent_instance;
  GString *notes; /* (owned) */
};

static guint
select_first (G_GNUC_UNUSED DispPolicy *policy, G_GNUC_UNUSED DispContainer *const *candidates,
              G_GNUC_UNUSED guint n_candidates, G_GNUC_UNUSED const DispRequest *request,
              G_GNUC_UNUSED GRand *random)
{
  return 0;
}

static void
note_started (DispPolicy *policy, const DispContainer *container)
{
  g_string_append_printf (NOTING_POLICY (policy)->notes, "started %s;", container->name);
}

static void
note_finished (DispPolicy *policy, const DispContainer *container, DispOutcome outcome,
               gint64 duration)
{
  g_string_append_printf (NOTING_POLICY (policy)->notes, "%s %s after %d;", container->name,
                          outcomes[outcome], (int) duration);
}

static void
noting_policy_iface_init (DispPolicyInterface *iface)
{
  iface->select = select_first;
  iface->request_started = note_started;
  iface->request_finished = note_finished;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (NotingPolicy, noting_policy, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, noting_policy_iface_init))

static void
noting_policy_finalize (GObject *object)
{
  g_string_free (NOTING_POLICY (object)->notes, TRUE);
  G_OBJECT_CLASS (noting_policy_parent_class)->finalize (object);
}

static void
noting_policy_class_init (NotingPolicyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = noting_policy_finalize;
}

static void
noting_policy_init (NotingPolicy *self)
{
  self->notes = g_string_new (NULL);
}

/* With this the answer comes although the attempt is given up. */
static const char stubborn[] = "stubborn";

typedef struct
{
  FakeClock *clock;         /* (owned) */
  FakeTransport *transport; /* (owned) */
  NotingPolicy *policy;     /* (owned) */
  DispContainer *container; /* (owned) */
  DispRequest *request;     /* (owned) */
  Watcher watcher;
  DispAttempt *attempt; /* (unowned) (nullable) while it runs */
  DispAnswer *answer;   /* (owned) (nullable) */
  GError *error;        /* (owned) (nullable) */
  guint n_ends;
} Fixture;

static void
on_ended (DispOutcome outcome, gint64 duration, DispAnswer *answer, const GError *error,
          gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autofree char *note = g_strdup_printf (";a %s after %d;", outcomes[outcome], (int) duration);
  DispStatsValues values;

  /* The counters and the policy hear of the end first. */
  disp_stats_read (fixture->container->stats, &values);
  g_assert_cmpint (values.in_flight, ==, 0);
  g_assert_true (g_str_has_suffix (fixture->policy->notes->str, note));
  g_assert_true ((answer == NULL) != (error == NULL));
  fixture->n_ends++;
  fixture->answer = answer;
  fixture->error = error != NULL ? g_error_copy (error) : NULL;
  fixture->attempt = NULL;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->clock = fake_clock_new ();
  fixture->transport = fake_transport_new ();
  fixture->policy = g_object_new (TYPE_NOTING_POLICY, NULL);
  fixture->container = fixture_container ("a", "m", 1, DISP_DEVICE_CPU, 1);
  fixture->request = fixture_request ("m", 1, "[]");
  fake_transport_set_stubborn (fixture->transport, data == stubborn);
  watcher_init (&fixture->watcher, NULL);
  fixture->attempt = disp_attempt_start (DISP_TRANSPORT (fixture->transport),
                                         DISP_CLOCK (fixture->clock), fixture->watcher.notice,
                                         DISP_POLICY (fixture->policy), fixture->container,
                                         fixture->request, "/path", on_ended, fixture);
  g_assert_cmpuint (fixture->n_ends, ==, 0);
  g_assert_cmpstr (fixture->policy->notes->str, ==, "started a;");
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  rig_turn ();
  g_assert_cmpuint (fixture->n_ends, ==, 1);
  g_clear_pointer (&fixture->answer, disp_answer_free);
  g_clear_error (&fixture->error);
  disp_container_unref (fixture->container);
  disp_request_unref (fixture->request);
  watcher_clear (&fixture->watcher);
  g_assert_finalize_object (fixture->transport);
  g_assert_finalize_object (fixture->policy);
  g_assert_finalize_object (fixture->clock);
}

/* Who watches hears of a container that begins to fail. */
static void
assert_end (Fixture *fixture, const char *notes, guint status, int code)
{
  const gboolean is_news = strstr (notes, " failure ") != NULL;

  g_assert_cmpuint (watcher_take (&fixture->watcher), ==, is_news ? 1 : 0);
  g_assert_cmpuint (fixture->n_ends, ==, 1);
  g_assert_cmpstr (fixture->policy->notes->str, ==, notes);
  if (status != 0)
    g_assert_cmpuint (fixture->answer->status, ==, status);
  else
    g_assert_error (fixture->error, DISP_ERROR, code);
}

static void
test_call (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  const FakeCall *call = fake_transport_get_call (fixture->transport, 0);

  g_assert_true (call->container == fixture->container);
  g_assert_true (call->request == fixture->request);
  g_assert_cmpstr (call->path, ==, "/path");
  g_assert_nonnull (call->cancellable);
  fake_transport_answer (fixture->transport, 0, 200, "{}");
}

static void
test_success (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_clock_advance (fixture->clock, 1500);
  fake_transport_answer (fixture->transport, 0, 499, "{}");
  assert_end (fixture, "started a;a success after 1500;", 499, 0);
}

static void
test_server_error (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_clock_advance (fixture->clock, 2);
  fake_transport_answer (fixture->transport, 0, 500, "{}");
  assert_end (fixture, "started a;a failure after 2;", 500, 0);
}

/* One that can take no more now has not failed. */
static void
test_busy (Fixture *fixture, gconstpointer data)
{
  guint status = GPOINTER_TO_UINT (data);

  fake_clock_advance (fixture->clock, 2);
  fake_transport_answer (fixture->transport, 0, status, "{}");
  assert_end (fixture, "started a;a busy after 2;", status, 0);
}

static void
test_failure (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_clock_advance (fixture->clock, 3);
  fake_transport_fail (fixture->transport, 0, "broken");
  assert_end (fixture, "started a;a failure after 3;", 0, DISP_ERROR_UPSTREAM);
  g_assert_cmpstr (fixture->error->message, ==, "broken");
}

static void
cancel (Fixture *fixture, DispOutcome outcome, DispError code)
{
  disp_attempt_cancel (fixture->attempt, outcome, g_error_new (DISP_ERROR, code, "given up"));
  g_assert_cmpuint (fixture->n_ends, ==, 0);
}

static void
test_cancel (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fake_clock_advance (fixture->clock, 4);
  cancel (fixture, DISP_OUTCOME_CANCELLED, DISP_ERROR_CLIENT_GONE);
  assert_end (fixture, "started a;a cancelled after 4;", 0, DISP_ERROR_CLIENT_GONE);
  g_assert_cmpstr (fixture->error->message, ==, "given up");
}

static void
test_cancel_as_failure (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  cancel (fixture, DISP_OUTCOME_FAILURE, DISP_ERROR_DEADLINE);
  assert_end (fixture, "started a;a failure after 0;", 0, DISP_ERROR_DEADLINE);
}

static void
test_cancel_twice (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  cancel (fixture, DISP_OUTCOME_FAILURE, DISP_ERROR_DEADLINE);
  cancel (fixture, DISP_OUTCOME_CANCELLED, DISP_ERROR_CLIENT_GONE);
  assert_end (fixture, "started a;a failure after 0;", 0, DISP_ERROR_DEADLINE);
}

/* With a stubborn transport the answer comes although it is not wanted any more. */
static void
test_cancel_in_vain (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  cancel (fixture, DISP_OUTCOME_CANCELLED, DISP_ERROR_DRAINING);
  rig_turn ();
  g_assert_cmpuint (fixture->n_ends, ==, 0);
  fake_transport_answer (fixture->transport, 0, 200, "{}");
  assert_end (fixture, "started a;a cancelled after 0;", 0, DISP_ERROR_DRAINING);
}

static void
test_cancel_then_failure (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  cancel (fixture, DISP_OUTCOME_CANCELLED, DISP_ERROR_DRAINING);
  fake_transport_fail (fixture->transport, 0, "broken");
  assert_end (fixture, "started a;a cancelled after 0;", 0, DISP_ERROR_DRAINING);
}

#define ADD(path, data, function)                                                                  \
  g_test_add ("/engine/attempt/" path, Fixture, data, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rig_catch_log ();
  ADD ("call", NULL, test_call);
  ADD ("success", NULL, test_success);
  ADD ("server-error", NULL, test_server_error);
  ADD ("busy/429", GUINT_TO_POINTER (429), test_busy);
  ADD ("busy/503", GUINT_TO_POINTER (503), test_busy);
  ADD ("failure", NULL, test_failure);
  ADD ("cancel", NULL, test_cancel);
  ADD ("cancel-as-failure", NULL, test_cancel_as_failure);
  ADD ("cancel-twice", NULL, test_cancel_twice);
  ADD ("cancel-in-vain", stubborn, test_cancel_in_vain);
  ADD ("cancel-then-failure", stubborn, test_cancel_then_failure);
  return g_test_run ();
}
