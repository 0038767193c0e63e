/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/quota-change.h"

#include "core/error.h"
#include "support/fixtures.h"

#include <string.h>

/* A container of model "m" in version 1, with quota 100. */
static DispContainer *
container (const char *name, const char *id, const char *node, guint16 port)
{
  DispContainer *self = fixture_container (name, "m", 1, DISP_DEVICE_CPU, 100);

  g_free (self->id);
  self->id = g_strdup (id);
  g_free (self->node);
  self->node = g_strdup (node);
  fixture_container_set_port (self, port);
  return self;
}

static DispContainer *
entry (DispContainer *of, gint64 version, double quota)
{
  DispContainer *self = disp_container_copy (of, &(double){ quota }, FALSE);

  self->version = version;
  return self;
}

static DispFleet *
make_fleet (void)
{
  DispContainer *twice = container ("twice", NULL, "n", 5);
  DispContainer *torn = container ("torn", "t", "n", 6);

  return fixture_fleet (NULL, NULL, container ("cpu", "a", "n1", 1),
                        container ("cpu", "b", "n2", 1), container ("gpu", NULL, "n1", 2),
                        container ("gpu", NULL, "n2", 2), container ("half", "c", "n1", 3),
                        container ("half", NULL, "n2", 3), container ("one", "same", "n1", 4),
                        container ("other", "same", "n2", 4), container ("many", "d", "n", 11),
                        container ("many", "e", "n", 12), container ("many", "f", "n", 13),
                        container ("many", "g", "n", 14), twice, entry (twice, 2, 100), torn,
                        entry (torn, 2, 0.5), container ("moved", "h", "n", 7),
                        container ("moved", "h", "n", 8), container ("port", NULL, "n", 9),
                        container ("port", NULL, "n", 10), NULL);
}

/* Who is named, and which entry that is. */
static const struct
{
  const char *id;   /* (nullable) */
  const char *name; /* (nullable) */
  guint index;
} found_cases[] = {
  { "a", NULL, 0 },      { "b", NULL, 1 },      { "b", "cpu", 1 },
  { NULL, "twice", 12 }, { "same", "one", 6 },  { "same", "other", 7 },
  { "h", NULL, 16 },     { NULL, "moved", 16 }, { "c", "half", 4 },
};

static void
test_found (void)
{
  g_autoptr (DispFleet) fleet = make_fleet ();
  guint n_containers;
  DispContainer *const *containers = disp_fleet_get_containers (fleet, &n_containers);

  for (guint i = 0; i < G_N_ELEMENTS (found_cases); i++)
    {
      const DispQuotaChange change = { (char *) found_cases[i].id, (char *) found_cases[i].name, 1,
                                       NULL };
      g_autoptr (GError) error = NULL;
      const DispContainer *found = disp_quota_change_find (&change, fleet, &error);

      g_assert_no_error (error);
      g_assert_true (found == containers[found_cases[i].index]);
    }
}

/* Who is named, and what is said of it. */
static const struct
{
  const char *id;   /* (nullable) */
  const char *name; /* (nullable) */
  DispError code;
  const char *message;
} refused_cases[] = {
  { "z", NULL, DISP_ERROR_UNKNOWN_CONTAINER,
    "the fleet has no container with the container_id \"z\"" },
  { NULL, "z", DISP_ERROR_UNKNOWN_CONTAINER, "the fleet has no container \"z\"" },
  { "a", "gpu", DISP_ERROR_UNKNOWN_CONTAINER,
    "the fleet has no container \"gpu\" with the container_id \"a\"" },
  { NULL, "cpu", DISP_ERROR_INVALID_VALUE,
    "\"container\" names several containers (\"cpu\" at http://n1:1 with the container_id \"a\", "
    "\"cpu\" at http://n2:1 with the container_id \"b\"), expected \"container_id\"" },
  { NULL, "gpu", DISP_ERROR_INVALID_VALUE,
    "\"gpu\" at http://n2:2 with no container_id), expected \"container_id\", which the fleet has "
    "to give each of them" },
  { NULL, "half", DISP_ERROR_INVALID_VALUE, "which the fleet has to give each of them" },
  { NULL, "port", DISP_ERROR_INVALID_VALUE, "which the fleet has to give each of them" },
  { "same", NULL, DISP_ERROR_INVALID_VALUE, "expected \"container\" as well" },
  { NULL, "many", DISP_ERROR_INVALID_VALUE,
    "\"many\" at http://n:13 with the container_id \"f\", …), expected \"container_id\"" },
  { NULL, "torn", DISP_ERROR_INVALID_VALUE,
    "the fleet has container \"torn\" with the quotas 100 and 0.5" },
};

static void
test_refused (void)
{
  g_autoptr (DispFleet) fleet = make_fleet ();

  for (guint i = 0; i < G_N_ELEMENTS (refused_cases); i++)
    {
      const DispQuotaChange change = { (char *) refused_cases[i].id, (char *) refused_cases[i].name,
                                       1, NULL };
      g_autoptr (GError) error = NULL;

      g_assert_null (disp_quota_change_find (&change, fleet, &error));
      g_assert_error (error, DISP_ERROR, (int) refused_cases[i].code);
      if (strstr (error->message, refused_cases[i].message) == NULL)
        g_error ("\"%s\" does not say \"%s\"", error->message, refused_cases[i].message);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/quota-change/found", test_found);
  g_test_add_func ("/core/quota-change/refused", test_refused);
  return g_test_run ();
}
