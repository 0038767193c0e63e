/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "front/record-watch.h"

#include <string.h>

/* Records of alert and of application data, one of them empty. */
static const guint8 good[] = {
  23, 3, 3, 0, 3, 22, 22, 22, 23, 3, 3, 0, 0, 21, 3, 3, 1, 4,
};
#define LONG_RECORD 260

static void
test_good (void)
{
  g_autofree guint8 *longer = g_malloc (LONG_RECORD + 6);

  /* Whatever is in a record is nothing to it; also when it comes in any two pieces. */
  memset (longer, 22, LONG_RECORD);
  for (gsize cut = 0; cut <= sizeof good; cut++)
    {
      DispRecordWatch watch = { 0 };

      g_assert_true (disp_record_watch_see (&watch, good, cut));
      g_assert_true (disp_record_watch_see (&watch, good + cut, sizeof good - cut));
      g_assert_true (disp_record_watch_see (&watch, longer, LONG_RECORD - 1));
      g_assert_true (disp_record_watch_see (&watch, longer, 1));
      g_assert_true (disp_record_watch_see (&watch, (const guint8 *) "\x17\x03", 2));
    }
}

static void
test_handshake (void)
{
  static const guint8 header[] = { 22, 3, 3, 0, 100 };
  g_autofree guint8 *bytes = g_malloc0 (LONG_RECORD + sizeof good + sizeof header);
  gsize n = sizeof good + LONG_RECORD;

  memcpy (bytes, good, sizeof good);
  memcpy (bytes + n, header, sizeof header);
  for (gsize cut = 0; cut <= n; cut++)
    {
      DispRecordWatch watch = { 0 };

      g_assert_true (disp_record_watch_see (&watch, bytes, cut));
      g_assert_false (disp_record_watch_see (&watch, bytes + cut, n + sizeof header - cut));
    }
}

/* Already its first byte. */
static void
test_first_byte (void)
{
  DispRecordWatch watch = { 0 };

  g_assert_false (disp_record_watch_see (&watch, (const guint8 *) "\x16", 1));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front/record-watch/good", test_good);
  g_test_add_func ("/front/record-watch/handshake", test_handshake);
  g_test_add_func ("/front/record-watch/first-byte", test_first_byte);
  return g_test_run ();
}
