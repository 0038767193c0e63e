/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/commands.h"

#include "client/format.h"
#include "client/properties.h"
#include "client/snapshot.h"

#include <glib/gi18n.h>
#include <string.h>

/* What is said of a model, and of each of its containers. */
typedef struct
{
  const char *model;      /* (unowned) */
  char *policy;           /* (owned) */
  GPtrArray *containers;  /* (owned) (element-type GVariant, owned) by version and name */
  DispSnapshot *snapshot; /* (owned) */
} Explanation;

static void
explanation_clear (Explanation *self)
{
  g_free (self->policy);
  g_clear_pointer (&self->containers, g_ptr_array_unref);
  g_clear_pointer (&self->snapshot, disp_snapshot_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Explanation, explanation_clear)

/* Where several have one name, the one by which it is told apart. */
static const char *
name_of (const Explanation *self, GVariant *container)
{
  const char *name = disp_snapshot_get_name (self->snapshot,
                                             disp_properties_string (container, "path"));

  return name != NULL ? name : disp_properties_string (container, "container");
}

static int
compare (gconstpointer a, gconstpointer b)
{
  GVariant *first = *(GVariant *const *) a;
  GVariant *second = *(GVariant *const *) b;
  gint64 first_version = disp_properties_int (first, "version");
  gint64 second_version = disp_properties_int (second, "version");

  /* The highest is what a request without a version asks for; one that serves all stays last. */
  if (first_version != second_version)
    return first_version > second_version ? -1 : 1;
  return strcmp (disp_properties_string (first, "container"),
                 disp_properties_string (second, "container"));
}

static gboolean
ask (Explanation *self, const DispInvocation *invocation, GError **error)
{
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) entries = NULL;
  GVariantIter iter;
  GVariant *entry;

  self->model = invocation->arguments[0];
  self->snapshot = disp_snapshot_take (invocation->daemon, error);
  if (self->snapshot == NULL
      || disp_snapshot_find_model (self->snapshot, self->model, error) == NULL)
    return FALSE;
  answer = disp_daemon_call (invocation->daemon, DISP_DAEMON_PATH, DISP_DAEMON_NAME, "Explain",
                             g_variant_new ("(s)", self->model), "(saa{sv})", error);
  if (answer == NULL)
    return FALSE;
  g_variant_get (answer, "(s@aa{sv})", &self->policy, &entries);
  self->containers = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  g_variant_iter_init (&iter, entries);
  while ((entry = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_variant_get_data (entry);
      g_ptr_array_add (self->containers, entry);
    }
  g_ptr_array_sort (self->containers, compare);
  return TRUE;
}

static void
write_container (DispJsonWriter *writer, const Explanation *self, GVariant *container)
{
  const char *reason = disp_properties_string (container, "reason");

  disp_json_writer_begin_object (writer, NULL);
  disp_json_writer_string (writer, "container", name_of (self, container));
  disp_json_writer_int (writer, "version", disp_properties_int (container, "version"));
  disp_json_writer_boolean (writer, "eligible", disp_properties_boolean (container, "eligible"));
  disp_json_writer_string (writer, "reason", *reason != '\0' ? reason : NULL);
  disp_json_writer_string (writer, "health", disp_properties_string (container, "health"));
  disp_json_writer_double (writer, "quota", disp_properties_double (container, "quota"));
  disp_json_writer_int (writer, "in_flight",
                        (gint64) disp_properties_count (container, "in-flight"));
  disp_json_writer_int (writer, "capacity", (gint64) disp_properties_count (container, "capacity"));
  disp_json_writer_int (writer, "waiting", (gint64) disp_properties_count (container, "waiting"));
  disp_json_writer_double (writer, "load", disp_properties_double (container, "load"));
  disp_format_write_latency (writer, "expected", disp_properties_count (container, "expected"));
  disp_format_write_latency (writer, "target", disp_properties_count (container, "target"));
  disp_format_write_latency (writer, "latency", disp_properties_count (container, "latency"));
  disp_json_writer_double (writer, "chance", disp_properties_double (container, "chance"));
  disp_json_writer_boolean (writer, "next", disp_properties_boolean (container, "next"));
  disp_json_writer_end_object (writer);
}

static void
print_json (const Explanation *self)
{
  g_auto (DispJsonWriter) writer = { 0 };

  disp_json_writer_init (&writer);
  disp_json_writer_begin_object (&writer, NULL);
  disp_json_writer_string (&writer, "model", self->model);
  disp_json_writer_string (&writer, "policy", self->policy);
  disp_json_writer_begin_array (&writer, "containers");
  for (guint i = 0; i < self->containers->len; i++)
    write_container (&writer, self, self->containers->pdata[i]);
  disp_json_writer_end_array (&writer);
  disp_json_writer_end_object (&writer);
  disp_invocation_print_json (&writer);
}

static const char *
reason_of (GVariant *container)
{
  static const struct
  {
    const char *reason;
    const char *text;
  } reasons[] = {
    { "", N_ ("yes") },
    { "inactive", N_ ("no: it is not active") },
    { "no-quota", N_ ("no: its quota is 0") },
    { "drained", N_ ("no: it is drained") },
    { "busy", N_ ("not now: it is busy") },
    { "ejected", N_ ("not now: it failed too often") },
    { "probing", N_ ("not now: it is being tried") },
    { "unavailable", N_ ("not now: it does not serve") },
  };
  const char *reason = disp_properties_string (container, "reason");

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (g_str_equal (reason, reasons[i].reason))
      return _ (reasons[i].text);
  return disp_properties_string (container, "explanation");
}

static void
add_container (DispTable *table, const Explanation *self, GVariant *container)
{
  gboolean is_used = *disp_properties_string (container, "reason") == '\0';
  gint64 version = disp_properties_int (container, "version");

  disp_table_add_styled (table, is_used ? DISP_STYLE_PLAIN : DISP_STYLE_FAINT,
                         name_of (self, container));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   version > 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, version)
                               : g_strdup (C_ ("a version", "any")));
  disp_table_add_styled (table, is_used ? DISP_STYLE_GOOD : DISP_STYLE_POOR, reason_of (container));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_number (disp_properties_double (container, "quota")));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_count (disp_properties_count (container, "in-flight")));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_count (disp_properties_count (container, "capacity")));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_latency (disp_properties_count (container, "latency")));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_latency (disp_properties_count (container, "expected")));
  disp_table_take (table, DISP_STYLE_PLAIN,
                   disp_format_percent (disp_properties_double (container, "chance")));
}

static void
print_table (const DispInvocation *invocation, const Explanation *self)
{
  const DispColumn columns[] = {
    { _ ("CONTAINER"), FALSE, 0 }, { _ ("VERSION"), TRUE, 0 },   { _ ("ELIGIBLE"), FALSE, 0 },
    { _ ("QUOTA"), TRUE, 0 },      { _ ("IN FLIGHT"), TRUE, 0 }, { _ ("CAPACITY"), TRUE, 0 },
    { _ ("LATENCY"), TRUE, 0 },    { _ ("EXPECTED"), TRUE, 0 },  { _ ("CHANCE"), TRUE, 0 },
  };
  g_autoptr (DispTable) table = disp_table_new (columns, G_N_ELEMENTS (columns));

  for (guint i = 0; i < self->containers->len; i++)
    add_container (table, self, self->containers->pdata[i]);
  if (self->containers->len > 0)
    disp_invocation_print_table (invocation, table);
}

/* The container with the best chance of those of the version that is asked for by default. */
static GVariant *
find_likeliest (const Explanation *self, guint *n_possible)
{
  GVariant *best = NULL;
  gint64 version = 0;

  *n_possible = 0;
  for (guint i = 0; i < self->containers->len; i++)
    {
      GVariant *container = self->containers->pdata[i];
      double chance = disp_properties_double (container, "chance");

      if (chance <= 0)
        continue;
      if (best == NULL)
        version = disp_properties_int (container, "version");
      else if (disp_properties_int (container, "version") != version)
        continue;
      ++*n_possible;
      if (best == NULL || chance > disp_properties_double (best, "chance"))
        best = container;
    }
  return best;
}

static void
print_sentence (const Explanation *self)
{
  guint n_possible;
  GVariant *best = find_likeliest (self, &n_possible);
  g_autofree char *chance = NULL;

  if (best == NULL)
    {
      g_print (_ ("No container may be used for %s now: its next request would be answered with "
                  "503.\n"),
               self->model);
      return;
    }
  chance = disp_format_percent (disp_properties_double (best, "chance"));
  if (n_possible == 1)
    g_print (_ ("With the policy %s the next request for %s goes to %s.\n"), self->policy,
             self->model, name_of (self, best));
  else
    g_print (
        ngettext ("With the policy %s the next request for %s goes to %u container, %s (%s).\n",
                  "With the policy %s the next request for %s goes to one of %u containers, "
                  "such as %s (%s).\n",
                  n_possible),
        self->policy, self->model, n_possible, name_of (self, best), chance);
}

gboolean
disp_command_explain (DispInvocation *self, GError **error)
{
  g_auto (Explanation) explanation = { 0 };

  if (!ask (&explanation, self, error))
    return FALSE;
  if (self->flags.json)
    {
      print_json (&explanation);
      return TRUE;
    }
  print_table (self, &explanation);
  if (explanation.containers->len > 0)
    g_print ("\n");
  print_sentence (&explanation);
  return TRUE;
}
