/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/terms.h"

#include "core/tsan.h"

#define MIB ((gsize) 1024 * 1024)

/**
 * disp_terms_new:
 *
 * Returns: (transfer full): the terms of a daemon that nobody has configured, which its maker may
 *   change before others see them
 */
DispTerms *
disp_terms_new (void)
{
  DispTerms *self = g_atomic_rc_box_new0 (DispTerms);

  self->body_limit = 64 * MIB;
  self->body_memory = 512 * MIB;
  self->max_connections = 10000;
  self->head_timeout = 10 * G_TIME_SPAN_SECOND;
  self->idle_timeout = 75 * G_TIME_SPAN_SECOND;
  self->body_timeout = 10 * G_TIME_SPAN_SECOND;
  self->write_timeout = 30 * G_TIME_SPAN_SECOND;
  self->min_rate = 1000;
  return self;
}

/**
 * disp_terms_ref:
 * @self: terms
 *
 * Returns: (transfer full): @self; any thread
 */
DispTerms *
disp_terms_ref (DispTerms *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
terms_clear (gpointer data)
{
  DispTerms *self = data;

  DISP_TSAN_ACQUIRE (self);
  g_clear_pointer (&self->tokens, disp_tokens_unref);
  g_clear_object (&self->certificate);
  g_clear_object (&self->client_authorities);
}

/**
 * disp_terms_unref:
 * @self: (transfer full): terms
 */
void
disp_terms_unref (DispTerms *self)
{
  DISP_TSAN_RELEASE (self);
  g_atomic_rc_box_release_full (self, terms_clear);
}
