/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/fleet-view.h"

#include "client/format.h"
#include "client/properties.h"
#include "client/variant-json.h"

#include <glib/gi18n.h>

static void
write_string (DispJsonWriter *writer, const char *key, GVariant *properties, const char *name)
{
  disp_json_writer_string (writer, key, disp_properties_string (properties, name));
}

static void
write_boolean (DispJsonWriter *writer, const char *key, GVariant *properties, const char *name)
{
  disp_json_writer_boolean (writer, key, disp_properties_boolean (properties, name));
}

static void
write_count (DispJsonWriter *writer, const char *key, GVariant *properties, const char *name)
{
  disp_json_writer_int (writer, key, (gint64) disp_properties_count (properties, name));
}

static void
write_models (DispJsonWriter *writer, GVariant *properties)
{
  g_autoptr (GVariant) models = disp_properties_value (properties, "Models", "a(sx)");
  GVariantIter iter;
  const char *name;
  gint64 version;

  disp_json_writer_begin_array (writer, "models");
  g_variant_iter_init (&iter, models);
  while (g_variant_iter_next (&iter, "(&sx)", &name, &version))
    {
      disp_json_writer_begin_object (writer, NULL);
      disp_json_writer_string (writer, "model", name);
      disp_json_writer_int (writer, "version", version);
      disp_json_writer_end_object (writer);
    }
  disp_json_writer_end_array (writer);
}

/**
 * disp_container_write:
 * @writer: where to
 * @container: a container
 *
 * Writes it as an element of an array, or as the document.
 */
void
disp_container_write (DispJsonWriter *writer, const DispMember *container)
{
  GVariant *properties = container->properties;

  disp_json_writer_begin_object (writer, NULL);
  disp_json_writer_string (writer, "container", container->name);
  write_string (writer, "container_id", properties, "Id");
  write_models (writer, properties);
  write_string (writer, "node", properties, "Node");
  write_string (writer, "device", properties, "Device");
  write_string (writer, "endpoint", properties, "Endpoint");
  disp_json_writer_double (writer, "quota", disp_properties_double (properties, "Quota"));
  disp_json_writer_double (writer, "source_quota",
                           disp_properties_double (properties, "SourceQuota"));
  write_boolean (writer, "own_quota", properties, "OwnQuota");
  write_boolean (writer, "active", properties, "Active");
  write_boolean (writer, "healthy", properties, "Healthy");
  write_string (writer, "health", properties, "Health");
  write_boolean (writer, "drained", properties, "Drained");
  write_boolean (writer, "eligible", properties, "Eligible");
  write_count (writer, "in_flight", properties, "InFlight");
  write_count (writer, "capacity", properties, "Capacity");
  write_count (writer, "requests", properties, "RequestsTotal");
  write_count (writer, "failed", properties, "ErrorsTotal");
  disp_format_write_latency (writer, "latency", disp_properties_count (properties, "Latency"));
  disp_json_writer_end_object (writer);
}

static void
write_containers (DispJsonWriter *writer, const DispSnapshot *snapshot, GVariant *properties)
{
  g_autoptr (GVariant) paths = disp_properties_value (properties, "Containers", "ao");
  GVariantIter iter;
  const char *path;

  disp_json_writer_begin_array (writer, "containers");
  g_variant_iter_init (&iter, paths);
  while (g_variant_iter_next (&iter, "&o", &path))
    {
      const char *name = disp_snapshot_get_name (snapshot, path);

      if (name != NULL)
        disp_json_writer_string (writer, NULL, name);
    }
  disp_json_writer_end_array (writer);
}

/* The times are whole microseconds, which a double of seconds would not hold. */
static void
write_targets (DispJsonWriter *writer, GVariant *properties)
{
  g_autoptr (GVariant) targets = disp_properties_value (properties, "Targets", "a(xt)");
  GVariantIter iter;
  gint64 version;
  guint64 target;

  disp_json_writer_begin_object (writer, "targets");
  g_variant_iter_init (&iter, targets);
  while (g_variant_iter_next (&iter, "(xt)", &version, &target))
    {
      g_autofree char *key = g_strdup_printf ("%" G_GINT64_FORMAT, version);

      disp_json_writer_seconds (writer, key, (gint64) target);
    }
  disp_json_writer_end_object (writer);
}

/**
 * disp_model_write:
 * @writer: where to
 * @snapshot: what it is of
 * @model: a model
 *
 * Writes it as an element of an array, or as the document.
 */
void
disp_model_write (DispJsonWriter *writer, const DispSnapshot *snapshot, const DispMember *model)
{
  g_autoptr (GVariant) versions = disp_properties_value (model->properties, "Versions", "ax");
  g_autoptr (GVariant) options = disp_properties_value (model->properties, "PolicyOptions",
                                                        "a{sv}");

  disp_json_writer_begin_object (writer, NULL);
  disp_json_writer_string (writer, "model", model->name);
  disp_variant_write (writer, "versions", versions);
  write_targets (writer, model->properties);
  write_containers (writer, snapshot, model->properties);
  write_string (writer, "policy", model->properties, "Policy");
  disp_variant_write (writer, "policy_options", options);
  write_boolean (writer, "own_policy", model->properties, "OwnPolicy");
  write_count (writer, "waiting", model->properties, "Waiting");
  disp_json_writer_end_object (writer);
}

static const char *
get_health (GVariant *properties)
{
  static const struct
  {
    const char *health;
    const char *text;
  } texts[] = {
    { "slow-start", NC_ ("a container", "slow start") },
    { "busy", NC_ ("a container", "busy") },
    { "failing", NC_ ("a container", "failing") },
    { "ejected", NC_ ("a container", "ejected") },
    { "probing", NC_ ("a container", "probing") },
    { "unavailable", NC_ ("a container", "unavailable") },
  };
  const char *health = disp_properties_string (properties, "Health");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_str_equal (health, texts[i].health))
      return g_dpgettext2 (NULL, "a container", texts[i].text);
  return C_ ("a container", "ready");
}

/**
 * disp_container_get_state:
 * @properties: (type a{sv}): those of a container
 *
 * Returns: (transfer none): why it gets no requests, or how it is, in a word or two, translated
 */
const char *
disp_container_get_state (GVariant *properties)
{
  if (!disp_properties_boolean (properties, "Active"))
    return C_ ("a container", "inactive");
  if (disp_properties_boolean (properties, "Drained"))
    return C_ ("a container", "drained");
  if (disp_properties_double (properties, "Quota") <= 0)
    return C_ ("a container", "no quota");
  if (!disp_properties_boolean (properties, "Eligible"))
    return C_ ("a container", "not eligible");
  return get_health (properties);
}

/**
 * disp_container_get_models:
 * @properties: (type a{sv}): those of a container
 *
 * Returns: (transfer full): the models that it serves, with their versions
 */
char *
disp_container_get_models (GVariant *properties)
{
  g_autoptr (GVariant) models = disp_properties_value (properties, "Models", "a(sx)");
  GString *text = g_string_new (NULL);
  GVariantIter iter;
  const char *name;
  gint64 version;

  g_variant_iter_init (&iter, models);
  while (g_variant_iter_next (&iter, "(&sx)", &name, &version))
    {
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", name);
      if (version > 0)
        g_string_append_printf (text, " %" G_GINT64_FORMAT, version);
    }
  return g_string_free (text, FALSE);
}
