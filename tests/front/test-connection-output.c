/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/connection.h"

#include "front/front-fixture.h"
#include "front/raw-client.h"

#include <string.h>

#define HUGE_HEAD "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 62914560\r\n\r\n"
/* How long a connection lingers at most, in microseconds, and how much of what comes then is read.
 */
#define MAX_LINGER (2 * G_USEC_PER_SEC)
#define MAX_DISCARDED (1024 * 1024)

/* A fixture with a client whose request is refused for its length. */
typedef struct
{
  Front *front;      /* (owned) */
  RawClient *client; /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->front = front_new (NULL);
  fixture->client = raw_client_new (fixture->front->address);
  raw_client_send (fixture->client, HUGE_HEAD, -1);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  front_wait_connections (fixture->front, 0);
  raw_client_free (fixture->client);
  front_free (fixture->front);
}

static void
read_refusal (Fixture *fixture)
{
  g_autoptr (RawAnswer) answer = raw_client_read (fixture->client);

  raw_answer_assert_error (answer, 413, "longer than 1000 bytes");
  raw_answer_assert_field (answer, "Connection", "close");
}

/* The client hears at once that nothing more comes, and the server waits for it to go. */
static void
test_client_goes (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  read_refusal (fixture);
  raw_client_assert_end (fixture->client);
  front_settle ();
  g_assert_cmpuint (disp_server_count_connections (fixture->front->server), ==, 1);
  raw_client_shutdown (fixture->client);
}

static void
test_client_resets (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  read_refusal (fixture);
  raw_client_reset (fixture->client);
}

static void
test_client_resets_at_once (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  front_wait_connections (fixture->front, 1);
  raw_client_reset (fixture->client);
}

static void
test_client_stays (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  read_refusal (fixture);
  raw_client_assert_end (fixture->client);
  fake_clock_advance (fixture->front->clock, MAX_LINGER - 1);
  front_settle ();
  g_assert_cmpuint (disp_server_count_connections (fixture->front->server), ==, 1);
  fake_clock_advance (fixture->front->clock, 1);
}

/* One that goes on sending, up to what is read, still reads its answer and ends well. */
static void
test_client_sends_on (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *filler = g_strnfill (MAX_DISCARDED - 1, 'a');

  front_wait_connections (fixture->front, 1);
  front_settle ();
  raw_client_send (fixture->client, filler, -1);
  FRONT_WAIT (fixture->client->out->len == 0);
  read_refusal (fixture);
  raw_client_assert_end (fixture->client);
  raw_client_shutdown (fixture->client);
}

/* One that sends without end reads its answer too, but is cut off. */
static void
test_client_sends_without_end (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autofree char *filler = g_strnfill (30 * MAX_DISCARDED, 'a');

  raw_client_send (fixture->client, filler, -1);
  read_refusal (fixture);
  front_wait_connections (fixture->front, 0);
  g_assert_cmpuint (fixture->front->sent->len, ==, 0);
}

/* What follows is thrown away, be it a request or not. */
static void
test_nothing_is_served (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  read_refusal (fixture);
  raw_client_post (fixture->client, "/v1/models/half:predict", "{}");
  raw_client_shutdown (fixture->client);
  raw_client_assert_end (fixture->client);
  g_assert_cmpuint (fixture->front->sent->len, ==, 0);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/front/connection-output/client-goes", test_client_goes },
    { "/front/connection-output/client-resets", test_client_resets },
    { "/front/connection-output/client-resets-at-once", test_client_resets_at_once },
    { "/front/connection-output/client-stays", test_client_stays },
    { "/front/connection-output/client-sends-on", test_client_sends_on },
    { "/front/connection-output/client-sends-without-end", test_client_sends_without_end },
    { "/front/connection-output/nothing-is-served", test_nothing_is_served },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
