/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources/source.h"

enum
{
  FLEET,
  FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_INTERFACE (DispSource, disp_source, G_TYPE_OBJECT)

static void
disp_source_default_init (DispSourceInterface *iface)
{
  GType type = G_TYPE_FROM_INTERFACE (iface);

  /**
   * DispSource::fleet:
   * @self: the source
   * @fleet: (type gpointer): the #DispFleet that it says now, also when it says the same as before
   *
   * The source was read well.
   */
  signals[FLEET] = g_signal_new ("fleet", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                 1, G_TYPE_POINTER);
  /**
   * DispSource::failed:
   * @self: the source
   * @error: why
   *
   * The source could not be read, or said something wrong.  What it said before stays in force.
   * Emitted at each try; the listener decides what of it is news.
   */
  signals[FAILED] = g_signal_new ("failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_ERROR);
}

/**
 * disp_source_inherit:
 * @self: a source that has said nothing yet
 * @fleet: (transfer none): what another source said
 *
 * Lets the counters of containers that are in @fleet go on, in what @self says, as they do from one
 * fleet of a source to its next.
 */
void
disp_source_inherit (DispSource *self, DispFleet *fleet)
{
  DispSourceInterface *iface = DISP_SOURCE_GET_IFACE (self);

  if (iface->inherit != NULL)
    iface->inherit (self, fleet);
}

/**
 * disp_source_start:
 * @self: a source that was not started
 * @error: what is wrong with what the operator gave
 *
 * Reads the source for the first time and goes on watching it.  A source that is local is read at
 * once, and what is wrong with it is an error here; one that is elsewhere answers later, by its
 * signals.
 *
 * Returns: whether it started
 */
gboolean
disp_source_start (DispSource *self, GError **error)
{
  return DISP_SOURCE_GET_IFACE (self)->start (self, error);
}

/**
 * disp_source_refresh:
 * @self: a started source
 *
 * Reads it again now, whatever its rhythm.
 *
 * Returns: how many signals, "fleet" or "failed", come first and tell of readings that had begun
 *   before this
 */
guint
disp_source_refresh (DispSource *self)
{
  return DISP_SOURCE_GET_IFACE (self)->refresh (self);
}

/**
 * disp_source_stop:
 * @self: a source
 *
 * Stops watching.  No signal comes after this.  May be called twice.
 */
void
disp_source_stop (DispSource *self)
{
  DISP_SOURCE_GET_IFACE (self)->stop (self);
}

/**
 * disp_source_describe:
 * @self: a source
 *
 * Returns: (transfer none): what it is and where, for people: "containers-manager
 * http://127.0.0.1:5001"
 */
const char *
disp_source_describe (DispSource *self)
{
  return DISP_SOURCE_GET_IFACE (self)->describe (self);
}

/**
 * disp_source_emit_fleet:
 * @self: the source
 * @fleet: (transfer none): what it says
 */
void
disp_source_emit_fleet (DispSource *self, DispFleet *fleet)
{
  g_signal_emit (self, signals[FLEET], 0, fleet);
}

/**
 * disp_source_emit_failed:
 * @self: the source
 * @error: (transfer none): why it could not be read
 */
void
disp_source_emit_failed (DispSource *self, const GError *error)
{
  g_signal_emit (self, signals[FAILED], 0, error);
}
