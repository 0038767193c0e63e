/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/fuzz-target.h"

#include "core/error.h"
#include "wire/json-writer.h"
#include "wire/predict-envelope.h"

#include <string.h>

static gboolean
is_json (const char *text, gsize length, gboolean nan)
{
  DispJsonScanner scanner;

  disp_json_scanner_init (&scanner, text, length, DISP_JSON_MAX_DEPTH);
  scanner.nan = nan;
  return disp_json_scanner_value (&scanner, NULL) && disp_json_scanner_end (&scanner, NULL);
}

static GString *
join_slices (const char *text, gsize length, const DispEnvelope *envelope)
{
  GString *joined = g_string_new (NULL);
  gsize end = 0;

  g_assert_cmpuint (envelope->n_slices, <=, DISP_MAX_SLICES);
  for (guint i = 0; i < envelope->n_slices; i++)
    {
      const DispSlice *slice = &envelope->slices[i];

      g_assert_cmpuint (slice->offset, >=, end);
      g_assert_cmpuint (slice->length, >, 0);
      end = slice->offset + slice->length;
      g_assert_cmpuint (end, <=, length);
      g_string_append_len (joined, text + slice->offset, (gssize) slice->length);
    }
  return joined;
}

/* By the other rules it is the same, unless they mind a member that means nothing here. */
static void
check_forwarded (const GString *joined, const char *text, const DispEnvelope *envelope)
{
  g_auto (DispEnvelope) forwarded = { 0 };
  g_autoptr (GError) error = NULL;

  if (disp_envelope_scan (joined->str, joined->len, DISP_ENVELOPE_PLAIN, &forwarded, &error))
    g_assert_cmpmem (joined->str + forwarded.instances.offset, forwarded.instances.length,
                     text + envelope->instances.offset, envelope->instances.length);
  else
    g_assert_nonnull (strstr (error->message, "\"examples\""));
}

/* What is forwarded is an object without the two members: asked again for a model, it has none. */
static void
check_routed (const char *text, gsize length)
{
  g_auto (DispEnvelope) envelope = { 0 };
  g_auto (DispEnvelope) again = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) joined = NULL;
  g_auto (DispJsonWriter) writer = { 0 };

  if (!disp_envelope_scan (text, length, DISP_ENVELOPE_ROUTED, &envelope, &error))
    {
      g_assert_nonnull (error);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return;
    }
  g_assert_true (is_json (text, length, TRUE));
  g_assert_true (g_utf8_validate (envelope.model, -1, NULL));
  g_assert_true (is_json (text + envelope.instances.offset, envelope.instances.length, TRUE));
  joined = join_slices (text, length, &envelope);
  check_forwarded (joined, text, &envelope);
  g_assert_false (
      disp_envelope_scan (joined->str, joined->len, DISP_ENVELOPE_ROUTED, NULL, &error));
  g_assert_error (error, DISP_ERROR, DISP_ERROR_MISSING_KEY);

  /* With the model written in front again, it means what it meant. */
  disp_json_writer_init (&writer);
  disp_json_writer_string (&writer, NULL, envelope.model);
  g_string_insert (joined, strchr (joined->str, '{') - joined->str + 1, ",");
  g_string_insert (joined, strchr (joined->str, '{') - joined->str + 1, writer.text->str);
  g_string_insert (joined, strchr (joined->str, '{') - joined->str + 1, "\"model\":");
  g_assert_true (disp_envelope_scan (joined->str, joined->len, DISP_ENVELOPE_ROUTED, &again, NULL));
  g_assert_cmpstr (again.model, ==, envelope.model);
}

static void
check_plain (const char *text, gsize length)
{
  g_auto (DispEnvelope) envelope = { 0 };

  if (!disp_envelope_scan (text, length, DISP_ENVELOPE_PLAIN, &envelope, NULL))
    return;
  g_assert_true (is_json (text, length, TRUE));
  g_assert_null (envelope.model);
  g_assert_cmpuint (envelope.n_slices, ==, 1);
  g_assert_cmpuint (envelope.slices[0].offset, ==, 0);
  g_assert_cmpuint (envelope.slices[0].length, ==, length);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = (const char *) data;

  /* A check that is stricter accepts no more. */
  if (disp_json_check (text, size, DISP_JSON_MAX_DEPTH, NULL))
    g_assert_true (is_json (text, size, FALSE));
  if (is_json (text, size, FALSE))
    g_assert_true (is_json (text, size, TRUE));
  check_routed (text, size);
  check_plain (text, size);
  return 0;
}
