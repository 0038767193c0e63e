/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/record-query.h"

#include "core/error.h"

/* A query, and the filter that it asks for. */
typedef struct
{
  const char *query; /* (nullable) */
  const char *node;  /* (nullable) of the path */
  DispRecordFilter filter;
} AcceptCase;

#define FILTER(...)                                                                                \
  {                                                                                                \
    .state = DISP_ANY_STATE, .limit = -1, __VA_ARGS__                                              \
  }

static const AcceptCase accept_cases[] = {
  { NULL, NULL, { .state = DISP_ANY_STATE, .limit = -1 } },
  { "", NULL, { .state = DISP_ANY_STATE, .limit = -1 } },
  { NULL, "n", FILTER (.node = (char *) "n") },
  { "last=7", NULL, { .state = DISP_ANY_STATE, .limit = -1, .last = 7 } },
  { "limit=0", NULL, { .state = DISP_ANY_STATE, .limit = 0 } },
  { "limit=0100", NULL, { .state = DISP_ANY_STATE, .limit = 100 } },
  { "limit=9223372036854775807", NULL, { .state = DISP_ANY_STATE, .limit = G_MAXINT64 } },
  { "model=half_plus_two", NULL, FILTER (.model = (char *) "half_plus_two") },
  { "model=odd%20name%2F%c3%bc", NULL, FILTER (.model = (char *) "odd name/\303\274") },
  { "model=odd+name%2B", NULL, FILTER (.model = (char *) "odd name+") },
  { "model=a%26b%3Dc", NULL, FILTER (.model = (char *) "a&b=c") },
  { "model=a=b", NULL, FILTER (.model = (char *) "a=b") },
  { "m%6Fdel=m", NULL, FILTER (.model = (char *) "m") },
  { "node=10.0.0.5", NULL, FILTER (.node = (char *) "10.0.0.5") },
  { "container=c", "n", FILTER (.node = (char *) "n", .container = (char *) "c") },
  { "after=f707d11d-2d77-4d74-b334-b812eea3feaf", NULL,
    FILTER (.after = (char *) "f707d11d-2d77-4d74-b334-b812eea3feaf") },
  { "state=0", NULL, { .state = 0, .limit = -1 } },
  { "state=1", NULL, { .state = 1, .limit = -1 } },
  { "state=2", NULL, { .state = 2, .limit = -1 } },
  { "state=3", NULL, { .state = 3, .limit = -1 } },
  { "state=created", NULL, { .state = 0, .limit = -1 } },
  { "state=waiting", NULL, { .state = 1, .limit = -1 } },
  { "state=completed", NULL, { .state = 2, .limit = -1 } },
  { "state=error", NULL, { .state = 3, .limit = -1 } },
  { "state=error&limit=5&after=a&model=m&node=n&container=c",
    NULL,
    { (char *) "m", (char *) "n", (char *) "c", 3, (char *) "a", 5, 0, FALSE } },
};

/* A query that is refused, and what the message says. */
static const struct
{
  const char *query;
  const char *node; /* (nullable) of the path */
  const char *message;
} refuse_cases[] = {
  { "unknown=1", NULL,
    "there is no parameter \"unknown\", expected limit, last, after, model, node" },
  { "Limit=1", NULL, "there is no parameter \"Limit\"" },
  { "=1", NULL, "there is no parameter \"\"" },
  { "model=a&limit=1&model=a", NULL, "model is given twice, expected once" },
  { "limit=1&limit=2", NULL, "limit is given twice" },
  { "node=n", "n", "node is given twice" },
  { "last=0", NULL, "last is \"0\", expected a number from 1" },
  { "limit=", NULL, "limit is \"\", expected a number from 0" },
  { "limit=-1", NULL, "limit is \"-1\", expected a number from 0" },
  { "limit=%2B1", NULL, "limit is \"+1\"" },
  { "limit=1.0", NULL, "limit is \"1.0\"" },
  { "limit=1x", NULL, "limit is \"1x\"" },
  { "limit=0x10", NULL, "limit is \"0x10\"" },
  { "limit=+1", NULL, "limit is \" 1\"" },
  { "limit=9223372036854775808", NULL, "limit is \"9223372036854775808\"" },
  { "limit=99999999999999999999999", NULL, "expected a number from 0" },
  { "state=4", NULL, "state is \"4\", expected 0 to 3, or created, waiting, completed or error" },
  { "state=-1", NULL, "state is \"-1\"" },
  { "state=02", NULL, "state is \"02\"" },
  { "state=", NULL, "state is \"\"" },
  { "state=Completed", NULL, "state is \"Completed\"" },
  { "model=", NULL, "model is \"\", expected the name of a model" },
  { "node=", NULL, "node is \"\", expected the name of a node" },
  { "container=", NULL, "container is \"\", expected the name of a container" },
  { "after=", NULL, "after is \"\", expected the id of a record" },
  { "model", NULL, "the query cannot be read" },
  { "&", NULL, "the query cannot be read" },
  { "model=a&&limit=1", NULL, "the query cannot be read" },
  { "model=%", NULL, "the query cannot be read" },
  { "model=%zz", NULL, "the query cannot be read" },
  { "model=a%00b", NULL, "the query cannot be read" },
  { "model=%ff", NULL, "the query cannot be read" },
  { "limit=1;model=a", NULL, "limit is \"1;model=a\"" },
};

static void
test_accepted (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (accept_cases); i++)
    {
      const AcceptCase *row = &accept_cases[i];
      g_auto (DispRecordFilter) filter = { 0 };
      g_autoptr (GError) error = NULL;

      disp_record_query_parse (row->query, row->node, &filter, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (filter.model, ==, row->filter.model);
      g_assert_cmpstr (filter.node, ==, row->filter.node);
      g_assert_cmpstr (filter.container, ==, row->filter.container);
      g_assert_cmpstr (filter.after, ==, row->filter.after);
      g_assert_cmpint (filter.state, ==, row->filter.state);
      g_assert_cmpint (filter.limit, ==, row->filter.limit);
      g_assert_cmpint (filter.last, ==, row->filter.last);
      g_assert_false (filter.brief);
    }
}

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refuse_cases); i++)
    {
      DispRecordFilter filter = { .limit = 17 };
      g_autoptr (GError) error = NULL;

      if (disp_record_query_parse (refuse_cases[i].query, refuse_cases[i].node, &filter, &error))
        g_error ("\"%s\" was accepted", refuse_cases[i].query);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_VALUE);
      if (!g_str_has_prefix (error->message, refuse_cases[i].message)
          && !g_str_has_suffix (error->message, refuse_cases[i].message))
        g_error ("\"%s\" does not say \"%s\"", error->message, refuse_cases[i].message);
      g_assert_cmpint (filter.limit, ==, 17);
      g_assert_null (filter.model);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/record-query/accepted", test_accepted);
  g_test_add_func ("/front/record-query/refused", test_refused);
  return g_test_run ();
}
