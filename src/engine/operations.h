/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/container.h"

#include <gio/gio.h>

#define DISP_TYPE_OPERATIONS (disp_operations_get_type ())
G_DECLARE_INTERFACE (DispOperations, disp_operations, DISP, OPERATIONS, GObject)

/**
 * DispOperationsInterface:
 * @set_policy: see disp_operations_set_policy()
 * @reset_policy: see disp_operations_reset_policy()
 * @set_shadow: see disp_operations_set_shadow()
 * @set_quota: see disp_operations_set_quota()
 * @reset_quota: see disp_operations_reset_quota()
 * @set_drained: see disp_operations_set_drained()
 * @reset: see disp_operations_reset()
 * @refresh_async: see disp_operations_refresh_async()
 * @refresh_finish: see disp_operations_refresh_finish()
 * @reload_async: see disp_operations_reload_async()
 * @reload_finish: see disp_operations_reload_finish()
 * @stop: see disp_operations_stop()
 *
 * The port through which an operator changes what the daemon does while it runs.  Main thread.
 */
struct _DispOperationsInterface
{
  GTypeInterface parent;
  gboolean (*set_policy) (DispOperations *self, const char *model, const char *policy,
                          GVariant *options, GError **error);
  gboolean (*reset_policy) (DispOperations *self, const char *model, GError **error);
  gboolean (*set_shadow) (DispOperations *self, const char *policy, GVariant *options,
                          GError **error);
  gboolean (*set_quota) (DispOperations *self, const DispContainer *container, double quota,
                         GError **error);
  gboolean (*reset_quota) (DispOperations *self, const DispContainer *container, GError **error);
  gboolean (*set_drained) (DispOperations *self, const DispContainer *container,
                           gboolean is_drained, GError **error);
  gboolean (*reset) (DispOperations *self, GError **error);
  void (*refresh_async) (DispOperations *self, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*refresh_finish) (DispOperations *self, GAsyncResult *result, GError **error);
  void (*reload_async) (DispOperations *self, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*reload_finish) (DispOperations *self, GAsyncResult *result, GError **error);
  void (*stop) (DispOperations *self);
};

gboolean disp_operations_set_policy (DispOperations *self, const char *model, const char *policy,
                                     GVariant *options, GError **error);
gboolean disp_operations_reset_policy (DispOperations *self, const char *model, GError **error);
gboolean disp_operations_set_shadow (DispOperations *self, const char *policy, GVariant *options,
                                     GError **error);
gboolean disp_operations_set_quota (DispOperations *self, const DispContainer *container,
                                    double quota, GError **error);
gboolean disp_operations_reset_quota (DispOperations *self, const DispContainer *container,
                                      GError **error);
gboolean disp_operations_set_drained (DispOperations *self, const DispContainer *container,
                                      gboolean is_drained, GError **error);
gboolean disp_operations_reset (DispOperations *self, GError **error);
void disp_operations_refresh_async (DispOperations *self, GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean disp_operations_refresh_finish (DispOperations *self, GAsyncResult *result,
                                         GError **error);
void disp_operations_reload_async (DispOperations *self, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean disp_operations_reload_finish (DispOperations *self, GAsyncResult *result, GError **error);
void disp_operations_stop (DispOperations *self);
