/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the C library does with memory that was freed. */
#ifndef SMF_BASE_ALLOCATOR_H
#define SMF_BASE_ALLOCATOR_H

enum { ALLOCATOR_OWN_PAGES_MIN = 16 * 1024 }; /* octets */

/* Blocks of ALLOCATOR_OWN_PAGES_MIN and more get pages of their own from now on, unless there is room among what is
 * free; these go back to the system with the block. libunbound has 4.5 MB of them for each resolver, and one for each
 * query under way; an outage makes new resolvers (dns_upstream). Among the entries of caches, which come and go one by
 * one, their room would stay with the process. The price is two system calls for a block; libunbound keeps the first
 * hundred of its queries' blocks. With glibc alone. Before there are threads. */
void allocator_set_up(void);

/* Returns to the system what is free, after much was freed at once. glibc keeps that for the threads that share an
 * arena with the one that allocated it, and has eight arenas for each processor: where a large cache is made anew on
 * another thread each time, all of them would come to be as large as the cache. Elsewhere it does nothing. Takes some
 * milliseconds for 100 MB. Any thread; takes the locks of the allocator alone. */
void allocator_return_free(void);

#endif
