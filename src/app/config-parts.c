/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/config-parts.h"

#include "core/error.h"

/* What the parts of the daemon are given of the configuration, at the start and by a reload. */

static DispPolicySpec *
new_spec (const DispConfig *config, const char *name, GError **error)
{
  GVariantDict options;

  if (g_str_equal (name, "probabilities"))
    return disp_policy_spec_new (name, config->probabilities, error);
  g_variant_dict_init (&options, NULL);
  if (g_str_equal (name, "sticky"))
    {
      if (*config->sticky_header != '\0')
        g_variant_dict_insert (&options, "header", "s", config->sticky_header);
      g_variant_dict_insert (&options, "load-factor", "d", config->sticky_load_factor);
    }
  return disp_policy_spec_new (name, g_variant_dict_end (&options), error);
}

/**
 * disp_config_new_policy:
 * @config: a checked configuration
 * @error: %DISP_ERROR_INVALID_VALUE when its options are wrong
 *
 * Returns: (transfer full) (nullable): the policy that it says
 */
DispPolicySpec *
disp_config_new_policy (const DispConfig *config, GError **error)
{
  return new_spec (config, config->policy, error);
}

/**
 * disp_config_new_shadow:
 * @config: a checked configuration
 * @shadow: (out) (transfer full) (nullable): the shadow policy that it says; %NULL = none
 * @error: as of disp_config_new_policy()
 *
 * Returns: whether its options are right
 */
gboolean
disp_config_new_shadow (const DispConfig *config, DispPolicySpec **shadow, GError **error)
{
  *shadow = NULL;
  if (g_str_equal (config->shadow_policy, DISP_NO_SHADOW))
    return TRUE;
  *shadow = new_spec (config, config->shadow_policy, error);
  return *shadow != NULL;
}

/**
 * disp_config_check_fleet:
 * @config: a checked configuration
 * @policy: (nullable): a policy that it says; %NULL = none
 * @fleet: a fleet
 * @error: %DISP_ERROR_INVALID_CONFIG, naming the file, the section and what @fleet does not have
 *
 * Returns: whether all that the policy names is in the fleet
 */
gboolean
disp_config_check_fleet (const DispConfig *config, const DispPolicySpec *policy, DispFleet *fleet,
                         GError **error)
{
  g_autoptr (GError) local = NULL;

  if (policy == NULL || disp_policy_spec_check_fleet (policy, fleet, &local))
    return TRUE;
  g_set_error (error, DISP_ERROR, DISP_ERROR_INVALID_CONFIG, "%s: [%s]: %s",
               config->probabilities_origin, disp_policy_spec_get_name (policy), local->message);
  return FALSE;
}

/**
 * disp_config_for_engine:
 * @config: a checked configuration
 *
 * Returns: what the engine is given of it; the lists and texts in it belong to @config
 */
DispEngineSettings
disp_config_for_engine (const DispConfig *config)
{
  return (DispEngineSettings){
    .timeout = config->timeout,
    .version_path = config->version_path,
    .retry_after = (guint) ((config->refresh_interval + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC),
    .payload_limit = (gssize) config->payload_limit,
    .hold_answers = config->is_committed,
    .log_requests = config->verbose,
    .attempt_timeout = config->attempt_timeout,
    .n_retries = config->retries,
    .max_in_flight = config->max_in_flight,
    .queue_policy = config->queue_policy,
    .queue_limit = config->dispatch_queue_limit,
    .queue_bytes = (gsize) config->dispatch_queue_bytes,
    .queue_timeout = config->queue_timeout,
    .not_idempotent = config->not_idempotent,
    .hedged = config->hedge,
    .health_interval = config->health_interval,
    .health_path = *config->health_path != '\0' ? config->health_path : NULL,
  };
}

/**
 * disp_config_for_log:
 * @config: a checked configuration
 *
 * Returns: what the request log is given of it
 */
DispRequestLogSettings
disp_config_for_log (const DispConfig *config)
{
  return (DispRequestLogSettings){
    .flush_interval = config->flush_interval,
    .max_records = config->queue_limit,
    .max_bytes = (gsize) config->queue_bytes,
    .drop = config->drops_records,
  };
}

/**
 * disp_config_for_upstream:
 * @config: a checked configuration
 *
 * Returns: what the connections to containers are given of it
 */
DispUpstreamSettings
disp_config_for_upstream (const DispConfig *config)
{
  return (DispUpstreamSettings){
    .connect_timeout = config->connect_timeout,
    .idle_timeout = (guint) MAX (config->idle_timeout / G_USEC_PER_SEC, 1),
    .answer_limit = (gsize) config->answer_limit,
  };
}
