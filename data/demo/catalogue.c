/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "demo/catalogue.h"

#include <string.h>

static const DemoModel models[] = {
  { "half_plus_two", 0.5, 2.0 },
  { "half_plus_three", 0.5, 3.0 },
};

static const DemoModel *
find_model (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    if (g_str_equal (models[i].name, name))
      return &models[i];
  return NULL;
}

/**
 * demo_catalogue_new:
 * @names: names of models, separated by commas
 * @error: %G_OPTION_ERROR_BAD_VALUE for a name that is not known
 *
 * Returns: (transfer full) (element-type DemoModel): the models that a server serves
 */
GPtrArray *
demo_catalogue_new (const char *names, GError **error)
{
  g_auto (GStrv) list = g_strsplit (names, ",", -1);
  g_autoptr (GPtrArray) self = g_ptr_array_new ();

  for (guint i = 0; list[i] != NULL; i++)
    {
      const DemoModel *model = find_model (list[i]);

      if (model == NULL)
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       "--models: there is no model \"%s\", only half_plus_two and half_plus_three",
                       list[i]);
          return NULL;
        }
      g_ptr_array_add (self, (gpointer) model);
    }
  if (self->len == 0)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           "--models: at least one model is needed");
      return NULL;
    }
  return g_steal_pointer (&self);
}

static const DemoModel *
lookup (GPtrArray *self, const char *name)
{
  for (guint i = 0; i < self->len; i++)
    {
      const DemoModel *model = g_ptr_array_index (self, i);

      if (g_str_equal (model->name, name))
        return model;
    }
  return NULL;
}

static void
answer_status (DemoAnswer *answer)
{
  g_string_append_printf (answer->body,
                          "{\n \"model_version_status\": [\n  {\n   \"version\": \"%d\",\n"
                          "   \"state\": \"AVAILABLE\",\n   \"status\": {\n"
                          "    \"error_code\": \"OK\",\n    \"error_message\": \"\"\n"
                          "   }\n  }\n ]\n}\n",
                          DEMO_VERSION);
}

#define TENSOR(name)                                                                               \
  "{\"dtype\": \"DT_FLOAT\", \"tensor_shape\": {\"dim\": [{\"size\": \"-1\", \"name\": \"\"}, "    \
  "{\"size\": \"1\", \"name\": \"\"}], \"unknown_rank\": false}, \"name\": \"" name ":0\"}"

static void
answer_metadata (const DemoModel *model, DemoAnswer *answer)
{
  g_string_append_printf (
      answer->body,
      "{\n\"model_spec\": {\"name\": \"%s\", \"signature_name\": \"\", "
      "\"version\": \"%d\"},\n\"metadata\": {\"signature_def\": {\n"
      " \"signature_def\": {\"serving_default\": {\n"
      "  \"inputs\": {\"x\": " TENSOR (
          "x") "},\n"
               "  \"outputs\": {\"y\": " TENSOR (
                   "y") "},\n"
                        "  \"method_name\": \"tensorflow/serving/predict\"}}}}\n}\n",
      model->name, DEMO_VERSION);
}

/* Checks the part of a path between the name of a model and the verb. */
static gboolean
check_version (const char *name, const char *choice, DemoAnswer *answer)
{
  const char *label;
  guint64 version;

  if (*choice == '\0')
    return TRUE;
  if (g_str_has_prefix (choice, "/labels/"))
    {
      label = choice + strlen ("/labels/");
      return g_str_equal (label, DEMO_LABEL)
             || demo_answer_fail (answer, 400, "Unrecognized servable version label: %s", label);
    }
  if (!g_str_has_prefix (choice, "/versions/")
      || !g_ascii_string_to_unsigned (choice + strlen ("/versions/"), 10, 0, G_MAXINT64, &version,
                                      NULL))
    return demo_answer_fail (answer, 400, "Malformed request: /v1/models/%s%s", name, choice);
  return version == DEMO_VERSION
         || demo_answer_fail (answer, 404,
                              "Servable not found for request: Specific(%s, %" G_GUINT64_FORMAT ")",
                              name, version);
}

static const DemoModel *
choose (GPtrArray *self, const char *path, DemoAnswer *answer)
{
  g_autofree char *name = g_strndup (path, strcspn (path, "/"));
  const DemoModel *model = lookup (self, name);

  if (!check_version (name, path + strlen (name), answer))
    return NULL;
  if (model == NULL)
    demo_answer_fail (answer, 404, "Servable not found for request: Latest(%s)", name);
  return model;
}

static void
answer_get (GPtrArray *self, char *path, DemoAnswer *answer)
{
  gboolean metadata = g_str_has_suffix (path, "/metadata");
  const DemoModel *model;

  if (metadata)
    path[strlen (path) - strlen ("/metadata")] = '\0';
  model = choose (self, path, answer);
  if (model == NULL)
    return;
  if (metadata)
    answer_metadata (model, answer);
  else
    answer_status (answer);
}

static void
answer_post (GPtrArray *self, char *path, const char *body, gsize length, DemoAnswer *answer)
{
  char *verb = strrchr (path, ':');
  const DemoModel *model;

  if (verb == NULL)
    {
      demo_answer_fail (answer, 400, "Malformed request: POST /v1/models/%s", path);
      return;
    }
  *verb++ = '\0';
  model = choose (self, path, answer);
  if (model == NULL)
    return;
  if (g_str_equal (verb, "predict"))
    demo_model_predict (model, body, length, answer);
  else if (g_str_equal (verb, "classify"))
    demo_model_classify (model, body, length, answer);
  else if (g_str_equal (verb, "regress"))
    demo_model_regress (model, body, length, answer);
  else
    demo_answer_fail (answer, 400, "Malformed request: POST /v1/models/%s:%s", path, verb);
}

/**
 * demo_catalogue_answer:
 * @self: (element-type DemoModel): the models that a server serves
 * @method: the method of a request
 * @target: its target: an absolute path
 * @body: (array length=length): its body
 * @length: the length of that
 * @answer: a new answer, which becomes the one to the request
 */
void
demo_catalogue_answer (GPtrArray *self, const char *method, const char *target, const char *body,
                       gsize length, DemoAnswer *answer)
{
  g_autofree char *path = g_strndup (target, strcspn (target, "?"));

  if (!g_str_has_prefix (path, "/v1/"))
    demo_answer_fail (answer, 404, "Not Found");
  else if (!g_str_has_prefix (path, "/v1/models/"))
    demo_answer_fail (answer, 400, "Malformed request: %s %s", method, path);
  else if (g_str_equal (method, "GET"))
    answer_get (self, path + strlen ("/v1/models/"), answer);
  else if (g_str_equal (method, "POST"))
    answer_post (self, path + strlen ("/v1/models/"), body, length, answer);
  else
    demo_answer_fail (answer, 405, "Method not allowed: %s", method);
}
