/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/lobby.h"

#include "front/tls-fixture.h"
#include "support/fake-clock.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_GUESTS 3

/* A lobby, and clients that come to it. */
typedef struct
{
  TlsFixture *tls;          /* (owned) */
  FakeClock *clock;         /* (owned) */
  DispPoller *poller;       /* (owned) */
  DispDeadlines *deadlines; /* (owned) */
  DispReception *reception; /* (owned) */
  DispLobby *lobby;         /* (owned) (nullable) once it is freed */
  guint n_served;
  guint n_gone;
} Fixture;

static void
on_left (DispChannel *channel, DispPeer *peer, gpointer user_data)
{
  Fixture *fixture = user_data;

  disp_reception_leave (fixture->reception, peer);
  if (channel == NULL)
    {
      fixture->n_gone++;
      return;
    }
  g_assert_true (disp_channel_is_tls (channel));
  disp_channel_close (channel, FALSE);
  fixture->n_served++;
}

static void
set_up (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  fixture->tls = tls_fixture_new ();
  fixture->clock = fake_clock_new ();
  fixture->poller = disp_poller_new ();
  fixture->deadlines = disp_deadlines_new (DISP_CLOCK (fixture->clock));
  fixture->reception = disp_reception_new ();
  fixture->lobby = disp_lobby_new (fixture->poller, fixture->deadlines, fixture->tls->queue,
                                   on_left, fixture);
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_clear_pointer (&fixture->lobby, disp_lobby_free);
  g_assert_cmpuint (disp_reception_count_connections (fixture->reception), ==, 0);
  disp_reception_unref (fixture->reception);
  disp_deadlines_free (fixture->deadlines);
  disp_poller_free (fixture->poller);
  g_object_unref (fixture->clock);
  tls_fixture_free (fixture->tls);
}

/* Returns the end of a client that comes in. */
static int
enter (Fixture *fixture)
{
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  g_autoptr (GError) error = NULL;
  DispPeer *peer;
  int near, far;

  tls_make_sockets (&near, &far);
  g_assert_cmpint (getpeername (near, (struct sockaddr *) &address, &length), ==, 0);
  peer = disp_reception_admit (fixture->reception, fixture->tls->terms,
                               (struct sockaddr *) &address, length, NULL, &error);
  g_assert_no_error (error);
  disp_lobby_enter (fixture->lobby, near, peer, fixture->tls->terms);
  return far;
}

static void
test_served (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  TlsClient *clients[N_GUESTS];

  for (guint i = 0; i < N_GUESTS; i++)
    clients[i] = tls_client_new (fixture->tls, enter (fixture), NULL);
  g_assert_cmpuint (disp_lobby_count (fixture->lobby), ==, N_GUESTS);
  while (disp_lobby_count (fixture->lobby) > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (fixture->n_served, ==, N_GUESTS);
  g_assert_cmpuint (fixture->n_gone, ==, 0);
  for (guint i = 0; i < N_GUESTS; i++)
    tls_client_free (clients[i]);
}

/* Whoever is still there is shown out, also in the midst of things. */
static void
test_closed (Fixture *fixture, gconstpointer data)
{
  const gboolean is_freed = data != NULL;
  int far[N_GUESTS];
  char byte;

  for (guint i = 0; i < N_GUESTS; i++)
    far[i] = enter (fixture);
  if (is_freed)
    g_clear_pointer (&fixture->lobby, disp_lobby_free);
  else
    {
      disp_lobby_close (fixture->lobby);
      g_assert_cmpuint (disp_lobby_count (fixture->lobby), ==, 0);
    }
  g_assert_cmpuint (fixture->n_gone, ==, N_GUESTS);
  g_assert_cmpuint (fixture->n_served, ==, 0);
  for (guint i = 0; i < N_GUESTS; i++)
    {
      g_assert_cmpint (recv (far[i], &byte, 1, 0), ==, 0);
      close (far[i]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/front/lobby/served", Fixture, NULL, set_up, test_served, tear_down);
  g_test_add ("/front/lobby/closed", Fixture, NULL, set_up, test_closed, tear_down);
  g_test_add ("/front/lobby/freed", Fixture, "freed", set_up, test_closed, tear_down);
  return g_test_run ();
}
