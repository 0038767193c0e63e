/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* A client that sends raw bytes and reads whole answers, on the default context. */
typedef struct
{
  GSocket *socket;  /* (owned) */
  GString *in;      /* (owned) what came and was not taken */
  GByteArray *out;  /* (owned) what could not be sent yet */
  GSource *reading; /* (owned) (nullable) */
  GSource *writing; /* (owned) (nullable) */
  gboolean at_end;  /* the server said that nothing more comes, or reset the connection */
  gboolean was_reset;
} RawClient;

/* An answer as it came. */
typedef struct
{
  guint status;
  char *head; /* (owned) without the empty line */
  char *body; /* (owned) with a NUL behind it */
  gsize length;
} RawAnswer;

RawClient *raw_client_new (const char *address);
void raw_client_free (RawClient *self);
void raw_client_send (RawClient *self, const char *bytes, gssize length);
G_GNUC_PRINTF (2, 3) void raw_client_sendf (RawClient *self, const char *format, ...);
void raw_client_post (RawClient *self, const char *path, const char *body);
void raw_client_shutdown (RawClient *self);
void raw_client_reset (RawClient *self);
RawAnswer *raw_client_read (RawClient *self);
RawAnswer *raw_client_read_head (RawClient *self);
void raw_client_assert_end (RawClient *self);

void raw_answer_free (RawAnswer *self);
char *raw_answer_get (const RawAnswer *self, const char *name);
void raw_answer_assert_field (const RawAnswer *self, const char *name, const char *value);
void raw_answer_assert_error (const RawAnswer *self, guint status, const char *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RawClient, raw_client_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RawAnswer, raw_answer_free)
