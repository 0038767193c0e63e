/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app/setting-value.h"

gboolean disp_setting_parse_workers (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_count (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_count_or_none (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_count_or_nothing (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_retries (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_max_in_flight (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_max_connections (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_load_factor (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_request_rate (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_request_burst (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_min_rate (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_duration (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_attempt_timeout (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_queue_timeout (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_health_interval (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_retention_age (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_size (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_space (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_retention_size (const char *text, gpointer field, GError **error);
gboolean disp_setting_parse_payload_limit (const char *text, gpointer field, GError **error);
