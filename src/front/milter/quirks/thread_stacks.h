/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small stacks for libmilter's threads. Without them each new thread maps and unmaps a stack of 8 MB. */
#ifndef SMF_FRONT_MILTER_QUIRKS_THREAD_STACKS_H
#define SMF_FRONT_MILTER_QUIRKS_THREAD_STACKS_H

/* From now on threads without a size of their own get small stacks, if threads can start with those. While there is
 * one thread only: another one that starts meanwhile may fail. */
void thread_stacks_shrink(void);

#endif
