/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lets a unit test make one allocation of the code under test fail. */
#ifndef SMF_TESTS_ALLOC_FAIL_H
#define SMF_TESTS_ALLOC_FAIL_H

#include <stdbool.h>

/* The n-th allocation from now (1 is the next) fails, once, on whichever thread makes it; 0 ends that. */
void alloc_fail_at(unsigned n);

/* True if the allocation named last has failed: a test counts n up until this is false. */
bool alloc_fail_happened(void);

#endif
