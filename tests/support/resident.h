/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much memory the system has given the test. */
#ifndef SMF_TESTS_RESIDENT_H
#define SMF_TESTS_RESIDENT_H

/* kB of the process that are in memory. Fails the test where the system does not tell. */
long resident_kb(void);

#endif
