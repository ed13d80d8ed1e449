/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands between the code under test and the allocator (ld --wrap), and fails one call on request. */
#include "support/alloc_fail.h"

#include "support/alloc_wrap.h"

#include <stdatomic.h>

static atomic_uint countdown;
static atomic_bool happened;

void alloc_fail_at(unsigned n)
{
    happened = false;
    countdown = n;
}

bool alloc_fail_happened(void)
{
    return happened;
}

bool alloc_wrap_fails(void)
{
    unsigned left = countdown;

    while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1))
        ;
    if (left != 1)
        return false;
    happened = true;
    return true;
}
