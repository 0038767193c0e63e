/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app/open-source.h"

#include "app/credential.h"
#include "sources/file-source.h"
#include "sources/manager-source.h"

static DispSource *
open_manager (const DispConfig *config, DispClock *clock, GError **error)
{
  g_autoptr (GRand) random = g_rand_new ();
  g_autofree char *authorization = NULL;
  DispSource *source;

  if (!disp_credential_read (DISP_CREDENTIAL_MANAGER, &authorization, error))
    return NULL;
  source = disp_manager_source_new (config->containers_manager, config->refresh_interval, clock,
                                    random, error);
  if (source != NULL)
    disp_manager_source_set_authorization (DISP_MANAGER_SOURCE (source), authorization);
  return source;
}

/**
 * disp_config_open_source:
 * @config: a checked configuration
 * @clock: the clock
 * @source: (out) (transfer full) (nullable): the source of the fleet that the operator chose, not
 *   started; %NULL when none is configured
 * @error: %DISP_ERROR_INVALID_CONFIG when it cannot be what it says
 *
 * Returns: whether @source was set
 */
gboolean
disp_config_open_source (const DispConfig *config, DispClock *clock, DispSource **source,
                         GError **error)
{
  switch (config->source)
    {
    case DISP_SOURCE_FILE:
      *source = disp_file_source_new (config->fleet, clock);
      return TRUE;
    case DISP_SOURCE_CONTAINERS_MANAGER:
      *source = open_manager (config, clock, error);
      return *source != NULL;
    case DISP_SOURCE_NONE:
    default:
      *source = NULL;
      return TRUE;
    }
}
