/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capabilities of this process (capabilities(7)): it needs none once its sockets are bound. On systems that have
 * none, these do nothing. */
#ifndef SMF_APP_PROCESS_CAPABILITIES_H
#define SMF_APP_PROCESS_CAPABILITIES_H

#include "base/strbuf.h"

#include <stdbool.h>

/* Takes each capability out of the bounding set, so that no program which this process executed could have it. Of use
 * to root only, and before it becomes another user; where that is not allowed, nothing happens. */
void capabilities_empty_bounding_set(void);

/* Gives up all others: effective, permitted, inheritable and ambient, unless a service manager keeps a process that is
 * not root's from that; and makes sure that no program which this process executed would gain any (no_new_privs).
 * Before any thread exists, as each thread has its own. False, with a message in `error`: then the program must end. */
bool capabilities_drop(struct strbuf *error);

#endif
