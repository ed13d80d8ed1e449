/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaves descriptors for the DNS. Without it libmilter accepts connections until none is left, and what it has accepted
 * cannot be checked: no lookup gets a socket. With it MTAs wait in the backlog until others have gone. */
#ifndef SMF_FRONT_MILTER_QUIRKS_ACCEPT_RESERVE_H
#define SMF_FRONT_MILTER_QUIRKS_ACCEPT_RESERVE_H

#include <stdbool.h>

/* From now on connections of this listening socket wait while the reserve is low. -1: none does. Any thread. */
void accept_reserve_watch(int listening);

/* True while the descriptors that are free are those for lookups (base/descriptor_reserve.h). Any thread. */
bool accept_reserve_is_low(void);

/* True if libmilter's connections are accepted by way of this file. That is so in every program that calls this, but
 * where a sanitizer has a function of its own. */
bool accept_reserve_is_kept(void);

#endif
