/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocations that fail on demand: alloc_wrap.c is linked with ld --wrap for each of its functions. */
#ifndef SMF_TESTS_ALLOC_WRAP_H
#define SMF_TESTS_ALLOC_WRAP_H

#include <stdbool.h>

/* The program defines it: does this allocation fail? Called once for each, on the thread that makes it. */
bool alloc_wrap_fails(void);

#endif
