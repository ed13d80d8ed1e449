/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces the C library's sigwait. */
#include "front/milter/quirks/signals.h"

#include "front/milter/quirks/next_symbol.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

/* libmilter has a thread that waits for the stopping signals, and ends in the middle of messages when it gets one. Here
 * signals are the main thread's, but where that has them blocked for a moment, as any start of a thread does, the other
 * one would get them. It is the only caller of this function in the process, and this definition takes precedence over
 * the C library's: the thread waits for ever. */
/* NOLINTNEXTLINE(readability-non-const-parameter,readability-inconsistent-declaration-parameter-name): as declared */
int sigwait(const sigset_t *set, int *number)
{
    (void)set;
    (void)number;
    for (;;)
        (void)pause();
}

bool signals_are_kept(void)
{
    return next_symbol_comes_after("sigwait", (uintptr_t)sigwait);
}
