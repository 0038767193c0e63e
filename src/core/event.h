/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * DispEvent:
 * @DISP_EVENT_LISTENING: a service accepts connections
 * @DISP_EVENT_LISTEN_IGNORED: sockets were inherited in place of the addresses of a setting
 * @DISP_EVENT_STOPPING: the daemon was told to stop, and lets what is in flight end
 * @DISP_EVENT_STOPPING_AT_ONCE: it was told so again, and gives up what is in flight
 * @DISP_EVENT_DRAIN_TIMEOUT: requests are given up since they did not end in time
 * @DISP_EVENT_CONNECTIONS_LEFT: connections are closed although clients still read
 * @DISP_EVENT_STOPPED: the daemon ended, and has stored all records
 * @DISP_EVENT_RELOADED: configuration and fleet were read again and are in force
 * @DISP_EVENT_RELOAD_FAILED: something is wrong with them, and nothing has changed
 * @DISP_EVENT_RELOAD_PARTIAL: a setting changed that needs a restart
 * @DISP_EVENT_STALLED: a thread makes no progress, so the watchdog of systemd is not fed
 * @DISP_EVENT_NOT_STALLED: it does again
 * @DISP_EVENT_NOTIFY_FAILED: systemd, or whoever started the daemon, cannot be told how it is
 * @DISP_EVENT_ACCEPT_PAUSED: no connection can be accepted now
 * @DISP_EVENT_ACCEPT_RESUMED: they are accepted again
 * @DISP_EVENT_CONNECTIONS_FULL: there are as many connections as there may be
 * @DISP_EVENT_CONNECTIONS_ROOM: there is room for more again
 * @DISP_EVENT_CERTIFICATE_ENDS: the certificate that clients are shown is not valid for much longer
 * @DISP_EVENT_MESSAGES_LEFT_OUT: a library had more to say than is logged
 * @DISP_EVENT_REQUEST_ENDED: a request was answered
 * @DISP_EVENT_CONTAINER_FAILS: a request failed at a container, and the one before did not
 * @DISP_EVENT_CONTAINER_ANSWERS: one succeeded there again
 * @DISP_EVENT_CONTAINER_EJECTED: a container gets no requests for some time, since too many failed
 * @DISP_EVENT_CONTAINER_RETURNED: it gets requests again
 * @DISP_EVENT_CONTAINER_LOST: a container does not answer checks, and gets no requests
 * @DISP_EVENT_CONTAINER_FOUND: it answers them again
 * @DISP_EVENT_CONTAINER_UNCHECKED: a container does not tell the status of its models
 * @DISP_EVENT_MODEL_UNAVAILABLE: a container says that a model cannot be used there
 * @DISP_EVENT_MODEL_AVAILABLE: it can again
 * @DISP_EVENT_FLEET: a fleet is in force
 * @DISP_EVENT_FLEET_FAILED: the fleet cannot be read
 * @DISP_EVENT_FLEET_MISSING: no fleet is configured
 * @DISP_EVENT_POLICY_MISFIT: the policy names what the fleet does not have
 * @DISP_EVENT_POLICY_SET: an operator switched the policy, of all models or of one
 * @DISP_EVENT_POLICY_RESET: the policy is the configured one again
 * @DISP_EVENT_QUOTA_SET: an operator set the quota of a container
 * @DISP_EVENT_QUOTA_RESET: an operator gave a container the quota of the source again
 * @DISP_EVENT_QUOTA_OUTDATED: the source says another quota, so that of an operator is forgotten
 * @DISP_EVENT_QUOTA_FAILED: a quota could not be set since that could not be kept
 * @DISP_EVENT_CONTAINER_DRAINED: an operator has a container get no more requests
 * @DISP_EVENT_CONTAINER_RESUMED: an operator has it get requests again
 * @DISP_EVENT_CHANGES_RESET: an operator had everything forgotten that was set
 * @DISP_EVENT_CHANGES_LOADED: what operators set before the start is in force again
 * @DISP_EVENT_CHANGES_UNSAVED: what operators set, or had forgotten, cannot be written
 * @DISP_EVENT_CHANGES_SAVED: it is written again
 * @DISP_EVENT_CHANGE_DENIED: somebody may not change what they wanted to
 * @DISP_EVENT_BUS_JOINED: the daemon has its name on the bus
 * @DISP_EVENT_BUS_ABSENT: there is no bus
 * @DISP_EVENT_BUS_LOST: the bus went away
 * @DISP_EVENT_NAME_TAKEN: another daemon has the name on the bus, or it may not be had
 * @DISP_EVENT_RECORDS_FULL: there is no room for more records
 * @DISP_EVENT_RECORDS_ROOM: there is again
 * @DISP_EVENT_RECORDS_LOST: the daemon ended without having stored all records
 * @DISP_EVENT_RECORDS_LEFT: it ended without having delivered all, which wait for the next start
 * @DISP_EVENT_RECORD_REFUSED: a Requests Store does not take a record
 * @DISP_EVENT_RECORD_TOO_LARGE: a record does not fit into the spool
 * @DISP_EVENT_DEAD_LETTERS_TRIMMED: the oldest dead letters are removed
 * @DISP_EVENT_STORE_FAILS: records cannot be stored
 * @DISP_EVENT_STORE_RECOVERED: they are stored again
 * @DISP_EVENT_STORE_UPGRADED: the tables of a file were brought to the version of this daemon
 * @DISP_EVENT_STORE_MOVED: the file of the store is not there any more
 * @DISP_EVENT_SPOOL_MOVED: the file of the spool is not there any more
 * @DISP_EVENT_STORE_UNTIDY: old records cannot be removed
 * @DISP_EVENT_STORE_TIDY: they are again
 * @DISP_EVENT_ARCHIVE_FAILS: stored records cannot be read
 * @DISP_EVENT_ARCHIVE_RECOVERED: they are read again
 *
 * A kind of event that the log tells of, and the journal by its MESSAGE_ID.  What the catalog says
 * of each, see data/dispatcherd.catalog, is what an operator reads.
 */
typedef enum
{
  DISP_EVENT_LISTENING,
  DISP_EVENT_LISTEN_IGNORED,
  DISP_EVENT_STOPPING,
  DISP_EVENT_STOPPING_AT_ONCE,
  DISP_EVENT_DRAIN_TIMEOUT,
  DISP_EVENT_CONNECTIONS_LEFT,
  DISP_EVENT_STOPPED,
  DISP_EVENT_RELOADED,
  DISP_EVENT_RELOAD_FAILED,
  DISP_EVENT_RELOAD_PARTIAL,
  DISP_EVENT_STALLED,
  DISP_EVENT_NOT_STALLED,
  DISP_EVENT_NOTIFY_FAILED,
  DISP_EVENT_ACCEPT_PAUSED,
  DISP_EVENT_ACCEPT_RESUMED,
  DISP_EVENT_CONNECTIONS_FULL,
  DISP_EVENT_CONNECTIONS_ROOM,
  DISP_EVENT_CERTIFICATE_ENDS,
  DISP_EVENT_MESSAGES_LEFT_OUT,
  DISP_EVENT_REQUEST_ENDED,
  DISP_EVENT_CONTAINER_FAILS,
  DISP_EVENT_CONTAINER_ANSWERS,
  DISP_EVENT_CONTAINER_EJECTED,
  DISP_EVENT_CONTAINER_RETURNED,
  DISP_EVENT_CONTAINER_LOST,
  DISP_EVENT_CONTAINER_FOUND,
  DISP_EVENT_CONTAINER_UNCHECKED,
  DISP_EVENT_MODEL_UNAVAILABLE,
  DISP_EVENT_MODEL_AVAILABLE,
  DISP_EVENT_FLEET,
  DISP_EVENT_FLEET_FAILED,
  DISP_EVENT_FLEET_MISSING,
  DISP_EVENT_POLICY_MISFIT,
  DISP_EVENT_POLICY_SET,
  DISP_EVENT_POLICY_RESET,
  DISP_EVENT_QUOTA_SET,
  DISP_EVENT_QUOTA_RESET,
  DISP_EVENT_QUOTA_OUTDATED,
  DISP_EVENT_QUOTA_FAILED,
  DISP_EVENT_CONTAINER_DRAINED,
  DISP_EVENT_CONTAINER_RESUMED,
  DISP_EVENT_CHANGES_RESET,
  DISP_EVENT_CHANGES_LOADED,
  DISP_EVENT_CHANGES_UNSAVED,
  DISP_EVENT_CHANGES_SAVED,
  DISP_EVENT_CHANGE_DENIED,
  DISP_EVENT_BUS_JOINED,
  DISP_EVENT_BUS_ABSENT,
  DISP_EVENT_BUS_LOST,
  DISP_EVENT_NAME_TAKEN,
  DISP_EVENT_RECORDS_FULL,
  DISP_EVENT_RECORDS_ROOM,
  DISP_EVENT_RECORDS_LOST,
  DISP_EVENT_RECORDS_LEFT,
  DISP_EVENT_RECORD_REFUSED,
  DISP_EVENT_RECORD_TOO_LARGE,
  DISP_EVENT_DEAD_LETTERS_TRIMMED,
  DISP_EVENT_STORE_FAILS,
  DISP_EVENT_STORE_RECOVERED,
  DISP_EVENT_STORE_UPGRADED,
  DISP_EVENT_STORE_MOVED,
  DISP_EVENT_SPOOL_MOVED,
  DISP_EVENT_STORE_UNTIDY,
  DISP_EVENT_STORE_TIDY,
  DISP_EVENT_ARCHIVE_FAILS,
  DISP_EVENT_ARCHIVE_RECOVERED,
  DISP_N_EVENTS /*< skip >*/
} DispEvent;

/**
 * DispEventFields:
 * @request_id: REQUEST_ID, the id of a request and of its record
 * @client_request_id: CLIENT_REQUEST_ID, the X-Request-Id of the client
 * @model: MODEL
 * @version: VERSION of the model, or a label
 * @container: CONTAINER, its name
 * @node: NODE that it runs on
 * @status: STATUS, of HTTP; 0 = none
 * @reason: REASON, the token of an error that a request was answered with; else why, as a sentence
 * @policy: POLICY, its name
 * @quota: (nullable): QUOTA that counts now
 * @source: SOURCE of the fleet: a file or an URL
 * @store: STORE of records: a file or an URL
 * @path: PATH of another file
 * @address: ADDRESS that is listened on, or of a bus
 * @setting: SETTING: "[server] workers"
 * @thread: THREAD, its name
 * @domain: DOMAIN of the log of a library
 * @caller: CALLER, its name on the bus: ":1.42"
 * @count: COUNT of what the event is about; 0 = no field
 *
 * What the event is about.  All are (nullable), and what is %NULL or empty makes no field; they are
 * borrowed for the call.
 */
typedef struct
{
  const char *request_id;
  const char *client_request_id;
  const char *model;
  const char *version;
  const char *container;
  const char *node;
  guint status;
  const char *reason;
  const char *policy;
  const double *quota;
  const char *source;
  const char *store;
  const char *path;
  const char *address;
  const char *setting;
  const char *thread;
  const char *domain;
  const char *caller;
  guint64 count;
} DispEventFields;

void disp_event_log (DispEvent event, const DispEventFields *fields, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
const char *disp_event_get_id (DispEvent event);
GLogLevelFlags disp_event_get_level (DispEvent event);
