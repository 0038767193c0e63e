/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/yaml-scalar.h"

#include <math.h>
#include <string.h>

/* The plain scalars of YAML 1.2.2 section 10.3.2, the core schema. */

static gboolean
is_one_of (const char *text, const char *const *words)
{
  return g_strv_contains (words, text);
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static gboolean
is_decimal (const char *text, gboolean *integer)
{
  gsize whole;
  gsize fraction = 0;

  *integer = TRUE;
  text += *text == '-' || *text == '+';
  whole = strspn (text, "0123456789");
  text += whole;
  if (*text == '.')
    {
      *integer = FALSE;
      fraction = strspn (++text, "0123456789");
      text += fraction;
    }
  if (whole + fraction == 0)
    return FALSE;
  if (*text == 'e' || *text == 'E')
    {
      *integer = FALSE;
      text++;
      text += *text == '-' || *text == '+';
      if (*text == '\0')
        return FALSE;
      text += strspn (text, "0123456789");
    }
  return *text == '\0';
}

static JsonNode *
new_double (double value)
{
  return json_node_init_double (json_node_alloc (), value);
}

/* "0o17" and "0x1f"; what is too long for 64 bits becomes a float, as any long integer does. */
static JsonNode *
resolve_based (const char *text)
{
  guint base = text[1] == 'o' ? 8 : 16;
  const char *digits = base == 8 ? "01234567" : "0123456789abcdefABCDEF";
  double value = 0;

  if (text[2] == '\0' || text[2 + strspn (text + 2, digits)] != '\0')
    return NULL;
  for (const char *at = text + 2; *at != '\0'; at++)
    value = value * base + g_ascii_xdigit_value (*at);
  if (value < 0x1p53)
    return json_node_init_int (json_node_alloc (), (gint64) value);
  return new_double (value);
}

static JsonNode *
resolve_number (const char *text)
{
  static const char *const nans[] = { ".nan", ".NaN", ".NAN", NULL };
  static const char *const infinities[] = { ".inf", ".Inf", ".INF", NULL };
  gboolean negative = *text == '-';
  gboolean integer;
  gint64 value;

  if (text[0] == '0' && (text[1] == 'o' || text[1] == 'x'))
    return resolve_based (text);
  if (is_one_of (text, nans))
    return new_double (NAN);
  if (is_one_of (text + (negative || *text == '+'), infinities))
    return new_double (negative ? -INFINITY : INFINITY);
  if (!is_decimal (text, &integer))
    return NULL;
  if (integer
      && g_ascii_string_to_signed (text + (*text == '+'), 10, G_MININT64, G_MAXINT64, &value, NULL))
    return json_node_init_int (json_node_alloc (), value);
  return new_double (g_ascii_strtod (text, NULL));
}

/**
 * disp_yaml_scalar_resolve:
 * @text: a scalar that was written without quotes
 *
 * Returns: (transfer full): what it is by the core schema of YAML 1.2: null, a boolean, a number,
 * else a string
 */
JsonNode *
disp_yaml_scalar_resolve (const char *text)
{
  static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
  static const char *const trues[] = { "true", "True", "TRUE", NULL };
  static const char *const falses[] = { "false", "False", "FALSE", NULL };
  JsonNode *number;

  if (is_one_of (text, nulls))
    return json_node_init_null (json_node_alloc ());
  if (is_one_of (text, trues))
    return json_node_init_boolean (json_node_alloc (), TRUE);
  if (is_one_of (text, falses))
    return json_node_init_boolean (json_node_alloc (), FALSE);
  number = resolve_number (text);
  return number != NULL ? number : json_node_init_string (json_node_alloc (), text);
}
