/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

const char *disp_properties_string (GVariant *self, const char *name);
gboolean disp_properties_boolean (GVariant *self, const char *name);
double disp_properties_double (GVariant *self, const char *name);
guint64 disp_properties_count (GVariant *self, const char *name);
gint64 disp_properties_int (GVariant *self, const char *name);
GVariant *disp_properties_value (GVariant *self, const char *name, const char *type);
