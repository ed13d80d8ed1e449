/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts allocations down in memory that the test shares, and says which one fails. */
#include "alloc_control.h"

#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FRAMES = 24 };

/* As faults_alloc.py packs it. */
struct control {
    _Atomic uint64_t left;     /* the allocation that this reaches 0 with fails; 0: none does */
    _Atomic uint64_t width;    /* so many fail, from that one on */
    _Atomic uint64_t happened; /* failed since the test asked */
    uint64_t frames[FRAMES];   /* who made the first of these, innermost first */
    uint64_t death[FRAMES];    /* where the program died, the same way */
};

static struct control *control;

void alloc_control_open(void)
{
    const char *path = getenv("SMF_FAULTS_ALLOC");
    void *warm[1];
    int fd;

    (void)backtrace(warm, 1); /* loads what it needs, with allocations of its own */
    if (path == NULL || (fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
        return;
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (control == MAP_FAILED)
        control = NULL;
    close(fd);
}

static void note_frames(uint64_t *to)
{
    void *frames[FRAMES];
    const int count = backtrace(frames, FRAMES);

    for (int n = 0; n < FRAMES; n++)
        to[n] = n < count ? (uint64_t)(uintptr_t)frames[n] : 0;
}

bool alloc_control_fails(void)
{
    uint64_t left = control != NULL ? control->left : 0;

    while (left > 1 && !atomic_compare_exchange_weak(&control->left, &left, left - 1))
        ;
    if (left != 1)
        return false;
    if (atomic_fetch_sub(&control->width, 1) == 1)
        control->left = 0;
    if (atomic_fetch_add(&control->happened, 1) == 0)
        note_frames(control->frames);
    return true;
}

void alloc_control_note_death(void)
{
    if (control != NULL)
        note_frames(control->death);
}
