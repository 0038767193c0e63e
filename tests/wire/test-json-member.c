/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-member.h"

#include "core/error.h"

#include <string.h>

static const char *const names[] = { "model", "a_name_of_thirty_two_bytes_______" };

/* The members of an object, as "index=value;", with '-' for a name that is not among the names. */
static char *
walk (const char *text, GError **error)
{
  g_autoptr (GString) found = g_string_new (NULL);
  DispJsonScanner scanner;
  gboolean more;

  disp_json_scanner_init (&scanner, text, strlen (text), 2);
  if (!disp_json_enter_object (&scanner, "an object", &more, error))
    return NULL;
  while (more)
    {
      DispJsonMember member;
      guint index;

      g_assert_cmpuint (scanner.depth, ==, 1);
      if (!disp_json_read_name (&scanner, &member, error)
          || !disp_json_read_value (&scanner, &member, error)
          || !disp_json_next_member (&scanner, &more, error))
        return NULL;
      index = disp_json_member_find (&member, names, G_N_ELEMENTS (names));
      g_string_append_printf (found, index < G_N_ELEMENTS (names) ? "%u=" : "-=", index);
      g_string_append_len (found, member.value, (gssize) member.length);
      g_string_append_c (found, ';');
    }
  g_assert_cmpuint (scanner.depth, ==, 0);
  if (!disp_json_scanner_end (&scanner, error))
    return NULL;
  return g_string_free (g_steal_pointer (&found), FALSE);
}

static void
test_walk (void)
{
  static const struct
  {
    const char *text;
    const char *found;
  } rows[] = {
    { "{}", "" },
    { " \n{ } ", "" },
    { "{\"model\":1}", "0=1;" },
    { "{ \"model\" : [ 1 ] , \"x\" : \"y\" }", "0=[ 1 ];-=\"y\";" },
    { "{\"m\\u006fdel\":{}}", "0={};" },
    { "{\"\\u0000\":1,\"\\ud800\":2,\"mode\":3,\"models\":4,\"\":5}", "-=1;-=2;-=3;-=4;-=5;" },
    { "{\"a_name_of_thirty_two_bytes\\u005f______\":1}", "1=1;" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *found = walk (rows[i].text, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (found, ==, rows[i].found);
    }
}

static void
test_wrong (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } rows[] = {
    { "", "byte 0: expected an object, found the end" },
    { "[]", "byte 0: expected an object, found an array" },
    { "\"\"", "byte 0: expected an object, found a string" },
    { "\xef\xbb\xbf{}", "byte 0: expected an object, found a byte order mark" },
    { "{", "byte 1: expected a member name, found the end" },
    { "{1:1}", "byte 1: expected a member name, found '1'" },
    { "{\"a\"}", "byte 4: expected ':' after a member name, found '}'" },
    { "{\"a\":}", "byte 5: expected a value, found '}'" },
    { "{\"a\":1]", "byte 6: expected ',' or '}', found ']'" },
    { "{\"a\":1,}", "byte 7: expected a member name, found '}'" },
    { "{\"a\":[[]]}", "byte 6: nested deeper than 2 levels" },
    { "{\"a\":1}}", "byte 7: expected the end, found '}'" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (walk (rows[i].text, &error));
      g_assert_error (error, DISP_ERROR, DISP_ERROR_INVALID_JSON);
      g_assert_cmpstr (error->message, ==, rows[i].message);
    }
}

static void
test_strings (void)
{
  static const struct
  {
    const char *value;
    const char *string;
  } rows[] = {
    { "\"\"", "" },           { "\"abc\"", "abc" },    { "\"\\u0061\\u0062\\u0063\"", "abc" },
    { "\"a\\u0000\"", NULL }, { "\"\\udc00\"", NULL }, { "1", NULL },
    { "null", NULL },         { "[\"a\"]", NULL },     { "\"0123456789012345678\"", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const DispJsonMember member = { .value = rows[i].value, .length = strlen (rows[i].value) };
      g_autofree char *string = disp_json_member_dup_string (&member, 3);

      g_assert_cmpstr (string, ==, rows[i].string);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/json-member/walk", test_walk);
  g_test_add_func ("/wire/json-member/wrong", test_wrong);
  g_test_add_func ("/wire/json-member/strings", test_strings);
  return g_test_run ();
}
