/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this build is instrumented: SANITIZED, by a sanitizer, whose runtime makes the threads, stops all of them to
 * look for leaks, runs a program to name functions, and writes reports; INSTRUMENTED, so or in another way that the
 * build names. Either would be the first to meet a sandbox. */
#ifndef SMF_BASE_INSTRUMENTED_H
#define SMF_BASE_INSTRUMENTED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif
#ifndef INSTRUMENTED
#define INSTRUMENTED SANITIZED
#endif

#endif
