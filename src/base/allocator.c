/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps what is free from staying with the process. */
#include "base/allocator.h"

#include <stdlib.h> /* which says what library it is */

#ifdef __GLIBC__
#include <malloc.h>
#endif

void allocator_set_up(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, ALLOCATOR_OWN_PAGES_MIN);
#endif
}

void allocator_return_free(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0); /* of all arenas */
#endif
}
