/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has used so far. */
#ifndef BENCH_LOAD_PROCESS_H
#define BENCH_LOAD_PROCESS_H

struct load_process {
    double cpu_s; /* in user and kernel mode, in steps of a clock tick */
    long rss_kb;  /* the most memory that it ever had */
};

/* Zeroes where there is no such process. */
struct load_process load_process_read(unsigned pid);

#endif
