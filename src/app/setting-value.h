/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispSettingParse:
 * @text: what was written
 * @field: where the value goes; what was there is replaced
 * @error: %DISP_ERROR_INVALID_CONFIG, saying what was expected and what was found
 *
 * Makes a value of a text.
 *
 * Returns: whether it is one
 */
typedef gboolean (*DispSettingParse) (const char *text, gpointer field, GError **error);

gboolean disp_setting_set_expected (GError **error, const char *expected, const char *text);
gboolean disp_setting_parse_string (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_header (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_directory (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_listen (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_listen_or_none (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_manager (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_store (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_boolean (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_source (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_policy (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_list (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_shadow_policy (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_queue_policy (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_version_path (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_health_path (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_durability (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_overflow (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_half_close (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_client_certificate (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_bus (const char *text, gpointer field, GError **error);
GVariant *disp_setting_parse_probabilities (const char *text, GError **error);
