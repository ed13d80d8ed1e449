/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who opens descriptors for whoever connects leaves some for what is needed more. */
#ifndef SMF_BASE_DESCRIPTOR_RESERVE_H
#define SMF_BASE_DESCRIPTOR_RESERVE_H

#include <stdbool.h>

/* How many are left, in eighths of RLIMIT_NOFILE or in units of 1024, whichever is less. */
enum descriptor_reserve {
    DESCRIPTORS_FOR_LOOKUPS = 2,            /* by connections that are checked */
    DESCRIPTORS_FOR_MILTER_AND_LOOKUPS = 3, /* by other connections, so that the milter's are served beside a crowd */
};

/* True while no more than these are free. RLIMIT_NOFILE may change at any time. `any`: an open descriptor. Any
 * thread. */
bool descriptor_reserve_is_low(int any, enum descriptor_reserve reserve);

#endif
