/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which calls of the kernel this process may make (seccomp(2)); libseccomp knows their numbers on each processor. */
#ifndef SMF_APP_PROCESS_SANDBOX_CALLS_H
#define SMF_APP_PROCESS_SANDBOX_CALLS_H

#include "base/strbuf.h"

#include <stdbool.h>

/* From now on, for all threads and for good, each call but those that a filter makes is refused with the error ENOSYS,
 * as by a kernel that does not have it: a library then goes another way, and nothing is killed. The kernel logs
 * it where it has an audit log, but for clone3, which C libraries try for each thread. With `only_logs` such a call is
 * made all the same, and the kernel logs it. False, with the reason in `problem`, if this is not possible here:
 * then nothing has changed. */
bool sandbox_calls_restrict(bool only_logs, struct strbuf *problem);

#endif
