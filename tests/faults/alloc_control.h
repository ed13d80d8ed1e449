/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which allocation of a running program fails: a test says so in a file that both have mapped. */
#ifndef SMF_TESTS_ALLOC_CONTROL_H
#define SMF_TESTS_ALLOC_CONTROL_H

#include <stdbool.h>

/* Maps the file that the environment names (SMF_FAULTS_ALLOC), which the test has made. Without one nothing fails.
 * Called once, before there are threads. */
void alloc_control_open(void);

/* True if the allocation that is about to be made has to fail. Any thread. */
bool alloc_control_fails(void);

/* Stores where the calling thread is. For a signal handler. */
void alloc_control_note_death(void);

#endif
