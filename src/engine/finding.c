/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/finding.h"

#include "core/error.h"
#include "wire/status-document.h"

/*
 * What a check makes of an answer.  Whoever answers at a path that the operator named says by the
 * status of HTTP how it is.  The status of a model, as TensorFlow Serving tells it, is asked for of
 * any server by default, so that nothing may speak against one but its own words: a status document
 * without a version that is AVAILABLE, or TensorFlow Serving's error about a model that it does not
 * serve.  Whatever else comes is the answer of a server that does not have the path.  It may
 * predict very well, and whether it does its predictions tell.
 */

static DispFinding
judge_own (const DispAnswer *answer, char **reason)
{
  if (answer->status >= 200 && answer->status < 300)
    return DISP_FINDING_AVAILABLE;
  *reason = g_strdup_printf ("it answered %u", answer->status);
  return DISP_FINDING_UNAVAILABLE;
}

static DispFinding
judge_document (const DispCheckQuestion *question, const char *text, gsize length, char **reason)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *state = NULL;
  gboolean available;

  if (!disp_status_document_parse (text, length, question->versions, question->n_versions,
                                   &available, &state, &error))
    {
      *reason = g_strdup_printf ("its answer is no model status: %s", error->message);
      return DISP_FINDING_NOTHING;
    }
  if (available)
    return DISP_FINDING_AVAILABLE;
  *reason = state != NULL ? g_strdup_printf ("its state is %s", state)
                          : g_strdup ("it does not have that version");
  return DISP_FINDING_UNAVAILABLE;
}

/**
 * disp_finding_of_answer:
 * @question: what was asked
 * @answer: what came
 * @reason: (out) (transfer full) (nullable): why, in words, unless it is available
 *
 * Returns: what that says
 */
DispFinding
disp_finding_of_answer (const DispCheckQuestion *question, const DispAnswer *answer, char **reason)
{
  gsize length;
  const char *text = g_bytes_get_data (answer->body, &length);

  *reason = NULL;
  if (question->is_own)
    return judge_own (answer, reason);
  if (answer->status == 200)
    return judge_document (question, text, length, reason);
  if (answer->status == 404 && disp_status_document_is_missing (text, length, question->model))
    {
      *reason = g_strdup ("it does not serve the model");
      return DISP_FINDING_UNAVAILABLE;
    }
  *reason = g_strdup_printf ("it answered %u", answer->status);
  return answer->status >= 500 && answer->status != 501 ? DISP_FINDING_SILENT
                                                        : DISP_FINDING_NOTHING;
}

/**
 * disp_finding_of_error:
 * @error: why no answer came, of the transport, or %DISP_ERROR_DEADLINE
 * @reason: (out) (transfer full): that, in words
 *
 * Returns: what that says
 */
DispFinding
disp_finding_of_error (const GError *error, char **reason)
{
  *reason = g_strdup (error->message);
  return g_error_matches (error, DISP_ERROR, DISP_ERROR_UNREACHABLE) ? DISP_FINDING_UNREACHABLE
                                                                     : DISP_FINDING_SILENT;
}
