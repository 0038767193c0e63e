/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/containers-site.h"

#include "core/error.h"
#include "core/event.h"
#include "front/exchange.h"
#include "wire/fleet-writer.h"
#include "wire/quota-document.h"

/* The embedded Containers Manager: what the original answers, from the fleet that dispatcherd uses.
 */
struct _DispContainersSite
{
  GObject parent_instance;
  DispSwitchboard *switchboard; /* (owned) */
  DispFleetEditor *editor;      /* (owned) (nullable) */
  gboolean is_failing;          /* whether the last change could not be kept */
};

static void
respond (DispExchange *exchange, GBytes *json)
{
  g_autoptr (DispAnswer) answer = disp_answer_new (SOUP_STATUS_OK, "application/json", json);

  disp_exchange_respond (exchange, answer);
}

static void
serve_status (G_GNUC_UNUSED DispSite *site, DispExchange *exchange)
{
  static const char status[] = "{\"status\":\"running\"}";

  respond (exchange, g_bytes_new_static (status, sizeof status - 1));
}

/* Lists a part of the fleet, of all nodes or of the one that the path names. */
static void
serve_list (DispSite *site, DispExchange *exchange,
            void (*write) (DispJsonWriter *writer, DispFleet *fleet, const char *node))
{
  DispContainersSite *self = DISP_CONTAINERS_SITE (site);
  g_autoptr (DispRouting) routing = disp_switchboard_ref_routing (self->switchboard);
  g_auto (DispJsonWriter) writer = { 0 };

  if (routing == NULL)
    {
      respond (exchange, g_bytes_new_static ("[]", 2));
      return;
    }
  disp_json_writer_init (&writer);
  write (&writer, disp_routing_get_fleet (routing), disp_exchange_get_target (exchange));
  respond (exchange, disp_json_writer_steal_bytes (&writer));
}

static void
serve_models (DispSite *site, DispExchange *exchange)
{
  serve_list (site, exchange, disp_models_document_write);
}

static void
serve_containers (DispSite *site, DispExchange *exchange)
{
  serve_list (site, exchange, disp_containers_document_write);
}

/* Clients are not told which file could not be written. */
static void
respond_error (DispContainersSite *self, DispExchange *exchange, const GError *problem)
{
  g_autoptr (GError) error = NULL;

  if (!g_error_matches (problem, DISP_ERROR, DISP_ERROR_FAILED))
    {
      disp_exchange_respond_error (exchange, problem);
      return;
    }
  if (!self->is_failing)
    disp_event_log (DISP_EVENT_QUOTA_FAILED, &(DispEventFields){ .reason = problem->message },
                    "a quota could not be changed: %s", problem->message);
  self->is_failing = TRUE;
  error = g_error_new_literal (DISP_ERROR, DISP_ERROR_FAILED, "the change could not be kept");
  disp_exchange_respond_error (exchange, error);
}

static DispContainer *
set_quota (DispContainersSite *self, const DispQuotaChange *change, GError **error)
{
  if (self->editor != NULL)
    return disp_fleet_editor_set_quota (self->editor, change, error);
  g_set_error_literal (
      error, DISP_ERROR, DISP_ERROR_NO_FLEET,
      "no fleet is configured, so there is no container whose quota can be changed");
  return NULL;
}

static void
serve_patch (DispSite *site, DispExchange *exchange)
{
  g_autoptr (GBytes) body = disp_exchange_steal_body (exchange);
  g_auto (DispQuotaChange) change = { 0 };
  g_autoptr (DispContainer) container = NULL;
  g_auto (DispJsonWriter) writer = { 0 };
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *text = g_bytes_get_data (body, &length);

  if (disp_quota_document_parse (text, length, &change, &error))
    container = set_quota (DISP_CONTAINERS_SITE (site), &change, &error);
  if (container == NULL)
    {
      respond_error (DISP_CONTAINERS_SITE (site), exchange, error);
      return;
    }
  DISP_CONTAINERS_SITE (site)->is_failing = FALSE;
  disp_json_writer_init (&writer);
  disp_container_document_write (&writer, NULL, container);
  respond (exchange, disp_json_writer_steal_bytes (&writer));
}

static const DispResource *
containers_site_find (G_GNUC_UNUSED DispSite *site, const char *path, DispTarget *target,
                      GError **error)
{
  static const DispResource resources[] = {
    { "/", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_status } } },
    { "/models", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_models } } },
    { "/models/*", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_models } } },
    { "/containers",
      DISP_ENTRY_OPEN,
      { { "GET", DISP_BODY_UNUSED, serve_containers }, { "PATCH", DISP_BODY_JSON, serve_patch } } },
    { "/containers/*", DISP_ENTRY_OPEN, { { "GET", DISP_BODY_UNUSED, serve_containers } } },
  };
  const DispResource *found = disp_resources_find (resources, G_N_ELEMENTS (resources), path,
                                                   target);

  if (found == NULL)
    g_set_error_literal (error, DISP_ERROR, DISP_ERROR_NOT_FOUND,
                         "nothing is at this path, expected /models, /models/NODE, /containers or "
                         "/containers/NODE");
  return found;
}

static void
containers_site_iface_init (DispSiteInterface *iface)
{
  iface->find = containers_site_find;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispContainersSite, disp_containers_site, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_SITE, containers_site_iface_init))

static void
disp_containers_site_finalize (GObject *object)
{
  DispContainersSite *self = DISP_CONTAINERS_SITE (object);

  g_object_unref (self->switchboard);
  g_clear_object (&self->editor);
  G_OBJECT_CLASS (disp_containers_site_parent_class)->finalize (object);
}

static void
disp_containers_site_class_init (DispContainersSiteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = disp_containers_site_finalize;
}

static void
disp_containers_site_init (G_GNUC_UNUSED DispContainersSite *self)
{
}

/**
 * disp_containers_site_new:
 * @switchboard: has the fleet
 * @editor: (nullable): changes quotas; %NULL if there will be no fleet
 *
 * Returns: (transfer full): the Containers Manager, to be served on the main thread
 */
DispSite *
disp_containers_site_new (DispSwitchboard *switchboard, DispFleetEditor *editor)
{
  DispContainersSite *self = g_object_new (DISP_TYPE_CONTAINERS_SITE, NULL);

  self->switchboard = g_object_ref (switchboard);
  g_set_object (&self->editor, editor);
  return DISP_SITE (self);
}
