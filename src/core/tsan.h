/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * ThreadSanitizer does not see GLib's own locks, queues and reference counts (they are inside an
 * uninstrumented library), so a build with -fsanitize=thread is told of each hand-over by these two
 * marks: the one before an unlock, a push or the release of a reference, the other after a lock, a
 * pop or the release of the last reference.  They are nothing in every other build.
 */

#if defined(__SANITIZE_THREAD__)
#define DISP_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DISP_TSAN 1
#endif
#endif

#ifdef DISP_TSAN
void __tsan_acquire (void *address);
void __tsan_release (void *address);
#define DISP_TSAN_ACQUIRE(address) __tsan_acquire ((void *) (address))
#define DISP_TSAN_RELEASE(address) __tsan_release ((void *) (address))
#else
#define DISP_TSAN_ACQUIRE(address) ((void) (address))
#define DISP_TSAN_RELEASE(address) ((void) (address))
#endif
