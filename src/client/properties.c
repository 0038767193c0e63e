/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/properties.h"

/*
 * What the bus tells of an object, as a{sv}.  A daemon of another version may leave out what this
 * client knows: that reads as nothing, not as an error.
 */

/**
 * disp_properties_value:
 * @self: (type a{sv}): properties
 * @name: of one of them
 * @type: its type
 *
 * Returns: (transfer full): its value; when it is not there, an empty one of a container type
 */
GVariant *
disp_properties_value (GVariant *self, const char *name, const char *type)
{
  GVariant *value = g_variant_lookup_value (self, name, G_VARIANT_TYPE (type));

  if (value == NULL)
    value = g_variant_ref_sink (
        g_variant_new_array (g_variant_type_element (G_VARIANT_TYPE (type)), NULL, 0));
  return value;
}

/**
 * disp_properties_string:
 * @self: (type a{sv}): properties, serialized
 * @name: of one of them, a string or the path of an object
 *
 * Returns: (transfer none): its value; "" when it is not there
 */
const char *
disp_properties_string (GVariant *self, const char *name)
{
  const char *value = "";

  if (!g_variant_lookup (self, name, "&s", &value))
    g_variant_lookup (self, name, "&o", &value);
  return value;
}

/**
 * disp_properties_boolean:
 * @self: (type a{sv}): properties
 * @name: of one of them
 *
 * Returns: its value; %FALSE when it is not there
 */
gboolean
disp_properties_boolean (GVariant *self, const char *name)
{
  gboolean value = FALSE;

  g_variant_lookup (self, name, "b", &value);
  return value;
}

/**
 * disp_properties_double:
 * @self: (type a{sv}): properties
 * @name: of one of them
 *
 * Returns: its value; 0 when it is not there
 */
double
disp_properties_double (GVariant *self, const char *name)
{
  double value = 0;

  g_variant_lookup (self, name, "d", &value);
  return value;
}

/**
 * disp_properties_count:
 * @self: (type a{sv}): properties
 * @name: of one of them, with the type u or t
 *
 * Returns: its value; 0 when it is not there
 */
guint64
disp_properties_count (GVariant *self, const char *name)
{
  guint64 value = 0;
  guint32 narrow;

  if (!g_variant_lookup (self, name, "t", &value) && g_variant_lookup (self, name, "u", &narrow))
    value = narrow;
  return value;
}

/**
 * disp_properties_int:
 * @self: (type a{sv}): properties
 * @name: of one of them, with the type x
 *
 * Returns: its value; 0 when it is not there
 */
gint64
disp_properties_int (GVariant *self, const char *name)
{
  gint64 value = 0;

  g_variant_lookup (self, name, "x", &value);
  return value;
}
