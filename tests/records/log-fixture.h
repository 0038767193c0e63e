/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "records/fake-store.h"
#include "records/request-log.h"

/* No test waits for it: whoever does would time out. */
#define AN_HOUR (3600 * G_TIME_SPAN_SECOND)
/* Enough for whatever has to be done. */
#define PATIENT (60 * G_TIME_SPAN_SECOND)
/* Limits that no test reaches unless it means to. */
#define SETTINGS(interval)                                                                         \
  {                                                                                                \
    .flush_interval = (interval), .max_records = 1000000, .max_bytes = G_MAXSIZE,                  \
  }

/* A log over a fake store. */
typedef struct
{
  DispClock *clock;     /* (owned) */
  DispNotice *notice;   /* (owned) (nullable) of the log */
  FakeStore *store;     /* (owned) */
  DispRequestLog *log;  /* (owned) */
  DispRecordSink *sink; /* (unowned) the log */
} LogFixture;

extern const DispRequestLogSettings log_flushes_soon;
extern const DispRequestLogSettings log_flushes_never;

void log_fixture_set_up (LogFixture *self, gconstpointer settings);
void log_fixture_tear_down (LogFixture *self, gconstpointer settings);
void log_fixture_push (LogFixture *self, guint first, guint n);
void log_fixture_check_stored (LogFixture *self, guint n);
void log_fixture_check_values (LogFixture *self, guint pushed, guint stored, guint refused,
                               guint lost);

void log_news_catch (void);
void log_news_forget (void);
guint log_news_count (void);
void log_news_check (guint number, const char *pattern);
