/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this build is instrumented by a sanitizer. Its runtime stops all threads to look for leaks, runs a program to
 * name functions, and writes reports: it would be the first to meet a sandbox. */
#ifndef SMF_APP_INSTRUMENTED_H
#define SMF_APP_INSTRUMENTED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define INSTRUMENTED 1
#endif
#endif
#ifndef INSTRUMENTED
#define INSTRUMENTED 0
#endif

#endif
