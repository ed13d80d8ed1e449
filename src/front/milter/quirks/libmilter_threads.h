/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts libmilter's threads, as far as they have been seen. Without the count it would not be known when the last of
 * them begins to wait (libmilter_kick.h). */
#ifndef SMF_FRONT_MILTER_QUIRKS_LIBMILTER_THREADS_H
#define SMF_FRONT_MILTER_QUIRKS_LIBMILTER_THREADS_H

#include "base/wait.h"

/* The calling thread is one of them, until it ends. May be called repeatedly. */
void libmilter_threads_note(void);

/* How many there are, or somewhat more. */
unsigned libmilter_threads_count(void);

/* How many of them wait for the DNS; it has no observer. Lives as long as the process. */
struct wait_pool *libmilter_threads_pool(void);

#endif
