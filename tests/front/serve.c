/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/serve.h"

/**
 * serve_terms_new:
 * @body_limit: the longest body that is taken, in bytes
 *
 * Returns: (transfer full): terms that are the default otherwise
 */
DispTerms *
serve_terms_new (gsize body_limit)
{
  DispTerms *terms = disp_terms_new ();

  terms->body_limit = body_limit;
  return terms;
}

/**
 * serve_site:
 * @site: what to serve
 * @clock: the clock
 * @sockets: (element-type GSocket): where
 * @terms: (transfer full): on what terms
 *
 * Returns: (transfer full): a server on this thread that shares nothing with others
 */
DispServer *
serve_site (DispSite *site, DispClock *clock, GPtrArray *sockets, DispTerms *terms)
{
  g_autoptr (DispTerms) own = terms;
  g_autoptr (DispReception) reception = disp_reception_new ();
  g_autoptr (DispCrew) crew = disp_crew_new ();
  g_autoptr (DispRateLimit) rate_limit = disp_rate_limit_new ();
  const DispServerSettings settings = {
    .clock = clock,
    .sockets = sockets,
    .reception = reception,
    .crew = crew,
    .rate_limit = rate_limit,
    .terms = own,
  };

  return disp_server_new (site, &settings);
}
