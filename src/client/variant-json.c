/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/variant-json.h"

/* The bus lets nothing through that is nested deeper than 64.  NOLINTBEGIN(misc-no-recursion) */
static void
write_members (DispJsonWriter *writer, const char *key, GVariant *value)
{
  GVariantIter iter;
  GVariant *entry;

  disp_json_writer_begin_object (writer, key);
  g_variant_iter_init (&iter, value);
  while ((entry = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_autoptr (GVariant) owned = entry;
      g_autoptr (GVariant) name = g_variant_get_child_value (owned, 0);
      g_autoptr (GVariant) member = g_variant_get_child_value (owned, 1);
      g_autofree char *text = g_variant_is_of_type (name, G_VARIANT_TYPE_STRING)
                                  ? g_variant_dup_string (name, NULL)
                                  : g_variant_print (name, FALSE);

      disp_variant_write (writer, text, member);
    }
  disp_json_writer_end_object (writer);
}

static void
write_elements (DispJsonWriter *writer, const char *key, GVariant *value)
{
  disp_json_writer_begin_array (writer, key);
  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) element = g_variant_get_child_value (value, i);

      disp_variant_write (writer, NULL, element);
    }
  disp_json_writer_end_array (writer);
}

/* The types of integers that no double would hold. */
static gint64
get_int (GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      return g_variant_get_byte (value);
    case G_VARIANT_CLASS_INT16:
      return g_variant_get_int16 (value);
    case G_VARIANT_CLASS_UINT16:
      return g_variant_get_uint16 (value);
    case G_VARIANT_CLASS_INT32:
      return g_variant_get_int32 (value);
    case G_VARIANT_CLASS_UINT32:
      return g_variant_get_uint32 (value);
    case G_VARIANT_CLASS_UINT64:
      return (gint64) MIN (g_variant_get_uint64 (value), (guint64) G_MAXINT64);
    default:
      return g_variant_get_int64 (value);
    }
}

/**
 * disp_variant_write:
 * @writer: where to
 * @key: (nullable): its name in the object around it
 * @value: anything that can come over the bus, but handles and maybes
 *
 * Writes a dictionary as an object, whose keys are strings, and what is in variants by itself.
 */
void
disp_variant_write (DispJsonWriter *writer, const char *key, GVariant *value)
{
  g_autoptr (GVariant) inner = NULL;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY))
    write_members (writer, key, value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY)
           || g_variant_is_of_type (value, G_VARIANT_TYPE_TUPLE))
    write_elements (writer, key, value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT))
    {
      inner = g_variant_get_variant (value);
      disp_variant_write (writer, key, inner);
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    disp_json_writer_boolean (writer, key, g_variant_get_boolean (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    disp_json_writer_double (writer, key, g_variant_get_double (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
           || g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH)
           || g_variant_is_of_type (value, G_VARIANT_TYPE_SIGNATURE))
    disp_json_writer_string (writer, key, g_variant_get_string (value, NULL));
  else
    disp_json_writer_int (writer, key, get_int (value));
}
/* NOLINTEND(misc-no-recursion) */
