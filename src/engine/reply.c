/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/reply.h"

#include "core/error.h"

static void
set_error (DispReply *self, const GError *error, guint retry_after)
{
  int code = error->domain == DISP_ERROR ? error->code : DISP_ERROR_FAILED;

  self->answer = disp_answer_new_for_error (error);
  self->reason = disp_error_reason (code);
  if (retry_after > 0)
    self->answer->retry_after = g_strdup_printf ("%u", retry_after);
}

/**
 * disp_reply_new:
 * @answer: (transfer full): what a container answered
 *
 * Returns: (transfer full): a reply that does not name its container yet
 */
DispReply *
disp_reply_new (DispAnswer *answer)
{
  DispReply *self = g_new0 (DispReply, 1);

  self->answer = answer;
  return self;
}

/**
 * disp_reply_new_for_error:
 * @error: what the client is told
 * @retry_after: in how many seconds it may come again; 0 = that is not said
 *
 * Returns: (transfer full): a reply that is not a container's
 */
DispReply *
disp_reply_new_for_error (const GError *error, guint retry_after)
{
  DispReply *self = g_new0 (DispReply, 1);

  set_error (self, error, retry_after);
  return self;
}

/**
 * disp_reply_free:
 * @self: (transfer full): a reply
 */
void
disp_reply_free (DispReply *self)
{
  disp_answer_free (self->answer);
  g_clear_pointer (&self->container, disp_container_unref);
  g_free (self);
}

/**
 * disp_reply_set_error:
 * @self: a reply
 * @error: what the client is told instead of the answer that there was
 * @retry_after: in how many seconds it may come again; 0 = that is not said
 */
void
disp_reply_set_error (DispReply *self, const GError *error, guint retry_after)
{
  disp_answer_free (self->answer);
  set_error (self, error, retry_after);
}

/**
 * disp_reply_get_outcome:
 * @self: a reply
 *
 * Returns: how the request is counted
 */
DispOutcome
disp_reply_get_outcome (const DispReply *self)
{
  if (self->reason == NULL && self->answer->status < 500)
    return DISP_OUTCOME_SUCCESS;
  return self->answer->status == disp_error_http_status (DISP_ERROR_CLIENT_GONE)
             ? DISP_OUTCOME_CANCELLED
             : DISP_OUTCOME_FAILURE;
}
