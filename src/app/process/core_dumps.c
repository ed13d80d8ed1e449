/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forbids or allows core dumps. */
#include "app/process/core_dumps.h"

#include "base/instrumented.h"

#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

void core_dumps_set(bool wanted)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

    if (!wanted)
        (void)setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
    /* The limit does not bind a program that the kernel pipes core dumps to. A leak checker looks at its own process.
     */
    (void)prctl(PR_SET_DUMPABLE, wanted || INSTRUMENTED ? 1UL : 0UL, 0UL, 0UL, 0UL);
#endif
}
