/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/task-returns.h"

#include "core/error.h"
#include "core/tsan.h"

#define N_CONTEXTS 3
#define N_TASKS 30

/* One context, and what came back on it. */
typedef struct
{
  GMainContext *context; /* (owned) */
  GArray *numbers;       /* (owned) (element-type guint) of the tasks, as they came back */
} Place;

typedef struct
{
  Place *place; /* (unowned) */
  guint number;
  gboolean fails;
} Expected;

typedef struct
{
  Place places[N_CONTEXTS];
  Expected expected[N_TASKS];
  GPtrArray *tasks; /* (owned) (element-type GTask) */
} Fixture;

static void
on_returned (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  const Expected *expected = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = g_task_propagate_boolean (G_TASK (result), &error);

  g_assert_cmpint (done, ==, !expected->fails);
  if (expected->fails)
    g_assert_error (error, DISP_ERROR, DISP_ERROR_STORE);
  g_assert_true (g_main_context_is_owner (expected->place->context));
  g_array_append_val (expected->place->numbers, expected->number);
}

static void
set_up (Fixture *fixture, gconstpointer fails)
{
  fixture->tasks = g_ptr_array_new ();
  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      fixture->places[i].context = g_main_context_new ();
      fixture->places[i].numbers = g_array_new (FALSE, FALSE, sizeof (guint));
    }
  for (guint i = 0; i < N_TASKS; i++)
    {
      Place *place = &fixture->places[i % N_CONTEXTS];

      fixture->expected[i] = (Expected){ place, i, fails != NULL };
      g_main_context_push_thread_default (place->context);
      g_ptr_array_add (fixture->tasks, g_task_new (NULL, NULL, on_returned, &fixture->expected[i]));
      g_main_context_pop_thread_default (place->context);
    }
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer fails)
{
  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      g_main_context_unref (fixture->places[i].context);
      g_array_unref (fixture->places[i].numbers);
    }
  g_ptr_array_unref (fixture->tasks);
}

static gpointer
return_all (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = g_error_new_literal (DISP_ERROR, DISP_ERROR_STORE, "no");

  DISP_TSAN_ACQUIRE (fixture);
  disp_tasks_return (fixture->tasks, fixture->expected[0].fails ? error : NULL);
  return NULL;
}

/* Each comes back on its context, in its order, by one turn of that. */
static void
test_contexts (Fixture *fixture, G_GNUC_UNUSED gconstpointer fails)
{
  DISP_TSAN_RELEASE (fixture);
  g_thread_join (g_thread_new ("returner", return_all, fixture));
  g_assert_cmpuint (fixture->tasks->len, ==, 0);
  for (guint i = 0; i < N_CONTEXTS; i++)
    {
      const Place *place = &fixture->places[i];

      g_assert_cmpuint (place->numbers->len, ==, 0);
      g_assert_true (g_main_context_iteration (place->context, FALSE));
      g_assert_cmpuint (place->numbers->len, ==, N_TASKS / N_CONTEXTS);
      for (guint j = 0; j < place->numbers->len; j++)
        g_assert_cmpuint (g_array_index (place->numbers, guint, j), ==, i + j * N_CONTEXTS);
      g_assert_false (g_main_context_iteration (place->context, FALSE));
    }
}

static void
test_none (void)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();

  disp_tasks_return (tasks, NULL);
  g_assert_cmpuint (tasks->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/records/task-returns/done", Fixture, NULL, set_up, test_contexts, tear_down);
  g_test_add ("/records/task-returns/failed", Fixture, "fails", set_up, test_contexts, tear_down);
  g_test_add_func ("/records/task-returns/none", test_none);
  return g_test_run ();
}
