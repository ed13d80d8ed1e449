/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The descriptors that one thread waits for, inside the dns room. No locks: the set belongs to its thread. */
#ifndef SMF_DNS_POLL_SET_H
#define SMF_DNS_POLL_SET_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct poll_set {
    struct pollfd *watched;
    struct pollfd *ready; /* what the last wait found; stays as it is while `watched` changes */
    size_t watched_count, ready_count, size;
};

#define POLL_SET_INIT                                                                                                  \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Waits for `events` of `fd` from now on, instead of those it had; 0 takes it out. False if out of memory: then it is
 * not watched. */
bool poll_set_watch(struct poll_set *set, int fd, short events);

/* Waits at most `timeout_ms` (-1: without end) and puts what is ready into `ready`. */
void poll_set_wait(struct poll_set *set, int timeout_ms);

/* Frees the memory; the descriptors stay open. */
void poll_set_free(struct poll_set *set);

#endif
