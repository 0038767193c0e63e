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

gboolean disp_setting_parse_string (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_directory (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_list (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_listen (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_manager (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_store (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_boolean (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_workers (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_duration (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_size (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_payload_limit (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_source (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_version_path (const char *text, gpointer field, GError **error);
GVariant *disp_setting_parse_probabilities (const char *text, GError **error);
