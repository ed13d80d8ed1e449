/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the C library does with memory that was freed. */
#ifndef SMF_BASE_ALLOCATOR_H
#define SMF_BASE_ALLOCATOR_H

/* Returns to the system what is free, after much was freed at once. glibc keeps that for the threads that share an
 * arena with the one that allocated it, and has eight arenas for each processor: where a large cache is made anew on
 * another thread each time, all of them would come to be as large as the cache. Elsewhere it does nothing. Takes some
 * milliseconds for 100 MB. Any thread; takes the locks of the allocator alone. */
void allocator_return_free(void);

#endif
