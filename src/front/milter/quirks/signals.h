/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps signals from libmilter. Without it libmilter may get SIGTERM, SIGINT or SIGHUP instead of the main thread, and
 * ends in the middle of messages. */
#ifndef SMF_FRONT_MILTER_QUIRKS_SIGNALS_H
#define SMF_FRONT_MILTER_QUIRKS_SIGNALS_H

#include <stdbool.h>

/* True if libmilter's thread for signals waits for ever. That is so in every program that calls this, unless another
 * library interposes its own. */
bool signals_are_kept(void);

#endif
