/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Of a number that was not given. */
#define DISP_NOT_GIVEN G_MININT64

/**
 * DispFlags:
 *
 * What the options of the command line say, those of all commands together.
 */
typedef struct
{
  gboolean help;
  gboolean version;
  gboolean user;
  gboolean system;
  char *address; /* (owned) (nullable) */
  gboolean json;
  gboolean reset;
  gboolean shadow;
  gboolean follow;
  char *model;          /* (owned) (nullable) */
  char *container;      /* (owned) (nullable) */
  char *node;           /* (owned) (nullable) */
  char *state;          /* (owned) (nullable) */
  gint64 limit;         /* DISP_NOT_GIVEN, or from 1 */
  gint64 model_version; /* DISP_NOT_GIVEN, or from 1 */
  char *token_file;     /* (owned) (nullable) */
  double interval;      /* in seconds */
  gint64 count;         /* DISP_NOT_GIVEN, or from 1 */
} DispFlags;

void disp_flags_init (DispFlags *self);
void disp_flags_clear (DispFlags *self);
gboolean disp_flags_parse (DispFlags *self, int *argc, char ***argv, GError **error);
gboolean disp_flags_parse_command (DispFlags *self, const char *command, int *argc, char ***argv,
                                   GError **error);
char *disp_flags_get_help (const char *command, const char *arguments, const char *description);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DispFlags, disp_flags_clear)
