/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the memory of this process, which holds addresses of mail, may be written to a file if it crashes. */
#ifndef SMF_APP_PROCESS_CORE_DUMPS_H
#define SMF_APP_PROCESS_CORE_DUMPS_H

#include <stdbool.h>

/* After privileges are dropped, as that changes it. If not `wanted`, there is no core file, also none through a program
 * of core(5), and other processes of the same account cannot read this one's memory (ptrace(2)). If `wanted`, the
 * resource limit of the process decides. */
void core_dumps_set(bool wanted);

#endif
