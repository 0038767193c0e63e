/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "fuzz/head-reference.h"

#include <string.h>

/* Printable ASCII: nothing of what came can do harm to who reads a message. */
static void
check_message (const GError *error)
{
  g_assert_true (error->domain == DISP_ERROR);
  g_assert_cmpuint (disp_error_http_status (error->code), >=, 400);
  for (const char *c = error->message; *c != '\0'; c++)
    g_assert_true (g_ascii_isprint (*c));
}

/* However it is cut, it is found at the same byte, and the same is found. */
static void
check_cuts (const char *bytes, gsize n, const DispHeadScan *whole, DispHeadState wanted,
            const GError *why)
{
  DispHeadState state = DISP_HEAD_PARTIAL;
  DispHeadScan bytewise = { 0 };
  DispHeadScan cut = { 0 };
  g_autoptr (GError) error = NULL;
  gsize seen = 0;

  while (state == DISP_HEAD_PARTIAL && seen < n)
    state = disp_http_head_scan (&bytewise, bytes, ++seen, &error);
  g_assert_cmpint (state, ==, wanted);
  g_assert_cmpstr (error != NULL ? error->message : NULL, ==, why != NULL ? why->message : NULL);
  g_assert_cmpuint (bytewise.length, ==, whole->length);
  if (wanted == DISP_HEAD_COMPLETE)
    g_assert_cmpuint (seen, ==, whole->length);

  /* In two at a place that the input decides. */
  g_clear_error (&error);
  seen = n > 0 ? (guchar) bytes[n - 1] * n / 256 : 0;
  state = disp_http_head_scan (&cut, bytes, seen, &error);
  if (state == DISP_HEAD_PARTIAL)
    state = disp_http_head_scan (&cut, bytes, n, &error);
  g_assert_cmpint (state, ==, wanted);
  g_assert_cmpstr (error != NULL ? error->message : NULL, ==, why != NULL ? why->message : NULL);
}

static void
assert_same (const DispHttpHead *first, const DispHttpHead *second)
{
  g_assert_cmpstr (second->method, ==, first->method);
  g_assert_cmpuint (second->minor_version, ==, first->minor_version);
  g_assert_cmpstr (second->path, ==, first->path);
  g_assert_cmpstr (second->query, ==, first->query);
  g_assert_cmpint (second->framing, ==, first->framing);
  g_assert_cmpuint (second->body_length, ==, first->body_length);
  g_assert_cmpint (second->is_persistent, ==, first->is_persistent);
  g_assert_cmpint (second->expects_continue, ==, first->expects_continue);
  g_assert_cmpuint (second->n_fields, ==, first->n_fields);
  for (guint i = 0; i < first->n_fields; i++)
    {
      g_assert_cmpstr (second->fields[i].name, ==, first->fields[i].name);
      g_assert_cmpstr (second->fields[i].value, ==, first->fields[i].value);
    }
}

/* Written again in the plainest way it says the same. */
static void
check_written (const DispHttpHead *head)
{
  g_autoptr (GString) text = g_string_new (head->method);
  g_autoptr (DispHttpHead) again = NULL;
  g_autoptr (GError) error = NULL;

  g_string_append_printf (text, " %s", head->path);
  if (head->query != NULL)
    g_string_append_printf (text, "?%s", head->query);
  g_string_append_printf (text, " HTTP/1.%u\r\n", head->minor_version);
  for (guint i = 0; i < head->n_fields; i++)
    g_string_append_printf (text, "%s:%s\r\n", head->fields[i].name, head->fields[i].value);
  g_string_append (text, "\r\n");
  again = disp_http_head_parse (text->str, text->len, &error);
  g_assert_no_error (error);
  assert_same (head, again);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *bytes = size > 0 ? (const char *) data : "";
  DispHeadScan scan = { 0 };
  g_autoptr (GError) found = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DispHttpHead) head = NULL;
  DispHeadState state = disp_http_head_scan (&scan, bytes, size, &found);
  gsize length = state == DISP_HEAD_COMPLETE ? scan.length : size;

  check_cuts (bytes, size, &scan, state, found);
  g_assert_cmpuint (length, <=, size);
  head = disp_http_head_parse (bytes, length, &error);
  g_assert_cmpint (fuzz_reference_accepts (bytes, length), ==, head != NULL);
  if (state == DISP_HEAD_WRONG)
    {
      check_message (found);
      g_assert_error (error, DISP_ERROR, found->code);
      g_assert_cmpstr (error->message, ==, found->message);
    }
  if (head == NULL)
    {
      check_message (error);
      return 0;
    }
  g_assert_cmpint (state, ==, DISP_HEAD_COMPLETE);
  fuzz_reference_check (head, bytes, length);
  check_written (head);
  return 0;
}
