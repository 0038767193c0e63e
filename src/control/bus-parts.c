/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/bus-parts.h"

/**
 * disp_bus_parts_copy:
 * @self: parts
 *
 * Returns: the same, with references of their own; for disp_bus_parts_clear()
 */
DispBusParts
disp_bus_parts_copy (const DispBusParts *self)
{
  g_object_ref (self->switchboard);
  g_object_ref (self->operations);
  g_object_ref (self->gate);
  return *self;
}

/**
 * disp_bus_parts_clear:
 * @self: parts, or nothing but zeros
 *
 * Gives the references up.
 */
void
disp_bus_parts_clear (DispBusParts *self)
{
  g_clear_object (&self->switchboard);
  g_clear_object (&self->operations);
  g_clear_object (&self->gate);
}
