/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/case-table.h"
#include "front/local-server.h"

#include <string.h>
#include <unistd.h>

/* The table of what clients send, in this process, however it is cut. */

#define SENTINEL "GET /healthz/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: sentinel\r\n\r\n"

/* A case is cut everywhere, but for what is longer than twice this, in bytes: of that both ends
 * are, and the middle in some places. */
#define MAX_END 200
#define STEP 997

/* What came back on one connection. */
typedef struct
{
  GString *received; /* (owned) what is no whole answer */
  GStrvBuilder *statuses;
  guint n_final; /* answers, those with 100 not counted */
  gboolean has_closed;
} Visit;

static char *
get_field (const char *head, const char *name)
{
  g_autofree char *start = g_strdup_printf ("\r\n%s: ", name);
  const char *found = strstr (head, start);

  if (found == NULL)
    return NULL;
  found += strlen (start);
  return g_strndup (found, strcspn (found, "\r"));
}

static void
check_error (const char *head, const char *body)
{
  g_autofree char *type = get_field (head, "Content-Type");

  g_assert_cmpstr (type, ==, "application/json");
  g_assert_true (g_str_has_prefix (body, "{\"error\":\"") && g_str_has_suffix (body, "\"}"));
  g_assert_true (g_str_is_ascii (body));
}

/* Takes one answer off what was received, if it is whole. */
static gboolean
take_answer (Visit *visit, gboolean is_head)
{
  const char *end = strstr (visit->received->str, "\r\n\r\n");
  g_autofree char *head = NULL;
  g_autofree char *length_text = NULL;
  g_autofree char *request_id = NULL;
  g_autofree char *status = NULL;
  g_autofree char *body = NULL;
  gsize head_length;
  guint64 length;

  if (end == NULL)
    return FALSE;
  head_length = (gsize) (end - visit->received->str) + 4;
  head = g_strndup (visit->received->str, head_length);
  g_assert_true (g_str_has_prefix (head, "HTTP/1.1 "));
  status = g_strndup (head + strlen ("HTTP/1.1 "), 3);
  length_text = get_field (head, "Content-Length");
  request_id = get_field (head, "X-Request-Id");
  g_assert_cmpint (length_text == NULL, ==, g_str_equal (status, "100"));
  length = is_head || length_text == NULL ? 0 : g_ascii_strtoull (length_text, NULL, 10);
  if (visit->received->len - head_length < length)
    return FALSE;
  body = g_strndup (visit->received->str + head_length, length);
  g_assert_cmpstr (request_id, !=, "hidden");
  if (status[0] >= '4' && !is_head)
    check_error (head, body);
  g_string_erase (visit->received, 0, (gssize) (head_length + length));
  visit->n_final += g_str_equal (status, "100") ? 0 : 1;
  g_strv_builder_add (visit->statuses, status);
  return TRUE;
}

static void
check_fate (const HttpCase *http_case, Visit *visit)
{
  g_auto (GStrv) statuses = g_strv_builder_end (visit->statuses);
  g_autofree char *told = g_strjoinv (" ", statuses);

  g_assert_cmpstr (visit->received->str, ==, "");
  if (!case_table_meets (http_case, statuses, visit->has_closed))
    g_error ("%s: it answered %s and %s, expected %s", http_case->name, told,
             visit->has_closed ? "closed" : "stayed open", http_case->fates[0]);
}

/* A connection that stays must answer just what it is asked. */
static void
check_goes_on (int fd)
{
  g_autoptr (GString) received = g_string_new (NULL);

  local_server_send (fd, SENTINEL, strlen (SENTINEL));
  local_server_settle ();
  g_assert_true (local_server_receive (fd, received));
  g_assert_true (g_str_has_prefix (received->str, "HTTP/1.1 200 OK\r\n"));
  g_assert_nonnull (strstr (received->str, "\r\nX-Request-Id: sentinel\r\n"));
  g_assert_true (g_str_has_suffix (received->str, "\r\n\r\n{}"));
}

/* Sends a case up to each of the places, one after the other, and then to its end. */
static void
check_cut (LocalServer *server, const HttpCase *http_case, const gsize *places, gsize n_places)
{
  Visit visit = { .received = g_string_new (NULL), .statuses = g_strv_builder_new () };
  int fd = local_server_connect (server);
  gsize at = 0;

  for (gsize i = 0; i <= n_places; i++)
    {
      gsize end = i < n_places ? places[i] : http_case->sent->len;

      local_server_send (fd, http_case->sent->str + at, end - at);
      /* The end comes with the last bytes. */
      if (i == n_places && http_case->ends)
        shutdown (fd, SHUT_WR);
      local_server_settle ();
      at = end;
    }
  visit.has_closed = !local_server_receive (fd, visit.received);
  while (take_answer (&visit, case_table_is_head (http_case, visit.n_final)))
    ;
  check_fate (http_case, &visit);
  if (!visit.has_closed)
    check_goes_on (fd);
  close (fd);
  local_server_settle ();
  g_assert_cmpuint (disp_server_count_connections (server->server), ==, 0);
  g_strv_builder_unref (visit.statuses);
  g_string_free (visit.received, TRUE);
}

static void
check_good (LocalServer *server)
{
  int fd = local_server_connect (server);

  check_goes_on (fd);
  close (fd);
  local_server_settle ();
}

/* Returns the places where a case is cut. */
static GArray *
find_places (gsize length)
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (gsize));

  for (gsize place = 1; place < length; place++)
    if (place <= MAX_END || place >= length - MIN (length, MAX_END) || place % STEP == 0)
      g_array_append_val (places, place);
  return places;
}

static void
test_case (gconstpointer data)
{
  const HttpCase *http_case = data;
  g_autoptr (LocalServer) server = local_server_new ();
  g_autoptr (GArray) places = find_places (http_case->sent->len);

  check_cut (server, http_case, NULL, 0);
  check_good (server);
  check_cut (server, http_case, (const gsize *) (gpointer) places->data, places->len);
  check_good (server);
  for (guint i = 0; i < places->len; i++)
    check_cut (server, http_case, &g_array_index (places, gsize, i), 1);
  check_good (server);
  if (server->bodies->len > 0)
    g_assert_null (memmem (server->bodies->data, server->bodies->len, "hidden", strlen ("hidden")));
}

int
main (int argc, char *argv[])
{
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) cases = NULL;

  g_test_init (&argc, &argv, NULL);
  path = g_test_build_filename (G_TEST_DIST, "http", "cases.txt", NULL);
  cases = case_table_read (path);
  g_assert_cmpuint (cases->len, >=, 250);
  for (guint i = 0; i < cases->len; i++)
    {
      const HttpCase *http_case = g_ptr_array_index (cases, i);
      g_autofree char *name = g_strdup_printf ("/front/http-cases/%s", http_case->name);

      g_test_add_data_func (name, http_case, test_case);
    }
  return g_test_run ();
}
