/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out how many descriptors are free, without a list of them. */
#include "base/descriptor_reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PARTS = 8, UNIT_MAX = 1024 };

static rlim_t unit_of(rlim_t limit)
{
    return limit / PARTS < UNIT_MAX ? limit / PARTS : UNIT_MAX;
}

/* The system gives the lowest number that is free. So when that is as high as this, no more than the reserve are. */
bool descriptor_reserve_is_low(int any, enum descriptor_reserve reserve)
{
    struct rlimit limit;
    int lowest;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return false;
    lowest = fcntl(any, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0)
        return errno != EBADF;
    close(lowest);
    return (rlim_t)lowest >= limit.rlim_cur - reserve * unit_of(limit.rlim_cur);
}
