/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process uses, and how a measurement of it is reported. */
#ifndef BENCH_LOAD_PROCESS_H
#define BENCH_LOAD_PROCESS_H

#include <stdint.h>

struct load_process {
    double cpu_s; /* in user and kernel mode, in steps of a clock tick */
    long rss_kb;  /* the most memory that it ever had */
};

/* Zeroes where there is no such process. */
struct load_process load_process_read(unsigned pid);

/* What is done by the process between two moments. */
struct load_measurement {
    unsigned pid;
    int64_t begun_ns;
    struct load_process before, after;
    double took_s;
};

struct load_measurement load_measurement_begin(unsigned pid);
void load_measurement_end(struct load_measurement *measurement);

/* Print members of an object of JSON, a comma before each: the time and how many of `count` there were in a second; and
 * what the process and this one used for each. */
void load_measurement_print_rate(const struct load_measurement *measurement, uint64_t count);
void load_measurement_print_use(const struct load_measurement *measurement, uint64_t count);

/* Allows this process as many descriptors as it may have. */
void load_process_allow_descriptors(void);

#endif
