/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records/outbox.h"

#include <string.h>

#define COALESCES GINT_TO_POINTER (TRUE)

typedef struct
{
  DispOutbox *outbox;
  gint64 seq; /* of the last letter */
  gint64 now;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->outbox = disp_outbox_new (data == COALESCES);
  fixture->now = 1000;
}

static void
tear_down (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  disp_outbox_free (fixture->outbox);
}

/* Adds letters, as "id:state". */
static void
add (Fixture *fixture, const char *letters)
{
  g_auto (GStrv) words = g_strsplit (letters, " ", -1);

  for (char **word = words; *word != NULL; word++)
    {
      g_auto (GStrv) parts = g_strsplit (*word, ":", 2);

      disp_outbox_add (fixture->outbox,
                       disp_letter_new (++fixture->seq, parts[0],
                                        (DispRecordState) g_ascii_digit_value (*parts[1])));
    }
}

/* Takes a parcel, and checks that it is posted as @expected and stands for @n letters. */
static DispParcel *
take (Fixture *fixture, const char *expected, guint n)
{
  DispParcel *parcel = disp_outbox_take (fixture->outbox, fixture->now, FALSE);
  g_autofree char *found = NULL;

  g_assert_nonnull (parcel);
  found = g_strdup_printf ("%s:%d", parcel->posted->id, (int) parcel->posted->state);
  g_assert_cmpstr (found, ==, expected);
  g_assert_cmpuint (parcel->letters->len, ==, n);
  return parcel;
}

static void
check_none (Fixture *fixture)
{
  g_assert_null (disp_outbox_take (fixture->outbox, fixture->now, FALSE));
}

static void
settle (Fixture *fixture, DispParcel *parcel)
{
  g_ptr_array_unref (disp_outbox_settle (fixture->outbox, parcel));
}

static void
test_in_order (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_assert_cmpint (disp_outbox_get_time (fixture->outbox), ==, G_MAXINT64);
  check_none (fixture);
  add (fixture, "a:0 b:0 c:0");
  g_assert_cmpint (disp_outbox_get_time (fixture->outbox), ==, 0);
  g_assert_cmpuint (disp_outbox_count (fixture->outbox), ==, 3);
  settle (fixture, take (fixture, "a:0", 1));
  settle (fixture, take (fixture, "b:0", 1));
  settle (fixture, take (fixture, "c:0", 1));
  check_none (fixture);
  g_assert_cmpuint (disp_outbox_count (fixture->outbox), ==, 0);
}

/* Of one id nothing else goes while something of it is on its way. */
static void
test_one_of_an_id (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispParcel *created;

  add (fixture, "a:0 b:0 a:2");
  created = take (fixture, "a:0", 1);
  settle (fixture, take (fixture, "b:0", 1));
  check_none (fixture);
  g_assert_cmpint (disp_outbox_get_time (fixture->outbox), ==, G_MAXINT64);
  g_assert_cmpuint (disp_outbox_count (fixture->outbox), ==, 2);
  settle (fixture, created);
  g_assert_cmpint (disp_outbox_get_time (fixture->outbox), ==, 0);
  settle (fixture, take (fixture, "a:2", 1));
  check_none (fixture);
}

/* What is left of an id goes before what came later. */
static void
test_rest_first (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  add (fixture, "a:0 a:2 b:0 c:0");
  settle (fixture, take (fixture, "a:0", 1));
  settle (fixture, take (fixture, "a:2", 1));
  settle (fixture, take (fixture, "b:0", 1));
  settle (fixture, take (fixture, "c:0", 1));
}

static void
test_coalesces (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispParcel *parcel;

  add (fixture, "a:0 b:0 a:1 a:2 c:0");
  settle (fixture, take (fixture, "a:2", 3));
  parcel = take (fixture, "b:0", 1);
  /* Too late: the first is on its way. */
  add (fixture, "b:2 c:3");
  settle (fixture, take (fixture, "c:3", 2));
  check_none (fixture);
  settle (fixture, parcel);
  settle (fixture, take (fixture, "b:2", 1));
  g_assert_cmpuint (disp_outbox_count (fixture->outbox), ==, 0);
}

/* What came back and what came meanwhile wait together. */
/* It counts from the next parcel on. */
static void
test_coalesces_from_now (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  add (fixture, "a:0 a:2 b:0 b:2");
  disp_outbox_set_coalesces (fixture->outbox, FALSE);
  settle (fixture, take (fixture, "a:0", 1));
  settle (fixture, take (fixture, "a:2", 1));
  disp_outbox_set_coalesces (fixture->outbox, TRUE);
  settle (fixture, take (fixture, "b:2", 2));
  check_none (fixture);
}

static void
test_coalesces_after_failure (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispParcel *parcel;

  add (fixture, "a:0");
  parcel = take (fixture, "a:0", 1);
  add (fixture, "a:2");
  parcel->n_failures = 5;
  disp_outbox_give_back (fixture->outbox, parcel, 0);
  parcel = take (fixture, "a:2", 2);
  /* The failures were those of another record. */
  g_assert_cmpuint (parcel->n_failures, ==, 0);
  settle (fixture, parcel);
}

/* A state never goes backwards. */
static void
test_coalesces_backwards (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  add (fixture, "a:2 a:0");
  settle (fixture, take (fixture, "a:2", 2));
}

/* It keeps its place before its successor, its id goes behind the others, and it is remembered what
 * became of it. */
static void
test_given_back (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispParcel *parcel;

  add (fixture, "a:0 a:2 b:0");
  parcel = take (fixture, "a:0", 1);
  parcel->n_failures = 3;
  parcel->n_refusals = 1;
  disp_outbox_give_back (fixture->outbox, parcel, 0);
  settle (fixture, take (fixture, "b:0", 1));
  parcel = take (fixture, "a:0", 1);
  g_assert_cmpuint (parcel->n_failures, ==, 3);
  g_assert_cmpuint (parcel->n_refusals, ==, 1);
  settle (fixture, parcel);
  parcel = take (fixture, "a:2", 1);
  g_assert_cmpuint (parcel->n_failures, ==, 0);
  g_assert_cmpuint (parcel->n_refusals, ==, 0);
  settle (fixture, parcel);
}

static void
give_back_at (Fixture *fixture, const char *expected, gint64 at)
{
  disp_outbox_give_back (fixture->outbox, take (fixture, expected, 1), at);
}

static void
test_waits (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  add (fixture, "a:0 b:0 c:0 d:0");
  give_back_at (fixture, "a:0", 3000);
  give_back_at (fixture, "b:0", 2000);
  give_back_at (fixture, "c:0", 4000);
  g_assert_cmpint (disp_outbox_get_time (fixture->outbox), ==, 0);
  settle (fixture, take (fixture, "d:0", 1));
  g_assert_cmpint (disp_outbox_get_time (fixture->outbox), ==, 2000);
  check_none (fixture);
  /* What comes for it waits with it. */
  add (fixture, "b:2");
  check_none (fixture);
  fixture->now = 1999;
  check_none (fixture);
  fixture->now = 3000;
  settle (fixture, take (fixture, "b:0", 1));
  settle (fixture, take (fixture, "b:2", 1));
  settle (fixture, take (fixture, "a:0", 1));
  check_none (fixture);
  g_assert_cmpint (disp_outbox_get_time (fixture->outbox), ==, 4000);
}

/* A probe needs something to carry. */
static void
test_early (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispParcel *parcel;

  add (fixture, "a:0 b:0 c:0");
  give_back_at (fixture, "a:0", 3000);
  give_back_at (fixture, "b:0", 2000);
  parcel = disp_outbox_take (fixture->outbox, fixture->now, TRUE);
  g_assert_cmpstr (parcel->posted->id, ==, "c");
  settle (fixture, parcel);
  parcel = disp_outbox_take (fixture->outbox, fixture->now, TRUE);
  g_assert_cmpstr (parcel->posted->id, ==, "b");
  disp_outbox_give_back (fixture->outbox, parcel, 5000);
  parcel = disp_outbox_take (fixture->outbox, fixture->now, TRUE);
  g_assert_cmpstr (parcel->posted->id, ==, "a");
  settle (fixture, parcel);
}

/* At the end what failed need not wait, but what was refused does. */
static void
test_hurry (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  DispParcel *refused;

  add (fixture, "a:0 b:0 c:0");
  give_back_at (fixture, "a:0", 3000);
  refused = take (fixture, "b:0", 1);
  refused->n_refusals = 1;
  disp_outbox_give_back (fixture->outbox, refused, 2000);
  give_back_at (fixture, "c:0", 4000);
  disp_outbox_hurry (fixture->outbox);
  settle (fixture, take (fixture, "a:0", 1));
  settle (fixture, take (fixture, "c:0", 1));
  check_none (fixture);
  g_assert_cmpint (disp_outbox_get_time (fixture->outbox), ==, 2000);
}

/* Whatever the order of things, the letters of an id leave in order, each once. */
static void
test_at_random (Fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
  g_autoptr (GPtrArray) taken = g_ptr_array_new ();
  gint64 last[10] = { 0 };
  guint n = 0;

  for (guint i = 0; i < 20000 || n > 0; i++)
    {
      DispParcel *parcel;

      if (i < 10000)
        {
          g_autofree char *letter = g_strdup_printf ("%d:%d", g_test_rand_int_range (0, 10),
                                                     g_test_rand_int_range (0, 4));

          add (fixture, letter);
          n++;
        }
      fixture->now += 10;
      if (taken->len < 3
          && (parcel = disp_outbox_take (fixture->outbox, fixture->now, FALSE)) != NULL)
        g_ptr_array_add (taken, parcel);
      g_assert_cmpuint (disp_outbox_count (fixture->outbox), ==, n);
      if (taken->len == 0 || g_test_rand_bit ())
        continue;
      parcel = g_ptr_array_steal_index_fast (
          taken, (guint) g_test_rand_int_range (0, (gint32) taken->len));
      if (g_test_rand_int_range (0, 3) == 0)
        disp_outbox_give_back (fixture->outbox, parcel,
                               g_test_rand_bit () ? 0 : fixture->now + 100);
      else
        {
          g_autoptr (GPtrArray) letters = disp_outbox_settle (fixture->outbox, parcel);

          for (guint j = 0; j < letters->len; j++, n--)
            {
              const DispLetter *letter = g_ptr_array_index (letters, j);
              gint64 *before = &last[g_ascii_strtoull (letter->id, NULL, 10)];

              g_assert_cmpint (letter->seq, >, *before);
              *before = letter->seq;
            }
        }
    }
  g_assert_cmpuint (disp_outbox_count (fixture->outbox), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, data, test)                                                                      \
  g_test_add ("/records/outbox/" name, Fixture, data, set_up, test, tear_down)
  ADD ("in-order", NULL, test_in_order);
  ADD ("one-of-an-id", NULL, test_one_of_an_id);
  ADD ("rest-first", NULL, test_rest_first);
  ADD ("coalesces", COALESCES, test_coalesces);
  ADD ("coalesces/from-now", COALESCES, test_coalesces_from_now);
  ADD ("coalesces/after-failure", COALESCES, test_coalesces_after_failure);
  ADD ("coalesces/backwards", COALESCES, test_coalesces_backwards);
  ADD ("given-back", NULL, test_given_back);
  ADD ("waits", NULL, test_waits);
  ADD ("early", NULL, test_early);
  ADD ("hurry", NULL, test_hurry);
  ADD ("at-random", NULL, test_at_random);
  ADD ("at-random/coalesces", COALESCES, test_at_random);
#undef ADD
  return g_test_run ();
}
