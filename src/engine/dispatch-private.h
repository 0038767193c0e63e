/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/dispatcher.h"
#include "engine/hold.h"
#include "engine/recording.h"
#include "engine/visit.h"

/* The most further attempts that may be configured. */
#define DISP_MAX_RETRIES 8
/* A first attempt, its retries, and a hedge. */
#define DISP_MAX_ATTEMPTS (1 + DISP_MAX_RETRIES + 1)
/* In so many seconds containers that fail have been looked at again. */
#define DISP_UNWELL_RETRY_AFTER 1
/* An attempt, and one beside it. */
#define DISP_MAX_VISITS 2

/*
 * What is shared by the files that tell the life of a request: dispatcher.c its beginning and its
 * end, placing.c how it comes to a place at a container, trying.c its attempts there.
 */
struct _DispDispatcher
{
  GObject parent_instance;
  DispSwitchboard *switchboard; /* (owned) */
  DispTransport *transport;     /* (owned) */
  GRand *random;                /* (owned) */
  DispPorch *porch;             /* (owned) where requests are called to that waited for a place */
  GQueue active;                /* (element-type DispDispatch, unowned) those that have not ended */
  GArray *indices;              /* (owned) (element-type guint) room for placing.c to list places */
  GPtrArray *candidates;        /* (owned) (element-type DispContainer, unowned) likewise */
};

/**
 * DispStage:
 * @DISP_STAGE_PLACING: it looks for a place, at once
 * @DISP_STAGE_WAITING: it waits in the waiting room
 * @DISP_STAGE_PAUSED: it will look for a place again after some time
 * @DISP_STAGE_VISITING: it is at one container, or at two
 * @DISP_STAGE_HOLDING: its answer waits for its record
 * @DISP_STAGE_GIVEN_UP: it ends soon, with the error that it has
 *
 * What a request waits for.
 */
typedef enum
{
  DISP_STAGE_PLACING,
  DISP_STAGE_WAITING,
  DISP_STAGE_PAUSED,
  DISP_STAGE_VISITING,
  DISP_STAGE_HOLDING,
  DISP_STAGE_GIVEN_UP,
} DispStage;

/* One request on its way. */
typedef struct
{
  DispDispatcher *dispatcher; /* (unowned) kept by the task */
  GTask *task;                /* (owned) until it ends */
  DispRequest *request;       /* (owned) */
  DispRecording recording;
  DispRouting *routing;         /* (owned) (nullable) what is in force for it */
  const DispRoute *route;       /* (nullable) of the routing, once it is found */
  DispEngineSettings *settings; /* (owned) that it began with */
  DispStage stage;
  gint64 arrived;      /* on the scale of the clock */
  gint64 deadline;     /* on the scale of the clock */
  GSource *timer;      /* (owned) (nullable) for what is due next */
  gint64 timer_at;     /* when that is */
  gulong cancelled_id; /* of the handler for a client that hangs up */
  GList link;          /* among the active ones */

  DispWaiter waiter;  /* while it waits in the waiting room */
  gint64 wait_began;  /* when it came to wait for a place; 0 = it does not */
  gint64 waited;      /* how long it waited before, in microseconds */
  gint64 look_at;     /* while it waits: when free places are offered again; see placing.c */
  gint64 pause_end;   /* while it is paused */
  gboolean had_pause; /* before the retry that it looks for a place for */

  DispVisit *visits[DISP_MAX_VISITS]; /* (unowned) while they run */
  gboolean is_extra[DISP_MAX_VISITS]; /* which of them count in the retry budget */
  gboolean is_cut[DISP_MAX_VISITS];   /* which of them took too long, and end soon */
  guint n_visits;
  guint n_attempts;    /* begun */
  guint n_retries;     /* of these, those that are neither the first nor a hedge */
  gboolean has_budget; /* for a further attempt that is not begun yet */
  DispCapacity *tried[DISP_MAX_ATTEMPTS]; /* (owned) (array length=n_attempts) where */
  gboolean was_hedged;                    /* a hedge was begun, or there was no room for one */
  gboolean was_late;                      /* an attempt took so long that another was begun */
  DispContainer *container;               /* (owned) (nullable) of the last attempt that ended */
  DispAnswer *answer;                     /* (owned) (nullable) what that answered */
  GError *error;                          /* (owned) (nullable) or why it did not */
  guint retry_after; /* in how many seconds it may come again; 0 = by the error */
  GError *given_up;  /* (owned) (nullable) why it is given up */

  DispHold *hold;  /* (unowned) (nullable) while it runs */
  DispReply *held; /* (owned) (nullable) the reply, while it is held */
} DispDispatch;

/* dispatcher.c */
gint64 disp_dispatch_get_now (const DispDispatch *self);
guint disp_dispatch_count_active (const DispDispatch *self);
DispVisitTerms disp_dispatch_get_visit_terms (const DispDispatch *self);
void disp_dispatch_set_timer (DispDispatch *self);
void disp_dispatch_end_with_answer (DispDispatch *self, DispAnswer *answer);
void disp_dispatch_end_with_error (DispDispatch *self, const GError *error);

/* placing.c */
void disp_dispatch_find_place (DispDispatch *self);
void disp_dispatch_on_called (DispWaiter *waiter, gpointer user_data);
gboolean disp_dispatch_find_place_beside (DispDispatch *self, gboolean must_be_idle,
                                          DispPlace *place);
void disp_dispatch_stop_waiting (DispDispatch *self);
gint64 disp_dispatch_get_wait_end (const DispDispatch *self);
void disp_dispatch_end_wait (DispDispatch *self, gint64 now);

/* trying.c */
void disp_dispatch_try (DispDispatch *self, DispPlace *place);
gint64 disp_dispatch_get_visit_end (const DispDispatch *self);
void disp_dispatch_look_at_visits (DispDispatch *self, gint64 now);
void disp_dispatch_cancel_visits (DispDispatch *self, DispOutcome outcome, const GError *error);
void disp_dispatch_end_last (DispDispatch *self);
