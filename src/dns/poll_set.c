/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps an array for poll() while descriptors come and go. */
#include "dns/poll_set.h"

#include <stdlib.h>

static bool grow(struct poll_set *set)
{
    size_t size = set->size ? 2 * set->size : 16;
    struct pollfd *watched = realloc(set->watched, size * sizeof(*watched));
    struct pollfd *ready = realloc(set->ready, size * sizeof(*ready));

    if (watched)
        set->watched = watched;
    if (ready)
        set->ready = ready;
    if (watched && ready)
        set->size = size;
    return watched && ready;
}

bool poll_set_watch(struct poll_set *set, int fd, short events)
{
    size_t i = 0;

    while (i < set->watched_count && set->watched[i].fd != fd)
        i++;
    if (i < set->watched_count && events == 0) {
        set->watched[i] = set->watched[--set->watched_count];
        return true;
    }
    if (i == set->watched_count) {
        if (events == 0)
            return true;
        if (set->watched_count == set->size && !grow(set))
            return false;
        set->watched_count++;
    }
    set->watched[i] = (struct pollfd){.fd = fd, .events = events};
    return true;
}

void poll_set_wait(struct poll_set *set, int timeout_ms)
{
    set->ready_count = 0;
    if (poll(set->watched, set->watched_count, timeout_ms) <= 0)
        return;
    for (size_t i = 0; i < set->watched_count; i++)
        if (set->watched[i].revents != 0)
            set->ready[set->ready_count++] = set->watched[i];
}

void poll_set_free(struct poll_set *set)
{
    free(set->watched);
    free(set->ready);
    *set = (struct poll_set)POLL_SET_INIT;
}
