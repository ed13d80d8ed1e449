/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libspf2 whose results are wrong. */
#ifndef SMF_TESTS_LYING_SPF2_H
#define SMF_TESTS_LYING_SPF2_H

#include <stdbool.h>

/* From now on each result of the library is pass; or what it is again. */
void lying_spf2(bool lies);

#endif
