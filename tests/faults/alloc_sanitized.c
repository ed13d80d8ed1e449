/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linked into a build with sanitizers, whose allocator no other may replace: there the calls of our own code fail
 * (support/alloc_wrap.c), and the sanitizer sees what is then leaked or used. */
#include "alloc_control.h"

#include "support/alloc_wrap.h"

__attribute__((constructor)) static void begin(void)
{
    alloc_control_open();
}

bool alloc_wrap_fails(void)
{
    return alloc_control_fails();
}
