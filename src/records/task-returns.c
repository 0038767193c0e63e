/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/task-returns.h"

#include "core/tsan.h"

/* The tasks of one main context. */
typedef struct
{
  GPtrArray *tasks; /* (owned) (element-type GTask, owned) in their order */
  GError *error;    /* (owned) (nullable) */
} Returns;

static void
returns_free (gpointer data)
{
  Returns *self = data;

  g_ptr_array_unref (self->tasks);
  g_clear_error (&self->error);
  g_free (self);
}

/* Here a task calls its callback at once. */
static gboolean
return_tasks (gpointer user_data)
{
  const Returns *self = user_data;

  DISP_TSAN_ACQUIRE (self);
  for (guint i = 0; i < self->tasks->len; i++)
    if (self->error != NULL)
      g_task_return_error (g_ptr_array_index (self->tasks, i), g_error_copy (self->error));
    else
      g_task_return_boolean (g_ptr_array_index (self->tasks, i), TRUE);
  return G_SOURCE_REMOVE;
}

static Returns *
find_returns (GHashTable *contexts, GTask *task, const GError *error)
{
  Returns *returns = g_hash_table_lookup (contexts, g_task_get_context (task));

  if (returns == NULL)
    {
      returns = g_new0 (Returns, 1);
      returns->tasks = g_ptr_array_new_with_free_func (g_object_unref);
      returns->error = error != NULL ? g_error_copy (error) : NULL;
      g_hash_table_insert (contexts, g_task_get_context (task), returns);
    }
  return returns;
}

/**
 * disp_tasks_return:
 * @tasks: (element-type GTask): tasks of any contexts; each is handed over, and the array emptied
 * @error: (nullable): how they failed; %NULL = they return %TRUE
 *
 * Returns many tasks from another thread.  By itself each would wake its context, which costs more
 * than all the rest of it; here each context is woken once.  Those of one context return in their
 * order.
 */
void
disp_tasks_return (GPtrArray *tasks, const GError *error)
{
  g_autoptr (GHashTable) contexts = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer key;
  gpointer returns;

  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);

      g_ptr_array_add (find_returns (contexts, task, error)->tasks, task);
    }
  g_ptr_array_set_size (tasks, 0);

  g_hash_table_iter_init (&iter, contexts);
  while (g_hash_table_iter_next (&iter, &key, &returns))
    {
      /* Kept until the source is let go, which takes the lock of the context: the thread of that
       * may be done with both as soon as it has the source. */
      g_autoptr (GMainContext) context = g_main_context_ref (key);
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_static_name (source, "returns of many tasks");
      g_source_set_callback (source, return_tasks, returns, returns_free);
      DISP_TSAN_RELEASE (returns);
      g_source_attach (source, context);
    }
}
