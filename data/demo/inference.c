/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bodies and error texts follow TensorFlow Serving's REST API and what its server really answers:
 * https://www.tensorflow.org/tfx/serving/api_rest */
#include "demo/inference.h"

#include "demo/json-scanner.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Computes the value at @scanner and appends the result. */
typedef gboolean (*ComputeFunc) (const DemoModel *self, DemoJsonScanner *scanner, guint depth,
                                 GString *result);

/**
 * demo_answer_init:
 * @self: (out caller-allocates): an answer
 *
 * Makes it 200 with an empty body.
 */
void
demo_answer_init (DemoAnswer *self)
{
  self->status = 200;
  self->body = g_string_new (NULL);
  self->n_instances = 0;
}

void
demo_answer_clear (DemoAnswer *self)
{
  g_string_free (self->body, TRUE);
}

static void
append_quoted (GString *body, const char *text)
{
  g_string_append_c (body, '"');
  for (; *text != '\0'; text++)
    {
      if (*text == '"' || *text == '\\')
        g_string_append_c (body, '\\');
      if ((guchar) *text < 0x20)
        g_string_append_printf (body, "\\u%04x", *text);
      else
        g_string_append_c (body, *text);
    }
  g_string_append_c (body, '"');
}

/**
 * demo_answer_fail:
 * @self: an answer
 * @status: a status of HTTP
 * @format: what is wrong, as by printf()
 *
 * Makes it an error, whatever it was.
 *
 * Returns: %FALSE
 */
gboolean
demo_answer_fail (DemoAnswer *self, guint status, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  self->status = status;
  self->n_instances = 0;
  g_string_assign (self->body, "{ \"error\": ");
  append_quoted (self->body, message);
  g_string_append (self->body, " }");
  return FALSE;
}

/* Most numbers of a load test are halves, and printf() costs more than all the rest. */
static void
append_half (GString *body, gint64 halves)
{
  guint64 rest = ABS (halves) / 2;
  char text[24];
  char *at = text + sizeof text;

  *--at = halves % 2 != 0 ? '5' : '0';
  *--at = '.';
  do
    *--at = '0' + rest % 10;
  while ((rest /= 10) > 0);
  if (halves < 0)
    *--at = '-';
  g_string_append_len (body, at, text + sizeof text - at);
}

/* Appends the shortest decimal that reads back as the same number. */
static void
append_number (GString *body, double number)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (isnan (number) || isinf (number))
    {
      g_string_append (body, isnan (number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
      return;
    }
  if (fabs (number) < 1e9 && number * 2 == trunc (number * 2))
    {
      append_half (body, (gint64) (number * 2));
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_ascii_formatd (text, sizeof text, formats[i], number);
      if (g_ascii_strtod (text, NULL) == number)
        break;
    }
  g_string_append (body, text);
  if (strpbrk (text, ".e") == NULL)
    g_string_append (body, ".0");
}

static gboolean
compute_number (const DemoModel *self, DemoJsonScanner *scanner, GString *result)
{
  double number;

  if (!demo_json_scanner_read_number (scanner, &number))
    return FALSE;
  append_number (result, number * self->slope + self->offset);
  return TRUE;
}

/* Enters an object that names the only input of a model. */
static gboolean
enter_named (DemoJsonScanner *scanner)
{
  const char *key;
  gsize length;

  return demo_json_scanner_take (scanner, '{')
         && demo_json_scanner_read_string (scanner, &key, &length) && length == 1 && *key == 'x'
         && demo_json_scanner_take (scanner, ':');
}

static gboolean compute_tensor (const DemoModel *self, DemoJsonScanner *scanner, guint depth,
                                GString *result);

static gboolean
compute_array (const DemoModel *self, DemoJsonScanner *scanner, guint depth, GString *result)
{
  gboolean first = TRUE;

  g_string_append_c (result, '[');
  if (!demo_json_scanner_take (scanner, ']'))
    {
      do
        {
          g_string_append (result, first ? "" : ", ");
          first = FALSE;
          if (!compute_tensor (self, scanner, depth + 1, result))
            return FALSE;
        }
      while (demo_json_scanner_take (scanner, ','));
      if (!demo_json_scanner_take (scanner, ']'))
        return FALSE;
    }
  g_string_append_c (result, ']');
  return TRUE;
}

/* A tensor is a number, an array of tensors, or a named one; the result has the same shape, and
 * since a model has one output that one needs no name. */
static gboolean
compute_tensor (const DemoModel *self, DemoJsonScanner *scanner, guint depth, GString *result)
{
  char next = demo_json_scanner_peek (scanner);

  if (depth >= DEMO_JSON_MAX_DEPTH)
    return FALSE;
  if (next == '{')
    return enter_named (scanner) && compute_tensor (self, scanner, depth + 1, result)
           && demo_json_scanner_take (scanner, '}');
  if (next == '[')
    {
      demo_json_scanner_take (scanner, '[');
      return compute_array (self, scanner, depth, result);
    }
  return compute_number (self, scanner, result);
}

/* An example holds its feature as a number, or as a list of one. */
static gboolean
compute_example (const DemoModel *self, DemoJsonScanner *scanner, G_GNUC_UNUSED guint depth,
                 GString *result)
{
  gboolean listed;

  if (!enter_named (scanner))
    return FALSE;
  listed = demo_json_scanner_take (scanner, '[');
  return compute_number (self, scanner, result)
         && (!listed || demo_json_scanner_take (scanner, ']'))
         && demo_json_scanner_take (scanner, '}');
}

/* A class of the demo models has no label, only a score. */
static gboolean
compute_classes (const DemoModel *self, DemoJsonScanner *scanner, guint depth, GString *result)
{
  g_string_append (result, "[[\"\", ");
  if (!compute_example (self, scanner, depth, result))
    return FALSE;
  g_string_append (result, "]]");
  return TRUE;
}

/* Answers with a list of as many elements as the list called @name, which begins at @scanner. */
static gboolean
compute_list (const DemoModel *self, DemoJsonScanner scanner, const char *name, ComputeFunc compute,
              const char *answer_name, DemoAnswer *answer)
{
  if (!demo_json_scanner_take (&scanner, '['))
    return demo_answer_fail (answer, 400, "Expecting '%s' value to be an array", name);
  if (demo_json_scanner_peek (&scanner) == ']')
    return demo_answer_fail (answer, 400, "The list '%s' is empty", name);
  g_string_append_printf (answer->body, "{\n    \"%s\": [", answer_name);
  do
    {
      g_string_append (answer->body, answer->n_instances > 0 ? ", " : "");
      if (!compute (self, &scanner, 0, answer->body))
        return demo_answer_fail (answer, 400,
                                 "Failed to process element: %u of '%s' list. Error: Invalid "
                                 "argument: the value is not of expected type: float",
                                 answer->n_instances, name);
      answer->n_instances++;
    }
  while (demo_json_scanner_take (&scanner, ','));
  g_string_append (answer->body, "\n    ]\n}");
  return TRUE;
}

static gboolean
compute_columns (const DemoModel *self, DemoJsonScanner scanner, DemoAnswer *answer)
{
  DemoJsonScanner counted = scanner;

  g_string_append (answer->body, "{\n    \"outputs\": ");
  if (!compute_tensor (self, &scanner, 0, answer->body))
    return demo_answer_fail (answer, 400, "The value of 'inputs' is not of expected type: float");
  g_string_append (answer->body, "\n}");
  answer->n_instances = 1;
  if (demo_json_scanner_take (&counted, '['))
    while (demo_json_scanner_skip (&counted, 0) && demo_json_scanner_take (&counted, ','))
      answer->n_instances++;
  return TRUE;
}

static gboolean
scan_members (DemoJsonScanner *scanner, const char *const *names, DemoJsonScanner *found)
{
  if (demo_json_scanner_take (scanner, '}'))
    return TRUE;
  do
    {
      const char *key;
      gsize length;

      if (!demo_json_scanner_read_string (scanner, &key, &length)
          || !demo_json_scanner_take (scanner, ':'))
        return FALSE;
      for (guint i = 0; names[i] != NULL; i++)
        if (strlen (names[i]) == length && memcmp (key, names[i], length) == 0)
          found[i] = *scanner;
      if (!demo_json_scanner_skip (scanner, 1))
        return FALSE;
    }
  while (demo_json_scanner_take (scanner, ','));
  return demo_json_scanner_take (scanner, '}');
}

/* Checks the whole body, and finds where the members of those @names begin. */
static gboolean
find_members (const char *body, gsize length, const char *const *names, DemoJsonScanner *found,
              DemoAnswer *answer)
{
  DemoJsonScanner scanner = { body, body + length };

  if (length == 0)
    return demo_answer_fail (answer, 400, "JSON Parse error: The document is empty");
  if (!demo_json_scanner_take (&scanner, '{'))
    return demo_answer_fail (answer, 400, "JSON Parse error: The document is no object");
  if (!scan_members (&scanner, names, found) || demo_json_scanner_peek (&scanner) != '\0'
      || scanner.at != scanner.end)
    return demo_answer_fail (answer, 400, "JSON Parse error: Invalid value. at offset: %d",
                             (int) (scanner.at - body));
  return TRUE;
}

/**
 * demo_model_predict:
 * @self: a model
 * @body: (array length=length): what was posted
 * @length: its length
 * @answer: a new answer, which becomes the predictions or an error
 *
 * Returns: whether the body was fine
 */
gboolean
demo_model_predict (const DemoModel *self, const char *body, gsize length, DemoAnswer *answer)
{
  static const char *const names[] = { "instances", "inputs", NULL };
  DemoJsonScanner found[] = { { NULL, NULL }, { NULL, NULL } };

  if (!find_members (body, length, names, found, answer))
    return FALSE;
  if (found[0].at != NULL && found[1].at != NULL)
    return demo_answer_fail (answer, 400, "Not expecting both 'inputs' and 'instances' keys");
  if (found[0].at != NULL)
    return compute_list (self, found[0], names[0], compute_tensor, "predictions", answer);
  if (found[1].at != NULL)
    return compute_columns (self, found[1], answer);
  return demo_answer_fail (answer, 400, "Missing 'inputs' or 'instances' key");
}

static gboolean
answer_examples (const DemoModel *self, const char *body, gsize length, ComputeFunc compute,
                 DemoAnswer *answer)
{
  static const char *const names[] = { "examples", NULL };
  DemoJsonScanner found = { NULL, NULL };

  if (!find_members (body, length, names, &found, answer))
    return FALSE;
  if (found.at == NULL)
    return demo_answer_fail (answer, 400, "Missing 'examples' key");
  return compute_list (self, found, names[0], compute, "results", answer);
}

/**
 * demo_model_classify:
 * @self: a model
 * @body: (array length=length): what was posted
 * @length: its length
 * @answer: a new answer, which becomes the classes or an error
 *
 * Returns: whether the body was fine
 */
gboolean
demo_model_classify (const DemoModel *self, const char *body, gsize length, DemoAnswer *answer)
{
  return answer_examples (self, body, length, compute_classes, answer);
}

/**
 * demo_model_regress:
 * @self: a model
 * @body: (array length=length): what was posted
 * @length: its length
 * @answer: a new answer, which becomes the values or an error
 *
 * Returns: whether the body was fine
 */
gboolean
demo_model_regress (const DemoModel *self, const char *body, gsize length, DemoAnswer *answer)
{
  return answer_examples (self, body, length, compute_example, answer);
}
