/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backend of greylisting that lives in memory, and does what a test wants of it. */
#ifndef SMF_TESTS_MEMORY_BACKEND_H
#define SMF_TESTS_MEMORY_BACKEND_H

#include "base/clock.h"
#include "greylist/store/greylist_store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What the test does with it; any thread. */
extern struct memory_control {
    atomic_bool is_gone; /* it cannot be reached */
    atomic_bool is_full;
    atomic_int delay_ms;   /* before each batch */
    atomic_uint visits;    /* that came to it */
    _Atomic int64_t now_s; /* the time of memory_clock */
} memory_control;

/* Stands still in seconds, and goes on in milliseconds. */
extern const struct clock memory_clock;

/* A store on an empty one, with all controls at rest; it is slow after `wait_ms`. NULL without memory. */
struct greylist_store *memory_store_create(unsigned wait_ms);

#endif
