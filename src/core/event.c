/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/event.h"

/* The fields, as bits. */
enum
{
  REQUEST_ID = 1 << 0,
  CLIENT_REQUEST_ID = 1 << 1,
  MODEL = 1 << 2,
  VERSION = 1 << 3,
  CONTAINER = 1 << 4,
  NODE = 1 << 5,
  STATUS = 1 << 6,
  REASON = 1 << 7,
  POLICY = 1 << 8,
  QUOTA = 1 << 9,
  SOURCE = 1 << 10,
  STORE = 1 << 11,
  PATH = 1 << 12,
  ADDRESS = 1 << 13,
  SETTING = 1 << 14,
  THREAD = 1 << 15,
  DOMAIN = 1 << 16,
  CALLER = 1 << 17,
  COUNT = 1 << 18,
};
#define N_FIELDS 19
/* MESSAGE, MESSAGE_ID, GLIB_DOMAIN and PRIORITY. */
#define N_COMMON_FIELDS 4

typedef struct
{
  const char *id; /* a UUID without hyphens */
  GLogLevelFlags level;
  guint always; /* the fields that each event of the kind has */
} EventRow;

/* An id is for ever: catalogs and filters of operators name it.  `systemd-id128 new` makes one. */
static const EventRow event_rows[] = {
  [DISP_EVENT_LISTENING] = { "7b72d188b4a34a359cbfb963a4b2bf44", G_LOG_LEVEL_MESSAGE, ADDRESS },
  [DISP_EVENT_LISTEN_IGNORED] = { "cf1e86fd403a4fceba1a2cc476a4ab5b", G_LOG_LEVEL_MESSAGE,
                                  SETTING },
  [DISP_EVENT_STOPPING] = { "157d51a0d1894c49a2093e97ccbe6b28", G_LOG_LEVEL_MESSAGE, 0 },
  [DISP_EVENT_STOPPING_AT_ONCE] = { "0fce46d947c3445a9ac3855ee9b53cc9", G_LOG_LEVEL_MESSAGE, 0 },
  [DISP_EVENT_DRAIN_TIMEOUT] = { "8490dfbb43d54140b4026086249d87b2", G_LOG_LEVEL_WARNING, 0 },
  [DISP_EVENT_CONNECTIONS_LEFT] = { "66edddbecacb4510a6e454d1f569e80a", G_LOG_LEVEL_WARNING, 0 },
  [DISP_EVENT_STOPPED] = { "d4c0bae2b3a246488fea67025f44e57f", G_LOG_LEVEL_MESSAGE, 0 },
  [DISP_EVENT_RELOADED] = { "31af9de954e341e4bcdb53f95fa6aef0", G_LOG_LEVEL_MESSAGE, 0 },
  [DISP_EVENT_RELOAD_FAILED] = { "02c216e5d7c34b8cb7e66d19107c67e0", G_LOG_LEVEL_WARNING, REASON },
  [DISP_EVENT_RELOAD_PARTIAL] = { "e67be713c3b945d29ab7331e512badd0", G_LOG_LEVEL_WARNING,
                                  SETTING },
  [DISP_EVENT_STALLED] = { "9a05988b63a74a9490883939172fbcf2", G_LOG_LEVEL_WARNING, THREAD },
  [DISP_EVENT_NOT_STALLED] = { "7dc7d710c93349a3adcbcb07e1839fa6", G_LOG_LEVEL_MESSAGE, THREAD },
  [DISP_EVENT_NOTIFY_FAILED] = { "8f217fbcee0b4c9b94f8bf848eec63ec", G_LOG_LEVEL_WARNING, REASON },
  [DISP_EVENT_ACCEPT_PAUSED] = { "d26cfca678ea49608542b0fe63a02c72", G_LOG_LEVEL_WARNING,
                                 ADDRESS | REASON },
  [DISP_EVENT_ACCEPT_RESUMED] = { "97e5db14892f48a88fe9b56f055e1685", G_LOG_LEVEL_MESSAGE,
                                  ADDRESS },
  [DISP_EVENT_CONNECTIONS_FULL] = { "09294da6151541d08166aa0abce6c355", G_LOG_LEVEL_WARNING,
                                    REASON | COUNT },
  [DISP_EVENT_CONNECTIONS_ROOM] = { "1b6e2db518544741ac3b6ff474721a2f", G_LOG_LEVEL_MESSAGE, 0 },
  [DISP_EVENT_CERTIFICATE_ENDS] = { "aa4bcddc718e4d528b6079996d16d8e2", G_LOG_LEVEL_WARNING, PATH },
  [DISP_EVENT_MESSAGES_LEFT_OUT] = { "41e811bf8e104496a925ee9b33da5eca", G_LOG_LEVEL_WARNING,
                                     DOMAIN | COUNT },
  [DISP_EVENT_REQUEST_ENDED] = { "ad3b4473b97847da87890b7d7ecd0c2f", G_LOG_LEVEL_INFO,
                                 REQUEST_ID | MODEL | STATUS },
  [DISP_EVENT_CONTAINER_FAILS] = { "d92cd71f8ae34d37846882520dca4ac5", G_LOG_LEVEL_WARNING,
                                   CONTAINER | NODE | MODEL | REQUEST_ID | REASON },
  [DISP_EVENT_CONTAINER_ANSWERS] = { "207975c6663e40828b329d709543a644", G_LOG_LEVEL_MESSAGE,
                                     CONTAINER | NODE },
  [DISP_EVENT_CONTAINER_LOST] = { "5df14d460351476f860823bbe41fbf72", G_LOG_LEVEL_WARNING,
                                  CONTAINER | NODE | REASON },
  [DISP_EVENT_CONTAINER_FOUND] = { "4de5ac84cbe046e3acd25088260b8758", G_LOG_LEVEL_MESSAGE,
                                   CONTAINER | NODE },
  [DISP_EVENT_CONTAINER_UNCHECKED] = { "ed7ca9b9ba6449b29fa3e240028d4d6c", G_LOG_LEVEL_INFO,
                                       CONTAINER | NODE | REASON },
  [DISP_EVENT_MODEL_UNAVAILABLE] = { "1b31173e0d3b404199d8dccd1f54e2f2", G_LOG_LEVEL_MESSAGE,
                                     CONTAINER | NODE | MODEL | REASON },
  [DISP_EVENT_MODEL_AVAILABLE] = { "2385471b0f64492d97df3b5667e3f720", G_LOG_LEVEL_MESSAGE,
                                   CONTAINER | NODE | MODEL },
  [DISP_EVENT_CONTAINER_EJECTED] = { "9f6d3fceb5e14dd2a4690794c88c30b4", G_LOG_LEVEL_WARNING,
                                     CONTAINER | NODE | MODEL },
  [DISP_EVENT_CONTAINER_RETURNED] = { "e382b50576ec4cb4b70d564da7387a35", G_LOG_LEVEL_MESSAGE,
                                      CONTAINER | NODE | MODEL },
  [DISP_EVENT_FLEET] = { "e1026cce00b64299a9e6dc5fcba90839", G_LOG_LEVEL_MESSAGE, SOURCE },
  [DISP_EVENT_FLEET_FAILED] = { "3dea6b36b675494c9ae407877a8caad4", G_LOG_LEVEL_WARNING, REASON },
  [DISP_EVENT_FLEET_MISSING] = { "39e36b7eb3494b04bbb78e49243debec", G_LOG_LEVEL_WARNING, 0 },
  [DISP_EVENT_POLICY_MISFIT] = { "3507a9217aab4a68b576948c65c7a3db", G_LOG_LEVEL_WARNING,
                                 POLICY | REASON },
  [DISP_EVENT_POLICY_SET] = { "a37e668e0ccb45d9987c6184ea08880c", G_LOG_LEVEL_MESSAGE, POLICY },
  [DISP_EVENT_POLICY_RESET] = { "0f3e29d77ad44c2caa817fd59ac67aea", G_LOG_LEVEL_MESSAGE, POLICY },
  [DISP_EVENT_QUOTA_SET] = { "4db2be9e7fda49459b405e2bc8faf6ca", G_LOG_LEVEL_MESSAGE,
                             CONTAINER | NODE | QUOTA },
  [DISP_EVENT_QUOTA_RESET] = { "6868130735da48258728f08b05eb0095", G_LOG_LEVEL_MESSAGE,
                               CONTAINER | NODE | QUOTA },
  [DISP_EVENT_QUOTA_OUTDATED] = { "d7719f1dc9fc4f5ea00502111b7204b1", G_LOG_LEVEL_MESSAGE,
                                  CONTAINER | NODE },
  [DISP_EVENT_QUOTA_FAILED] = { "0b517480451d415fa36d2255bcd81e25", G_LOG_LEVEL_WARNING, REASON },
  [DISP_EVENT_CONTAINER_DRAINED] = { "f2e056f5b1714534a6dd7e7c4c9b5f9c", G_LOG_LEVEL_MESSAGE,
                                     CONTAINER | NODE },
  [DISP_EVENT_CONTAINER_RESUMED] = { "c524a9807c5e4e2899ac5e98feed74df", G_LOG_LEVEL_MESSAGE,
                                     CONTAINER | NODE },
  [DISP_EVENT_CHANGES_RESET] = { "fbf9476eb0574aecad0085038fbecba2", G_LOG_LEVEL_MESSAGE, 0 },
  [DISP_EVENT_CHANGES_LOADED] = { "5d6dafd9edc24ad1b27c596ae59ce04f", G_LOG_LEVEL_MESSAGE, PATH },
  [DISP_EVENT_CHANGES_UNSAVED] = { "69cb7a82db5a4988bf0a0ab6166a40cd", G_LOG_LEVEL_WARNING,
                                   PATH | REASON },
  [DISP_EVENT_CHANGES_SAVED] = { "ae93089b2a7f40a99093f90f48441906", G_LOG_LEVEL_MESSAGE, PATH },
  [DISP_EVENT_CHANGE_DENIED] = { "b893b098c2504c078fad5d19cdc19357", G_LOG_LEVEL_INFO, CALLER },
  [DISP_EVENT_BUS_JOINED] = { "abb76ad43b1f447f82fbbac382f55f4e", G_LOG_LEVEL_MESSAGE, 0 },
  [DISP_EVENT_BUS_ABSENT] = { "b85e91886ae3407b860d90a78213a231", G_LOG_LEVEL_MESSAGE, REASON },
  [DISP_EVENT_BUS_LOST] = { "c67eedd54f224e368d35749555330463", G_LOG_LEVEL_WARNING, 0 },
  [DISP_EVENT_NAME_TAKEN] = { "951b8e876bdd40e48f64f33961a2f3a1", G_LOG_LEVEL_WARNING, 0 },
  [DISP_EVENT_RECORDS_FULL] = { "2390c71dd742416aab3f0ef1a8347d6b", G_LOG_LEVEL_WARNING, 0 },
  [DISP_EVENT_RECORDS_ROOM] = { "a3be105287d14ff5a76e7fd8605d264c", G_LOG_LEVEL_MESSAGE, 0 },
  [DISP_EVENT_RECORDS_LOST] = { "f2fddcc6e4174d9da54a2722bf76ac12", G_LOG_LEVEL_WARNING,
                                STORE | COUNT },
  [DISP_EVENT_RECORDS_LEFT] = { "6f4d990fc25f4b18afa28a7bf260c0d0", G_LOG_LEVEL_MESSAGE,
                                STORE | PATH | COUNT },
  [DISP_EVENT_RECORD_REFUSED] = { "0b4550c61f784da4821e489d3ad2cac0", G_LOG_LEVEL_WARNING,
                                  STORE | REQUEST_ID | STATUS },
  [DISP_EVENT_RECORD_TOO_LARGE] = { "9088f25beaeb4a02bc0b12cc806713ea", G_LOG_LEVEL_WARNING,
                                    PATH | REQUEST_ID },
  [DISP_EVENT_DEAD_LETTERS_TRIMMED] = { "d1547f8c992a4d569ae94ea13286ec08", G_LOG_LEVEL_WARNING,
                                        PATH },
  [DISP_EVENT_STORE_FAILS] = { "db29b16ea6d1473fb671c53d4a269f40", G_LOG_LEVEL_WARNING,
                               STORE | REASON },
  [DISP_EVENT_STORE_RECOVERED] = { "2afe644c5b4045b4a033510e71dfa027", G_LOG_LEVEL_MESSAGE, STORE },
  [DISP_EVENT_STORE_UPGRADED] = { "f2779ef697cc41a591292d75eaf1893f", G_LOG_LEVEL_MESSAGE, PATH },
  [DISP_EVENT_STORE_MOVED] = { "a0859edc17834003a589e85d7e277569", G_LOG_LEVEL_WARNING, STORE },
  [DISP_EVENT_SPOOL_MOVED] = { "5ffaeebe202e4331a9478f2b7f9c9fe5", G_LOG_LEVEL_WARNING, PATH },
  [DISP_EVENT_STORE_UNTIDY] = { "4a72c9dc908744e2953ab2d15e1f3c63", G_LOG_LEVEL_WARNING,
                                STORE | REASON },
  [DISP_EVENT_STORE_TIDY] = { "e1e3fd6b128341f6b1f0ffbcb077e705", G_LOG_LEVEL_MESSAGE, STORE },
  [DISP_EVENT_ARCHIVE_FAILS] = { "29bd1601d9364e01a5e603354f316066", G_LOG_LEVEL_WARNING, REASON },
  [DISP_EVENT_ARCHIVE_RECOVERED] = { "cb624cb0c4dd457bac0d1539efd63a58", G_LOG_LEVEL_MESSAGE, 0 },
};

G_STATIC_ASSERT (G_N_ELEMENTS (event_rows) == DISP_N_EVENTS);

/* What numbers are written into. */
typedef struct
{
  char status[16];
  char quota[G_ASCII_DTOSTR_BUF_SIZE];
  char count[24];
} Numbers;

/* An event as GLib wants it. */
typedef struct
{
  GLogField fields[N_COMMON_FIELDS + N_FIELDS];
  gsize n_fields;
  guint present; /* as bits */
} Entry;

static void
add (Entry *entry, const char *key, const char *value)
{
  entry->fields[entry->n_fields++] = (GLogField){ key, value, -1 };
}

/* The priorities are those of syslog that GLib gives to its levels. */
static void
add_common (Entry *entry, const EventRow *row, const char *message)
{
  const char *priority = "6";

  if (row->level == G_LOG_LEVEL_WARNING)
    priority = "4";
  else if (row->level == G_LOG_LEVEL_MESSAGE)
    priority = "5";
  add (entry, "MESSAGE", message);
  add (entry, "MESSAGE_ID", row->id);
  add (entry, "GLIB_DOMAIN", G_LOG_DOMAIN);
  add (entry, "PRIORITY", priority);
}

static void
write_numbers (Numbers *numbers, const DispEventFields *fields)
{
  if (fields->status != 0)
    g_snprintf (numbers->status, sizeof numbers->status, "%u", fields->status);
  if (fields->quota != NULL)
    g_ascii_formatd (numbers->quota, sizeof numbers->quota, "%.15g", *fields->quota);
  if (fields->count != 0)
    g_snprintf (numbers->count, sizeof numbers->count, "%" G_GUINT64_FORMAT, fields->count);
}

static void
add_fields (Entry *entry, const DispEventFields *fields, const Numbers *numbers)
{
  const struct
  {
    const char *key;
    guint bit;
    const char *value;
  } rows[N_FIELDS] = {
    { "REQUEST_ID", REQUEST_ID, fields->request_id },
    { "CLIENT_REQUEST_ID", CLIENT_REQUEST_ID, fields->client_request_id },
    { "MODEL", MODEL, fields->model },
    { "VERSION", VERSION, fields->version },
    { "CONTAINER", CONTAINER, fields->container },
    { "NODE", NODE, fields->node },
    { "STATUS", STATUS, numbers->status },
    { "REASON", REASON, fields->reason },
    { "POLICY", POLICY, fields->policy },
    { "QUOTA", QUOTA, numbers->quota },
    { "SOURCE", SOURCE, fields->source },
    { "STORE", STORE, fields->store },
    { "PATH", PATH, fields->path },
    { "ADDRESS", ADDRESS, fields->address },
    { "SETTING", SETTING, fields->setting },
    { "THREAD", THREAD, fields->thread },
    { "DOMAIN", DOMAIN, fields->domain },
    { "CALLER", CALLER, fields->caller },
    { "COUNT", COUNT, numbers->count },
  };

  for (guint i = 0; i < N_FIELDS; i++)
    if (rows[i].value != NULL && rows[i].value[0] != '\0')
      {
        add (entry, rows[i].key, rows[i].value);
        entry->present |= rows[i].bit;
      }
}

/**
 * disp_event_log:
 * @event: the kind
 * @fields: (nullable): what it is about
 * @format: one sentence for people, without a full stop, as of printf()
 * @...: for @format
 *
 * Logs an event, at the level of its kind, with its MESSAGE_ID and its fields.  Each kind has
 * fields that none of its events may lack, since the text of the catalog names them: see
 * event_rows.  What comes again and again is to be logged when it begins, and when it is over.  Any
 * thread.
 */
void
disp_event_log (DispEvent event, const DispEventFields *fields, const char *format, ...)
{
  static const DispEventFields none;
  const EventRow *row;
  g_autofree char *message = NULL;
  Entry entry = { .n_fields = 0 };
  Numbers numbers = { .status = "", .quota = "", .count = "" };
  va_list arguments;

  g_return_if_fail (event < DISP_N_EVENTS);

  row = &event_rows[event];
  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  add_common (&entry, row, message);
  if (fields == NULL)
    fields = &none;
  write_numbers (&numbers, fields);
  add_fields (&entry, fields, &numbers);
  g_log_structured_array (row->level, entry.fields, entry.n_fields);
  if ((row->always & ~entry.present) != 0)
    g_critical ("the event \"%s\" (%s) lacks fields: 0x%x", message, row->id,
                row->always & ~entry.present);
}

/**
 * disp_event_get_id:
 * @event: a kind of event
 *
 * Returns: (transfer none): its MESSAGE_ID
 */
const char *
disp_event_get_id (DispEvent event)
{
  g_return_val_if_fail (event < DISP_N_EVENTS, NULL);

  return event_rows[event].id;
}

/**
 * disp_event_get_level:
 * @event: a kind of event
 *
 * Returns: the level at which it is logged
 */
GLogLevelFlags
disp_event_get_level (DispEvent event)
{
  g_return_val_if_fail (event < DISP_N_EVENTS, G_LOG_LEVEL_CRITICAL);

  return event_rows[event].level;
}
