/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads that libmilter lends to connections, as far as they have been seen. Without the count the guard of the
 * pool would not know when the last of them begins to wait. */
#ifndef SMF_FRONT_MILTER_QUIRKS_WORKERS_H
#define SMF_FRONT_MILTER_QUIRKS_WORKERS_H

#include "base/wait.h"

/* The calling thread is one of them, until it ends. May be said again and again. */
void workers_note(void);

/* How many there are; rather too many than too few. */
unsigned workers_count(void);

/* How many of them wait for the DNS; it has no observer. Lives as long as the process. */
struct wait_pool *workers_pool(void);

#endif
