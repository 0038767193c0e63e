/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#define DISP_TYPE_SITE (disp_site_get_type ())
G_DECLARE_INTERFACE (DispSite, disp_site, DISP, SITE, GObject)

typedef struct _DispExchange DispExchange;

/**
 * DispBodyUse:
 * @DISP_BODY_UNUSED: there need not be one, and it is thrown away
 * @DISP_BODY_WANTED: there must be one
 * @DISP_BODY_JSON: there must be one, and it must not claim to be other than plain JSON
 *
 * What an endpoint does with the body of a request.
 */
typedef enum
{
  DISP_BODY_UNUSED,
  DISP_BODY_WANTED,
  DISP_BODY_JSON,
} DispBodyUse;

/**
 * DispServe:
 * @site: the site
 * @exchange: a request whose body has come
 *
 * Answers a request, at once or later.
 */
typedef void (*DispServe) (DispSite *site, DispExchange *exchange);

/**
 * DispEndpoint:
 * @method: the method; "GET" stands for HEAD too
 * @body: what it does with the body
 * @serve: what answers it
 *
 * One method of a resource.
 */
typedef struct
{
  const char *method;
  DispBodyUse body;
  DispServe serve;
} DispEndpoint;

/* As many endpoints as a resource can have. */
#define DISP_MAX_ENDPOINTS 4

/**
 * DispEntry:
 * @DISP_ENTRY_OPEN: everybody, at any time
 * @DISP_ENTRY_GUARDED: who shows a token, where clients need one, and does not ask too often
 *
 * Who may ask for a resource.
 */
typedef enum
{
  DISP_ENTRY_OPEN,
  DISP_ENTRY_GUARDED,
} DispEntry;

/**
 * DispResource:
 * @path: (nullable): the path, percent-encoded; with "*" as its last segment that stands for any
 *   one name; %NULL when the path is found in another way
 * @entry: who may come in
 * @endpoints: its endpoints; what is not used has no method
 *
 * What is at a path.
 */
typedef struct
{
  const char *path;
  DispEntry entry;
  DispEndpoint endpoints[DISP_MAX_ENDPOINTS];
} DispResource;

/**
 * DispTarget:
 *
 * What the path of a request names besides its resource.
 */
typedef struct
{
  gpointer value;      /* (owned) (nullable) */
  GDestroyNotify free; /* (nullable) frees the value */
} DispTarget;

void disp_target_clear (DispTarget *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispTarget, disp_target_clear)

/**
 * DispSiteInterface:
 * @find: see disp_site_find()
 * @abort: (nullable): see disp_site_abort()
 *
 * What a server serves.  A site belongs to the thread of its server.
 */
struct _DispSiteInterface
{
  GTypeInterface parent;
  const DispResource *(*find) (DispSite *self, const char *path, DispTarget *target,
                               GError **error);
  void (*abort) (DispSite *self);
};

const DispResource *disp_site_find (DispSite *self, const char *path, DispTarget *target,
                                    GError **error);

void disp_site_abort (DispSite *self);

const DispResource *disp_resources_find (const DispResource *resources, guint n_resources,
                                         const char *path, DispTarget *target);
const DispEndpoint *disp_resource_get_endpoint (const DispResource *self, const char *method);
char *disp_resource_dup_allow (const DispResource *self);
