/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/inherited-sockets.h"

#include "core/error.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Where the descriptors of these tests begin, so high that they are in nobody's way. */
#define FIRST 200

typedef enum
{
  INET,
  UNIX,
  NOT_LISTENING,
  DATAGRAM,
  PIPE,
  CLOSED,
} Kind;

static int
make_socket (Kind kind)
{
  const struct sockaddr_in inet = { .sin_family = AF_INET,
                                    .sin_addr = { .s_addr = htonl (INADDR_LOOPBACK) } };
  const struct sockaddr_un unix_address = { .sun_family = AF_UNIX };
  const struct sockaddr *address = kind == UNIX ? (const struct sockaddr *) &unix_address
                                                : (const struct sockaddr *) &inet;
  /* Of a UNIX socket only the family: the kernel then chooses a name. */
  socklen_t size = kind == UNIX ? sizeof (sa_family_t) : sizeof inet;
  int fd = socket (kind == UNIX ? AF_UNIX : AF_INET, kind == DATAGRAM ? SOCK_DGRAM : SOCK_STREAM,
                   0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (bind (fd, address, size), ==, 0);
  if (kind != NOT_LISTENING && kind != DATAGRAM)
    g_assert_cmpint (listen (fd, 10), ==, 0);
  return fd;
}

static int
make_descriptor (Kind kind)
{
  int fds[2];

  if (kind != PIPE)
    return make_socket (kind);
  g_assert_cmpint (pipe (fds), ==, 0);
  close (fds[1]);
  return fds[0];
}

/* Puts a descriptor where a supervisor would, open also in programs that are executed. */
static void
hand_down (Kind kind, int where)
{
  int fd;

  if (kind == CLOSED)
    return;
  fd = make_descriptor (kind);
  g_assert_cmpint (dup2 (fd, where), ==, where);
  close (fd);
}

static gboolean
is_open (int fd)
{
  return fcntl (fd, F_GETFD) >= 0;
}

static void
assert_found (DispInheritedSockets *sockets, const char *name, const int *expected, guint n)
{
  g_autoptr (GArray) found = disp_inherited_sockets_find (sockets, name);

  g_assert_cmpuint (found->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (g_array_index (found, int, i), ==, FIRST + expected[i]);
}

static void
test_names (void)
{
  static const int predictions[] = { 0, 2, 4, 5, 6 };
  static const int store[] = { 1 };
  static const int containers[] = { 3 };
  g_autoptr (GError) error = NULL;
  DispInheritedSockets *sockets;

  for (int i = 0; i < 7; i++)
    hand_down (i == 2 ? UNIX : INET, FIRST + i);
  sockets = disp_inherited_sockets_new (
      "7", "predictions:requests-store::containers-manager:unknown:dispatcherd.socket:predictions",
      FIRST, &error);
  g_assert_no_error (error);
  assert_found (sockets, DISP_INHERITED_PREDICTIONS, predictions, 5);
  assert_found (sockets, DISP_INHERITED_REQUESTS_STORE, store, 1);
  assert_found (sockets, DISP_INHERITED_CONTAINERS_MANAGER, containers, 1);
  for (int i = 0; i < 7; i++)
    g_assert_cmpint (fcntl (FIRST + i, F_GETFD), ==, FD_CLOEXEC);
  disp_inherited_sockets_free (sockets);
  for (int i = 0; i < 7; i++)
    g_assert_false (is_open (FIRST + i));
}

/* Without names all are for predictions. */
static void
test_no_names (void)
{
  static const int all[] = { 0, 1 };
  g_autoptr (DispInheritedSockets) sockets = NULL;
  g_autoptr (GError) error = NULL;

  hand_down (INET, FIRST);
  hand_down (UNIX, FIRST + 1);
  sockets = disp_inherited_sockets_new ("2", NULL, FIRST, &error);
  g_assert_no_error (error);
  assert_found (sockets, DISP_INHERITED_PREDICTIONS, all, 2);
  assert_found (sockets, DISP_INHERITED_REQUESTS_STORE, NULL, 0);
}

static void
test_none (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DispInheritedSockets) sockets = disp_inherited_sockets_new ("0", "", FIRST, &error);

  g_assert_no_error (error);
  assert_found (sockets, DISP_INHERITED_PREDICTIONS, NULL, 0);
}

static void
test_rejected (void)
{
  static const struct
  {
    Kind kind;
    const char *count;
    const char *names;
    const char *expected;
  } rows[] = {
    { NOT_LISTENING, "1", NULL, "expected a stream socket" },
    { DATAGRAM, "1", NULL, "expected a stream socket" },
    { PIPE, "1", "predictions", "expected a stream socket" },
    { CLOSED, "1", NULL, "expected a stream socket" },
    { INET, "1", "web", "found \"web\"" },
    { INET, "1", "Predictions", "found \"Predictions\"" },
    { INET, "1", "connection", "found \"connection\"" },
    { INET, "1", "predictions:predictions", "as many names as LISTEN_FDS says (1)" },
    { INET, "", NULL, "LISTEN_FDS: expected a number" },
    { INET, "-1", NULL, "LISTEN_FDS: expected a number" },
    { INET, "1025", NULL, "LISTEN_FDS: expected a number" },
    { INET, "1 ", NULL, "LISTEN_FDS: expected a number" },
    { INET, "one", NULL, "LISTEN_FDS: expected a number" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      hand_down (rows[i].kind, FIRST);
      g_assert_null (disp_inherited_sockets_new (rows[i].count, rows[i].names, FIRST, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
      g_assert_nonnull (strstr (error->message, rows[i].expected));
      close (FIRST);
    }
}

/* What is meant for another process does not count; either way the environment has it no more. */
static void
test_another_process (void)
{
  static const char *const pids[] = { NULL, "1", "", "x" };

  for (guint i = 0; i < G_N_ELEMENTS (pids); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DispInheritedSockets) sockets = NULL;

      if (pids[i] != NULL)
        g_setenv ("LISTEN_PID", pids[i], TRUE);
      g_setenv ("LISTEN_FDS", "nonsense", TRUE);
      g_setenv ("LISTEN_FDNAMES", "web", TRUE);
      sockets = disp_inherited_sockets_take (&error);
      g_assert_no_error (error);
      assert_found (sockets, DISP_INHERITED_PREDICTIONS, NULL, 0);
      g_assert_null (g_getenv ("LISTEN_PID"));
      g_assert_null (g_getenv ("LISTEN_FDS"));
      g_assert_null (g_getenv ("LISTEN_FDNAMES"));
    }
}

static void
test_own_process (void)
{
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  g_autoptr (GError) error = NULL;

  g_setenv ("LISTEN_PID", pid, TRUE);
  g_setenv ("LISTEN_FDS", "nonsense", TRUE);
  g_assert_null (disp_inherited_sockets_take (&error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG);
  g_assert_null (g_getenv ("LISTEN_FDS"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/inherited-sockets/names", test_names);
  g_test_add_func ("/app/inherited-sockets/no-names", test_no_names);
  g_test_add_func ("/app/inherited-sockets/none", test_none);
  g_test_add_func ("/app/inherited-sockets/rejected", test_rejected);
  g_test_add_func ("/app/inherited-sockets/another-process", test_another_process);
  g_test_add_func ("/app/inherited-sockets/own-process", test_own_process);
  return g_test_run ();
}
