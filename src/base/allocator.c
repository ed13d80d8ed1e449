/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Returns free memory to the system. */
#include "base/allocator.h"

#include <stdlib.h> /* which says what library it is */

#ifdef __GLIBC__
#include <malloc.h>
#endif

void allocator_return_free(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0); /* of all arenas */
#endif
}
