/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/yaml-tree.h"

#include "core/error.h"

#include <string.h>

static const DispDocumentLimits limits = { .max_size = 65536, .max_depth = 8, .max_nodes = 100 };

static const struct
{
  const char *yaml;
  const char *json;
} accepted[] = {
  { "a: 1\nb: [x, 'y', \"z\\n\"]\n", "{\"a\":1,\"b\":[\"x\",\"y\",\"z\\n\"]}" },
  { "--- {a: {b: [[], {}]}}\n...\n", "{\"a\":{\"b\":[[],{}]}}" },
  { "- |\n  one\n  two\n- >\n  three\n  four\n", "[\"one\\ntwo\\n\",\"three four\\n\"]" },
  { "hello", "\"hello\"" },
  { "\xef\xbb\xbf[1]", "[1]" },
  { "1: a\ntrue: b\n~: c\n", "{\"1\":\"a\",\"true\":\"b\",\"~\":\"c\"}" },
  { "[!!str 1, !!int \"2\", !!bool 'true', !!float 1, '4']", "[\"1\",2,true,1,\"4\"]" },
  { "[&a x, *a, &b [1, 2], *b]", "[\"x\",\"x\",[1,2],[1,2]]" },
  { "x: &d {p: 1}\ny: *d\nz: &d 2\nw: *d\n", "{\"x\":{\"p\":1},\"y\":{\"p\":1},\"z\":2,\"w\":2}" },
  { "[[[[[[[[1]]]]]]]]", "[[[[[[[[1]]]]]]]]" },
};

static const struct
{
  const char *yaml;
  gsize length; /* 0 = up to the NUL */
  const char *message;
} refused[] = {
  { "", 0, "line 1: the document is empty" },
  { "---\n...\n---\n", 0, "line 3: a second document, expected one in all" },
  { "a: 1\n---\nb: 2\n", 0, "line 2: a second document, expected one in all" },
  { "a: 1\nb: 2\na: 3\n", 0, "line 3: \"a\" appears twice in one object, expected it once" },
  { "a: 1\n'a': 3\n", 0, "line 2: \"a\" appears twice in one object, expected it once" },
  { "a: &x {b: 1}\nc:\n  <<: *x\n", 0, "line 3: a merge key (<<), which is not supported" },
  { "[a]: 1\n", 0, "line 1: a list or an object for a name, expected a string" },
  { "? {a: 1}\n: 1\n", 0, "line 1: a list or an object for a name, expected a string" },
  { "[&a x, {*a : 1}]", 0, "line 1: the alias *a for a name, expected a string" },
  { "[*a]", 0, "line 1: the alias *a, of which nothing before it is the anchor" },
  { "&a [*a]", 0, "line 1: the alias *a, of which nothing before it is the anchor" },
  { "- 1\n- !mine 2\n", 0, "line 2: the tag !mine, which is not supported" },
  { "- 1\n- \"a\\0b\"\n", 0, "line 2: a NUL in a string" },
  { "[[[[[[[[[1]]]]]]]]]", 0, "line 1: nested deeper than 8 levels" },
  { "[&a [[[[1]]]], [[[*a]]]]", 0, NULL },
  { "[&a [[[[1]]]], [[[[*a]]]]]", 0, "line 1: nested deeper than 8 levels" },
  { "a: [1\n", 0, "line 2: while parsing a flow sequence did not find expected ',' or ']'" },
  { "a:\n\t- 1\n", 0,
    "line 2: while scanning for the next token found character that cannot start any token" },
  { "\xff", 0, "byte 0: invalid leading UTF-8 octet" },
  { "a\x01", 0, "byte 1: control characters are not allowed" },
  { "a: 1\0", 5, "byte 4: control characters are not allowed" },
};

/* The document as JSON, or the error. */
static char *
read_yaml (const char *text, gsize length, GError **error)
{
  g_auto (DispDocumentTree) tree = { 0 };
  g_autofree char *copy = g_malloc (MAX (length, 1));

  memcpy (copy, text, length);
  if (!disp_document_tree_read_yaml (copy, length, &limits, &tree, error))
    return NULL;
  return json_to_string (tree.root, FALSE);
}

static void
test_accepts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *json = read_yaml (accepted[i].yaml, strlen (accepted[i].yaml), &error);

      g_assert_no_error (error);
      g_assert_cmpstr (json, ==, accepted[i].json);
    }
}

static void
test_refuses (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      gsize length = refused[i].length > 0 ? refused[i].length : strlen (refused[i].yaml);
      g_autoptr (GError) error = NULL;
      g_autofree char *json = read_yaml (refused[i].yaml, length, &error);

      if (refused[i].message == NULL)
        {
          g_assert_no_error (error);
          g_assert_nonnull (json);
          continue;
        }
      g_assert_null (json);
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
      g_assert_cmpstr (error->message, ==, refused[i].message);
    }
}

/* Each line repeats the one before it nine times: a kilobyte that means nine to the ninth values.
 */
static void
test_aliases_of_aliases (void)
{
  g_autoptr (GString) text = g_string_new ("- &a0 [x]\n");
  g_autoptr (GError) error = NULL;

  for (guint i = 1; i <= 9; i++)
    {
      g_string_append_printf (text, "- &a%u [", i);
      for (guint j = 0; j < 9; j++)
        g_string_append_printf (text, "*a%u,", i - 1);
      g_string_append (text, "]\n");
    }
  g_assert_null (read_yaml (text->str, text->len, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_DOCUMENT);
  g_assert_cmpstr (error->message, ==, "line 3: more than 100 values");
}

static void
test_lines (void)
{
  static const char text[] = "a: 1\nb:\n  - 2\n  - {c:\n      3}\n";
  g_auto (DispDocumentTree) tree = { 0 };
  g_autoptr (GError) error = NULL;
  JsonObject *top;
  JsonArray *list;

  disp_document_tree_read_yaml (text, sizeof text - 1, &limits, &tree, &error);
  g_assert_no_error (error);
  top = json_node_get_object (tree.root);
  list = json_object_get_array_member (top, "b");
#define LINE(node) GPOINTER_TO_UINT (g_hash_table_lookup (tree.lines, node))
  g_assert_cmpuint (LINE (tree.root), ==, 1);
  g_assert_cmpuint (LINE (json_object_get_member (top, "a")), ==, 1);
  g_assert_cmpuint (LINE (json_array_get_element (list, 0)), ==, 3);
  g_assert_cmpuint (LINE (json_array_get_element (list, 1)), ==, 4);
  g_assert_cmpuint (LINE (json_object_get_member (json_array_get_object_element (list, 1), "c")),
                    ==, 5);
#undef LINE
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/yaml-tree/accepts", test_accepts);
  g_test_add_func ("/wire/yaml-tree/refuses", test_refuses);
  g_test_add_func ("/wire/yaml-tree/aliases-of-aliases", test_aliases_of_aliases);
  g_test_add_func ("/wire/yaml-tree/lines", test_lines);
  return g_test_run ();
}
