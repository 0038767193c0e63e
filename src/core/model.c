/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/model.h"

/**
 * disp_model_new:
 * @name: its name
 * @version: its version
 *
 * Returns: (transfer full): a model without targets
 */
DispModel *
disp_model_new (const char *name, gint64 version)
{
  DispModel *self = g_new0 (DispModel, 1);

  self->name = g_strdup (name);
  self->version = version;
  return self;
}

/**
 * disp_model_copy:
 * @self: a model
 *
 * Returns: (transfer full): an equal one
 */
DispModel *
disp_model_copy (const DispModel *self)
{
  DispModel *copy = g_memdup2 (self, sizeof *self);

  copy->name = g_strdup (self->name);
  return copy;
}

/**
 * disp_model_free:
 * @self: (transfer full): a model
 */
void
disp_model_free (DispModel *self)
{
  g_free (self->name);
  g_free (self);
}

/**
 * disp_version_clear:
 * @self: a version
 *
 * Frees what it owns; not the struct.
 */
void
disp_version_clear (DispVersion *self)
{
  g_clear_pointer (&self->label, g_free);
}
