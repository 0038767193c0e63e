/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/fake-remote.h"

#include "core/tsan.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define NOT_DISLIKED G_MAXUINT

/* A Requests Store on loopback that keeps a list, and fails as it is told to. */
struct _FakeRemote
{
  ScriptedServer *server; /* (owned) */
  char *url;              /* (owned) with more slashes than it needs */
  char *address;          /* (owned) where posts arrive */
  GMutex lock;
  GCond changed;
  const RemoteStep *steps; /* (locked-by lock) ordered; the first is from 0 */
  guint n_steps;           /* (locked-by lock) */
  guint disliked;          /* (locked-by lock) the record that always gets */
  guint dislike;           /* (locked-by lock) this status */
  gboolean hold;           /* (locked-by lock) answers wait */
  guint n_posts;           /* (locked-by lock) */
  guint n_at_once;         /* (locked-by lock) posts that have come and not been answered */
  guint most_at_once;      /* (locked-by lock) */
  GHashTable *open_ids;    /* (owned) (element-type utf8) (locked-by lock) of these */
  GPtrArray *accepted; /* (owned) (element-type utf8) (locked-by lock) "number:state", in order */
};

static const RemoteStep well[] = { { 0, 200, SCRIPTED_KEEP, NULL } };

static void
lock (FakeRemote *self)
{
  g_mutex_lock (&self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
}

static void
unlock (FakeRemote *self)
{
  DISP_TSAN_RELEASE (&self->lock);
  g_mutex_unlock (&self->lock);
}

static void
wait_for_change (FakeRemote *self)
{
  DISP_TSAN_RELEASE (&self->lock);
  g_cond_wait (&self->changed, &self->lock);
  DISP_TSAN_ACQUIRE (&self->lock);
}

/* Wakes the test too, which may run a main loop. */
static void
tell (FakeRemote *self)
{
  g_cond_broadcast (&self->changed);
  g_main_context_wakeup (NULL);
}

/* Checks that a post is one record, and tells which. */
static guint
read_post (const ScriptedRequest *request, int *state)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *body = g_bytes_get_data (request->body, &length);
  g_autofree char *text = g_strndup (body, length);
  char *nan = strstr (text, "NaN");
  JsonObject *object;

  g_assert_true (g_str_has_prefix (request->head, "POST /base/requests HTTP/1.1\r\n"));
  g_assert_nonnull (strstr (request->head, "\r\nContent-Type: application/json\r\n"));
  /* The instances are the client's bytes, which may be more than JSON has. */
  g_assert_nonnull (nan);
  memcpy (nan, "0.0", 3);
  json_parser_load_from_data (parser, text, (gssize) length, &error);
  g_assert_no_error (error);
  object = json_node_get_object (json_parser_get_root (parser));
  g_assert_cmpstr (json_object_get_string_member (object, "model"), ==, "half_plus_two");
  g_assert_cmpstr (json_object_get_string_member (object, "request_id"), ==, "of-the-client");
  *state = (int) json_object_get_int_member (object, "state");
  return (guint) g_ascii_strtoull (json_object_get_string_member (object, "id"), NULL, 16);
}

/* With the lock held: a post begins.  Of one id there is never more than one at once. */
static const RemoteStep *
begin (FakeRemote *self, guint number)
{
  const RemoteStep *step = self->steps;

  for (guint i = 1; i < self->n_steps && self->steps[i].from <= self->n_posts; i++)
    step = &self->steps[i];
  self->n_posts++;
  self->n_at_once++;
  self->most_at_once = MAX (self->most_at_once, self->n_at_once);
  if (!g_hash_table_add (self->open_ids, GUINT_TO_POINTER (number)))
    g_test_fail_printf ("record %u was posted while it was being posted", number);
  tell (self);
  while (self->hold)
    wait_for_change (self);
  g_hash_table_remove (self->open_ids, GUINT_TO_POINTER (number));
  self->n_at_once--;
  return step;
}

static ScriptedAction
answer_post (const ScriptedRequest *request, GString *answer, gpointer user_data)
{
  FakeRemote *self = user_data;
  const RemoteStep *step;
  guint number;
  guint status;
  int state;

  number = read_post (request, &state);
  lock (self);
  step = begin (self, number);
  status = number == self->disliked ? self->dislike : step->status;
  if (status >= 200 && status < 300)
    g_ptr_array_add (self->accepted, g_strdup_printf ("%u:%d", number, state));
  tell (self);
  unlock (self);
  if (status != 0)
    {
      g_string_append_printf (answer, "HTTP/1.1 %u Scripted\r\nContent-Length: 15\r\n%s\r\n",
                              status, step->fields != NULL ? step->fields : "");
      g_string_append (answer, "{\"an\":\"answer\"}");
    }
  return step->action;
}

/**
 * fake_remote_new:
 *
 * Returns: (transfer full): a Requests Store that accepts everything
 */
FakeRemote *
fake_remote_new (void)
{
  FakeRemote *self = g_new0 (FakeRemote, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->steps = well;
  self->n_steps = G_N_ELEMENTS (well);
  self->disliked = NOT_DISLIKED;
  self->open_ids = g_hash_table_new (NULL, NULL);
  self->accepted = g_ptr_array_new_with_free_func (g_free);
  self->server = scripted_server_new (answer_post, self);
  self->url = g_strdup_printf ("http://127.0.0.1:%u/base/",
                               scripted_server_get_port (self->server));
  self->address = g_strconcat (self->url, "requests", NULL);
  return self;
}

/**
 * fake_remote_free:
 * @self: (transfer full): the remote
 *
 * Closes its port and every connection.
 */
void
fake_remote_free (FakeRemote *self)
{
  fake_remote_hold (self, FALSE);
  scripted_server_free (self->server);
  g_hash_table_unref (self->open_ids);
  g_ptr_array_unref (self->accepted);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self->address);
  g_free (self->url);
  g_free (self);
}

/**
 * fake_remote_get_url:
 * @self: the remote
 *
 * Returns: (transfer none): its address as an operator may write it
 */
const char *
fake_remote_get_url (FakeRemote *self)
{
  return self->url;
}

/**
 * fake_remote_get_address:
 * @self: the remote
 *
 * Returns: (transfer none): where it takes posts
 */
const char *
fake_remote_get_address (FakeRemote *self)
{
  return self->address;
}

/**
 * fake_remote_set_steps:
 * @self: the remote
 * @steps: (array length=n_steps): what it does from now on; stays the caller's
 * @n_steps: how many
 */
void
fake_remote_set_steps (FakeRemote *self, const RemoteStep *steps, guint n_steps)
{
  lock (self);
  self->steps = steps;
  self->n_steps = n_steps;
  unlock (self);
}

/**
 * fake_remote_dislike:
 * @self: the remote
 * @number: the number of a record
 * @status: the status that it gets, whatever the steps say
 */
void
fake_remote_dislike (FakeRemote *self, guint number, guint status)
{
  lock (self);
  self->disliked = number;
  self->dislike = status;
  unlock (self);
}

/**
 * fake_remote_hold:
 * @self: the remote
 * @hold: whether it holds answers back, from now on
 */
void
fake_remote_hold (FakeRemote *self, gboolean hold)
{
  lock (self);
  self->hold = hold;
  tell (self);
  unlock (self);
}

/**
 * fake_remote_wait_for_posts:
 * @self: the remote
 * @n: a number
 *
 * Waits until so many posts have come in all.
 */
void
fake_remote_wait_for_posts (FakeRemote *self, guint n)
{
  lock (self);
  while (self->n_posts < n)
    wait_for_change (self);
  unlock (self);
}

/**
 * fake_remote_wait_for_accepted:
 * @self: the remote
 * @n: a number
 *
 * Waits until it has accepted so many posts in all.
 */
void
fake_remote_wait_for_accepted (FakeRemote *self, guint n)
{
  lock (self);
  while (self->accepted->len < n)
    wait_for_change (self);
  unlock (self);
}

static guint
read_number (FakeRemote *self, const guint *number)
{
  guint n;

  lock (self);
  n = *number;
  unlock (self);
  return n;
}

/**
 * fake_remote_count_posts:
 * @self: the remote
 *
 * Returns: how many posts have come
 */
guint
fake_remote_count_posts (FakeRemote *self)
{
  return read_number (self, &self->n_posts);
}

/**
 * fake_remote_count_accepted:
 * @self: the remote
 *
 * Returns: how many posts it has accepted
 */
guint
fake_remote_count_accepted (FakeRemote *self)
{
  return read_number (self, &self->accepted->len);
}

/**
 * fake_remote_count_connections:
 * @self: the remote
 *
 * Returns: how many connections have come
 */
guint
fake_remote_count_connections (FakeRemote *self)
{
  return scripted_server_count_connections (self->server);
}

/**
 * fake_remote_count_held:
 * @self: the remote
 *
 * Returns: how many posts it holds without an answer
 */
guint
fake_remote_count_held (FakeRemote *self)
{
  guint n;

  lock (self);
  n = self->hold ? self->n_at_once : 0;
  unlock (self);
  return n;
}

/**
 * fake_remote_get_most:
 * @self: the remote
 *
 * Returns: how many posts were there at once, at most
 */
guint
fake_remote_get_most (FakeRemote *self)
{
  return read_number (self, &self->most_at_once);
}

/**
 * fake_remote_check_accepted:
 * @self: the remote
 * @expected: what it has to have accepted, in this order: "0:0 0:2 1:0"
 */
void
fake_remote_check_accepted (FakeRemote *self, const char *expected)
{
  g_autofree char *found = NULL;

  lock (self);
  g_ptr_array_add (self->accepted, NULL);
  found = g_strjoinv (" ", (char **) self->accepted->pdata);
  g_ptr_array_remove_index (self->accepted, self->accepted->len - 1);
  unlock (self);
  g_assert_cmpstr (found, ==, expected);
}

/* Of each record from 0 to @n - 1 the states that were accepted, as digits. */
static GPtrArray *
collect_states (FakeRemote *self, guint n)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (found, g_strdup (""));
  lock (self);
  for (guint i = 0; i < self->accepted->len; i++)
    {
      char *end;
      guint64 number = g_ascii_strtoull (g_ptr_array_index (self->accepted, i), &end, 10);
      char *before;

      g_assert_cmpuint (number, <, n);
      before = g_ptr_array_index (found, number);
      g_ptr_array_index (found, number) = g_strconcat (before, end + 1, NULL);
      g_free (before);
    }
  unlock (self);
  return found;
}

/**
 * fake_remote_check_each_once:
 * @self: the remote
 * @n: a number
 * @states: digits
 *
 * Checks that of each record from 0 to @n - 1 it has accepted these states, in this order and once
 * each, and nothing else.
 */
void
fake_remote_check_each_once (FakeRemote *self, guint n, const char *states)
{
  g_autoptr (GPtrArray) found = collect_states (self, n);

  for (guint i = 0; i < n; i++)
    g_assert_cmpstr (g_ptr_array_index (found, i), ==, states);
}

/**
 * fake_remote_check_each_reached:
 * @self: the remote
 * @n: a number
 * @state: a digit
 *
 * Checks that of each record from 0 to @n - 1 it has accepted this state, perhaps more than once:
 * who gives a post up does not know whether it arrived, or when it will.
 */
void
fake_remote_check_each_reached (FakeRemote *self, guint n, char state)
{
  g_autoptr (GPtrArray) found = collect_states (self, n);

  for (guint i = 0; i < n; i++)
    if (strchr (g_ptr_array_index (found, i), state) == NULL)
      g_test_fail_printf ("record %u was accepted in the states %s", i,
                          (const char *) g_ptr_array_index (found, i));
}
