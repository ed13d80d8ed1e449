/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded before the C library (LD_PRELOAD): clocks that a test sets, forwards and backwards, in memory that it shares.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Seconds that are added to what the kernel says, as cases_clock.py writes them. The monotonic clock stays the
 * kernel's: waits end by that one, and it never jumps. */
static _Atomic int64_t *jump_s;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SMF_FAULTS_CLOCK");
    const int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    jump_s = mmap(NULL, sizeof *jump_s, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (jump_s == MAP_FAILED)
        jump_s = NULL;
    close(fd);
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's names are not for programs */

int clock_gettime(clockid_t which, struct timespec *now)
{
    const long got = syscall(SYS_clock_gettime, which, now);

    if (got == 0 && jump_s != NULL && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        now->tv_sec += (time_t)*jump_s;
    return (int)got;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec moment = {.tv_sec = 0};
    const int got = clock_gettime(CLOCK_REALTIME, &moment);

    (void)zone;
    now->tv_sec = moment.tv_sec;
    now->tv_usec = moment.tv_nsec / 1000;
    return got;
}

time_t time(time_t *out)
{
    struct timespec moment = {.tv_sec = 0};

    (void)clock_gettime(CLOCK_REALTIME, &moment);
    if (out != NULL)
        *out = moment.tv_sec;
    return moment.tv_sec;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
